/*
 * The life of a login but for its refresh (sessions_refresh.c) and the password (sessions_login.c).
 */
#include "domain/sessions.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/utf8.h"
#include "domain/audit.h"
#include "domain/last_seen.h"
#include "domain/login_cache.h"
#include "domain/sessions_internal.h"

struct str
sessions_clip(struct str text, size_t max)
{
	struct str rest = str_slice(text, 0, max);
	const char *from = rest.ptr;
	uint32_t dropped;
	enum rc rc;

	if (!utf8_is_valid(text))
		return STR("");
	while ((rc = utf8_next(&rest, &dropped)) == RC_OK)
		continue;
	return (struct str){ from, from == NULL ? 0 : (size_t)(rest.ptr - from) };
}

enum rc
sessions_sign(
    struct service *service, struct claims *claims, struct str roles, struct buf *ret_token)
{
	claims->exp = claims->iat + service->conf->token.access_lifetime_ms / 1000;
	/* The end of the login is absolute: no refresh moves it. */
	if (claims->exp > claims->rf_exp)
		claims->exp = claims->rf_exp;
	return token_sign(service->keyring, claims, roles, ret_token);
}

/* Room for one more, so that nobody fills the disk by logging in again and again. */
static enum rc
make_room(struct service *service, int64_t user_id, int64_t now)
{
	struct db *db = service->db;
	int64_t n = 0;
	enum rc rc;

	if ((rc = session_row_count(db, user_id, now, &n)) != RC_OK)
		return rc;
	for (; n >= service->conf->token.sessions_max; n--)
		if ((rc = session_row_delete_idlest(db, user_id, now)) != RC_OK)
			return rc;
	return RC_OK;
}

enum rc
sessions_start(struct service *service, const struct client *client, const struct user *user,
    struct claims *ret_claims)
{
	int64_t now = clock_now_ms();
	struct claims claims = { .user_id = user->id,
		.iat = now / 1000,
		.rf_exp = now / 1000 + service->conf->token.refresh_lifetime_ms / 1000 };
	struct session session = { .user_id = user->id,
		.parent = -1,
		.issued_at = now,
		/* Nobody waits to learn whether the first token arrived: no write when it is used.
		 */
		.seen = true,
		.expires_at = claims.rf_exp * 1000,
		.created_at = now,
		.last_seen_at = now };
	enum rc rc;

	random_id(session.jti);
	memcpy(claims.jti, session.jti, sizeof(session.jti));
	if ((rc = make_room(service, user->id, now)) != RC_OK)
		return rc;
	rc = session_row_insert(service->db, &session,
	    sessions_clip(client->address, SESSION_ADDRESS_MAX),
	    sessions_clip(client->user_agent, SESSION_AGENT_MAX));
	if (rc == RC_OK)
		*ret_claims = claims;
	return rc;
}

enum rc
sessions_judge_login(const struct session_view *view, const struct claims *claims)
{
	if (!view->has_user)
		return RC_TOKEN_USER_GONE;
	if (!view->has_session || view->session.user_id != claims->user_id)
		return RC_SESSION_ENDED;
	return RC_OK;
}

enum rc
sessions_end_copied(struct service *service, const struct session *session,
    const struct claims *claims, struct str address, int64_t now)
{
	char detail[160];
	enum rc rc;

	(void)snprintf(detail, sizeof(detail),
	    "counter %lld, the login was at %lld, its parent %lld", (long long)claims->counter,
	    (long long)session->counter, (long long)session->parent);
	rc = session_row_delete(service->db, str_from(session->jti));
	if (rc != RC_OK)
		return rc;
	return audit_note_copy(service->db, now, session->user_id,
	    sessions_clip(address, SESSION_ADDRESS_MAX), str_from(detail));
}

/* What an access means for the row. */
enum action {
	ACTION_NONE,
	ACTION_SEE, /* the current token is used for the first time */
	ACTION_END, /* a copy is in use */
};

/*
 * Whether an access with this token shows that there are two copies. The current token and its
 * parent are nobody's fault, nor is an expired one of before: a tab that slept through some
 * refreshes, and opens nothing with it. A voided successor was handed out, and its reader
 * outpaced: whoever has it isn't who voided it.
 */
static bool
is_copy(const struct session *session, const struct claims *claims, int64_t now)
{
	if (claims->counter == session->counter || claims->counter == session->parent)
		return false;
	return claims->counter > session->parent || now / 1000 < claims->exp;
}

static enum rc
judge_access(const struct session_view *view, const struct claims *claims, int64_t now,
    enum action *ret_action)
{
	enum rc rc;

	*ret_action = ACTION_NONE;
	if ((rc = sessions_judge_login(view, claims)) != RC_OK)
		return rc;
	if (is_copy(&view->session, claims, now)) {
		*ret_action = ACTION_END;
		return RC_SESSION_ENDED;
	}
	if (!view->is_active)
		return RC_USER_INACTIVE;
	if (now / 1000 >= claims->exp)
		return RC_ACCESS_EXPIRED;
	if (claims->counter == view->session.counter && !view->session.seen)
		*ret_action = ACTION_SEE;
	return RC_OK;
}

/* The rare accesses that change the row: judged anew under the write lock. */
static enum rc
access_with_write(struct service *service, const struct claims *claims, int64_t now)
{
	struct session_view view = { 0 };
	struct db *db = service->db;
	struct str jti = str_from(claims->jti);
	enum action action;
	enum rc rc, judged;

	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	if ((rc = session_row_view(db, jti, claims->user_id, &view)) != RC_OK)
		goto out;
	judged = judge_access(&view, claims, now, &action);
	switch (action) {
	case ACTION_NONE:
		break;
	case ACTION_SEE:
		rc = session_row_set_seen(db, jti, claims->counter, now);
		break;
	case ACTION_END:
		rc = sessions_end_copied(service, &view.session, claims, STR(""), now);
		break;
	}
	if (rc == RC_OK && (rc = db_commit(db)) == RC_OK)
		rc = judged;
out:
	db_rollback(db);
	session_view_release(&view);
	return rc;
}

static enum rc
fill_principal(const struct claims *claims, const struct session_view *view, struct principal *ret)
{
	struct principal principal = { .user_id = claims->user_id,
		.roles = str_dup(str_from(view->roles == NULL ? "" : view->roles)),
		.email = str_dup(str_from(view->email == NULL ? "" : view->email)),
		.claims = *claims };

	if (principal.roles == NULL || principal.email == NULL) {
		log_error("no memory to authenticate");
		principal_release(&principal);
		return RC_SYSTEM;
	}
	*ret = principal;
	return RC_OK;
}

enum rc
sessions_authenticate(struct service *service, struct str token, struct principal *ret)
{
	const struct session_view *view;
	int64_t now = clock_now_ms();
	struct principal principal = { 0 };
	struct claims claims;
	enum action action;
	enum rc rc, judged;

	rc = token_cache_check(service->token_cache, service->keyring, token, now / 1000, &claims);
	if (rc != RC_OK)
		return rc;
	rc = login_cache_view(
	    service->login_cache, service->db, str_from(claims.jti), claims.user_id, now, &view);
	if (rc != RC_OK)
		return rc;
	judged = judge_access(view, &claims, now, &action);
	if (judged == RC_OK && (rc = fill_principal(&claims, view, &principal)) != RC_OK)
		return rc;
	if (action != ACTION_NONE)
		judged = access_with_write(service, &claims, now);
	else if (judged == RC_OK)
		last_seen_note(service->last_seen, &view->session, now);
	if (judged == RC_OK) {
		*ret = principal;
		principal = (struct principal){ 0 };
	}
	principal_release(&principal);
	return judged;
}

enum rc
sessions_authenticate_any_time(struct service *service, struct str token, struct principal *ret)
{
	const struct session_view *view;
	int64_t now = clock_now_ms();
	struct claims claims;
	enum rc rc;

	rc = token_cache_check(service->token_cache, service->keyring, token, now / 1000, &claims);
	if (rc != RC_OK)
		return rc;
	rc = login_cache_view(
	    service->login_cache, service->db, str_from(claims.jti), claims.user_id, now, &view);
	/* Which token of the login it is doesn't matter: what it asks for is the login's end. */
	if (rc == RC_OK)
		rc = sessions_judge_login(view, &claims);
	if (rc == RC_OK && !view->is_active)
		rc = RC_USER_INACTIVE;
	return rc == RC_OK ? fill_principal(&claims, view, ret) : rc;
}
