#include "support/delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cred/secret.h"
#include "domain/outbox.h"
#include "store/rows.h"
#include "support/scratch.h"

enum { SENDERS_MAX = 64, TURN_MS = 20 };

extern char **environ;

static struct service service;
static struct conf_files *files;
static char secret_key[SEAL_KEY_TEXT_LEN + 1];
static pid_t queue;
static int master, wake[2];
static pid_t senders[SENDERS_MAX];
static size_t n_senders;

void
delivery_make(void)
{
	char public_key[SEAL_KEY_TEXT_LEN + 1];

	database_make();
	ck_assert_rc(secret_init(), RC_OK);
	seal_keypair(public_key, secret_key);
	(void)scratch_file("outbox.key", secret_key, 0600);
	service = (struct service){ .db = database_db(), .wake_fd = -1 };
	service.outbox_public_key = BUF_INIT(SEAL_KEY_TEXT_LEN);
	buf_add(&service.outbox_public_key, str_from(public_key));
	ck_assert_int_eq(pipe2(wake, O_CLOEXEC | O_NONBLOCK), 0);
	service.wake_fd = wake[1];
	queue = 0;
	master = -1;
	n_senders = 0;
}

void
delivery_leave(void)
{
	if (master >= 0)
		(void)close(master);
	master = -1;
}

void
delivery_remove(void)
{
	if (queue > 0) {
		delivery_signal(SIGKILL);
		(void)delivery_end();
	}
	delivery_leave();
	for (size_t i = 0; i < n_senders; i++) {
		(void)kill(senders[i], SIGKILL);
		(void)waitpid(senders[i], NULL, 0);
	}
	(void)close(wake[0]);
	(void)close(wake[1]);
	conf_files_free(files);
	files = NULL;
	buf_release(&service.outbox_public_key);
	database_remove();
}

static const char *
program(const char *name)
{
	static char path[512];
	const char *dir = getenv("builddir");

	(void)snprintf(path, sizeof(path), "%s/%s", dir == NULL ? "." : dir, name);
	return path;
}

/* fds: descriptors that keep their numbers; stdin_fd -1: the test's. */
static pid_t
start(const char *name, const int *fds, size_t n, int stdin_fd)
{
	char *argv[] = { (char[]){ "affo-userd-part" }, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error;

	ck_assert_int_eq(posix_spawn_file_actions_init(&actions), 0);
	/* Onto itself: clears close-on-exec. */
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(posix_spawn_file_actions_adddup2(&actions, fds[i], fds[i]), 0);
	if (stdin_fd >= 0)
		ck_assert_int_eq(posix_spawn_file_actions_adddup2(&actions, stdin_fd, 0), 0);
	error = posix_spawn(&pid, program(name), &actions, NULL, argv, environ);
	ck_assert_msg(error == 0, "%s: %s", program(name), strerror(error));
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void
set_fd(const char *variable, int fd)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", fd);
	ck_assert_int_eq(setenv(variable, text, 1), 0);
}

static void
write_conf(const char *gateways, const char *settings)
{
	struct buf text = BUF_INIT(65536), errors = BUF_INIT(65536);

	buf_printf(&text,
	    "database = \"%s\";\nrun_dir = \"%s\";\nlog = \"stderr\";\n"
	    "outbox: { key_file = \"%s\"; };\n%s\ngateways: ( %s );\n",
	    database_path(), scratch_dir(), scratch_path("outbox.key"), settings, gateways);
	(void)scratch_file("affo-userd.conf", buf_text(&text), 0600);
	conf_files_free(files);
	files = NULL;
	ck_assert_rc(conf_files_read(scratch_path("affo-userd.conf"), &files, &errors), RC_OK);
	buf_release(&text);
	buf_release(&errors);
}

void
delivery_start(const char *gateways, const char *settings)
{
	int ends[2], fds[3];

	ck_assert_int_eq(queue, 0);
	ck_assert_int_eq(unsetenv("AFFO_EXTRA_CONF"), 0);
	write_conf(gateways, settings);
	delivery_leave();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	master = ends[0];
	fds[0] = ends[1];
	fds[1] = wake[0];
	fds[2] = memfd_create("conf", MFD_CLOEXEC);
	ck_assert_int_ge(fds[2], 0);
	ck_assert_rc(conf_files_save(files, fds[2]), RC_OK);
	set_fd("AFFO_MASTER_FD", fds[0]);
	set_fd("AFFO_WAKE_FD", fds[1]);
	set_fd("AFFO_CONF_FD", fds[2]);
	queue = start("affo-userd-queue", fds, 3, -1);
	(void)close(fds[0]);
	(void)close(fds[2]);
}

const char *
delivery_gateway(const char *name, const struct http_peer *peer)
{
	static char texts[8][256];
	static size_t next;
	char *text = texts[next++ % 8];

	(void)snprintf(text, sizeof(texts[0]),
	    "{ name = \"%s\"; type = \"affo\"; channel = \"sms\"; url = \"%s\"; }", name,
	    http_peer_url(peer, "/"));
	return text;
}

bool
delivery_has_ended(int *ret_status)
{
	if (waitpid(queue, ret_status, WNOHANG) != queue)
		return false;
	queue = 0;
	return true;
}

void
delivery_signal(int signo)
{
	ck_assert_int_eq(kill(queue, signo), 0);
}

int
delivery_end(void)
{
	int status = 0;

	ck_assert_int_eq(waitpid(queue, &status, 0), queue);
	queue = 0;
	return status;
}

/* One request for a sender: a pair of sockets, the sender at one end, the other for the queue. */
static void
start_sender(struct str name)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char text[64];
	struct iovec part = { text, name.len };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int ends[2];

	memcpy(text, name.ptr, name.len);
	ck_assert_uint_lt(n_senders, SENDERS_MAX);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	senders[n_senders++] = start("affo-userd-send", NULL, 0, ends[1]);
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &ends[0], sizeof(int));
	/* The queue may just have been killed. */
	(void)!sendmsg(master, &message, MSG_NOSIGNAL);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

void
delivery_turn(void)
{
	struct pollfd fd = { master, POLLIN, 0 };
	char name[64];
	ssize_t n;

	(void)poll(&fd, 1, TURN_MS);
	if (master >= 0 && (n = recv(master, name, sizeof(name), MSG_DONTWAIT)) > 0)
		start_sender((struct str){ name, (size_t)n });
	/* Only an end of file, and no cause to spin. */
	else if ((fd.revents & POLLHUP) != 0)
		(void)poll(NULL, 0, TURN_MS);
	for (size_t i = 0; i < n_senders;) {
		if (waitpid(senders[i], NULL, WNOHANG) == senders[i])
			senders[i] = senders[--n_senders];
		else
			i++;
	}
}

size_t
delivery_senders(pid_t *ret, size_t max)
{
	size_t n = 0;

	while (n < max && n < n_senders) {
		ret[n] = senders[n_senders - 1 - n];
		n++;
	}
	return n;
}

int64_t
delivery_now_ms(void)
{
	return clock_monotonic_ms();
}

static const char *
put(const struct outbox_draft *draft)
{
	static char ids[64][RANDOM_ID_LEN + 1];
	static size_t next;
	struct message newest = { 0 };
	char *id = ids[next++ % 64];
	size_t n;

	ck_assert_rc(db_begin_write(database_db()), RC_OK);
	ck_assert_rc(outbox_put(&service, draft), RC_OK);
	ck_assert_rc(outbox_row_list(database_db(), STR_NULL, 1, &newest, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(db_commit(database_db()), RC_OK);
	(void)snprintf(id, sizeof(ids[0]), "%s", newest.id);
	message_release(&newest);
	return id;
}

const char *
delivery_put(const char *recipient, const char *code, bool is_resend)
{
	return put(&(const struct outbox_draft){ .kind = MESSAGE_PHONE_CODE,
	    .channel = CHANNEL_SMS,
	    .recipient = str_from(recipient),
	    .is_resend = is_resend,
	    .expires_at = clock_now_ms() + 600000,
	    .code = str_from(code) });
}

const char *
delivery_put_reset(const char *email, const char *url)
{
	return put(&(const struct outbox_draft){ .kind = MESSAGE_PASSWORD_RESET,
	    .channel = CHANNEL_EMAIL,
	    .recipient = str_from(email),
	    .expires_at = clock_now_ms() + 3600000,
	    .url = str_from(url) });
}

const char *
delivery_put_void(const char *email)
{
	char recipient[64], empty[] = "", sealed[] = "nobody can read this";
	struct message message = { .id = "void",
		.kind = MESSAGE_PASSWORD_RESET,
		.channel = CHANNEL_EMAIL,
		.state = MESSAGE_VOID,
		.recipient = recipient,
		.language = empty,
		.sealed = sealed,
		.created_at = clock_now_ms(),
		.expires_at = clock_now_ms() + 3600000,
		.retry_at = clock_now_ms() };

	(void)snprintf(recipient, sizeof(recipient), "%s", email);
	ck_assert_rc(db_begin_write(database_db()), RC_OK);
	ck_assert_rc(outbox_row_insert(database_db(), &message), RC_OK);
	ck_assert_rc(db_commit(database_db()), RC_OK);
	return "void";
}

void
delivery_wake(void)
{
	outbox_wake(&service);
}

struct message
delivery_row(const char *id)
{
	struct message message = { 0 };

	ck_assert_rc(db_begin_read(database_db()), RC_OK);
	ck_assert_rc(outbox_row_get(database_db(), str_from(id), &message), RC_OK);
	ck_assert_rc(db_commit(database_db()), RC_OK);
	return message;
}

enum message_state
delivery_state(const char *id)
{
	struct message message = delivery_row(id);
	enum message_state state = message.state;

	message_release(&message);
	return state;
}

void
delivery_make_due(const char *id)
{
	struct message message = { 0 };
	int64_t now = clock_now_ms();

	ck_assert_rc(db_begin_write(database_db()), RC_OK);
	ck_assert_rc(outbox_row_get(database_db(), str_from(id), &message), RC_OK);
	if (message.state == MESSAGE_PENDING) {
		message.retry_at = now;
		ck_assert_rc(outbox_row_finish(database_db(), &message, now), RC_OK);
	}
	ck_assert_rc(db_commit(database_db()), RC_OK);
	message_release(&message);
	delivery_wake();
}
