/*
 * The one memory-mapped file that all processes share (run_dir/shared): limits and hashing slots.
 * A missing file, one of another size, magic or boot is made anew
 * (under a lock, by rename), so whoever starts a worker, all see the same limits.
 */
#ifndef AFFO_BASE_SHM_H
#define AFFO_BASE_SHM_H

#include "base/str.h"

struct shm;

struct limit {
	uint32_t count;    /* so many are allowed ... */
	int64_t window_ms; /* ... within this time; the window slides */
};

/* What is counted; separate kinds never meet. */
enum limit_kind {
	LIMIT_LOGIN_ACCOUNT,
	LIMIT_LOGIN_ADDRESS,
	LIMIT_REGISTER_ADDRESS,
	LIMIT_RECIPIENT,    /* reset and verification, by recipient */
	LIMIT_SEND_ADDRESS, /* reset and verification, by address */
	LIMIT_KIND__MAX
};

/* path is made with mode 0600, beside it path.lock. Each process opens it for itself: a child that
 * inherits it may not use it. RC_SYSTEM (logged). */
MUST_USE enum rc shm_open_file(const char *path, struct shm **ret);
void shm_close(struct shm *shm); /* accepts NULL; taken slots are free */

/*
 * Counts one event of key, if the limit allows one more: RC_OK. RC_LIMITED: over it, nothing is
 * counted, *ret_wait_ms says when one will be allowed again. Safe with any number of processes:
 * never more than limit->count within window_ms pass. Limits of more than 64 may refuse for up to
 * 1/64 of the window too long. A count of 0 allows nothing; windows are cut to 49 days. RC_SYSTEM
 * (logged): the kernel gives no lock.
 */
MUST_USE enum rc shm_limit_take(struct shm *shm, enum limit_kind kind, struct str key,
    const struct limit *limit, int64_t *ret_wait_ms);
/* Whether one more would be allowed, without counting: RC_OK or RC_LIMITED. */
MUST_USE enum rc shm_limit_peek(struct shm *shm, enum limit_kind kind, struct str key,
    const struct limit *limit, int64_t *ret_wait_ms);
/* Gives one taken event back (a login that was no failure): the one that this process took last,
 * if it is among its last 16 events, else the key's newest. */
void shm_limit_return(
    struct shm *shm, enum limit_kind kind, struct str key, const struct limit *limit);
/* Forgets all of key. */
void shm_limit_clear(struct shm *shm, enum limit_kind kind, struct str key);

/* Takes one of n hashing slots (OFD byte-range locks: the kernel frees a dead holder's), waiting
 * to deadline_ms on the monotonic clock. RC_BUSY when none came free; RC_SYSTEM (logged). */
MUST_USE enum rc shm_slot_take(struct shm *shm, unsigned n, int64_t deadline_ms, int *ret_slot);
void shm_slot_return(struct shm *shm, int slot);

#endif
