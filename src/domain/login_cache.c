#include "domain/login_cache.h"

#include <stdlib.h>

#include "base/log.h"

/* One place for each hash of (jti, user id): who comes later has it. The jti of a token that we
 * signed was random, so nobody chooses where it falls. */
struct entry {
	char jti[64 + 1]; /* of the claim; "": nothing is here */
	int64_t user_id;
	struct db_version version;
	struct session_view view;
};

struct login_cache {
	size_t n;
	struct entry *entries;
	struct session_view miss; /* what was read and may not be kept */
};

enum rc
login_cache_new(size_t entries, struct login_cache **ret)
{
	struct login_cache *cache = calloc(1, sizeof(*cache));

	if (cache != NULL) {
		cache->n = entries == 0 ? 1 : entries;
		cache->entries = calloc(cache->n, sizeof(*cache->entries));
	}
	if (cache == NULL || cache->entries == NULL) {
		log_error("no memory for a cache of %zu logins", entries);
		login_cache_free(cache);
		return RC_SYSTEM;
	}
	*ret = cache;
	return RC_OK;
}

void
login_cache_free(struct login_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; cache->entries != NULL && i < cache->n; i++)
		session_view_release(&cache->entries[i].view);
	session_view_release(&cache->miss);
	free(cache->entries);
	free(cache);
}

/* FNV-1a. */
static struct entry *
place(struct login_cache *cache, struct str jti, int64_t user_id)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)user_id;

	for (size_t i = 0; i < jti.len; i++)
		hash = (hash ^ (unsigned char)jti.ptr[i]) * UINT64_C(1099511628211);
	return &cache->entries[hash % cache->n];
}

static bool
is_hit(const struct entry *entry, struct str jti, int64_t user_id, int64_t now,
    const struct db_version *version)
{
	return entry->jti[0] != '\0' && entry->user_id == user_id &&
	       str_equal(str_from(entry->jti), jti) && entry->version.own == version->own &&
	       entry->version.others == version->others && now < entry->view.session.expires_at;
}

enum rc
login_cache_view(struct login_cache *cache, struct db *db, struct str jti, int64_t user_id,
    int64_t now, const struct session_view **ret)
{
	struct entry *entry = place(cache, jti, user_id);
	struct db_version version;
	enum rc rc;

	/* Stepped now, after the request was read: what was committed before it counts. */
	if ((rc = db_version(db, &version)) != RC_OK)
		return rc;
	if (is_hit(entry, jti, user_id, now, &version)) {
		*ret = &entry->view;
		return RC_OK;
	}
	session_view_release(&cache->miss);
	if ((rc = db_begin_read(db)) != RC_OK)
		return rc;
	/* The first statement of the transaction: it fixes what the second one sees. */
	if ((rc = db_version(db, &version)) == RC_OK)
		rc = session_row_view(db, jti, user_id, &cache->miss);
	db_rollback(db);
	if (rc != RC_OK)
		return rc;
	if (!cache->miss.has_session || !cache->miss.has_user || jti.len >= sizeof(entry->jti)) {
		*ret = &cache->miss;
		return RC_OK;
	}
	session_view_release(&entry->view);
	*entry = (struct entry){ .user_id = user_id, .version = version, .view = cache->miss };
	for (size_t i = 0; i < jti.len; i++)
		entry->jti[i] = jti.ptr[i];
	cache->miss = (struct session_view){ 0 };
	*ret = &entry->view;
	return RC_OK;
}
