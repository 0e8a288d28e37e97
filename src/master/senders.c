#include "master/senders.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static bool
may_start(const struct senders *senders, const struct conf *conf, struct str name)
{
	size_t n = 0;

	if (name.len > SENDERS_NAME_MAX || conf_gateway_find(conf, name) == NULL) {
		log_error("the queue asked for a gateway that the configuration doesn't have");
		return false;
	}
	for (size_t i = 0; i < senders->n; i++)
		n += str_equal(str_from(senders->list[i].name), name);
	return n < SENDERS_PER_GATEWAY && senders->n < SENDERS_MAX;
}

/* The queue's end of the socket to a new sender; -1: there is none. */
static int
start(struct senders *senders, struct str name)
{
	struct sender *sender = &senders->list[senders->n];
	int ends[2];
	enum rc rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		log_error("cannot make a socket for a sender: %s", strerror(errno));
		return -1;
	}
	rc = child_start(CHILD_SEND,
	    &(struct child_fds){
	        .stdin_fd = ends[0], .conf_fd = -1, .wake_fd = -1, .master_fd = -1 },
	    &sender->pid);
	(void)close(ends[0]);
	if (rc != RC_OK) {
		(void)close(ends[1]);
		return -1;
	}
	(void)snprintf(sender->name, sizeof(sender->name), STR_FMT, STR_ARG(name));
	senders->n++;
	return ends[1];
}

static void
reply(int fd, struct str name, int passed)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .space = { 0 } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)name.ptr, .iov_len = name.len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (passed >= 0) {
		struct cmsghdr *header;

		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &passed, sizeof(passed));
	}
	if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_warning("cannot answer the queue: %s", strerror(errno));
}

void
senders_serve(struct senders *senders, const struct conf *conf, int fd)
{
	char text[SENDERS_NAME_MAX + 2];
	ssize_t len;

	while ((len = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0) {
		struct str name = { text, (size_t)len };
		int passed = may_start(senders, conf, name) ? start(senders, name) : -1;

		reply(fd, name, passed);
		if (passed >= 0)
			(void)close(passed);
	}
}

bool
senders_reap(struct senders *senders, pid_t pid, int status)
{
	for (size_t i = 0; i < senders->n; i++) {
		if (senders->list[i].pid != pid)
			continue;
		if (status != 0)
			log_error("the sender of gateway %s has failed:", senders->list[i].name);
		child_log_end(CHILD_SEND, pid, status);
		senders->n--;
		memmove(&senders->list[i], &senders->list[i + 1],
		    (senders->n - i) * sizeof(senders->list[0]));
		return true;
	}
	return false;
}

void
senders_kill_all(struct senders *senders)
{
	for (size_t i = 0; i < senders->n; i++)
		(void)kill(senders->list[i].pid, SIGKILL);
}
