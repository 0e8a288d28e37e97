#include "master/sockets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

static enum rc
open_one(const char *name, const char *path, int backlog, const char *user, const char *group,
    struct sockets_one *ret)
{
	struct stat st;
	enum rc rc;

	if ((ret->fd = proc_listen_fd(name)) >= 0) {
		log_info("listening on the socket that systemd passed as \"%s\"", name);
		return RC_OK;
	}
	if (path == NULL)
		return RC_OK;
	if ((rc = proc_listen_unix(path, backlog, user, group, &ret->fd)) != RC_OK)
		return rc;
	if (lstat(path, &st) == 0 && (ret->path = str_dup(str_from(path))) != NULL) {
		ret->dev = st.st_dev;
		ret->ino = st.st_ino;
	}
	log_info("listening on %s", path);
	return RC_OK;
}

/* The kernel cuts a longer backlog without a word. */
static void
warn_of_short_backlog(void)
{
	char text[16] = "";
	uint64_t max = SOCKETS_FAST_BACKLOG;
	int fd = open("/proc/sys/net/core/somaxconn", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		(void)close(fd);
	if (n > 1 && str_to_u64((struct str){ text, (size_t)n - 1 }, INT32_MAX, &max) == RC_OK &&
	    max < SOCKETS_FAST_BACKLOG)
		log_warning("net.core.somaxconn is %u: more clients than that at once are answered "
		            "503; sysctl net.core.somaxconn=%d",
		    (unsigned)max, SOCKETS_FAST_BACKLOG);
}

enum rc
sockets_open(const struct conf *conf, const char *user, struct sockets *sockets)
{
	enum rc rc =
	    open_one("fcgi", conf->listen, SOCKETS_FAST_BACKLOG, user, conf->group, &sockets->fast);

	if (rc == RC_OK)
		rc = open_one("hash", conf->listen == NULL ? NULL : conf->listen_hash,
		    SOCKETS_HASH_BACKLOG, user, conf->group, &sockets->hash);
	if (rc == RC_OK && sockets->fast.fd >= 0)
		warn_of_short_backlog();
	if (rc == RC_OK && sockets->fast.fd < 0)
		log_notice("\"listen\" is empty: whoever serves the web is to start the workers");
	if (getenv("LISTEN_FDS") != NULL && proc_listen_fd("fcgi") < 0 &&
	    proc_listen_fd("hash") < 0)
		log_warning("none of the sockets that systemd passed is called fcgi or hash: set "
		            "FileDescriptorName= in their units");
	return rc;
}

static void
close_one(struct sockets_one *one)
{
	struct stat st;

	if (one->path != NULL && lstat(one->path, &st) == 0 && st.st_dev == one->dev &&
	    st.st_ino == one->ino)
		(void)unlink(one->path);
	if (one->fd >= 0)
		(void)close(one->fd);
	free(one->path);
	*one = (struct sockets_one){ .fd = -1 };
}

void
sockets_close(struct sockets *sockets)
{
	close_one(&sockets->fast);
	close_one(&sockets->hash);
}
