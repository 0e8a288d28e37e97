/* The rules of the table of statements, and that every one fits the schema. */
#include "store/statements.h"

#include <sqlite3.h>
#include <string.h>

#include "support/database.h"
#include "support/suite.h"

static sqlite3 *handle;

static void
open_handle(void)
{
	database_make();
	ck_assert_int_eq(sqlite3_open(database_path(), &handle), SQLITE_OK);
}

static void
close_handle(void)
{
	ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
	database_remove();
}

START_TEST(every_statement_fits_the_schema)
{
	size_t i;

	for (i = 0; i < STMT__MAX; i++) {
		sqlite3_stmt *st = NULL;

		ck_assert_msg(statements[i].text != NULL, "statement %zu has no row", i);
		ck_assert_msg(
		    sqlite3_prepare_v2(handle, statements[i].text, -1, &st, NULL) == SQLITE_OK,
		    "%s: %s", statements[i].text, sqlite3_errmsg(handle));
		sqlite3_finalize(st);
	}
}
END_TEST

START_TEST(no_statement_goes_through_a_whole_table)
{
	size_t i;

	for (i = STMT_DATA_VERSION + 1; i < STMT__MAX; i++) {
		char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", statements[i].text);
		sqlite3_stmt *st = NULL;
		bool scans = false;

		ck_assert_int_eq(sqlite3_prepare_v2(handle, text, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(st, 3);

			scans = scans || strstr(plan, "SCAN") != NULL;
			ck_assert_msg(strstr(plan, "TEMP B-TREE") == NULL, "%s: %s",
			    statements[i].text, plan);
			ck_assert_msg(strstr(plan, "SCAN") == NULL || statements[i].scans != NULL,
			    "%s: %s", statements[i].text, plan);
		}
		/* An excuse that isn't needed any more goes. */
		ck_assert_msg(scans == (statements[i].scans != NULL), "%s", statements[i].text);
		sqlite3_finalize(st);
		sqlite3_free(text);
	}
}
END_TEST

START_TEST(statements_keep_to_what_a_second_engine_takes)
{
	static const char *const banned[] = { "?", "LIKE", "GLOB", "NOCASE", "ifnull", "strftime",
		"datetime", "julianday", "last_insert_rowid", "rowid", "INSERT OR", "REPLACE",
		"randomblob", " user ", "*,", "SELECT *" };
	size_t i, k;

	for (i = STMT_DATA_VERSION + 1; i < STMT__MAX; i++)
		for (k = 0; k < sizeof(banned) / sizeof(banned[0]); k++)
			ck_assert_msg(strstr(statements[i].text, banned[k]) == NULL, "%s: %s",
			    statements[i].text, banned[k]);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("statements");

	tcase_add_checked_fixture(tests, open_handle, close_handle);
	tcase_add_test(tests, every_statement_fits_the_schema);
	tcase_add_test(tests, no_statement_goes_through_a_whole_table);
	tcase_add_test(tests, statements_keep_to_what_a_second_engine_takes);
	return suite_run();
}
