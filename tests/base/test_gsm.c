#include "base/gsm.h"

#include <string.h>

#include "support/suite.h"

/* n times the text, in a static buffer. */
static struct str
times(const char *text, size_t n)
{
	static char out[2000];

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * strlen(text), text, strlen(text) + 1);
	return str_from(out);
}

START_TEST(gsm_segments_change_at_their_sizes)
{
	ck_assert_uint_eq(gsm_segments(STR("")), 1);
	ck_assert_uint_eq(gsm_segments(times("a", 160)), 1);
	ck_assert_uint_eq(gsm_segments(times("a", 161)), 2);
	ck_assert_uint_eq(gsm_segments(times("a", 306)), 2);
	ck_assert_uint_eq(gsm_segments(times("a", 307)), 3);
	ck_assert_uint_eq(gsm_segments(times("€", 80)), 1);
	ck_assert_uint_eq(gsm_segments(times("€", 81)), 2);
	/* 76 of two septets fit into 153: none is cut. */
	ck_assert_uint_eq(gsm_segments(times("€", 152)), 2);
	ck_assert_uint_eq(gsm_segments(times("€", 153)), 3);
	ck_assert_uint_eq(gsm_segments(times("я", 70)), 1);
	ck_assert_uint_eq(gsm_segments(times("я", 71)), 2);
	ck_assert_uint_eq(gsm_segments(times("😀", 35)), 1);
	ck_assert_uint_eq(gsm_segments(times("😀", 36)), 2);
}
END_TEST

START_TEST(gsm_is_plain_knows_the_alphabet)
{
	ck_assert(gsm_is_plain(STR("Hello, äöüßàéñ¿¡£¥§ {[~]}|^\\ €\r\n")));
	ck_assert(!gsm_is_plain(STR("`")));
	ck_assert(!gsm_is_plain(STR("ç")));
	ck_assert(!gsm_is_plain(STR("\xff")));
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("gsm");

	tcase_add_test(tests, gsm_segments_change_at_their_sizes);
	tcase_add_test(tests, gsm_is_plain_knows_the_alphabet);
	return suite_run();
}
