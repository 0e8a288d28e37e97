#include "ctl/ctl_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/key_index.h"
#include "base/log.h"
#include "base/random.h"

/* The longest of all key files is the index. */
enum { PLACE_TEXT_MAX = KEY_INDEX_TEXT_MAX + 1 };

void
ctl_place_close(struct ctl_place *place)
{
	if (place->dir_fd >= 0)
		(void)close(place->dir_fd);
	place->dir_fd = -1;
}

enum ctl_status
ctl_place_open(const char *setting, const char *path, struct ctl_place *ret)
{
	struct buf dir = BUF_INIT(PATH_MAX);
	const char *slash = strrchr(path, '/');
	enum ctl_status status = CTL_FAILED;

	*ret = (struct ctl_place){ .path = path, .dir_fd = -1 };
	if (path[0] != '/') {
		log_error("%s is \"%s\", a name in $CREDENTIALS_DIRECTORY: make the file that "
		          "LoadCredential reads with a configuration that has its path",
		    setting, path);
		return CTL_FAILED;
	}
	ret->name = slash + 1;
	buf_add_bytes(&dir, path, slash == path ? 1 : (size_t)(slash - path));
	ret->dir_fd = open(buf_text(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir_fd < 0 || fstat(ret->dir_fd, &ret->dir) < 0)
		log_error("%s: directory %s: %s", setting, buf_text(&dir), strerror(errno));
	else
		status = CTL_OK;
	buf_release(&dir);
	return status;
}

bool
ctl_place_is_taken(const struct ctl_place *place)
{
	return faccessat(place->dir_fd, place->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
set_owner(const struct conf *conf, const struct ctl_place *place, int fd, mode_t mode)
{
	mode_t for_group = S_IRGRP | ((mode & S_IXUSR) != 0 ? S_IXGRP : 0);
	const struct passwd *account;

	if (geteuid() != 0)
		return fchmod(fd, mode) == 0;
	if (place->dir.st_uid != 0)
		return fchown(fd, place->dir.st_uid, place->dir.st_gid) == 0 &&
		       fchmod(fd, mode) == 0;
	account = getpwnam(conf->user != NULL ? conf->user : "affo-user");
	if (account == NULL)
		return fchmod(fd, mode) == 0;
	return fchown(fd, 0, account->pw_gid) == 0 && fchmod(fd, mode | for_group) == 0;
}

/* Written under another name; a link never replaces a file, a rename does. */
enum ctl_status
ctl_place_write(const struct conf *conf, const struct ctl_place *place, struct str text,
    mode_t mode, bool may_replace)
{
	struct buf temporary = BUF_INIT(PATH_MAX), line = BUF_INIT(PLACE_TEXT_MAX);
	char id[RANDOM_ID_LEN + 1];
	enum ctl_status status = CTL_FAILED;
	int dir_fd = place->dir_fd, fd;
	const char *name;

	random_id(id);
	buf_printf(&temporary, ".%s.%s", place->name, id);
	buf_add(&line, text);
	buf_add_char(&line, '\n');
	name = buf_text(&temporary);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || !buf_ok(&line) || write(fd, buf_text(&line), line.len) != (ssize_t)line.len ||
	    !set_owner(conf, place, fd, mode) || fsync(fd) != 0 ||
	    (may_replace ? renameat(dir_fd, name, dir_fd, place->name)
	                 : linkat(dir_fd, name, dir_fd, place->name, 0)) != 0) {
		log_error("%s cannot be made: %s", place->path, strerror(errno));
	} else {
		(void)fsync(dir_fd);
		status = CTL_OK;
	}
	if (fd >= 0) {
		(void)unlinkat(dir_fd, name, 0);
		(void)close(fd);
	}
	buf_release(&temporary);
	buf_release(&line);
	return status;
}

enum ctl_status
ctl_place_make_dir(const struct conf *conf, const struct ctl_place *place)
{
	enum ctl_status status = CTL_OK;
	int fd = -1;

	if (mkdirat(place->dir_fd, place->name, 0700) == 0) {
		fd = openat(
		    place->dir_fd, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || !set_owner(conf, place, fd, 0700))
			status = CTL_FAILED;
	} else if (errno != EEXIST) {
		status = CTL_FAILED;
	}
	if (status != CTL_OK)
		log_error("%s cannot be made: %s", place->path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return status;
}
