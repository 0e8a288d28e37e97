/* Password reset by mail: affo-user-api(7), "Password reset". */
#ifndef AFFO_DOMAIN_PASSWORDS_H
#define AFFO_DOMAIN_PASSWORDS_H

#include "domain/service.h"

enum { URL_TEMPLATE_MAX = 2048 };

/* RC_OK whether the e-mail is known or not, in the same time (the same rows are written).
 * RC_VALIDATION (e-mail syntax, url_template), RC_LIMITED. */
MUST_USE enum rc passwords_request_reset(struct service *service, const struct client *client,
    struct str email, struct str url_template, struct faults *reterr);
/* RC_RESET_TOKEN_INVALID, RC_VALIDATION (new_password; doesn't use the token up), RC_BUSY. Ends
 * all the user's logins. */
MUST_USE enum rc passwords_confirm_reset(struct service *service, const struct client *client,
    struct str token, struct str new_password, struct faults *reterr);

#endif
