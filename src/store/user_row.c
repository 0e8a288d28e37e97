#include <string.h>

#include "store/rows.h"
#include "store/stmt.h"

/* The columns of USER_COLUMNS in statements.c. */
static enum rc
user_read(struct stmt *stmt, enum rc rc, struct user *ret)
{
	struct user user = { 0 };

	if (rc == RC_OK) {
		user.id = stmt_int(stmt, 0);
		user.email = stmt_dup(stmt, 1);
		user.phone = stmt_dup(stmt, 2);
		user.first_name = stmt_dup(stmt, 3);
		user.last_name = stmt_dup(stmt, 4);
		user.roles = stmt_dup(stmt, 5);
		user.is_active = stmt_bool(stmt, 6);
		user.phone_verified = stmt_bool(stmt, 7);
		user.last_login_at = stmt_int(stmt, 8);
		user.created_at = stmt_int(stmt, 9);
		user.updated_at = stmt_int(stmt, 10);
		user.password = stmt_dup(stmt, 11);
	}
	rc = stmt_check(stmt, rc);
	if (rc == RC_OK)
		*ret = user;
	else
		user_release(&user);
	return rc;
}

static enum rc
user_read_one(struct stmt *stmt, struct user *ret)
{
	return stmt_end(stmt, user_read(stmt, stmt_row(stmt), ret));
}

enum rc
user_row_insert(struct db *db, const struct user *user, struct user_keys keys, int64_t *ret_id)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_INSERT);
	int64_t id = 0;
	enum rc rc;

	stmt_bind_text(stmt, 1, str_from(user->email));
	stmt_bind_text(stmt, 2, keys.email_key);
	stmt_bind_text(stmt, 3, str_from(user->phone));
	stmt_bind_text(stmt, 4, keys.phone_key);
	stmt_bind_text(stmt, 5, str_from(user->first_name));
	stmt_bind_text(stmt, 6, str_from(user->last_name));
	stmt_bind_text(stmt, 7, str_from(user->password));
	stmt_bind_text(stmt, 8, user->roles == NULL ? STR("") : str_from(user->roles));
	stmt_bind_int(stmt, 9, user->is_active);
	stmt_bind_int(stmt, 10, user->phone_verified);
	stmt_bind_int(stmt, 11, user->last_login_at);
	stmt_bind_int(stmt, 12, user->created_at);
	stmt_bind_int(stmt, 13, user->updated_at);
	rc = stmt_row(stmt);
	if (rc == RC_OK)
		id = stmt_int(stmt, 0);
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret_id = id;
	return rc;
}

enum rc
user_row_get(struct db *db, int64_t id, struct user *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_GET);

	stmt_bind_int(stmt, 1, id);
	return user_read_one(stmt, ret);
}

enum rc
user_row_by_email(struct db *db, struct str email_key, struct user *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_BY_EMAIL);

	stmt_bind_text(stmt, 1, email_key);
	return user_read_one(stmt, ret);
}

enum rc
user_row_by_phone(struct db *db, struct str phone_key, struct user *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_BY_PHONE);

	stmt_bind_text(stmt, 1, phone_key);
	return user_read_one(stmt, ret);
}

enum rc
user_row_update(struct db *db, const struct user *user, struct user_keys keys)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_UPDATE);

	stmt_bind_int(stmt, 1, user->id);
	stmt_bind_text(stmt, 2, str_from(user->email));
	stmt_bind_text(stmt, 3, keys.email_key);
	stmt_bind_text(stmt, 4, str_from(user->phone));
	stmt_bind_text(stmt, 5, keys.phone_key);
	stmt_bind_text(stmt, 6, str_from(user->first_name));
	stmt_bind_text(stmt, 7, str_from(user->last_name));
	stmt_bind_int(stmt, 8, user->phone_verified);
	stmt_bind_int(stmt, 9, user->updated_at);
	stmt_bind_int(stmt, 10, keys.keeps_email_key);
	stmt_bind_int(stmt, 11, keys.keeps_phone_key);
	return stmt_run_one(stmt);
}

static enum rc
user_set(struct stmt *stmt, int64_t id, int64_t now)
{
	stmt_bind_int(stmt, 1, id);
	stmt_bind_int(stmt, 3, now);
	return stmt_run_one(stmt);
}

enum rc
user_row_set_password(struct db *db, int64_t id, struct str hash, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_SET_PASSWORD);

	stmt_bind_text(stmt, 2, hash);
	return user_set(stmt, id, now);
}

enum rc
user_row_set_roles(struct db *db, int64_t id, struct str roles, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_SET_ROLES);

	stmt_bind_text(stmt, 2, roles.ptr == NULL ? STR("") : roles);
	return user_set(stmt, id, now);
}

enum rc
user_row_set_active(struct db *db, int64_t id, bool is_active, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_SET_ACTIVE);

	stmt_bind_int(stmt, 2, is_active);
	return user_set(stmt, id, now);
}

enum rc
user_row_set_last_login(struct db *db, int64_t id, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_SET_LAST_LOGIN);

	stmt_bind_int(stmt, 1, id);
	stmt_bind_int(stmt, 2, now);
	return stmt_run_one(stmt);
}

enum rc
user_row_verify_phone(struct db *db, struct str phone_key, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_VERIFY_PHONE);

	stmt_bind_text(stmt, 1, phone_key);
	stmt_bind_int(stmt, 2, now);
	return stmt_run(stmt, NULL);
}

enum rc
user_row_verify_shared_phone(struct db *db, struct str phone, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_VERIFY_SHARED_PHONE);

	stmt_bind_text(stmt, 1, phone);
	stmt_bind_int(stmt, 2, now);
	return stmt_run(stmt, NULL);
}

enum rc
user_row_list(struct db *db, int64_t after, size_t max, struct user *ret, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_LIST);
	enum rc rc = RC_OK;
	size_t n = 0;

	stmt_bind_int(stmt, 1, after);
	stmt_bind_int(stmt, 2, (int64_t)max);
	while (rc == RC_OK && n < max) {
		rc = user_read(stmt, stmt_row(stmt), &ret[n]);
		n += rc == RC_OK;
	}
	rc = stmt_end(stmt, rc == RC_NONE ? RC_OK : rc);
	if (rc == RC_OK)
		*ret_n = n;
	while (rc != RC_OK && n > 0)
		user_release(&ret[--n]);
	return rc;
}

/* The first hash of a user from that id on. */
static enum rc
user_password_from(struct db *db, int64_t id, struct buf *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_PASSWORD_FROM);
	enum rc rc;

	stmt_bind_int(stmt, 1, id);
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		buf_reset(ret);
		buf_add(ret, stmt_text(stmt, 0));
		rc = buf_ok(ret) ? RC_OK : RC_LIMIT;
	}
	return stmt_end(stmt, rc);
}

enum rc
user_row_sample_password(struct db *db, uint64_t draw, struct buf *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_LAST_ID);
	uint64_t last = 0;
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK)
		last = (uint64_t)stmt_int(stmt, 0);
	rc = stmt_end(stmt, rc);
	if (rc != RC_OK)
		return rc;
	/* Scaled rather than taken modulo: a new user moves a draw by one id at most, so that the
	 * same e-mail goes on costing the same. */
	rc = user_password_from(db, (int64_t)((unsigned __int128)draw * last >> 64) + 1, ret);
	return rc == RC_NONE ? user_password_from(db, 1, ret) : rc;
}
