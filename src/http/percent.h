/* Percent-encoding: RFC 3986, section 2.1. */
#ifndef AFFO_HTTP_PERCENT_H
#define AFFO_HTTP_PERCENT_H

#include "base/buf.h"

/* Adds s with each %XX decoded once; nothing else is changed. False: a bad escape, or %00. */
MUST_USE bool percent_add_decoded(struct buf *to, struct str s);
/* Adds s for the value of a parameter in a URL: all but A-Z a-z 0-9 - . _ ~ encoded. */
void percent_add_encoded(struct buf *to, struct str s);
/*
 * Adds s for the value of a header, or for an item of a list in one that commas or blanks divide:
 * encoded is all but visible ASCII, and besides it the percent sign (so that decoding once gives s
 * again), the comma, the double quote and the backslash. An ASCII name stays what it is, as does an
 * e-mail address; nothing ends a line. The result is also a scope-token of RFC 6749, section 3.3.
 */
void percent_add_header_value(struct buf *to, struct str s);

#endif
