#include "domain/access.h"

#include "domain/users.h"
#include "store/rows.h"

static enum rc
may(int64_t caller_id, struct str roles, int64_t id, enum access access)
{
	if (access == ACCESS_ADMIN)
		return roles_have(roles, ROLE_ADMIN) ? RC_OK : RC_ROLE_MISSING;
	if (caller_id == id || roles_have(roles, ROLE_ADMIN) || roles_have(roles, ROLE_SERVICE))
		return RC_OK;
	return RC_ACCESS_DENIED;
}

static enum rc
find(struct db *db, int64_t caller_id, struct str roles, int64_t id, enum access access,
    struct user *ret)
{
	enum rc rc;

	if ((rc = may(caller_id, roles, id, access)) != RC_OK)
		return rc;
	if ((rc = user_row_get(db, id, ret)) != RC_OK)
		return rc == RC_NONE ? RC_NO_SUCH_USER : rc;
	/* Changing an admin's e-mail and resetting the password would be a take-over. */
	if (access == ACCESS_WRITE && caller_id != id && !roles_have(roles, ROLE_ADMIN) &&
	    roles_have(str_from(ret->roles), ROLE_ADMIN)) {
		user_release(ret);
		return RC_ACCESS_DENIED;
	}
	return RC_OK;
}

enum rc
access_may(const struct principal *principal, int64_t id, enum access access)
{
	return may(principal->user_id, str_from(principal->roles), id, access);
}

enum rc
access_read(struct db *db, const struct principal *principal, int64_t id, enum access access,
    struct user *ret)
{
	return find(db, principal->user_id, str_from(principal->roles), id, access, ret);
}

enum rc
access_write(struct db *db, const struct principal *principal, int64_t id, enum access access,
    struct user *ret)
{
	struct session_view view = { 0 };
	enum rc rc;

	rc = session_row_view(db, str_from(principal->claims.jti), principal->user_id, &view);
	if (rc != RC_OK)
		return rc;
	if (!view.has_user)
		rc = RC_TOKEN_USER_GONE;
	else if (!view.has_session || view.session.user_id != principal->user_id)
		rc = RC_SESSION_ENDED;
	else if (!view.is_active)
		rc = RC_USER_INACTIVE;
	else
		rc = find(db, principal->user_id, str_from(view.roles), id, access, ret);
	session_view_release(&view);
	return rc;
}
