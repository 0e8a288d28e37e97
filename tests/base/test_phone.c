#include "base/phone.h"

#include "support/suite.h"

START_TEST(phone_normalize_gives_the_number_with_its_plus)
{
	static const char *const pairs[][2] = {
		{ "+1234567890", "+1234567890" },
		{ "1234567890", "+1234567890" },
		{ "1234567", "+1234567" },
		{ "+123456789012345", "+123456789012345" },
		{ "+1 (555) 010-99.88", "+15550109988" },
		{ " +49\t30 123456 ", "+4930123456" },
		{ "(+44) 20 7946 0018", "+442079460018" },
		{ "--1..2((3))4567", "+1234567" },
	};
	char out[PHONE_TEXT_MAX + 1];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ck_assert_msg(phone_normalize(str_from(pairs[i][0]), out) == RC_OK, "refused: %s",
		    pairs[i][0]);
		ck_assert_str_eq(out, pairs[i][1]);
	}
}
END_TEST

START_TEST(phone_normalize_refuses_what_is_no_international_number)
{
	static const char *const bad[] = { "", " ", "+", "+ ", "()", "123456", "+123456",
		"1234567890123456", "+1234567890123456", "0123456789", "+0123456789",
		"+(0)123456789", "++1234567890", "1+234567890", "1234567890+", "+1-234-567-89o",
		"abc", "12345678x", "+1/2345678", "+1\n2345678", "tel:+1234567890", "1234567,8",
		"+1234567;ext=8", "\xef\xbc\x91\x32\x33\x34\x35\x36\x37\x38",
		"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7", "\xc2\xa0+1234567890",
		"\xef\xbc\x8b\x31\x32\x33\x34\x35\x36\x37\x38" };
	char out[PHONE_TEXT_MAX + 1] = "untouched";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
		    phone_normalize(str_from(bad[i]), out) == RC_SYNTAX, "taken: %s", bad[i]);
	ck_assert_rc(phone_normalize((struct str){ "123\0"
	                                           "4567",
	                                 8 },
	                 out),
	    RC_SYNTAX);
	ck_assert_rc(phone_normalize(STR_NULL, out), RC_SYNTAX);
	ck_assert_str_eq(out, "untouched");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("phone");

	tcase_add_test(tests, phone_normalize_gives_the_number_with_its_plus);
	tcase_add_test(tests, phone_normalize_refuses_what_is_no_international_number);
	return suite_run();
}
