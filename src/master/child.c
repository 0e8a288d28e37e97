#include "config.h"

#include "master/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"

enum { ENVIRONMENT_MAX = 64 };

static const struct kind {
	const char *name;
	const char *program;
	const char *pool; /* of -p; NULL: no argument */
} kinds[CHILD__MAX] = {
	[CHILD_FAST] = { "fast worker", "affo-userd-worker", "fast" },
	[CHILD_HASH] = { "hashing worker", "affo-userd-worker", "hash" },
	[CHILD_QUEUE] = { "queue", "affo-userd-queue", NULL },
	[CHILD_SEND] = { "sender", "affo-userd-send", NULL },
};

const char *
child_name(enum child_kind kind)
{
	return kinds[kind].name;
}

/* Beside our own program when it is there, as in a build directory; else where it is installed. */
static void
find_program(const char *program, char ret[static PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len > 0) {
		self[len] = '\0';
		if ((slash = strrchr(self, '/')) != NULL) {
			*slash = '\0';
			if (snprintf(ret, PATH_MAX, "%s/%s", self, program) < PATH_MAX &&
			    access(ret, X_OK) == 0)
				return;
		}
	}
	(void)snprintf(ret, PATH_MAX, "%s/%s", PKGLIBEXECDIR, program);
}

/* What a child's environment has of ours: a sender, who talks to strangers, gets little. */
static bool
is_passed_on(enum child_kind kind, const char *variable)
{
	static const char *const for_senders[] = { "PATH=", "HOME=", "TZ=", "LANG=",
		"SSL_CERT_FILE=", "SSL_CERT_DIR=", "AFFO_CLOCK_FILE=", "ASAN_OPTIONS=",
		"UBSAN_OPTIONS=", "LSAN_OPTIONS=" };
	static const char *const ours[] = { "LISTEN_", "NOTIFY_SOCKET=", "WATCHDOG_",
		"AFFO_CONF_FD=", "AFFO_WAKE_FD=", "AFFO_MASTER_FD=" };

	if (kind == CHILD_SEND) {
		for (size_t i = 0; i < sizeof(for_senders) / sizeof(for_senders[0]); i++)
			if (str_starts(str_from(variable), str_from(for_senders[i])))
				return true;
		return false;
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (str_starts(str_from(variable), str_from(ours[i])))
			return false;
	return true;
}

/* In the child: the descriptor stays open over exec, and its number is told by a variable. */
static bool
pass_fd(int fd, const char *variable, char *text, size_t size)
{
	(void)snprintf(text, size, "%s=%d", variable, fd);
	return fcntl(fd, F_SETFD, 0) == 0;
}

/* In the child. Doesn't come back. */
static void
become_program(enum child_kind kind, const struct child_fds *fds, pid_t parent)
{
	char program[PATH_MAX], name[64], pool[8], flag[] = "-p";
	char *argv[4] = { name };
	char passed[3][32];
	char *environment[ENVIRONMENT_MAX + 4];
	size_t n = 0;
	sigset_t none;
	int null_fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != parent)
		_exit(EXIT_SUCCESS);
	for (int signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if ((null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0 ||
	    dup2(fds->stdin_fd >= 0 ? fds->stdin_fd : null_fd, STDIN_FILENO) < 0 ||
	    dup2(null_fd, STDOUT_FILENO) < 0)
		goto failed;
	for (char **variable = environ; *variable != NULL && n < ENVIRONMENT_MAX; variable++)
		if (is_passed_on(kind, *variable))
			environment[n++] = *variable;
	if ((fds->conf_fd >= 0 && !pass_fd(fds->conf_fd, "AFFO_CONF_FD", passed[0], 32)) ||
	    (fds->wake_fd >= 0 && !pass_fd(fds->wake_fd, "AFFO_WAKE_FD", passed[1], 32)) ||
	    (fds->master_fd >= 0 && !pass_fd(fds->master_fd, "AFFO_MASTER_FD", passed[2], 32)))
		goto failed;
	if (fds->conf_fd >= 0)
		environment[n++] = passed[0];
	if (fds->wake_fd >= 0)
		environment[n++] = passed[1];
	if (fds->master_fd >= 0)
		environment[n++] = passed[2];
	environment[n] = NULL;
	(void)snprintf(name, sizeof(name), "%s", kinds[kind].program);
	if (kinds[kind].pool != NULL) {
		(void)snprintf(pool, sizeof(pool), "%s", kinds[kind].pool);
		argv[1] = flag;
		argv[2] = pool;
	}
	find_program(kinds[kind].program, program);
	(void)execve(program, argv, environment);
	log_error("cannot start %s: %s", program, strerror(errno));
	_exit(EX_UNAVAILABLE);
failed:
	log_error("cannot prepare a %s: %s", kinds[kind].name, strerror(errno));
	_exit(EX_OSERR);
}

enum rc
child_start(enum child_kind kind, const struct child_fds *fds, pid_t *ret_pid)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		log_error("cannot start a %s: %s", kinds[kind].name, strerror(errno));
		return RC_SYSTEM;
	}
	if (pid == 0)
		become_program(kind, fds, parent);
	*ret_pid = pid;
	return RC_OK;
}

void
child_log_end(enum child_kind kind, pid_t pid, int status)
{
	const char *name = kinds[kind].name;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_error("%s %d was killed by the system call filter; please report this", name,
		    (int)pid);
	else if (WIFSIGNALED(status))
		log_error("%s %d was killed by signal %d (%s)", name, (int)pid, WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == EX_CONFIG)
		log_error("%s %d ended: its configuration is bad, its lines above say where", name,
		    (int)pid);
	else if (WEXITSTATUS(status) != 0)
		log_error("%s %d ended with status %d", name, (int)pid, WEXITSTATUS(status));
	else
		log_debug("%s %d ended", name, (int)pid);
}
