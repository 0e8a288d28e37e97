#include "master/launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "master/program.h"

enum { AT_ONCE_MAX = 64 }; /* datagrams, until others have their turn */

enum rc
launch_make(const struct conf *conf, size_t *ret_n, struct launch_pause **ret)
{
	struct launch_pause *pauses = calloc(conf->n_gateways + 1, sizeof(*pauses));

	if (pauses == NULL) {
		log_error("out of memory for %zu gateways", conf->n_gateways);
		return RC_SYSTEM;
	}
	for (size_t i = 0; i < conf->n_gateways; i++)
		(void)snprintf(
		    pauses[i].gateway, sizeof(pauses[i].gateway), "%s", conf->gateways[i].name);
	*ret_n = conf->n_gateways;
	*ret = pauses;
	return RC_OK;
}

static struct launch_pause *
find_pause(const struct master *master, struct str gateway)
{
	for (size_t i = 0; i < master->pauses_n; i++)
		if (str_equal(str_from(master->pauses[i].gateway), gateway))
			return &master->pauses[i];
	return NULL;
}

static size_t
count_senders(const struct master *master, struct str gateway)
{
	size_t n = 0;

	for (size_t i = 0; i < master->children.n; i++)
		n += str_equal(str_from(master->children.list[i].gateway), gateway);
	return n;
}

static bool
may_launch(const struct master *master, struct str gateway, int64_t now)
{
	const struct launch_pause *pause = find_pause(master, gateway);

	if (pause == NULL) {
		log_error("the queue asks for a sender of a gateway that is not configured");
		return false;
	}
	/* While all end, what isn't under way yet is for the next start. */
	if (now < pause->start_at || master->phase != MASTER_RUNS)
		return false;
	if (count_senders(master, gateway) >= LAUNCH_PER_GATEWAY_MAX) {
		log_warning("gateway %s: %d senders have not ended yet, no other is started",
		    pause->gateway, LAUNCH_PER_GATEWAY_MAX);
		return false;
	}
	return true;
}

/* The queue's end of the new sender's socket, or -1. */
static int
launch(struct master *master, const struct child *queue, struct str gateway, int64_t now)
{
	struct child child = { .kind = CHILD_SENDER,
		.generation = queue->generation,
		.started_at = now,
		.socket_fd = -1 };
	int pair[2];
	enum rc rc;

	if (!may_launch(master, gateway, now))
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		log_error("cannot make a socket for a sender: %s", strerror(errno));
		return -1;
	}
	rc = program_start(master->dir,
	    &(struct program){
	        .name = "affo-userd-send",
	        .stdin_fd = pair[1],
	        .is_stranger = true,
	        .is_syslog = strcmp(master->setup.conf->log, "syslog") == 0,
	    },
	    &child.pid);
	(void)close(pair[1]);
	if (rc != RC_OK) {
		(void)close(pair[0]);
		return -1;
	}
	(void)snprintf(child.gateway, sizeof(child.gateway), STR_FMT, STR_ARG(gateway));
	children_add(&master->children, &child);
	log_debug("gateway %s: sender %d started", child.gateway, (int)child.pid);
	return pair[0];
}

/* fd -1: the name alone. */
static void
answer(const struct child *queue, struct str gateway, int fd)
{
	char bytes[CHILD_NAME_MAX + 1];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec text = { bytes, gateway.len };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1 };

	memcpy(bytes, gateway.ptr, gateway.len);
	if (fd >= 0) {
		struct cmsghdr *header;

		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	/* A queue that doesn't read gives its letter up by itself. */
	if (sendmsg(queue->socket_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EPIPE)
		log_warning("the queue cannot be answered: %s", strerror(errno));
}

void
launch_serve(struct master *master, struct child *queue, int64_t now)
{
	pid_t pid = queue->pid;

	for (int i = 0; i < AT_ONCE_MAX; i++) {
		char name[CHILD_NAME_MAX + 1];
		ssize_t n = recv(queue->socket_fd, name, sizeof(name), MSG_DONTWAIT);
		struct str gateway = { name, n > 0 ? (size_t)n : 0 };
		bool has_room;
		int fd;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || n > CHILD_NAME_MAX) {
			/* Its end; its death will be seen, too. */
			(void)close(queue->socket_fd);
			queue->socket_fd = -1;
			return;
		}
		has_room = children_reserve(&master->children, 1) == RC_OK;
		queue = children_find(&master->children, pid); /* the list may have moved */
		fd = has_room ? launch(master, queue, gateway, now) : -1;
		answer(queue, gateway, fd);
		if (fd >= 0)
			(void)close(fd);
	}
}

void
launch_ended(struct master *master, const struct child *child, int status, int64_t now)
{
	struct launch_pause *pause = find_pause(master, str_from(child->gateway));

	if (pause == NULL)
		return;
	if (status == 0 || now - child->started_at >= MASTER_UP_MS) {
		pause->delay_ms = 0;
		return;
	}
	pause->delay_ms = pause->delay_ms == 0 ? MASTER_AGAIN_MS : pause->delay_ms * 2;
	if (pause->delay_ms > MASTER_AGAIN_MAX_MS)
		pause->delay_ms = MASTER_AGAIN_MAX_MS;
	pause->start_at = now + pause->delay_ms;
	log_notice("gateway %s: the next sender is started in %lld ms at the earliest",
	    pause->gateway, (long long)pause->delay_ms);
}
