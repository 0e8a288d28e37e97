/*
 * Logging in. Whoever guesses must learn nothing but yes and no: unknown, inactive and passwordless
 * users cost what a wrong password costs (a hash of parameters that exist in the database, drawn
 * by a keyed hash of the e-mail, so that an e-mail always costs the same), the same reads are made
 * for all, and guesses are counted before the hash, so that those made at once count, too.
 */
#include "base/address.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/log.h"
#include "cred/secret.h"
#include "domain/hashing.h"
#include "domain/limits.h"
#include "domain/sessions_internal.h"

enum {
	KEY_MAX = 1024, /* A-labels are longer than U-labels */
	TRIES_MAX = 3,  /* when the hash is changed by others while we verify */
	BUSY_RETRY_S = 1,
};

/* One attempt. */
struct attempt {
	const struct client *client;
	struct str password;
	struct buf email_key;
	bool is_hopeless;    /* longer than anything that could be right */
	struct user user;    /* id 0: there is none */
	struct buf sample;   /* another user's hash, for the time it takes */
	struct buf new_hash; /* of the password, where the stored one is stale */
};

/* The user of the e-mail and the sample, whether both are needed or not. */
static enum rc
look_up(struct service *service, struct attempt *attempt)
{
	uint64_t draw = secret_draw(buf_str(&service->code_key), buf_str(&attempt->email_key));
	enum rc rc;

	user_release(&attempt->user);
	buf_reset(&attempt->sample);
	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = user_row_by_email(service->db, buf_str(&attempt->email_key), &attempt->user);
	if (rc == RC_OK || rc == RC_NONE)
		rc = user_row_sample_password(service->db, draw, &attempt->sample);
	db_rollback(service->db);
	if (attempt->is_hopeless)
		user_release(&attempt->user);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Why this attempt fails; RC_OK: it doesn't. `verified` is what the hash said. */
static enum rc
judge(const struct attempt *attempt, bool is_usable, enum rc verified)
{
	if (attempt->user.id == 0)
		return RC_EMAIL_UNKNOWN;
	if (!is_usable)
		return RC_NO_PASSWORD;
	if (!attempt->user.is_active)
		return RC_LOGIN_INACTIVE;
	return verified;
}

/* Verifies within a slot; a stale hash is made anew in the same one. */
static enum rc
verify(struct service *service, struct attempt *attempt)
{
	struct hash_cost cost = { .memory = service->conf->password.memory,
		.passes = service->conf->password.passes };
	struct str hash = str_from(attempt->user.password);
	bool is_usable = hash_is_usable(hash);
	enum rc rc = RC_WRONG_PASSWORD;
	int slot;

	if ((rc = hashing_begin(service, attempt->client, &slot)) != RC_OK)
		return rc;
	if (is_usable) {
		rc = hash_verify(hash, attempt->password);
	} else {
		hash_pretend(buf_str(&attempt->sample), attempt->password, cost);
		rc = RC_WRONG_PASSWORD;
	}
	if (rc == RC_OK || rc == RC_WRONG_PASSWORD)
		rc = judge(attempt, is_usable, rc);
	buf_reset(&attempt->new_hash);
	if (rc == RC_OK && hash_is_stale(hash, cost))
		rc = hash_make(attempt->password, cost, &attempt->new_hash);
	hashing_end(service, slot);
	return rc;
}

/*
 * The login itself, if the user is still what was verified: who was deactivated, or whose password
 * was changed before this transaction began, is not let in by the former one. RC_NONE: the hash is
 * another one by now; it may be the same password, made anew by a login at the same time.
 */
static enum rc
enter(struct service *service, struct attempt *attempt, struct buf *ret_token)
{
	struct db *db = service->db;
	int64_t now = clock_now_ms();
	struct claims claims = { 0 };
	struct user user = { 0 };
	enum rc rc;

	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	rc = user_row_by_email(db, buf_str(&attempt->email_key), &user);
	if (rc == RC_NONE || (rc == RC_OK && user.id != attempt->user.id)) {
		rc = RC_EMAIL_UNKNOWN;
		goto out;
	}
	if (rc != RC_OK)
		goto out;
	rc = RC_LOGIN_INACTIVE;
	if (!user.is_active)
		goto out;
	rc = RC_NONE;
	if (!str_equal(str_from(user.password), str_from(attempt->user.password)))
		goto out;
	rc = RC_OK;
	if (attempt->new_hash.len > 0)
		rc = user_row_set_password(
		    db, user.id, buf_str(&attempt->new_hash), user.updated_at);
	if (rc == RC_OK)
		rc = user_row_set_last_login(db, user.id, now);
	if (rc == RC_OK)
		rc = sessions_start(service, attempt->client, &user, &claims);
	if (rc == RC_OK)
		rc = db_commit(db);
	if (rc == RC_OK) {
		user_release(&attempt->user);
		user.last_login_at = now;
		attempt->user = user;
		user = (struct user){ 0 };
	}
out:
	db_rollback(db);
	user_release(&user);
	if (rc == RC_OK)
		rc = sessions_sign(service, &claims, str_from(attempt->user.roles), ret_token);
	return rc;
}

static enum rc
log_in(
    struct service *service, struct attempt *attempt, struct buf *ret_token, struct faults *reterr)
{
	enum rc rc = RC_NONE;

	for (int try = 0; rc == RC_NONE && try < TRIES_MAX; try++) {
		if ((rc = look_up(service, attempt)) == RC_OK &&
		    (rc = verify(service, attempt)) == RC_OK)
			rc = enter(service, attempt, ret_token);
	}
	if (rc == RC_NONE)
		rc = RC_BUSY;
	if (rc == RC_BUSY)
		reterr->retry_after_s = BUSY_RETRY_S;
	return rc;
}

static bool
is_failure(enum rc rc)
{
	return rc == RC_EMAIL_UNKNOWN || rc == RC_NO_PASSWORD || rc == RC_LOGIN_INACTIVE ||
	       rc == RC_WRONG_PASSWORD;
}

/* Counts the attempt by address and account; what turns out to be no failure is given back. */
static enum rc
log_in_limited(
    struct service *service, struct attempt *attempt, struct buf *ret_token, struct faults *reterr)
{
	const struct limit *by_address = &service->conf->limits.login_address;
	const struct limit *by_account = &service->conf->limits.login_account;
	struct str account = buf_str(&attempt->email_key);
	char address[ADDRESS_KEY_MAX + 1];
	enum rc rc;

	address_key(attempt->client->address, address);
	rc = limits_take(service, LIMIT_LOGIN_ADDRESS, str_from(address), by_address, reterr);
	if (rc != RC_OK)
		return rc;
	rc = limits_take(service, LIMIT_LOGIN_ACCOUNT, account, by_account, reterr);
	if (rc == RC_OK) {
		rc = log_in(service, attempt, ret_token, reterr);
		if (!is_failure(rc))
			shm_limit_return(service->shm, LIMIT_LOGIN_ACCOUNT, account, by_account);
	}
	if (!is_failure(rc))
		shm_limit_return(service->shm, LIMIT_LOGIN_ADDRESS, str_from(address), by_address);
	return rc;
}

enum rc
sessions_login(struct service *service, const struct client *client, struct str email,
    struct str password, struct user *ret_user, struct buf *ret_token, struct faults *reterr)
{
	struct attempt attempt = { .client = client,
		.password = str_slice(password, 0, LOGIN_PASSWORD_MAX),
		.email_key = BUF_INIT(KEY_MAX),
		.is_hopeless = email.len > LOGIN_EMAIL_MAX || password.len > LOGIN_PASSWORD_MAX,
		.sample = BUF_INIT(HASHING_TEXT_MAX),
		.new_hash = BUF_INIT(HASHING_TEXT_MAX) };
	enum rc rc;

	rc = email_lookup_key(str_slice(email, 0, LOGIN_EMAIL_MAX), &attempt.email_key);
	if (rc == RC_OK)
		rc = log_in_limited(service, &attempt, ret_token, reterr);
	if (rc == RC_OK) {
		user_drop_password(&attempt.user);
		*ret_user = attempt.user;
		attempt.user = (struct user){ 0 };
	}
	user_release(&attempt.user);
	buf_release(&attempt.email_key);
	buf_release(&attempt.sample);
	buf_release(&attempt.new_hash);
	return rc;
}
