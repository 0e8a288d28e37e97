/* Names and values, as a query has them and the body of a form. */
#ifndef AFFO_HTTP_FORM_H
#define AFFO_HTTP_FORM_H

#include "base/buf.h"

enum form_kind {
	FORM_QUERY, /* of a URL: a "+" is a "+" */
	FORM_BODY,  /* application/x-www-form-urlencoded: a "+" is a blank */
};

/*
 * Takes the next pair off *rest (absent: the end) and decodes it into *name and *value, which it
 * resets; a name without "=" has the empty value; empty pairs ("a=1&&b=2") are skipped. RC_OK,
 * RC_NONE at the end, RC_BAD_REQUEST: a bad escape or %00, or more than the buffers may hold.
 */
MUST_USE enum rc form_next(
    struct str *rest, enum form_kind kind, struct buf *name, struct buf *value);

#endif
