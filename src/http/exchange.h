/*
 * One request and its answer through libfcgi. The caller has seen the whole request (scan.h), in
 * the socket's buffer or held, so nothing here waits for the peer but the writing of an answer that
 * it doesn't read, which the socket's timeout bounds.
 */
#ifndef AFFO_HTTP_EXCHANGE_H
#define AFFO_HTTP_EXCHANGE_H

#include <fcgiapp.h>

#include "http/server.h"

/* A connection, from the library's side. */
struct exchange {
	FCGX_Request fcgi;
};

/* What is used again from request to request. */
struct exchange_room {
	const struct server_options *options;
	char *body; /* options->max_body bytes */
	struct buf path;
	struct buf head;
	struct response response;
	int64_t complained_at; /* monotonic; so that a log isn't flooded */
};

enum exchange_end {
	EXCHANGE_KEPT,   /* answered; the peer may send its next request */
	EXCHANGE_DONE,   /* answered, and the peer expects the connection to be closed */
	EXCHANGE_UNREAD, /* answered while the peer still sends: take that off before closing */
	EXCHANGE_FAILED, /* close */
	EXCHANGE_GONE,   /* the library has closed the descriptor already */
};

/* Starts the library; once. It takes SIGPIPE, SIGUSR1 and SIGTERM where they are at their default,
 * so handlers of ours are safe in either order; SIGPIPE is ignored afterwards. */
MUST_USE enum rc exchange_init(void);
MUST_USE enum rc exchange_room_open(
    const struct server_options *options, struct exchange_room *ret);
void exchange_room_release(struct exchange_room *room);

/* fd stays the caller's to close. */
void exchange_open(struct exchange *exchange, int fd);
/* held: the request, when it was taken off the socket; absent: it is in the socket's buffer.
 * is_too_large: the parameters are whole, the body isn't and won't be read. */
enum exchange_end exchange_serve(
    struct exchange *exchange, struct exchange_room *room, struct str held, bool is_too_large);

#endif
