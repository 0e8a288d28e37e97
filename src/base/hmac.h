/* HMAC-SHA-256 (RFC 2104), for signing what others check. */
#ifndef AFFO_BASE_HMAC_H
#define AFFO_BASE_HMAC_H

#include "base/str.h"

enum { HMAC_LEN = 32 };

/* A key of any length. */
void hmac_sha256(struct str key, struct str message, unsigned char ret[static HMAC_LEN]);

#endif
