#include "base/utf8.h"

#include "support/suite.h"

/* The encoding of RFC 3629 section 3, written out, to compare with. */
static size_t
encode(uint32_t c, char ret[static 4])
{
	if (c < 0x80) {
		ret[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (char)(0xc0 | c >> 6);
		ret[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (char)(0xe0 | c >> 12);
		ret[1] = (char)(0x80 | (c >> 6 & 63));
		ret[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	ret[0] = (char)(0xf0 | c >> 18);
	ret[1] = (char)(0x80 | (c >> 12 & 63));
	ret[2] = (char)(0x80 | (c >> 6 & 63));
	ret[3] = (char)(0x80 | (c & 63));
	return 4;
}

static bool
is_taken_as_itself(uint32_t c)
{
	char bytes[4];
	struct str s = { bytes, encode(c, bytes) };
	uint32_t back = 0;

	return utf8_is_valid(s) && utf8_count(s) == 1 && utf8_next(&s, &back) == RC_OK &&
	       back == c && s.len == 0 && utf8_next(&s, &back) == RC_NONE;
}

START_TEST(utf8_takes_every_code_point_but_surrogates)
{
	uint32_t c = 0;

	/* One assertion for all: each is a message to the runner, and a million are slow. */
	while (
	    c < 0x110100 && is_taken_as_itself(c) == (c < 0xd800 || (c > 0xdfff && c <= 0x10ffff)))
		c++;
	ck_assert_msg(c == 0x110100, "U+%04X", c);
}
END_TEST

START_TEST(utf8_refuses_what_is_malformed)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"a\x80",
		"\xc3",
		"\xc3(",
		"\xe2\x82",
		"\xe2\x28\xa1",
		"\xf0\x9f\x98",
		"\xf0\x28\x8c\xbc",
		"\xc3\xa4\xa4", /* cut off, or a stray continuation */
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf", /* overlong */
		"\xed\xa0\x80",
		"\xed\xbf\xbf", /* surrogates */
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", /* above U+10FFFF */
		"\xf8\x88\x80\x80\x80",
		"\xfc\x84\x80\x80\x80\x80",
		"\xfe",
		"\xff",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct str s = str_from(bad[i]);

		ck_assert_msg(!utf8_is_valid(s), "bad text %zu", i);
		ck_assert_msg(utf8_has_control(s), "bad text %zu", i);
	}
	ck_assert(utf8_is_valid(STR("")));
	ck_assert(utf8_is_valid((struct str){ "a\0b", 3 }));
}
END_TEST

START_TEST(utf8_next_takes_nothing_off_a_malformed_text)
{
	struct str s = STR("\xc3(");
	uint32_t c;

	ck_assert_rc(utf8_next(&s, &c), RC_SYNTAX);
	ck_assert_uint_eq(s.len, 2);
}
END_TEST

START_TEST(utf8_counts_code_points_not_bytes)
{
	ck_assert_uint_eq(utf8_count(STR("")), 0);
	ck_assert_uint_eq(utf8_count(STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
	/* A combining accent counts by itself. */
	ck_assert_uint_eq(utf8_count(STR("e\xcc\x81")), 2);
}
END_TEST

START_TEST(utf8_finds_control_characters)
{
	static const char *const with[] = { "\x01", "a\n", "\t", "\x1f", "\x7f", "\xc2\x80",
		"\xc2\x9f", "\xe2\x80\xa8", "\xe2\x80\xa9" };
	static const char *const without[] = { "", " ", "~", "\xc2\xa0", "\xe2\x80\xa7",
		"Jos\xc3\xa9", "\xe2\x80\xaf" };

	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		ck_assert_msg(utf8_has_control(str_from(with[i])), "text %zu", i);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		ck_assert_msg(!utf8_has_control(str_from(without[i])), "text %zu", i);
	ck_assert(utf8_has_control((struct str){ "a\0b", 3 }));
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("utf8");

	tcase_add_test(tests, utf8_takes_every_code_point_but_surrogates);
	tcase_add_test(tests, utf8_refuses_what_is_malformed);
	tcase_add_test(tests, utf8_next_takes_nothing_off_a_malformed_text);
	tcase_add_test(tests, utf8_counts_code_points_not_bytes);
	tcase_add_test(tests, utf8_finds_control_characters);
	return suite_run();
}
