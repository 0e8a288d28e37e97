/*
 * A hash table with chains, and a list in the order of use, both in one array of entries; places
 * in it are numbers, with NOWHERE for none. The hash is keyed with random bytes of this process, so
 * nobody can make tokens that meet in one chain; and a hit needs the same text, so that even a
 * collision gives nobody another's claims.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "cred/secret.h"
#include "cred/token.h"

enum { ENTRIES_MAX = 1 << 20 };

static const uint32_t NOWHERE = UINT32_MAX;

struct entry {
	uint64_t hash;
	char *text;
	size_t text_len;
	struct claims claims;
	uint32_t next_in_chain;
	uint32_t newer, older;
};

struct token_cache {
	unsigned char hash_key[crypto_shorthash_siphashx24_KEYBYTES];
	uint32_t max, n;         /* entries at most, and now */
	uint32_t newest, oldest; /* of the list */
	struct entry *entries;
	uint32_t n_chains; /* a power of two */
	uint32_t *chains;
};

enum rc
token_cache_new(size_t entries, struct token_cache **ret)
{
	struct token_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		goto out;
	cache->max = entries == 0 ? 1 : entries > ENTRIES_MAX ? ENTRIES_MAX : (uint32_t)entries;
	cache->newest = cache->oldest = NOWHERE;
	for (cache->n_chains = 1; cache->n_chains < cache->max;)
		cache->n_chains *= 2;
	cache->entries = calloc(cache->max, sizeof(*cache->entries));
	cache->chains = calloc(cache->n_chains, sizeof(*cache->chains));
	if (cache->entries == NULL || cache->chains == NULL)
		goto out;
	for (uint32_t i = 0; i < cache->n_chains; i++)
		cache->chains[i] = NOWHERE;
	random_bytes(cache->hash_key, sizeof(cache->hash_key));
	*ret = cache;
	return RC_OK;
out:
	token_cache_free(cache);
	log_error("no memory for a cache of %zu tokens", entries);
	return RC_SYSTEM;
}

static void
wipe_text(struct entry *entry)
{
	if (entry->text != NULL)
		sodium_memzero(entry->text, entry->text_len);
	free(entry->text);
	entry->text = NULL;
}

void
token_cache_free(struct token_cache *cache)
{
	if (cache == NULL)
		return;
	for (uint32_t i = 0; cache->entries != NULL && i < cache->n; i++)
		wipe_text(&cache->entries[i]);
	free(cache->entries);
	free(cache->chains);
	sodium_memzero(cache, sizeof(*cache));
	free(cache);
}

static uint64_t
hash_of(const struct token_cache *cache, struct str token)
{
	unsigned char digest[crypto_shorthash_siphashx24_BYTES];
	uint64_t hash;

	(void)crypto_shorthash_siphashx24(
	    digest, (const unsigned char *)token.ptr, token.len, cache->hash_key);
	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

static uint32_t *
chain_of(struct token_cache *cache, uint64_t hash)
{
	return &cache->chains[hash & (cache->n_chains - 1)];
}

static uint32_t
find(struct token_cache *cache, uint64_t hash, struct str token)
{
	uint32_t at = *chain_of(cache, hash);

	for (; at != NOWHERE; at = cache->entries[at].next_in_chain) {
		const struct entry *entry = &cache->entries[at];

		if (entry->hash == hash &&
		    secret_equal(token, (struct str){ entry->text, entry->text_len }))
			break;
	}
	return at;
}

static void
unlink_from_list(struct token_cache *cache, uint32_t at)
{
	struct entry *entry = &cache->entries[at];

	*(entry->newer == NOWHERE ? &cache->newest : &cache->entries[entry->newer].older) =
	    entry->older;
	*(entry->older == NOWHERE ? &cache->oldest : &cache->entries[entry->older].newer) =
	    entry->newer;
}

static void
make_newest(struct token_cache *cache, uint32_t at)
{
	cache->entries[at].newer = NOWHERE;
	cache->entries[at].older = cache->newest;
	*(cache->newest == NOWHERE ? &cache->oldest : &cache->entries[cache->newest].newer) = at;
	cache->newest = at;
}

/* A place for one more: a fresh one, or that of the token used longest ago. */
static uint32_t
make_room(struct token_cache *cache)
{
	uint32_t at = cache->oldest, *link;

	if (cache->n < cache->max)
		return cache->n++;
	link = chain_of(cache, cache->entries[at].hash);
	while (*link != at)
		link = &cache->entries[*link].next_in_chain;
	*link = cache->entries[at].next_in_chain;
	unlink_from_list(cache, at);
	wipe_text(&cache->entries[at]);
	return at;
}

static void
remember(struct token_cache *cache, uint64_t hash, struct str token, const struct claims *claims)
{
	char *text = str_dup(token);
	uint32_t at, *chain;

	if (text == NULL)
		return; /* it only costs the next check its time */
	at = make_room(cache);
	chain = chain_of(cache, hash);
	cache->entries[at] = (struct entry){ .hash = hash,
		.text = text,
		.text_len = token.len,
		.claims = *claims,
		.next_in_chain = *chain };
	*chain = at;
	make_newest(cache, at);
}

enum rc
token_cache_check(struct token_cache *cache, const struct keyring *ring, struct str token,
    int64_t now_s, struct claims *ret)
{
	uint64_t hash;
	uint32_t at;
	enum rc rc;

	if (token.len == 0 || token.len > TOKEN_MAX)
		return RC_TOKEN_BAD;
	hash = hash_of(cache, token);
	if ((at = find(cache, hash, token)) != NOWHERE) {
		unlink_from_list(cache, at);
		make_newest(cache, at);
		if (!token_is_timely(&cache->entries[at].claims, now_s))
			return RC_TOKEN_BAD;
		*ret = cache->entries[at].claims;
		return RC_OK;
	}
	if ((rc = token_check(ring, token, now_s, ret)) == RC_OK)
		remember(cache, hash, token, ret);
	return rc;
}
