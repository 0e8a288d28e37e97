/*
 * JWT signing and checking: the only home of libjwt. FACTS "libjwt" has the recipe; RFC 7519, 8725.
 */
#ifndef AFFO_CRED_TOKEN_H
#define AFFO_CRED_TOKEN_H

#include "base/buf.h"
#include "model/session.h"

enum { TOKEN_MAX = 8192, TOKEN_KEY_MIN = 32, TOKEN_KEY_MAX = 4096 };

struct token_key;

/* key: the secret of HS256, at least TOKEN_KEY_MIN bytes. Copied; locked and wiped memory. Tries it
 * once, which also has the libraries open what they open late: call it before the sandbox.
 * RC_CONFIG (too short or too long), RC_SYSTEM; both logged. */
MUST_USE enum rc token_key_new(struct str key, struct token_key **ret);
void token_key_free(struct token_key *key);
/* Signs; header {"typ":"JWT","alg":"HS256"}, claims iat exp jti id rls rf_exp rc. */
MUST_USE enum rc token_sign(
    const struct token_key *key, const struct claims *claims, struct str roles, struct buf *ret);
/*
 * Structure (canonical base64url, one JSON object each, no duplicate members, no header but alg,
 * typ and kid), signature and alg, claim types, nbf and iat, then presence: RC_TOKEN_BAD,
 * RC_CLAIM_MISSING. Looks at no other time: that is the domain's, after the database.
 */
MUST_USE enum rc token_check(
    const struct token_key *key, struct str token, int64_t now_s, struct claims *ret);
/* Not before nbf, and iat no more than a minute ahead of now. Part of token_check. */
bool token_is_timely(const struct claims *claims, int64_t now_s);

/* cred/token_cache.c: tokens that this process has verified; bounded, LRU, keyed by a keyed hash of
 * the whole text. Holds only "this text, signed by us, these claims"; a cache is for one key. */
struct token_cache;
MUST_USE enum rc token_cache_new(size_t entries, struct token_cache **ret);
void token_cache_free(struct token_cache *cache);
/* token_check through the cache; nbf and iat are looked at each time. */
MUST_USE enum rc token_cache_check(struct token_cache *cache, const struct token_key *key,
    struct str token, int64_t now_s, struct claims *ret);

#endif
