/*
 * FastCGI requests on kept connections: the only home of libfcgi. FACTS "libfcgi" has the traps.
 */
#ifndef AFFO_HTTP_SERVER_H
#define AFFO_HTTP_SERVER_H

#include "http/request.h"

typedef void server_handler(void *arg, struct request *request, struct response *response);
typedef void server_after(void *arg); /* when the answer is out */

struct server_options {
	int listen_fd; /* non-blocking listening socket */
	bool keep;     /* kept connections; false for the hashing pool: one request each */
	size_t max_body;
	int64_t max_requests;     /* retire after so many; 0: never */
	int64_t hash_deadline_ms; /* for AFFO_AT */
	server_handler *handle;
	server_after *after;
	void *arg;
};

/* Serves until server_stop() was called by a signal handler, or max_requests: then retires
 * (FACTS: stops listening, accepts what is queued, serves kept connections until their closing,
 * at most 30 s). RC_OK, RC_SYSTEM. */
MUST_USE enum rc server_run(const struct server_options *options);
/* Async-signal-safe: retire gracefully; a second call with now: stop after the current request. */
void server_stop(bool now);

#endif
