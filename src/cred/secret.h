/* Reset tokens, phone codes and sealed boxes. */
#ifndef AFFO_CRED_SECRET_H
#define AFFO_CRED_SECRET_H

#include "base/buf.h"

enum {
	RESET_TOKEN_LEN = 43, /* 32 bytes as base64url */
	SECRET_HASH_LEN = 43, /* BLAKE2b-256 as base64url */
	CODE_LENGTH_MIN = 4,
	CODE_LENGTH_MAX = 10,
	CODE_KEY_MIN = 32,
	CODE_KEY_MAX = 4096,
	SEAL_KEY_LEN = 32, /* both keys of a sealed box, bytes; in files as base64url */
	SEAL_KEY_TEXT_LEN = 43,
};

/* sodium_init(); once per process. RC_SYSTEM. */
MUST_USE enum rc secret_init(void);

/* 32 random bytes as base64url, NUL-ended. */
void reset_token_make(char ret[static RESET_TOKEN_LEN + 1]);
/* What is stored of a token: a hash, NUL-ended. Any text. */
void secret_hash(struct str token, char ret[static SECRET_HASH_LEN + 1]);

/* The code of `length` digits for (purpose, phone, request id): derived without bias by a keyed
 * BLAKE2b stream, rejecting out-of-range draws. */
void code_derive(struct str key, struct str purpose, struct str phone, struct str request_id,
    unsigned length, char ret[static CODE_LENGTH_MAX + 1]);
/* Constant time for equal lengths. */
bool secret_equal(struct str a, struct str b);
/* 64 bits keyed by key over text: for draws (the dummy hash). */
uint64_t secret_draw(struct str key, struct str text);

/* Sealed boxes (crypto_box_seal): whoever writes one cannot read it back. */
void seal_keypair(
    char ret_public[static SEAL_KEY_TEXT_LEN + 1], char ret_secret[static SEAL_KEY_TEXT_LEN + 1]);
/* public_key, secret_key: as base64url. *ret: the box as base64url. RC_SYNTAX: not a key. */
MUST_USE enum rc seal_box(struct str public_key, struct str plain, struct buf *ret);
/* The public key is derived from the secret one. RC_SYNTAX: not a box of this key. */
MUST_USE enum rc seal_open(struct str secret_key, struct str box, struct buf *ret);
MUST_USE enum rc seal_public(struct str secret_key, char ret_public[static SEAL_KEY_TEXT_LEN + 1]);

#endif
