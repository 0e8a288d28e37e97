#include "base/base64.h"

#include <string.h>

#include "base/random.h"
#include "support/suite.h"

static const struct {
	const char *bytes, *url, *std;
} pairs[] = {
	/* RFC 4648 section 10, and the two characters that differ. */
	{ "", "", "" },
	{ "f", "Zg", "Zg==" },
	{ "fo", "Zm8", "Zm8=" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "-_-_", "+/+/" },
};

START_TEST(base64_encodes_and_decodes_the_examples_of_its_rfc)
{
	struct buf out = BUF_INIT(64);
	unsigned char back[16];
	char text[16];
	size_t len;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct str bytes = str_from(pairs[i].bytes);

		base64_add_url(&out, bytes.ptr, bytes.len);
		ck_assert_text(buf_str(&out), pairs[i].url);
		ck_assert_uint_eq(out.len, BASE64_URL_LEN(bytes.len));
		base64_write_url(text, bytes.ptr, bytes.len);
		ck_assert_str_eq(text, pairs[i].url);
		ck_assert_rc(base64_decode_url(buf_str(&out), sizeof(back), back, &len), RC_OK);
		ck_assert(str_equal((struct str){ (char *)back, len }, bytes));
		buf_reset(&out);
		base64_add_std(&out, bytes.ptr, bytes.len);
		ck_assert_text(buf_str(&out), pairs[i].std);
		ck_assert_rc(base64_decode_std(buf_str(&out), sizeof(back), back, &len), RC_OK);
		ck_assert(str_equal((struct str){ (char *)back, len }, bytes));
		buf_reset(&out);
	}
	buf_release(&out);
}
END_TEST

START_TEST(base64_decode_refuses_all_but_the_canonical_form)
{
	static const char *const bad_url[] = { "Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm+v",
		"Zm/v", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9v.", "\xc3\xa4g" };
	static const char *const bad_std[] = { "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm-v", "Zm_v",
		"Zg==Zg==", "====", "Z===", "Zm9v=", "=" };
	unsigned char back[16];
	size_t len;

	for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++)
		ck_assert_msg(
		    base64_decode_url(str_from(bad_url[i]), sizeof(back), back, &len) == RC_SYNTAX,
		    "taken: %s", bad_url[i]);
	for (size_t i = 0; i < sizeof(bad_std) / sizeof(bad_std[0]); i++)
		ck_assert_msg(
		    base64_decode_std(str_from(bad_std[i]), sizeof(back), back, &len) == RC_SYNTAX,
		    "taken: %s", bad_std[i]);
	/* A NUL byte inside. */
	ck_assert_rc(
	    base64_decode_url((struct str){ "Zm\0v", 4 }, sizeof(back), back, &len), RC_SYNTAX);
}
END_TEST

START_TEST(base64_decode_never_writes_past_its_limit)
{
	unsigned char back[3] = { 0, 0, 7 };
	size_t len = 9;

	ck_assert_rc(base64_decode_url(STR("Zm9v"), 2, back, &len), RC_LIMIT);
	ck_assert_uint_eq(len, 9);
	ck_assert_rc(base64_decode_url(STR("Zm8"), 2, back, &len), RC_OK);
	ck_assert_uint_eq(len, 2);
	ck_assert_uint_eq(back[2], 7);
}
END_TEST

START_TEST(random_ids_are_canonical_base64url_of_128_bits)
{
	char a[RANDOM_ID_LEN + 1], b[RANDOM_ID_LEN + 1];
	unsigned char back[16];
	size_t len;

	random_id(a);
	random_id(b);
	ck_assert_uint_eq(strlen(a), RANDOM_ID_LEN);
	ck_assert_rc(base64_decode_url(str_from(a), sizeof(back), back, &len), RC_OK);
	ck_assert_uint_eq(len, 16);
	ck_assert_str_ne(a, b);
}
END_TEST

/* One in 64 would; that none does in 4096 by luck is less likely than 2^-90. */
START_TEST(random_ids_never_look_like_options)
{
	char id[RANDOM_ID_LEN + 1];

	for (int i = 0; i < 4096; i++) {
		random_id(id);
		ck_assert_int_ne(id[0], '-');
	}
}
END_TEST

START_TEST(random_below_stays_below_and_reaches_each_value)
{
	unsigned seen = 0;

	for (int i = 0; i < 2000; i++) {
		uint32_t value = random_below(5);

		ck_assert_uint_lt(value, 5);
		seen |= 1U << value;
		ck_assert_uint_eq(random_below(1), 0);
		ck_assert_uint_lt(random_below(0x80000001U), 0x80000001U);
	}
	/* Missing one of five in 2000 draws: less likely than 2^-600. */
	ck_assert_uint_eq(seen, 31);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("base64");

	tcase_add_test(tests, base64_encodes_and_decodes_the_examples_of_its_rfc);
	tcase_add_test(tests, base64_decode_refuses_all_but_the_canonical_form);
	tcase_add_test(tests, base64_decode_never_writes_past_its_limit);
	tcase_add_test(tests, random_ids_are_canonical_base64url_of_128_bits);
	tcase_add_test(tests, random_ids_never_look_like_options);
	tcase_add_test(tests, random_below_stays_below_and_reaches_each_value);
	return suite_run();
}
