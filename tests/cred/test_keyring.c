/* Rings of keys of all algorithms: RFC 8725's attacks, and the directory of keys. */
#include "cred/keyring.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "cred/secret.h"
#include "cred/token_key.h"
#include "support/scratch.h"
#include "support/suite.h"

#define NOW INT64_C(1764547200)
#define CLAIMS                                                                                     \
	"{\"iat\":1764547200,\"exp\":1764548100,\"rf_exp\":1767139200,\"id\":7,\"jti\":\"abc\","   \
	"\"rls\":\"admin\"}"
/* The key of RFC 7515, appendix A.3. */
#define EC_PEM                                                                                     \
	"-----BEGIN PRIVATE KEY-----\n"                                                            \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"                       \
	"H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"                       \
	"7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"                               \
	"-----END PRIVATE KEY-----"
#define EC_KID "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

enum { TEXT_MAX = 65536 };

/* One key of each algorithm, made once: RSA keys take their time. */
static struct buf key_text[KEY_ALG__MAX];

static struct claims
claims_of(int64_t user_id)
{
	return (struct claims){
		.jti = "abc", .user_id = user_id, .iat = NOW, .exp = NOW + 900, .rf_exp = NOW + 9000
	};
}

static struct keyring *
ring_of(enum key_alg alg)
{
	struct keyring *ring = NULL;

	ck_assert_rc(keyring_of_key(alg, buf_str(&key_text[alg]), &ring), RC_OK);
	return ring;
}

/* The header and the payload as base64url, with a dot between; the caller adds a signature. */
static struct buf
begin(const char *header, const char *payload)
{
	struct buf token = BUF_INIT(TEXT_MAX);

	base64_add_url(&token, header, strlen(header));
	buf_add_char(&token, '.');
	base64_add_url(&token, payload, strlen(payload));
	return token;
}

static void
sign_hmac(struct buf *token, struct str secret)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	(void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret.ptr, secret.len);
	(void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)token->ptr, token->len);
	(void)crypto_auth_hmacsha256_final(&state, mac);
	buf_add_char(token, '.');
	base64_add_url(token, mac, sizeof(mac));
}

/* Signs with a private key, whatever the header says; an EC signature as r and s (RFC 7518 section
 * 3.4) or, as DER, in OpenSSL's own form. */
static void
sign_pem(struct buf *token, struct str pem, bool as_der)
{
	unsigned char der[1024], raw[64];
	size_t len = sizeof(der);
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const unsigned char *at = der;

	ck_assert(pkey != NULL && ctx != NULL);
	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
	ck_assert_int_eq(
	    EVP_DigestSign(ctx, der, &len, (const unsigned char *)token->ptr, token->len), 1);
	buf_add_char(token, '.');
	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC && !as_der) {
		ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);

		ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32), 32);
		ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32), 32);
		base64_add_url(token, raw, sizeof(raw));
		ECDSA_SIG_free(sig);
	} else {
		base64_add_url(token, der, len);
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	(void)BIO_free(bio);
}

/* Checks the token and releases it. */
static enum rc
check(const struct keyring *ring, struct buf token)
{
	struct claims claims;
	enum rc rc;

	ck_assert(buf_ok(&token));
	rc = token_check(ring, buf_str(&token), NOW, &claims);
	buf_release(&token);
	return rc;
}

/* A token with our real signature under a header whose "%s" is the key's own kid. */
static enum rc
check_header(enum key_alg alg, const struct keyring *ring, const char *header)
{
	const char *kid = token_key_id(keyring_signer(ring));
	struct buf text = BUF_INIT(TEXT_MAX), token;
	struct str rest = str_from(header), part;

	for (bool is_first = true; str_cut(&rest, '@', &part); is_first = false) {
		if (!is_first)
			buf_add(&text, str_from(kid));
		buf_add(&text, part);
	}
	token = begin(buf_text(&text), CLAIMS);
	if (alg == KEY_HS256)
		sign_hmac(&token, buf_str(&key_text[alg]));
	else
		sign_pem(&token, buf_str(&key_text[alg]), false);
	buf_release(&text);
	return check(ring, token);
}

START_TEST(keyring_signs_and_checks_with_each_algorithm)
{
	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++) {
		struct keyring *ring = ring_of(alg);
		struct claims claims = claims_of(7), got;
		struct buf token = BUF_INIT(TOKEN_MAX);

		ck_assert_rc(token_sign(ring, &claims, STR("admin"), &token), RC_OK);
		ck_assert_rc(token_check(ring, buf_str(&token), NOW, &got), RC_OK);
		ck_assert_int_eq(got.user_id, 7);
		for (size_t i = 0; i < token.len; i += 7) {
			char was = token.ptr[i];

			token.ptr[i] = was == 'A' ? 'B' : 'A';
			ck_assert_rc(token_check(ring, buf_str(&token), NOW, &got), RC_TOKEN_BAD);
			token.ptr[i] = was;
		}
		buf_release(&token);
		keyring_free(ring);
	}
}
END_TEST

START_TEST(keyring_takes_headers_that_name_its_key_and_no_other)
{
	static const char *const good[] = { "{\"alg\":\"%A\",\"kid\":\"@\"}",
		"{\"typ\":\"jwt\",\"kid\":\"@\",\"alg\":\"%A\"}" };
	static const char *const bad[] = { "{\"alg\":\"%A\"}", "{\"alg\":\"%A\",\"kid\":\"\"}",
		"{\"alg\":\"%A\",\"kid\":\"@ \"}", "{\"alg\":\"%A\",\"kid\":\" @\"}",
		"{\"alg\":\"%A\",\"kid\":\"@.pem\"}", "{\"alg\":\"%A\",\"kid\":\"./@\"}",
		"{\"alg\":\"%A\",\"kid\":\"../../../../dev/null\"}",
		"{\"alg\":\"%A\",\"kid\":\"/proc/self/environ\"}",
		"{\"alg\":\"%A\",\"kid\":\"x' UNION SELECT 'AAAA\"}",
		"{\"alg\":\"%A\",\"kid\":\"' OR '1'='1\"}",
		"{\"alg\":\"%A\",\"kid\":\"https://evil.example/@\"}",
		"{\"alg\":\"%A\",\"kid\":\"@|id\"}", "{\"alg\":\"%A\",\"kid\":\"%s%n\"}",
		"{\"alg\":\"%A\",\"kid\":[\"@\"]}", "{\"alg\":\"%A\",\"kid\":{\"@\":1}}",
		"{\"alg\":\"%A\",\"kid\":null}", "{\"alg\":\"%A\",\"kid\":0}",
		"{\"alg\":\"%A\",\"kid\":\"x\",\"kid\":\"@\"}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"k\\u0069d\":\"x\"}",
		"{\"alg\":\"%A\",\"KID\":\"@\"}", "{\"alg\":\"none\",\"kid\":\"@\"}",
		"{\"alg\":\"None\",\"kid\":\"@\"}", "{\"alg\":\"%a\",\"kid\":\"@\"}",
		"{\"alg\":\"HS384\",\"kid\":\"@\"}", "{\"alg\":\"HS512\",\"kid\":\"@\"}",
		"{\"alg\":\"ES384\",\"kid\":\"@\"}", "{\"alg\":\"RS512\",\"kid\":\"@\"}",
		"{\"alg\":\"PS256\",\"kid\":\"@\"}", "{\"kid\":\"@\"}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"crit\":[\"b64\"],\"b64\":false}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"b64\":false}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"jku\":\"https://evil.example/jwks.json\"}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"x5u\":\"https://evil.example/x.pem\"}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"x5c\":[\"AAAA\"]}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
		"{\"alg\":\"%A\",\"kid\":\"@\",\"zip\":\"DEF\"}",
		"[{\"alg\":\"%A\",\"kid\":\"@\"}]" };
	static const char *const lower[] = { "hs256", "es256", "rs256" };

	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++) {
		struct keyring *ring = ring_of(alg);
		size_t n_good = sizeof(good) / sizeof(good[0]), n = sizeof(bad) / sizeof(bad[0]);

		for (size_t i = 0; i < n_good + n; i++) {
			const char *at, *header = i < n_good ? good[i] : bad[i - n_good];
			struct buf text = BUF_INIT(TEXT_MAX);
			enum rc expected = i < n_good ? RC_OK : RC_TOKEN_BAD;

			for (at = header; *at != '\0'; at++)
				if (strncmp(at, "%A", 2) == 0 || strncmp(at, "%a", 2) == 0)
					buf_add(&text, str_from(*++at == 'A' ? key_alg_name(alg)
					                                     : lower[alg]));
				else
					buf_add_char(&text, *at);
			ck_assert_msg(check_header(alg, ring, buf_text(&text)) == expected,
			    "%s: %s", key_alg_name(alg), header);
			buf_release(&text);
		}
		keyring_free(ring);
	}
}
END_TEST

/* RFC 8725 section 2.1: who has the public key, and everybody has, must not be able to sign. */
START_TEST(keyring_never_takes_a_public_key_for_a_secret)
{
	for (enum key_alg alg = KEY_ES256; alg < KEY_ALG__MAX; alg++) {
		struct keyring *ring = ring_of(alg);
		struct str pem = token_key_public(keyring_signer(ring));
		struct buf header = BUF_INIT(TEXT_MAX), jwks = BUF_INIT(TEXT_MAX);
		struct json_out out = json_out_to(&jwks);
		static const char *const algs[] = { "HS256", "HS384", "HS512", "ES256", "RS256" };

		keyring_add_jwks(ring, &out);
		for (size_t i = 0; i < 2 * sizeof(algs) / sizeof(algs[0]); i++) {
			const struct str secrets[] = { pem, str_slice(pem, 0, pem.len - 1),
				buf_str(&jwks), STR("") };

			buf_reset(&header);
			buf_printf(&header, "{\"alg\":\"%s\"", algs[i / 2]);
			if (i % 2 == 0)
				buf_printf(&header, ",\"kid\":\"%s\"", keyring_signer_id(ring));
			buf_add_char(&header, '}');
			for (size_t j = 0; j < sizeof(secrets) / sizeof(secrets[0]); j++) {
				struct buf token = begin(buf_text(&header), CLAIMS);

				sign_hmac(&token, secrets[j]);
				ck_assert_rc(check(ring, token), RC_TOKEN_BAD);
			}
		}
		buf_release(&header);
		buf_release(&jwks);
		keyring_free(ring);
	}
}
END_TEST

START_TEST(keyring_takes_signatures_of_the_right_length_and_form_only)
{
	static const size_t lengths[] = { 0, 1, 31, 32, 33, 63, 64, 65, 255, 256, 257, 512, 16384 };
	struct keyring *ec = ring_of(KEY_ES256), *rsa = ring_of(KEY_RS256);
	const struct keyring *rings[] = { ec, rsa };
	unsigned char zeros[16384] = { 0 };
	struct buf token;
	char header[128];

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}",
		    i == 0 ? "ES256" : "RS256", keyring_signer_id(rings[i]));
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			token = begin(header, CLAIMS);
			buf_add_char(&token, '.');
			base64_add_url(&token, zeros, lengths[j]);
			ck_assert_rc(check(rings[i], token), RC_TOKEN_BAD);
		}
	}
	(void)snprintf(
	    header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":\"%s\"}", keyring_signer_id(ec));
	token = begin(header, CLAIMS);
	sign_pem(&token, buf_str(&key_text[KEY_ES256]), false);
	ck_assert_rc(check(ec, token), RC_OK);
	token = begin(header, CLAIMS);
	sign_pem(&token, buf_str(&key_text[KEY_ES256]), true);
	ck_assert_rc(check(ec, token), RC_TOKEN_BAD);
	/* The other key's signature, under this one's name. */
	token = begin(header, CLAIMS);
	sign_pem(&token, buf_str(&key_text[KEY_RS256]), false);
	ck_assert_rc(check(ec, token), RC_TOKEN_BAD);
	keyring_free(ec);
	keyring_free(rsa);
}
END_TEST

/* A directory of keys: the secret of token.key, retired; the EC key active, the RSA key next. */
static struct key_index
make_dir(void)
{
	struct key_index index = { .serial = 4, .n = KEY_ALG__MAX };

	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++) {
		static const enum key_state states[] = { KEY_RETIRED, KEY_ACTIVE, KEY_NEXT };
		struct key_entry *entry = &index.entry[alg];
		struct keyring *ring = ring_of(alg);
		char name[KEY_FILE_NAME_MAX + 1];

		*entry = (struct key_entry){ .alg = alg,
			.state = states[alg],
			.is_key_file = alg == KEY_HS256,
			.serial = 4 };
		(void)snprintf(entry->kid, sizeof(entry->kid), "%s", keyring_signer_id(ring));
		key_index_checksum(buf_str(&key_text[alg]), entry->checksum);
		key_entry_file(entry, name);
		(void)scratch_file(
		    alg == KEY_HS256 ? "token.key" : name, buf_text(&key_text[alg]), 0600);
		keyring_free(ring);
	}
	return index;
}

static enum rc
open_dir(const struct key_index *index, struct keyring **ret)
{
	struct buf text = BUF_INIT(KEY_INDEX_TEXT_MAX);
	enum rc rc;

	key_index_render(index, &text);
	(void)scratch_file("index", buf_text(&text), 0600);
	buf_release(&text);
	*ret = NULL;
	rc = keyring_open(scratch_dir(), scratch_path("token.key"), ret);
	ck_assert((rc == RC_OK) == (*ret != NULL));
	return rc;
}

START_TEST(keyring_of_a_directory_signs_with_one_key_and_checks_with_all)
{
	struct key_index index = make_dir();
	struct claims claims = claims_of(7), got;
	struct buf token = BUF_INIT(TOKEN_MAX), jwks = BUF_INIT(TEXT_MAX);
	struct json_out out = json_out_to(&jwks);
	struct keyring *ring, *plain;

	ck_assert_rc(open_dir(&index, &ring), RC_OK);
	ck_assert_int_eq(keyring_serial(ring), 4);
	ck_assert_str_eq(keyring_signer_id(ring), index.entry[KEY_ES256].kid);
	ck_assert_rc(token_sign(ring, &claims, STR(""), &token), RC_OK);
	ck_assert_rc(check(ring, token), RC_OK);
	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++) {
		struct keyring *other = ring_of(alg);

		token = (struct buf)BUF_INIT(TOKEN_MAX);
		ck_assert_rc(token_sign(other, &claims, STR(""), &token), RC_OK);
		ck_assert_rc(check(ring, token), RC_OK);
		keyring_free(other);
	}
	/* Tokens from before the directory have no kid. */
	ck_assert_rc(keyring_of_secret(buf_str(&key_text[KEY_HS256]), &plain), RC_OK);
	token = (struct buf)BUF_INIT(TOKEN_MAX);
	ck_assert_rc(token_sign(plain, &claims, STR(""), &token), RC_OK);
	ck_assert_rc(token_check(ring, buf_str(&token), NOW, &got), RC_OK);
	keyring_add_jwks(ring, &out);
	ck_assert(!str_contains(buf_str(&jwks), str_from(index.entry[KEY_HS256].kid)));
	ck_assert(str_contains(buf_str(&jwks), str_from(index.entry[KEY_ES256].kid)));
	ck_assert(str_contains(buf_str(&jwks), str_from(index.entry[KEY_RS256].kid)));
	ck_assert(str_contains(buf_str(&jwks), STR("\"e\":\"AQAB\"")));
	keyring_free(ring);
	/* Once it isn't listed any more, they have no key. */
	index.entry[0] = index.entry[--index.n];
	ck_assert_rc(open_dir(&index, &ring), RC_OK);
	ck_assert_rc(token_check(ring, buf_str(&token), NOW, &got), RC_TOKEN_BAD);
	keyring_free(ring);
	keyring_free(plain);
	buf_release(&token);
	buf_release(&jwks);
}
END_TEST

START_TEST(keyring_open_refuses_a_directory_that_is_not_as_its_index_says)
{
	struct key_index index = make_dir(), other = index;
	struct keyring *ring;
	char name[KEY_FILE_NAME_MAX + 1];

	/* A name that isn't the key's own. */
	(void)snprintf(other.entry[2].kid, sizeof(other.entry[2].kid), EC_KID);
	key_entry_file(&other.entry[2], name);
	(void)scratch_file(name, buf_text(&key_text[KEY_RS256]), 0600);
	ck_assert_rc(open_dir(&other, &ring), RC_CONFIG);
	/* A whole key, but another one. */
	key_entry_file(&index.entry[1], name);
	(void)scratch_file(name, EC_PEM, 0600);
	ck_assert_rc(open_dir(&index, &ring), RC_CONFIG);
	ck_assert_int_eq(unlink(scratch_path(name)), 0);
	ck_assert_rc(open_dir(&index, &ring), RC_CONFIG);
	ck_assert_int_eq(unlink(scratch_path("index")), 0);
	ck_assert_rc(keyring_open(scratch_dir(), "/none", &ring), RC_CONFIG);
	ck_assert_rc(keyring_open(scratch_path("none"), "/none", &ring), RC_CONFIG);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("keyring");
	int status;

	if (secret_init() != RC_OK)
		return 1;
	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++) {
		key_text[alg] = BUF_INIT(KEY_FILE_MAX);
		if (token_key_make(alg, &key_text[alg]) != RC_OK)
			return 1;
	}
	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, keyring_signs_and_checks_with_each_algorithm);
	tcase_add_test(tests, keyring_takes_headers_that_name_its_key_and_no_other);
	tcase_add_test(tests, keyring_never_takes_a_public_key_for_a_secret);
	tcase_add_test(tests, keyring_takes_signatures_of_the_right_length_and_form_only);
	tcase_add_test(tests, keyring_of_a_directory_signs_with_one_key_and_checks_with_all);
	tcase_add_test(tests, keyring_open_refuses_a_directory_that_is_not_as_its_index_says);
	status = suite_run();
	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++)
		buf_release(&key_text[alg]);
	return status;
}
