#include "store/rows.h"
#include "store/stmt.h"

static void
bind_user(struct stmt *stmt, int n, int64_t user_id)
{
	/* The dummy rows have nobody to refer to. */
	if (user_id == 0)
		stmt_bind_null(stmt, n);
	else
		stmt_bind_int(stmt, n, user_id);
}

enum rc
token_row_put(struct db *db, struct str token_hash, int64_t user_id, int64_t created_at,
    int64_t expires_at, bool is_void)
{
	struct stmt *stmt = stmt_use(db, STMT_TOKEN_DELETE_USER);
	enum rc rc;

	bind_user(stmt, 1, user_id);
	rc = stmt_run(stmt, NULL);
	if (rc != RC_OK)
		return rc;
	stmt = stmt_use(db, STMT_TOKEN_INSERT);
	stmt_bind_text(stmt, 1, token_hash);
	bind_user(stmt, 2, user_id);
	stmt_bind_int(stmt, 3, created_at);
	stmt_bind_int(stmt, 4, expires_at);
	stmt_bind_int(stmt, 5, is_void);
	return stmt_run(stmt, NULL);
}

enum rc
token_row_get(struct db *db, struct str token_hash, int64_t now, int64_t *ret_user_id)
{
	struct stmt *stmt = stmt_use(db, STMT_TOKEN_GET);
	int64_t user_id = 0;
	enum rc rc;

	stmt_bind_text(stmt, 1, token_hash);
	stmt_bind_int(stmt, 2, now);
	rc = stmt_row(stmt);
	if (rc == RC_OK)
		user_id = stmt_int(stmt, 0);
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret_user_id = user_id;
	return rc;
}

enum rc
token_row_delete_user(struct db *db, int64_t user_id)
{
	struct stmt *stmt = stmt_use(db, STMT_TOKEN_DELETE_USER);

	stmt_bind_int(stmt, 1, user_id);
	return stmt_run(stmt, NULL);
}

enum rc
token_row_purge(struct db *db, int64_t now, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_TOKEN_PURGE);

	stmt_bind_int(stmt, 1, now);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}
