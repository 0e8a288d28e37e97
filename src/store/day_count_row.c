#include "store/rows.h"
#include "store/stmt.h"

enum rc
day_count_row_add(struct db *db, int64_t day, struct str scope, int64_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_DAY_COUNT_ADD);
	int64_t n = 0;
	enum rc rc;

	stmt_bind_int(stmt, 1, day);
	stmt_bind_text(stmt, 2, scope);
	if ((rc = stmt_row(stmt)) == RC_OK)
		n = stmt_int(stmt, 0);
	if ((rc = stmt_end(stmt, rc)) == RC_OK)
		*ret_n = n;
	return rc;
}

enum rc
day_count_row_purge(struct db *db, int64_t before_day, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_DAY_COUNT_PURGE);

	stmt_bind_int(stmt, 1, before_day);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}
