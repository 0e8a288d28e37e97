#include "base/str.h"

#include <stdlib.h>

#include "support/suite.h"

START_TEST(str_cut_gives_each_piece_and_then_nothing)
{
	struct str rest = STR("a,,b"), head;

	ck_assert(str_cut(&rest, ',', &head));
	ck_assert_text(head, "a");
	ck_assert(str_cut(&rest, ',', &head));
	ck_assert_text(head, "");
	ck_assert(str_cut(&rest, ',', &head));
	ck_assert_text(head, "b");
	ck_assert(!str_cut(&rest, ',', &head));
}
END_TEST

START_TEST(str_equal_keeps_absent_from_empty)
{
	ck_assert(!str_equal(STR_NULL, STR("")));
	ck_assert(str_equal(STR_NULL, STR_NULL));
	ck_assert(str_equal_nocase(STR("Bearer"), STR("bEARER")));
	ck_assert(!str_equal_nocase(STR("a"), STR("b")));
}
END_TEST

START_TEST(str_to_u64_takes_only_plain_digits_to_the_maximum)
{
	uint64_t value = 0;

	ck_assert_rc(str_to_u64(STR("9223372036854775807"), INT64_MAX, &value), RC_OK);
	ck_assert_uint_eq(value, INT64_MAX);
	ck_assert_rc(str_to_u64(STR("9223372036854775808"), INT64_MAX, &value), RC_LIMIT);
	ck_assert_rc(str_to_u64(STR("18446744073709551616"), UINT64_MAX, &value), RC_LIMIT);
	ck_assert_rc(str_to_u64(STR("01"), 10, &value), RC_SYNTAX);
	ck_assert_rc(str_to_u64(STR("+1"), 10, &value), RC_SYNTAX);
	ck_assert_rc(str_to_u64(STR(""), 10, &value), RC_SYNTAX);
}
END_TEST

START_TEST(str_is_ascii_up_to_0x7f)
{
	ck_assert(str_is_ascii(STR("a\x7f\0b")) && str_is_ascii(STR("")) && str_is_ascii(STR_NULL));
	ck_assert(!str_is_ascii(STR("a\x80")) && !str_is_ascii(STR("\xff")));
}
END_TEST

START_TEST(str_finds_parts)
{
	char *copy = str_dup(STR("abc"));

	ck_assert(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")));
	ck_assert(str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
	ck_assert(str_contains(STR("abc"), STR("b")) && !str_contains(STR("abc"), STR("ac")));
	ck_assert_text(str_trim(STR(" \ta b\t ")), "a b");
	ck_assert_text(str_slice(STR("abc"), 1, 9), "bc");
	ck_assert_str_eq(copy, "abc");
	free(copy);
	ck_assert_ptr_null(str_dup(STR_NULL));
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("str");

	tcase_add_test(tests, str_cut_gives_each_piece_and_then_nothing);
	tcase_add_test(tests, str_equal_keeps_absent_from_empty);
	tcase_add_test(tests, str_to_u64_takes_only_plain_digits_to_the_maximum);
	tcase_add_test(tests, str_is_ascii_up_to_0x7f);
	tcase_add_test(tests, str_finds_parts);
	return suite_run();
}
