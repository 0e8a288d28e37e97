/*
 * When logins were used last, collected in memory and written in one transaction a minute: any
 * commit empties every worker's caches, so there must be none for a mere look. What a worker has
 * collected is lost with it when it is killed, and nothing else. Writing only moves a time of rows
 * that are there: it brings no login back that was ended meanwhile.
 */
#ifndef AFFO_DOMAIN_LAST_SEEN_H
#define AFFO_DOMAIN_LAST_SEEN_H

#include "model/session.h"
#include "store/db.h"

enum {
	LAST_SEEN_STEP_MS = 60000,  /* a stored time younger than this is good enough */
	LAST_SEEN_FLUSH_MS = 60000, /* after the first note, and between two attempts */
	LAST_SEEN_MAX = 1024, /* logins in memory: when there are more, it is written earlier */
};

struct last_seen;

MUST_USE enum rc last_seen_new(struct last_seen **ret);
void last_seen_free(struct last_seen *seen);
/* The login was used at `now`. Costs no system call and no allocation; does nothing when the time
 * in the row, of which session is a copy, is good enough, or when there is no more room. */
void last_seen_note(struct last_seen *seen, const struct session *session, int64_t now);
/* In how many milliseconds it wants to be written; -1: there is nothing. */
int64_t last_seen_due_ms(const struct last_seen *seen);
/* Outside of any transaction. RC_UNAVAILABLE, RC_SYSTEM (logged): all is kept for the next time. */
MUST_USE enum rc last_seen_flush(struct last_seen *seen, struct db *db);

#endif
