#include "domain/outbox.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/language.h"
#include "base/log.h"
#include "cred/secret.h"
#include "store/rows.h"

enum {
	/* A link, a name of 64 code points each escaped to 6 bytes or more, a code. */
	VARIABLES_MAX = 8192,
	SEALED_MAX = 2 * VARIABLES_MAX,
	GATEWAY_NAME_MAX = 32,
	DAY_MS = 86400000,
	PURGE_ROWS = 200, /* in one transaction */
	PURGE_ROUNDS = 10,
};

static enum rc
seal(struct str public_key, const struct outbox_draft *draft, struct buf *ret)
{
	struct buf plain = BUF_INIT(VARIABLES_MAX);
	struct json_out out = json_out_to(&plain);
	enum rc rc;

	json_out_object(&out, NULL);
	if (draft->first_name.ptr != NULL)
		json_out_string(&out, "first_name", draft->first_name);
	if (draft->url.ptr != NULL)
		json_out_string(&out, "url", draft->url);
	if (draft->code.ptr != NULL)
		json_out_string(&out, "code", draft->code);
	if (draft->text.ptr != NULL)
		json_out_string(&out, "text", draft->text);
	json_out_end(&out);
	if (!buf_ok(&plain)) {
		log_error("the variables of a message are no text, or out of memory");
		rc = RC_SYSTEM;
		goto out;
	}
	rc = seal_box(public_key, buf_str(&plain), ret);
	if (rc != RC_OK) {
		log_error("a message can't be sealed to the key of outbox.public_key_file");
		rc = RC_SYSTEM;
	}
out:
	buf_release(&plain);
	return rc;
}

static enum rc
put(struct db *db, struct str public_key, const struct outbox_draft *draft)
{
	struct buf sealed = BUF_INIT(SEALED_MAX), wishes = BUF_INIT(LANGUAGE_LIST_MAX);
	struct message message = {
		.kind = draft->kind,
		.channel = draft->channel,
		.state = draft->is_void ? MESSAGE_VOID : MESSAGE_PENDING,
		.is_resend = draft->is_resend,
		.created_at = clock_now_ms(),
		.expires_at = draft->expires_at,
	};
	enum rc rc;

	if ((rc = seal(public_key, draft, &sealed)) != RC_OK)
		goto out;
	message.retry_at = message.created_at;
	random_id(message.id);
	message.recipient = str_dup(draft->recipient);
	language_wishes(draft->language, &wishes);
	message.language = buf_detach(&wishes);
	message.sealed = buf_detach(&sealed);
	if (message.recipient == NULL || message.language == NULL || message.sealed == NULL) {
		log_error("out of memory for a message");
		rc = RC_SYSTEM;
		goto out;
	}
	rc = outbox_row_insert(db, &message);
out:
	message_release(&message);
	buf_release(&sealed);
	buf_release(&wishes);
	return rc;
}

enum rc
outbox_put(struct service *service, const struct outbox_draft *draft)
{
	return put(service->db, buf_str(&service->outbox_public_key), draft);
}

enum rc
outbox_put_alert(struct db *db, const struct conf *conf, struct str public_key, const char *topic,
    struct str text)
{
	int64_t now = clock_now_ms();
	char scope[64];
	int64_t n = 0;
	enum rc rc;

	if (conf->alert_to == NULL)
		return RC_OK;
	(void)snprintf(scope, sizeof(scope), "alert %s", topic);
	if ((rc = day_count_row_add(db, now / DAY_MS, str_from(scope), &n)) != RC_OK || n > 1)
		return rc;
	return put(db, public_key,
	    &(struct outbox_draft){
	        .kind = MESSAGE_ALERT,
	        .channel = CHANNEL_EMAIL,
	        .recipient = str_from(conf->alert_to),
	        .expires_at = now + OUTBOX_ALERT_LIFETIME_MS,
	        .text = text,
	    });
}

void
outbox_wake(struct service *service)
{
	/* A full pipe wakes the queue as well; a lost byte is made up for by its polling. */
	if (service->wake_fd >= 0 && write(service->wake_fd, "", 1) < 0)
		return;
}

static enum rc
finish_expired(struct db *db, const struct message *message, int64_t now)
{
	struct message row = *message;

	if (row.state != MESSAGE_VOID)
		row.state = MESSAGE_EXPIRED;
	return outbox_row_finish(db, &row, now);
}

enum rc
outbox_claim(struct db *db, size_t max, struct message *ret, size_t *ret_n)
{
	int64_t now = clock_now_ms();
	int64_t due_at;
	size_t n = 0, kept = 0;
	enum rc rc;

	*ret_n = 0;
	/* A look first: an idle queue doesn't write. */
	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	rc = outbox_row_next_at(db, &due_at);
	db_rollback(db);
	if (rc == RC_NONE || (rc == RC_OK && due_at > now))
		return RC_OK;
	if (rc != RC_OK || (rc = db_begin_write(db)) != RC_OK)
		return rc;

	rc = outbox_row_claim(db, now, now + OUTBOX_LEASE_MS, max, ret, &n);
	for (size_t i = 0; i < n; i++) {
		if (ret[i].expires_at > now) {
			struct message message = ret[i];

			ret[i] = (struct message){ 0 };
			ret[kept++] = message;
			continue;
		}
		if (rc == RC_OK)
			rc = finish_expired(db, &ret[i], now);
		message_release(&ret[i]);
	}
	if (rc == RC_OK)
		rc = db_commit(db);
	db_rollback(db);
	if (rc == RC_OK) {
		*ret_n = kept;
		return RC_OK;
	}
	for (size_t i = 0; i < kept; i++)
		message_release(&ret[i]);
	return rc;
}

int64_t
outbox_wait_ms(struct db *db, int64_t max_ms)
{
	int64_t due_at, wait_ms = max_ms;

	if (db_begin_read(db) != RC_OK)
		return max_ms;
	if (outbox_row_next_at(db, &due_at) == RC_OK)
		wait_ms = due_at - clock_now_ms();
	db_rollback(db);
	if (wait_ms < 0)
		return 0;
	return wait_ms < max_ms ? wait_ms : max_ms;
}

enum rc
outbox_open(struct str secret_key, const struct message *message, struct buf *ret_json)
{
	if (message->sealed == NULL)
		return RC_SYNTAX;
	return seal_open(secret_key, str_from(message->sealed), ret_json);
}

/*
 * The row as it shall be, and with it the record of the gateway's last attempt (NULL: it is written
 * already). remember_until: how long the recipient is remembered as bad.
 */
static enum rc
finish(struct db *db, struct message row, struct str gateway, const struct delivery *delivery,
    const struct attempt *attempt, int64_t remember_until)
{
	char name[GATEWAY_NAME_MAX + 1];
	char text[DELIVERY_DETAIL_MAX + 32];
	int64_t now = clock_now_ms();
	enum rc rc, noted = RC_OK;

	(void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(gateway));
	(void)snprintf(text, sizeof(text), "%s%s%s", delivery_result_name(delivery->result),
	    delivery->detail[0] == '\0' ? "" : ": ", delivery->detail);
	if (gateway.ptr != NULL)
		row.gateway = name;
	row.result = text;
	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	rc = outbox_row_finish(db, &row, now);
	if (rc == RC_OK && remember_until > now)
		rc = bad_recipient_row_put(db, str_from(row.recipient), remember_until);
	if ((rc == RC_OK || rc == RC_NONE) && attempt != NULL)
		noted = gateway_note(db, attempt);
	if ((rc == RC_OK || rc == RC_NONE) && noted == RC_OK)
		noted = db_commit(db);
	db_rollback(db);
	return noted == RC_OK ? rc : noted;
}

enum rc
outbox_tried(struct db *db, const struct attempt *attempt)
{
	enum rc rc;

	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	rc = gateway_note(db, attempt);
	if (rc == RC_OK)
		rc = db_commit(db);
	db_rollback(db);
	return rc;
}

enum rc
outbox_voided(struct db *db, const struct message *message)
{
	enum rc rc;

	if ((rc = db_begin_write(db)) != RC_OK)
		return rc;
	rc = outbox_row_finish(db, message, clock_now_ms());
	if (rc == RC_OK)
		rc = db_commit(db);
	db_rollback(db);
	return rc;
}

enum rc
outbox_sent(struct db *db, const struct message *message, const struct attempt *attempt)
{
	static const struct delivery ok = { .result = DELIVERY_OK };
	struct message row = *message;

	row.state = MESSAGE_SENT;
	return finish(db, row, attempt->gateway, &ok, attempt, 0);
}

enum rc
outbox_rejected(struct db *db, const struct message *message, const struct attempt *attempt,
    int64_t remember_until)
{
	bool is_remembered =
	    attempt->delivery->result == DELIVERY_BAD_RECIPIENT && message->channel == CHANNEL_SMS;
	struct message row = *message;

	row.state = MESSAGE_REJECTED;
	return finish(db, row, attempt->gateway, attempt->delivery, attempt,
	    is_remembered ? remember_until : 0);
}

/* +-20 %, so that what failed together doesn't come back together. */
static int64_t
backoff_ms(int64_t attempts)
{
	int64_t ms = OUTBOX_BACKOFF_MIN_MS;

	while (attempts-- > 0 && ms < OUTBOX_BACKOFF_MAX_MS)
		ms *= 2;
	if (ms > OUTBOX_BACKOFF_MAX_MS)
		ms = OUTBOX_BACKOFF_MAX_MS;
	return ms * (80 + (int64_t)random_below(41)) / 100;
}

enum rc
outbox_later(struct db *db, const struct message *message, struct str gateway,
    const struct delivery *delivery)
{
	struct message row = *message;

	row.attempts++;
	row.retry_at = clock_now_ms() + backoff_ms(message->attempts);
	row.state = row.retry_at < row.expires_at ? MESSAGE_PENDING : MESSAGE_EXPIRED;
	return finish(db, row, gateway, delivery, NULL, 0);
}

enum rc
outbox_last_gateway(struct db *db, const struct message *message, struct buf *ret)
{
	enum rc rc;

	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	rc = outbox_row_last_gateway(db, message->channel, str_from(message->recipient), ret);
	db_rollback(db);
	return rc;
}

enum rc
outbox_purge(struct db *db, const struct conf *conf)
{
	int64_t now = clock_now_ms(), keep_ms = conf->token.refresh_lifetime_ms;
	const struct {
		enum rc (*purge)(struct db *db, int64_t before, size_t max, size_t *ret_n);
		int64_t before;
	} kinds[] = {
		{ session_row_purge,
		    now - (keep_ms < OUTBOX_KEEP_LOGIN_MS ? keep_ms : OUTBOX_KEEP_LOGIN_MS) },
		{ token_row_purge, now },
		{ verification_row_purge, now },
		{ bad_recipient_row_purge, now },
		{ outbox_row_expire_held, now },
		{ outbox_row_purge, now - OUTBOX_KEEP_MS },
		{ day_count_row_purge, now / DAY_MS },
		{ audit_row_purge, now - conf->audit_keep_ms },
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = PURGE_ROWS;

		for (int round = 0; n == PURGE_ROWS && round < PURGE_ROUNDS; round++) {
			if ((rc = db_begin_write(db)) != RC_OK)
				break;
			rc = kinds[i].purge(db, kinds[i].before, PURGE_ROWS, &n);
			if (rc == RC_OK)
				rc = db_commit(db);
			db_rollback(db);
			if (rc != RC_OK)
				break;
		}
	}
	return rc;
}
