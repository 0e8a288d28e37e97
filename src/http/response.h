/* An answer as bytes: the CGI header (RFC 3875) that a FastCGI responder sends, and the body. */
#ifndef AFFO_HTTP_RESPONSE_H
#define AFFO_HTTP_RESPONSE_H

#include "http/request.h"

enum { RESPONSE_HEAD_MAX = RESPONSE_HEADERS_MAX + 1024 };

/* The reason phrase, also the title of a problem; "" for a status that we never send. */
const char *response_reason(int status);

/*
 * Status line and headers with the empty line after them: Cache-Control, X-Content-Type-Options,
 * X-Request-ID, Content-Type and Content-Length where there is a body (a HEAD's are those of its
 * GET), then response->headers. False: a buffer of the response had failed, the answer is unusable.
 */
MUST_USE bool response_head(
    const struct request *request, const struct response *response, struct buf *to);
/* What follows the head: nothing for HEAD or without a Content-Type. */
struct str response_body(const struct request *request, const struct response *response);

#endif
