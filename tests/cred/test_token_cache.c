#include <stdio.h>
#include <string.h>

#include "cred/keyring.h"
#include "cred/secret.h"
#include "cred/token.h"
#include "support/suite.h"

#define NOW INT64_C(1764547200)

static struct keyring *ring;
static struct token_cache *cache;

static void
set_up(void)
{
	ck_assert_rc(keyring_of_secret(STR("0123456789abcdef0123456789abcdef"), &ring), RC_OK);
	ck_assert_rc(token_cache_new(8, &cache), RC_OK);
}

static void
tear_down(void)
{
	token_cache_free(cache);
	keyring_free(ring);
}

static struct buf
sign(int64_t user_id)
{
	struct claims claims = {
		.jti = "abc", .user_id = user_id, .iat = NOW, .exp = NOW + 900, .rf_exp = NOW + 9000
	};
	struct buf token = BUF_INIT(TOKEN_MAX);

	ck_assert_rc(token_sign(ring, &claims, STR("admin"), &token), RC_OK);
	return token;
}

START_TEST(token_cache_gives_what_token_check_gives)
{
	struct buf token = sign(7);
	struct claims first, again;

	ck_assert_rc(token_cache_check(cache, ring, buf_str(&token), NOW, &first), RC_OK);
	ck_assert_rc(token_cache_check(cache, ring, buf_str(&token), NOW, &again), RC_OK);
	ck_assert_int_eq(first.user_id, 7);
	ck_assert_int_eq(again.user_id, 7);
	ck_assert_str_eq(again.jti, "abc");
	ck_assert_int_eq(again.rf_exp, NOW + 9000);
	buf_release(&token);
}
END_TEST

START_TEST(token_cache_remembers_nothing_that_was_refused)
{
	struct buf token = sign(7);
	struct claims claims;

	ck_assert_rc(token_cache_check(cache, ring, buf_str(&token), NOW, &claims), RC_OK);
	for (size_t i = 0; i < token.len; i++) {
		char was = token.ptr[i];

		token.ptr[i] = was == 'A' ? 'B' : 'A';
		for (int again = 0; again < 2; again++)
			ck_assert_rc(token_cache_check(cache, ring, buf_str(&token), NOW, &claims),
			    RC_TOKEN_BAD);
		token.ptr[i] = was;
	}
	ck_assert_rc(token_cache_check(cache, ring, STR(""), NOW, &claims), RC_TOKEN_BAD);
	ck_assert_rc(token_cache_check(cache, ring, STR_NULL, NOW, &claims), RC_TOKEN_BAD);
	buf_release(&token);
}
END_TEST

START_TEST(token_cache_looks_at_the_clock_each_time)
{
	struct buf token = sign(7);
	struct claims claims;

	ck_assert_rc(token_cache_check(cache, ring, buf_str(&token), NOW, &claims), RC_OK);
	ck_assert_rc(token_cache_check(cache, ring, buf_str(&token), NOW - 60, &claims), RC_OK);
	ck_assert_rc(
	    token_cache_check(cache, ring, buf_str(&token), NOW - 61, &claims), RC_TOKEN_BAD);
	ck_assert_rc(token_cache_check(cache, ring, buf_str(&token), NOW, &claims), RC_OK);
	buf_release(&token);
}
END_TEST

START_TEST(token_cache_never_gives_one_tokens_claims_for_another)
{
	enum { TOKENS = 40 };
	struct buf tokens[TOKENS];
	struct claims claims;
	unsigned at = 1;

	for (int i = 0; i < TOKENS; i++)
		tokens[i] = sign(i + 1);
	/* Five times as many as it holds, in an order that repeats some and pushes others out. */
	for (int i = 0; i < 2000; i++) {
		at = (at * 1103515245 + 12345) & 0x7fffffff;
		unsigned pick = (at >> 8) % (i % 3 == 0 ? TOKENS : 6);

		ck_assert_rc(
		    token_cache_check(cache, ring, buf_str(&tokens[pick]), NOW, &claims), RC_OK);
		ck_assert_int_eq(claims.user_id, pick + 1);
	}
	for (int i = 0; i < TOKENS; i++)
		buf_release(&tokens[i]);
}
END_TEST

START_TEST(token_cache_works_with_room_for_one)
{
	struct token_cache *small;
	struct buf one = sign(1), two = sign(2);
	struct claims claims;

	ck_assert_rc(token_cache_new(0, &small), RC_OK);
	for (int i = 0; i < 3; i++) {
		ck_assert_rc(token_cache_check(small, ring, buf_str(&one), NOW, &claims), RC_OK);
		ck_assert_int_eq(claims.user_id, 1);
		ck_assert_rc(token_cache_check(small, ring, buf_str(&two), NOW, &claims), RC_OK);
		ck_assert_int_eq(claims.user_id, 2);
	}
	token_cache_free(small);
	token_cache_free(NULL);
	buf_release(&one);
	buf_release(&two);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("token_cache");

	if (secret_init() != RC_OK)
		return 1;
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, token_cache_gives_what_token_check_gives);
	tcase_add_test(tests, token_cache_remembers_nothing_that_was_refused);
	tcase_add_test(tests, token_cache_looks_at_the_clock_each_time);
	tcase_add_test(tests, token_cache_never_gives_one_tokens_claims_for_another);
	tcase_add_test(tests, token_cache_works_with_room_for_one);
	return suite_run();
}
