#include "cred/secret.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#define KEY STR("0123456789abcdef0123456789abcdef")

START_TEST(reset_tokens_are_32_bytes_of_base64url_and_never_the_same)
{
	char one[RESET_TOKEN_LEN + 1], two[RESET_TOKEN_LEN + 1];

	reset_token_make(one);
	reset_token_make(two);
	ck_assert_uint_eq(strlen(one), RESET_TOKEN_LEN);
	ck_assert_uint_eq(
	    strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
	    RESET_TOKEN_LEN);
	ck_assert_str_ne(one, two);
}
END_TEST

START_TEST(secret_hash_is_blake2b_256_of_any_text)
{
	char hash[SECRET_HASH_LEN + 1], other[SECRET_HASH_LEN + 1];

	/* `printf abc | b2sum -l 256`, as base64url */
	secret_hash(STR("abc"), hash);
	ck_assert_str_eq(hash, "vd2BPGNCOXIxce8_7phXm5SWTjuxyz5CcmLIwGjVIxk");
	secret_hash(STR("abd"), other);
	ck_assert_str_ne(hash, other);
	secret_hash(STR(""), hash);
	secret_hash(STR_NULL, other);
	ck_assert_str_eq(hash, other);
}
END_TEST

START_TEST(secret_equal_needs_the_same_bytes_and_both_there)
{
	ck_assert(secret_equal(STR("abc"), STR("abc")));
	ck_assert(secret_equal(STR(""), STR("")));
	ck_assert(!secret_equal(STR("abc"), STR("abd")));
	ck_assert(!secret_equal(STR("abc"), STR("ab")));
	ck_assert(!secret_equal(STR_NULL, STR("")));
	ck_assert(!secret_equal(STR_NULL, STR_NULL));
}
END_TEST

static void
derive(const char *purpose, const char *phone, const char *id, unsigned length,
    char ret[static CODE_LENGTH_MAX + 1])
{
	code_derive(KEY, str_from(purpose), str_from(phone), str_from(id), length, ret);
}

START_TEST(code_derive_gives_the_same_code_for_the_same_request_only)
{
	char code[CODE_LENGTH_MAX + 1], other[CODE_LENGTH_MAX + 1];

	derive("phone", "+1777", "id", 10, code);
	derive("phone", "+1777", "id", 10, other);
	ck_assert_str_eq(code, other);
	derive("phone", "+1777", "ie", 10, other);
	ck_assert_str_ne(code, other);
	derive("phone", "+1778", "id", 10, other);
	ck_assert_str_ne(code, other);
	derive("reset", "+1777", "id", 10, other);
	ck_assert_str_ne(code, other);
	/* What moves from one text to the next makes another request, too. */
	derive("phone+", "1777", "id", 10, other);
	ck_assert_str_ne(code, other);
	code_derive(STR("0123456789abcdef0123456789abcdeg"), STR("phone"), STR("+1777"), STR("id"),
	    10, other);
	ck_assert_str_ne(code, other);
}
END_TEST

START_TEST(code_derive_stays_what_it_was)
{
	char code[CODE_LENGTH_MAX + 1];

	/* Computed by another program (Python's hashlib): the next release must agree with it. */
	derive("phone", "+1777", "id", 6, code);
	ck_assert_str_eq(code, "473750");
}
END_TEST

START_TEST(code_derive_pads_to_its_length_and_clamps_it)
{
	char code[CODE_LENGTH_MAX + 1];

	for (unsigned length = CODE_LENGTH_MIN; length <= CODE_LENGTH_MAX; length++) {
		derive("phone", "+1777", "id", length, code);
		ck_assert_uint_eq(strlen(code), length);
		ck_assert_uint_eq(strspn(code, "0123456789"), length);
	}
	derive("phone", "+1777", "id", CODE_LENGTH_MIN - 1, code);
	ck_assert_uint_eq(strlen(code), CODE_LENGTH_MIN);
	derive("phone", "+1777", "id", CODE_LENGTH_MAX + 1, code);
	ck_assert_uint_eq(strlen(code), CODE_LENGTH_MAX);
}
END_TEST

START_TEST(code_derive_favours_no_digit_in_any_place)
{
	enum { CODES = 20000, LENGTH = 6 };
	unsigned count[LENGTH][10] = { 0 };
	char code[CODE_LENGTH_MAX + 1], id[16];

	for (int i = 0; i < CODES; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		derive("phone", "+1777", id, LENGTH, code);
		for (int at = 0; at < LENGTH; at++)
			count[at][code[at] - '0']++;
	}
	/* 2000 expected, the deviation is 42; nothing here is random, so it can't fail by chance.
	 */
	for (int at = 0; at < LENGTH; at++)
		for (int digit = 0; digit < 10; digit++)
			ck_assert_msg(count[at][digit] > 1800 && count[at][digit] < 2200,
			    "digit %d stands %u times in place %d", digit, count[at][digit], at);
}
END_TEST

START_TEST(secret_draw_depends_on_key_and_text)
{
	ck_assert_uint_eq(secret_draw(KEY, STR("a")), secret_draw(KEY, STR("a")));
	ck_assert_uint_ne(secret_draw(KEY, STR("a")), secret_draw(KEY, STR("b")));
	ck_assert_uint_ne(secret_draw(KEY, STR("a")), secret_draw(STR("other"), STR("a")));
}
END_TEST

START_TEST(a_sealed_box_opens_with_its_secret_key_only)
{
	char public_key[SEAL_KEY_TEXT_LEN + 1], secret_key[SEAL_KEY_TEXT_LEN + 1];
	char other_public[SEAL_KEY_TEXT_LEN + 1], other_secret[SEAL_KEY_TEXT_LEN + 1];
	struct buf box = BUF_INIT(4096), again = BUF_INIT(4096), plain = BUF_INIT(4096);

	seal_keypair(public_key, secret_key);
	seal_keypair(other_public, other_secret);
	ck_assert_rc(seal_box(str_from(public_key), STR("{\"code\":\"1\"}"), &box), RC_OK);
	ck_assert_rc(seal_box(str_from(public_key), STR("{\"code\":\"1\"}"), &again), RC_OK);
	ck_assert(!str_equal(buf_str(&box), buf_str(&again)));
	ck_assert(!str_contains(buf_str(&box), STR("code")));
	ck_assert_rc(seal_open(str_from(secret_key), buf_str(&box), &plain), RC_OK);
	ck_assert_text(buf_str(&plain), "{\"code\":\"1\"}");
	buf_reset(&plain);
	ck_assert_rc(seal_open(str_from(other_secret), buf_str(&box), &plain), RC_SYNTAX);
	ck_assert_rc(seal_open(str_from(public_key), buf_str(&box), &plain), RC_SYNTAX);
	box.ptr[5] = box.ptr[5] == 'A' ? 'B' : 'A';
	ck_assert_rc(seal_open(str_from(secret_key), buf_str(&box), &plain), RC_SYNTAX);
	ck_assert_rc(
	    seal_open(str_from(secret_key), str_slice(buf_str(&again), 0, 40), &plain), RC_SYNTAX);
	ck_assert_rc(seal_open(str_from(secret_key), STR(""), &plain), RC_SYNTAX);
	ck_assert_rc(seal_open(str_from(secret_key), STR("!"), &plain), RC_SYNTAX);
	ck_assert_uint_eq(plain.len, 0);
	buf_release(&box);
	buf_release(&again);
	buf_release(&plain);
}
END_TEST

START_TEST(seal_refuses_what_is_no_key)
{
	char secret_key[SEAL_KEY_TEXT_LEN + 1], public_key[SEAL_KEY_TEXT_LEN + 1];
	char derived[SEAL_KEY_TEXT_LEN + 1];
	struct buf box = BUF_INIT(4096);

	seal_keypair(public_key, secret_key);
	ck_assert_rc(seal_public(str_from(secret_key), derived), RC_OK);
	ck_assert_str_eq(derived, public_key);
	ck_assert_rc(seal_public(STR("short"), derived), RC_SYNTAX);
	ck_assert_rc(seal_box(STR("short"), STR("x"), &box), RC_SYNTAX);
	ck_assert_rc(seal_box(STR_NULL, STR("x"), &box), RC_SYNTAX);
	/* A point of low order would make a box that anybody opens. */
	ck_assert_rc(seal_box(STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), STR("x"), &box),
	    RC_SYNTAX);
	ck_assert_rc(seal_box(str_from(public_key), STR(""), &box), RC_OK);
	buf_release(&box);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("secret");

	if (secret_init() != RC_OK)
		return 1;
	tcase_add_test(tests, reset_tokens_are_32_bytes_of_base64url_and_never_the_same);
	tcase_add_test(tests, secret_hash_is_blake2b_256_of_any_text);
	tcase_add_test(tests, secret_equal_needs_the_same_bytes_and_both_there);
	tcase_add_test(tests, code_derive_gives_the_same_code_for_the_same_request_only);
	tcase_add_test(tests, code_derive_stays_what_it_was);
	tcase_add_test(tests, code_derive_pads_to_its_length_and_clamps_it);
	tcase_add_test(tests, code_derive_favours_no_digit_in_any_place);
	tcase_add_test(tests, secret_draw_depends_on_key_and_text);
	tcase_add_test(tests, a_sealed_box_opens_with_its_secret_key_only);
	tcase_add_test(tests, seal_refuses_what_is_no_key);
	return suite_run();
}
