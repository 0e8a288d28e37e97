/* Counting against the limits of the configuration: affo-userd.conf(5), group limits. */
#ifndef AFFO_DOMAIN_LIMITS_H
#define AFFO_DOMAIN_LIMITS_H

#include "domain/service.h"

/* Counts one event: RC_OK. RC_LIMITED: nothing is counted, *reterr says when to come again. */
MUST_USE enum rc limits_take(struct service *service, enum limit_kind kind, struct str key,
    const struct limit *limit, struct faults *reterr);
/* The same, keyed by the client's address. */
MUST_USE enum rc limits_take_address(struct service *service, enum limit_kind kind,
    const struct client *client, const struct limit *limit, struct faults *reterr);
/* For what makes a message: the address's limit and the recipient's; both are counted, or neither.
 * The recipient is an e-mail key or a normalized phone. */
MUST_USE enum rc limits_take_send(struct service *service, const struct client *client,
    struct str recipient, struct faults *reterr);

#endif
