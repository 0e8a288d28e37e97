#include "store/rows.h"
#include "store/stmt.h"

enum rc
verification_row_get(struct db *db, struct str phone, int64_t now, struct verification *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_VERIFICATION_GET);
	struct verification verification = { .wrong = 0 };
	enum rc rc;

	stmt_bind_text(stmt, 1, phone);
	stmt_bind_int(stmt, 2, now);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		stmt_copy(stmt, 0, verification.request_id, sizeof(verification.request_id));
		verification.created_at = stmt_int(stmt, 1);
		verification.expires_at = stmt_int(stmt, 2);
		verification.wrong = stmt_int(stmt, 3);
	}
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret = verification;
	return rc;
}

enum rc
verification_row_put(struct db *db, struct str phone, const struct verification *verification)
{
	struct stmt *stmt = stmt_use(db, STMT_VERIFICATION_PUT);

	stmt_bind_text(stmt, 1, phone);
	stmt_bind_text(stmt, 2, str_from(verification->request_id));
	stmt_bind_int(stmt, 3, verification->created_at);
	stmt_bind_int(stmt, 4, verification->expires_at);
	stmt_bind_int(stmt, 5, verification->wrong);
	return stmt_run(stmt, NULL);
}

enum rc
verification_row_wrong(struct db *db, struct str phone)
{
	struct stmt *stmt = stmt_use(db, STMT_VERIFICATION_WRONG);

	stmt_bind_text(stmt, 1, phone);
	return stmt_run_one(stmt);
}

enum rc
verification_row_delete(struct db *db, struct str phone)
{
	struct stmt *stmt = stmt_use(db, STMT_VERIFICATION_DELETE);

	stmt_bind_text(stmt, 1, phone);
	return stmt_run(stmt, NULL);
}

enum rc
verification_row_purge(struct db *db, int64_t now, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_VERIFICATION_PURGE);

	stmt_bind_int(stmt, 1, now);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}
