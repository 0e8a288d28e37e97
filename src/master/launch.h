/* Starts senders for the queue, which can't execute programs itself. */
#ifndef AFFO_MASTER_LAUNCH_H
#define AFFO_MASTER_LAUNCH_H

#include "master/state.h"

enum { LAUNCH_PER_GATEWAY_MAX = 2 }; /* one that is ending, and the next */

/* One pause for each gateway of conf. RC_SYSTEM: logged. */
MUST_USE enum rc launch_make(const struct conf *conf, size_t *ret_n, struct launch_pause **ret);
/* Reads what the queue asks for and answers: each datagram, a gateway's name, comes back with the
 * socket of a new sender, or without one when there is none to be had. */
void launch_serve(struct master *master, struct child *queue, int64_t now);
/* A sender ended with the status of waitpid(2). */
void launch_ended(struct master *master, const struct child *child, int status, int64_t now);

#endif
