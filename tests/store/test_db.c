#include "store/db.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/db_internal.h"
#include "store/rows.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/suite.h"

static void
run_sql(const char *path, const char *sql)
{
	sqlite3 *handle = NULL;

	ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
}

static void
set_version(int version)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	run_sql(database_path(), sql);
}

static enum rc
try_write(struct db *db)
{
	enum rc rc = db_begin_write(db);

	if (rc == RC_OK)
		rc = audit_row_insert(db, 1, STR("test"), 0, 0, STR_NULL, STR_NULL);
	if (rc == RC_OK)
		return db_commit(db);
	db_rollback(db);
	return rc;
}

static enum rc
try_read(struct db *db)
{
	enum rc rc = db_begin_read(db);

	return rc == RC_OK ? db_commit(db) : rc;
}

static int64_t
pragma(struct db *db, const char *sql)
{
	int64_t value = -1;

	ck_assert_int_eq(db_connect_int(db->handle, sql, &value), SQLITE_OK);
	return value;
}

START_TEST(db_open_sets_what_safety_rests_on)
{
	struct db *db = database_db();
	int value = -1;

	ck_assert_int_eq(pragma(db, "PRAGMA synchronous"), 2);
	ck_assert_int_eq(pragma(db, "PRAGMA foreign_keys"), 1);
	ck_assert_int_eq(pragma(db, "PRAGMA wal_autocheckpoint"), 0);
	ck_assert_int_eq(pragma(db, "PRAGMA trusted_schema"), 0);
	ck_assert_int_eq(pragma(db, "PRAGMA cell_size_check"), 1);
	ck_assert_int_eq(pragma(db, "PRAGMA secure_delete"), 1);
	ck_assert_int_eq(pragma(db, "PRAGMA temp_store"), 2);
	ck_assert_int_eq(
	    pragma(db, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, -1, &value);
	ck_assert_int_eq(value, 1);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, -1, &value);
	ck_assert_int_eq(value, 1);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &value);
	ck_assert_int_eq(value, 0);
}
END_TEST

START_TEST(db_files_are_for_their_owner_alone)
{
	static const char *const names[] = { "users.db", "users.db-wal", "users.db-shm",
		"users.db.lock" };
	struct stat st;
	size_t i;

	ck_assert_rc(try_write(database_db()), RC_OK);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(stat(scratch_path(names[i]), &st), 0);
		ck_assert_msg(
		    (st.st_mode & 0777) == 0600, "%s: %o", names[i], (unsigned)st.st_mode & 0777);
	}
}
END_TEST

START_TEST(db_rollback_leaves_nothing_and_is_harmless_outside)
{
	struct db *db = database_db();
	struct user user;

	db_rollback(db);
	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(gateway_row_put(db, STR("g"), &(struct gateway_state){ 0 }), RC_OK);
	db_rollback(db);
	db_rollback(db);
	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(gateway_row_get(db, STR("g"), &(struct gateway_state){ 0 }), RC_NONE);
	ck_assert_rc(user_row_get(db, 1, &user), RC_NONE);
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(db_init_refuses_a_file_that_exists)
{
	ck_assert_rc(db_init(database_path()), RC_TAKEN);
	ck_assert_rc(try_write(database_db()), RC_OK);
	ck_assert_rc(db_init(scratch_path("no/such/folder")), RC_SYSTEM);
}
END_TEST

START_TEST(db_comes_back_by_itself_when_a_missing_file_appears)
{
	const char *path = scratch_path("later.db");
	struct db *db = NULL;

	ck_assert_rc(db_open(path, 100, &db), RC_UNAVAILABLE);
	ck_assert_ptr_nonnull(db);
	ck_assert_rc(try_read(db), RC_UNAVAILABLE);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_rc(db_init(path), RC_OK);
	ck_assert_rc(try_read(db), RC_OK);
	ck_assert_rc(try_write(db), RC_OK);
	db_close(db);
}
END_TEST

START_TEST(db_refuses_garbage_and_foreign_files_and_leaves_them_alone)
{
	const char *garbage = scratch_file("garbage.db",
	    "this is no database at all, but text that is "
	    "longer than the header of one, which is 100 bytes long, and so it goes on.",
	    0600);
	const char *foreign = scratch_path("foreign.db"), *empty = scratch_path("empty.db");
	struct db *db = NULL;
	int from = 0, to = 0;

	ck_assert_rc(db_open(garbage, 100, &db), RC_UNAVAILABLE);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	db_close(db);
	ck_assert_rc(db_migrate(garbage, 100, &from, &to), RC_UNAVAILABLE);

	run_sql(foreign, "PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE t (a)");
	ck_assert_rc(db_open(foreign, 100, &db), RC_UNAVAILABLE);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	db_close(db);
	ck_assert_rc(db_migrate(foreign, 100, &from, &to), RC_UNAVAILABLE);

	run_sql(empty, "CREATE TABLE t (a)");
	ck_assert_rc(db_migrate(empty, 100, &from, &to), RC_UNAVAILABLE);
	run_sql(foreign, "SELECT a FROM t");
	run_sql(empty, "SELECT a FROM t");
}
END_TEST

START_TEST(db_refuses_other_versions_until_they_are_migrated)
{
	struct db *db = database_db();
	int from = 0, to = 0;

	set_version(DB_SCHEMA_VERSION + 1);
	ck_assert_rc(try_read(db), RC_UNAVAILABLE);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert_rc(db_migrate(database_path(), 100, &from, &to), RC_UNAVAILABLE);
	set_version(0);
	ck_assert_rc(try_read(db), RC_UNAVAILABLE);
	set_version(DB_SCHEMA_VERSION);
	ck_assert_rc(try_read(db), RC_OK);
	ck_assert_rc(try_write(db), RC_OK);
	ck_assert_rc(db_migrate(database_path(), 100, &from, &to), RC_OK);
	ck_assert_int_eq(from, DB_SCHEMA_VERSION);
	ck_assert_int_eq(to, DB_SCHEMA_VERSION);
}
END_TEST

START_TEST(db_answers_unavailable_when_full_and_works_again_with_room)
{
	struct db *db = database_db();
	enum rc rc = RC_OK;
	int i;

	ck_assert_int_gt(pragma(db, "PRAGMA max_page_count = 1"), 1);
	for (i = 0; i < 10000 && rc == RC_OK; i++)
		rc = try_write(db);
	ck_assert_rc(rc, RC_UNAVAILABLE);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert_rc(try_read(db), RC_OK);
	(void)pragma(db, "PRAGMA max_page_count = 100000");
	ck_assert_rc(try_write(db), RC_OK);
	ck_assert_int_eq(pragma(db, "SELECT count(*) FROM audit"), i);
}
END_TEST

START_TEST(db_answers_unavailable_at_a_limit_of_file_sizes_and_works_without_it)
{
	struct db *db = database_db();
	struct rlimit limit, low;
	int i;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_rc(try_write(db), RC_OK);
	low = limit;
	low.rlim_cur = 20000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
	for (i = 1; i < 1000 && try_write(db) == RC_OK; i++)
		;
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert_rc(try_read(db), RC_OK);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_rc(try_write(db), RC_OK);
	ck_assert_int_eq(pragma(db, "SELECT count(*) FROM audit"), i + 1);
	ck_assert_int_eq(pragma(db, "SELECT count(*) FROM pragma_integrity_check"
	                            " WHERE integrity_check = 'ok'"),
	    1);
}
END_TEST

START_TEST(db_reads_but_does_not_write_what_is_read_only)
{
	struct db *db = database_db();

	ck_assert_int_eq(
	    sqlite3_exec(db->handle, "PRAGMA query_only = 1", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	/* The next begin opens afresh, since the file may have become writable. */
	ck_assert_rc(try_read(db), RC_OK);
	ck_assert_rc(try_write(db), RC_OK);
}
END_TEST

START_TEST(db_answers_unavailable_under_a_foreign_lock_and_works_after_it)
{
	struct db *db = database_open(30);
	sqlite3 *other = NULL;

	ck_assert_int_eq(sqlite3_open(database_path(), &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert_rc(try_read(db), RC_OK);
	ck_assert_int_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_rc(try_write(db), RC_OK);
	(void)sqlite3_close(other);
	db_close(db);
}
END_TEST

START_TEST(db_write_after_a_lost_transaction_is_refused)
{
	struct db *db = database_db();

	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(audit_row_insert(db, 1, STR("a"), 0, 0, STR_NULL, STR_NULL), RC_OK);
	/* As SQLite does by itself after some failures. */
	ck_assert_int_eq(sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_rc(audit_row_insert(db, 1, STR("b"), 0, 0, STR_NULL, STR_NULL), RC_UNAVAILABLE);
	ck_assert_rc(db_commit(db), RC_UNAVAILABLE);
	ck_assert_int_eq(pragma(db, "SELECT count(*) FROM audit"), 0);
	ck_assert_rc(try_write(db), RC_OK);
}
END_TEST

START_TEST(db_version_changes_with_each_commit_of_anyone)
{
	struct db *db = database_db(), *other = database_open(60000);
	struct db_version first, second, third;

	ck_assert_rc(db_version(db, &first), RC_OK);
	ck_assert_rc(try_read(db), RC_OK);
	ck_assert_rc(db_version(db, &second), RC_OK);
	ck_assert(first.own == second.own && first.others == second.others);
	ck_assert_rc(try_write(db), RC_OK);
	ck_assert_rc(db_version(db, &second), RC_OK);
	ck_assert(first.own != second.own);
	ck_assert_rc(try_write(other), RC_OK);
	ck_assert_rc(db_version(db, &third), RC_OK);
	ck_assert(third.others != second.others);
	db_close(other);
}
END_TEST

START_TEST(db_version_in_a_read_belongs_to_its_snapshot)
{
	struct db *db = database_db(), *other = database_open(60000);
	struct db_version before, inside, after;

	ck_assert_rc(db_version(db, &before), RC_OK);
	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(try_write(other), RC_OK);
	ck_assert_rc(db_version(db, &inside), RC_OK);
	ck_assert_int_eq(inside.others, before.others);
	ck_assert_rc(db_commit(db), RC_OK);
	ck_assert_rc(db_version(db, &after), RC_OK);
	ck_assert_int_ne(after.others, before.others);
	db_close(other);
}
END_TEST

START_TEST(db_version_never_repeats_after_the_file_was_opened_anew)
{
	struct db *db = database_db();
	struct db_version before, after;

	ck_assert_rc(db_version(db, &before), RC_OK);
	db_connect_close(db);
	ck_assert_rc(db_version(db, &after), RC_OK);
	ck_assert(before.own != after.own);
}
END_TEST

START_TEST(db_logs_a_cause_once_and_that_it_is_over)
{
	const char *path = scratch_path("gone.db"), *log = scratch_path("log");
	FILE *file = fopen(log, "w+");
	struct db *db = NULL;
	char text[4096];
	size_t len;
	int i;

	ck_assert_ptr_nonnull(file);
	log_use_fd(fileno(file));
	ck_assert_rc(db_open(path, 100, &db), RC_UNAVAILABLE);
	for (i = 0; i < 100; i++)
		ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert_rc(db_init(path), RC_OK);
	ck_assert_rc(try_write(db), RC_OK);
	ck_assert_rc(try_write(db), RC_OK);
	log_use_fd(STDERR_FILENO);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	ck_assert_ptr_nonnull(strstr(text, "gone.db is unavailable: there is no such file"));
	ck_assert_ptr_nonnull(strstr(text, "gone.db works again, after 101 failed transactions"));
	for (i = 0, len = 0; text[i] != '\0'; i++)
		len += text[i] == '\n';
	ck_assert_uint_eq(len, 2);
	db_close(db);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("db");

	tcase_add_checked_fixture(tests, database_make, database_remove);
	tcase_add_test(tests, db_open_sets_what_safety_rests_on);
	tcase_add_test(tests, db_files_are_for_their_owner_alone);
	tcase_add_test(tests, db_rollback_leaves_nothing_and_is_harmless_outside);
	tcase_add_test(tests, db_init_refuses_a_file_that_exists);
	tcase_add_test(tests, db_comes_back_by_itself_when_a_missing_file_appears);
	tcase_add_test(tests, db_refuses_garbage_and_foreign_files_and_leaves_them_alone);
	tcase_add_test(tests, db_refuses_other_versions_until_they_are_migrated);
	tcase_add_test(tests, db_answers_unavailable_when_full_and_works_again_with_room);
	tcase_add_test(tests, db_answers_unavailable_at_a_limit_of_file_sizes_and_works_without_it);
	tcase_add_test(tests, db_reads_but_does_not_write_what_is_read_only);
	tcase_add_test(tests, db_answers_unavailable_under_a_foreign_lock_and_works_after_it);
	tcase_add_test(tests, db_write_after_a_lost_transaction_is_refused);
	tcase_add_test(tests, db_version_changes_with_each_commit_of_anyone);
	tcase_add_test(tests, db_version_in_a_read_belongs_to_its_snapshot);
	tcase_add_test(tests, db_version_never_repeats_after_the_file_was_opened_anew);
	tcase_add_test(tests, db_logs_a_cause_once_and_that_it_is_over);
	return suite_run();
}
