/* Single keys: what is taken, RFC 7638's names, and what is published. */
#include "cred/token_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "cred/keyring.h"
#include "cred/secret.h"
#include "support/suite.h"

#define SECRET STR("0123456789abcdef0123456789abcdef")
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

START_TEST(keyring_names_a_public_key_by_its_thumbprint)
{
	struct keyring *ring = NULL;
	struct buf jwks = BUF_INIT(TEXT_MAX);
	struct json_out out = json_out_to(&jwks);

	ck_assert_rc(keyring_of_key(KEY_ES256, STR(EC_PEM), &ring), RC_OK);
	ck_assert_str_eq(keyring_signer_id(ring), EC_KID);
	keyring_add_jwks(ring, &out);
	ck_assert_text(buf_str(&jwks),
	    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
	    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
	    "\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"" EC_KID "\"}]}");
	buf_release(&jwks);
	keyring_free(ring);
}
END_TEST

START_TEST(keyring_publishes_nothing_of_a_secret)
{
	struct keyring *named = NULL, *unnamed = NULL;
	struct buf jwks = BUF_INIT(TEXT_MAX);
	struct json_out out = json_out_to(&jwks);
	const char *kid;

	ck_assert_rc(keyring_of_key(KEY_HS256, buf_str(&key_text[KEY_HS256]), &named), RC_OK);
	kid = keyring_signer_id(named);
	ck_assert(str_starts(str_from(kid), STR("hs256-")));
	ck_assert(!str_contains(buf_str(&key_text[KEY_HS256]), str_from(kid + 6)));
	keyring_add_jwks(named, &out);
	ck_assert_text(buf_str(&jwks), "{\"keys\":[]}");
	ck_assert_rc(keyring_of_secret(SECRET, &unnamed), RC_OK);
	ck_assert_ptr_null(keyring_signer_id(unnamed));
	buf_release(&jwks);
	keyring_free(named);
	keyring_free(unnamed);
}
END_TEST

/* The refusal of a private key's text. */
static void
refused(enum key_alg alg, struct str text, const char *why)
{
	struct buf said = BUF_INIT(4096);
	struct token_key *key = NULL;

	ck_assert_rc(token_key_new(alg, text, &key, &said), RC_CONFIG);
	ck_assert_msg(str_contains(buf_str(&said), str_from(why)), "%s", buf_text(&said));
	buf_release(&said);
}

static void
write_pem(EVP_PKEY *pkey, const char *passphrase, struct buf *ret)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text;
	long len;

	ck_assert_int_eq(
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, passphrase == NULL ? NULL : EVP_aes_128_cbc(),
	        passphrase, passphrase == NULL ? 0 : (int)strlen(passphrase), NULL, NULL),
	    1);
	len = BIO_get_mem_data(bio, &text);
	buf_reset(ret);
	buf_add_bytes(ret, text, (size_t)len);
	(void)BIO_free(bio);
	EVP_PKEY_free(pkey);
}

START_TEST(token_key_new_refuses_keys_of_another_kind_or_size)
{
	struct buf pem = BUF_INIT(TEXT_MAX);

	refused(KEY_ES256, buf_str(&key_text[KEY_RS256]), "P-256");
	refused(KEY_RS256, buf_str(&key_text[KEY_ES256]), "RSA");
	refused(KEY_ES256, buf_str(&key_text[KEY_HS256]), "PEM");
	refused(KEY_ES256, str_slice(STR(EC_PEM), 0, sizeof(EC_PEM) - 30), "PEM");
	write_pem(EVP_EC_gen("P-384"), NULL, &pem);
	refused(KEY_ES256, buf_str(&pem), "P-256");
	write_pem(EVP_EC_gen("secp256k1"), NULL, &pem);
	refused(KEY_ES256, buf_str(&pem), "P-256");
	write_pem(EVP_EC_gen("P-256"), "open sesame", &pem);
	refused(KEY_ES256, buf_str(&pem), "passphrase");
	write_pem(EVP_RSA_gen(TOKEN_RSA_BITS_MIN - 8), NULL, &pem);
	refused(KEY_RS256, buf_str(&pem), "2048 to 4096");
	refused(KEY_HS256, str_slice(SECRET, 0, 31), "has 31 bytes");
	buf_release(&pem);
}
END_TEST

START_TEST(token_key_make_makes_another_key_each_time)
{
	struct buf again = BUF_INIT(KEY_FILE_MAX);

	for (enum key_alg alg = KEY_HS256; alg <= KEY_ES256; alg++) {
		ck_assert_rc(token_key_make(alg, &again), RC_OK);
		ck_assert(!str_equal(buf_str(&again), buf_str(&key_text[alg])));
	}
	buf_release(&again);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("token_key");
	int status;

	if (secret_init() != RC_OK)
		return 1;
	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++) {
		key_text[alg] = (struct buf)BUF_INIT(KEY_FILE_MAX);
		if (token_key_make(alg, &key_text[alg]) != RC_OK)
			return 1;
	}
	tcase_add_test(tests, keyring_names_a_public_key_by_its_thumbprint);
	tcase_add_test(tests, keyring_publishes_nothing_of_a_secret);
	tcase_add_test(tests, token_key_new_refuses_keys_of_another_kind_or_size);
	tcase_add_test(tests, token_key_make_makes_another_key_each_time);
	status = suite_run();
	for (enum key_alg alg = 0; alg < KEY_ALG__MAX; alg++)
		buf_release(&key_text[alg]);
	return status;
}
