/*
 * JWT signing and checking: the only home of libjwt. FACTS "libjwt" has the recipe; RFC 7519, 8725.
 */
#ifndef AFFO_CRED_TOKEN_H
#define AFFO_CRED_TOKEN_H

#include "model/session.h"

enum { TOKEN_MAX = 8192, TOKEN_KEY_MIN = 32, TOKEN_KEY_MAX = 4096 };

struct token_key;

/* key: the secret of HS256, at least TOKEN_KEY_MIN bytes. Copied; locked and wiped memory. */
MUST_USE enum rc token_key_new(struct str key, struct token_key **ret);
void token_key_free(struct token_key *key);
/* Signs; header {"typ":"JWT","alg":"HS256"}, claims iat exp jti id rls rf_exp rc. */
MUST_USE enum rc token_sign(
    const struct token_key *key, const struct claims *claims, struct str roles, struct buf *ret);
/*
 * Signature, alg, structure (canonical base64url, one JSON object, no duplicate members, no crit),
 * nbf (RC_TOKEN_BAD before it), claim types, then presence: RC_TOKEN_BAD, RC_CLAIM_MISSING.
 * Looks at no other time: that is the domain's, after the database. *ret_rest, when not NULL, gets
 * nothing that isn't in the claims.
 */
MUST_USE enum rc token_check(
    const struct token_key *key, struct str token, int64_t now_s, struct claims *ret);

/* cred/token_cache.c: tokens that this process has verified; bounded, LRU, keyed by the hash of the
 * whole text. Holds only "this text, signed by us, these claims". */
struct token_cache;
MUST_USE enum rc token_cache_new(size_t entries, struct token_cache **ret);
void token_cache_free(struct token_cache *cache);
/* token_check through the cache; nbf and iat are looked at each time. */
MUST_USE enum rc token_cache_check(struct token_cache *cache, const struct token_key *key,
    struct str token, int64_t now_s, struct claims *ret);

#endif
