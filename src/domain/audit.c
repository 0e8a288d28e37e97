#include "domain/audit.h"

#include <inttypes.h>
#include <stdio.h>

enum { DAY_MS = 86400000 };

/* What is to be written for the next row of that kind about the user: *event; absent: nothing. */
static enum rc
count(struct db *db, int64_t at, const char *kind, int64_t user_id, struct str *event)
{
	char scope[64];
	int64_t n = 0;
	enum rc rc;

	(void)snprintf(scope, sizeof(scope), "audit %s %" PRId64, kind, user_id);
	rc = day_count_row_add(db, at / DAY_MS, str_from(scope), &n);
	if (rc == RC_OK && n > AUDIT_OWN_MAX)
		*event = n == AUDIT_OWN_MAX + 1 ? STR("audit.full") : STR_NULL;
	return rc;
}

enum rc
audit_note(struct db *db, int64_t at, struct str event, int64_t actor_id, int64_t user_id,
    struct str address, struct str detail)
{
	enum rc rc = RC_OK;

	if (actor_id == user_id && user_id != 0)
		rc = count(db, at, "own", user_id, &event);
	if (rc != RC_OK || event.ptr == NULL)
		return rc;
	return audit_row_insert(db, at, event, actor_id, user_id, address, detail);
}

enum rc
audit_note_copy(struct db *db, int64_t at, int64_t user_id, struct str address, struct str detail)
{
	struct str event = STR("session.copied");
	enum rc rc = count(db, at, "copied", user_id, &event);

	if (rc != RC_OK || event.ptr == NULL)
		return rc;
	return audit_row_insert(db, at, event, 0, user_id, address, detail);
}
