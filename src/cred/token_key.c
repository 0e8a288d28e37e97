#include "cred/token_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/random.h"

enum {
	PUBLIC_PEM_MAX = 1024, /* RSA of 4096 bits has 800 */
	NUMBER_MAX = BASE64_URL_LEN(TOKEN_RSA_BITS_MAX / 8),
	EXPONENT_MAX = BASE64_URL_LEN(8),
	COORDINATE_BYTES = 32, /* of P-256 */
	SECRET_ID_BYTES = 16,
	THUMBPRINT_TEXT_MAX = NUMBER_MAX + EXPONENT_MAX + 64,
	WHY_MAX = 256,
};

struct token_key {
	enum key_alg alg;
	char kid[KEY_ID_MAX + 1];
	/* Of the JWK, base64url: x and y of a point, or n and e of RSA. */
	char first[NUMBER_MAX + 1], second[NUMBER_MAX + 1];
	size_t signature_len;
	size_t public_len, private_len;
	char public[PUBLIC_PEM_MAX + 1]; /* PEM */
	char private[];                  /* the secret or PEM, with a NUL after it */
};

static enum rc
fail(const char *what)
{
	char reason[256];

	ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
	ERR_clear_error();
	log_error("%s: %s", what, reason);
	return RC_SYSTEM;
}

/* A key with a passphrase is refused: nobody is there to type it. */
static int
no_passphrase(char *to, int size, int is_writing, void *arg)
{
	(void)to;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}

/* A number of the key, as the JWK has it: of exactly len bytes, or 0: of as many as it needs. */
static bool
read_number(const EVP_PKEY *pkey, const char *name, size_t len, char ret[static NUMBER_MAX + 1])
{
	unsigned char bytes[TOKEN_RSA_BITS_MAX / 8];
	BIGNUM *number = NULL;
	bool is_read = false;

	if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1)
		return false;
	if (len == 0)
		len = (size_t)BN_num_bytes(number);
	if (len <= sizeof(bytes) && BN_bn2binpad(number, bytes, (int)len) == (int)len) {
		base64_write_url(ret, bytes, len);
		is_read = true;
	}
	BN_free(number);
	return is_read;
}

/* RFC 7638: SHA-256 over the members that make the key, in the order of their names. */
static void
thumbprint(struct token_key *key)
{
	char text[THUMBPRINT_TEXT_MAX];
	unsigned char digest[crypto_hash_sha256_BYTES];
	int len;

	if (key->alg == KEY_ES256)
		len = snprintf(text, sizeof(text),
		    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", key->first,
		    key->second);
	else
		len = snprintf(text, sizeof(text), "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}",
		    key->second, key->first);
	(void)crypto_hash_sha256(digest, (const unsigned char *)text, (unsigned long long)len);
	base64_write_url(key->kid, digest, sizeof(digest));
}

static enum rc
read_ec(struct token_key *key, const EVP_PKEY *pkey, struct buf *why)
{
	char group[64] = "";
	size_t len;

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1 ||
	    strcmp(group, SN_X9_62_prime256v1) != 0) {
		buf_add(why, STR("is no private key on the curve P-256"));
		return RC_CONFIG;
	}
	if (!read_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE_BYTES, key->first) ||
	    !read_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE_BYTES, key->second))
		return fail("cannot read a key on P-256");
	key->signature_len = 2 * COORDINATE_BYTES;
	return RC_OK;
}

static enum rc
read_rsa(struct token_key *key, const EVP_PKEY *pkey, struct buf *why)
{
	int bits = EVP_PKEY_get_bits(pkey);

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || bits < TOKEN_RSA_BITS_MIN ||
	    bits > TOKEN_RSA_BITS_MAX) {
		buf_printf(why, "is no private RSA key of %d to %d bits", TOKEN_RSA_BITS_MIN,
		    TOKEN_RSA_BITS_MAX);
		return RC_CONFIG;
	}
	if (!read_number(pkey, OSSL_PKEY_PARAM_RSA_N, 0, key->first) ||
	    !read_number(pkey, OSSL_PKEY_PARAM_RSA_E, 0, key->second))
		return fail("cannot read an RSA key");
	key->signature_len = ((size_t)bits + 7) / 8;
	return RC_OK;
}

static enum rc
write_public(struct token_key *key, EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	enum rc rc = RC_SYSTEM;
	const char *text;
	long len;

	if (bio == NULL || PEM_write_bio_PUBKEY(bio, pkey) != 1 ||
	    (len = BIO_get_mem_data(bio, &text)) <= 0 || len > PUBLIC_PEM_MAX) {
		(void)fail("cannot write a public key");
		goto out;
	}
	memcpy(key->public, text, (size_t)len);
	key->public_len = (size_t)len;
	rc = RC_OK;
out:
	(void)BIO_free(bio);
	return rc;
}

static enum rc
read_pem(struct token_key *key, struct buf *why)
{
	BIO *bio = BIO_new_mem_buf(key->private, (int)key->private_len);
	EVP_PKEY *pkey = NULL;
	enum rc rc;

	if (bio == NULL)
		return fail("no memory for a key");
	if ((pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)) == NULL) {
		ERR_clear_error();
		buf_add(why, STR("is no private key in PEM without a passphrase"));
		rc = RC_CONFIG;
		goto out;
	}
	rc = key->alg == KEY_ES256 ? read_ec(key, pkey, why) : read_rsa(key, pkey, why);
	if (rc == RC_OK)
		rc = write_public(key, pkey);
	if (rc == RC_OK)
		thumbprint(key);
out:
	EVP_PKEY_free(pkey);
	(void)BIO_free(bio);
	return rc;
}

static enum rc
read_secret(struct token_key *key)
{
	static const char purpose[] = "affo-user kid";
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;

	(void)crypto_auth_hmacsha256_init(
	    &state, (const unsigned char *)key->private, key->private_len);
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)purpose, sizeof(purpose) - 1);
	(void)crypto_auth_hmacsha256_final(&state, mac);
	memcpy(key->kid, "hs256-", 6);
	base64_write_url(key->kid + 6, mac, SECRET_ID_BYTES);
	key->signature_len = crypto_auth_hmacsha256_BYTES;
	sodium_memzero(&state, sizeof(state));
	return RC_OK;
}

enum rc
token_key_new(enum key_alg alg, struct str text, struct token_key **ret, struct buf *why)
{
	struct token_key *key;
	enum rc rc;

	if (text.len < TOKEN_KEY_MIN || text.len > TOKEN_KEY_MAX) {
		buf_printf(why, "has %zu bytes, and needs %d to %d", text.len, TOKEN_KEY_MIN,
		    TOKEN_KEY_MAX);
		return RC_CONFIG;
	}
	/* sodium_malloc puts the end at a page's end, and so needs sizes of whole words. */
	if ((key = sodium_malloc((sizeof(*key) + text.len + 16) / 16 * 16)) == NULL) {
		log_error("no memory for a token key");
		return RC_SYSTEM;
	}
	*key = (struct token_key){ .alg = alg, .private_len = text.len };
	memcpy(key->private, text.ptr, text.len);
	key->private[text.len] = '\0';
	rc = alg == KEY_HS256 ? read_secret(key) : read_pem(key, why);
	if (rc != RC_OK) {
		token_key_free(key);
		return rc;
	}
	(void)sodium_mprotect_readonly(key);
	*ret = key;
	return RC_OK;
}

void
token_key_free(struct token_key *key)
{
	if (key != NULL)
		sodium_free(key);
}

static enum rc
make_pem(enum key_alg alg, struct buf *ret_text)
{
	EVP_PKEY *pkey =
	    alg == KEY_ES256 ? EVP_EC_gen(SN_X9_62_prime256v1) : EVP_RSA_gen(TOKEN_RSA_BITS_MIN);
	BIO *bio = BIO_new(BIO_s_mem());
	enum rc rc = RC_SYSTEM;
	const char *text;
	long len;

	if (pkey == NULL || bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	    (len = BIO_get_mem_data(bio, &text)) <= 0) {
		(void)fail("cannot make a key");
		goto out;
	}
	buf_add_bytes(ret_text, text, (size_t)len);
	/* Without the line's end, as a file is read. */
	if (buf_ok(ret_text) && str_ends(buf_str(ret_text), STR("\n")))
		buf_truncate(ret_text, ret_text->len - 1);
	rc = buf_ok(ret_text) ? RC_OK : RC_SYSTEM;
out:
	/* BIO_free wipes the memory that it had. */
	(void)BIO_free(bio);
	EVP_PKEY_free(pkey);
	return rc;
}

static enum rc
make_secret(struct buf *ret_text)
{
	unsigned char bytes[TOKEN_KEY_MIN];

	random_bytes(bytes, sizeof(bytes));
	base64_add_url(ret_text, bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
	return buf_ok(ret_text) ? RC_OK : RC_SYSTEM;
}

enum rc
token_key_make(enum key_alg alg, struct buf *ret_text)
{
	struct buf why = BUF_INIT(WHY_MAX);
	struct token_key *key = NULL;
	bool is_option;
	enum rc rc;

	/* Again when a command would take its name for an option: 1 in 64. */
	do {
		buf_reset(ret_text);
		rc = alg == KEY_HS256 ? make_secret(ret_text) : make_pem(alg, ret_text);
		if (rc == RC_OK)
			rc = token_key_new(alg, buf_str(ret_text), &key, &why);
		is_option = rc == RC_OK && key->kid[0] == '-';
		token_key_free(key);
		key = NULL;
	} while (is_option);
	buf_release(&why);
	return rc;
}

enum key_alg
token_key_alg(const struct token_key *key)
{
	return key->alg;
}

const char *
token_key_id(const struct token_key *key)
{
	return key->kid;
}

struct str
token_key_private(const struct token_key *key)
{
	return (struct str){ key->private, key->private_len };
}

struct str
token_key_public(const struct token_key *key)
{
	if (key->alg == KEY_HS256)
		return token_key_private(key);
	return (struct str){ key->public, key->public_len };
}

size_t
token_key_signature_len(const struct token_key *key)
{
	return key->signature_len;
}

void
token_key_add_jwk(const struct token_key *key, struct json_out *out)
{
	if (key->alg == KEY_HS256)
		return;
	json_out_object(out, NULL);
	json_out_string(out, "kty", key->alg == KEY_ES256 ? STR("EC") : STR("RSA"));
	if (key->alg == KEY_ES256)
		json_out_string(out, "crv", STR("P-256"));
	json_out_string(out, key->alg == KEY_ES256 ? "x" : "n", str_from(key->first));
	json_out_string(out, key->alg == KEY_ES256 ? "y" : "e", str_from(key->second));
	json_out_string(out, "alg", str_from(key_alg_name(key->alg)));
	json_out_string(out, "use", STR("sig"));
	json_out_string(out, "kid", str_from(key->kid));
	json_out_end(out);
}
