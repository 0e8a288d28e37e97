/* What the audit is told of users who change themselves: enough, but not all that they could do. */
#ifndef AFFO_DOMAIN_AUDIT_H
#define AFFO_DOMAIN_AUDIT_H

#include "store/rows.h"

enum { AUDIT_OWN_MAX = 100 }; /* rows a day, of what a user causes about himself */

/* Inside the caller's write transaction: audit_row_insert(), but nobody fills the disk by it. What
 * is one's own (actor_id is user_id) is noted AUDIT_OWN_MAX times a day; the next one makes a row
 * "audit.full" in its place, those after it none. RC_OK also then. */
MUST_USE enum rc audit_note(struct db *db, int64_t at, struct str event, int64_t actor_id,
    int64_t user_id, struct str address, struct str detail);
/* The same of a copy of the user's token. It counts by itself, so that no copy is hidden behind
 * what its owner, or who has the copy, did before. */
MUST_USE enum rc audit_note_copy(
    struct db *db, int64_t at, int64_t user_id, struct str address, struct str detail);

#endif
