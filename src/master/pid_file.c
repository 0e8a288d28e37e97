#include "master/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

void
pid_file_path(const char *run_dir, struct buf *ret)
{
	buf_printf(ret, "%s/affo-userd.pid", run_dir);
}

/* A POSIX lock: children don't inherit it, and the kernel tells who holds it. */
static int
set_lock(int fd, int command, struct flock *lock)
{
	*lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, command, lock);
}

/* Whether path still names the file that is open: whoever had it before may have removed it. */
static bool
is_still_there(const char *path, int fd)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* As root in a directory of the service's user: nothing that it put there may lead elsewhere. */
static enum rc
give_to_user(const char *path, int fd, const char *user)
{
	const struct passwd *entry;
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
		log_error("%s is not a plain file; remove it", path);
		return RC_SYSTEM;
	}
	if (user == NULL || geteuid() != 0)
		return RC_OK;
	if ((entry = getpwnam(user)) == NULL) {
		log_error(
		    "user %s does not exist; make it, or set \"user\" to one that does", user);
		return RC_CONFIG;
	}
	if (fchown(fd, entry->pw_uid, entry->pw_gid) != 0) {
		log_error("cannot give %s to user %s: %s", path, user, strerror(errno));
		return RC_SYSTEM;
	}
	return RC_OK;
}

/* RC_NONE: the file was removed meanwhile, try again. */
static enum rc
try_lock(const char *path, int fd)
{
	struct flock lock;
	int error;

	if (set_lock(fd, F_SETLK, &lock) == 0)
		return is_still_there(path, fd) ? RC_OK : RC_NONE;
	error = errno;
	if (error != EACCES && error != EAGAIN) {
		log_error("cannot lock %s: %s", path, strerror(error));
		return RC_SYSTEM;
	}
	if (set_lock(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return RC_NONE;
	log_error("another affo-userd (process %d) runs here, it holds %s; end that one with "
	          "affo-userd -s quit, or choose another run_dir",
	    (int)lock.l_pid, path);
	return RC_TAKEN;
}

static enum rc
lock_file(const char *path, const char *user, int *ret_fd)
{
	char text[24];
	int fd, len;
	enum rc rc;

	do {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
		if (fd < 0) {
			log_error("cannot open %s: %s", path, strerror(errno));
			return RC_SYSTEM;
		}
		if ((rc = try_lock(path, fd)) != RC_OK)
			(void)close(fd);
	} while (rc == RC_NONE);
	if (rc != RC_OK)
		return rc;
	if ((rc = give_to_user(path, fd, user)) != RC_OK)
		goto out;
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
		log_error("cannot write %s: %s", path, strerror(errno));
		rc = RC_SYSTEM;
		goto out;
	}
	*ret_fd = fd;
	return RC_OK;
out:
	(void)close(fd);
	return rc;
}

enum rc
pid_file_lock(const char *run_dir, const char *user, int *ret_fd)
{
	struct buf path = BUF_INIT(PATH_MAX);
	enum rc rc;

	pid_file_path(run_dir, &path);
	rc = buf_ok(&path) ? lock_file(buf_text(&path), user, ret_fd) : RC_SYSTEM;
	buf_release(&path);
	return rc;
}

void
pid_file_remove(const char *run_dir, int fd)
{
	struct buf path = BUF_INIT(PATH_MAX);

	if (fd < 0)
		return;
	pid_file_path(run_dir, &path);
	/* Before the lock goes, so that it can't be the next one's. */
	if (buf_ok(&path) && is_still_there(buf_text(&path), fd))
		(void)unlink(buf_text(&path));
	(void)close(fd);
	buf_release(&path);
}

enum pid_file_state
pid_file_find(const char *run_dir, pid_t *ret)
{
	struct buf path = BUF_INIT(PATH_MAX);
	enum pid_file_state state = PID_FILE_UNREADABLE;
	struct flock lock;
	int fd;

	pid_file_path(run_dir, &path);
	fd = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		state = errno == ENOENT ? PID_FILE_MISSING : PID_FILE_UNREADABLE;
	else if (set_lock(fd, F_GETLK, &lock) == 0)
		/* To signal 0 or -1 would reach a whole group, or everybody. */
		state = lock.l_type == F_UNLCK ? PID_FILE_STALE
		        : lock.l_pid > 0       ? PID_FILE_RUNNING
		                               : PID_FILE_ELSEWHERE;
	if (state == PID_FILE_RUNNING)
		*ret = lock.l_pid;
	if (fd >= 0)
		(void)close(fd);
	buf_release(&path);
	return state;
}
