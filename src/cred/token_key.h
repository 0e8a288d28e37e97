/* One key that signs and checks tokens, in locked and wiped memory. The only home of OpenSSL. */
#ifndef AFFO_CRED_TOKEN_KEY_H
#define AFFO_CRED_TOKEN_KEY_H

#include "base/json.h"
#include "base/key_index.h"

enum {
	TOKEN_KEY_MIN = KEY_SECRET_MIN, /* bytes of a secret: RFC 7518 section 3.2 */
	TOKEN_KEY_MAX = KEY_FILE_MAX,
	TOKEN_RSA_BITS_MIN = 2048, /* RFC 7518 section 3.3 */
	TOKEN_RSA_BITS_MAX = 4096, /* what one check may cost, and fits into a token */
	TOKEN_SIGNATURE_MAX = TOKEN_RSA_BITS_MAX / 8,
};

struct token_key;

/*
 * text: the secret of HS256, else a private key as PEM (PKCS #8): P-256 for ES256, RSA of 2048 to
 * 4096 bits for RS256. RC_CONFIG and what the text isn't in *why ("is ..."); RC_SYSTEM, logged.
 */
MUST_USE enum rc token_key_new(
    enum key_alg alg, struct str text, struct token_key **ret, struct buf *why);
void token_key_free(struct token_key *key);
/* A new key as such a text, whose id doesn't begin with "-". RC_SYSTEM (logged). */
MUST_USE enum rc token_key_make(enum key_alg alg, struct buf *ret_text);

enum key_alg token_key_alg(const struct token_key *key);
/* The key's name: of a public key its thumbprint (RFC 7638), of a secret a part of an HMAC with it,
 * which says as little of the secret as any token does. NUL-ended, letters of base64url. */
const char *token_key_id(const struct token_key *key);
/* What libjwt wants for signing and for checking. Borrowed. */
struct str token_key_private(const struct token_key *key);
struct str token_key_public(const struct token_key *key);
/* Bytes of a signature. */
size_t token_key_signature_len(const struct token_key *key);
/* Writes the public key as a JWK (RFC 7517); nothing for a secret. */
void token_key_add_jwk(const struct token_key *key, struct json_out *out);

#endif
