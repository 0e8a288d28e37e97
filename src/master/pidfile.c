#include "master/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "master/master.h"

static void
pidfile_path(const char *run_dir, char ret[static PATH_MAX])
{
	(void)snprintf(ret, PATH_MAX, "%s/affo-userd.pid", run_dir);
}

/* The whole file; a lock of a process, so that F_GETLK names its holder. */
static struct flock
whole(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

enum rc
pidfile_open(const char *run_dir, unsigned owner, int *ret_fd)
{
	struct flock lock = whole(F_WRLCK);
	char path[PATH_MAX], text[16];
	int fd, len;

	pidfile_path(run_dir, path);
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)) < 0) {
		log_error("cannot open %s: %s; \"run_dir\" must be a directory that this user can "
		          "write to",
		    path, strerror(errno));
		return RC_SYSTEM;
	}
	if (fcntl(fd, F_SETLK, &lock) != 0) {
		int pid = 0;

		if (errno != EACCES && errno != EAGAIN) {
			log_error("cannot lock %s: %s", path, strerror(errno));
			(void)close(fd);
			return RC_SYSTEM;
		}
		(void)close(fd);
		if (pidfile_read(run_dir, &pid) != RC_OK)
			pid = 0;
		log_error(
		    "affo-userd runs in %s already, as process %d; stop that one, or set another "
		    "\"run_dir\"",
		    run_dir, pid);
		return RC_TAKEN;
	}
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len ||
	    (owner != (uid_t)-1 && fchown(fd, owner, (gid_t)-1) != 0)) {
		log_error("cannot write %s: %s", path, strerror(errno));
		(void)close(fd);
		return RC_SYSTEM;
	}
	*ret_fd = fd;
	return RC_OK;
}

void
pidfile_close(const char *run_dir, int fd)
{
	char path[PATH_MAX];

	if (fd < 0)
		return;
	pidfile_path(run_dir, path);
	/* The lock is ours until the end: nobody else's file is removed. */
	(void)unlink(path);
	(void)close(fd);
}

enum rc
pidfile_read(const char *run_dir, int *ret_pid)
{
	struct flock lock = whole(F_WRLCK);
	char path[PATH_MAX];
	enum rc rc = RC_NONE;
	int fd;

	pidfile_path(run_dir, path);
	/* Whoever holds the lock is asked for, not what stands in the file: that may be stale. */
	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		return RC_NONE;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 1) {
		*ret_pid = (int)lock.l_pid;
		rc = RC_OK;
	}
	(void)close(fd);
	return rc;
}

enum rc
master_signal(const char *run_dir, int signo)
{
	int pid;

	if (pidfile_read(run_dir, &pid) != RC_OK) {
		(void)fprintf(stderr,
		    "affo-userd: none runs in %s (or this user may not write %s/affo-userd.pid)\n",
		    run_dir, run_dir);
		return RC_NONE;
	}
	if (kill(pid, signo) != 0) {
		(void)fprintf(
		    stderr, "affo-userd: cannot signal process %d: %s\n", pid, strerror(errno));
		return RC_SYSTEM;
	}
	return RC_OK;
}
