#include "domain/last_seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/rows.h"

enum { PLACES = 2 * LAST_SEEN_MAX }; /* a power of two, never more than half full */

/* Open addressing: a login is at the place of its hash, or at the next free one after it. */
struct last_seen {
	size_t n;
	int64_t due_at; /* monotonic; when n > 0 */
	struct note {
		char jti[RANDOM_ID_LEN + 1]; /* "": the place is free */
		int64_t at;
	} notes[PLACES];
};

enum rc
last_seen_new(struct last_seen **ret)
{
	struct last_seen *seen = calloc(1, sizeof(*seen));

	if (seen == NULL) {
		log_error("no memory for the times of logins");
		return RC_SYSTEM;
	}
	*ret = seen;
	return RC_OK;
}

void
last_seen_free(struct last_seen *seen)
{
	free(seen);
}

/* FNV-1a. The ids of our logins are random, so nobody chooses where they fall. */
static struct note *
place(struct last_seen *seen, const char *jti)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	size_t at;

	for (const char *c = jti; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
	for (at = hash % PLACES; seen->notes[at].jti[0] != '\0'; at = (at + 1) % PLACES)
		if (strcmp(seen->notes[at].jti, jti) == 0)
			break;
	return &seen->notes[at];
}

void
last_seen_note(struct last_seen *seen, const struct session *session, int64_t now)
{
	struct note *note;

	if (now - session->last_seen_at < LAST_SEEN_STEP_MS)
		return;
	note = place(seen, session->jti);
	if (note->jti[0] == '\0') {
		if (seen->n == LAST_SEEN_MAX)
			return;
		if (seen->n++ == 0)
			seen->due_at = clock_monotonic_ms() + LAST_SEEN_FLUSH_MS;
		if (seen->n == LAST_SEEN_MAX)
			seen->due_at = clock_monotonic_ms();
		memcpy(note->jti, session->jti, sizeof(note->jti));
	}
	note->at = now;
}

int64_t
last_seen_due_ms(const struct last_seen *seen)
{
	int64_t left;

	if (seen->n == 0)
		return -1;
	left = seen->due_at - clock_monotonic_ms();
	return left < 0 ? 0 : left;
}

enum rc
last_seen_flush(struct last_seen *seen, struct db *db)
{
	enum rc rc;

	if (seen->n == 0)
		return RC_OK;
	seen->due_at = clock_monotonic_ms() + LAST_SEEN_FLUSH_MS;
	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < PLACES; i++)
		if (seen->notes[i].jti[0] != '\0')
			rc = session_row_touch(db, str_from(seen->notes[i].jti), seen->notes[i].at);
	if (rc == RC_OK)
		rc = db_commit(db);
	db_rollback(db);
	if (rc == RC_OK) {
		seen->n = 0;
		memset(seen->notes, 0, sizeof(seen->notes));
	}
	return rc;
}
