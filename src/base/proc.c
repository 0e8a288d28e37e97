#include "config.h"

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

int
proc_env_fd(const char *variable)
{
	struct str text = str_from(getenv(variable));
	uint64_t number;

	if (text.ptr == NULL || str_to_u64(text, 1 << 20, &number) != RC_OK ||
	    fcntl((int)number, F_SETFD, FD_CLOEXEC) != 0)
		return -1;
	return (int)number;
}

enum rc
proc_become(const char *name)
{
	const struct passwd *user;

	if (name == NULL)
		return RC_OK;
	errno = 0;
	if ((user = getpwnam(name)) == NULL) {
		log_error(
		    "user %s does not exist; make it, or set \"user\" to one that does", name);
		return RC_CONFIG;
	}
	if (user->pw_uid == 0) {
		log_error("\"user\" is %s, which is root; set it to an ordinary user", name);
		return RC_CONFIG;
	}
	if (geteuid() == user->pw_uid && getuid() == user->pw_uid)
		return RC_OK;
	if (geteuid() != 0) {
		log_error("cannot become user %s: only root can; start as root or as %s, or leave "
		          "\"user\" out",
		    name, name);
		return RC_CONFIG;
	}
	if (initgroups(name, user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
		log_error("cannot become user %s: %s", name, strerror(errno));
		return RC_SYSTEM;
	}
	if (setuid(0) == 0 || seteuid(0) == 0) {
		log_error("became user %s and could become root again; ending", name);
		return RC_SYSTEM;
	}
	return RC_OK;
}

void
proc_harden(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	/* At a limit of file sizes a write is to fail, as on a full disk, and not to kill. */
	proc_on_signal(SIGXFSZ, SIG_IGN);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef WITH_SANITIZERS /* LeakSanitizer attaches to the process */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	(void)umask(0077);
}

void
proc_on_signal(int signo, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(signo, &action, NULL);
}

unsigned
proc_cores(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) != 0 || (n = CPU_COUNT(&set)) < 1)
		return 1;
	return (unsigned)n;
}
