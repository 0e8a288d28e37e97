#include "support/people.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "cred/secret.h"

char people_outbox_key[SEAL_KEY_TEXT_LEN + 1];
int people_wake_fd;

static char site[] = "https://site.example/", other[] = "https://other.example/reset/";
static char *url_prefixes[] = { site, other };
static char test_phone[] = PEOPLE_TEST_PHONE, test_code[] = "1111";
static char *test_recipients[] = { test_phone };

void
people_setup(void)
{
	struct buf key = BUF_INIT(SEAL_KEY_TEXT_LEN), errors = BUF_INIT(512);
	struct limit wide = { 1000, 3600000 };
	int wake[2];

	service_set_up();
	ck_assert_rc(secret_file_read(service_conf.outbox.key_file, SEAL_KEY_TEXT_LEN,
	                 SEAL_KEY_TEXT_LEN, &key, &errors),
	    RC_OK);
	memcpy(people_outbox_key, key.ptr, key.len + 1);
	buf_release(&key);
	buf_release(&errors);
	log_set_level(LOG_LEVEL_ERROR);
	service_conf.reset.url_prefixes = (struct conf_list){ 2, url_prefixes };
	service_conf.verification.test_recipients = (struct conf_list){ 1, test_recipients };
	service_conf.verification.test_code = test_code;
	service_conf.limits.login_account = wide;
	service_conf.limits.login_address = wide;
	service_conf.limits.register_address = wide;
	service_conf.limits.recipient = wide;
	service_conf.limits.send_address = wide;
	service_conf.sms.per_number = service_conf.sms.per_account = 1000;
	service_conf.sms.per_address = service_conf.sms.per_prefix = service_conf.sms.per_day =
	    1000;
	ck_assert_int_eq(pipe2(wake, O_CLOEXEC | O_NONBLOCK), 0);
	people_wake_fd = wake[0];
	service->wake_fd = wake[1];
}

void
people_teardown(void)
{
	if (service->wake_fd >= 0)
		(void)close(service->wake_fd);
	(void)close(people_wake_fd);
	service_tear_down();
}

struct user_input
people_input(const char *email)
{
	struct user_input input = { 0 };

	input.email.is_given = true;
	input.email.value = str_from(email);
	return input;
}

int64_t
people_add(const char *email, const char *roles)
{
	struct user_input input = people_input(email);
	struct faults faults = { 0 };
	struct user user = { 0 };
	int64_t id;

	ck_assert_rc(users_add(service, &input, str_from(roles), &user, &faults), RC_OK);
	id = user.id;
	user_release(&user);
	return id;
}

int64_t
people_import(const char *email, const char *email_key, const char *phone, const char *phone_key)
{
	struct user_keys keys = {
		.email_key = str_from(email_key),
		.phone_key = str_from(phone_key),
	};
	struct user user = {
		.email = strdup(email),
		.phone = str_dup(str_from(phone)),
		.roles = strdup(""),
		.is_active = true,
		.phone_verified = phone != NULL,
		.created_at = SERVICE_NOW - 1000,
		.updated_at = SERVICE_NOW - 1000,
		.last_login_at = SERVICE_NOW - 1000,
	};
	int64_t id = 0;

	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(user_row_insert(service->db, &user, keys, &id), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	user_release(&user);
	return id;
}

void
people_set_password(int64_t id, const char *password)
{
	struct faults faults = { 0 };

	ck_assert_rc(users_admin_set_password(service, id, str_from(password), &faults), RC_OK);
}

struct principal
people_login(int64_t id)
{
	struct session session = {
		.user_id = id,
		.parent = -1,
		.issued_at = clock_now_ms(),
		.expires_at = clock_now_ms() + service_conf.token.refresh_lifetime_ms,
		.created_at = clock_now_ms(),
		.last_seen_at = clock_now_ms(),
	};
	struct principal principal = { .user_id = id };
	struct user user = people_row(id);

	random_id(session.jti);
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(session_row_insert(service->db, &session, STR("192.0.2.1"), STR("")), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	principal.roles = strdup(user.roles);
	principal.claims.user_id = id;
	memcpy(principal.claims.jti, session.jti, sizeof(session.jti));
	user_release(&user);
	return principal;
}

struct user
people_row(int64_t id)
{
	struct user user = { 0 };

	ck_assert_rc(db_begin_read(service->db), RC_OK);
	ck_assert_rc(user_row_get(service->db, id, &user), RC_OK);
	db_rollback(service->db);
	return user;
}

int64_t
people_logins(int64_t id)
{
	int64_t n = -1;

	ck_assert_rc(db_begin_read(service->db), RC_OK);
	ck_assert_rc(session_row_count(service->db, id, clock_now_ms(), &n), RC_OK);
	db_rollback(service->db);
	return n;
}

void
people_put_token(int64_t id, const char *token)
{
	char hash[SECRET_HASH_LEN + 1];
	int64_t now = clock_now_ms();

	secret_hash(str_from(token), hash);
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(
	    token_row_put(service->db, str_from(hash), id, now, now + 3600000, false), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
}

bool
people_has_token(const char *token)
{
	char hash[SECRET_HASH_LEN + 1];
	int64_t id;
	enum rc rc;

	secret_hash(str_from(token), hash);
	ck_assert_rc(db_begin_read(service->db), RC_OK);
	rc = token_row_get(service->db, str_from(hash), clock_now_ms(), &id);
	db_rollback(service->db);
	ck_assert(rc == RC_OK || rc == RC_NONE);
	return rc == RC_OK;
}

static char *
column_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text == NULL ? NULL : strdup((const char *)text);
}

static int
name_index(const char *name, const char *(*name_of)(int), int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name_of(i), name) == 0)
			return i;
	ck_abort_msg("unknown name %s", name);
	return -1;
}

static const char *
kind_of(int i)
{
	return message_kind_name((enum message_kind)i);
}

static const char *
state_of(int i)
{
	return message_state_name((enum message_state)i);
}

static const char *
channel_of(int i)
{
	return channel_name((enum channel)i);
}

struct messages
people_outbox(void)
{
	static const char sql[] =
	    "SELECT id, kind, channel, state, recipient, language, sealed, is_resend, created_at,"
	    " expires_at, retry_at, lease_until, attempts, gateway, result FROM outbox ORDER BY "
	    "seq";
	struct messages messages = { 0 };
	sqlite3 *sqlite = NULL;
	sqlite3_stmt *stmt = NULL;

	ck_assert_int_eq(
	    sqlite3_open_v2(service_conf.database, &sqlite, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	(void)sqlite3_db_config(sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		struct message *message = &messages.list[messages.n++];
		char *text[4];

		ck_assert_uint_le(messages.n, 32);
		for (int i = 0; i < 4; i++)
			text[i] = column_text(stmt, i);
		ck_assert_uint_eq(strlen(text[0]), RANDOM_ID_LEN);
		memcpy(message->id, text[0], sizeof(message->id));
		message->kind = (enum message_kind)name_index(text[1], kind_of, MESSAGE_KIND__MAX);
		message->channel = (enum channel)name_index(text[2], channel_of, CHANNEL__MAX);
		message->state =
		    (enum message_state)name_index(text[3], state_of, MESSAGE_STATE__MAX);
		for (int i = 0; i < 4; i++)
			free(text[i]);
		message->recipient = column_text(stmt, 4);
		message->language = column_text(stmt, 5);
		message->sealed = column_text(stmt, 6);
		message->is_resend = sqlite3_column_int(stmt, 7) != 0;
		message->created_at = sqlite3_column_int64(stmt, 8);
		message->expires_at = sqlite3_column_int64(stmt, 9);
		message->retry_at = sqlite3_column_int64(stmt, 10);
		message->lease_until = sqlite3_column_int64(stmt, 11);
		message->attempts = sqlite3_column_int64(stmt, 12);
		message->gateway = column_text(stmt, 13);
		message->result = column_text(stmt, 14);
	}
	sqlite3_finalize(stmt);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	return messages;
}

void
messages_release(struct messages *messages)
{
	for (size_t i = 0; i < messages->n; i++)
		message_release(&messages->list[i]);
	messages->n = 0;
}

char *
people_variable(const struct message *message, const char *name)
{
	struct buf text = BUF_INIT(8192);
	const struct json *member;
	struct json *doc;
	char *value = NULL;

	ck_assert_ptr_nonnull(message->sealed);
	ck_assert_rc(
	    seal_open(str_from(people_outbox_key), str_from(message->sealed), &text), RC_OK);
	ck_assert_rc(json_parse(buf_str(&text), &doc), RC_OK);
	if ((member = json_member(doc, name)) != NULL)
		value = str_dup(json_string(member));
	json_free(doc);
	buf_release(&text);
	return value;
}

bool
faults_has(const struct faults *faults, const char *pointer)
{
	for (size_t i = 0; i < faults->n; i++)
		if (strcmp(faults->list[i].pointer, pointer) == 0)
			return true;
	return false;
}
