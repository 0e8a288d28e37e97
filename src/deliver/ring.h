/*
 * The ring of gateways, in the order of the configuration: which may take a message, where a round
 * starts, which comes next. Pure: whether a gateway is in service now is the caller's question.
 */
#ifndef AFFO_DELIVER_RING_H
#define AFFO_DELIVER_RING_H

#include "base/conf.h"

enum { RING_END = -1 };

/* Whether the gateway is enabled, of this channel and, for an SMS, made for this recipient. */
bool ring_takes(const struct conf_gateway *gateway, enum channel channel, struct str recipient);
/* Where a round starts: at the first gateway; with a last one (a resend: "it did not arrive") at
 * the one after it. last: absent, or the name of one that may be gone by now. */
size_t ring_start(const struct conf *conf, struct str last);
/* The next gateway of the round that takes the message and isn't among is_out (one flag for each of
 * conf's gateways); RING_END: there is none. */
int ring_next(const struct conf *conf, enum channel channel, struct str recipient, size_t start,
    const bool *is_out);

#endif
