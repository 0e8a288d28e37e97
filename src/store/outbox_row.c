#include <stdlib.h>
#include <string.h>

#include "store/rows.h"
#include "store/stmt.h"

static const char *
kind_name(int value)
{
	return message_kind_name((enum message_kind)value);
}

static const char *
outbox_channel_name(int value)
{
	return channel_name((enum channel)value);
}

static const char *
state_name(int value)
{
	return message_state_name((enum message_state)value);
}

/* The columns of OUTBOX_COLUMNS in statements.c. */
static enum rc
message_read(struct stmt *stmt, enum rc rc, struct message *ret)
{
	struct message message = { 0 };

	if (rc == RC_OK) {
		stmt_copy(stmt, 0, message.id, sizeof(message.id));
		message.kind = (enum message_kind)stmt_enum(stmt, 1, MESSAGE_KIND__MAX, kind_name);
		message.channel =
		    (enum channel)stmt_enum(stmt, 2, CHANNEL__MAX, outbox_channel_name);
		message.state =
		    (enum message_state)stmt_enum(stmt, 3, MESSAGE_STATE__MAX, state_name);
		message.recipient = stmt_dup(stmt, 4);
		message.language = stmt_dup(stmt, 5);
		message.sealed = stmt_dup(stmt, 6);
		message.is_resend = stmt_bool(stmt, 7);
		message.created_at = stmt_int(stmt, 8);
		message.expires_at = stmt_int(stmt, 9);
		message.retry_at = stmt_int(stmt, 10);
		message.lease_until = stmt_int(stmt, 11);
		message.attempts = stmt_int(stmt, 12);
		message.gateway = stmt_dup(stmt, 13);
		message.result = stmt_dup(stmt, 14);
		message.done_at = stmt_int(stmt, 15);
	}
	rc = stmt_check(stmt, rc);
	if (rc == RC_OK)
		*ret = message;
	else
		message_release(&message);
	return rc;
}

/* All rows up to max; on failure none. */
static enum rc
messages_read(struct stmt *stmt, size_t max, struct message *ret, size_t *ret_n)
{
	enum rc rc = RC_OK;
	size_t n = 0;

	while (rc == RC_OK && n < max) {
		rc = message_read(stmt, stmt_row(stmt), &ret[n]);
		n += rc == RC_OK;
	}
	rc = stmt_end(stmt, rc == RC_NONE ? RC_OK : rc);
	if (rc == RC_OK)
		*ret_n = n;
	while (rc != RC_OK && n > 0)
		message_release(&ret[--n]);
	return rc;
}

static bool
is_open(enum message_state state)
{
	return state == MESSAGE_PENDING || state == MESSAGE_HELD;
}

static void
bind_done_at(struct stmt *stmt, int n, enum message_state state, int64_t at)
{
	if (is_open(state))
		stmt_bind_null(stmt, n);
	else
		stmt_bind_int(stmt, n, at);
}

enum rc
outbox_row_insert(struct db *db, const struct message *message)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_INSERT);

	stmt_bind_text(stmt, 1, str_from(message->id));
	stmt_bind_text(stmt, 2, str_from(message_kind_name(message->kind)));
	stmt_bind_text(stmt, 3, str_from(channel_name(message->channel)));
	stmt_bind_text(stmt, 4, str_from(message_state_name(message->state)));
	stmt_bind_text(stmt, 5, str_from(message->recipient));
	stmt_bind_text(stmt, 6, message->language == NULL ? STR("") : str_from(message->language));
	stmt_bind_text(stmt, 7, str_from(message->sealed));
	stmt_bind_int(stmt, 8, message->is_resend);
	stmt_bind_int(stmt, 9, message->created_at);
	stmt_bind_int(stmt, 10, message->expires_at);
	stmt_bind_int(stmt, 11, message->retry_at);
	stmt_bind_int(stmt, 12, message->lease_until);
	stmt_bind_int(stmt, 13, message->attempts);
	stmt_bind_text(stmt, 14, str_from(message->gateway));
	stmt_bind_text(stmt, 15, str_from(message->result));
	/* A void row waits for the queue as a pending one does. */
	if (message->state == MESSAGE_VOID)
		stmt_bind_null(stmt, 16);
	else
		bind_done_at(stmt, 16, message->state, message->created_at);
	return stmt_run(stmt, NULL);
}

static int
compare_age(const void *a, const void *b)
{
	const struct message *first = a, *second = b;

	if (first->created_at != second->created_at)
		return first->created_at < second->created_at ? -1 : 1;
	return strcmp(first->id, second->id);
}

enum rc
outbox_row_claim(
    struct db *db, int64_t now, int64_t lease_until, size_t max, struct message *ret, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_CLAIM);
	size_t n = 0;
	enum rc rc;

	stmt_bind_int(stmt, 1, now);
	stmt_bind_int(stmt, 2, lease_until);
	stmt_bind_int(stmt, 3, (int64_t)max);
	rc = messages_read(stmt, max, ret, &n);
	if (rc != RC_OK)
		return rc;
	/* RETURNING promises no order. */
	if (n > 1)
		qsort(ret, n, sizeof(*ret), compare_age);
	*ret_n = n;
	return RC_OK;
}

enum rc
outbox_row_next_at(struct db *db, int64_t *ret_at)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_NEXT_AT);
	int64_t at = 0;
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK)
		at = stmt_int(stmt, 0);
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		*ret_at = at;
	return rc;
}

enum rc
outbox_row_finish(struct db *db, const struct message *message, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_FINISH);

	stmt_bind_text(stmt, 1, str_from(message->id));
	stmt_bind_int(stmt, 2, message->lease_until);
	stmt_bind_text(stmt, 3, str_from(message_state_name(message->state)));
	stmt_bind_int(stmt, 4, message->retry_at);
	stmt_bind_int(stmt, 5, message->attempts);
	stmt_bind_text(stmt, 6, str_from(message->gateway));
	stmt_bind_text(stmt, 7, str_from(message->result));
	bind_done_at(stmt, 8, message->state, now);
	stmt_bind_int(stmt, 9, is_open(message->state));
	return stmt_run_one(stmt);
}

enum rc
outbox_row_get(struct db *db, struct str id, struct message *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_GET);

	stmt_bind_text(stmt, 1, id);
	return stmt_end(stmt, message_read(stmt, stmt_row(stmt), ret));
}

enum rc
outbox_row_list(struct db *db, struct str after_id, size_t max, struct message *ret, size_t *ret_n)
{
	struct stmt *stmt;
	int64_t seq = INT64_MAX;
	enum rc rc;

	if (after_id.ptr != NULL) {
		stmt = stmt_use(db, STMT_OUTBOX_SEQ);
		stmt_bind_text(stmt, 1, after_id);
		rc = stmt_row(stmt);
		if (rc == RC_OK)
			seq = stmt_int(stmt, 0);
		rc = stmt_end(stmt, rc);
		if (rc != RC_OK)
			return rc;
	}
	stmt = stmt_use(db, STMT_OUTBOX_LIST);
	stmt_bind_int(stmt, 1, seq);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return messages_read(stmt, max, ret, ret_n);
}

enum rc
outbox_row_retry(struct db *db, struct str id, int64_t now, size_t *ret_n)
{
	struct stmt *stmt;

	if (id.ptr == NULL) {
		stmt = stmt_use(db, STMT_OUTBOX_RETRY_ALL);
		stmt_bind_int(stmt, 1, now);
	} else {
		stmt = stmt_use(db, STMT_OUTBOX_RETRY_ONE);
		stmt_bind_text(stmt, 1, id);
		stmt_bind_int(stmt, 2, now);
	}
	return stmt_run(stmt, ret_n);
}

enum rc
outbox_row_change(struct db *db, const struct message *message, int64_t now)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_CHANGE);

	stmt_bind_text(stmt, 1, str_from(message->id));
	stmt_bind_text(stmt, 2, str_from(message_state_name(message->state)));
	stmt_bind_int(stmt, 3, message->retry_at);
	stmt_bind_text(stmt, 4, str_from(message->result));
	bind_done_at(stmt, 5, message->state, now);
	stmt_bind_int(stmt, 6, is_open(message->state));
	return stmt_run_one(stmt);
}

enum rc
outbox_row_depth(
    struct db *db, int64_t now, struct outbox_depth ret[CHANNEL__MAX][MESSAGE_STATE__MAX])
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_DEPTH);
	enum rc rc;

	memset(ret, 0, CHANNEL__MAX * sizeof(ret[0]));
	while ((rc = stmt_row(stmt)) == RC_OK) {
		int state = stmt_enum(stmt, 0, MESSAGE_STATE__MAX, state_name);
		int channel = stmt_enum(stmt, 1, CHANNEL__MAX, outbox_channel_name);
		int64_t created_at = stmt_int(stmt, 2);
		struct outbox_depth *depth = &ret[channel][state];

		depth->n++;
		depth->leased += stmt_int(stmt, 3) > now;
		if (depth->oldest_at == 0 || created_at < depth->oldest_at)
			depth->oldest_at = created_at;
	}
	return stmt_end(stmt, rc == RC_NONE ? RC_OK : rc);
}

enum rc
outbox_row_expire_held(struct db *db, int64_t now, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_EXPIRE_HELD);

	stmt_bind_int(stmt, 1, now);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}

enum rc
outbox_row_last_gateway(struct db *db, enum channel channel, struct str recipient, struct buf *ret)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_LAST_GATEWAY);
	enum rc rc;

	stmt_bind_text(stmt, 1, recipient);
	stmt_bind_text(stmt, 2, str_from(channel_name(channel)));
	rc = stmt_row(stmt);
	if (rc == RC_OK) {
		buf_reset(ret);
		buf_add(ret, stmt_text(stmt, 0));
		rc = buf_ok(ret) ? RC_OK : RC_LIMIT;
	}
	return stmt_end(stmt, rc);
}

enum rc
outbox_row_purge(struct db *db, int64_t done_before, size_t max, size_t *ret_n)
{
	struct stmt *stmt = stmt_use(db, STMT_OUTBOX_PURGE);

	stmt_bind_int(stmt, 1, done_before);
	stmt_bind_int(stmt, 2, (int64_t)max);
	return stmt_run(stmt, ret_n);
}
