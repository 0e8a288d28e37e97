/* Phone verification by SMS: affo-user-api(7), "Phone verification". */
#ifndef AFFO_DOMAIN_VERIFICATION_H
#define AFFO_DOMAIN_VERIFICATION_H

#include "domain/service.h"

enum { CODE_GUESSES_MAX = 5 };

/* RC_PHONE_INVALID (also: a gateway called it bad lately), RC_LIMITED. */
MUST_USE enum rc verification_request(struct service *service, const struct client *client,
    struct str phone, bool is_resend, struct faults *reterr);
MUST_USE enum rc verification_confirm(
    struct service *service, const struct client *client, struct str phone, struct str code);
/* Whether a normalized phone is one of verification.test_recipients. */
bool verification_is_test(const struct conf *conf, struct str phone);

#endif
