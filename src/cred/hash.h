/* Password hashes. Argon2id by libsodium; of imported users argon2i, bcrypt, SHA-crypt ($5$, $6$),
 * yescrypt and PBKDF2 are verified, too. */
#ifndef AFFO_CRED_HASH_H
#define AFFO_CRED_HASH_H

#include "base/buf.h"

struct hash_cost {
	size_t memory; /* bytes */
	int64_t passes;
};

/* A new $argon2id$ string. RC_SYSTEM (no memory). */
MUST_USE enum rc hash_make(struct str password, struct hash_cost cost, struct buf *ret);
/* RC_OK, RC_WRONG_PASSWORD; also that for NULL, empty, plain or unknown forms of hash. */
MUST_USE enum rc hash_verify(struct str hash, struct str password);
/* Whether hash should be made anew with this cost at the next login. */
bool hash_is_stale(struct str hash, struct hash_cost cost);
/* Whether hash is of a form that hash_verify can verify. */
bool hash_is_usable(struct str hash);
/* Takes as long as hash_verify against `like` would (a stored hash; absent: of this cost). */
void hash_pretend(struct str like, struct str password, struct hash_cost cost);

#endif
