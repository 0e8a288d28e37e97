#include "domain/verification.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/phone.h"
#include "cred/secret.h"
#include "domain/limits.h"
#include "domain/outbox.h"
#include "domain/sms_bill.h"
#include "store/rows.h"

bool
verification_is_test(const struct conf *conf, struct str phone)
{
	const struct conf_list *recipients = &conf->verification.test_recipients;

	for (size_t i = 0; i < recipients->n; i++)
		if (str_equal(str_from(recipients->item[i]), phone))
			return true;
	return false;
}

static void
derive(const struct service *service, struct str phone, const struct verification *verification,
    char ret[static CODE_LENGTH_MAX + 1])
{
	code_derive(buf_str(&service->code_key), STR("phone"), phone,
	    str_from(verification->request_id), (unsigned)service->conf->verification.code_length,
	    ret);
}

/* RC_PHONE_INVALID: a gateway said so lately. */
static enum rc
look_if_bad(struct db *db, struct str phone)
{
	enum rc rc;

	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	rc = bad_recipient_row_get(db, phone, clock_now_ms());
	db_rollback(db);
	if (rc == RC_OK)
		return RC_PHONE_INVALID;
	return rc == RC_NONE ? RC_OK : rc;
}

/* Inside the transaction: the live request, or a new one. */
static enum rc
take_request(struct service *service, struct str phone, struct verification *ret)
{
	int64_t now = clock_now_ms();
	enum rc rc;

	rc = verification_row_get(service->db, phone, now, ret);
	if (rc == RC_OK && ret->wrong < CODE_GUESSES_MAX)
		return RC_OK;
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	*ret = (struct verification){
		.created_at = now,
		.expires_at = now + service->conf->verification.lifetime_ms,
	};
	random_id(ret->request_id);
	return verification_row_put(service->db, phone, ret);
}

/* Inside the transaction: who pays for SMS to this number; 0: nobody has it. */
static enum rc
find_account(struct db *db, struct str phone, int64_t *ret_id)
{
	struct user user = { 0 };
	enum rc rc = user_row_by_phone(db, phone, &user);

	*ret_id = rc == RC_OK ? user.id : 0;
	user_release(&user);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Inside the transaction: the code and its message. RC_LIMITED: *ret_cap says by what. */
static enum rc
put_code(struct service *service, const struct client *client, struct str phone, bool is_resend,
    struct sms_cap *ret_cap)
{
	struct verification verification;
	char code[CODE_LENGTH_MAX + 1] = "";
	int64_t account;
	enum rc rc;

	if ((rc = find_account(service->db, phone, &account)) != RC_OK ||
	    (rc = sms_bill_take(service, client, phone, account, ret_cap)) != RC_OK ||
	    (rc = take_request(service, phone, &verification)) != RC_OK)
		return rc;
	derive(service, phone, &verification, code);
	rc = outbox_put(service, &(struct outbox_draft){
	                             .kind = MESSAGE_PHONE_CODE,
	                             .channel = CHANNEL_SMS,
	                             .recipient = phone,
	                             .language = client->language,
	                             .is_resend = is_resend,
	                             .expires_at = verification.expires_at,
	                             .code = str_from(code),
	                         });
	sodium_memzero(code, sizeof(code));
	return rc;
}

enum rc
verification_request(struct service *service, const struct client *client, struct str phone,
    bool is_resend, struct faults *reterr)
{
	char normal[PHONE_TEXT_MAX + 1];
	struct sms_cap cap;
	enum rc rc;

	if (phone_normalize(phone, normal) != RC_OK)
		return RC_PHONE_INVALID;
	if (verification_is_test(service->conf, str_from(normal)))
		return RC_OK;
	if ((rc = look_if_bad(service->db, str_from(normal))) != RC_OK)
		return rc;
	if ((rc = limits_take_send(service, client, str_from(normal), reterr)) != RC_OK)
		return rc;
	if (!sms_bill_is_country_allowed(service->conf, str_from(normal))) {
		/* The same answer, so that nobody learns from it which countries pay off. */
		cap = (struct sms_cap){ .name = "sms.countries" };
		sms_bill_refused(service, client, str_from(normal), &cap, reterr);
		return RC_OK;
	}

	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = put_code(service, client, str_from(normal), is_resend, &cap);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	if (rc == RC_OK)
		outbox_wake(service);
	else if (rc == RC_LIMITED)
		sms_bill_refused(service, client, str_from(normal), &cap, reterr);
	return rc;
}

/* Inside a transaction: the request that can still be confirmed. */
static enum rc
find_request(struct db *db, struct str phone, struct verification *ret)
{
	enum rc rc = verification_row_get(db, phone, clock_now_ms(), ret);

	if (rc == RC_NONE || (rc == RC_OK && ret->wrong >= CODE_GUESSES_MAX))
		return RC_CODE_INVALID;
	return rc;
}

/* Inside the transaction: one guess. *ret_is_right says what came of it; either is to be
 * committed. */
static enum rc
guess(struct service *service, struct str phone, struct str code, bool *ret_is_right)
{
	struct verification verification;
	char right[CODE_LENGTH_MAX + 1] = "";
	enum rc rc;

	if ((rc = find_request(service->db, phone, &verification)) != RC_OK)
		return rc;
	derive(service, phone, &verification, right);
	*ret_is_right = secret_equal(code, str_from(right));
	sodium_memzero(right, sizeof(right));
	if (!*ret_is_right)
		return verification_row_wrong(service->db, phone);
	if ((rc = verification_row_delete(service->db, phone)) != RC_OK)
		return rc;
	return user_row_verify_phone(service->db, phone, clock_now_ms());
}

static enum rc
confirm_test(struct service *service, struct str phone, struct str code)
{
	struct str right = str_from(service->conf->verification.test_code);
	enum rc rc;

	if (right.len == 0 || !secret_equal(code, right))
		return RC_CODE_INVALID;
	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = user_row_verify_shared_phone(service->db, phone, clock_now_ms());
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	return rc;
}

enum rc
verification_confirm(
    struct service *service, const struct client *client, struct str phone, struct str code)
{
	struct verification verification;
	char normal[PHONE_TEXT_MAX + 1];
	bool is_right = false;
	enum rc rc;

	(void)client;
	if (phone_normalize(phone, normal) != RC_OK)
		return RC_CODE_INVALID;
	if (verification_is_test(service->conf, str_from(normal)))
		return confirm_test(service, str_from(normal), code);

	/* Guesses at nothing shall not make everybody wait for the write lock. */
	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = find_request(service->db, str_from(normal), &verification);
	db_rollback(service->db);
	if (rc != RC_OK)
		return rc;

	/* Under the lock: of any number of guesses at once five are looked at. */
	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = guess(service, str_from(normal), code, &is_right);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	return rc == RC_OK && !is_right ? RC_CODE_INVALID : rc;
}
