/* The one cookie of the service, which carries a token for browsers: RFC 6265. */
#ifndef AFFO_HTTP_COOKIE_H
#define AFFO_HTTP_COOKIE_H

#include "base/buf.h"

/* Browsers take a name with __Host- only over TLS, for the whole of this one host, from it. */
#define COOKIE_NAME "__Host-affo"

/* The cookie's value, borrowed from the header. RC_NONE: it isn't there, or empty; RC_SYNTAX: it is
 * there more than once, which no browser does. */
MUST_USE enum rc cookie_find(struct str header, struct str *ret_value);
/* Adds the header that sets it; scripts can't read it, and other sites' forms don't send it. */
void cookie_set(struct buf *headers, struct str value, int64_t max_age_s);
/* Adds the header that takes it away. */
void cookie_clear(struct buf *headers);

#endif
