/*
 * Logins as people see them: which there are, and the end of those that shouldn't be. Every end is
 * one transaction that takes rows away; with its commit every worker's cache is void (see
 * login_cache.h), so whatever begins after it finds the login gone.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/sessions_internal.h"

enum rc
sessions_read_scope(struct str word, enum session_scope *ret)
{
	static const char *const words[] = {
		[SESSION_SCOPE_LOCAL] = "local",
		[SESSION_SCOPE_OTHERS] = "others",
		[SESSION_SCOPE_ALL] = "all",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal(word, str_from(words[i]))) {
			*ret = (enum session_scope)i;
			return RC_OK;
		}
	}
	return RC_SYNTAX;
}

void
sessions_list_release(struct session_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->n; i++)
		session_info_release(&list->list[i]);
	free(list->list);
	*list = (struct session_list){ 0 };
}

/* Inside a transaction. */
static enum rc
read_list(struct db *db, int64_t user_id, struct session_list *ret)
{
	/* More can't be: a login makes room first, whatever the setting was before. */
	struct session_list list = { .list = calloc(CONF_SESSIONS_MAX, sizeof(*list.list)) };
	enum rc rc = RC_SYSTEM;

	if (list.list == NULL)
		log_error("out of memory for a list of logins");
	else
		rc = session_row_list(
		    db, user_id, clock_now_ms(), CONF_SESSIONS_MAX, list.list, &list.n);
	if (rc == RC_OK)
		*ret = list;
	else
		sessions_list_release(&list);
	return rc;
}

enum rc
sessions_list(struct service *service, const struct principal *principal, int64_t user_id,
    struct session_list *ret)
{
	struct user user = { 0 };
	enum rc rc;

	if ((rc = access_may(principal, user_id, ACCESS_READ)) != RC_OK)
		return rc;
	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = access_read(service->db, principal, user_id, ACCESS_READ, &user);
	if (rc == RC_OK)
		rc = read_list(service->db, user_id, ret);
	db_rollback(service->db);
	user_release(&user);
	return rc;
}

/* Who ends which logins of whom. */
struct ending {
	int64_t user_id;
	int64_t actor_id; /* 0: the admin's command */
	struct str address;
	struct str id;       /* absent: all but keep_jti */
	struct str keep_jti; /* absent: all */
};

/* Inside a write transaction. What was there to be ended is audited. */
static enum rc
end_them(struct db *db, const struct ending *ending, size_t *ret_n)
{
	int64_t now = clock_now_ms();
	struct session session;
	size_t n = 0;
	enum rc rc;

	if (ending->id.ptr != NULL) {
		rc = session_row_get(db, ending->id, &session);
		if (rc == RC_NONE || (rc == RC_OK && (session.user_id != ending->user_id ||
		                                         session.expires_at <= now)))
			return RC_NOT_FOUND;
		if (rc == RC_OK)
			rc = session_row_delete(db, ending->id);
		n = 1;
	} else {
		rc = session_row_delete_user(db, ending->user_id, ending->keep_jti, &n);
	}
	if (rc == RC_OK && n > 0)
		rc = audit_note(db, now, STR("session.end"), ending->actor_id, ending->user_id,
		    sessions_clip(ending->address, SESSION_ADDRESS_MAX),
		    ending->id.ptr != NULL         ? ending->id
		    : ending->keep_jti.ptr != NULL ? STR("others")
		                                   : STR("all"));
	if (rc == RC_OK)
		*ret_n = n;
	return rc;
}

/* Inside a write transaction, by somebody who may. */
static enum rc
end_inside(struct db *db, const struct principal *principal, const struct ending *ending)
{
	struct user user = { 0 };
	size_t dropped;
	enum rc rc;

	rc = access_write(db, principal, ending->user_id, ACCESS_WRITE, &user);
	if (rc == RC_OK)
		rc = end_them(db, ending, &dropped);
	user_release(&user);
	return rc;
}

static enum rc
end_as(struct service *service, const struct principal *principal, const struct ending *ending)
{
	struct db *db = service->db;
	enum rc rc;

	if ((rc = access_may(principal, ending->user_id, ACCESS_WRITE)) != RC_OK)
		return rc;
	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	rc = end_inside(db, principal, ending);
	if (rc == RC_OK)
		rc = db_commit(db);
	db_rollback(db);
	return rc;
}

enum rc
sessions_end(struct service *service, const struct client *client,
    const struct principal *principal, int64_t user_id, struct str id)
{
	return end_as(service, principal,
	    &(struct ending){ .user_id = user_id,
	        .actor_id = principal->user_id,
	        .address = client->address,
	        .id = id });
}

static struct ending
ending_of_many(const struct client *client, const struct principal *principal, int64_t user_id,
    enum session_scope scope)
{
	struct str own = str_from(principal->claims.jti);

	assert(scope != SESSION_SCOPE_LOCAL);
	return (struct ending){ .user_id = user_id,
		.actor_id = principal->user_id,
		.address = client->address,
		.keep_jti = scope == SESSION_SCOPE_OTHERS ? own : STR_NULL };
}

enum rc
sessions_end_many(struct service *service, const struct client *client,
    const struct principal *principal, int64_t user_id, enum session_scope scope)
{
	struct ending ending = ending_of_many(client, principal, user_id, scope);

	return end_as(service, principal, &ending);
}

/*
 * Of more logins than its own only the current token and its parent may dispose, expired or not. An
 * older one, or a voided successor, is a copy in use: it takes its own login with it, no other.
 */
static enum rc
logout_many(struct service *service, const struct client *client, const struct principal *principal,
    enum session_scope scope)
{
	struct ending ending = ending_of_many(client, principal, principal->user_id, scope);
	const struct claims *claims = &principal->claims;
	struct session_view view = { 0 };
	struct db *db = service->db;
	enum rc rc, judged;

	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	rc = session_row_view(db, str_from(claims->jti), claims->user_id, &view);
	if (rc != RC_OK || (rc = judged = sessions_judge_login(&view, claims)) != RC_OK)
		goto out;
	if (claims->counter == view.session.counter || claims->counter == view.session.parent) {
		rc = end_inside(db, principal, &ending);
	} else {
		rc = sessions_end_copied(
		    service, &view.session, claims, client->address, clock_now_ms());
		judged = RC_SESSION_ENDED;
	}
	if (rc == RC_OK && (rc = db_commit(db)) == RC_OK)
		rc = judged;
out:
	db_rollback(db);
	session_view_release(&view);
	return rc;
}

enum rc
sessions_logout(struct service *service, const struct client *client,
    const struct principal *principal, enum session_scope scope)
{
	enum rc rc;

	if (scope != SESSION_SCOPE_LOCAL)
		return logout_many(service, client, principal, scope);
	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	/* Gone already: somebody else was faster to the same end. */
	rc = session_row_delete(service->db, str_from(principal->claims.jti));
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	return rc;
}

enum rc
sessions_admin_list(struct service *service, int64_t user_id, struct session_list *ret)
{
	enum rc rc;

	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = read_list(service->db, user_id, ret);
	db_rollback(service->db);
	return rc;
}

enum rc
sessions_admin_end(struct service *service, int64_t user_id, struct str id, size_t *ret_n)
{
	enum rc rc;

	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = end_them(service->db,
	    &(struct ending){ .user_id = user_id, .address = STR(""), .id = id }, ret_n);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	return rc;
}
