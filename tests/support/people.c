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
#include "support/scratch.h"

struct service *people;
struct conf *people_conf;
char people_outbox_key[SEAL_KEY_TEXT_LEN + 1];
int people_wake_fd;

static struct conf conf;
static char site[] = "https://site.example/", other[] = "https://other.example/reset/";
static char *url_prefixes[] = { site, other };
static char test_phone[] = PEOPLE_TEST_PHONE, test_code[] = "1111";
static char *test_recipients[] = { test_phone };

static void
fill_conf(void)
{
	struct limit wide = { 1000, 3600000 };

	conf = (struct conf){ .hash_deadline_ms = 60000, .db_timeout_ms = 60000 };
	conf.database = strdup(scratch_path("affo.db"));
	conf.run_dir = strdup(scratch_dir());
	conf.token.access_lifetime_ms = 900000;
	conf.token.refresh_lifetime_ms = INT64_C(2592000000);
	conf.password.min = 8;
	conf.password.memory = 65536;
	conf.password.passes = 1;
	conf.reset.url_prefixes = (struct conf_list){ 2, url_prefixes };
	conf.reset.lifetime_ms = 3600000;
	conf.verification.code_length = 6;
	conf.verification.lifetime_ms = 600000;
	conf.verification.test_recipients = (struct conf_list){ 1, test_recipients };
	conf.verification.test_code = test_code;
	conf.limits.login_account = wide;
	conf.limits.login_address = wide;
	conf.limits.register_address = wide;
	conf.limits.recipient = wide;
	conf.limits.send_address = wide;
	people_conf = &conf;
}

void
people_setup(void)
{
	char public_key[SEAL_KEY_TEXT_LEN + 1];
	int wake[2];

	clock_fix(PEOPLE_NOW);
	scratch_make();
	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_rc(secret_init(), RC_OK);
	fill_conf();
	people = calloc(1, sizeof(*people));
	ck_assert_ptr_nonnull(people);
	people->conf = &conf;
	people->hash_slots = 4;
	people->code_key = BUF_INIT(CODE_KEY_MAX);
	buf_add(&people->code_key, STR("the key of the codes, 32 bytes or more"));
	people->outbox_public_key = BUF_INIT(SEAL_KEY_TEXT_LEN);
	seal_keypair(public_key, people_outbox_key);
	buf_add(&people->outbox_public_key, str_from(public_key));
	ck_assert_int_eq(pipe2(wake, O_CLOEXEC | O_NONBLOCK), 0);
	people_wake_fd = wake[0];
	people->wake_fd = wake[1];
	ck_assert_rc(
	    token_key_new(STR("the key of the tokens, 32 bytes or more"), &people->token_key),
	    RC_OK);
	ck_assert_rc(shm_open_file(scratch_path("shared"), &people->shm), RC_OK);
	ck_assert_rc(db_init(conf.database), RC_OK);
	ck_assert_rc(db_open(conf.database, conf.db_timeout_ms, &people->db), RC_OK);
}

void
people_teardown(void)
{
	db_close(people->db);
	shm_close(people->shm);
	token_key_free(people->token_key);
	buf_release(&people->code_key);
	buf_release(&people->outbox_public_key);
	(void)close(people->wake_fd);
	(void)close(people_wake_fd);
	free(people);
	free(conf.database);
	free(conf.run_dir);
	people = NULL;
	scratch_remove();
	clock_fix(0);
}

struct client
people_client(void)
{
	return (struct client){ .address = STR("192.0.2.1") };
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

	ck_assert_rc(users_add(people, &input, str_from(roles), &user, &faults), RC_OK);
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
		.created_at = PEOPLE_NOW - 1000,
		.updated_at = PEOPLE_NOW - 1000,
		.last_login_at = PEOPLE_NOW - 1000,
	};
	int64_t id = 0;

	ck_assert_rc(db_begin_write(people->db), RC_OK);
	ck_assert_rc(user_row_insert(people->db, &user, keys, &id), RC_OK);
	ck_assert_rc(db_commit(people->db), RC_OK);
	user_release(&user);
	return id;
}

void
people_set_password(int64_t id, const char *password)
{
	struct faults faults = { 0 };

	ck_assert_rc(users_admin_set_password(people, id, str_from(password), &faults), RC_OK);
}

struct principal
people_login(int64_t id)
{
	struct session session = {
		.user_id = id,
		.parent = -1,
		.issued_at = clock_now_ms(),
		.expires_at = clock_now_ms() + conf.token.refresh_lifetime_ms,
		.created_at = clock_now_ms(),
		.last_seen_at = clock_now_ms(),
	};
	struct principal principal = { .user_id = id };
	struct user user = people_row(id);

	random_id(session.jti);
	ck_assert_rc(db_begin_write(people->db), RC_OK);
	ck_assert_rc(session_row_insert(people->db, &session, STR("192.0.2.1"), STR("")), RC_OK);
	ck_assert_rc(db_commit(people->db), RC_OK);
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

	ck_assert_rc(db_begin_read(people->db), RC_OK);
	ck_assert_rc(user_row_get(people->db, id, &user), RC_OK);
	db_rollback(people->db);
	return user;
}

int64_t
people_logins(int64_t id)
{
	int64_t n = -1;

	ck_assert_rc(db_begin_read(people->db), RC_OK);
	ck_assert_rc(session_row_count(people->db, id, &n), RC_OK);
	db_rollback(people->db);
	return n;
}

void
people_put_token(int64_t id, const char *token)
{
	char hash[SECRET_HASH_LEN + 1];
	int64_t now = clock_now_ms();

	secret_hash(str_from(token), hash);
	ck_assert_rc(db_begin_write(people->db), RC_OK);
	ck_assert_rc(
	    token_row_put(people->db, str_from(hash), id, now, now + 3600000, false), RC_OK);
	ck_assert_rc(db_commit(people->db), RC_OK);
}

bool
people_has_token(const char *token)
{
	char hash[SECRET_HASH_LEN + 1];
	int64_t id;
	enum rc rc;

	secret_hash(str_from(token), hash);
	ck_assert_rc(db_begin_read(people->db), RC_OK);
	rc = token_row_get(people->db, str_from(hash), clock_now_ms(), &id);
	db_rollback(people->db);
	ck_assert(rc == RC_OK || rc == RC_NONE);
	return rc == RC_OK;
}

static sqlite3 *
open_beside(void)
{
	sqlite3 *sqlite = NULL;

	ck_assert_int_eq(
	    sqlite3_open_v2(conf.database, &sqlite, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	return sqlite;
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
	sqlite3 *sqlite = open_beside();
	sqlite3_stmt *stmt = NULL;

	ck_assert_int_eq(sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
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

int64_t
people_query(const char *sql)
{
	sqlite3 *sqlite = open_beside();
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	ck_assert_int_eq(sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	return value;
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
