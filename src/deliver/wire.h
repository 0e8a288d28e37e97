/*
 * Frames over a stream socket: 4 bytes of length (network order), then so many bytes of JSON. What
 * the queue and its senders say to each other; frame.h has the texts.
 */
#ifndef AFFO_DELIVER_WIRE_H
#define AFFO_DELIVER_WIRE_H

#include "base/buf.h"

enum { WIRE_FRAME_MAX = 128 * 1024 };

struct wire {
	int fd;             /* -1: none */
	struct buf in, out; /* received and not taken, put and not sent */
};

/* Takes fd over. */
void wire_open(struct wire *wire, int fd);
void wire_close(struct wire *wire); /* also what was never opened but has fd -1 */

/* Queues a frame for wire_flush(). RC_LIMIT: over WIRE_FRAME_MAX, or too much is queued. */
MUST_USE enum rc wire_put(struct wire *wire, struct str frame);
/* Sends what the socket takes now. RC_BUSY: something is left. RC_NONE: the peer is gone. */
MUST_USE enum rc wire_flush(struct wire *wire);
/* Receives what is there now. RC_NONE: the peer is gone, and nothing more will come. */
MUST_USE enum rc wire_fill(struct wire *wire);
/* The next whole frame, in *ret (emptied first; it may hold WIRE_FRAME_MAX). RC_BUSY: it is not
 * whole yet. RC_LIMIT: its length is over WIRE_FRAME_MAX: close the wire. */
MUST_USE enum rc wire_take(struct wire *wire, struct buf *ret);

/* The same, waiting as long as it takes. RC_NONE: the peer is gone. RC_LIMIT as above. */
MUST_USE enum rc wire_send(struct wire *wire, struct str frame);
MUST_USE enum rc wire_receive(struct wire *wire, struct buf *ret);

#endif
