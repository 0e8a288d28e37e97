#include "deliver/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LENGTH_LEN = 4, FRAMES_MAX = 2 * (LENGTH_LEN + WIRE_FRAME_MAX), CHUNK = 16384 };

void
wire_open(struct wire *wire, int fd)
{
	wire->fd = fd;
	wire->in = BUF_INIT(FRAMES_MAX);
	wire->out = BUF_INIT(FRAMES_MAX);
}

void
wire_close(struct wire *wire)
{
	if (wire->fd < 0)
		return;
	(void)close(wire->fd);
	wire->fd = -1;
	buf_release(&wire->in);
	buf_release(&wire->out);
}

enum rc
wire_put(struct wire *wire, struct str frame)
{
	const unsigned char length[LENGTH_LEN] = { (unsigned char)(frame.len >> 24),
		(unsigned char)(frame.len >> 16), (unsigned char)(frame.len >> 8),
		(unsigned char)frame.len };

	/* Looked at first: half a frame would be taken for the start of the next. */
	if (frame.len > WIRE_FRAME_MAX || wire->out.len + LENGTH_LEN + frame.len > FRAMES_MAX)
		return RC_LIMIT;
	buf_add_bytes(&wire->out, length, sizeof(length));
	buf_add(&wire->out, frame);
	return buf_ok(&wire->out) ? RC_OK : RC_LIMIT;
}

/* Drops the first n bytes; what follows them is short. */
static void
drop(struct buf *buf, size_t n)
{
	struct buf rest = BUF_INIT(FRAMES_MAX);

	buf_add(&rest, str_slice(buf_str(buf), n, buf->len));
	buf_release(buf);
	*buf = rest;
}

enum rc
wire_flush(struct wire *wire)
{
	size_t sent = 0;
	enum rc rc = RC_OK;

	while (sent < wire->out.len && rc == RC_OK) {
		ssize_t n = send(wire->fd, wire->out.ptr + sent, wire->out.len - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			rc = RC_BUSY;
		else if (errno != EINTR)
			rc = RC_NONE;
	}
	if (sent > 0)
		drop(&wire->out, sent);
	return rc;
}

enum rc
wire_fill(struct wire *wire)
{
	char chunk[CHUNK];

	/* Two frames at most stand in the buffer: the rest waits in the socket. */
	while (wire->in.len + sizeof(chunk) <= FRAMES_MAX) {
		ssize_t n = recv(wire->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n > 0)
			buf_add_bytes(&wire->in, chunk, (size_t)n);
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			break;
		else
			return RC_NONE;
		if (!buf_ok(&wire->in))
			return RC_NONE;
	}
	return RC_OK;
}

enum rc
wire_take(struct wire *wire, struct buf *ret)
{
	const unsigned char *bytes = (const unsigned char *)wire->in.ptr;
	size_t len;

	if (wire->in.len < LENGTH_LEN)
		return RC_BUSY;
	len = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
	if (len > WIRE_FRAME_MAX)
		return RC_LIMIT;
	if (wire->in.len < LENGTH_LEN + len)
		return RC_BUSY;
	buf_reset(ret);
	buf_add(ret, str_slice(buf_str(&wire->in), LENGTH_LEN, LENGTH_LEN + len));
	drop(&wire->in, LENGTH_LEN + len);
	return buf_ok(ret) && buf_ok(&wire->in) ? RC_OK : RC_LIMIT;
}

static void
wait_for(struct wire *wire, short events)
{
	struct pollfd fd = { wire->fd, events, 0 };

	/* Whatever ends it, the next send or recv says what it was. */
	(void)poll(&fd, 1, -1);
}

enum rc
wire_send(struct wire *wire, struct str frame)
{
	enum rc rc = wire_put(wire, frame);

	if (rc != RC_OK)
		return rc;
	while ((rc = wire_flush(wire)) == RC_BUSY)
		wait_for(wire, POLLOUT);
	return rc;
}

enum rc
wire_receive(struct wire *wire, struct buf *ret)
{
	bool is_gone = false;
	enum rc rc;

	while ((rc = wire_take(wire, ret)) == RC_BUSY) {
		if (is_gone)
			return RC_NONE;
		wait_for(wire, POLLIN);
		is_gone = wire_fill(wire) != RC_OK;
	}
	return rc;
}
