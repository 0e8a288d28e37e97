#include "http/form.h"

#include <stdio.h>

#include "support/suite.h"

enum { TEXT_MAX = 8, ALL_MAX = 256 };

/* All pairs as "[name=value]", and "!" where form_next() refuses. */
static const char *
read_all(const char *text, enum form_kind kind)
{
	static char all[ALL_MAX];
	struct buf name = BUF_INIT(TEXT_MAX), value = BUF_INIT(TEXT_MAX),
	           to = BUF_INIT(ALL_MAX - 1);
	struct str rest = str_from(text);
	enum rc rc;

	while ((rc = form_next(&rest, kind, &name, &value)) == RC_OK)
		buf_printf(&to, "[%s=%s]", buf_text(&name), buf_text(&value));
	if (rc != RC_NONE) {
		ck_assert_rc(rc, RC_BAD_REQUEST);
		buf_add_char(&to, '!');
	}
	(void)snprintf(all, sizeof(all), "%s", buf_text(&to));
	buf_release(&name);
	buf_release(&value);
	buf_release(&to);
	return all;
}

START_TEST(form_gives_every_pair_decoded_once)
{
	ck_assert_str_eq(read_all("", FORM_BODY), "");
	ck_assert_str_eq(read_all(NULL, FORM_BODY), "");
	ck_assert_str_eq(read_all("a=1&b=2", FORM_BODY), "[a=1][b=2]");
	ck_assert_str_eq(read_all("a=1&a=2", FORM_BODY), "[a=1][a=2]");
	ck_assert_str_eq(read_all("a&b=&=c", FORM_BODY), "[a=][b=][=c]");
	ck_assert_str_eq(read_all("&a=1&&b=2&", FORM_BODY), "[a=1][b=2]");
	ck_assert_str_eq(read_all("a=b=c", FORM_BODY), "[a=b=c]");
	ck_assert_str_eq(read_all("%61=%2541%26", FORM_BODY), "[a=%41&]");
}
END_TEST

START_TEST(form_takes_a_plus_for_a_blank_in_a_body_alone)
{
	ck_assert_str_eq(read_all("a+b=+c%2b+", FORM_BODY), "[a b= c+ ]");
	ck_assert_str_eq(read_all("a+b=+c%2b+", FORM_QUERY), "[a+b=+c++]");
}
END_TEST

START_TEST(form_refuses_a_bad_escape_and_what_is_too_long)
{
	ck_assert_str_eq(read_all("a=1&b=%4", FORM_BODY), "[a=1]!");
	ck_assert_str_eq(read_all("%zz=1", FORM_QUERY), "!");
	ck_assert_str_eq(read_all("a=%00", FORM_QUERY), "!");
	ck_assert_str_eq(read_all("a=12345678", FORM_QUERY), "[a=12345678]");
	ck_assert_str_eq(read_all("a=123456789", FORM_QUERY), "!");
	ck_assert_str_eq(read_all("a=1234567%38", FORM_BODY), "[a=12345678]");
	ck_assert_str_eq(read_all("123456789=a", FORM_BODY), "!");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("form");

	tcase_add_test(tests, form_gives_every_pair_decoded_once);
	tcase_add_test(tests, form_takes_a_plus_for_a_blank_in_a_body_alone);
	tcase_add_test(tests, form_refuses_a_bad_escape_and_what_is_too_long);
	return suite_run();
}
