#include "master/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

enum { ENVIRONMENT_MAX = 1024, DESCRIPTORS_MAX = 65536 };

void
program_find(struct buf *ret)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n > 0) {
		path[n > 1 ? n - 1 : n] = '\0';
		buf_printf(ret, "%s/affo-userd-worker", path);
		if (access(buf_text(ret), X_OK) == 0) {
			buf_truncate(ret, strlen(path));
			return;
		}
		buf_reset(ret);
	}
	buf_add(ret, STR(PKGLIBEXECDIR));
}

/* Whether entry "NAME=value" is of one of the names. */
static bool
is_named(const char *entry, const char *const *names)
{
	for (; *names != NULL; names++) {
		size_t len = strlen(*names);

		if (strncmp(entry, *names, len) == 0 && entry[len] == '=')
			return true;
	}
	return false;
}

static bool
is_inherited(const char *entry, bool is_stranger)
{
	/* What was meant for this process. */
	static const char *const ours[] = { "AFFO_CONF_FD", "AFFO_EXTRA_CONF", "AFFO_LOG",
		"AFFO_MASTER_FD", "AFFO_WAKE_FD", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID",
		"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", NULL };
	/* What talks to strangers needs to find certificates and a mailer, and the tests' own. */
	static const char *const theirs[] = { "AFFO_CLOCK_FILE", "ASAN_OPTIONS", "GCOV_PREFIX",
		"GCOV_PREFIX_STRIP", "HOME", "LSAN_OPTIONS", "PATH", "SSL_CERT_DIR",
		"SSL_CERT_FILE", "TZ", "UBSAN_OPTIONS", NULL };

	return is_stranger ? is_named(entry, theirs) : !is_named(entry, ours);
}

struct environment {
	char *list[ENVIRONMENT_MAX + PROGRAM_PASS_MAX + 2];
	char made[PROGRAM_PASS_MAX][64];
	size_t n;
};

static void
make_environment(const struct program *program, struct environment *ret)
{
	static char is_syslog[] = "AFFO_LOG=syslog";

	ret->n = 0;
	for (char **entry = environ; *entry != NULL && ret->n < ENVIRONMENT_MAX; entry++)
		if (is_inherited(*entry, program->is_stranger))
			ret->list[ret->n++] = *entry;
	for (size_t i = 0; i < PROGRAM_PASS_MAX && program->pass[i].variable != NULL; i++) {
		(void)snprintf(ret->made[i], sizeof(ret->made[i]), "%s=%d",
		    program->pass[i].variable, program->pass[i].fd);
		ret->list[ret->n++] = ret->made[i];
	}
	if (program->is_stranger && program->is_syslog)
		ret->list[ret->n++] = is_syslog;
	ret->list[ret->n] = NULL;
}

/* In the child: nothing but system calls from here on. */
static _Noreturn void
become_program(const char *path, char *const *args, const struct program *program,
    char *const *environment, pid_t master)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD,
		SIGPIPE, SIGALRM, SIGXFSZ };
	sigset_t none;
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* It dies with the master, also when that was killed a moment ago. */
	if (null_fd < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0 || getppid() != master)
		_exit(EXIT_FAILURE);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		proc_on_signal(signals[i], SIG_DFL);
	if (dup2(program->stdin_fd >= 0 ? program->stdin_fd : null_fd, STDIN_FILENO) < 0 ||
	    dup2(null_fd, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	for (size_t i = 0; i < PROGRAM_PASS_MAX && program->pass[i].variable != NULL; i++)
		if (fcntl(program->pass[i].fd, F_SETFD, 0) != 0)
			_exit(EXIT_FAILURE);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(path, args, environment);
	_exit(PROGRAM_NO_EXEC);
}

enum rc
program_start(const char *dir, const struct program *program, pid_t *ret)
{
	struct environment environment;
	char path[PATH_MAX], name[64], words[PROGRAM_ARGS_MAX][32];
	char *args[PROGRAM_ARGS_MAX + 2] = { name };
	pid_t master = getpid(), pid;

	(void)snprintf(name, sizeof(name), "%s", program->name);
	for (size_t i = 0; i < PROGRAM_ARGS_MAX && program->args[i] != NULL; i++) {
		(void)snprintf(words[i], sizeof(words[i]), "%s", program->args[i]);
		args[i + 1] = words[i];
	}
	if (snprintf(path, sizeof(path), "%s/%s", dir, program->name) >= (int)sizeof(path)) {
		log_error("the path of %s is too long", program->name);
		return RC_SYSTEM;
	}
	make_environment(program, &environment);
	if ((pid = fork()) < 0) {
		log_error("cannot start %s: %s", program->name, strerror(errno));
		return RC_SYSTEM;
	}
	if (pid == 0)
		become_program(path, args, program, environment.list, master);
	*ret = pid;
	return RC_OK;
}

void
program_clean_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO)
		(void)fcntl(fd, F_SETFD, 0);
	if (fd >= 0)
		(void)close(fd);
	/* Before Linux 5.11 there is no such call, or no such flag. */
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		for (fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}
