/*
 * JWT signing and checking (RFC 7519, 8725): the only home of libjwt. The library checks no claim
 * and takes any algorithm that fits the key: what it has decoded is judged here.
 */
#ifndef AFFO_CRED_TOKEN_H
#define AFFO_CRED_TOKEN_H

#include "base/buf.h"
#include "model/session.h"

enum { TOKEN_MAX = 8192 };

struct keyring; /* cred/keyring.h */

/* Signs with the ring's signer; header {"typ":"JWT","alg":"HS256"}, and "kid" where the ring's keys
 * have names; claims iat exp jti id rls rf_exp rc. */
MUST_USE enum rc token_sign(
    const struct keyring *ring, const struct claims *claims, struct str roles, struct buf *ret);
/*
 * Structure (canonical base64url, one JSON object each, no duplicate members, no header but alg,
 * typ and kid), key, its alg, signature, claim types, nbf and iat, then presence: RC_TOKEN_BAD,
 * RC_CLAIM_MISSING. Looks at no other time: that is the domain's, after the database.
 */
MUST_USE enum rc token_check(
    const struct keyring *ring, struct str token, int64_t now_s, struct claims *ret);
/* Not before nbf, and iat no more than a minute ahead of now. Part of token_check. */
bool token_is_timely(const struct claims *claims, int64_t now_s);

/* cred/token_cache.c: tokens that this process has verified; bounded, LRU, keyed by a keyed hash of
 * the whole text. Holds only "this text, signed by us, these claims"; a cache is for one ring. */
struct token_cache;
MUST_USE enum rc token_cache_new(size_t entries, struct token_cache **ret);
void token_cache_free(struct token_cache *cache);
/* token_check through the cache; nbf and iat are looked at each time. */
MUST_USE enum rc token_cache_check(struct token_cache *cache, const struct keyring *ring,
    struct str token, int64_t now_s, struct claims *ret);

#endif
