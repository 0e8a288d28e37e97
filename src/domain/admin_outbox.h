/* The admin's view of single messages and of the outbox in sums; never of what a message says. */
#ifndef AFFO_DOMAIN_ADMIN_OUTBOX_H
#define AFFO_DOMAIN_ADMIN_OUTBOX_H

#include "domain/service.h"
#include "model/gateway.h"

/* The caller releases it; `sealed` is NULL. RC_NONE: there is no such message, or it is void. */
MUST_USE enum rc admin_outbox_get(struct service *service, struct str id, struct message *ret);

/*
 * Not sent until it is released, or expires; due now; ended for good, its variables erased. Gives
 * the state that the message was in, *ret_was; one that is already as asked stays so. RC_NONE: as
 * above. RC_BUSY: it is being sent just now. RC_TAKEN: from that state there is no way: it has
 * ended, or isn't held.
 */
MUST_USE enum rc admin_outbox_hold(
    struct service *service, struct str id, enum message_state *ret_was);
MUST_USE enum rc admin_outbox_release(
    struct service *service, struct str id, enum message_state *ret_was);
MUST_USE enum rc admin_outbox_cancel(
    struct service *service, struct str id, enum message_state *ret_was);

MUST_USE enum rc admin_outbox_depth(
    struct service *service, struct outbox_depth ret[CHANNEL__MAX][MESSAGE_STATE__MAX]);

#endif
