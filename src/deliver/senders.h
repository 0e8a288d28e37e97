/*
 * The queue's side of its senders: one for each gateway, started by the master when a letter is
 * there for it, given one letter at a time, closed when idle. Whatever a sender does or fails to
 * do, each letter that was handed over ends in one result.
 */
#ifndef AFFO_DELIVER_SENDERS_H
#define AFFO_DELIVER_SENDERS_H

#include <poll.h>

#include "deliver/wire.h"
#include "model/message.h"

enum {
	SENDERS_ATTEMPT_MAX_MS = 15000, /* start and attempt; what takes longer is given up */
	SENDERS_IDLE_MAX_MS = 60000,
	SENDERS_REST_MS = 250, /* after the master couldn't start one, until it is asked again */
	SENDERS_NAME_MAX = 32, /* of a gateway, and the master's datagrams */
};

struct senders;

/* What became of the letter given to sender i. delivery NULL: nothing, since the master could start
 * no sender; that is no gateway's fault. Called from senders_handle() and senders_tick(), not from
 * senders_start(); it may call senders_start(). */
typedef void senders_done(void *context, size_t i, const struct delivery *delivery);

/* One sender for each gateway of conf, in its order. master_fd, a SOCK_SEQPACKET socket that is
 * borrowed: a gateway's name asks for a sender, the same name comes back with its socket, or
 * without one when it couldn't be started. timeout_ms: of an attempt, told to the senders.
 * RC_SYSTEM. */
MUST_USE enum rc senders_new(const struct conf *conf, int master_fd, int64_t timeout_ms,
    senders_done *done, void *context, struct senders **ret);
/* Closes all; letters under way get no result. Accepts NULL. */
void senders_free(struct senders *senders);

/* Since when (monotonic) sender i has been busy, or couldn't be started; 0: it is free. */
int64_t senders_busy_since(const struct senders *senders, size_t i);
size_t senders_count_busy(const struct senders *senders);
/* Gives a letter, as its frame, to sender i, which is free. Never fails: a failure is a result. */
void senders_start(struct senders *senders, size_t i, struct str id, struct str frame);

/* How many descriptors poll() has to watch: at most 1 + the number of gateways. */
size_t senders_poll(const struct senders *senders, struct pollfd *ret);
/* After poll(), with what senders_poll() gave. RC_NONE: the master is gone. */
MUST_USE enum rc senders_handle(struct senders *senders, const struct pollfd *fds, size_t n);
/* Ends what takes too long, closes what was idle for long; gives the milliseconds until it should
 * be called again, at most max_ms. */
int64_t senders_tick(struct senders *senders, int64_t max_ms);

#endif
