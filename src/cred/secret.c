#include "cred/secret.h"

#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/random.h"

enum { BOX_MAX = 65536 }; /* bytes of a sealed box; messages are far smaller */

enum rc
secret_init(void)
{
	if (sodium_init() >= 0)
		return RC_OK;
	log_error("libsodium cannot be initialised");
	return RC_SYSTEM;
}

/* bytes as base64url of exactly text_len characters, and a NUL. */
static void
to_text(const unsigned char *bytes, size_t len, char *ret, size_t text_len)
{
	(void)sodium_bin2base64(
	    ret, text_len + 1, bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void
reset_token_make(char ret[static RESET_TOKEN_LEN + 1])
{
	unsigned char bytes[32];

	random_bytes(bytes, sizeof(bytes));
	to_text(bytes, sizeof(bytes), ret, RESET_TOKEN_LEN);
	sodium_memzero(bytes, sizeof(bytes));
}

void
secret_hash(struct str token, char ret[static SECRET_HASH_LEN + 1])
{
	unsigned char digest[32];

	(void)crypto_generichash(
	    digest, sizeof(digest), (const unsigned char *)token.ptr, token.len, NULL, 0);
	to_text(digest, sizeof(digest), ret, SECRET_HASH_LEN);
}

/* Adds a text with its length before it, so that no two lists of texts are the same input. */
static void
hash_text(crypto_generichash_state *state, struct str s)
{
	unsigned char len[8];

	for (size_t i = 0; i < sizeof(len); i++)
		len[i] = (unsigned char)((uint64_t)s.len >> (8 * i));
	(void)crypto_generichash_update(state, len, sizeof(len));
	(void)crypto_generichash_update(state, (const unsigned char *)s.ptr, s.len);
}

/* Begins a hash with a key of any length: BLAKE2b takes 64 bytes at most. */
static void
hash_begin(crypto_generichash_state *state, struct str key, size_t ret_len)
{
	unsigned char short_key[crypto_generichash_KEYBYTES];

	(void)crypto_generichash(short_key, sizeof(short_key), (const unsigned char *)key.ptr,
	    key.len, (const unsigned char *)"affo-user", 9);
	(void)crypto_generichash_init(state, short_key, sizeof(short_key), ret_len);
	sodium_memzero(short_key, sizeof(short_key));
}

/* Little-endian on every machine: the same key gives the same codes everywhere. */
static uint64_t
word(const unsigned char *bytes)
{
	uint64_t value = 0;

	for (size_t i = 8; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

void
code_derive(struct str key, struct str purpose, struct str phone, struct str request_id,
    unsigned length, char ret[static CODE_LENGTH_MAX + 1])
{
	crypto_generichash_state state;
	unsigned char block[64];
	uint64_t codes = 1, value, limit;

	if (length < CODE_LENGTH_MIN)
		length = CODE_LENGTH_MIN;
	if (length > CODE_LENGTH_MAX)
		length = CODE_LENGTH_MAX;
	for (unsigned i = 0; i < length; i++)
		codes *= 10;
	/* The largest multiple of codes that fits: what is drawn above it would favour low codes.
	 */
	limit = UINT64_MAX - UINT64_MAX % codes;
	for (unsigned char round = 0;; round++) {
		hash_begin(&state, key, sizeof(block));
		hash_text(&state, purpose);
		hash_text(&state, phone);
		hash_text(&state, request_id);
		hash_text(&state, (struct str){ (const char *)&round, 1 });
		(void)crypto_generichash_final(&state, block, sizeof(block));
		value = limit;
		for (size_t i = 0; i < sizeof(block) && value >= limit; i += 8)
			value = word(block + i);
		/* At least 8 words of 255 rounds: one out of range is 1 in 10^9 already. */
		if (value < limit || round == UINT8_MAX)
			break;
	}
	value %= codes;
	ret[length] = '\0';
	for (unsigned i = length; i-- > 0; value /= 10)
		ret[i] = (char)('0' + value % 10);
	sodium_memzero(block, sizeof(block));
	sodium_memzero(&state, sizeof(state));
}

bool
secret_equal(struct str a, struct str b)
{
	return a.ptr != NULL && b.ptr != NULL && a.len == b.len &&
	       sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}

uint64_t
secret_draw(struct str key, struct str text)
{
	crypto_generichash_state state;
	unsigned char digest[crypto_generichash_BYTES_MIN];

	hash_begin(&state, key, sizeof(digest));
	hash_text(&state, text);
	(void)crypto_generichash_final(&state, digest, sizeof(digest));
	return word(digest);
}

void
seal_keypair(
    char ret_public[static SEAL_KEY_TEXT_LEN + 1], char ret_secret[static SEAL_KEY_TEXT_LEN + 1])
{
	unsigned char public_key[SEAL_KEY_LEN], secret_key[SEAL_KEY_LEN];

	(void)crypto_box_keypair(public_key, secret_key);
	to_text(public_key, sizeof(public_key), ret_public, SEAL_KEY_TEXT_LEN);
	to_text(secret_key, sizeof(secret_key), ret_secret, SEAL_KEY_TEXT_LEN);
	sodium_memzero(secret_key, sizeof(secret_key));
}

static enum rc
read_key(struct str text, unsigned char ret[static SEAL_KEY_LEN])
{
	size_t len;

	if (text.len != SEAL_KEY_TEXT_LEN ||
	    base64_decode_url(text, SEAL_KEY_LEN, ret, &len) != RC_OK || len != SEAL_KEY_LEN)
		return RC_SYNTAX;
	return RC_OK;
}

enum rc
seal_box(struct str public_key, struct str plain, struct buf *ret)
{
	unsigned char key[SEAL_KEY_LEN];
	struct buf box = BUF_INIT(BOX_MAX);
	enum rc rc = RC_SYNTAX;

	if (read_key(public_key, key) != RC_OK)
		return RC_SYNTAX;
	/* Room for the box: the bytes are replaced at once. */
	buf_add(&box, plain);
	for (size_t i = 0; i < crypto_box_SEALBYTES; i++)
		buf_add_char(&box, '\0');
	rc = RC_SYSTEM;
	if (!buf_ok(&box))
		goto out;
	rc = RC_SYNTAX; /* a public key of low order */
	if (crypto_box_seal(
	        (unsigned char *)box.ptr, (const unsigned char *)plain.ptr, plain.len, key) != 0)
		goto out;
	base64_add_url(ret, box.ptr, box.len);
	rc = buf_ok(ret) ? RC_OK : RC_SYSTEM;
out:
	buf_release(&box);
	return rc;
}

enum rc
seal_open(struct str secret_key, struct str box, struct buf *ret)
{
	unsigned char key[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN];
	struct buf bytes = BUF_INIT(2 * BOX_MAX), plain = BUF_INIT(2 * BOX_MAX);
	enum rc rc = RC_SYNTAX;
	size_t len;

	if (read_key(secret_key, key) != RC_OK || crypto_scalarmult_base(public_key, key) != 0)
		goto out;
	/* Room for the bytes of both: they are replaced at once. */
	buf_add(&bytes, box);
	buf_add(&plain, box);
	rc = RC_SYSTEM;
	if (!buf_ok(&bytes) || !buf_ok(&plain))
		goto out;
	rc = RC_SYNTAX;
	if (box.len == 0 ||
	    base64_decode_url(box, bytes.len, (unsigned char *)bytes.ptr, &len) != RC_OK ||
	    len < crypto_box_SEALBYTES ||
	    crypto_box_seal_open((unsigned char *)plain.ptr, (const unsigned char *)bytes.ptr, len,
	        public_key, key) != 0)
		goto out;
	buf_add_bytes(ret, plain.ptr, len - crypto_box_SEALBYTES);
	rc = buf_ok(ret) ? RC_OK : RC_SYSTEM;
out:
	sodium_memzero(key, sizeof(key));
	buf_release(&bytes);
	buf_release(&plain);
	return rc;
}

enum rc
seal_public(struct str secret_key, char ret_public[static SEAL_KEY_TEXT_LEN + 1])
{
	unsigned char key[SEAL_KEY_LEN], public_key[SEAL_KEY_LEN];
	enum rc rc = RC_SYNTAX;

	if (read_key(secret_key, key) == RC_OK && crypto_scalarmult_base(public_key, key) == 0) {
		to_text(public_key, sizeof(public_key), ret_public, SEAL_KEY_TEXT_LEN);
		rc = RC_OK;
	}
	sodium_memzero(key, sizeof(key));
	return rc;
}
