#include "support/http_peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 1 << 20, DRIP_MS = 20 };

struct kept {
	char *text; /* the request as received, head and body */
	size_t head_len, len;
};

struct http_peer {
	pthread_t thread;
	int listener, stop[2];
	unsigned port;
	const struct http_peer_answer *script;
	size_t n_script;
	pthread_mutex_t lock; /* over the two below */
	size_t count;
	int hung[HTTP_PEER_REQUESTS_MAX]; /* connections that are left without an answer */
	size_t n_hung;
	struct kept kept[HTTP_PEER_REQUESTS_MAX];
};

/* Waits for events on fd; false when the peer is to stop. ms < 0: for ever. */
static bool
wait_for(struct http_peer *peer, int fd, short events, int ms)
{
	struct pollfd fds[2] = { { fd, events, 0 }, { peer->stop[0], POLLIN, 0 } };

	while (poll(fds, 2, ms) < 0)
		ck_assert_int_eq(errno, EINTR);
	return fds[1].revents == 0;
}

/* False: the client is gone, or we are to stop. */
static bool
send_all(struct http_peer *peer, int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n;

		if (!wait_for(peer, fd, POLLOUT, -1))
			return false;
		n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static struct str
header_in(struct str headers, const char *name)
{
	struct str line, found = STR_NULL;

	while (str_cut(&headers, '\n', &line)) {
		struct str head;

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (!str_cut(&line, ':', &head) || !str_equal_nocase(head, str_from(name)))
			continue;
		if (found.ptr != NULL)
			return STR_NULL;
		found = str_trim(line);
	}
	return found;
}

/* Reads one whole request (Content-Length, no chunks). False: the client left before its end. */
static bool
read_request(struct http_peer *peer, int fd, struct kept *ret)
{
	char *text = malloc(REQUEST_MAX + 1), *end = NULL;
	size_t len = 0, want = REQUEST_MAX;

	ck_assert_ptr_nonnull(text);
	while (len < want) {
		ssize_t n;

		if (!wait_for(peer, fd, POLLIN, -1) ||
		    (n = recv(fd, text + len, want - len, 0)) <= 0) {
			free(text);
			return false;
		}
		len += (size_t)n;
		text[len] = '\0';
		if (end == NULL && (end = strstr(text, "\r\n\r\n")) != NULL) {
			uint64_t body_len = 0;
			struct str head = { text, (size_t)(end - text) + 4 };
			struct str length = header_in(head, "Content-Length");

			if (length.ptr != NULL)
				ck_assert_int_eq(str_to_u64(length, REQUEST_MAX, &body_len), RC_OK);
			ret->head_len = head.len;
			want = head.len + (size_t)body_len;
			ck_assert_uint_le(want, REQUEST_MAX);
		}
	}
	ck_assert_ptr_nonnull(end);
	ret->text = text;
	ret->len = len;
	return true;
}

static void
send_answer(struct http_peer *peer, int fd, const struct http_peer_answer *answer)
{
	static const char fill[4096] = { [0 ... sizeof(fill) - 1] = 'x' };
	const char *body = answer->body == NULL ? "" : answer->body;
	size_t left = answer->fill;
	char head[512];
	int n;

	if (answer->how == HTTP_PEER_RAW) {
		(void)send_all(peer, fd, body, strlen(body));
		return;
	}
	n = snprintf(head, sizeof(head),
	    "HTTP/1.1 %d Scripted\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n",
	    answer->status, answer->headers == NULL ? "" : answer->headers,
	    answer->how == HTTP_PEER_DRIP ? (size_t)100000 : strlen(body) + left);
	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, (int)sizeof(head));
	if (!send_all(peer, fd, head, (size_t)n))
		return;
	while (answer->how == HTTP_PEER_DRIP && send_all(peer, fd, "x", 1) &&
	       wait_for(peer, -1, 0, DRIP_MS))
		;
	if (!send_all(peer, fd, body, strlen(body)))
		return;
	while (left > 0) {
		size_t part = left < sizeof(fill) ? left : sizeof(fill);

		if (!send_all(peer, fd, fill, part))
			return;
		left -= part;
	}
}

/* Until the client has closed too, so that our close resets nothing it has not read yet. */
static void
wait_for_close(struct http_peer *peer, int fd)
{
	char rest[256];

	while (wait_for(peer, fd, POLLIN, -1) && recv(fd, rest, sizeof(rest), 0) > 0)
		;
}

/* Closes fd, or keeps it open without an answer: nobody else shall wait for it. */
static void
serve(struct http_peer *peer, int fd)
{
	const struct linger reset = { 1, 0 };
	const struct http_peer_answer *answer;
	struct kept kept = { NULL, 0, 0 };
	size_t i;

	if (!read_request(peer, fd, &kept)) {
		(void)close(fd);
		return;
	}
	(void)pthread_mutex_lock(&peer->lock);
	i = peer->count++;
	if (i < HTTP_PEER_REQUESTS_MAX)
		peer->kept[i] = kept;
	else
		free(kept.text);
	(void)pthread_mutex_unlock(&peer->lock);
	answer = &peer->script[i < peer->n_script ? i : peer->n_script - 1];
	switch (answer->how) {
	case HTTP_PEER_ANSWER:
	case HTTP_PEER_RAW:
	case HTTP_PEER_DRIP:
		send_answer(peer, fd, answer);
		(void)shutdown(fd, SHUT_WR);
		wait_for_close(peer, fd);
		break;
	case HTTP_PEER_HANG:
		ck_assert_uint_lt(peer->n_hung, HTTP_PEER_REQUESTS_MAX);
		peer->hung[peer->n_hung++] = fd;
		return;
	case HTTP_PEER_RESET:
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		break;
	case HTTP_PEER_CLOSE:
		break;
	}
	(void)close(fd);
}

static void *
run(void *context)
{
	struct http_peer *peer = context;

	while (wait_for(peer, peer->listener, POLLIN, -1)) {
		int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		serve(peer, fd);
	}
	for (size_t i = 0; i < peer->n_hung; i++)
		(void)close(peer->hung[i]);
	return NULL;
}

static struct http_peer *
bind_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	struct http_peer *peer = calloc(1, sizeof(*peer));

	ck_assert_ptr_nonnull(peer);
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(peer->listener, 0);
	ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&address, &len), 0);
	peer->port = ntohs(address.sin_port);
	return peer;
}

struct http_peer *
http_peer_start(const struct http_peer_answer *script, size_t n)
{
	struct http_peer *peer = bind_port();

	peer->script = script;
	peer->n_script = n;
	ck_assert_int_eq(pthread_mutex_init(&peer->lock, NULL), 0);
	ck_assert_int_eq(pipe2(peer->stop, O_CLOEXEC), 0);
	ck_assert_int_eq(listen(peer->listener, 16), 0);
	ck_assert_int_eq(pthread_create(&peer->thread, NULL, run, peer), 0);
	return peer;
}

struct http_peer *
http_peer_start_refusing(void)
{
	return bind_port();
}

void
http_peer_stop(struct http_peer *peer)
{
	if (peer == NULL)
		return;
	if (peer->script != NULL) {
		(void)close(peer->stop[1]);
		(void)pthread_join(peer->thread, NULL);
		(void)close(peer->stop[0]);
		(void)pthread_mutex_destroy(&peer->lock);
	}
	for (size_t i = 0; i < HTTP_PEER_REQUESTS_MAX; i++)
		free(peer->kept[i].text);
	(void)close(peer->listener);
	free(peer);
}

const char *
http_peer_url(const struct http_peer *peer, const char *path)
{
	static char urls[8][512];
	static size_t next;
	char *url = urls[next++ % 8];

	(void)snprintf(url, sizeof(urls[0]), "http://127.0.0.1:%u%s", peer->port, path);
	return url;
}

size_t
http_peer_count(struct http_peer *peer)
{
	size_t count;

	(void)pthread_mutex_lock(&peer->lock);
	count = peer->count;
	(void)pthread_mutex_unlock(&peer->lock);
	return count;
}

struct http_peer_request
http_peer_request(struct http_peer *peer, size_t i)
{
	struct http_peer_request request;
	struct str head, line;
	struct kept kept;

	ck_assert_uint_lt(i, http_peer_count(peer));
	ck_assert_uint_lt(i, HTTP_PEER_REQUESTS_MAX);
	(void)pthread_mutex_lock(&peer->lock);
	kept = peer->kept[i];
	(void)pthread_mutex_unlock(&peer->lock);
	head = (struct str){ kept.text, kept.head_len };
	request.body = (struct str){ kept.text + kept.head_len, kept.len - kept.head_len };
	ck_assert(str_cut(&head, '\n', &line));
	request.headers = head;
	ck_assert(str_cut(&line, ' ', &request.method));
	ck_assert(str_cut(&line, ' ', &request.target));
	return request;
}

struct str
http_peer_header(const struct http_peer_request *request, const char *name)
{
	return header_in(request->headers, name);
}
