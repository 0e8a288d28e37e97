#include "cred/hash.h"

#include <crypt.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cred/pbkdf2.h"

/* What a stored hash may cost at most. An imported row must not be able to occupy the machine for
 * minutes whenever somebody types its e-mail; the original's own hashes are far below. */
enum {
	ARGON2_KIB_MAX = 1048576,
	ARGON2_PASSES_MAX = 100,
	ARGON2_LANES_MAX = 64,
	BCRYPT_COST_MIN = 4,
	BCRYPT_COST_MAX = 17,
	SHA_ROUNDS_MAX = 10000000,
	/* As crypt(5) writes them: 2^18 blocks of 4 KiB, 1 GiB. */
	YESCRYPT_LOG2_MAX = 17,
	YESCRYPT_BLOCK_MAX = 31,
};

enum form { FORM_NONE, FORM_ARGON2, FORM_CRYPT, FORM_PBKDF2 };

/* Takes a decimal number of 1..max and the character that must follow it. */
static bool
take_number(struct str *s, uint64_t max, char end)
{
	size_t at = str_index(*s, end);
	uint64_t value;

	if (at == s->len || str_to_u64(str_slice(*s, 0, at), max, &value) != RC_OK || value == 0)
		return false;
	*s = str_slice(*s, at + 1, s->len);
	return true;
}

static bool
take(struct str *s, struct str prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	*s = str_slice(*s, prefix.len, s->len);
	return true;
}

/* $argon2id$v=19$m=102400,t=2,p=8$SALT$HASH, or argon2i. libsodium takes any p. */
static bool
is_argon2(struct str s)
{
	size_t len = s.len;

	return (take(&s, STR("$argon2id$")) || take(&s, STR("$argon2i$"))) &&
	       take(&s, STR("v=19$m=")) && take_number(&s, ARGON2_KIB_MAX, ',') &&
	       take(&s, STR("t=")) && take_number(&s, ARGON2_PASSES_MAX, ',') &&
	       take(&s, STR("p=")) && take_number(&s, ARGON2_LANES_MAX, '$') &&
	       str_index(s, '$') != s.len && len < crypto_pwhash_STRBYTES;
}

/* $2b$12$ and 53 characters. */
static bool
is_bcrypt(struct str s)
{
	unsigned cost;

	if (s.len != 60 || !str_starts(s, STR("$2")) || memchr("aby", s.ptr[2], 3) == NULL ||
	    s.ptr[3] != '$' || s.ptr[6] != '$')
		return false;
	for (size_t i = 4; i < 6; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	cost = (unsigned)(s.ptr[4] - '0') * 10 + (unsigned)(s.ptr[5] - '0');
	return cost >= BCRYPT_COST_MIN && cost <= BCRYPT_COST_MAX;
}

/* $5$ or $6$, perhaps rounds=N$, then SALT$HASH. */
static bool
is_sha_crypt(struct str s)
{
	if (!take(&s, STR("$5$")) && !take(&s, STR("$6$")))
		return false;
	if (take(&s, STR("rounds=")) && !take_number(&s, SHA_ROUNDS_MAX, '$'))
		return false;
	return str_index(s, '$') < s.len && !str_ends(s, STR("$"));
}

/* $y$j9T$SALT$HASH: flavour, log2 of the blocks, size of one. */
static bool
is_yescrypt(struct str s)
{
	static const char digits[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return take(&s, STR("$y$j")) && s.len > 3 && s.ptr[2] == '$' &&
	       memchr(digits, s.ptr[0], YESCRYPT_LOG2_MAX + 1) != NULL &&
	       memchr(digits, s.ptr[1], YESCRYPT_BLOCK_MAX + 1) != NULL &&
	       str_index(str_slice(s, 3, s.len), '$') < s.len - 3;
}

static enum form
form_of(struct str hash)
{
	if (hash.ptr == NULL || hash.len == 0 || hash.len >= CRYPT_OUTPUT_SIZE ||
	    memchr(hash.ptr, '\0', hash.len) != NULL)
		return FORM_NONE;
	if (is_argon2(hash))
		return FORM_ARGON2;
	if (pbkdf2_is_usable(hash))
		return FORM_PBKDF2;
	return is_bcrypt(hash) || is_sha_crypt(hash) || is_yescrypt(hash) ? FORM_CRYPT : FORM_NONE;
}

enum rc
hash_make(struct str password, struct hash_cost cost, struct buf *ret)
{
	char text[crypto_pwhash_STRBYTES];

	/* An absent password is a bug of ours, an empty one is refused where passwords are set. */
	if (crypto_pwhash_str(text, password.ptr == NULL ? "" : password.ptr, password.len,
	        (unsigned long long)cost.passes, cost.memory) != 0) {
		log_error("cannot hash a password with password.memory %zu and passes %lld: %s",
		    cost.memory, (long long)cost.passes, strerror(errno));
		return RC_SYSTEM;
	}
	buf_add(ret, str_from(text));
	return buf_ok(ret) ? RC_OK : RC_SYSTEM;
}

static enum rc
verify_argon2(struct str hash, struct str password)
{
	/* libsodium reads all of it, whatever the length of the text. */
	char text[crypto_pwhash_STRBYTES] = { 0 };

	memcpy(text, hash.ptr, hash.len);
	errno = 0;
	if (crypto_pwhash_str_verify(
	        text, password.ptr == NULL ? "" : password.ptr, password.len) == 0)
		return RC_OK;
	if (errno == ENOMEM) {
		log_error("no memory to verify a password hash");
		return RC_SYSTEM;
	}
	return RC_WRONG_PASSWORD;
}

/* On the heap: crypt_data has 32 KiB, and holds the password. */
struct crypt_work {
	struct crypt_data data;
	char hash[CRYPT_OUTPUT_SIZE];
	char password[CRYPT_MAX_PASSPHRASE_SIZE];
};

static enum rc
verify_crypt(struct str hash, struct str password)
{
	struct crypt_work *work = calloc(1, sizeof(*work));
	enum rc rc = RC_WRONG_PASSWORD;
	const char *made;

	if (work == NULL) {
		log_error("no memory to verify a password hash");
		return RC_SYSTEM;
	}
	/* A zero byte would cut the password, so that only its beginning were asked for. */
	if (password.len >= sizeof(work->password) ||
	    (password.len > 0 && memchr(password.ptr, '\0', password.len) != NULL))
		goto out;
	memcpy(work->hash, hash.ptr, hash.len);
	if (password.len > 0)
		memcpy(work->password, password.ptr, password.len);
	/* Not crypt_r: the address sanitizer has one of its own, so that the linker leaves libcrypt
	 * out and there is nothing behind it. */
	made = crypt_rn(work->password, work->hash, &work->data, sizeof(work->data));
	if (made != NULL && made[0] != '*' && strlen(made) == hash.len &&
	    sodium_memcmp(made, hash.ptr, hash.len) == 0)
		rc = RC_OK;
out:
	sodium_memzero(work, sizeof(*work));
	free(work);
	return rc;
}

enum rc
hash_verify(struct str hash, struct str password)
{
	switch (form_of(hash)) {
	case FORM_ARGON2:
		return verify_argon2(hash, password);
	case FORM_CRYPT:
		return verify_crypt(hash, password);
	case FORM_PBKDF2:
		return pbkdf2_verify(hash, password);
	case FORM_NONE:
		break;
	}
	return RC_WRONG_PASSWORD;
}

bool
hash_is_stale(struct str hash, struct hash_cost cost)
{
	char text[crypto_pwhash_STRBYTES] = { 0 };

	if (form_of(hash) != FORM_ARGON2 || !str_starts(hash, STR("$argon2id$")) ||
	    !str_contains(hash, STR(",p=1$")))
		return true;
	memcpy(text, hash.ptr, hash.len);
	return crypto_pwhash_str_needs_rehash(text, (unsigned long long)cost.passes, cost.memory) !=
	       0;
}

bool
hash_is_usable(struct str hash)
{
	return form_of(hash) != FORM_NONE;
}

void
hash_pretend(struct str like, struct str password, struct hash_cost cost)
{
	struct buf made = BUF_INIT(crypto_pwhash_STRBYTES);
	enum rc dropped;

	/* The work itself, without its result: nothing imitates its time better. */
	if (hash_is_usable(like))
		dropped = hash_verify(like, password);
	else
		dropped = hash_make(password, cost, &made);
	(void)dropped;
	buf_release(&made);
}
