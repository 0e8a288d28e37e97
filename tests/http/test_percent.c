#include "http/percent.h"

#include "support/suite.h"

enum { TEXT_MAX = 256 };

typedef void encoder(struct buf *to, struct str s);

static void
check(encoder *encode, struct str from, const char *wanted)
{
	struct buf text = BUF_INIT(TEXT_MAX), again = BUF_INIT(TEXT_MAX);

	encode(&text, from);
	ck_assert_str_eq(buf_text(&text), wanted);
	ck_assert(percent_add_decoded(&again, buf_str(&text)));
	ck_assert(str_equal(buf_str(&again), from));
	buf_release(&text);
	buf_release(&again);
}

START_TEST(percent_header_values_are_visible_ascii_and_decode_to_what_they_were)
{
	check(percent_add_header_value, STR(""), "");
	check(percent_add_header_value, STR("o'neil+tag@example.com"), "o'neil+tag@example.com");
	check(percent_add_header_value, STR("!~#$&*/:;<=>?[]^_`{|}()"), "!~#$&*/:;<=>?[]^_`{|}()");
	check(percent_add_header_value, STR("100%@example.com"), "100%25@example.com");
	check(percent_add_header_value,
	    STR("a@b\xc3\xbc"
	        "cher.example"),
	    "a@b%C3%BCcher.example");
	check(percent_add_header_value, STR("a\r\nX-Auth-User: 1"), "a%0D%0AX-Auth-User:%201");
	check(percent_add_header_value, STR("a,b \"c\" \\ \t\x7f\xff"),
	    "a%2Cb%20%22c%22%20%5C%20%09%7F%FF");
}
END_TEST

START_TEST(percent_values_of_parameters_keep_the_unreserved_alone)
{
	check(percent_add_encoded, STR("AZaz09-._~"), "AZaz09-._~");
	check(percent_add_encoded, STR("https://a.example:8443/b?c=d&e=%2f+#\r\n"),
	    "https%3A%2F%2Fa.example%3A8443%2Fb%3Fc%3Dd%26e%3D%252f%2B%23%0D%0A");
	check(percent_add_encoded, STR("\xc3\xbc\xff"), "%C3%BC%FF");
}
END_TEST

START_TEST(percent_decoding_refuses_a_bad_escape)
{
	static const char *const bad[] = { "%", "a%", "%4", "%4g", "%g4", "%00", "a%00b", "%%41" };
	struct buf text = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!percent_add_decoded(&text, str_from(bad[i])), "%s is taken", bad[i]);
	buf_reset(&text);
	ck_assert(percent_add_decoded(&text, STR("%2541%7e+")));
	ck_assert_str_eq(buf_text(&text), "%41~+");
	buf_release(&text);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("percent");

	tcase_add_test(tests, percent_header_values_are_visible_ascii_and_decode_to_what_they_were);
	tcase_add_test(tests, percent_values_of_parameters_keep_the_unreserved_alone);
	tcase_add_test(tests, percent_decoding_refuses_a_bad_escape);
	return suite_run();
}
