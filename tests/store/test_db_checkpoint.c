/* How long the wal gets. */
#include <stdio.h>
#include <sys/stat.h>

#include "store/db_internal.h"
#include "store/rows.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/suite.h"

enum { PAGE = 4096 + 24 };

static int64_t
wal_pages(void)
{
	struct stat st;

	ck_assert_int_eq(stat(scratch_path("users.db-wal"), &st), 0);
	return st.st_size / PAGE;
}

/* Some frames each; without waiting for the disk, which isn't the matter here. */
static void
write_rows(struct db *db, int n)
{
	ck_assert_int_eq(
	    sqlite3_exec(db->handle, "PRAGMA synchronous = OFF", NULL, NULL, NULL), SQLITE_OK);
	for (; n > 0; n--) {
		ck_assert_rc(db_begin_write(db), RC_OK);
		ck_assert_rc(
		    audit_row_insert(db, n, STR("event"), n, n, STR_NULL, STR_NULL), RC_OK);
		ck_assert_rc(db_commit(db), RC_OK);
		db_after_answer(db);
	}
}

START_TEST(checkpoints_keep_the_wal_short)
{
	write_rows(database_db(), 1500);
	ck_assert_int_le(wal_pages(), 3 * CHECKPOINT_FRAMES);
	ck_assert_int_gt(wal_pages(), 0);
}
END_TEST

START_TEST(a_wal_that_a_reader_let_grow_is_cut_after_it)
{
	struct db *db = database_db(), *reader = database_open(60000);

	ck_assert_rc(db_begin_read(reader), RC_OK);
	write_rows(db, 2000);
	ck_assert_int_gt(wal_pages(), CHECKPOINT_TRUNCATE_FRAMES);
	ck_assert_rc(db_commit(reader), RC_OK);
	write_rows(db, 200);
	ck_assert_int_le(wal_pages(), 3 * CHECKPOINT_FRAMES);
	db_close(reader);
}
END_TEST

START_TEST(a_wal_left_behind_is_cut_by_whoever_opens_it)
{
	struct db *db = database_db(), *reader = database_open(60000), *fresh;

	ck_assert_rc(db_begin_read(reader), RC_OK);
	write_rows(db, 2000);
	ck_assert_rc(db_commit(reader), RC_OK);
	db_close(reader);
	fresh = database_open(60000);
	db_after_answer(fresh);
	ck_assert_int_eq(wal_pages(), 0);
	write_rows(fresh, 1);
	db_close(fresh);
}
END_TEST

START_TEST(a_checkpoint_waits_for_the_write_lock)
{
	struct db *db = database_db(), *writer = database_open(60000);

	write_rows(db, 10);
	db->timeout_ms = 10;
	db->is_passive_due = db->is_truncate_due = true;
	ck_assert_rc(db_begin_write(writer), RC_OK);
	db_after_answer(db);
	ck_assert_int_gt(wal_pages(), 0);
	ck_assert_rc(db_commit(writer), RC_OK);
	/* It wasn't done: so it is still due. */
	db_after_answer(db);
	ck_assert_int_eq(wal_pages(), 0);
	db_close(writer);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("db_checkpoint");

	tcase_add_checked_fixture(tests, database_make, database_remove);
	tcase_add_test(tests, checkpoints_keep_the_wal_short);
	tcase_add_test(tests, a_wal_that_a_reader_let_grow_is_cut_after_it);
	tcase_add_test(tests, a_wal_left_behind_is_cut_by_whoever_opens_it);
	tcase_add_test(tests, a_checkpoint_waits_for_the_write_lock);
	return suite_run();
}
