#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "store/db_internal.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/suite.h"

static const struct embedded two[] = {
	{ "0001_a.sql", "CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT; PRAGMA user_version = 1;" },
	{ "0002_b.sql", "CREATE TABLE b (x INTEGER NOT NULL REFERENCES a (x)) STRICT; PRAGMA "
	                "user_version = 2;" },
	{ NULL, NULL },
};

/* A db over a file without any check. */
static struct db *
open_plain(const char *name)
{
	struct db *db = db_connect_new(scratch_path(name), 100);

	ck_assert_ptr_nonnull(db);
	ck_assert_int_eq(sqlite3_open(db->path, &db->handle), SQLITE_OK);
	(void)sqlite3_extended_result_codes(db->handle, 1);
	return db;
}

static int64_t
integer(struct db *db, const char *sql)
{
	int64_t value = -1;

	ck_assert_int_eq(db_connect_int(db->handle, sql, &value), SQLITE_OK);
	return value;
}

START_TEST(migrate_runs_what_is_missing_in_order)
{
	static const struct embedded one[] = { { "0001_a.sql",
		                                   "CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;"
		                                   "PRAGMA user_version = 1;" },
		{ NULL, NULL } };
	struct db *db = open_plain("m.db");
	int from = -1, to = -1;

	ck_assert_rc(migrate_run(db, one, &from, &to), RC_OK);
	ck_assert(from == 0 && to == 1);
	ck_assert_rc(migrate_run(db, two, &from, &to), RC_OK);
	ck_assert(from == 1 && to == 2);
	ck_assert_int_eq(integer(db, "PRAGMA user_version"), 2);
	ck_assert_int_eq(integer(db, "SELECT count(*) FROM b"), 0);
	ck_assert_rc(migrate_run(db, two, &from, &to), RC_OK);
	ck_assert(from == 2 && to == 2);
	ck_assert_rc(migrate_run(db, one, &from, &to), RC_UNAVAILABLE);
	db_close(db);
}
END_TEST

START_TEST(migrate_undoes_the_one_that_fails_and_keeps_those_before)
{
	const struct embedded bad[] = { two[0],
		{ "0002_b.sql",
		    "CREATE TABLE b (x); CREATE TABLE a (x); PRAGMA user_version = 2;" },
		{ NULL, NULL } };
	struct db *db = open_plain("m.db");
	int from = -1, to = -1;

	ck_assert_rc(migrate_run(db, bad, &from, &to), RC_UNAVAILABLE);
	ck_assert_int_eq(integer(db, "PRAGMA user_version"), 1);
	ck_assert_int_eq(integer(db, "SELECT count(*) FROM sqlite_schema"), 1);
	db->noted = DB_CAUSE_NONE;
	ck_assert_rc(migrate_run(db, two, &from, &to), RC_OK);
	ck_assert(from == 1 && to == 2);
	db_close(db);
}
END_TEST

START_TEST(migrate_refuses_dangling_references_and_wrong_numbers)
{
	const struct embedded dangling[] = { two[0], two[1],
		{ "0003_c.sql", "INSERT INTO b VALUES (5); PRAGMA user_version = 3;" },
		{ NULL, NULL } };
	const struct embedded numbered[] = { two[0], two[1],
		{ "0004_c.sql", "PRAGMA user_version = 4;" }, { NULL, NULL } };
	const struct embedded silent[] = { two[0], two[1], { "0003_c.sql", "CREATE TABLE c (x);" },
		{ NULL, NULL } };
	struct db *db = open_plain("m.db");
	int from = -1, to = -1;

	ck_assert_rc(migrate_run(db, dangling, &from, &to), RC_UNAVAILABLE);
	ck_assert_rc(migrate_run(db, numbered, &from, &to), RC_SYSTEM);
	ck_assert_rc(migrate_run(db, silent, &from, &to), RC_SYSTEM);
	ck_assert_int_eq(integer(db, "PRAGMA user_version"), 2);
	ck_assert_int_eq(integer(db, "SELECT count(*) FROM b"), 0);
	ck_assert_int_eq(integer(db, "SELECT count(*) FROM sqlite_schema"), 2);
	ck_assert_int_eq(integer(db, "PRAGMA foreign_keys"), 1);
	db_close(db);
}
END_TEST

START_TEST(migrations_end_at_the_version_that_programs_need)
{
	struct db *db = database_db();
	size_t n = 0;

	while (embedded_migrations[n].name != NULL)
		n++;
	ck_assert_uint_eq(n, DB_SCHEMA_VERSION);
	ck_assert_int_eq(integer(db, "PRAGMA user_version"), DB_SCHEMA_VERSION);
	ck_assert_int_eq(integer(db, "PRAGMA application_id"), DB_APPLICATION_ID);
	/* Ids are never given twice, and no column takes a value of another type. */
	ck_assert_int_eq(integer(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND"
	                             " name NOT LIKE 'sqlite_%' AND sql NOT LIKE '% STRICT%'"),
	    0);
	ck_assert_int_eq(
	    integer(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('user', 'audit')"
	                " AND sql LIKE '%AUTOINCREMENT%'"),
	    2);
}
END_TEST

/* Without comments and with one blank for many. */
static void
squeeze(struct buf *to, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if (text[0] == '-' && text[1] == '-')
			text += strcspn(text, "\n") - 1;
		else if (strchr(" \t\n", *text) == NULL)
			buf_add_char(to, *text);
		else if (to->len > 0 && to->ptr[to->len - 1] != ' ')
			buf_add_char(to, ' ');
	}
	buf_add_char(to, '\n');
}

static void
schema_of(sqlite3 *handle, struct buf *ret)
{
	sqlite3_stmt *st = NULL;

	ck_assert_int_eq(sqlite3_prepare_v2(handle,
	                     "SELECT type, name, sql FROM sqlite_schema"
	                     " WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
	                     -1, &st, NULL),
	    SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		squeeze(ret, (const char *)sqlite3_column_text(st, 0));
		squeeze(ret, (const char *)sqlite3_column_text(st, 1));
		squeeze(ret, (const char *)sqlite3_column_text(st, 2));
	}
	sqlite3_finalize(st);
}

START_TEST(schema_sql_is_what_the_migrations_give)
{
	struct buf ours = BUF_INIT(100000), theirs = BUF_INIT(100000), text = BUF_INIT(100000);
	char name[1024], chunk[4096];
	const char *srcdir = getenv("srcdir");
	sqlite3 *handle = NULL;
	FILE *file;
	size_t n;

	(void)snprintf(name, sizeof(name), "%s/db/schema.sql", srcdir == NULL ? "../.." : srcdir);
	file = fopen(name, "r");
	ck_assert_msg(file != NULL, "%s cannot be read", name);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add_bytes(&text, chunk, n);
	(void)fclose(file);
	ck_assert_int_eq(sqlite3_open(":memory:", &handle), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(handle, buf_text(&text), NULL, NULL, NULL), SQLITE_OK);
	schema_of(handle, &theirs);
	schema_of(database_db()->handle, &ours);
	ck_assert_uint_gt(ours.len, 1000);
	ck_assert_str_eq(buf_text(&ours), buf_text(&theirs));
	(void)sqlite3_close(handle);
	buf_release(&ours);
	buf_release(&theirs);
	buf_release(&text);
}
END_TEST

START_TEST(db_migrate_finishes_an_init_that_was_cut_short)
{
	const char *path = scratch_file("cut.db", "", 0600);
	struct db *db = NULL;
	int from = -1, to = -1;

	ck_assert_rc(db_open(path, 100, &db), RC_UNAVAILABLE);
	ck_assert_rc(db_init(path), RC_TAKEN);
	ck_assert_rc(db_migrate(path, 1000, &from, &to), RC_OK);
	ck_assert(from == 0 && to == DB_SCHEMA_VERSION);
	ck_assert_rc(db_begin_write(db), RC_OK);
	db_close(db);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("migrate");

	tcase_add_checked_fixture(tests, database_make, database_remove);
	tcase_add_test(tests, migrate_runs_what_is_missing_in_order);
	tcase_add_test(tests, migrate_undoes_the_one_that_fails_and_keeps_those_before);
	tcase_add_test(tests, migrate_refuses_dangling_references_and_wrong_numbers);
	tcase_add_test(tests, migrations_end_at_the_version_that_programs_need);
	tcase_add_test(tests, schema_sql_is_what_the_migrations_give);
	tcase_add_test(tests, db_migrate_finishes_an_init_that_was_cut_short);
	return suite_run();
}
