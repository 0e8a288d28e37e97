#include <string.h>

#include "store/rows.h"
#include "store/stmt.h"

enum rc
gateway_row_get(struct db *db, struct str name, struct gateway_state *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_GATEWAY_GET);
	struct gateway_state state = { 0 };
	enum rc rc;

	stmt_bind_text(stmt, 1, name);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		state.is_off = stmt_bool(stmt, 0);
		state.faults = stmt_int(stmt, 1);
		state.out_until = stmt_int(stmt, 2);
		state.out_ms = stmt_int(stmt, 3);
	}
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret = state;
	return rc;
}

enum rc
gateway_row_put(struct db *db, struct str name, const struct gateway_state *state)
{
	struct stmt *stmt = stmt_use(db, STMT_GATEWAY_PUT);

	stmt_bind_text(stmt, 1, name);
	stmt_bind_int(stmt, 2, state->faults);
	stmt_bind_int(stmt, 3, state->out_until);
	stmt_bind_int(stmt, 4, state->out_ms);
	return stmt_run(stmt, NULL);
}

enum rc
gateway_row_switch(struct db *db, struct str name, bool is_off)
{
	struct stmt *stmt = stmt_use(db, STMT_GATEWAY_SWITCH);

	stmt_bind_text(stmt, 1, name);
	stmt_bind_int(stmt, 2, is_off);
	return stmt_run(stmt, NULL);
}

enum rc
gateway_row_count(
    struct db *db, struct str name, enum delivery_result result, int64_t took_ms, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_GATEWAY_COUNT);

	stmt_bind_text(stmt, 1, name);
	stmt_bind_text(stmt, 2, str_from(delivery_result_name(result)));
	stmt_bind_int(stmt, 3, took_ms);
	stmt_bind_int(stmt, 4, now);
	return stmt_run(stmt, NULL);
}

static enum rc
get_count(struct db *db, struct str name, enum delivery_result result, struct gateway_count *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_GATEWAY_RESULT);
	enum rc rc;

	stmt_bind_text(stmt, 1, name);
	stmt_bind_text(stmt, 2, str_from(delivery_result_name(result)));
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		ret->n = stmt_int(stmt, 0);
		ret->total_ms = stmt_int(stmt, 1);
		ret->max_ms = stmt_int(stmt, 2);
		ret->last_ms = stmt_int(stmt, 3);
		ret->last_at = stmt_int(stmt, 4);
	}
	return stmt_end(stmt, rc == RC_NONE ? RC_OK : rc);
}

enum rc
gateway_row_counts(struct db *db, struct str name, struct gateway_count ret[static DELIVERY__MAX])
{
	enum rc rc = RC_OK;

	memset(ret, 0, DELIVERY__MAX * sizeof(ret[0]));
	for (int i = 0; rc == RC_OK && i < DELIVERY__MAX; i++)
		rc = get_count(db, name, (enum delivery_result)i, &ret[i]);
	return rc;
}
