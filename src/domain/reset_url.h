/* The link of a password reset, made from the client's template: affo-user-api(7), "Password
 * reset". */
#ifndef AFFO_DOMAIN_RESET_URL_H
#define AFFO_DOMAIN_RESET_URL_H

#include "domain/passwords.h"

/* Whether the template is allowed: whoever asks for a reset must not choose the host that the mail
 * sends the token to. A fault is added otherwise, with the pointer "/url_template". */
void reset_url_check(const struct conf *conf, struct str url_template, struct faults *faults);
/* The template with its {token} replaced. Precondition: checked. */
void reset_url_add(struct buf *to, struct str url_template, struct str token);

#endif
