#include "support/service.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cred/secret.h"
#include "store/rows.h"
#include "support/scratch.h"

struct service *service;
struct conf service_conf;
const struct client client = { .address = { "192.0.2.1", 9 }, .user_agent = { "test", 4 } };

static char *
copy(const char *text)
{
	char *made = strdup(text);

	ck_assert_ptr_nonnull(made);
	return made;
}

void
service_set_up_files(void)
{
	char public_key[SEAL_KEY_TEXT_LEN + 1], secret_key[SEAL_KEY_TEXT_LEN + 1];
	struct conf *conf = &service_conf;

	scratch_make();
	clock_fix(SERVICE_NOW);
	ck_assert_rc(secret_init(), RC_OK);
	seal_keypair(public_key, secret_key);
	*conf = (struct conf){ .db_timeout_ms = 30000,
		.hash_deadline_ms = 60000,
		.audit_keep_ms = INT64_C(31536000000) };
	conf->run_dir = copy(scratch_dir());
	conf->database = copy(scratch_path("users.db"));
	conf->workers.hash = 2;
	conf->token.access_lifetime_ms = INT64_C(900000);
	conf->token.refresh_lifetime_ms = INT64_C(30) * 86400 * 1000;
	conf->token.sessions_max = 20;
	conf->token.key_file =
	    copy(scratch_file("token.key", "token key 0123456789abcdef0123456789\n", 0600));
	conf->password.min = 8;
	conf->password.memory = 8192;
	conf->password.passes = 1;
	conf->reset.lifetime_ms = 3600000;
	conf->verification.code_length = 6;
	conf->verification.lifetime_ms = 600000;
	conf->verification.key_file = copy(scratch_file("code.key", SERVICE_CODE_KEY "\n", 0600));
	conf->outbox.public_key_file = copy(scratch_file("outbox.pub", public_key, 0600));
	conf->outbox.key_file = copy(scratch_file("outbox.key", secret_key, 0600));
	conf->limits.login_account = (struct limit){ 10, 900000 };
	conf->limits.login_address = (struct limit){ 50, 900000 };
	conf->limits.register_address = (struct limit){ 60, 3600000 };
	conf->limits.recipient = (struct limit){ 5, 3600000 };
	conf->limits.send_address = (struct limit){ 30, 3600000 };
	ck_assert_rc(db_init(conf->database), RC_OK);
}

void
service_tear_down_files(void)
{
	free(service_conf.run_dir);
	free(service_conf.database);
	free(service_conf.token.key_file);
	free(service_conf.verification.key_file);
	free(service_conf.outbox.public_key_file);
	free(service_conf.outbox.key_file);
	clock_fix(0);
	scratch_remove();
}

struct service *
service_another(void)
{
	struct service *other = NULL;

	ck_assert_rc(service_open(&service_conf, -1, &other), RC_OK);
	return other;
}

void
service_set_up(void)
{
	service_set_up_files();
	service = service_another();
}

void
service_tear_down(void)
{
	service_close(service);
	service = NULL;
	service_tear_down_files();
}

const char *
service_hash(const char *password)
{
	static char text[256];
	struct hash_cost cost = { .memory = service_conf.password.memory,
		.passes = service_conf.password.passes };
	struct buf made = BUF_INIT(sizeof(text) - 1);

	ck_assert_rc(hash_make(str_from(password), cost, &made), RC_OK);
	memcpy(text, made.ptr, made.len + 1);
	buf_release(&made);
	return text;
}

int64_t
service_add_user(const char *email, const char *password_hash, const char *roles)
{
	struct user user = { .email = copy(email),
		.roles = copy(roles),
		.password = password_hash == NULL ? NULL : copy(password_hash),
		.is_active = true,
		.created_at = clock_now_ms(),
		.updated_at = clock_now_ms(),
		.last_login_at = clock_now_ms() };
	struct user_keys keys = { .email_key = str_from(email) };
	int64_t id = 0;

	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(user_row_insert(service->db, &user, keys, &id), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	user_release(&user);
	return id;
}

static sqlite3 *
open_shell(void)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(
	    sqlite3_open_v2(service_conf.database, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 30000);
	/* Closing the last connection would checkpoint, which only the service may. */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return db;
}

int64_t
service_query(const char *sql)
{
	sqlite3 *db = open_shell();
	sqlite3_stmt *statement = NULL;
	int64_t value;

	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(db));
	ck_assert_msg(sqlite3_step(statement) == SQLITE_ROW, "%s: no row", sql);
	value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
	return value;
}

void
service_execute(const char *sql)
{
	sqlite3 *db = open_shell();

	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}
