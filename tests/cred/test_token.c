#include "cred/token.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cred/keyring.h"
#include "cred/secret.h"
#include "cred/token_key.h"
#include "support/suite.h"

#define KEY STR("0123456789abcdef0123456789abcdef")
#define HEADER "{\"typ\":\"JWT\",\"alg\":\"HS256\"}"
#define NOW INT64_C(1764547200)
#define CLAIMS                                                                                     \
	"\"iat\":1764547200,\"exp\":1764548100,\"rf_exp\":1767139200,\"id\":7,\"jti\":\"abc\","    \
	"\"rls\":\"admin\""

static struct keyring *ring;

static void
set_up(void)
{
	ck_assert_rc(keyring_of_secret(KEY, &ring), RC_OK);
}

static void
tear_down(void)
{
	keyring_free(ring);
	ring = NULL;
}

static void
add_base64(struct buf *to, const void *bytes, size_t len)
{
	size_t max = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = malloc(max);

	ck_assert_ptr_nonnull(text);
	(void)sodium_bin2base64(text, max, bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_add(to, str_from(text));
	free(text);
}

static void
add_signature(struct buf *to)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	(void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)KEY.ptr, KEY.len);
	(void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)to->ptr, to->len);
	(void)crypto_auth_hmacsha256_final(&state, mac);
	buf_add_char(to, '.');
	add_base64(to, mac, sizeof(mac));
}

/* A token with our signature, made without libjwt; the caller releases it. */
static struct buf
forge(struct str header, struct str payload)
{
	struct buf token = BUF_INIT(65536);

	add_base64(&token, header.ptr, header.len);
	buf_add_char(&token, '.');
	add_base64(&token, payload.ptr, payload.len);
	add_signature(&token);
	ck_assert(buf_ok(&token));
	return token;
}

static enum rc
check(const char *header, const char *payload)
{
	struct buf token = forge(str_from(header), str_from(payload));
	struct claims claims;
	enum rc rc = token_check(ring, buf_str(&token), NOW, &claims);

	buf_release(&token);
	return rc;
}

static enum rc
check_text(struct str token)
{
	struct claims claims;

	return token_check(ring, token, NOW, &claims);
}

START_TEST(keyring_of_secret_wants_32_to_4096_bytes)
{
	char bytes[TOKEN_KEY_MAX + 1];
	struct keyring *other;

	memset(bytes, 'k', sizeof(bytes));
	ck_assert_rc(
	    keyring_of_secret((struct str){ bytes, TOKEN_KEY_MIN - 1 }, &other), RC_CONFIG);
	ck_assert_rc(
	    keyring_of_secret((struct str){ bytes, TOKEN_KEY_MAX + 1 }, &other), RC_CONFIG);
	ck_assert_rc(keyring_of_secret((struct str){ bytes, TOKEN_KEY_MIN }, &other), RC_OK);
	keyring_free(other);
	ck_assert_rc(keyring_of_secret((struct str){ bytes, TOKEN_KEY_MAX }, &other), RC_OK);
	keyring_free(other);
	keyring_free(NULL);
}
END_TEST

START_TEST(token_check_gives_back_what_token_sign_signed)
{
	struct claims claims = { .jti = "abc_-1",
		.user_id = INT64_C(9007199254740991),
		.iat = NOW,
		.exp = NOW + 900,
		.rf_exp = NOW + 2592000,
		.counter = 3 };
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct claims got;

	ck_assert_rc(token_sign(ring, &claims, STR("admin,r\xc3\xb4le \"x\""), &token), RC_OK);
	ck_assert_rc(token_check(ring, buf_str(&token), NOW, &got), RC_OK);
	ck_assert_str_eq(got.jti, claims.jti);
	ck_assert_int_eq(got.user_id, claims.user_id);
	ck_assert_int_eq(got.iat, claims.iat);
	ck_assert_int_eq(got.exp, claims.exp);
	ck_assert_int_eq(got.rf_exp, claims.rf_exp);
	ck_assert_int_eq(got.counter, claims.counter);
	ck_assert(!got.has_nbf);
	buf_release(&token);
}
END_TEST

START_TEST(token_check_takes_tokens_of_another_signer)
{
	struct buf token = forge(STR(HEADER), STR("{" CLAIMS ",\"x\":[1,{\"y\":null}]}"));
	struct claims got;

	ck_assert_rc(token_check(ring, buf_str(&token), NOW, &got), RC_OK);
	ck_assert_int_eq(got.counter, 0);
	ck_assert_int_eq(got.user_id, 7);
	buf_release(&token);
	ck_assert_rc(check("{\"alg\":\"HS256\"}", "{" CLAIMS "}"), RC_OK);
	ck_assert_rc(check("{\"alg\":\"HS256\",\"typ\":\"jwt\"}", "{" CLAIMS "}"), RC_OK);
	ck_assert_rc(check("{\"kid\":\"1\",\"alg\":\"HS256\"}", " {" CLAIMS "}\n"), RC_OK);
	/* Time isn't its matter: an expired token may be refreshed. */
	ck_assert_rc(check(HEADER, "{\"iat\":1,\"exp\":2,\"rf_exp\":3,\"id\":7,\"jti\":\"abc\","
	                           "\"rls\":\"\"}"),
	    RC_OK);
}
END_TEST

START_TEST(token_check_refuses_another_key)
{
	struct buf token = forge(STR(HEADER), STR("{" CLAIMS "}"));
	struct keyring *other;
	struct claims got;

	ck_assert_rc(keyring_of_secret(STR("0123456789abcdef0123456789abcdeF"), &other), RC_OK);
	ck_assert_rc(token_check(other, buf_str(&token), NOW, &got), RC_TOKEN_BAD);
	keyring_free(other);
	buf_release(&token);
}
END_TEST

START_TEST(token_check_refuses_every_changed_character)
{
	struct buf token = forge(STR(HEADER), STR("{" CLAIMS "}"));

	ck_assert_rc(check_text(buf_str(&token)), RC_OK);
	for (size_t i = 0; i < token.len; i++) {
		char was = token.ptr[i];

		token.ptr[i] = was == 'A' ? 'B' : 'A';
		ck_assert_rc(check_text(buf_str(&token)), RC_TOKEN_BAD);
		token.ptr[i] = was;
	}
	ck_assert_rc(check_text(str_slice(buf_str(&token), 0, token.len - 1)), RC_TOKEN_BAD);
	buf_add_char(&token, 'A');
	ck_assert_rc(check_text(buf_str(&token)), RC_TOKEN_BAD);
	buf_truncate(&token, token.len - 1);
	buf_add_char(&token, '=');
	ck_assert_rc(check_text(buf_str(&token)), RC_TOKEN_BAD);
	buf_release(&token);
}
END_TEST

/* The last character of 32 bytes carries 2 bits that must be zero: four texts decode to the same
 * signature, and one only may pass. */
START_TEST(token_check_takes_one_text_of_a_signature_only)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct buf token = forge(STR(HEADER), STR("{" CLAIMS "}"));
	unsigned passed = 0;

	for (size_t i = 0; i < 64; i++) {
		token.ptr[token.len - 1] = digits[i];
		if (check_text(buf_str(&token)) == RC_OK)
			passed++;
	}
	ck_assert_uint_eq(passed, 1);
	buf_release(&token);
}
END_TEST

START_TEST(token_check_refuses_headers_that_would_choose_the_check)
{
	static const char *const headers[] = { "{\"alg\":\"none\"}", "{\"alg\":\"None\"}",
		"{\"alg\":\"NONE\"}", "{\"alg\":\"\"}", "{\"alg\":\"hs256\"}",
		"{\"alg\":\"Hs256\"}", "{\"alg\":\"HS384\"}", "{\"alg\":\"HS512\"}",
		"{\"alg\":\"RS256\"}", "{\"alg\":\"ES256\"}", "{\"alg\":\"HS256 \"}",
		"{\"alg\":256}", "{\"alg\":null}", "{\"alg\":[\"HS256\"]}", "{\"ALG\":\"HS256\"}",
		"{}", "{\"typ\":\"JWT\"}", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
		"{\"alg\":\"none\",\"alg\":\"HS256\"}", "{\"alg\":\"HS256\",\"alg\":\"none\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWE\"}", "{\"alg\":\"HS256\",\"typ\":1}",
		"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
		"{\"alg\":\"HS256\",\"b64\":false}", "{\"alg\":\"HS256\",\"crit\":[]}",
		"{\"alg\":\"HS256\",\"jku\":\"https://evil.example/\"}",
		"{\"alg\":\"HS256\",\"x5u\":\"https://evil.example/\"}",
		"{\"alg\":\"HS256\",\"x5c\":[]}", "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\"}}",
		"{\"alg\":\"HS256\",\"kid\":[\"../../dev/null\"]}", "{\"alg\":\"HS256\",\"kid\":1}",
		"{\"alg\":\"HS256\",\"zip\":\"DEF\"}", "{\"alg\":\"HS256\",\"cty\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}", "[]", "[\"HS256\"]", "\"HS256\"", "1",
		"null", "", " ", "{", "{\"alg\":\"HS256\"}x", "{\"alg\":\"HS256\"}{}",
		"\xef\xbb\xbf{\"alg\":\"HS256\"}", "{\"alg\":\"HS256\\u0000\"}",
		"{\"alg\":\"HS256\",\"kid\":\"\xff\"}", "{'alg':'HS256'}" };

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		ck_assert_msg(check(headers[i], "{" CLAIMS "}") == RC_TOKEN_BAD, "%s", headers[i]);
	/* A kid is a name and nothing else: there is one key. */
	ck_assert_rc(
	    check("{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", "{" CLAIMS "}"), RC_OK);
}
END_TEST

/* RFC 8725 section 2.1: what libjwt alone would accept. */
START_TEST(token_check_refuses_hs512_with_the_same_key)
{
	crypto_auth_hmacsha512_state state;
	unsigned char mac[crypto_auth_hmacsha512_BYTES];
	struct buf token = BUF_INIT(TOKEN_MAX);

	add_base64(&token, "{\"alg\":\"HS512\"}", 15);
	buf_add_char(&token, '.');
	add_base64(&token, "{" CLAIMS "}", strlen("{" CLAIMS "}"));
	(void)crypto_auth_hmacsha512_init(&state, (const unsigned char *)KEY.ptr, KEY.len);
	(void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)token.ptr, token.len);
	(void)crypto_auth_hmacsha512_final(&state, mac);
	buf_add_char(&token, '.');
	add_base64(&token, mac, sizeof(mac));
	ck_assert_rc(check_text(buf_str(&token)), RC_TOKEN_BAD);
	buf_release(&token);
}
END_TEST

START_TEST(token_check_refuses_payloads_that_are_not_one_plain_object)
{
	static const char *const payloads[] = { "", " ", "[]", "[{" CLAIMS "}]", "null", "true",
		"1", "\"x\"", "{" CLAIMS "}x", "{" CLAIMS "}{}", "{" CLAIMS ",}", "{" CLAIMS,
		"{" CLAIMS ",\"id\":8}", "{\"id\":8," CLAIMS "}", "{" CLAIMS ",\"i\\u0064\":8}",
		"{" CLAIMS ",\"x\":{\"y\":1,\"y\":2}}", "\xef\xbb\xbf{" CLAIMS "}",
		"{" CLAIMS ",\"x\":\"\\u0000\"}", "{" CLAIMS ",\"x\":\"\\ud800\"}",
		"{" CLAIMS ",\"x\":\"\xc0\x80\"}", "{" CLAIMS ",\"x\":NaN}",
		"{" CLAIMS ",\"x\":01}" };

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		ck_assert_msg(check(HEADER, payloads[i]) == RC_TOKEN_BAD, "%s", payloads[i]);
}
END_TEST

/* The claims with one of them replaced; value NULL leaves it out. */
static enum rc
check_with(const char *name, const char *value)
{
	static const char *const rows[][2] = { { "iat", "1764547200" }, { "exp", "1764548100" },
		{ "rf_exp", "1767139200" }, { "id", "7" }, { "jti", "\"abc\"" }, { "rls", "\"\"" },
		{ "rc", "0" }, { "nbf", "1764547200" } };
	struct buf payload = BUF_INIT(TOKEN_MAX);
	enum rc rc;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = strcmp(rows[i][0], name) == 0 ? value : rows[i][1];

		if (text != NULL)
			buf_printf(&payload, "%s\"%s\":%s", payload.len == 0 ? "{" : ",",
			    rows[i][0], text);
	}
	buf_add_char(&payload, '}');
	rc = check(HEADER, buf_text(&payload));
	buf_release(&payload);
	return rc;
}

START_TEST(token_check_refuses_claims_of_another_type)
{
	static const char *const numbers[] = { "iat", "exp", "rf_exp", "id", "rc", "nbf" };
	static const char *const no_numbers[] = { "\"1764547200\"", "null", "true", "[1]", "{}",
		"1.5", "9007199254740992", "-9007199254740992", "1e300", "1e400", "\"\"" };
	static const char *const no_texts[] = { "1", "null", "true", "[\"a\"]", "{}" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (size_t j = 0; j < sizeof(no_numbers) / sizeof(no_numbers[0]); j++)
			ck_assert_msg(check_with(numbers[i], no_numbers[j]) == RC_TOKEN_BAD,
			    "%s %s", numbers[i], no_numbers[j]);
	for (size_t j = 0; j < sizeof(no_texts) / sizeof(no_texts[0]); j++) {
		ck_assert_rc(check_with("jti", no_texts[j]), RC_TOKEN_BAD);
		ck_assert_rc(check_with("rls", no_texts[j]), RC_TOKEN_BAD);
	}
	ck_assert_rc(check_with("id", "0"), RC_TOKEN_BAD);
	ck_assert_rc(check_with("id", "-7"), RC_TOKEN_BAD);
	ck_assert_rc(check_with("rc", "-1"), RC_TOKEN_BAD);
	ck_assert_rc(check_with("id", "1"), RC_OK);
	ck_assert_rc(check_with("rc", "1"), RC_OK);
	ck_assert_rc(check_with("exp", "9007199254740991"), RC_OK);
	ck_assert_rc(check_with("exp", "-1"), RC_OK);
}
END_TEST

START_TEST(token_check_bounds_the_jti)
{
	char text[80] = "\"";

	ck_assert_rc(check_with("jti", "\"\""), RC_TOKEN_BAD);
	memset(text + 1, 'j', 65);
	text[65] = '"';
	ck_assert_rc(check_with("jti", text), RC_OK);
	text[65] = 'j';
	text[66] = '"';
	ck_assert_rc(check_with("jti", text), RC_TOKEN_BAD);
}
END_TEST

START_TEST(token_check_names_a_missing_claim_when_all_others_are_right)
{
	static const char *const needed[] = { "iat", "exp", "rf_exp", "id", "jti", "rls" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		ck_assert_msg(check_with(needed[i], NULL) == RC_CLAIM_MISSING, "%s", needed[i]);
	ck_assert_rc(check_with("rc", NULL), RC_OK);
	ck_assert_rc(check_with("nbf", NULL), RC_OK);
	ck_assert_rc(check(HEADER, "{}"), RC_CLAIM_MISSING);
	ck_assert_rc(check(HEADER, "{\"id\":\"7\"}"), RC_TOKEN_BAD);
	ck_assert_rc(check(HEADER, "{\"nbf\":1764547201}"), RC_TOKEN_BAD);
	ck_assert_rc(check(HEADER, "{\"ID\":7,\"Jti\":\"x\"}"), RC_CLAIM_MISSING);
}
END_TEST

START_TEST(token_check_refuses_tokens_of_the_future)
{
	ck_assert_rc(check_with("nbf", "1764547200"), RC_OK);
	ck_assert_rc(check_with("nbf", "1764547201"), RC_TOKEN_BAD);
	ck_assert_rc(check_with("iat", "1764547260"), RC_OK);
	ck_assert_rc(check_with("iat", "1764547261"), RC_TOKEN_BAD);
}
END_TEST

START_TEST(token_check_refuses_other_shapes)
{
	struct buf token = forge(STR(HEADER), STR("{" CLAIMS "}")), other = BUF_INIT(65536);
	struct str rest = buf_str(&token), header, payload;
	static const char *const shapes[] = { "", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d",
		" ", "null", "eyJhbGciOiJub25lIn0.e30.", "\xff.\xff.\xff" };

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		ck_assert_rc(check_text(str_from(shapes[i])), RC_TOKEN_BAD);
	ck_assert_rc(check_text(STR_NULL), RC_TOKEN_BAD);
	ck_assert(str_cut(&rest, '.', &header) && str_cut(&rest, '.', &payload));
	buf_printf(&other, STR_FMT "." STR_FMT ".", STR_ARG(header), STR_ARG(payload));
	ck_assert_rc(check_text(buf_str(&other)), RC_TOKEN_BAD);
	buf_reset(&other);
	buf_printf(&other, STR_FMT ".." STR_FMT, STR_ARG(header), STR_ARG(rest));
	ck_assert_rc(check_text(buf_str(&other)), RC_TOKEN_BAD);
	buf_reset(&other);
	buf_printf(&other, "." STR_FMT "." STR_FMT, STR_ARG(payload), STR_ARG(rest));
	ck_assert_rc(check_text(buf_str(&other)), RC_TOKEN_BAD);
	buf_reset(&other);
	buf_printf(&other, STR_FMT "." STR_FMT "=." STR_FMT, STR_ARG(header), STR_ARG(payload),
	    STR_ARG(rest));
	ck_assert_rc(check_text(buf_str(&other)), RC_TOKEN_BAD);
	buf_reset(&other);
	buf_printf(&other, STR_FMT ".x", STR_ARG(buf_str(&token)));
	ck_assert_rc(check_text(buf_str(&other)), RC_TOKEN_BAD);
	buf_reset(&other);
	buf_add_bytes(&other, token.ptr, token.len + 1); /* the zero byte too */
	ck_assert_rc(check_text(buf_str(&other)), RC_TOKEN_BAD);
	buf_reset(&other);
	buf_printf(&other, STR_FMT "." STR_FMT ".", STR_ARG(header), STR_ARG(payload));
	for (size_t i = 0; i < 22 * 1024; i++)
		buf_add_char(&other, 'A');
	ck_assert_rc(check_text(buf_str(&other)), RC_TOKEN_BAD);
	buf_release(&other);
	buf_release(&token);
}
END_TEST

START_TEST(token_check_takes_tokens_up_to_its_limit)
{
	struct buf payload = BUF_INIT(TOKEN_MAX);
	struct buf token;

	/* 37 + 1 + 1 + 43 characters around it; 8110 characters are 6082 bytes, with 2 to spare. */
	buf_add(&payload, STR("{" CLAIMS ",\"x\":\""));
	while (payload.len < 6080)
		buf_add_char(&payload, 'x');
	buf_add(&payload, STR("\"}"));
	token = forge(STR(HEADER), buf_str(&payload));
	ck_assert_uint_le(token.len, TOKEN_MAX);
	ck_assert_uint_gt(token.len + 4, TOKEN_MAX);
	ck_assert_rc(check_text(buf_str(&token)), RC_OK);
	buf_release(&token);
	buf_truncate(&payload, 6080);
	buf_add(&payload, STR("xxx\"}"));
	token = forge(STR(HEADER), buf_str(&payload));
	ck_assert_uint_gt(token.len, TOKEN_MAX);
	ck_assert_rc(check_text(buf_str(&token)), RC_TOKEN_BAD);
	buf_release(&token);
	buf_release(&payload);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("token");

	if (secret_init() != RC_OK)
		return 1;
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, keyring_of_secret_wants_32_to_4096_bytes);
	tcase_add_test(tests, token_check_gives_back_what_token_sign_signed);
	tcase_add_test(tests, token_check_takes_tokens_of_another_signer);
	tcase_add_test(tests, token_check_refuses_another_key);
	tcase_add_test(tests, token_check_refuses_every_changed_character);
	tcase_add_test(tests, token_check_takes_one_text_of_a_signature_only);
	tcase_add_test(tests, token_check_refuses_headers_that_would_choose_the_check);
	tcase_add_test(tests, token_check_refuses_hs512_with_the_same_key);
	tcase_add_test(tests, token_check_refuses_payloads_that_are_not_one_plain_object);
	tcase_add_test(tests, token_check_refuses_claims_of_another_type);
	tcase_add_test(tests, token_check_bounds_the_jti);
	tcase_add_test(tests, token_check_names_a_missing_claim_when_all_others_are_right);
	tcase_add_test(tests, token_check_refuses_tokens_of_the_future);
	tcase_add_test(tests, token_check_refuses_other_shapes);
	tcase_add_test(tests, token_check_takes_tokens_up_to_its_limit);
	return suite_run();
}
