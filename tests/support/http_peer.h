/*
 * A provider's HTTP server on a free port of 127.0.0.1, in a thread of the test: gives the answers
 * of a script in turn, and keeps what it was asked. One connection at a time, each closed after
 * its answer. Fails the test (ck_assert) when the system fails it.
 */
#ifndef AFFO_TESTS_SUPPORT_HTTP_PEER_H
#define AFFO_TESTS_SUPPORT_HTTP_PEER_H

#include "base/str.h"

struct http_peer;

enum http_peer_how {
	HTTP_PEER_ANSWER, /* status, headers, body */
	HTTP_PEER_RAW,    /* body as the whole answer, status line and all */
	HTTP_PEER_CLOSE,  /* closes without a byte once the request was read */
	HTTP_PEER_RESET,  /* the same with a TCP reset */
	HTTP_PEER_HANG,   /* never answers; holds on until the client leaves */
	HTTP_PEER_DRIP,   /* head at once, then a byte of body now and then, without an end */
};

struct http_peer_answer {
	enum http_peer_how how;
	int status;
	const char *headers; /* "Name: value\r\n..."; NULL: none. Content-Length is added */
	const char *body;    /* NULL: none */
	size_t fill;         /* so many bytes of 'x' follow the body */
};

struct http_peer_request {
	struct str method, target; /* "POST", "/sms/" */
	struct str headers;        /* "Name: value\r\n..." as received */
	struct str body;
};

enum { HTTP_PEER_REQUESTS_MAX = 64 };

/* The answers are borrowed; after the last one it is repeated. */
struct http_peer *http_peer_start(const struct http_peer_answer *script, size_t n);
/* A port that is taken and refuses every connection. */
struct http_peer *http_peer_start_refusing(void);
/* Ends the thread and releases all; accepts NULL. */
void http_peer_stop(struct http_peer *peer);
/* "http://127.0.0.1:PORT" + path, in a ring of 8 static buffers. */
const char *http_peer_url(const struct http_peer *peer, const char *path);
/* How many whole requests were read so far. */
size_t http_peer_count(struct http_peer *peer);
/* The i-th, i < HTTP_PEER_REQUESTS_MAX and < count; borrowed until http_peer_stop(). */
struct http_peer_request http_peer_request(struct http_peer *peer, size_t i);
/* A header's value by its name in any case; absent: not sent, or sent twice. */
struct str http_peer_header(const struct http_peer_request *request, const char *name);

#endif
