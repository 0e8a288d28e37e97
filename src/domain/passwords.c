#include "domain/passwords.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/email.h"
#include "base/log.h"
#include "cred/secret.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/hashing.h"
#include "domain/limits.h"
#include "domain/outbox.h"
#include "domain/reset_url.h"
#include "domain/users.h"
#include "store/rows.h"

/* A new password by whoever may set it. keep_jti: the login that goes on; absent: none. */
struct change {
	int64_t user_id;
	int64_t actor_id;
	struct str hash;
	struct str keep_jti;
	struct str event;
	struct str address;
};

/* Inside the transaction: the password, and the end of all that the former one opened. */
static enum rc
write_password(struct db *db, const struct change *change)
{
	int64_t now = clock_now_ms();
	enum rc rc;

	rc = user_row_set_password(db, change->user_id, change->hash, now);
	if (rc == RC_OK)
		rc = session_row_delete_user(db, change->user_id, change->keep_jti, NULL);
	if (rc == RC_OK)
		rc = token_row_delete_user(db, change->user_id);
	if (rc == RC_OK)
		rc = audit_note(db, now, change->event, change->actor_id, change->user_id,
		    change->address, STR(""));
	return rc;
}

/* Before the hash: whether there is anything to hash for. */
static enum rc
look_if_allowed(struct db *db, const struct principal *principal, int64_t id)
{
	struct user user = { 0 };
	enum rc rc;

	if ((rc = access_may(principal, id, ACCESS_WRITE)) != RC_OK)
		return rc;
	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	rc = access_read(db, principal, id, ACCESS_WRITE, &user);
	db_rollback(db);
	user_release(&user);
	return rc;
}

enum rc
users_set_password(struct service *service, const struct client *client,
    const struct principal *principal, int64_t id, struct str password, struct faults *reterr)
{
	struct buf hash = BUF_INIT(HASHING_TEXT_MAX);
	struct db *db = service->db;
	struct user user = { 0 };
	enum rc rc;

	users_check_password(service->conf, password, "/password", reterr);
	if (reterr->n > 0)
		return RC_VALIDATION;
	if ((rc = look_if_allowed(db, principal, id)) != RC_OK)
		return rc;
	if ((rc = hashing_make(service, client, password, &hash)) != RC_OK)
		goto out;

	if ((rc = db_begin_write(db)) != RC_OK)
		goto out;
	if ((rc = access_write(db, principal, id, ACCESS_WRITE, &user)) != RC_OK)
		goto out;
	rc = write_password(db,
	    &(struct change){
	        .user_id = id,
	        .actor_id = principal->user_id,
	        .hash = buf_str(&hash),
	        .keep_jti = principal->user_id == id ? str_from(principal->claims.jti) : STR_NULL,
	        .event = STR("user.password"),
	        .address = client->address,
	    });
	if (rc == RC_OK)
		rc = db_commit(db);
out:
	db_rollback(db);
	user_release(&user);
	buf_release(&hash);
	return rc;
}

enum rc
users_admin_set_password(
    struct service *service, int64_t id, struct str password, struct faults *reterr)
{
	struct buf hash = BUF_INIT(HASHING_TEXT_MAX);
	enum rc rc;

	users_check_password(service->conf, password, "/password", reterr);
	if (reterr->n > 0)
		return RC_VALIDATION;
	if ((rc = hashing_make(service, NULL, password, &hash)) != RC_OK)
		goto out;
	if ((rc = db_begin_write(service->db)) != RC_OK)
		goto out;
	rc = write_password(service->db, &(struct change){
	                                     .user_id = id,
	                                     .hash = buf_str(&hash),
	                                     .event = STR("user.password"),
	                                     .address = STR(""),
	                                 });
	if (rc == RC_OK)
		rc = db_commit(service->db);
out:
	db_rollback(service->db);
	buf_release(&hash);
	return rc == RC_NONE ? RC_NO_SUCH_USER : rc;
}

/* Inside the transaction: token and mail. For nobody, and for an inactive user, the same rows,
 * void from the start, so that the time doesn't tell who has an account. */
static enum rc
write_reset(struct service *service, const struct client *client, struct str email_key,
    struct str token, struct str url)
{
	char hash[SECRET_HASH_LEN + 1];
	int64_t now = clock_now_ms();
	int64_t expires_at = now + service->conf->reset.lifetime_ms;
	struct user user = { 0 };
	bool is_void;
	enum rc rc;

	rc = user_row_by_email(service->db, email_key, &user);
	if (rc != RC_OK && rc != RC_NONE)
		goto out;
	is_void = rc == RC_NONE || !user.is_active;
	secret_hash(token, hash);
	rc = token_row_put(
	    service->db, str_from(hash), is_void ? 0 : user.id, now, expires_at, is_void);
	if (rc != RC_OK)
		goto out;
	rc = outbox_put(service, &(struct outbox_draft){
	                             .kind = MESSAGE_PASSWORD_RESET,
	                             .channel = CHANNEL_EMAIL,
	                             .recipient = is_void ? email_key : str_from(user.email),
	                             .language = client->language,
	                             .is_void = is_void,
	                             .expires_at = expires_at,
	                             .first_name = str_from(user.first_name),
	                             .url = url,
	                         });
out:
	user_release(&user);
	return rc;
}

enum rc
passwords_request_reset(struct service *service, const struct client *client, struct str email,
    struct str url_template, struct faults *reterr)
{
	struct buf url = BUF_INIT(URL_TEMPLATE_MAX + RESET_TOKEN_LEN);
	struct buf key = BUF_INIT(2 * EMAIL_MAX);
	char token[RESET_TOKEN_LEN + 1] = "";
	enum rc rc;

	rc = email_key(email, &key);
	if (rc != RC_OK && rc != RC_SYNTAX && rc != RC_LIMIT)
		goto out;
	if (rc != RC_OK)
		faults_add(reterr, "/email", "This is not an e-mail address.");
	reset_url_check(service->conf, url_template, reterr);
	if (reterr->n > 0) {
		rc = RC_VALIDATION;
		goto out;
	}
	if ((rc = limits_take_send(service, client, buf_str(&key), reterr)) != RC_OK)
		goto out;

	reset_token_make(token);
	reset_url_add(&url, url_template, str_from(token));
	if (!buf_ok(&url)) {
		log_error("out of memory for the link of a password reset");
		rc = RC_SYSTEM;
		goto out;
	}
	if ((rc = db_begin_write(service->db)) != RC_OK)
		goto out;
	rc = write_reset(service, client, buf_str(&key), str_from(token), buf_str(&url));
	if (rc == RC_OK)
		rc = db_commit(service->db);
	if (rc == RC_OK)
		outbox_wake(service);
out:
	db_rollback(service->db);
	sodium_memzero(token, sizeof(token));
	buf_release(&url);
	buf_release(&key);
	return rc;
}

/* Whose live token that is: an active user's. */
static enum rc
find_token(struct db *db, struct str token_hash, struct user *ret)
{
	int64_t user_id;
	enum rc rc;

	rc = token_row_get(db, token_hash, clock_now_ms(), &user_id);
	if (rc == RC_OK)
		rc = user_row_get(db, user_id, ret);
	if (rc == RC_OK && !ret->is_active)
		rc = RC_NONE;
	return rc == RC_NONE ? RC_RESET_TOKEN_INVALID : rc;
}

enum rc
passwords_confirm_reset(struct service *service, const struct client *client, struct str token,
    struct str new_password, struct faults *reterr)
{
	struct buf hash = BUF_INIT(HASHING_TEXT_MAX);
	struct buf key = BUF_INIT(4096);
	char token_hash[SECRET_HASH_LEN + 1];
	struct db *db = service->db;
	struct user user = { 0 };
	enum rc rc;

	users_check_password(service->conf, new_password, "/new_password", reterr);
	if (reterr->n > 0)
		return RC_VALIDATION;
	secret_hash(token, token_hash);
	if ((rc = db_begin_read(db)) != RC_OK)
		goto out;
	rc = find_token(db, str_from(token_hash), &user);
	db_rollback(db);
	user_release(&user);
	if (rc != RC_OK)
		goto out;
	if ((rc = hashing_make(service, client, new_password, &hash)) != RC_OK)
		goto out;

	if ((rc = db_begin_write(db)) != RC_OK)
		goto out;
	/* Once more: of two who confirm with the same token one is first. */
	if ((rc = find_token(db, str_from(token_hash), &user)) != RC_OK)
		goto out;
	rc = write_password(db, &(struct change){
	                            .user_id = user.id,
	                            .actor_id = user.id,
	                            .hash = buf_str(&hash),
	                            .event = STR("user.reset"),
	                            .address = client->address,
	                        });
	if (rc == RC_OK)
		rc = db_commit(db);
	/* Failures with the forgotten password must not keep the user out now. */
	if (rc == RC_OK && email_lookup_key(str_from(user.email), &key) == RC_OK)
		shm_limit_clear(service->shm, LIMIT_LOGIN_ACCOUNT, buf_str(&key));
out:
	db_rollback(db);
	user_release(&user);
	buf_release(&key);
	buf_release(&hash);
	return rc;
}
