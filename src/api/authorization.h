/* The Authorization header: RFC 9110 section 11.6.2, RFC 6750 section 2.1. */
#ifndef AFFO_API_AUTHORIZATION_H
#define AFFO_API_AUTHORIZATION_H

#include "base/str.h"

/* The token of "Bearer TOKEN", borrowed from header. RC_TOKEN_MISSING: no header; RC_TOKEN_BAD:
 * another scheme, or not exactly one token of the letters that a token may have. */
MUST_USE enum rc authorization_bearer(struct str header, struct str *ret_token);
/* Whether the text has the length and the letters that a token may have. */
bool authorization_is_token(struct str text);

#endif
