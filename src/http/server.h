/*
 * FastCGI requests on kept connections: with exchange.c the only home of libfcgi, which leaves what
 * is unread of a body as the next request, and waits for whoever sends slowly. So a request is
 * scanned before the library reads it, and read to its end before it is finished.
 */
#ifndef AFFO_HTTP_SERVER_H
#define AFFO_HTTP_SERVER_H

#include "http/request.h"

typedef void server_handler(void *arg, struct request *request, struct response *response);
/* When the answer is out, and once at the start. Gives after how many milliseconds without a
 * request it is to be called again; -1: not before the next answer. */
typedef int64_t server_after(void *arg);

enum {
	SERVER_CONNECTIONS_MAX = 1024,    /* at once, of one worker */
	SERVER_INCOMPLETE_MAX_MS = 10000, /* for a request to arrive whole */
	SERVER_DRAIN_MAX = 16 << 20,      /* bytes taken off a body that was answered by 413 */
	SERVER_HELD_MAX = 16 << 20,       /* bytes of requests that haven't come whole yet */
	SERVER_RETIRE_MAX_MS = 30000,
};

struct server_options {
	int listen_fd;        /* listening socket, made non-blocking and closed at retiring */
	bool keep;            /* kept connections; false for the hashing pool: one request each */
	int spool_fd;         /* of server_open_spool() */
	size_t max_body;      /* at most 128k */
	int64_t max_requests; /* retire after so many; 0: never */
	int64_t hash_deadline_ms; /* for AFFO_AT */
	server_handler *handle;
	server_after *after;
	void *arg;
};

/* A file in memory for requests that come in pieces; to be opened before the sandbox. RC_SYSTEM. */
MUST_USE enum rc server_open_spool(int *ret_fd);
/* Serves until server_stop() was called by a signal handler, or max_requests: then retires
 * (stops listening, accepts what is queued, serves kept connections until their closing,
 * at most 30 s). RC_OK, RC_SYSTEM. */
MUST_USE enum rc server_run(const struct server_options *options);
/* For signal handlers of SIGTERM, SIGINT and SIGQUIT, which run between requests only: retire
 * gracefully; a second call with now: stop after the current request. */
void server_stop(bool now);

#endif
