/* PBKDF2 (RFC 8018) hashes of imported users, in the form that passlib writes:
 * $pbkdf2-sha256$ROUNDS$SALT$KEY and $pbkdf2-sha512$..., in base64 with "." for "+", unpadded. */
#ifndef AFFO_CRED_PBKDF2_H
#define AFFO_CRED_PBKDF2_H

#include "base/str.h"

enum {
	PBKDF2_ROUNDS_MAX = 5000000, /* what one login may cost the machine */
	PBKDF2_SALT_MAX = 64,        /* bytes */
};

/* Whether hash is of that form. */
bool pbkdf2_is_usable(struct str hash);
/* RC_OK, RC_WRONG_PASSWORD; also that for other forms. */
MUST_USE enum rc pbkdf2_verify(struct str hash, struct str password);

#endif
