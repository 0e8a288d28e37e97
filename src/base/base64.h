/* base64url without padding (RFC 4648 section 5); decoding accepts the canonical form only. */
#ifndef AFFO_BASE_BASE64_H
#define AFFO_BASE_BASE64_H

#include "base/buf.h"

void base64_add_url(struct buf *to, const void *bytes, size_t len);
/* Decodes at most ret_max bytes. RC_SYNTAX, RC_LIMIT. */
MUST_USE enum rc base64_decode_url(
    struct str text, size_t ret_max, unsigned char *ret, size_t *ret_len);
/* Standard alphabet with padding (RFC 4648 section 4). */
void base64_add_std(struct buf *to, const void *bytes, size_t len);

#endif
