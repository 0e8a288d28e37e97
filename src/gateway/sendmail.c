/*
 * The sendmail program of this machine, whichever mailer provides it: started without a shell,
 * with the mail on its standard input and every address an argument of its own. The process group
 * is the child's own, so that a mailer that hangs is ended with all that it started.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/envelope.h"
#include "gateway/kinds.h"
#include "gateway/mime.h"

enum { SENDMAIL_SAYS_MAX = 120, SENDMAIL_ENVIRONMENT_MAX = 16 };

static enum rc
sendmail_open(struct gateway *gateway, struct buf *errors)
{
	struct str path = conf_gateway_get(gateway->conf, "path");

	if (path.len == 0 || path.ptr[0] != '/')
		return gateway_refuse(
		    gateway, errors, "path \"" STR_FMT "\" is no absolute path", STR_ARG(path));
	if (access(path.ptr, X_OK) != 0)
		return gateway_refuse(
		    gateway, errors, "path \"%s\" cannot be run: %s", path.ptr, strerror(errno));
	return envelope_check(gateway, errors);
}

static void
sendmail_close(struct gateway *gateway)
{
	(void)gateway; /* has no state */
}

/* A file without a name, with text in it, at its beginning; -1. Not a pipe: a program that reads
 * nothing, or writes without an end, would then block one of us. */
static int
make_file(const char *name, struct str text)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	while (text.len > 0) {
		ssize_t n = write(fd, text.ptr, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)close(fd);
			return -1;
		}
		text = str_slice(text, (size_t)n, text.len);
	}
	if (lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* What a mailer may look for: msmtp finds its configuration in HOME. */
static void
choose_environment(char *ret[static SENDMAIL_ENVIRONMENT_MAX])
{
	static const char *const names[] = { "HOME=", "USER=", "LOGNAME=", "LANG=", "LC_ALL=",
		"TZ=", "TMPDIR=", "XDG_CONFIG_HOME=", "XDG_RUNTIME_DIR=" };
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	size_t n = 0;

	ret[n++] = path;
	for (char **at = environ; *at != NULL; at++)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strncmp(*at, names[i], strlen(names[i])) == 0 &&
			    n < SENDMAIL_ENVIRONMENT_MAX - 1)
				ret[n++] = *at;
	ret[n] = NULL;
}

static int
set_up(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int input, int says)
{
	sigset_t none, all;
	int error;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	/* Blocked and ignored signals are inherited, and no mailer expects that. */
	if ((error = posix_spawnattr_setsigmask(attributes, &none)) != 0 ||
	    (error = posix_spawnattr_setsigdefault(attributes, &all)) != 0 ||
	    (error = posix_spawnattr_setpgroup(attributes, 0)) != 0 ||
	    (error = posix_spawnattr_setflags(attributes,
	         POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)) != 0 ||
	    (error = posix_spawn_file_actions_adddup2(files, input, STDIN_FILENO)) != 0 ||
	    (error = posix_spawn_file_actions_adddup2(files, says, STDOUT_FILENO)) != 0 ||
	    (error = posix_spawn_file_actions_adddup2(files, says, STDERR_FILENO)) != 0 ||
	    (error = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1)) != 0)
		return error;
	return 0;
}

/* Gives errno, or 0 and *ret_pid. */
static int
start(const struct gateway *gateway, const struct envelope *envelope, int input, int says,
    pid_t *ret_pid)
{
	const char *path = conf_gateway_get(gateway->conf, "path").ptr;
	/* posix_spawn takes char *, and changes nothing. */
	char *const arguments[] = { (char *)(uintptr_t)path, (char[]){ "-i" }, (char[]){ "-f" },
		(char *)(uintptr_t)buf_text(&envelope->from), (char[]){ "--" },
		(char *)(uintptr_t)buf_text(&envelope->to), NULL };
	char *environment[SENDMAIL_ENVIRONMENT_MAX];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int error;

	choose_environment(environment);
	if ((error = posix_spawn_file_actions_init(&files)) != 0)
		return error;
	if ((error = posix_spawnattr_init(&attributes)) == 0) {
		if ((error = set_up(&files, &attributes, input, says)) == 0)
			error =
			    posix_spawn(ret_pid, path, &files, &attributes, arguments, environment);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return error;
}

/* Waits for the child's end, or ends it and its group. False: it had to be ended. */
static bool
wait_for(pid_t pid, int64_t timeout_ms, int *ret_status)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms, left_ms = timeout_ms;
	struct pollfd ended = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int n = -1;

	while (ended.fd >= 0 && left_ms > 0 && (n = poll(&ended, 1, (int)left_ms)) < 0 &&
	       errno == EINTR)
		left_ms = deadline_ms - clock_monotonic_ms();
	if (n <= 0)
		(void)kill(-pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
	if (ended.fd >= 0)
		(void)close(ended.fd);
	return n > 0;
}

/* The first line of what the program said, for the log. */
static void
read_says(int says, char ret[static SENDMAIL_SAYS_MAX + 1])
{
	ssize_t n = pread(says, ret, SENDMAIL_SAYS_MAX, 0);

	ret[n < 0 ? 0 : n] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
}

static enum delivery_result
result_of(int status)
{
	switch (status) {
	case EX_OK:
		return DELIVERY_OK;
	case EX_USAGE:
	case EX_DATAERR:
	case EX_NOINPUT:
	case EX_NOUSER:
	case EX_NOHOST:
		return DELIVERY_PERMANENT;
	/* What msmtp says of its own configuration and login; another gateway may do better. */
	case EX_NOPERM:
	case EX_CONFIG:
		return DELIVERY_MISCONFIGURED;
	default:
		return DELIVERY_LATER;
	}
}

static void
run(const struct gateway *gateway, const struct envelope *envelope, int input, int says,
    struct delivery *ret)
{
	char text[SENDMAIL_SAYS_MAX + 1];
	pid_t pid = -1;
	int status = 0, error = start(gateway, envelope, input, says, &pid);

	if (error != 0) {
		/* Short of memory or processes: later. All else is the program's. */
		gateway_result(ret,
		    error == ENOMEM || error == EAGAIN ? DELIVERY_LATER : DELIVERY_MISCONFIGURED,
		    "the program cannot be run: %s", strerror(error));
		return;
	}
	if (!wait_for(pid, gateway->timeout_ms, &status)) {
		gateway_result(ret, DELIVERY_LATER, "the program did not end in %d ms",
		    (int)gateway->timeout_ms);
		return;
	}
	read_says(says, text);
	if (WIFEXITED(status))
		gateway_result(ret, result_of(WEXITSTATUS(status)), "exit status %d%s%s",
		    WEXITSTATUS(status), text[0] == '\0' ? "" : ": ", text);
	else
		gateway_result(ret, DELIVERY_LATER, "ended by signal %d", WTERMSIG(status));
}

/* The mail with the line ends of this system, which is what mailers read on standard input: some
 * would take CRLF for a blank at the end of the line. */
static void
add_lines(struct buf *to, struct str mail)
{
	struct str line = STR_NULL;

	while (str_cut(&mail, '\r', &line))
		buf_add(to, line);
}

static void
sendmail_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct buf lines = BUF_INIT(MIME_MAX);
	struct envelope envelope;
	int input = -1, says = -1;

	if (envelope_make(gateway, letter, &envelope, ret) != RC_OK)
		goto out;
	add_lines(&lines, buf_str(&envelope.mail));
	if (buf_ok(&lines))
		input = make_file("mail", buf_str(&lines));
	says = make_file("says", STR(""));
	if (input < 0 || says < 0)
		gateway_result(ret, DELIVERY_LATER, "no memory for the mail: %s", strerror(errno));
	else
		run(gateway, &envelope, input, says, ret);
out:
	if (input >= 0)
		(void)close(input);
	if (says >= 0)
		(void)close(says);
	buf_release(&lines);
	envelope_release(&envelope);
}

const struct gateway_kind sendmail_gateway = {
	.type = "sendmail",
	.channels = GATEWAY_EMAIL,
	.needs = GATEWAY_NEEDS_EXEC,
	.open = sendmail_open,
	.send = sendmail_send,
	.close = sendmail_close,
};
