#include "cred/keyring.h"

#include <stdlib.h>

#include "base/log.h"
#include "cred/token_key.h"

enum { WHY_MAX = 4096, PROBE_TEXT_MAX = 2048 };

struct keyring {
	int64_t serial;
	bool has_ids; /* of keys; else there is one key without a kid */
	size_t n;
	const struct token_key *signer;  /* one of key */
	const struct token_key *unnamed; /* the one of tokens without a kid; NULL: none */
	struct token_key *key[KEY_INDEX_KEYS_MAX];
};

/* libjwt, OpenSSL and jansson open files when first used (seeds, openssl.cnf), which the sandbox
 * forbids. */
static enum rc
try_key(struct token_key *key)
{
	const struct keyring alone = {
		.n = 1, .has_ids = true, .signer = key, .unnamed = key, .key = { key }
	};
	struct claims claims = { .jti = "probe", .user_id = 1, .iat = 1, .exp = 2, .rf_exp = 3 };
	struct buf text = BUF_INIT(PROBE_TEXT_MAX);
	struct claims checked;
	enum rc rc;

	rc = token_sign(&alone, &claims, STR(""), &text);
	if (rc == RC_OK)
		rc = token_check(&alone, buf_str(&text), 1, &checked);
	buf_release(&text);
	if (rc == RC_OK)
		return RC_OK;
	log_error("libjwt cannot check a token that it has signed");
	return RC_SYSTEM;
}

static struct keyring *
make(void)
{
	struct keyring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		log_error("no memory for the keys of tokens");
	return ring;
}

/* Adds a key, which becomes the ring's to free. */
static enum rc
add(struct keyring *ring, enum key_alg alg, struct str text, struct buf *why)
{
	enum rc rc = token_key_new(alg, text, &ring->key[ring->n], why);

	if (rc != RC_OK)
		return rc;
	return try_key(ring->key[ring->n++]);
}

static enum rc
add_entry(struct keyring *ring, const struct key_entry *entry, const char *dir,
    const char *key_file, struct buf *why)
{
	struct buf text = BUF_INIT(KEY_FILE_MAX);
	const struct token_key *key;
	enum rc rc;

	if ((rc = key_index_read_key(entry, dir, key_file, &text, why)) != RC_OK)
		goto out;
	if ((rc = add(ring, entry->alg, buf_str(&text), why)) != RC_OK) {
		if (rc == RC_CONFIG)
			buf_printf(why, ": the key %s", entry->kid);
		goto out;
	}
	key = ring->key[ring->n - 1];
	if (!str_equal(str_from(entry->kid), str_from(token_key_id(key)))) {
		buf_printf(why, "the index calls a key %s that is %s: bring it back from a backup",
		    entry->kid, token_key_id(key));
		rc = RC_CONFIG;
		goto out;
	}
	if (entry->state == KEY_ACTIVE)
		ring->signer = key;
	if (entry->is_key_file)
		ring->unnamed = key;
out:
	buf_release(&text);
	return rc;
}

enum rc
keyring_open(const char *dir, const char *key_file, struct keyring **ret)
{
	struct keyring *ring = make();
	struct buf why = BUF_INIT(WHY_MAX);
	struct key_index index;
	enum rc rc = RC_SYSTEM;

	if (ring == NULL)
		goto out;
	if ((rc = key_index_read(dir, &index, &why)) == RC_NONE) {
		buf_printf(
		    &why, "\"%s\" has no index: affo-userctl key generate token makes it", dir);
		rc = RC_CONFIG;
	}
	ring->has_ids = true;
	for (size_t i = 0; rc == RC_OK && i < index.n; i++)
		rc = add_entry(ring, &index.entry[i], dir, key_file, &why);
	if (rc == RC_OK) {
		ring->serial = index.serial;
		*ret = ring;
		ring = NULL;
	} else if (rc == RC_CONFIG) {
		log_error("token.key_dir: %s", buf_text(&why));
	}
out:
	keyring_free(ring);
	buf_release(&why);
	return rc;
}

static enum rc
of_one(enum key_alg alg, struct str text, bool has_ids, struct keyring **ret)
{
	struct keyring *ring = make();
	struct buf why = BUF_INIT(WHY_MAX);
	enum rc rc = RC_SYSTEM;

	if (ring != NULL && (rc = add(ring, alg, text, &why)) == RC_OK) {
		ring->has_ids = has_ids;
		ring->signer = ring->key[0];
		if (!has_ids)
			ring->unnamed = ring->key[0];
		*ret = ring;
		ring = NULL;
	} else if (rc == RC_CONFIG) {
		log_error("the token key %s", buf_text(&why));
	}
	keyring_free(ring);
	buf_release(&why);
	return rc;
}

enum rc
keyring_of_secret(struct str secret, struct keyring **ret)
{
	return of_one(KEY_HS256, secret, false, ret);
}

enum rc
keyring_of_key(enum key_alg alg, struct str text, struct keyring **ret)
{
	return of_one(alg, text, true, ret);
}

void
keyring_free(struct keyring *ring)
{
	if (ring == NULL)
		return;
	for (size_t i = 0; i < ring->n; i++)
		token_key_free(ring->key[i]);
	free(ring);
}

const struct token_key *
keyring_signer(const struct keyring *ring)
{
	return ring->signer;
}

const char *
keyring_signer_id(const struct keyring *ring)
{
	return ring->has_ids ? token_key_id(ring->signer) : NULL;
}

const struct token_key *
keyring_find(const struct keyring *ring, struct str kid)
{
	if (kid.ptr == NULL || !ring->has_ids)
		return ring->unnamed;
	for (size_t i = 0; i < ring->n; i++)
		if (str_equal(kid, str_from(token_key_id(ring->key[i]))))
			return ring->key[i];
	return NULL;
}

int64_t
keyring_serial(const struct keyring *ring)
{
	return ring->serial;
}

void
keyring_add_jwks(const struct keyring *ring, struct json_out *out)
{
	json_out_object(out, NULL);
	json_out_array(out, "keys");
	for (size_t i = 0; i < ring->n; i++)
		token_key_add_jwk(ring->key[i], out);
	json_out_end(out);
	json_out_end(out);
}
