#include "base/key_use.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static int
open_locks(const char *run_dir, int flags)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/keys.lock", run_dir);
	fd = open(path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && (errno != ENOENT || flags != 0))
		log_error("cannot open %s: %s", path, strerror(errno));
	return fd;
}

enum rc
key_use_hold(const char *run_dir, int64_t serial, int *ret_fd)
{
	struct flock lock = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = serial, .l_len = 1
	};
	int fd = open_locks(run_dir, O_CREAT);

	if (fd < 0)
		return RC_SYSTEM;
	/* Of the open file, not of the process: another descriptor of it doesn't give it up. */
	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		log_error("cannot lock %s/keys.lock: %s", run_dir, strerror(errno));
		(void)close(fd);
		return RC_SYSTEM;
	}
	*ret_fd = fd;
	return RC_OK;
}

enum rc
key_use_is_older(const char *run_dir, int64_t serial, bool *ret)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = serial };
	enum rc rc = RC_OK;
	int fd;

	*ret = false;
	/* A length of 0 would mean: to the end. */
	if (serial <= 0)
		return RC_OK;
	if ((fd = open_locks(run_dir, 0)) < 0)
		return errno == ENOENT ? RC_OK : RC_SYSTEM; /* none: nothing has run here */
	if (fcntl(fd, F_OFD_GETLK, &lock) == 0) {
		*ret = lock.l_type != F_UNLCK;
	} else {
		log_error("cannot look at the locks of %s/keys.lock: %s", run_dir, strerror(errno));
		rc = RC_SYSTEM;
	}
	(void)close(fd);
	return rc;
}
