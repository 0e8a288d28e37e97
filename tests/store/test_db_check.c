#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/db_internal.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/suite.h"

/* Checks, and expects this in the report. */
static void
expect(enum rc expected, const char *text)
{
	struct buf report = BUF_INIT(20000);

	ck_assert_rc(db_check(database_path(), 10, &report), expected);
	ck_assert_msg(
	    strstr(buf_text(&report), text) != NULL, "no \"%s\" in: %s", text, buf_text(&report));
	ck_assert((strstr(buf_text(&report), "fault:") == NULL) == (expected == RC_OK));
	buf_release(&report);
}

START_TEST(db_check_finds_nothing_in_a_sound_database)
{
	expect(RC_OK, "ok: integrity");
	expect(RC_OK, "ok: schema version");
	expect(RC_OK, "ok: references between the tables");
}
END_TEST

START_TEST(db_check_finds_modes_that_are_too_open)
{
	ck_assert_int_eq(chmod(database_path(), 0640), 0);
	expect(RC_UNAVAILABLE, "its mode is 640");
}
END_TEST

START_TEST(db_check_finds_a_schema_that_is_not_ours)
{
	sqlite3 *handle = database_db()->handle;

	ck_assert_int_eq(sqlite3_exec(handle, "DROP INDEX user_email_key", 0, 0, 0), SQLITE_OK);
	expect(RC_UNAVAILABLE, "fault: the tables and indexes are not those of version");
	ck_assert_int_eq(sqlite3_exec(handle, "PRAGMA user_version = 9", 0, 0, 0), SQLITE_OK);
	expect(RC_UNAVAILABLE, "fault: the schema is version 9");
}
END_TEST

START_TEST(db_check_finds_dangling_references)
{
	sqlite3 *handle = database_db()->handle;

	ck_assert_int_eq(sqlite3_exec(handle,
	                     "PRAGMA foreign_keys = 0; INSERT INTO session VALUES"
	                     " ('j', 77, 0, 0, 0, 0, 0, 0, 0, 0, '', '')",
	                     0, 0, 0),
	    SQLITE_OK);
	expect(RC_UNAVAILABLE, "fault: references between the tables");
}
END_TEST

START_TEST(db_check_finds_damage)
{
	char junk[4096];
	sqlite3 *handle = NULL;
	int fd;

	/* Everything into the file itself, then over its second page. */
	database_remove();
	database_make();
	ck_assert_int_eq(sqlite3_open(database_path(), &handle), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(handle, "PRAGMA wal_checkpoint(TRUNCATE)", 0, 0, 0), SQLITE_OK);
	(void)sqlite3_close(handle);
	memset(junk, 0x5a, sizeof(junk));
	fd = open(scratch_path("users.db"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), 4096), (ssize_t)sizeof(junk));
	(void)close(fd);
	expect(RC_UNAVAILABLE, "fault: integrity");
}
END_TEST

START_TEST(db_check_finds_a_lock_that_does_not_come_free)
{
	ck_assert_rc(db_begin_write(database_db()), RC_OK);
	expect(RC_UNAVAILABLE, "was not free for 10 ms");
	db_rollback(database_db());
}
END_TEST

START_TEST(db_check_says_what_keeps_it_from_opening)
{
	struct buf report = BUF_INIT(20000), small = BUF_INIT(10);

	ck_assert_rc(db_check(scratch_path("none.db"), 10, &report), RC_UNAVAILABLE);
	ck_assert_str_eq(buf_text(&report), "fault: there is no such file\n");
	ck_assert_rc(db_check(database_path(), 10, &small), RC_LIMIT);
	buf_release(&report);
	buf_release(&small);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("db_check");

	tcase_add_checked_fixture(tests, database_make, database_remove);
	tcase_add_test(tests, db_check_finds_nothing_in_a_sound_database);
	tcase_add_test(tests, db_check_finds_modes_that_are_too_open);
	tcase_add_test(tests, db_check_finds_a_schema_that_is_not_ours);
	tcase_add_test(tests, db_check_finds_dangling_references);
	tcase_add_test(tests, db_check_finds_damage);
	tcase_add_test(tests, db_check_finds_a_lock_that_does_not_come_free);
	tcase_add_test(tests, db_check_says_what_keeps_it_from_opening);
	return suite_run();
}
