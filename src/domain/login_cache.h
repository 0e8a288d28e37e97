/*
 * What a check of a token reads from the database, kept while nothing was committed. The rule (and
 * no other is linearizable): the key is (own commits, others' commits) of db_version, read first
 * inside the read transaction that fills; a hit needs both numbers equal now, no statement open,
 * and a time before the login's end. So a login that was ended is refused by every worker from the
 * moment its COMMIT returned.
 */
#ifndef AFFO_DOMAIN_LOGIN_CACHE_H
#define AFFO_DOMAIN_LOGIN_CACHE_H

#include "store/rows.h"

struct login_cache;

MUST_USE enum rc login_cache_new(size_t entries, struct login_cache **ret);
void login_cache_free(struct login_cache *cache);
/* session_row_view of (jti, user_id), from memory if that is allowed. Outside of any transaction.
 * *ret is borrowed until the next call. RC_UNAVAILABLE, RC_SYSTEM. */
MUST_USE enum rc login_cache_view(struct login_cache *cache, struct db *db, struct str jti,
    int64_t user_id, int64_t now, const struct session_view **ret);

#endif
