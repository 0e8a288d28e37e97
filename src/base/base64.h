/* base64url without padding (RFC 4648 section 5); decoding accepts the canonical form only. */
#ifndef AFFO_BASE_BASE64_H
#define AFFO_BASE_BASE64_H

#include "base/buf.h"

/* The length of n bytes as base64url, a constant expression for arrays. */
#define BASE64_URL_LEN(n) (((n)*4 + 2) / 3)

void base64_add_url(struct buf *to, const void *bytes, size_t len);
/* The same to memory of BASE64_URL_LEN(len) + 1 bytes: NUL-ended, cannot fail. */
void base64_write_url(char *ret, const void *bytes, size_t len);
/* Decodes at most ret_max bytes. RC_SYNTAX, RC_LIMIT (nothing is written then). */
MUST_USE enum rc base64_decode_url(
    struct str text, size_t ret_max, unsigned char *ret, size_t *ret_len);
/* Standard alphabet with padding (RFC 4648 section 4). */
void base64_add_std(struct buf *to, const void *bytes, size_t len);
/* Decodes that: with all its padding and the canonical form only. As above. */
MUST_USE enum rc base64_decode_std(
    struct str text, size_t ret_max, unsigned char *ret, size_t *ret_len);

#endif
