/*
 * A simulated power cut: of each file only what was synced is left. What was acknowledged before
 * the cut must be there after it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db_internal.h"
#include "store/rows.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/shim_vfs.h"
#include "support/suite.h"

static size_t n_syncs;

static void
copy_file(const char *from, const char *to)
{
	static char chunk[1 << 16];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n;

	ck_assert_msg(in >= 0 && out >= 0, "%s or %s cannot be opened", from, to);
	while ((n = read(in, chunk, sizeof(chunk))) > 0)
		ck_assert_int_eq(write(out, chunk, (size_t)n), n);
	ck_assert_int_eq(n, 0);
	(void)close(in);
	(void)close(out);
}

/* DIR/users.db-wal -> DIR/synced.db-wal: what the disk has for sure. Opened beside SQLite's own
 * descriptors, whose locks a close would drop: nobody else is there to mind. */
static void
keep_synced(const char *name)
{
	char to[600];

	n_syncs++;
	(void)snprintf(to, sizeof(to), "%s/synced.db%s", scratch_dir(),
	    strstr(name, ".db-wal") != NULL ? "-wal" : "");
	copy_file(name, to);
}

static void
write_row(struct db *db, int n)
{
	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(audit_row_insert(db, n, STR("event"), 0, 0, STR_NULL, STR_NULL), RC_OK);
	ck_assert_rc(db_commit(db), RC_OK);
}

/* How many rows a machine finds that is switched on again. */
static int64_t
rows_after_cut(void)
{
	struct db *db = NULL;
	char path[600], wal_path[640];
	struct buf report = BUF_INIT(10000);
	void (*synced)(const char *) = shim_vfs_synced;
	int64_t n = -1;

	shim_vfs_synced = NULL;
	(void)snprintf(path, sizeof(path), "%s/after.db", scratch_dir());
	copy_file(scratch_path("synced.db"), path);
	(void)snprintf(wal_path, sizeof(wal_path), "%s-wal", path);
	(void)unlink(scratch_path("after.db-shm"));
	if (access(scratch_path("synced.db-wal"), F_OK) == 0)
		copy_file(scratch_path("synced.db-wal"), wal_path);
	ck_assert_rc(db_open(path, 60000, &db), RC_OK);
	ck_assert_int_eq(db_connect_int(db->handle, "SELECT count(*) FROM audit", &n), SQLITE_OK);
	db_close(db);
	ck_assert_msg(db_check(path, 60000, &report) == RC_OK, "%s", buf_text(&report));
	buf_release(&report);
	shim_vfs_synced = synced;
	return n;
}

static void
make(void)
{
	shim_vfs_synced = NULL;
	database_make();
	copy_file(database_path(), scratch_path("synced.db"));
	copy_file(scratch_path("users.db-wal"), scratch_path("synced.db-wal"));
	shim_vfs_synced = keep_synced;
}

START_TEST(an_acknowledged_write_survives_a_power_cut)
{
	struct db *db = database_db();
	int i;

	for (i = 1; i <= 60; i++) {
		write_row(db, i);
		ck_assert_int_eq(rows_after_cut(), i);
	}
	ck_assert_uint_ge(n_syncs, 60);
	shim_vfs_synced = NULL;
}
END_TEST

START_TEST(checkpoints_at_any_time_lose_nothing_to_a_power_cut)
{
	struct db *db = database_db();
	int i;

	for (i = 1; i <= 60; i++) {
		write_row(db, i);
		db->is_passive_due = i % 3 == 0;
		db->is_truncate_due = i % 7 == 0;
		db_after_answer(db);
		ck_assert_int_eq(rows_after_cut(), i);
	}
	shim_vfs_synced = NULL;
}
END_TEST

START_TEST(the_simulated_cut_does_lose_what_was_not_synced)
{
	struct db *db = database_db();

	ck_assert_int_eq(
	    sqlite3_exec(db->handle, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL), SQLITE_OK);
	write_row(db, 1);
	write_row(db, 2);
	ck_assert_int_lt(rows_after_cut(), 2);
	shim_vfs_synced = NULL;
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("power");

	if (!shim_vfs_install())
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tests, make, database_remove);
	tcase_add_test(tests, an_acknowledged_write_survives_a_power_cut);
	tcase_add_test(tests, checkpoints_at_any_time_lose_nothing_to_a_power_cut);
	tcase_add_test(tests, the_simulated_cut_does_lose_what_was_not_synced);
	return suite_run();
}
