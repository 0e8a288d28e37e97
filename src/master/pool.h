/*
 * The processes that are to run, one slot each: started, started again when they die, retired when
 * a reload brings new ones.
 */
#ifndef AFFO_MASTER_POOL_H
#define AFFO_MASTER_POOL_H

#include <stdint.h>

#include "master/child.h"

enum {
	POOL_SLOTS_MAX = 513, /* both pools at their largest, and the queue */
	POOL_RETIRED_MAX = 1024,
	POOL_SETTLED_MS = 1000,      /* who lived so long had started well */
	POOL_RESPAWN_MS = 100,       /* ... and is back after this */
	POOL_BACKOFF_MAX_MS = 10000, /* who never does is tried after 100 ms doubling to this */
	POOL_RETIRE_MS = 35000,      /* a retired worker is given so long, then TERM, then KILL */
	POOL_KILL_MS = 5000,
};

struct slot {
	enum child_kind kind;
	pid_t pid;                              /* 0: not running */
	int64_t started_at, due_at, backoff_ms; /* monotonic */
};

struct retired {
	enum child_kind kind;
	pid_t pid;
	int64_t deadline_at;
	int next_signal; /* at the deadline */
};

struct pool {
	size_t n_slots, n_retired;
	struct slot slots[POOL_SLOTS_MAX];
	struct retired retired[POOL_RETIRED_MAX];
};

/* Makes the slots for that many of each kind, due at once. Those that ran are retired: asked by
 * QUIT to finish what they have. The caller starts the new ones first, see pool_start_due(). */
void pool_reset(struct pool *pool, const size_t n[static CHILD_SEND], int64_t now);
/* Starts what is due. fds: by kind. A new queue waits until no old one is left. */
void pool_start_due(struct pool *pool, const struct child_fds fds[static CHILD_SEND], int64_t now);
/* A child ended: false when it is none of these. is_stopping: don't plan another one. */
bool pool_reap(struct pool *pool, pid_t pid, int status, bool is_stopping, int64_t now);
/* Retires all, with that signal and so long until it gets harder. */
void pool_retire_all(struct pool *pool, int signo, int64_t grace_ms, int64_t now);
/* Tells those that were retired by pool_reset() to go; after the new ones were started. */
void pool_ask_retired(struct pool *pool);
/* TERM and KILL to those past their deadline. */
void pool_enforce(struct pool *pool, int64_t now);
/* When pool_start_due() or pool_enforce() has something to do; INT64_MAX: never. */
int64_t pool_next_at(const struct pool *pool);
bool pool_is_empty(const struct pool *pool);

#endif
