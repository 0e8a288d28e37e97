/* Workers and the queue: kept at their number, retired when a new generation has proven itself. */
#ifndef AFFO_MASTER_POOLS_H
#define AFFO_MASTER_POOLS_H

#include "master/state.h"

/* Empty pools of the sizes that conf asks for. RC_SYSTEM: logged, and ret is empty. */
MUST_USE enum rc pools_make(
    const struct conf *conf, const struct sockets *sockets, struct pool ret[static POOLS_N]);
void pools_release(struct pool pools[static POOLS_N]);
/* How many processes they are meant to have. */
size_t pools_size(const struct pool pools[static POOLS_N]);
/* Starts what is due, retires former workers; gives the milliseconds until there is more to do, at
 * most max_ms. */
int64_t pools_tick(struct master *master, int64_t now, int64_t max_ms);
/* A child of a pool, of the current generation, ended with the status of waitpid(2). */
void pools_ended(struct master *master, const struct child *child, int status, int64_t now);

#endif
