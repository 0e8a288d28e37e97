#include "cred/pbkdf2.h"

#include <sodium.h>
#include <string.h>

enum { KEY_MAX = 64, TEXT_MAX = 128 };

/* One of the two hash functions, with what it needs. */
union hmac {
	crypto_auth_hmacsha256_state sha256;
	crypto_auth_hmacsha512_state sha512;
};

struct parts {
	bool is_sha512;
	uint64_t rounds;
	unsigned char salt[PBKDF2_SALT_MAX];
	size_t salt_len;
	unsigned char key[KEY_MAX];
	size_t key_len;
};

static bool
decode(struct str text, unsigned char *ret, size_t max, size_t *ret_len)
{
	char plain[TEXT_MAX];

	if (text.len == 0 || text.len > sizeof(plain))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '+')
			return false;
		plain[i] = text.ptr[i] == '.' ? '+' : text.ptr[i];
	}
	return sodium_base642bin(ret, max, plain, text.len, NULL, ret_len, NULL,
	           sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0;
}

static bool
parse(struct str hash, struct parts *ret)
{
	struct str rest, rounds, salt;

	*ret = (struct parts){ .is_sha512 = str_starts(hash, STR("$pbkdf2-sha512$")) };
	if (!ret->is_sha512 && !str_starts(hash, STR("$pbkdf2-sha256$")))
		return false;
	rest = str_slice(hash, sizeof("$pbkdf2-sha256$") - 1, hash.len);
	return str_cut(&rest, '$', &rounds) && str_cut(&rest, '$', &salt) && rest.ptr != NULL &&
	       str_to_u64(rounds, PBKDF2_ROUNDS_MAX, &ret->rounds) == RC_OK && ret->rounds > 0 &&
	       decode(salt, ret->salt, sizeof(ret->salt), &ret->salt_len) &&
	       decode(rest, ret->key, sizeof(ret->key), &ret->key_len) &&
	       ret->key_len == (ret->is_sha512 ? 64 : 32);
}

static void
hmac_init(const struct parts *parts, union hmac *hmac, struct str key)
{
	const unsigned char *bytes = (const unsigned char *)key.ptr;

	if (parts->is_sha512)
		(void)crypto_auth_hmacsha512_init(&hmac->sha512, bytes, key.len);
	else
		(void)crypto_auth_hmacsha256_init(&hmac->sha256, bytes, key.len);
}

static void
hmac_update(const struct parts *parts, union hmac *hmac, const unsigned char *bytes, size_t len)
{
	if (parts->is_sha512)
		(void)crypto_auth_hmacsha512_update(&hmac->sha512, bytes, len);
	else
		(void)crypto_auth_hmacsha256_update(&hmac->sha256, bytes, len);
}

static void
hmac_final(const struct parts *parts, union hmac *hmac, unsigned char ret[static KEY_MAX])
{
	if (parts->is_sha512)
		(void)crypto_auth_hmacsha512_final(&hmac->sha512, ret);
	else
		(void)crypto_auth_hmacsha256_final(&hmac->sha256, ret);
}

/* The first block, which is all: passlib's keys are as long as the hash. */
static void
derive(const struct parts *parts, struct str password, unsigned char ret[static KEY_MAX])
{
	static const unsigned char block_number[4] = { 0, 0, 0, 1 };
	unsigned char last[KEY_MAX];
	union hmac keyed, work;

	hmac_init(parts, &keyed, password);
	work = keyed;
	hmac_update(parts, &work, parts->salt, parts->salt_len);
	hmac_update(parts, &work, block_number, sizeof(block_number));
	hmac_final(parts, &work, last);
	memcpy(ret, last, parts->key_len);
	for (uint64_t round = 1; round < parts->rounds; round++) {
		work = keyed;
		hmac_update(parts, &work, last, parts->key_len);
		hmac_final(parts, &work, last);
		for (size_t i = 0; i < parts->key_len; i++)
			ret[i] ^= last[i];
	}
	sodium_memzero(last, sizeof(last));
	sodium_memzero(&keyed, sizeof(keyed));
	sodium_memzero(&work, sizeof(work));
}

bool
pbkdf2_is_usable(struct str hash)
{
	struct parts parts;

	return parse(hash, &parts);
}

enum rc
pbkdf2_verify(struct str hash, struct str password)
{
	unsigned char key[KEY_MAX];
	struct parts parts;
	enum rc rc;

	if (!parse(hash, &parts))
		return RC_WRONG_PASSWORD;
	derive(&parts, password.ptr == NULL ? STR("") : password, key);
	rc = sodium_memcmp(key, parts.key, parts.key_len) == 0 ? RC_OK : RC_WRONG_PASSWORD;
	sodium_memzero(key, sizeof(key));
	return rc;
}
