#include "base/conf_value.h"

#include <stdlib.h>

#include "support/suite.h"

static void
check_duration(const char *text, int64_t ms)
{
	struct buf again = BUF_INIT(64);
	int64_t value = -1;

	ck_assert_rc(conf_value_duration(str_from(text), &value), RC_OK);
	ck_assert_int_eq(value, ms);
	conf_value_add_duration(&again, value);
	ck_assert_text(buf_str(&again), text);
	buf_release(&again);
}

START_TEST(conf_value_duration_takes_a_number_and_one_unit)
{
	static const char *const bad[] = { "", "m", "15", "15M", "15 m", "-1m", "1.5h", "01m",
		"1h30m", "15mm", "+1s", "0x1s", NULL };
	int64_t value = -1;

	check_duration("500ms", 500);
	check_duration("15s", 15000);
	check_duration("15m", 900000);
	check_duration("7h", 25200000);
	check_duration("30d", 2592000000);
	check_duration("0ms", 0);
	for (size_t i = 0; bad[i] != NULL; i++)
		ck_assert_rc(conf_value_duration(str_from(bad[i]), &value), RC_SYNTAX);
	ck_assert_rc(conf_value_duration(STR("9223372036854775807ms"), &value), RC_OK);
	ck_assert_rc(conf_value_duration(STR("9223372036854775808ms"), &value), RC_LIMIT);
	ck_assert_rc(conf_value_duration(STR("106751991167d"), &value), RC_OK);
	ck_assert_rc(conf_value_duration(STR("106751991168d"), &value), RC_LIMIT);
}
END_TEST

static void
check_size(const char *text, size_t size)
{
	struct buf again = BUF_INIT(64);
	size_t value = 1;

	ck_assert_rc(conf_value_size(str_from(text), &value), RC_OK);
	ck_assert_uint_eq(value, size);
	conf_value_add_size(&again, value);
	ck_assert_text(buf_str(&again), text);
	buf_release(&again);
}

START_TEST(conf_value_size_takes_bytes_or_units_of_1024)
{
	static const char *const bad[] = { "", "k", "64K", "64kb", "64 k", "-1k", "1.5m", "064k",
		NULL };
	size_t value;

	check_size("0", 0);
	check_size("1023", 1023);
	check_size("64k", 65536);
	check_size("19m", 19922944);
	check_size("1g", 1073741824);
	for (size_t i = 0; bad[i] != NULL; i++)
		ck_assert_rc(conf_value_size(str_from(bad[i]), &value), RC_SYNTAX);
	ck_assert_rc(conf_value_size(STR("99999999999999999999"), &value), RC_LIMIT);
}
END_TEST

START_TEST(conf_value_limit_takes_a_count_and_a_window)
{
	static const char *const bad[] = { "", "10", "10/", "/15m", "10/15", "10/15m/1", "10 / 15m",
		NULL };
	struct limit limit = { 0, 0 };
	struct buf again = BUF_INIT(64);

	ck_assert_rc(conf_value_limit(STR("10/15m"), &limit), RC_OK);
	ck_assert_uint_eq(limit.count, 10);
	ck_assert_int_eq(limit.window_ms, 900000);
	conf_value_add_limit(&again, limit);
	ck_assert_text(buf_str(&again), "10/15m");
	buf_release(&again);
	for (size_t i = 0; bad[i] != NULL; i++)
		ck_assert_rc(conf_value_limit(str_from(bad[i]), &limit), RC_SYNTAX);
	ck_assert_rc(conf_value_limit(STR("4294967295/1s"), &limit), RC_OK);
	ck_assert_rc(conf_value_limit(STR("4294967296/1s"), &limit), RC_LIMIT);
}
END_TEST

START_TEST(conf_value_quotes_what_would_end_the_text)
{
	struct buf text = BUF_INIT(64);

	conf_value_add_quoted(&text, STR("a\"b\\c\x01"));
	ck_assert_text(buf_str(&text), "\"a\\\"b\\\\c\\x01\"");
	buf_release(&text);
}
END_TEST

START_TEST(conf_value_distance_counts_changes_and_swaps)
{
	char longest[42] = { 0 };

	ck_assert_uint_eq(conf_value_distance(STR("listen"), STR("listen")), 0);
	ck_assert_uint_eq(conf_value_distance(STR("lsiten"), STR("listen")), 1);
	ck_assert_uint_eq(conf_value_distance(STR("listn"), STR("listen")), 1);
	ck_assert_uint_eq(conf_value_distance(STR("listenn"), STR("listen")), 1);
	ck_assert_uint_eq(conf_value_distance(STR("kitten"), STR("sitting")), 3);
	ck_assert_uint_eq(conf_value_distance(STR(""), STR("abc")), 3);
	for (size_t i = 0; i < 40; i++)
		longest[i] = 'a';
	ck_assert_uint_eq(conf_value_distance(str_from(longest), STR("a")), 39);
	longest[40] = 'a';
	ck_assert_uint_eq(conf_value_distance(str_from(longest), STR("a")), SIZE_MAX);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_value");

	tcase_add_test(tests, conf_value_duration_takes_a_number_and_one_unit);
	tcase_add_test(tests, conf_value_size_takes_bytes_or_units_of_1024);
	tcase_add_test(tests, conf_value_limit_takes_a_count_and_a_window);
	tcase_add_test(tests, conf_value_quotes_what_would_end_the_text);
	tcase_add_test(tests, conf_value_distance_counts_changes_and_swaps);
	return suite_run();
}
