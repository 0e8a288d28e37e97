#include "base/clock.h"
#include "base/log.h"
#include "domain/access.h"
#include "domain/user_rules.h"

enum rc
users_read_roles(
    struct service *service, const struct principal *principal, int64_t id, struct buf *ret_roles)
{
	struct user user = { 0 };
	enum rc rc;

	if ((rc = users_read(service, principal, id, &user)) != RC_OK)
		return rc;
	buf_add(ret_roles, str_from(user.roles));
	user_release(&user);
	if (!buf_ok(ret_roles)) {
		log_error("a user's roles don't fit into %zu bytes", ret_roles->max);
		return RC_SYSTEM;
	}
	return RC_OK;
}

/* Inside the transaction. */
static enum rc
write_roles(struct db *db, const struct user *user, int64_t actor_id, struct str roles)
{
	int64_t now = clock_now_ms();
	enum rc rc;

	if (str_equal(str_from(user->roles), roles))
		return RC_OK;
	rc = user_row_set_roles(db, user->id, roles, now);
	if (rc == RC_OK)
		rc = audit_row_insert(
		    db, now, STR("user.roles"), actor_id, user->id, STR(""), roles);
	return rc;
}

enum rc
users_replace_roles(struct service *service, const struct principal *principal, int64_t id,
    const struct str *roles, size_t n, struct buf *ret_roles, struct faults *reterr)
{
	struct buf joined = BUF_INIT(ROLES_TEXT_MAX);
	struct user user = { 0 };
	enum rc rc;

	if ((rc = user_rules_roles(roles, n, "", &joined, reterr)) != RC_OK)
		goto out;
	if ((rc = access_may(principal, id, ACCESS_ADMIN)) != RC_OK)
		goto out;
	if ((rc = db_begin_write(service->db)) != RC_OK)
		goto out;
	rc = access_write(service->db, principal, id, ACCESS_ADMIN, &user);
	if (rc == RC_OK)
		rc = write_roles(service->db, &user, principal->user_id, buf_str(&joined));
	if (rc == RC_OK)
		rc = db_commit(service->db);
	if (rc != RC_OK)
		goto out;
	buf_add(ret_roles, buf_str(&joined));
	if (!buf_ok(ret_roles)) {
		log_error("a user's roles don't fit into %zu bytes", ret_roles->max);
		rc = RC_SYSTEM;
	}
out:
	db_rollback(service->db);
	user_release(&user);
	buf_release(&joined);
	return rc;
}

enum rc
users_admin_set_roles(
    struct service *service, int64_t id, const struct str *roles, size_t n, struct faults *reterr)
{
	struct buf joined = BUF_INIT(ROLES_TEXT_MAX);
	struct user user = { 0 };
	enum rc rc;

	if ((rc = user_rules_roles(roles, n, "", &joined, reterr)) != RC_OK)
		goto out;
	if ((rc = db_begin_write(service->db)) != RC_OK)
		goto out;
	rc = user_row_get(service->db, id, &user);
	if (rc == RC_OK)
		rc = write_roles(service->db, &user, 0, buf_str(&joined));
	if (rc == RC_OK)
		rc = db_commit(service->db);
out:
	db_rollback(service->db);
	user_release(&user);
	buf_release(&joined);
	return rc == RC_NONE ? RC_NO_SUCH_USER : rc;
}
