#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/exchange.h"
#include "http/scan.h"

enum {
	EVENTS_MAX = 64,
	WRITE_MAX_S = 10,       /* for a peer to read our answer */
	EVICT_AFTER_MS = 1000,  /* when all slots are taken: who waits longer makes room */
	ACCEPT_PAUSE_MS = 1000, /* when the process is out of descriptors */
};

static const uint32_t connection_events = EPOLLIN | EPOLLRDHUP | EPOLLET;

enum connection_state {
	CONNECTION_WAITING,  /* for a whole request, until the deadline */
	CONNECTION_IDLE,     /* kept, nothing has come yet: as long as the peer likes */
	CONNECTION_DRAINING, /* answered; what still comes is thrown away, until the deadline */
};

struct connection {
	int fd; /* -1: a free slot */
	enum connection_state state;
	int64_t deadline_ms;
	size_t drained; /* bytes */
	/* What has come of a request that isn't whole. Left in the socket's buffer, it would keep a
	 * web server from sending on that waits until most of the buffer is free, like Apache. */
	struct buf held;
	struct exchange exchange;
	TAILQ_ENTRY(connection) link; /* in waiting, or in unused */
};

TAILQ_HEAD(connections, connection);

struct server {
	const struct server_options *options;
	int epoll_fd;
	struct connection *slots;
	size_t n_open;
	struct connections unused;
	/* All with a deadline. As that is always as far away when one is added, the list is in
	 * the order of the deadlines. */
	struct connections waiting;
	struct exchange_room room;
	char *peek;           /* SCAN_PEEK_MAX bytes */
	size_t held;          /* bytes, of all connections */
	bool is_listening;    /* the listener is in epoll */
	int64_t resume_at_ms; /* don't accept before */
	int64_t retire_by_ms; /* 0: not retiring */
	int64_t after_at_ms;  /* call `after` then though nothing has come; 0: don't */
	int64_t served;
	int64_t now_ms;
};

static volatile sig_atomic_t stop_wanted, stop_now_wanted;

void
server_stop(bool now)
{
	stop_wanted = 1;
	if (now)
		stop_now_wanted = 1;
}

static void
call_after(struct server *server)
{
	const struct server_options *options = server->options;
	int64_t ms = options->after == NULL ? -1 : options->after(options->arg);

	server->after_at_ms = ms < 0 ? 0 : clock_monotonic_ms() + ms;
}

static void
wait_until(struct server *server, struct connection *connection, enum connection_state state)
{
	connection->state = state;
	connection->deadline_ms = server->now_ms + SERVER_INCOMPLETE_MAX_MS;
	TAILQ_INSERT_TAIL(&server->waiting, connection, link);
}

static void
wait_no_more(struct server *server, struct connection *connection)
{
	if (connection->state == CONNECTION_IDLE)
		return;
	TAILQ_REMOVE(&server->waiting, connection, link);
	connection->state = CONNECTION_IDLE;
}

static void
connection_hold_no_more(struct server *server, struct connection *connection)
{
	server->held -= connection->held.len;
	buf_release(&connection->held);
}

static void
connection_close(struct server *server, struct connection *connection)
{
	wait_no_more(server, connection);
	connection_hold_no_more(server, connection);
	if (connection->fd >= 0)
		(void)close(connection->fd);
	connection->fd = -1;
	TAILQ_INSERT_TAIL(&server->unused, connection, link);
	server->n_open--;
	/* A descriptor came free. */
	server->resume_at_ms = 0;
}

static bool
connection_watch(struct server *server, struct connection *connection, int operation)
{
	struct epoll_event event = { .events = connection_events, .data.ptr = connection };

	return epoll_ctl(server->epoll_fd, operation, connection->fd, &event) == 0;
}

/* Takes one connection off the queue; false when there is none, or no room for it. */
static bool
server_accept(struct server *server)
{
	const struct timeval patience = { .tv_sec = WRITE_MAX_S };
	struct connection *connection = TAILQ_FIRST(&server->unused);
	int fd;

	if (connection == NULL)
		return false;
	if ((fd = accept4(server->options->listen_fd, NULL, NULL, SOCK_CLOEXEC)) < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return false;
		log_warning("a connection cannot be accepted: %s", strerror(errno));
		server->resume_at_ms = server->now_ms + ACCEPT_PAUSE_MS;
		return false;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	TAILQ_REMOVE(&server->unused, connection, link);
	server->n_open++;
	connection->fd = fd;
	connection->drained = 0;
	exchange_open(&connection->exchange, fd);
	wait_until(server, connection, CONNECTION_WAITING);
	if (!connection_watch(server, connection, EPOLL_CTL_ADD)) {
		log_warning("a connection cannot be watched: %s", strerror(errno));
		connection_close(server, connection);
	}
	return true;
}

/* Throws away what still comes after an early answer: a close with unread bytes would reset the
 * connection, and the peer might lose the answer. */
static void
connection_drain(struct server *server, struct connection *connection)
{
	ssize_t n;

	while ((n = recv(connection->fd, server->peek, SCAN_PEEK_MAX, MSG_DONTWAIT)) > 0) {
		connection->drained += (size_t)n;
		if (connection->drained > SERVER_DRAIN_MAX)
			break;
	}
	if (n >= 0 || errno != EAGAIN)
		connection_close(server, connection);
}

static void
connection_serve(struct server *server, struct connection *connection, bool is_too_large)
{
	struct str held = connection->held.len > 0 ? buf_str(&connection->held) : STR_NULL;
	enum exchange_end end;

	wait_no_more(server, connection);
	end = exchange_serve(&connection->exchange, &server->room, held, is_too_large);
	connection_hold_no_more(server, connection);
	switch (end) {
	case EXCHANGE_KEPT:
		/* Setting the events anew reports them again if more has come meanwhile, and
		 * after those of the others: nobody is starved. */
		if (!connection_watch(server, connection, EPOLL_CTL_MOD))
			connection_close(server, connection);
		break;
	case EXCHANGE_UNREAD:
		server->now_ms = clock_monotonic_ms();
		(void)shutdown(connection->fd, SHUT_WR);
		wait_until(server, connection, CONNECTION_DRAINING);
		connection_drain(server, connection);
		break;
	case EXCHANGE_GONE:
		connection->fd = -1;
		connection_close(server, connection);
		break;
	case EXCHANGE_DONE:
	case EXCHANGE_FAILED:
		connection_close(server, connection);
		break;
	}
	server->served++;
	call_after(server);
	server->now_ms = clock_monotonic_ms();
}

/* Takes the n bytes that were peeked at off the socket. False: there is no room for them. */
static bool
connection_hold(struct server *server, struct connection *connection, size_t n)
{
	if (server->held + n > SERVER_HELD_MAX ||
	    recv(connection->fd, server->peek, n, MSG_DONTWAIT) != (ssize_t)n)
		return false;
	buf_add_bytes(&connection->held, server->peek, n);
	if (!buf_ok(&connection->held))
		return false;
	server->held += n;
	return true;
}

/* Looks at what has come, n bytes of it just now. They are left where they are when they are a
 * whole request, which is the usual case; else they are held. */
static enum scan
connection_scan(struct server *server, struct connection *connection, size_t n)
{
	size_t max_body = server->options->max_body;
	enum scan scan;

	if (connection->held.len == 0) {
		scan = scan_request((struct str){ server->peek, n }, max_body);
		if (scan != SCAN_INCOMPLETE)
			return scan;
	}
	if (!connection_hold(server, connection, n))
		return SCAN_BAD;
	return scan_request(buf_str(&connection->held), max_body);
}

/* Something has happened on a connection. True: a request was served. */
static bool
connection_event(struct server *server, struct connection *connection, uint32_t events)
{
	enum scan scan = SCAN_BAD;
	ssize_t n;

	if (connection->state == CONNECTION_DRAINING) {
		connection_drain(server, connection);
		return false;
	}
	n = recv(connection->fd, server->peek, SCAN_PEEK_MAX - connection->held.len,
	    MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN && (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) == 0)
		return false;
	/* With HUP nobody would read an answer. */
	if (n > 0 && (events & (EPOLLHUP | EPOLLERR)) == 0) {
		scan = connection_scan(server, connection, (size_t)n);
		sodium_memzero(server->peek, (size_t)n);
	}
	switch (scan) {
	case SCAN_COMPLETE:
	case SCAN_TOO_LARGE:
		connection_serve(server, connection, scan == SCAN_TOO_LARGE);
		return true;
	case SCAN_INCOMPLETE:
		/* No more will come, or no more would fit. */
		if ((events & EPOLLRDHUP) != 0 || connection->held.len == SCAN_PEEK_MAX)
			break;
		if (connection->state == CONNECTION_IDLE)
			wait_until(server, connection, CONNECTION_WAITING);
		return false;
	case SCAN_BAD:
		break;
	}
	connection_close(server, connection);
	return false;
}

/* Puts the listener into epoll or takes it out, where it would spin while we can't accept. */
static void
listener_update(struct server *server)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct connection *oldest = TAILQ_FIRST(&server->waiting);
	bool is_wanted;

	if (TAILQ_EMPTY(&server->unused) && oldest != NULL &&
	    oldest->deadline_ms - SERVER_INCOMPLETE_MAX_MS + EVICT_AFTER_MS <= server->now_ms)
		connection_close(server, oldest);
	is_wanted = server->retire_by_ms == 0 && !TAILQ_EMPTY(&server->unused) &&
	            server->now_ms >= server->resume_at_ms;
	if (is_wanted == server->is_listening)
		return;
	if (epoll_ctl(server->epoll_fd, is_wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
	        server->options->listen_fd, &event) == 0)
		server->is_listening = is_wanted;
	else
		server->resume_at_ms = server->now_ms + ACCEPT_PAUSE_MS;
}

/* No new connections from now on; what the kernel has accepted for us is served. Kept connections
 * are closed by the web server, never by us: that would race with its next request. */
static void
server_retire(struct server *server)
{
	server->retire_by_ms = server->now_ms + SERVER_RETIRE_MAX_MS;
	listener_update(server);
	while (server_accept(server))
		;
	(void)close(server->options->listen_fd);
}

static int
wait_ms(const struct server *server)
{
	const struct connection *oldest = TAILQ_FIRST(&server->waiting);
	int64_t until = INT64_MAX, evict;

	if (oldest != NULL) {
		until = oldest->deadline_ms;
		evict = until - SERVER_INCOMPLETE_MAX_MS + EVICT_AFTER_MS;
		if (TAILQ_EMPTY(&server->unused) && evict < until)
			until = evict;
	}
	if (server->retire_by_ms != 0 && server->retire_by_ms < until)
		until = server->retire_by_ms;
	if (server->resume_at_ms != 0 && server->resume_at_ms < until)
		until = server->resume_at_ms;
	if (server->after_at_ms != 0 && server->after_at_ms < until)
		until = server->after_at_ms;
	if (until == INT64_MAX)
		return -1;
	until -= server->now_ms;
	return until < 0 ? 0 : (int)until;
}

static void
expire(struct server *server)
{
	struct connection *oldest;

	if (server->resume_at_ms != 0 && server->now_ms >= server->resume_at_ms)
		server->resume_at_ms = 0;
	while ((oldest = TAILQ_FIRST(&server->waiting)) != NULL &&
	       oldest->deadline_ms <= server->now_ms)
		connection_close(server, oldest);
	if (server->after_at_ms != 0 && server->now_ms >= server->after_at_ms)
		call_after(server);
}

static void
handle_events(struct server *server, const struct epoll_event *events, int n)
{
	bool has_served = false, has_newcomer = false;

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == NULL)
			has_newcomer = true;
		else if (connection_event(server, events[i].data.ptr, events[i].events))
			has_served = true;
	}
	/* One at a time, and in the hashing pool only with nothing else to do: what this worker
	 * has accepted no other can serve. */
	if (has_newcomer && (server->options->keep || !has_served))
		(void)server_accept(server);
}

static enum rc
server_loop(struct server *server)
{
	struct epoll_event events[EVENTS_MAX];
	sigset_t stoppers, open, shut;
	enum rc rc = RC_SYSTEM;
	int n;

	/* Signals come in between requests only, so that no call of theirs is interrupted. */
	(void)sigemptyset(&stoppers);
	(void)sigaddset(&stoppers, SIGTERM);
	(void)sigaddset(&stoppers, SIGINT);
	(void)sigaddset(&stoppers, SIGQUIT);
	(void)sigprocmask(SIG_BLOCK, &stoppers, &open);
	(void)sigprocmask(SIG_BLOCK, NULL, &shut);
	call_after(server);
	for (;;) {
		/* epoll_pwait lets none in while there are events. */
		(void)sigprocmask(SIG_SETMASK, &open, NULL);
		(void)sigprocmask(SIG_SETMASK, &shut, NULL);
		server->now_ms = clock_monotonic_ms();
		expire(server);
		if (stop_now_wanted != 0)
			break;
		if (server->options->max_requests > 0 &&
		    server->served >= server->options->max_requests)
			stop_wanted = 1;
		if (stop_wanted != 0 && server->retire_by_ms == 0)
			server_retire(server);
		if (server->retire_by_ms != 0 &&
		    (server->n_open == 0 || server->now_ms >= server->retire_by_ms))
			break;
		listener_update(server);
		n = epoll_pwait(server->epoll_fd, events, EVENTS_MAX, wait_ms(server), &open);
		if (n < 0 && errno != EINTR) {
			log_error("epoll_pwait: %s", strerror(errno));
			goto out;
		}
		server->now_ms = clock_monotonic_ms();
		handle_events(server, events, n);
	}
	rc = RC_OK;
out:
	(void)sigprocmask(SIG_SETMASK, &open, NULL);
	return rc;
}

static enum rc
server_open(struct server *server)
{
	int flags = fcntl(server->options->listen_fd, F_GETFL);

	TAILQ_INIT(&server->unused);
	TAILQ_INIT(&server->waiting);
	if (flags < 0 || fcntl(server->options->listen_fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    (server->epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) {
		log_error("the listening socket cannot be used: %s", strerror(errno));
		return RC_SYSTEM;
	}
	server->slots = calloc(SERVER_CONNECTIONS_MAX, sizeof(*server->slots));
	server->peek = malloc(SCAN_PEEK_MAX);
	if (server->slots == NULL || server->peek == NULL) {
		log_error("no memory for connections");
		return RC_SYSTEM;
	}
	for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
		server->slots[i].fd = -1;
		server->slots[i].state = CONNECTION_IDLE;
		server->slots[i].held = BUF_INIT(SCAN_PEEK_MAX);
		TAILQ_INSERT_TAIL(&server->unused, &server->slots[i], link);
	}
	return exchange_room_open(server->options, &server->room);
}

enum rc
server_open_spool(int *ret_fd)
{
	int fd = memfd_create("request", MFD_CLOEXEC);

	if (fd < 0) {
		log_error("no file in memory for requests: %s", strerror(errno));
		return RC_SYSTEM;
	}
	*ret_fd = fd;
	return RC_OK;
}

enum rc
server_run(const struct server_options *options)
{
	struct server server = { .options = options, .epoll_fd = -1 };
	enum rc rc;

	if ((rc = exchange_init()) != RC_OK)
		return rc;
	if ((rc = server_open(&server)) == RC_OK)
		rc = server_loop(&server);
	for (size_t i = 0; server.slots != NULL && i < SERVER_CONNECTIONS_MAX; i++) {
		if (server.slots[i].fd >= 0)
			(void)close(server.slots[i].fd);
		buf_release(&server.slots[i].held);
	}
	if (server.epoll_fd >= 0)
		(void)close(server.epoll_fd);
	exchange_room_release(&server.room);
	free(server.slots);
	free(server.peek);
	return rc;
}
