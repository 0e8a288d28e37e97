#include <stdio.h>

#include "base/clock.h"
#include "domain/outbox.h"
#include "store/rows.h"
#include "support/people.h"

#define NAME STR("main")

static bool
is_live(void)
{
	bool is_live = false;

	ck_assert_rc(gateway_is_live(service->db, NAME, &is_live), RC_OK);
	return is_live;
}

static void
note(enum delivery_result result)
{
	const struct delivery delivery = { .result = result };
	const struct attempt attempt = { NAME, &delivery, 40 };

	ck_assert_rc(outbox_tried(service->db, &attempt), RC_OK);
}

static int64_t
count(const char *result)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql),
	    "SELECT coalesce(sum(n), 0) FROM gateway_result WHERE result = '%s'", result);
	return service_query(sql);
}

static void
switch_off(bool is_off)
{
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(gateway_row_switch(service->db, NAME, is_off), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
}

static void
put_out(void)
{
	for (int i = 0; i < GATEWAY_FAULTS_MAX; i++)
		note(DELIVERY_LATER);
}

START_TEST(gateway_is_in_service_until_three_faults_in_a_row)
{
	ck_assert(is_live());
	note(DELIVERY_LATER);
	note(DELIVERY_MISCONFIGURED);
	ck_assert(is_live());
	note(DELIVERY_OK);
	note(DELIVERY_LATER);
	note(DELIVERY_LATER);
	ck_assert(is_live());
	note(DELIVERY_LATER);
	ck_assert(!is_live());
	ck_assert_int_eq(count("ok"), 1);
	ck_assert_int_eq(count("later"), 4);
	ck_assert_int_eq(count("misconfigured"), 1);
	ck_assert_int_eq(
	    service_query("SELECT sum(total_ms) FROM gateway_result"), 6 * INT64_C(40));
}
END_TEST

START_TEST(gateway_is_not_at_fault_for_what_it_refuses)
{
	note(DELIVERY_LATER);
	note(DELIVERY_LATER);
	note(DELIVERY_BAD_RECIPIENT);
	note(DELIVERY_LATER);
	note(DELIVERY_LATER);
	note(DELIVERY_PERMANENT);
	note(DELIVERY_LATER);
	note(DELIVERY_LATER);
	ck_assert(is_live());
	ck_assert_int_eq(count("ok"), 0);
	ck_assert_int_eq(count("bad_recipient") + count("permanent"), 2);
}
END_TEST

START_TEST(gateway_that_was_out_gets_one_probe_at_a_time)
{
	put_out();
	clock_advance(GATEWAY_OUT_MIN_MS - 1);
	ck_assert(!is_live());
	clock_advance(1);
	ck_assert(is_live());
	ck_assert(!is_live());
	/* A probe that never reports is followed by another. */
	clock_advance(GATEWAY_PROBE_MS - 1);
	ck_assert(!is_live());
	clock_advance(1);
	ck_assert(is_live());
	ck_assert(!is_live());
	note(DELIVERY_OK);
	ck_assert(is_live());
	ck_assert(is_live());
}
END_TEST

START_TEST(gateway_is_out_for_twice_as_long_after_each_failed_probe)
{
	static const int64_t minutes[] = { 1, 2, 4, 8, 16, 32, 60, 60 };

	put_out();
	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		clock_advance(minutes[i] * 60000 - 1);
		ck_assert(!is_live());
		clock_advance(1);
		ck_assert(is_live());
		note(DELIVERY_MISCONFIGURED);
		ck_assert(!is_live());
	}
	/* In service again, it starts anew. */
	note(DELIVERY_OK);
	put_out();
	clock_advance(GATEWAY_OUT_MIN_MS);
	ck_assert(is_live());
}
END_TEST

START_TEST(gateway_that_is_out_is_not_put_out_longer_by_stragglers)
{
	put_out();
	for (int i = 0; i < 5; i++)
		note(DELIVERY_LATER);
	clock_advance(GATEWAY_OUT_MIN_MS);
	ck_assert(is_live());
	ck_assert_int_eq(count("later"), 8);
}
END_TEST

START_TEST(gateway_comes_back_after_a_clock_that_was_wrong)
{
	clock_advance(INT64_C(86400000) * 365);
	put_out();
	ck_assert(!is_live());
	clock_fix(SERVICE_NOW);
	ck_assert(is_live());
}
END_TEST

START_TEST(gateways_do_not_share_their_faults)
{
	bool is_other_live = false;

	put_out();
	ck_assert_rc(gateway_is_live(service->db, STR("other"), &is_other_live), RC_OK);
	ck_assert(is_other_live && !is_live());
}
END_TEST

START_TEST(gateway_that_is_off_gets_no_message_and_no_probe)
{
	bool is_off = false;

	switch_off(true);
	ck_assert(!is_live());
	ck_assert_rc(gateway_is_off(service->db, NAME, &is_off), RC_OK);
	ck_assert(is_off);
	put_out();
	clock_advance(GATEWAY_OUT_MIN_MS);
	ck_assert(!is_live());
	/* What it still answers switches nothing on. */
	note(DELIVERY_OK);
	ck_assert(!is_live());
	put_out();
	switch_off(false);
	ck_assert(is_live());
	ck_assert_rc(gateway_is_off(service->db, NAME, &is_off), RC_OK);
	ck_assert(!is_off);
	ck_assert_rc(gateway_is_off(service->db, STR("never used"), &is_off), RC_OK);
	ck_assert(!is_off);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("gateway_state");

	tcase_add_checked_fixture(tests, people_setup, people_teardown);
	tcase_add_test(tests, gateway_is_in_service_until_three_faults_in_a_row);
	tcase_add_test(tests, gateway_is_not_at_fault_for_what_it_refuses);
	tcase_add_test(tests, gateway_that_was_out_gets_one_probe_at_a_time);
	tcase_add_test(tests, gateway_is_out_for_twice_as_long_after_each_failed_probe);
	tcase_add_test(tests, gateway_that_is_out_is_not_put_out_longer_by_stragglers);
	tcase_add_test(tests, gateway_comes_back_after_a_clock_that_was_wrong);
	tcase_add_test(tests, gateways_do_not_share_their_faults);
	tcase_add_test(tests, gateway_that_is_off_gets_no_message_and_no_probe);
	return suite_run();
}
