/* Languages of messages: Accept-Language (RFC 9110 section 12.5.4) and tags (RFC 5646). */
#ifndef AFFO_BASE_LANGUAGE_H
#define AFFO_BASE_LANGUAGE_H

#include "base/buf.h"

enum {
	LANGUAGE_TAG_MAX = 35, /* bytes of a tag; a longer one is left out (RFC 5646 section 4.4) */
	LANGUAGE_WISHES_MAX = 4, /* tags kept of one header */
	LANGUAGE_LIST_MAX = LANGUAGE_WISHES_MAX * (LANGUAGE_TAG_MAX + 1),
};

/* Adds the wished tags to *ret, best first, in lower case, joined with ",": "de-at,en". Nothing
 * for an absent header, "*", or what isn't well-formed. */
void language_wishes(struct str accept_language, struct buf *ret);
/*
 * The first of the n available tags that the list of wishes leads to by lookup (RFC 4647 section
 * 3.4: "de-at" finds "de"); fallback when none does.
 */
struct str language_pick(
    struct str wishes, const struct str *available, size_t n, struct str fallback);
/* Whether tag has the form of one, in lower case: [a-z]{2,8}(-[a-z0-9]{1,8})*. */
bool language_is_tag(struct str tag);

#endif
