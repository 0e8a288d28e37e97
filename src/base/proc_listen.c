/* Listening sockets, and what systemd hands over or is told. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"

enum {
	SYSTEMD_FIRST_FD = 3, /* sd_listen_fds(3) */
	SYSTEMD_FDS_MAX = 64,
};

static bool
set_address(const char *path, struct sockaddr_un *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(ret->sun_path)) {
		log_error("the path %s is too long for a socket: %zu bytes fit", path,
		    sizeof(ret->sun_path) - 1);
		return false;
	}
	(void)snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
	return true;
}

/* Removes a socket that nobody listens on any more. */
static enum rc
clear_path(const char *path, const struct sockaddr_un *address)
{
	struct stat st;
	int fd, error;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT)
			return RC_OK;
		log_error("cannot look at %s: %s", path, strerror(errno));
		return RC_SYSTEM;
	}
	if (!S_ISSOCK(st.st_mode)) {
		log_error("%s is there and no socket; remove it, or listen elsewhere", path);
		return RC_SYSTEM;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0) {
		log_error("cannot make a socket: %s", strerror(errno));
		return RC_SYSTEM;
	}
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
	(void)close(fd);
	/* A full backlog (EAGAIN) is somebody's, too. */
	if (error == 0 || error == EAGAIN) {
		log_error("another program listens on %s; stop it, or listen elsewhere", path);
		return RC_SYSTEM;
	}
	/* EACCES, EPROTOTYPE (a datagram socket): it may well be in use. */
	if (error != ECONNREFUSED) {
		log_error("cannot tell whether another program listens on %s: %s; remove it, or "
		          "listen elsewhere",
		    path, strerror(error));
		return RC_SYSTEM;
	}
	if (unlink(path) != 0) {
		log_error("cannot remove the old socket %s: %s", path, strerror(errno));
		return RC_SYSTEM;
	}
	return RC_OK;
}

/* As root in a directory of the service's user, who may have put something else in the socket's
 * place: what was opened is given away, and only if it is a socket. */
static bool
change_owner(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), error;
	struct stat st;

	if (fd < 0)
		return false;
	error = fstat(fd, &st) != 0                              ? errno
	        : !S_ISSOCK(st.st_mode)                          ? ENOTSOCK
	        : fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0 ? errno
	                                                         : 0;
	(void)close(fd);
	errno = error;
	return error == 0;
}

static enum rc
give_away(const char *path, const char *user, const char *group)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (user != NULL && geteuid() == 0) {
		const struct passwd *entry = getpwnam(user);

		if (entry == NULL) {
			log_error("user %s of the socket %s does not exist; set \"user\" to the "
			          "service's",
			    user, path);
			return RC_CONFIG;
		}
		uid = entry->pw_uid;
		gid = entry->pw_gid;
	}
	if (group != NULL) {
		const struct group *entry = getgrnam(group);

		if (entry == NULL) {
			log_error("group %s of the socket %s does not exist; set \"group\" to the "
			          "web server's",
			    group, path);
			return RC_CONFIG;
		}
		gid = entry->gr_gid;
	}
	if ((uid == (uid_t)-1 && gid == (gid_t)-1) || change_owner(path, uid, gid))
		return RC_OK;
	if (uid == (uid_t)-1)
		log_error("cannot give the socket %s to group %s: %s; the service's user must "
		          "belong to it",
		    path, group, strerror(errno));
	else
		log_error("cannot give the socket %s to user %s: %s", path, user, strerror(errno));
	return RC_SYSTEM;
}

enum rc
proc_listen_unix(const char *path, int backlog, const char *user, const char *group, int *ret_fd)
{
	struct sockaddr_un address;
	mode_t old_umask;
	int fd = -1, bound;
	enum rc rc;

	if (!set_address(path, &address))
		return RC_CONFIG;
	if ((rc = clear_path(path, &address)) != RC_OK)
		return rc;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0) {
		log_error("cannot make a socket: %s", strerror(errno));
		return RC_SYSTEM;
	}
	/* Nobody can connect before we listen, so the mode may be the last one at once. */
	old_umask = umask(0117);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(old_umask);
	if (bound != 0) {
		log_error("cannot bind the socket %s: %s", path, strerror(errno));
		rc = RC_SYSTEM;
		goto out;
	}
	if ((rc = give_away(path, user, group)) != RC_OK)
		goto out_unlink;
	if (listen(fd, backlog) != 0) {
		log_error("cannot listen on %s: %s", path, strerror(errno));
		rc = RC_SYSTEM;
		goto out_unlink;
	}
	*ret_fd = fd;
	return RC_OK;
out_unlink:
	(void)unlink(path);
out:
	(void)close(fd);
	return rc;
}

int
proc_listen_fd(const char *name)
{
	struct str names = str_from(getenv("LISTEN_FDNAMES")), one;
	struct str pid = str_from(getenv("LISTEN_PID")), n = str_from(getenv("LISTEN_FDS"));
	uint64_t pid_number, count;
	int fd = SYSTEMD_FIRST_FD;

	if (pid.ptr == NULL || n.ptr == NULL || str_to_u64(pid, INT32_MAX, &pid_number) != RC_OK ||
	    (pid_t)pid_number != getpid() || str_to_u64(n, SYSTEMD_FDS_MAX, &count) != RC_OK)
		return -1;
	for (; (uint64_t)(fd - SYSTEMD_FIRST_FD) < count && str_cut(&names, ':', &one); fd++)
		if (str_equal(one, str_from(name)) && proc_is_listening(fd)) {
			int flags = fcntl(fd, F_GETFL);

			if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
			    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
				return -1;
			return fd;
		}
	return -1;
}

bool
proc_is_listening(int fd)
{
	int type = 0, is_listening = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_STREAM)
		return false;
	len = sizeof(int);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 &&
	       is_listening != 0;
}

void
proc_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const struct timeval patience = { .tv_sec = 1 };
	struct sockaddr_un address;
	socklen_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') || !set_address(path, &address))
		return;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return;
	/* A listener that doesn't listen must not hold us up. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, len) <
	    0)
		log_warning("cannot tell systemd \"%.40s\": %s", state, strerror(errno));
	(void)close(fd);
}
