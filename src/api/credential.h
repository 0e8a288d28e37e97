/* What a request proves with who is asking: a token in the Authorization header, else in the
 * cookie. */
#ifndef AFFO_API_CREDENTIAL_H
#define AFFO_API_CREDENTIAL_H

#include "base/conf.h"
#include "http/request.h"

struct credential {
	struct str token; /* borrowed from the request; not checked yet */
	bool is_cookie;
};

/*
 * With a header, whatever it holds, the cookie isn't looked at. Where the setting cookie.origins is
 * empty, there are no cookies. A browser sends its cookie along whoever asks it to, so by cookie
 * only GET and HEAD are free: all else, asked for or asked about (AFFO_METHOD), needs an Origin of
 * ours. RC_TOKEN_MISSING, RC_TOKEN_BAD, RC_ORIGIN_DENIED.
 */
MUST_USE enum rc credential_find(
    const struct request *request, const struct conf *conf, struct credential *ret);

/* Whether the request says that it comes from a page of cookie.origins (RFC 6454, section 7). */
bool credential_has_origin(const struct request *request, const struct conf *conf);

#endif
