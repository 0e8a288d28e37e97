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
		state.faults = stmt_int(stmt, 0);
		state.out_until = stmt_int(stmt, 1);
		state.out_ms = stmt_int(stmt, 2);
		state.sent = stmt_int(stmt, 3);
		state.failed = stmt_int(stmt, 4);
		state.last_at = stmt_int(stmt, 5);
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
	stmt_bind_int(stmt, 5, state->sent);
	stmt_bind_int(stmt, 6, state->failed);
	stmt_bind_int(stmt, 7, state->last_at);
	return stmt_run(stmt, NULL);
}
