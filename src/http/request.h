/* A request as the handlers see it, and the answer that they fill. */
#ifndef AFFO_HTTP_REQUEST_H
#define AFFO_HTTP_REQUEST_H

#include "base/buf.h"
#include "base/fault.h"

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_OTHER
};

enum {
	REQUEST_SEGMENTS_MAX = 16, /* more is an unknown path */
	REQUEST_ID_MAX = 64,
	REQUEST_URI_MAX = 16384, /* bytes; longer: 400 */
};

/* All borrowed until the answer is out. */
struct request {
	enum method method;
	struct str uri;   /* REQUEST_URI as sent */
	struct str query; /* after the "?", absent: none */
	/* Percent-decoded segments of the path; a path that ends in "/" has an empty last one. */
	struct str segment[REQUEST_SEGMENTS_MAX];
	size_t n_segments;
	bool is_bad_path;         /* a bad escape, %00: 400; */
	struct str authorization; /* absent: no header */
	struct str content_type;
	struct str content_encoding;
	struct str user_agent;
	struct str accept_language;
	struct str origin, cookie, host;
	struct str remote_addr;
	/* Of the request that a web server asks about: AFFO_METHOD (GET: it isn't given), AFFO_URL.
	 */
	enum method outer_method;
	struct str outer_url;
	char id[REQUEST_ID_MAX + 1];
	struct str body;          /* read whole; at most max_body */
	bool is_body_too_large;   /* more than max_body came, or was announced */
	int64_t hash_deadline_ms; /* monotonic; 0: none */
};

struct response {
	int status;
	const char *content_type; /* NULL: no body */
	struct buf body;
	struct buf headers;        /* whole lines "Name: value\r\n" besides the usual ones */
	const char *cache_control; /* NULL: "no-store" */
};

enum { RESPONSE_BODY_MAX = 1 << 20, RESPONSE_HEADERS_MAX = 16384 };

/* Status and body of any result but RC_OK: the one home of both. Headers too: WWW-Authenticate,
 * Retry-After, and Allow from *allow (NULL: none). token_was_sent: for error="invalid_token". */
void problem_fill(struct response *response, enum rc rc, const struct faults *faults,
    const struct request *request, bool token_was_sent, const char *allow);
/* The code's name as in affo-user-api(7), for logs and tests. */
const char *problem_code(enum rc rc);

/* http/path.c: cuts at "?", splits on "/", decodes once per segment into *storage. */
void request_split_path(struct request *request, struct str uri, struct buf *storage);
/* http/path.c: the value of a parameter of the query, decoded into *ret. RC_NONE: it isn't there;
 * RC_BAD_REQUEST: it is there twice, or has a bad escape; RC_LIMIT: it is longer than *ret may be.
 * A "+" is a "+": who sends forms uses a body. */
MUST_USE enum rc request_query_value(struct str query, struct str name, struct buf *ret);
/* http/media.c: whether the Content-Type (absent: no) is application/json or
 * application/vnd.*+json, in UTF-8 if it says so. */
bool media_is_json(struct str content_type);
/* Whether it is application/x-www-form-urlencoded, in UTF-8 if it says so. */
bool media_is_form(struct str content_type);

#endif
