#include "store/rows.h"
#include "store/stmt.h"

enum rc
audit_row_insert(struct db *db, int64_t at, struct str event, int64_t actor_id, int64_t user_id,
    struct str address, struct str detail)
{
	struct stmt *stmt = stmt_use(db, STMT_AUDIT_INSERT);

	stmt_bind_int(stmt, 1, at);
	stmt_bind_text(stmt, 2, event);
	stmt_bind_int(stmt, 3, actor_id);
	stmt_bind_int(stmt, 4, user_id);
	stmt_bind_text(stmt, 5, address.ptr == NULL ? STR("") : address);
	stmt_bind_text(stmt, 6, detail.ptr == NULL ? STR("") : detail);
	return stmt_run(stmt, NULL);
}

enum rc
audit_row_purge(struct db *db, int64_t before, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_AUDIT_PURGE);

	stmt_bind_int(stmt, 1, before);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}
