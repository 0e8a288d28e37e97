#include "store/rows.h"
#include "store/stmt.h"

enum rc
bad_recipient_row_put(struct db *db, struct str recipient, int64_t until_at)
{
	struct stmt *stmt = stmt_use(db, STMT_BAD_RECIPIENT_PUT);

	stmt_bind_text(stmt, 1, recipient);
	stmt_bind_int(stmt, 2, until_at);
	return stmt_run(stmt, NULL);
}

enum rc
bad_recipient_row_get(struct db *db, struct str recipient, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_BAD_RECIPIENT_GET);

	stmt_bind_text(stmt, 1, recipient);
	stmt_bind_int(stmt, 2, now);
	return stmt_end(stmt, stmt_row(stmt));
}

enum rc
bad_recipient_row_purge(struct db *db, int64_t now, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_BAD_RECIPIENT_PURGE);

	stmt_bind_int(stmt, 1, now);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}
