/* The keys of a process: one that signs, and all that check. */
#ifndef AFFO_CRED_KEYRING_H
#define AFFO_CRED_KEYRING_H

#include "base/json.h"
#include "base/key_index.h"
#include "cred/token.h"

struct token_key;

/*
 * Each has signed and checked a token before anybody gets it, which has the libraries open what
 * they open late: call these before the sandbox. RC_CONFIG, RC_SYSTEM; both logged.
 */
/* The keys of token.key_dir. */
MUST_USE enum rc keyring_open(const char *dir, const char *key_file, struct keyring **ret);
/* A secret for HS256 alone: no token gets a kid, and one that a token has means nothing. */
MUST_USE enum rc keyring_of_secret(struct str secret, struct keyring **ret);
/* A key with its kid alone, of token_key_make()'s text. For tests and for probing. */
MUST_USE enum rc keyring_of_key(enum key_alg alg, struct str text, struct keyring **ret);
void keyring_free(struct keyring *ring);

/* The key that signs. */
const struct token_key *keyring_signer(const struct keyring *ring);
/* The kid that its tokens have; NULL: none. */
const char *keyring_signer_id(const struct keyring *ring);
/* The key that checks a token of that kid: by a comparison with the names that are listed and by
 * nothing else. kid absent: that of token.key_file, while it is listed. NULL: none. */
const struct token_key *keyring_find(const struct keyring *ring, struct str kid);
/* Of the index; 0: there is none. */
int64_t keyring_serial(const struct keyring *ring);
/* A JWK Set (RFC 7517 section 5) of all public keys. */
void keyring_add_jwks(const struct keyring *ring, struct json_out *out);

#endif
