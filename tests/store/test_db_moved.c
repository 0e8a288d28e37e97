/* Files that are replaced or removed under an open connection, and the sandbox. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "store/db_internal.h"
#include "store/rows.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/suite.h"

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
count_audits(const char *path)
{
	sqlite3 *handle = NULL;
	int64_t n = -1;

	ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
	ck_assert_int_eq(db_connect_int(handle, "SELECT count(*) FROM audit", &n), SQLITE_OK);
	(void)sqlite3_close(handle);
	return n;
}

static void
set_version(int version)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	ck_assert_int_eq(sqlite3_exec(database_db()->handle, sql, 0, 0, 0), SQLITE_OK);
}

/* As a restore does it: another file under the same name, without wal and shm. */
static void
replace(void)
{
	const char *fresh = scratch_path("fresh.db");

	ck_assert_rc(db_init(fresh), RC_OK);
	/* Into the file itself, which is then complete. */
	(void)count_audits(fresh);
	ck_assert_int_eq(unlink(scratch_path("users.db-wal")), 0);
	ck_assert_int_eq(unlink(scratch_path("users.db-shm")), 0);
	ck_assert_int_eq(rename(fresh, database_path()), 0);
}

START_TEST(db_follows_a_replaced_file_while_it_may_open_files)
{
	struct db *db = database_db();

	ck_assert_rc(try_write(db), RC_OK);
	replace();
	ck_assert_rc(try_write(db), RC_OK);
	ck_assert_int_eq(count_audits(database_path()), 1);
	ck_assert(!db_needs_restart(db));
}
END_TEST

START_TEST(db_refuses_a_replaced_file_once_it_may_not_open_any)
{
	struct db *db = database_db();
	struct db_version version;

	ck_assert_rc(db_warm(db), RC_OK);
	ck_assert_rc(try_write(db), RC_OK);
	ck_assert_rc(db_version(db, &version), RC_OK);
	ck_assert(!db_needs_restart(db));
	replace();
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert(db_needs_restart(db));
	ck_assert_rc(try_read(db), RC_UNAVAILABLE);
	/* Caches end with it, though they ask the file system only now and then. */
	clock_advance(1000);
	ck_assert_rc(db_version(db, &version), RC_UNAVAILABLE);
	ck_assert_int_eq(count_audits(database_path()), 0);
}
END_TEST

START_TEST(db_waits_for_a_removed_file_to_come_back_before_it_wants_a_restart)
{
	struct db *db = database_db();
	const char *aside = scratch_path("aside.db");

	ck_assert_rc(db_warm(db), RC_OK);
	ck_assert_int_eq(rename(database_path(), aside), 0);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert(!db_needs_restart(db));
	/* The same file again: what is open is what is there. */
	ck_assert_int_eq(rename(aside, database_path()), 0);
	ck_assert(!db_needs_restart(db));
	ck_assert_rc(try_write(db), RC_OK);
}
END_TEST

START_TEST(db_acknowledges_nothing_into_a_file_taken_away_meanwhile)
{
	struct db *db = database_db();

	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(audit_row_insert(db, 1, STR("test"), 0, 0, STR_NULL, STR_NULL), RC_OK);
	replace();
	ck_assert_rc(db_commit(db), RC_UNAVAILABLE);
	ck_assert_int_eq(count_audits(database_path()), 0);
	ck_assert_rc(try_write(db), RC_OK);
}
END_TEST

START_TEST(db_refuses_to_write_without_its_wal_or_lock_file)
{
	static const char *const endings[] = { "-wal", ".lock" };
	char path[512], part[600];
	struct db *db;
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/part%zu.db", scratch_dir(), i);
		(void)snprintf(part, sizeof(part), "%s%s", path, endings[i]);
		ck_assert_rc(db_init(path), RC_OK);
		ck_assert_rc(db_open(path, 60000, &db), RC_OK);
		ck_assert_rc(db_warm(db), RC_OK);
		ck_assert_rc(try_write(db), RC_OK);
		ck_assert_int_eq(unlink(part), 0);
		ck_assert_rc(try_write(db), RC_UNAVAILABLE);
		ck_assert(db_needs_restart(db));
		db_close(db);
	}
}
END_TEST

START_TEST(db_cold_process_wants_a_restart_when_the_file_has_changed)
{
	const char *path = scratch_file("cold.db", "garbage garbage garbage garbage", 0600);
	struct db *db = NULL;

	ck_assert_rc(db_open(path, 100, &db), RC_UNAVAILABLE);
	ck_assert_rc(db_warm(db), RC_UNAVAILABLE);
	ck_assert_rc(try_read(db), RC_UNAVAILABLE);
	ck_assert(!db_needs_restart(db));
	/* Time alone mends no garbage. */
	clock_advance(3600 * 1000);
	ck_assert(!db_needs_restart(db));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(!db_needs_restart(db));
	ck_assert_rc(db_init(path), RC_OK);
	ck_assert(db_needs_restart(db));
	/* It opens nothing by itself. */
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	db_close(db);
}
END_TEST

START_TEST(db_cold_process_under_a_foreign_lock_wants_a_restart_after_a_while)
{
	const char *path = scratch_path("locked.db");
	sqlite3 *other = NULL;
	struct db *db = NULL;

	clock_fix(1000000);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "CREATE TABLE t (a); BEGIN EXCLUSIVE", 0, 0, 0), 0);
	ck_assert_rc(db_open(path, 10, &db), RC_UNAVAILABLE);
	ck_assert_rc(db_warm(db), RC_UNAVAILABLE);
	ck_assert(!db_needs_restart(db));
	clock_advance(2000);
	ck_assert(db_needs_restart(db));
	(void)sqlite3_close(other);
	db_close(db);
}
END_TEST

START_TEST(db_read_only_process_wants_a_restart_when_it_may_write)
{
	struct db *db = database_db();

	/* root may write whatever the mode: so the mode that it was opened with is made up. */
	clock_fix(1000000);
	ck_assert_rc(db_warm(db), RC_OK);
	db->failing = DB_CAUSE_READONLY;
	db->is_forbidden = true;
	clock_advance(3600 * 1000);
	ck_assert(!db_needs_restart(db));
	ck_assert_int_eq(db_watch_ms(db), 1000);
	ck_assert_int_eq(chmod(database_path(), 0640), 0);
	ck_assert(db_needs_restart(db));
	/* A file system leaves no trace. */
	db->is_forbidden = false;
	db->sealed_at = clock_monotonic_ms();
	ck_assert(!db_needs_restart(db));
	clock_advance(5000);
	ck_assert(db_needs_restart(db));
	db->failing = DB_CAUSE_NONE;
	ck_assert(!db_needs_restart(db));
	ck_assert_int_eq(db_watch_ms(db), -1);
}
END_TEST

START_TEST(db_opens_again_for_writing_what_was_read_only_with_its_wal)
{
	struct stat st;
	const char *const endings[] = { "-wal", "-shm" };
	char path[512], part[600];
	struct db *db = NULL;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s", scratch_path("modes.db"));
	ck_assert_rc(db_init(path), RC_OK);
	for (i = 0; i < 2; i++) {
		(void)snprintf(part, sizeof(part), "%s%s", path, endings[i]);
		ck_assert_int_eq(close(open(part, O_CREAT | O_RDWR, 0400)), 0);
		ck_assert_int_eq(chmod(part, 0400), 0);
	}
	ck_assert_rc(db_open(path, 100, &db), RC_OK);
	for (i = 0; i < 2; i++) {
		(void)snprintf(part, sizeof(part), "%s%s", path, endings[i]);
		ck_assert_int_eq(stat(part, &st), 0);
		ck_assert_int_eq(st.st_mode & 0777, 0600);
	}
	ck_assert_rc(try_write(db), RC_OK);
	db_close(db);
}
END_TEST

START_TEST(db_of_another_version_is_seen_to_be_migrated_without_opening_a_file)
{
	struct db *db = NULL;

	set_version(DB_SCHEMA_VERSION + 1);
	ck_assert_rc(db_open(database_path(), 60000, &db), RC_UNAVAILABLE);
	ck_assert_rc(db_warm(db), RC_UNAVAILABLE);
	ck_assert_rc(try_write(db), RC_UNAVAILABLE);
	ck_assert(!db_needs_restart(db));
	set_version(DB_SCHEMA_VERSION);
	ck_assert_rc(try_write(db), RC_OK);
	db_close(db);
}
END_TEST

START_TEST(db_warm_leaves_nothing_for_the_sandbox_to_refuse)
{
	enum { WRITES = 1500 };
	struct db *db = NULL, *other = NULL;
	int i, status;
	pid_t pid;

	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		clock_open();
		if (db_open(database_path(), 60000, &db) != RC_OK || db_warm(db) != RC_OK ||
		    db_open(database_path(), 10, &other) != RC_OK)
			_exit(1);
		/* A lock that isn't free needs the timer, too. */
		if (db_begin_write(other) != RC_OK)
			_exit(2);
		db->timeout_ms = 10;
		if (sandbox_enter(SANDBOX_WORKER, scratch_dir()) != RC_OK)
			_exit(6);
		if (try_write(db) != RC_UNAVAILABLE)
			_exit(3);
		db_rollback(other);
		db->timeout_ms = 60000;
		for (i = 0; i < WRITES; i++) {
			if (try_write(db) != RC_OK)
				_exit(4);
			/* The rest needn't wait for the disk. */
			if (i == 20)
				(void)sqlite3_exec(
				    db->handle, "PRAGMA synchronous = NORMAL", 0, 0, 0);
			db_after_answer(db);
		}
		db->is_truncate_due = true;
		db_after_answer(db);
		if (try_write(db) != RC_OK || try_read(db) != RC_OK)
			_exit(5);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "killed by %d", WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("db_moved");

	tcase_add_checked_fixture(tests, database_make, database_remove);
	tcase_add_test(tests, db_follows_a_replaced_file_while_it_may_open_files);
	tcase_add_test(tests, db_refuses_a_replaced_file_once_it_may_not_open_any);
	tcase_add_test(tests, db_waits_for_a_removed_file_to_come_back_before_it_wants_a_restart);
	tcase_add_test(tests, db_acknowledges_nothing_into_a_file_taken_away_meanwhile);
	tcase_add_test(tests, db_refuses_to_write_without_its_wal_or_lock_file);
	tcase_add_test(tests, db_cold_process_wants_a_restart_when_the_file_has_changed);
	tcase_add_test(tests, db_cold_process_under_a_foreign_lock_wants_a_restart_after_a_while);
	tcase_add_test(tests, db_read_only_process_wants_a_restart_when_it_may_write);
	tcase_add_test(tests, db_opens_again_for_writing_what_was_read_only_with_its_wal);
	tcase_add_test(tests, db_of_another_version_is_seen_to_be_migrated_without_opening_a_file);
	tcase_add_test(tests, db_warm_leaves_nothing_for_the_sandbox_to_refuse);
	return suite_run();
}
