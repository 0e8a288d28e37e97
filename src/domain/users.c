#include "domain/users.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/hashing.h"
#include "domain/limits.h"
#include "domain/sessions.h"
#include "domain/user_rules.h"

/* All that can be said of a new user without the database. */
static enum rc
judge_new(struct service *service, const struct user_input *input, struct user_fields *fields,
    struct faults *reterr)
{
	struct user_input whole = *input;
	enum rc rc;

	whole.email.is_given = true;
	if ((rc = user_rules_judge(&whole, NULL, fields, reterr)) != RC_OK)
		return rc;
	if (input->password.is_given && input->password.value.ptr != NULL)
		users_check_password(service->conf, input->password.value, "/password", reterr);
	return reterr->n > 0 ? RC_VALIDATION : RC_OK;
}

/* A look that spares a hash; who is first, the index decides. */
static enum rc
look_if_taken(struct db *db, struct user_keys keys)
{
	struct user user = { 0 };
	enum rc rc;

	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	rc = user_row_by_email(db, keys.email_key, &user);
	user_release(&user);
	if (rc == RC_NONE && keys.phone_key.ptr != NULL)
		rc = user_row_by_phone(db, keys.phone_key, &user);
	user_release(&user);
	db_rollback(db);
	if (rc == RC_OK)
		return RC_ALREADY_EXISTS;
	return rc == RC_NONE ? RC_OK : rc;
}

/* The user to be inserted. RC_BUSY, RC_SYSTEM. */
static enum rc
fill_new(struct service *service, const struct client *client, const struct user_input *input,
    const struct user_fields *fields, struct str roles, struct user *user)
{
	struct buf hash = BUF_INIT(HASHING_TEXT_MAX);
	enum rc rc;

	if ((rc = user_rules_apply(input, fields, user)) != RC_OK)
		goto out;
	if (input->password.is_given && input->password.value.ptr != NULL) {
		rc = hashing_make(service, client, input->password.value, &hash);
		if (rc != RC_OK)
			goto out;
		user->password = buf_detach(&hash);
	}
	user->roles = str_dup(roles);
	if (user->roles == NULL || !buf_ok(&hash)) {
		log_error("out of memory for a new user");
		rc = RC_SYSTEM;
		goto out;
	}
	user->is_active = true;
out:
	buf_release(&hash);
	return rc;
}

/* Registers or adds: with ret_token NULL there is no first login. */
static enum rc
insert(struct service *service, const struct client *client, struct user_keys keys,
    struct user *user, struct buf *ret_token)
{
	struct db *db = service->db;
	int64_t now = clock_now_ms();
	struct claims claims = { 0 };
	enum rc rc;

	user->created_at = user->updated_at = user->last_login_at = now;
	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	if ((rc = user_row_insert(db, user, keys, &user->id)) != RC_OK)
		goto out;
	if (ret_token != NULL)
		rc = sessions_start(service, client, user, &claims);
	else
		rc = audit_row_insert(db, now, STR("user.add"), 0, user->id, STR(""), STR(""));
	if (rc == RC_OK)
		rc = db_commit(db);
out:
	db_rollback(db);
	if (rc == RC_OK && ret_token != NULL)
		rc = sessions_sign(service, &claims, str_from(user->roles), ret_token);
	return rc == RC_TAKEN ? RC_ALREADY_EXISTS : rc;
}

enum rc
users_register(struct service *service, const struct client *client, const struct user_input *input,
    struct user *ret_user, struct buf *ret_token, struct faults *reterr)
{
	struct user_fields fields;
	struct user user = { 0 };
	struct user_keys keys;
	enum rc rc;

	if ((rc = judge_new(service, input, &fields, reterr)) != RC_OK)
		goto out;
	rc = limits_take_address(service, LIMIT_REGISTER_ADDRESS, client,
	    &service->conf->limits.register_address, reterr);
	if (rc != RC_OK)
		goto out;
	keys = user_rules_keys(service->conf, &fields);
	if ((rc = look_if_taken(service->db, keys)) != RC_OK)
		goto out;
	if ((rc = fill_new(service, client, input, &fields, STR(""), &user)) != RC_OK)
		goto out;
	if ((rc = insert(service, client, keys, &user, ret_token)) != RC_OK)
		goto out;
	user_drop_password(&user);
	*ret_user = user;
	user = (struct user){ 0 };
out:
	user_release(&user);
	user_fields_release(&fields);
	return rc;
}

enum rc
users_add(struct service *service, const struct user_input *input, struct str roles,
    struct user *ret_user, struct faults *reterr)
{
	struct buf joined = BUF_INIT(ROLES_TEXT_MAX);
	struct str list[USER_ROLES_MAX + 1], rest = roles;
	struct user_fields fields = { 0 };
	struct user user = { 0 };
	size_t n = 0;
	enum rc rc;

	if (roles.len > 0)
		while (n <= USER_ROLES_MAX && str_cut(&rest, ',', &list[n]))
			n++;
	/* With faults go on, to name those of the other members, too. */
	rc = user_rules_roles(list, n, "/roles", &joined, reterr);
	if (rc != RC_OK && rc != RC_VALIDATION)
		goto out;
	if ((rc = judge_new(service, input, &fields, reterr)) != RC_OK)
		goto out;
	if ((rc = fill_new(service, NULL, input, &fields, buf_str(&joined), &user)) != RC_OK)
		goto out;
	rc = insert(service, NULL, user_rules_keys(service->conf, &fields), &user, NULL);
	if (rc != RC_OK)
		goto out;
	user_drop_password(&user);
	*ret_user = user;
	user = (struct user){ 0 };
out:
	user_release(&user);
	user_fields_release(&fields);
	buf_release(&joined);
	return rc;
}

enum rc
users_read(struct service *service, const struct principal *principal, int64_t id, struct user *ret)
{
	enum rc rc;

	if ((rc = access_may(principal, id, ACCESS_READ)) != RC_OK)
		return rc;
	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = access_read(service->db, principal, id, ACCESS_READ, ret);
	db_rollback(service->db);
	if (rc == RC_OK)
		user_drop_password(ret);
	return rc;
}

/* What the audit says of a change: who one can reach the user by is what matters. */
static struct str
changed_members(const struct user_fields *fields)
{
	if (fields->changes_email)
		return fields->changes_phone ? STR("email,phone") : STR("email");
	return fields->changes_phone ? STR("phone") : STR_NULL;
}

/* Inside the transaction: writes what changes. */
static enum rc
write_change(struct service *service, const struct principal *principal,
    const struct user_input *input, const struct user_fields *fields, struct user *user)
{
	struct str members = changed_members(fields);
	struct db *db = service->db;
	enum rc rc;

	if (members.ptr == NULL && !fields->changes_first_name && !fields->changes_last_name)
		return RC_OK;
	if ((rc = user_rules_apply(input, fields, user)) != RC_OK)
		return rc;
	user->updated_at = clock_now_ms();
	rc = user_row_update(db, user, user_rules_keys(service->conf, fields));
	/* A link that was mailed to the old address must not set the password any more. */
	if (rc == RC_OK && fields->changes_email)
		rc = token_row_delete_user(db, user->id);
	if (rc == RC_OK && members.ptr != NULL)
		rc = audit_note(db, user->updated_at, STR("user.change"), principal->user_id,
		    user->id, STR(""), members);
	return rc == RC_TAKEN ? RC_ALREADY_EXISTS : rc;
}

enum rc
users_change(struct service *service, const struct principal *principal, int64_t id,
    const struct user_input *input, struct user *ret, struct faults *reterr)
{
	size_t n_known = reterr->n;
	struct user_fields fields;
	struct user user = { 0 };
	enum rc rc;

	/* First without the row, which is all that somebody without access may learn. */
	if ((rc = user_rules_judge(input, NULL, &fields, reterr)) != RC_OK)
		goto out;
	rc = access_may(principal, id, ACCESS_WRITE);
	if (rc == RC_OK && (rc = db_begin_write(service->db)) == RC_OK)
		rc = access_write(service->db, principal, id, ACCESS_WRITE, &user);
	if (reterr->n > 0 && (rc == RC_ACCESS_DENIED || rc == RC_NO_SUCH_USER))
		rc = RC_VALIDATION;
	if (rc != RC_OK)
		goto out;

	user_fields_release(&fields);
	reterr->n = n_known;
	if ((rc = user_rules_judge(input, &user, &fields, reterr)) != RC_OK)
		goto out;
	if (reterr->n > 0) {
		rc = RC_VALIDATION;
		goto out;
	}
	rc = write_change(service, principal, input, &fields, &user);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	if (rc != RC_OK)
		goto out;
	user_drop_password(&user);
	*ret = user;
	user = (struct user){ 0 };
out:
	db_rollback(service->db);
	user_release(&user);
	user_fields_release(&fields);
	return rc;
}

/* Inside the transaction: the user may log in, or may not and nothing of its logins is left. */
static enum rc
set_active(struct db *db, const struct user *user, int64_t actor_id, bool is_active)
{
	int64_t now = clock_now_ms();
	enum rc rc = RC_OK;

	if (user->is_active != is_active)
		rc = user_row_set_active(db, user->id, is_active, now);
	if (rc == RC_OK && user->is_active != is_active)
		rc = audit_row_insert(db, now,
		    is_active ? STR("user.activate") : STR("user.deactivate"), actor_id, user->id,
		    STR(""), STR(""));
	if (rc == RC_OK && !is_active)
		rc = session_row_delete_user(db, user->id, STR_NULL, NULL);
	if (rc == RC_OK && !is_active)
		rc = token_row_delete_user(db, user->id);
	return rc;
}

enum rc
users_deactivate(struct service *service, const struct principal *principal, int64_t id)
{
	struct user user = { 0 };
	enum rc rc;

	if ((rc = access_may(principal, id, ACCESS_ADMIN)) != RC_OK)
		return rc;
	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = access_write(service->db, principal, id, ACCESS_ADMIN, &user);
	if (rc == RC_OK)
		rc = set_active(service->db, &user, principal->user_id, false);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	user_release(&user);
	return rc;
}

enum rc
users_admin_set_active(struct service *service, int64_t id, bool is_active)
{
	struct user user = { 0 };
	enum rc rc;

	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = user_row_get(service->db, id, &user);
	if (rc == RC_OK)
		rc = set_active(service->db, &user, 0, is_active);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	user_release(&user);
	return rc == RC_NONE ? RC_NO_SUCH_USER : rc;
}

enum rc
users_find(struct service *service, struct str id_or_email, struct user *ret)
{
	struct buf key = BUF_INIT(2 * LOGIN_EMAIL_MAX);
	uint64_t id = 0;
	bool is_id = str_to_u64(id_or_email, INT64_MAX, &id) == RC_OK;
	enum rc rc;

	if (id_or_email.len > LOGIN_EMAIL_MAX)
		return RC_NO_SUCH_USER;
	if (!is_id && (rc = email_lookup_key(id_or_email, &key)) != RC_OK)
		goto out;
	if ((rc = db_begin_read(service->db)) != RC_OK)
		goto out;
	if (is_id)
		rc = user_row_get(service->db, (int64_t)id, ret);
	else
		rc = user_row_by_email(service->db, buf_str(&key), ret);
	db_rollback(service->db);
	if (rc == RC_OK)
		user_drop_password(ret);
out:
	buf_release(&key);
	return rc == RC_NONE ? RC_NO_SUCH_USER : rc;
}

enum rc
users_list(struct service *service, int64_t after, size_t max, struct user *ret, size_t *ret_n)
{
	enum rc rc;

	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = user_row_list(service->db, after, max, ret, ret_n);
	db_rollback(service->db);
	for (size_t i = 0; rc == RC_OK && i < *ret_n; i++)
		user_drop_password(&ret[i]);
	return rc;
}
