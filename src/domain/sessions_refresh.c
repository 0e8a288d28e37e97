/*
 * Rotation. Each refresh gives a token with a counter one higher; the row knows the current one
 * and its parent. Who comes with the parent is one of three: a second tab or a client whose answer
 * was lost (within the window: it gets a token of the current counter), a client whose answer was
 * lost and who comes later (nobody has used the successor: that one is voided, and another given;
 * the same one again would let a thief, who read it, in for good), or the one of owner and thief
 * who is slower (the successor is in use: the login ends for both).
 */
#include "base/clock.h"
#include "domain/login_cache.h"
#include "domain/sessions_internal.h"

enum action {
	ACTION_NONE,   /* refused, or answered without a change */
	ACTION_ROTATE, /* *ret_session is the new row */
	ACTION_END,    /* a copy is in use */
};

static void
advance(struct session *session, int64_t parent, int64_t retries, int64_t now)
{
	session->parent = parent;
	session->counter++;
	session->issued_at = session->last_seen_at = now;
	session->seen = false;
	session->retries = retries;
}

/* RC_OK: a token of ret_session->counter is due. */
static enum rc
judge_refresh(const struct session_view *view, const struct claims *claims, int64_t now,
    struct session *ret_session, enum action *ret_action)
{
	struct session *session = ret_session;
	int64_t age;
	enum rc rc;

	*session = view->session;
	*ret_action = ACTION_NONE;
	if ((rc = sessions_judge_login(view, claims)) != RC_OK)
		return rc;
	age = now - session->issued_at;
	if (claims->counter != session->counter && claims->counter != session->parent) {
		*ret_action = ACTION_END;
		return RC_SESSION_ENDED;
	}
	if (!view->is_active)
		return RC_USER_INACTIVE;
	if (now / 1000 < claims->exp)
		return RC_REFRESH_EARLY;
	if (now / 1000 >= claims->rf_exp)
		return RC_REFRESH_EXPIRED;
	if (claims->counter == session->counter) {
		advance(session, session->counter, 0, now);
		*ret_action = ACTION_ROTATE;
		return RC_OK;
	}
	/* A clock that was set back makes no window: whoever could do that would hold it open. */
	if (age >= 0 && age <= SESSION_WINDOW_MS)
		return RC_OK;
	if (!session->seen && session->retries < SESSION_RETRIES_MAX) {
		advance(session, session->parent, session->retries + 1, now);
		*ret_action = ACTION_ROTATE;
		return RC_OK;
	}
	*ret_action = ACTION_END;
	return RC_SESSION_ENDED;
}

static enum rc
refresh(struct service *service, const struct client *client, const struct claims *claims,
    int64_t now, struct buf *ret_token)
{
	struct claims next = *claims;
	struct session_view view = { 0 };
	struct db *db = service->db;
	struct session session;
	enum action action;
	enum rc rc, judged;

	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	rc = session_row_view(db, str_from(claims->jti), claims->user_id, &view);
	if (rc != RC_OK)
		goto out;
	judged = judge_refresh(&view, claims, now, &session, &action);
	switch (action) {
	case ACTION_NONE:
		break;
	case ACTION_ROTATE:
		rc = session_row_rotate(db, &session);
		break;
	case ACTION_END:
		rc = sessions_end_copied(service, &view.session, claims, client->address, now);
		break;
	}
	if (rc == RC_OK && action != ACTION_NONE)
		rc = db_commit(db);
	if (rc == RC_OK)
		rc = judged;
out:
	db_rollback(db);
	if (rc == RC_OK) {
		next.iat = now / 1000;
		next.counter = session.counter;
		rc = sessions_sign(
		    service, &next, str_from(view.roles == NULL ? "" : view.roles), ret_token);
	}
	session_view_release(&view);
	return rc;
}

enum rc
sessions_refresh(
    struct service *service, const struct client *client, struct str token, struct buf *ret_token)
{
	const struct session_view *view;
	int64_t now = clock_now_ms();
	struct session dropped;
	struct claims claims;
	enum action action;
	enum rc rc;

	rc = token_cache_check(service->token_cache, service->keyring, token, now / 1000, &claims);
	if (rc != RC_OK)
		return rc;
	/* What is refused without a trace needs no write lock, however often it comes. */
	rc = login_cache_view(
	    service->login_cache, service->db, str_from(claims.jti), claims.user_id, now, &view);
	if (rc != RC_OK)
		return rc;
	rc = judge_refresh(view, &claims, now, &dropped, &action);
	if (rc != RC_OK && action == ACTION_NONE)
		return rc;
	return refresh(service, client, &claims, now, ret_token);
}
