/* A composed mail and its envelope, for the kinds that hand over whole mails. */
#ifndef AFFO_GATEWAY_ENVELOPE_H
#define AFFO_GATEWAY_ENVELOPE_H

#include "gateway/gateway.h"

struct envelope {
	struct buf from, to; /* bare addresses, domains as A-labels */
	struct buf mail;     /* lines end in CRLF */
};

/* For a kind's open: whether the setting "from", if there is one, is an address. RC_CONFIG. */
MUST_USE enum rc envelope_check(const struct gateway *gateway, struct buf *errors);
/* From the setting "from", or the letter's sender. Else RC_SYNTAX, and *ret has the result. To be
 * released in any case. */
MUST_USE enum rc envelope_make(const struct gateway *gateway, const struct letter *letter,
    struct envelope *ret_envelope, struct delivery *ret);
void envelope_release(struct envelope *envelope);

#endif
