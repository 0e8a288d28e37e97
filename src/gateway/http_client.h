/*
 * One HTTP call and its answer, for the kinds that speak HTTP, and for checks of a site. A client
 * keeps its connection between calls. No redirect is followed: it comes back as its status.
 */
#ifndef AFFO_GATEWAY_HTTP_CLIENT_H
#define AFFO_GATEWAY_HTTP_CLIENT_H

#include "gateway/gateway.h"

struct http_client;

struct http_header {
	const char *name;
	struct str value; /* absent: the header is left out */
};

enum {
	HTTP_CLIENT_URL_MAX = 2048, /* of http_client_is_url() */
	HTTP_CLIENT_HEADERS_MAX = 32,
	HTTP_CLIENT_HEADER_MAX = 4096,
	HTTP_CLIENT_HEAD_MAX = 32 << 10, /* bytes of an answer's headers that are kept */
};

enum http_tls { HTTP_TLS_ANY, HTTP_TLS_1_0, HTTP_TLS_1_1, HTTP_TLS_1_2, HTTP_TLS_1_3 };

/* A call that looks at a site instead of using it: HTTP/1.1, the path is sent as it is, with its
 * dots and slashes, and the answer's headers are kept. */
struct http_probe {
	const char *ca_file; /* instead of the system's certificates; NULL: those */
	bool is_insecure;    /* whoever the site says it is, it is believed */
	enum http_tls tls;   /* no other version is offered */
};

struct http_call {
	const char *method; /* "POST" */
	const char *url;    /* http or https */
	const struct http_header *headers;
	size_t n_headers;
	struct str body; /* absent: none */
	struct str user; /* basic authentication; absent: none */
	struct str password;
	int64_t timeout_ms;             /* in all, the connection included: gateway->timeout_ms */
	const struct http_probe *probe; /* NULL: none */
};

struct http_reply {
	long status;
	struct str body; /* at most GATEWAY_REPLY_MAX; borrowed until the next call */
	struct str head; /* of a probe: the lines of the headers; borrowed as well */
};

/* RC_SYSTEM. */
MUST_USE enum rc http_client_new(struct http_client **ret);
void http_client_free(struct http_client *client); /* accepts NULL */
/* RC_OK: there is an answer, of whatever status. Else RC_UNAVAILABLE and *ret holds the result: no
 * connection, no whole answer in time, an answer over GATEWAY_REPLY_MAX: later; TLS or URL that
 * cannot work: misconfigured; a header with a control character, or over a limit: permanent. */
MUST_USE enum rc http_client_call(struct http_client *client, const struct http_call *call,
    struct http_reply *ret_reply, struct delivery *ret);
/* The value of a probe's first header of that name, in any case; absent: there is none. */
struct str http_client_header(const struct http_reply *reply, struct str name);
/* For statuses that a provider gives no meaning of its own: 3xx, 401, 403, 404, 405, 407, 410:
 * misconfigured; all else later. The detail has the status and no text of the peer's. */
void http_client_failed(const struct http_reply *reply, struct delivery *ret);
/* For kinds' open: whether text is an http or https URL with a host and without user, password
 * or fragment, of at most HTTP_CLIENT_URL_MAX bytes. */
bool http_client_is_url(const char *text);

#endif
