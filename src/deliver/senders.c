#include "deliver/senders.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "deliver/frame.h"

struct sender {
	struct wire wire;           /* fd -1: not started, or ended */
	bool is_asked;              /* the master has been asked and hasn't answered */
	bool is_busy, is_failed;    /* is_failed: the result below awaits its delivery */
	int64_t since_ms;           /* busy or idle since, monotonic */
	int64_t refused_ms;         /* since when the master couldn't start it; 0: it could */
	int64_t rest_until;         /* then, not asked for again before this */
	bool is_refused;            /* is_failed, and this is why: there is no result */
	char id[RANDOM_ID_LEN + 1]; /* of the letter under way */
	struct buf letter;          /* its frame, until the sender is there */
	struct delivery failure;
};

struct senders {
	const struct conf *conf;
	int master_fd; /* -1: the master is gone */
	int64_t timeout_ms;
	senders_done *done;
	void *context;
	struct sender list[]; /* conf->n_gateways */
};

enum rc
senders_new(const struct conf *conf, int master_fd, int64_t timeout_ms, senders_done *done,
    void *context, struct senders **ret)
{
	struct senders *senders =
	    calloc(1, sizeof(*senders) + conf->n_gateways * sizeof(senders->list[0]));

	if (senders == NULL) {
		log_error("out of memory for the senders of %zu gateways", conf->n_gateways);
		return RC_SYSTEM;
	}
	senders->conf = conf;
	senders->master_fd = master_fd;
	senders->timeout_ms = timeout_ms;
	senders->done = done;
	senders->context = context;
	for (size_t i = 0; i < conf->n_gateways; i++) {
		senders->list[i].wire.fd = -1;
		senders->list[i].letter = BUF_INIT(WIRE_FRAME_MAX);
	}
	*ret = senders;
	return RC_OK;
}

void
senders_free(struct senders *senders)
{
	if (senders == NULL)
		return;
	for (size_t i = 0; i < senders->conf->n_gateways; i++) {
		wire_close(&senders->list[i].wire);
		buf_release(&senders->list[i].letter);
	}
	free(senders);
}

int64_t
senders_busy_since(const struct senders *senders, size_t i)
{
	const struct sender *sender = &senders->list[i];
	int64_t rest_ms = sender->rest_until - clock_monotonic_ms();

	if (sender->is_busy)
		return sender->since_ms;
	/* Longer than it ever is: the clock was moved back. */
	return sender->refused_ms != 0 && rest_ms > 0 && rest_ms <= SENDERS_REST_MS
	           ? sender->refused_ms
	           : 0;
}

size_t
senders_count_busy(const struct senders *senders)
{
	size_t n = 0;

	for (size_t i = 0; i < senders->conf->n_gateways; i++)
		n += senders->list[i].is_busy;
	return n;
}

static void
finish(struct senders *senders, size_t i, const struct delivery *delivery)
{
	struct sender *sender = &senders->list[i];

	sender->is_busy = sender->is_failed = sender->is_refused = false;
	sender->since_ms = clock_monotonic_ms();
	buf_release(&sender->letter);
	senders->done(senders->context, i, delivery);
}

/* A copy: the callback may start the next letter, which may fail at once. */
static void
report(struct senders *senders, size_t i)
{
	struct delivery failure = senders->list[i].failure;

	finish(senders, i, senders->list[i].is_refused ? NULL : &failure);
}

/* Ends the letter under way, if any, as "later"; senders_tick() reports it. */
PRINTF(2, 3)
static void
fail(struct sender *sender, const char *fmt, ...)
{
	va_list args;

	wire_close(&sender->wire);
	if (!sender->is_busy || sender->is_failed)
		return;
	sender->is_failed = true;
	sender->failure.result = DELIVERY_LATER;
	va_start(args, fmt);
	(void)vsnprintf(sender->failure.detail, sizeof(sender->failure.detail), fmt, args);
	va_end(args);
}

static void
flush(struct sender *sender)
{
	if (wire_flush(&sender->wire) == RC_NONE)
		fail(sender, "the sender has ended");
}

static void
hand_over(struct sender *sender)
{
	if (wire_put(&sender->wire, buf_str(&sender->letter)) != RC_OK)
		fail(sender, "the letter is too long, or out of memory");
	else
		flush(sender);
}

/* Names have at most SENDERS_NAME_MAX bytes: the configuration's check. */
static void
ask(struct senders *senders, size_t i)
{
	const char *name = senders->conf->gateways[i].name;
	struct sender *sender = &senders->list[i];

	if (sender->is_asked)
		return;
	if (send(senders->master_fd, name, strlen(name), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		fail(sender, "affo-userd cannot be asked for a sender: %s", strerror(errno));
	else
		sender->is_asked = true;
}

void
senders_start(struct senders *senders, size_t i, struct str id, struct str frame)
{
	struct sender *sender = &senders->list[i];

	sender->is_busy = true;
	sender->since_ms = clock_monotonic_ms();
	(void)snprintf(sender->id, sizeof(sender->id), STR_FMT, STR_ARG(id));
	buf_reset(&sender->letter);
	buf_add(&sender->letter, frame);
	if (!buf_ok(&sender->letter))
		fail(sender, "out of memory for the letter");
	else if (sender->wire.fd < 0)
		ask(senders, i);
	else
		hand_over(sender);
}

/* A sender has come: its gateway's settings first, then the letter that it was asked for. */
static void
welcome(struct senders *senders, size_t i, int fd)
{
	struct sender *sender = &senders->list[i];
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	sender->refused_ms = 0;
	wire_open(&sender->wire, fd);
	frame_add_settings(&frame, &senders->conf->gateways[i], senders->timeout_ms);
	if (!buf_ok(&frame) || wire_put(&sender->wire, buf_str(&frame)) != RC_OK)
		fail(sender, "the gateway's settings are too long, or not UTF-8");
	else if (sender->is_busy && !sender->is_failed)
		hand_over(sender);
	else
		flush(sender);
	buf_release(&frame);
}

/* The master could start none, as it does for a while after one that died young. */
static void
rest(struct senders *senders, size_t i)
{
	struct sender *sender = &senders->list[i];
	int64_t now = clock_monotonic_ms();

	if (sender->refused_ms == 0) {
		log_warning("gateway %s: affo-userd could not start its sender; its messages wait, "
		            "or go by others",
		    senders->conf->gateways[i].name);
		sender->refused_ms = now;
	}
	sender->rest_until = now + SENDERS_REST_MS;
	if (sender->is_busy && !sender->is_failed)
		sender->is_failed = sender->is_refused = true;
}

static int
take_fd(struct msghdr *message)
{
	int fd = -1;

	for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
	     control = CMSG_NXTHDR(message, control))
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
		    control->cmsg_len == CMSG_LEN(sizeof(fd)))
			memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

/* One datagram of the master's. RC_BUSY: there is none. RC_NONE: the master is gone. */
static enum rc
hear_master(struct senders *senders)
{
	char name[SENDERS_NAME_MAX + 1];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec text = { name, sizeof(name) };
	struct msghdr message = { .msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(senders->master_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct sender *sender;
	size_t i;
	int fd;

	if (n < 0 && errno == EINTR)
		return RC_OK;
	if (n < 0 && errno == EAGAIN)
		return RC_BUSY;
	if (n <= 0)
		return RC_NONE;
	fd = take_fd(&message);
	for (i = 0; i < senders->conf->n_gateways; i++)
		if (str_equal(
		        (struct str){ name, (size_t)n }, str_from(senders->conf->gateways[i].name)))
			break;
	if (i == senders->conf->n_gateways || senders->list[i].wire.fd >= 0) {
		/* Late for a letter that was given up and then had a sender after all. */
		if (fd >= 0)
			(void)close(fd);
		return RC_OK;
	}
	sender = &senders->list[i];
	sender->is_asked = false;
	if (fd >= 0)
		welcome(senders, i, fd);
	else
		rest(senders, i);
	return RC_OK;
}

/* Results that came; one for the letter under way, anything else ends the sender. */
static void
hear_sender(struct senders *senders, size_t i)
{
	struct sender *sender = &senders->list[i];
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);
	bool is_gone = wire_fill(&sender->wire) != RC_OK;
	struct delivery delivery;
	enum rc rc;

	while ((rc = wire_take(&sender->wire, &frame)) == RC_OK) {
		if (!sender->is_busy || sender->is_failed ||
		    frame_read_result(buf_str(&frame), str_from(sender->id), &delivery) != RC_OK) {
			log_error("gateway %s: the sender answered out of turn and was closed",
			    senders->conf->gateways[i].name);
			fail(sender, "the sender answered out of turn");
			break;
		}
		finish(senders, i, &delivery);
	}
	if (rc == RC_LIMIT || (is_gone && sender->wire.fd >= 0))
		fail(sender, "the sender has ended");
	buf_release(&frame);
}

size_t
senders_poll(const struct senders *senders, struct pollfd *ret)
{
	size_t n = 0;

	ret[n++] = (struct pollfd){ senders->master_fd, POLLIN, 0 };
	for (size_t i = 0; i < senders->conf->n_gateways; i++) {
		const struct wire *wire = &senders->list[i].wire;

		if (wire->fd >= 0)
			ret[n++] = (struct pollfd){ wire->fd,
				(short)(wire->out.len > 0 ? POLLIN | POLLOUT : POLLIN), 0 };
	}
	return n;
}

enum rc
senders_handle(struct senders *senders, const struct pollfd *fds, size_t n)
{
	enum rc rc = RC_BUSY;

	for (size_t k = 1; k < n; k++) {
		if (fds[k].revents == 0)
			continue;
		for (size_t i = 0; i < senders->conf->n_gateways; i++) {
			struct sender *sender = &senders->list[i];

			if (sender->wire.fd != fds[k].fd)
				continue;
			if ((fds[k].revents & POLLOUT) != 0)
				flush(sender);
			if (sender->wire.fd >= 0 && (fds[k].revents & ~POLLOUT) != 0)
				hear_sender(senders, i);
			break;
		}
	}
	/* Afterwards, since a new sender may get the number of one that was closed above. */
	if (fds[0].revents != 0)
		while ((rc = hear_master(senders)) == RC_OK)
			;
	if (rc != RC_NONE)
		return RC_OK;
	/* Not watched any more: it would be ready for ever. */
	senders->master_fd = -1;
	return RC_NONE;
}

int64_t
senders_tick(struct senders *senders, int64_t max_ms)
{
	int64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < senders->conf->n_gateways; i++) {
		struct sender *sender = &senders->list[i];
		int64_t left;

		if (!sender->is_busy && sender->wire.fd < 0)
			continue;
		left = sender->since_ms - now +
		       (sender->is_busy ? SENDERS_ATTEMPT_MAX_MS : SENDERS_IDLE_MAX_MS);
		if (left <= 0 && !sender->is_busy) {
			wire_close(&sender->wire);
			continue;
		}
		if (left <= 0) {
			/* Should the master still answer, the sender is welcome. */
			sender->is_asked = false;
			fail(sender, "no result within %d s", SENDERS_ATTEMPT_MAX_MS / 1000);
		}
		if (sender->is_failed)
			report(senders, i);
		else if (left < max_ms)
			max_ms = left;
	}
	return max_ms;
}
