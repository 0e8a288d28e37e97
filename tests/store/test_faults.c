/*
 * The Nth call fails, for N = 1, 2, 3 ... until a run has none left: whatever it was, nothing
 * crashes, what was acknowledged is there, and what is there is whole. Calls are SQLite's
 * allocations, and those of its files (through a VFS around the real one).
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/db_internal.h"
#include "store/rows.h"
#include "support/database.h"
#include "support/shim_vfs.h"
#include "support/suite.h"

enum { N_MAX = 50000 }; /* far more than there are */

static struct {
	int64_t left;    /* calls that still succeed; negative: none fails */
	bool is_lasting; /* all from then on fail, not only one */
	bool has_failed;
} memory = { -1, false, false }, files = { -1, false, false };

static bool
fails(int64_t *left, bool is_lasting, bool *has_failed)
{
	if (*left < 0)
		return false;
	if (*left > 0) {
		(*left)--;
		return false;
	}
	if (*has_failed && !is_lasting)
		return false;
	*has_failed = true;
	return true;
}

static bool
memory_fails(void)
{
	return fails(&memory.left, memory.is_lasting, &memory.has_failed);
}

static bool
file_fails(void)
{
	return fails(&files.left, files.is_lasting, &files.has_failed);
}

/* Allocations ------------------------------------------------------------------------------- */

static sqlite3_mem_methods real_memory;

static void *
failing_malloc(int size)
{
	return memory_fails() ? NULL : real_memory.xMalloc(size);
}

static void *
failing_realloc(void *old, int size)
{
	return memory_fails() ? NULL : real_memory.xRealloc(old, size);
}

static bool
install(void)
{
	sqlite3_mem_methods failing;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) != SQLITE_OK)
		return false;
	failing = real_memory;
	failing.xMalloc = failing_malloc;
	failing.xRealloc = failing_realloc;
	shim_vfs_fails = file_fails;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK && shim_vfs_install();
}

/* Scenarios --------------------------------------------------------------------------------- */

static char event[32];

/* Two rows in one transaction. */
static enum rc
write_pair(struct db *db)
{
	enum rc rc = db_begin_write(db);

	if (rc == RC_OK)
		rc = audit_row_insert(db, 1, str_from(event), 1, 0, STR_NULL, STR_NULL);
	if (rc == RC_OK)
		rc = audit_row_insert(db, 1, str_from(event), 2, 0, STR_NULL, STR_NULL);
	if (rc == RC_OK)
		return db_commit(db);
	db_rollback(db);
	return rc;
}

static int64_t
count_pair(void)
{
	struct db *db = database_open(60000);
	sqlite3_stmt *st = NULL;
	int64_t n;

	ck_assert_int_eq(sqlite3_prepare_v2(db->handle,
	                     "SELECT count(*) FROM audit WHERE event = ?", -1, &st, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_bind_text(st, 1, event, -1, SQLITE_STATIC), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	db_close(db);
	return n;
}

static void
expect_whole(enum rc rc, int n)
{
	int64_t found = count_pair();

	ck_assert_msg(
	    rc == RC_OK || rc == RC_UNAVAILABLE || rc == RC_SYSTEM, "call %d: %s", n, rc_name(rc));
	ck_assert_msg(found == 2 || (found == 0 && rc != RC_OK), "call %d: %s, and %d rows", n,
	    rc_name(rc), (int)found);
}

/* All of a process's life, with the failure anywhere in it. */
static enum rc
live(void)
{
	struct db *db = NULL;
	struct db_version version;
	struct user user = { 0 };
	enum rc rc = db_open(database_path(), 1000, &db), read;

	if (db == NULL)
		return rc;
	read = db_warm(db);
	rc = write_pair(db);
	db->is_passive_due = db->is_truncate_due = true;
	db_after_answer(db);
	read = db_version(db, &version);
	if ((read = db_begin_read(db)) == RC_OK) {
		read = user_row_get(db, 1, &user);
		if (read == RC_OK)
			ck_assert_str_eq(user.email, "a");
		user_release(&user);
		db_rollback(db);
	}
	db_close(db);
	return rc;
}

static void
run_all(bool is_memory, bool is_lasting)
{
	enum rc rc;
	int n;

	/* Allocations are many: each of the first, where the connection is made, then some. */
	for (n = 0; n < N_MAX; n += is_memory && n > 100 ? 7 : 1) {
		(void)snprintf(event, sizeof(event), "%d", n);
		if (is_memory) {
			memory.left = n;
			memory.is_lasting = is_lasting;
			memory.has_failed = false;
		} else {
			files.left = n;
			files.is_lasting = is_lasting;
			files.has_failed = false;
		}
		rc = live();
		memory.left = files.left = -1;
		expect_whole(rc, n);
		if (!(is_memory ? memory.has_failed : files.has_failed)) {
			ck_assert_rc(rc, RC_OK);
			ck_assert_int_gt(n, 20);
			return;
		}
	}
	ck_abort_msg("still failing after %d runs", n);
}

static void
make(void)
{
	database_make();
	(void)database_add_user("a");
	/* Each run says what failed: that is tested elsewhere. */
	log_use_fd(-1);
}

START_TEST(one_failed_call_of_a_file_loses_nothing)
{
	run_all(false, false);
}
END_TEST

START_TEST(files_that_fail_from_some_call_on_lose_nothing)
{
	run_all(false, true);
}
END_TEST

START_TEST(one_failed_allocation_loses_nothing)
{
	run_all(true, false);
}
END_TEST

START_TEST(no_memory_from_some_allocation_on_loses_nothing)
{
	run_all(true, true);
}
END_TEST

START_TEST(a_connection_survives_a_failed_write_at_any_place)
{
	struct db *db = database_open(60000);
	enum rc rc;
	int n;

	for (n = 0; n < N_MAX; n++) {
		(void)snprintf(event, sizeof(event), "w%d", n);
		files.left = n;
		files.is_lasting = files.has_failed = false;
		rc = write_pair(db);
		files.left = -1;
		expect_whole(rc, n);
		/* What comes next, when the cause is gone, works. */
		(void)snprintf(event, sizeof(event), "x%d", n);
		ck_assert_rc(write_pair(db), RC_OK);
		expect_whole(RC_OK, n);
		if (!files.has_failed)
			break;
	}
	ck_assert_int_gt(n, 3);
	ck_assert_int_lt(n, N_MAX);
	db_close(db);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("faults");

	if (!install())
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, make, database_remove);
	tcase_add_test(tests, one_failed_call_of_a_file_loses_nothing);
	tcase_add_test(tests, files_that_fail_from_some_call_on_lose_nothing);
	tcase_add_test(tests, one_failed_allocation_loses_nothing);
	tcase_add_test(tests, no_memory_from_some_allocation_on_loses_nothing);
	tcase_add_test(tests, a_connection_survives_a_failed_write_at_any_place);
	return suite_run();
}
