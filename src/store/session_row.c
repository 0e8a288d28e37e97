#include <stdlib.h>

#include "store/rows.h"
#include "store/stmt.h"

/* The columns of SESSION_COLUMNS in statements.c. */
static void
session_read(struct stmt *stmt, struct session *ret)
{
	stmt_copy(stmt, 0, ret->jti, sizeof(ret->jti));
	ret->user_id = stmt_int(stmt, 1);
	ret->counter = stmt_int(stmt, 2);
	ret->parent = stmt_int(stmt, 3);
	ret->issued_at = stmt_int(stmt, 4);
	ret->seen = stmt_bool(stmt, 5);
	ret->retries = stmt_int(stmt, 6);
	ret->expires_at = stmt_int(stmt, 7);
	ret->created_at = stmt_int(stmt, 8);
	ret->last_seen_at = stmt_int(stmt, 9);
}

enum rc
session_row_insert(
    struct db *db, const struct session *session, struct str address, struct str user_agent)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_INSERT);

	stmt_bind_text(stmt, 1, str_from(session->jti));
	stmt_bind_int(stmt, 2, session->user_id);
	stmt_bind_int(stmt, 3, session->counter);
	stmt_bind_int(stmt, 4, session->parent);
	stmt_bind_int(stmt, 5, session->issued_at);
	stmt_bind_int(stmt, 6, session->seen);
	stmt_bind_int(stmt, 7, session->retries);
	stmt_bind_int(stmt, 8, session->expires_at);
	stmt_bind_int(stmt, 9, session->created_at);
	stmt_bind_int(stmt, 10, session->last_seen_at);
	stmt_bind_text(stmt, 11, address.ptr == NULL ? STR("") : address);
	stmt_bind_text(stmt, 12, user_agent.ptr == NULL ? STR("") : user_agent);
	return stmt_run(stmt, NULL);
}

enum rc
session_row_get(struct db *db, struct str jti, struct session *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_GET);
	struct session session = { 0 };
	enum rc rc;

	stmt_bind_text(stmt, 1, jti);
	rc = stmt_row(stmt);
	if (rc == RC_OK)
		session_read(stmt, &session);
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret = session;
	return rc;
}

enum rc
session_row_view(struct db *db, struct str jti, int64_t user_id, struct session_view *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_VIEW);
	struct session_view view = { 0 };
	enum rc rc;

	stmt_bind_text(stmt, 1, jti);
	stmt_bind_int(stmt, 2, user_id);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		view.has_session = stmt_text(stmt, 0).ptr != NULL;
		if (view.has_session)
			session_read(stmt, &view.session);
		/* Ids start at 1. */
		view.has_user = stmt_int(stmt, 10) != 0;
		view.is_active = stmt_bool(stmt, 11);
		view.roles = stmt_dup(stmt, 12);
		view.email = stmt_dup(stmt, 13);
	}
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret = view;
	else
		session_view_release(&view);
	return rc;
}

void
session_view_release(struct session_view *view)
{
	free(view->roles);
	free(view->email);
	*view = (struct session_view){ 0 };
}

enum rc
session_row_rotate(struct db *db, const struct session *session)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_ROTATE);

	stmt_bind_text(stmt, 1, str_from(session->jti));
	stmt_bind_int(stmt, 2, session->counter);
	stmt_bind_int(stmt, 3, session->parent);
	stmt_bind_int(stmt, 4, session->issued_at);
	stmt_bind_int(stmt, 5, session->seen);
	stmt_bind_int(stmt, 6, session->retries);
	stmt_bind_int(stmt, 7, session->last_seen_at);
	return stmt_run_one(stmt);
}

enum rc
session_row_set_seen(struct db *db, struct str jti, int64_t counter, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_SET_SEEN);

	stmt_bind_text(stmt, 1, jti);
	stmt_bind_int(stmt, 2, counter);
	stmt_bind_int(stmt, 3, now);
	return stmt_run_one(stmt);
}

enum rc
session_row_touch(struct db *db, struct str jti, int64_t at)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_TOUCH);

	stmt_bind_text(stmt, 1, jti);
	stmt_bind_int(stmt, 2, at);
	return stmt_run(stmt, NULL);
}

enum rc
session_row_delete(struct db *db, struct str jti)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_DELETE);

	stmt_bind_text(stmt, 1, jti);
	return stmt_run(stmt, NULL);
}

enum rc
session_row_delete_user(struct db *db, int64_t user_id, struct str keep_jti, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_DELETE_USER);

	stmt_bind_int(stmt, 1, user_id);
	/* No jti is empty. */
	stmt_bind_text(stmt, 2, keep_jti.ptr == NULL ? STR("") : keep_jti);
	return stmt_run(stmt, ret_n);
}

/* The row that rc says is there. */
static enum rc
session_info_read(struct stmt *stmt, enum rc rc, struct session_info *ret)
{
	if (rc != RC_OK)
		return rc;
	session_read(stmt, &ret->session);
	ret->address = stmt_dup(stmt, 10);
	ret->user_agent = stmt_dup(stmt, 11);
	rc = stmt_check(stmt, RC_OK);
	if (rc != RC_OK)
		session_info_release(ret);
	return rc;
}

enum rc
session_row_list(struct db *db, int64_t user_id, int64_t now, size_t max, struct session_info *ret,
    size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_LIST);
	enum rc rc = RC_OK;
	size_t n = 0;

	stmt_bind_int(stmt, 1, user_id);
	stmt_bind_int(stmt, 2, now);
	stmt_bind_int(stmt, 3, (int64_t)max);
	while (rc == RC_OK && n < max) {
		rc = session_info_read(stmt, stmt_row(stmt), &ret[n]);
		n += rc == RC_OK;
	}
	rc = stmt_end(stmt, rc == RC_NONE ? RC_OK : rc);
	if (rc == RC_OK)
		*ret_n = n;
	while (rc != RC_OK && n > 0)
		session_info_release(&ret[--n]);
	return rc;
}

enum rc
session_row_count(struct db *db, int64_t user_id, int64_t now, int64_t *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_COUNT);
	int64_t count = 0;
	enum rc rc;

	stmt_bind_int(stmt, 1, user_id);
	stmt_bind_int(stmt, 2, now);
	rc = stmt_row(stmt);
	if (rc == RC_OK)
		count = stmt_int(stmt, 0);
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret = count;
	return rc;
}

enum rc
session_row_delete_idlest(struct db *db, int64_t user_id, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_DELETE_IDLEST);

	stmt_bind_int(stmt, 1, user_id);
	stmt_bind_int(stmt, 2, now);
	return stmt_run(stmt, NULL);
}

enum rc
session_row_purge(struct db *db, int64_t before, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_SESSION_PURGE);

	stmt_bind_int(stmt, 1, before);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}
