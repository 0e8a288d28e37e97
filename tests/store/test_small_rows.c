/* The tables of few columns: reset tokens, phone codes, bad recipients, gateways, the audit. */
#include <stdio.h>
#include <string.h>

#include "store/db_internal.h"
#include "store/rows.h"
#include "support/database.h"
#include "support/suite.h"

static void
begin(void)
{
	database_make();
	(void)database_add_user("a");
	(void)database_add_user("b");
	ck_assert_rc(db_begin_write(database_db()), RC_OK);
}

static void
end(void)
{
	ck_assert_rc(db_commit(database_db()), RC_OK);
	database_remove();
}

static int64_t
count(const char *sql)
{
	int64_t n = -1;

	ck_assert_int_eq(db_connect_int(database_db()->handle, sql, &n), SQLITE_OK);
	return n;
}

START_TEST(token_row_put_leaves_a_user_the_newest_only)
{
	struct db *db = database_db();
	int64_t id = 0;

	ck_assert_rc(token_row_put(db, STR("h1"), 1, 10, 20, false), RC_OK);
	ck_assert_rc(token_row_put(db, STR("other"), 2, 10, 20, false), RC_OK);
	ck_assert_rc(token_row_put(db, STR("h2"), 1, 11, 21, false), RC_OK);
	ck_assert_rc(token_row_get(db, STR("h1"), 12, &id), RC_NONE);
	ck_assert_rc(token_row_get(db, STR("h2"), 20, &id), RC_OK);
	ck_assert_int_eq(id, 1);
	ck_assert_rc(token_row_get(db, STR("h2"), 21, &id), RC_NONE);
	ck_assert_rc(token_row_delete_user(db, 1), RC_OK);
	ck_assert_rc(token_row_delete_user(db, 1), RC_OK);
	ck_assert_rc(token_row_get(db, STR("h2"), 12, &id), RC_NONE);
	ck_assert_rc(token_row_get(db, STR("other"), 12, &id), RC_OK);
}
END_TEST

START_TEST(token_row_of_nobody_opens_nothing)
{
	struct db *db = database_db();
	int64_t id = 0;
	size_t n = 9;

	ck_assert_rc(token_row_put(db, STR("d1"), 0, 10, 20, true), RC_OK);
	ck_assert_rc(token_row_put(db, STR("d2"), 0, 10, 30, true), RC_OK);
	ck_assert_rc(token_row_put(db, STR("v"), 1, 10, 30, true), RC_OK);
	ck_assert_rc(token_row_get(db, STR("d1"), 12, &id), RC_NONE);
	ck_assert_rc(token_row_get(db, STR("v"), 12, &id), RC_NONE);
	ck_assert_int_eq(count("SELECT count(*) FROM one_time_token"), 3);
	ck_assert_rc(token_row_purge(db, 20, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(token_row_purge(db, 30, 1, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(verification_row_is_one_per_phone_and_lives_until_it_expires)
{
	struct db *db = database_db();
	struct verification code = { .request_id = "r1", .created_at = 5, .expires_at = 20 }, got;
	size_t n = 9;

	ck_assert_rc(verification_row_get(db, STR("+1777"), 6, &got), RC_NONE);
	ck_assert_rc(verification_row_wrong(db, STR("+1777")), RC_NONE);
	ck_assert_rc(verification_row_put(db, STR("+1777"), &code), RC_OK);
	ck_assert_rc(verification_row_wrong(db, STR("+1777")), RC_OK);
	ck_assert_rc(verification_row_wrong(db, STR("+1777")), RC_OK);
	ck_assert_rc(verification_row_get(db, STR("+1777"), 19, &got), RC_OK);
	ck_assert_str_eq(got.request_id, "r1");
	ck_assert(got.created_at == 5 && got.expires_at == 20 && got.wrong == 2);
	ck_assert_rc(verification_row_get(db, STR("+1777"), 20, &got), RC_NONE);
	(void)snprintf(code.request_id, sizeof(code.request_id), "r2");
	code.expires_at = 40;
	ck_assert_rc(verification_row_put(db, STR("+1777"), &code), RC_OK);
	ck_assert_rc(verification_row_get(db, STR("+1777"), 20, &got), RC_OK);
	ck_assert_str_eq(got.request_id, "r2");
	ck_assert_int_eq(got.wrong, 0);
	ck_assert_rc(verification_row_purge(db, 39, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(verification_row_purge(db, 40, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(verification_row_put(db, STR("+1777"), &code), RC_OK);
	ck_assert_rc(verification_row_delete(db, STR("+1777")), RC_OK);
	ck_assert_rc(verification_row_delete(db, STR("+1777")), RC_OK);
	ck_assert_rc(verification_row_get(db, STR("+1777"), 20, &got), RC_NONE);
}
END_TEST

START_TEST(verification_row_with_an_id_too_long_is_damage_and_not_an_overflow)
{
	struct db *db = database_db();
	struct verification got;

	ck_assert_int_eq(sqlite3_exec(db->handle,
	                     "INSERT INTO verification VALUES ('+1',"
	                     " '12345678901234567890123', 1, 9, 0)",
	                     0, 0, 0),
	    SQLITE_OK);
	ck_assert_rc(verification_row_get(db, STR("+1"), 2, &got), RC_UNAVAILABLE);
}
END_TEST

START_TEST(bad_recipient_row_is_remembered_until_its_time)
{
	struct db *db = database_db();
	size_t n = 9;

	ck_assert_rc(bad_recipient_row_get(db, STR("+1"), 5), RC_NONE);
	ck_assert_rc(bad_recipient_row_put(db, STR("+1"), 10), RC_OK);
	ck_assert_rc(bad_recipient_row_get(db, STR("+1"), 9), RC_OK);
	ck_assert_rc(bad_recipient_row_get(db, STR("+1"), 10), RC_NONE);
	ck_assert_rc(bad_recipient_row_put(db, STR("+1"), 20), RC_OK);
	ck_assert_rc(bad_recipient_row_get(db, STR("+1"), 19), RC_OK);
	ck_assert_rc(bad_recipient_row_purge(db, 19, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(bad_recipient_row_purge(db, 20, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(day_count_row_counts_each_scope_of_each_day)
{
	struct db *db = database_db();
	int64_t count_now = 0;
	size_t n = 9;

	ck_assert_rc(day_count_row_add(db, 7, STR("a"), &count_now), RC_OK);
	ck_assert_int_eq(count_now, 1);
	ck_assert_rc(day_count_row_add(db, 7, STR("a"), &count_now), RC_OK);
	ck_assert_int_eq(count_now, 2);
	ck_assert_rc(day_count_row_add(db, 8, STR("a"), &count_now), RC_OK);
	ck_assert_int_eq(count_now, 1);
	ck_assert_rc(day_count_row_add(db, 7, STR("b"), &count_now), RC_OK);
	ck_assert_int_eq(count_now, 1);
	ck_assert_rc(day_count_row_purge(db, 7, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(day_count_row_purge(db, 8, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(gateway_row_keeps_the_state_of_each)
{
	struct db *db = database_db();
	struct gateway_state state = { .faults = 2, .out_until = 3, .out_ms = 4 }, got;

	ck_assert_rc(gateway_row_get(db, STR("g"), &got), RC_NONE);
	ck_assert_rc(gateway_row_put(db, STR("g"), &state), RC_OK);
	ck_assert_rc(gateway_row_put(db, STR("h"), &(struct gateway_state){ 0 }), RC_OK);
	ck_assert_rc(gateway_row_get(db, STR("g"), &got), RC_OK);
	ck_assert(got.faults == 2 && got.out_until == 3 && got.out_ms == 4 && !got.is_off);
	state.faults = 0;
	ck_assert_rc(gateway_row_put(db, STR("g"), &state), RC_OK);
	ck_assert_rc(gateway_row_get(db, STR("g"), &got), RC_OK);
	ck_assert_int_eq(got.faults, 0);
}
END_TEST

START_TEST(gateway_row_switch_stays_whatever_is_put_and_ends_the_faults)
{
	struct db *db = database_db();
	const struct gateway_state state = { .faults = 2, .out_until = 3, .out_ms = 4 };
	struct gateway_state got;

	ck_assert_rc(gateway_row_switch(db, STR("g"), true), RC_OK);
	ck_assert_rc(gateway_row_put(db, STR("g"), &state), RC_OK);
	ck_assert_rc(gateway_row_get(db, STR("g"), &got), RC_OK);
	ck_assert(got.is_off && got.faults == 2);
	ck_assert_rc(gateway_row_switch(db, STR("g"), false), RC_OK);
	ck_assert_rc(gateway_row_get(db, STR("g"), &got), RC_OK);
	ck_assert(!got.is_off && got.faults == 0 && got.out_until == 0 && got.out_ms == 0);
}
END_TEST

START_TEST(gateway_row_counts_each_result_and_its_times)
{
	struct db *db = database_db();
	struct gateway_count got[DELIVERY__MAX];

	ck_assert_rc(gateway_row_counts(db, STR("g"), got), RC_OK);
	ck_assert(got[DELIVERY_OK].n == 0 && got[DELIVERY_OK].last_at == 0);
	ck_assert_rc(gateway_row_count(db, STR("g"), DELIVERY_OK, 30, 100), RC_OK);
	ck_assert_rc(gateway_row_count(db, STR("g"), DELIVERY_OK, 50, 110), RC_OK);
	ck_assert_rc(gateway_row_count(db, STR("g"), DELIVERY_OK, 10, 120), RC_OK);
	ck_assert_rc(gateway_row_count(db, STR("g"), DELIVERY_LATER, 9000, 130), RC_OK);
	ck_assert_rc(gateway_row_count(db, STR("h"), DELIVERY_OK, 1, 140), RC_OK);
	ck_assert_rc(gateway_row_counts(db, STR("g"), got), RC_OK);
	ck_assert(got[DELIVERY_OK].n == 3 && got[DELIVERY_OK].total_ms == 90);
	ck_assert(got[DELIVERY_OK].max_ms == 50 && got[DELIVERY_OK].last_ms == 10);
	ck_assert(got[DELIVERY_OK].last_at == 120);
	ck_assert(got[DELIVERY_LATER].n == 1 && got[DELIVERY_LATER].max_ms == 9000);
	ck_assert_int_eq(got[DELIVERY_PERMANENT].n, 0);
}
END_TEST

START_TEST(audit_row_outlives_whom_it_is_about)
{
	struct db *db = database_db();

	ck_assert_rc(audit_row_insert(db, 5, STR("login"), 0, 77, STR("::1"), STR("d")), RC_OK);
	ck_assert_rc(audit_row_insert(db, 5, STR("login"), 0, 0, STR_NULL, STR_NULL), RC_OK);
	ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE at = 5 AND event = 'login'"), 2);
	ck_assert_int_eq(count("SELECT count(*) FROM audit WHERE user_id = 77 AND"
	                       " address = '::1' AND detail = 'd'"),
	    1);
}
END_TEST

START_TEST(a_purged_user_takes_logins_and_tokens_along_and_its_id_is_not_reused)
{
	struct db *db = database_db();
	struct session session = { .jti = "j", .user_id = 2 };

	ck_assert_rc(session_row_insert(db, &session, STR_NULL, STR_NULL), RC_OK);
	ck_assert_rc(token_row_put(db, STR("h"), 2, 1, 2, false), RC_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db->handle, "DELETE FROM \"user\" WHERE id = 2", 0, 0, 0), SQLITE_OK);
	ck_assert_int_eq(count("SELECT count(*) FROM session"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM one_time_token"), 0);
	ck_assert_rc(db_commit(db), RC_OK);
	ck_assert_int_eq(database_add_user("c"), 3);
	ck_assert_rc(db_begin_write(db), RC_OK);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("small_rows");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, token_row_put_leaves_a_user_the_newest_only);
	tcase_add_test(tests, token_row_of_nobody_opens_nothing);
	tcase_add_test(tests, verification_row_is_one_per_phone_and_lives_until_it_expires);
	tcase_add_test(tests, verification_row_with_an_id_too_long_is_damage_and_not_an_overflow);
	tcase_add_test(tests, bad_recipient_row_is_remembered_until_its_time);
	tcase_add_test(tests, day_count_row_counts_each_scope_of_each_day);
	tcase_add_test(tests, gateway_row_keeps_the_state_of_each);
	tcase_add_test(tests, gateway_row_switch_stays_whatever_is_put_and_ends_the_faults);
	tcase_add_test(tests, gateway_row_counts_each_result_and_its_times);
	tcase_add_test(tests, audit_row_outlives_whom_it_is_about);
	tcase_add_test(tests, a_purged_user_takes_logins_and_tokens_along_and_its_id_is_not_reused);
	return suite_run();
}
