#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "ctl/ctl.h"

enum { KEY_TEXT_MAX = 4096, KEY_PATH_MAX = 4096 };

/* Where a key file is to stand. */
struct key_place {
	const char *path;
	const char *name; /* the last part of path */
	int dir_fd;
	struct stat dir;
};

static void
place_close(struct key_place *place)
{
	if (place->dir_fd >= 0)
		(void)close(place->dir_fd);
}

static enum ctl_status
place_open(const char *setting, const char *path, struct key_place *ret)
{
	struct buf dir = BUF_INIT(KEY_PATH_MAX);
	const char *slash = strrchr(path, '/');
	enum ctl_status status = CTL_FAILED;

	*ret = (struct key_place){ .path = path, .dir_fd = -1 };
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

static bool
place_is_taken(const struct key_place *place)
{
	return faccessat(place->dir_fd, place->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Who must be able to read it. Made by root in a directory of root's: the service's user by its
 * group, so that it can read, but not change it. In another's directory: that other one. */
static bool
set_owner(const struct conf *conf, const struct key_place *place, int fd, mode_t mode)
{
	const struct passwd *account;

	if (geteuid() != 0)
		return fchmod(fd, mode) == 0;
	if (place->dir.st_uid != 0)
		return fchown(fd, place->dir.st_uid, place->dir.st_gid) == 0 &&
		       fchmod(fd, mode) == 0;
	account = getpwnam(conf->user != NULL ? conf->user : "affo-user");
	if (account == NULL)
		return fchmod(fd, mode) == 0;
	return fchown(fd, 0, account->pw_gid) == 0 && fchmod(fd, mode | S_IRGRP) == 0;
}

/* Whole or not at all: written under another name and linked, which never replaces a file. */
static enum ctl_status
write_key(struct ctl *ctl, const struct key_place *place, struct str text, mode_t mode)
{
	struct buf temporary = BUF_INIT(KEY_PATH_MAX), line = BUF_INIT(KEY_TEXT_MAX);
	char id[RANDOM_ID_LEN + 1];
	enum ctl_status status = CTL_FAILED;
	int fd;

	random_id(id);
	buf_printf(&temporary, ".%s.%s", place->name, id);
	buf_add(&line, text);
	buf_add_char(&line, '\n');
	fd = openat(place->dir_fd, buf_text(&temporary),
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, buf_text(&line), line.len) != (ssize_t)line.len ||
	    !set_owner(ctl->conf, place, fd, mode) || fsync(fd) != 0 ||
	    linkat(place->dir_fd, buf_text(&temporary), place->dir_fd, place->name, 0) != 0) {
		log_error("%s cannot be made: %s", place->path, strerror(errno));
	} else {
		(void)fsync(place->dir_fd);
		(void)printf("%s made\n", place->path);
		status = CTL_OK;
	}
	if (fd >= 0) {
		(void)unlinkat(place->dir_fd, buf_text(&temporary), 0);
		(void)close(fd);
	}
	buf_release(&temporary);
	buf_release(&line);
	return status;
}

static enum ctl_status
leave(const char *path)
{
	(void)printf("%s exists: left as it is\n", path);
	return CTL_OK;
}

static enum ctl_status
make_key(struct ctl *ctl, const char *setting, const char *path)
{
	struct buf key = BUF_INIT(KEY_TEXT_MAX);
	struct key_place place;
	enum ctl_status status = place_open(setting, path, &place);

	if (status == CTL_OK && place_is_taken(&place))
		status = leave(path);
	else if (status == CTL_OK && (status = ctl_refuse(admin_make_key(&key), NULL)) == CTL_OK)
		status = write_key(ctl, &place, buf_str(&key), 0600);
	place_close(&place);
	buf_release(&key);
	return status;
}

/* The public key that belongs to the secret one that is there. */
static enum ctl_status
public_of_file(const char *path, struct buf *ret_public)
{
	struct buf secret = BUF_INIT(KEY_TEXT_MAX), why = BUF_INIT(KEY_TEXT_MAX);
	enum ctl_status status = CTL_FAILED;
	enum rc rc;

	if (secret_file_read(path, 1, KEY_TEXT_MAX, &secret, &why) != RC_OK)
		log_error("outbox.key_file: %s", buf_text(&why));
	else if ((rc = admin_public_key(buf_str(&secret), ret_public)) == RC_SYNTAX)
		log_error("%s holds no key of the outbox: move it away, and run this again", path);
	else
		status = ctl_refuse(rc, NULL);
	buf_release(&secret);
	buf_release(&why);
	return status;
}

/* Both are there: do they belong together? */
static enum ctl_status
compare_pair(const struct conf *conf)
{
	struct buf public = BUF_INIT(KEY_TEXT_MAX), found = BUF_INIT(KEY_TEXT_MAX);
	FILE *file = fopen(conf->outbox.public_key_file, "re");
	enum ctl_status status = CTL_FAILED;
	int c;

	while (file != NULL && (c = getc(file)) != EOF && c != '\n')
		buf_add_char(&found, (char)c);
	if (file == NULL)
		log_error("%s: %s", conf->outbox.public_key_file, strerror(errno));
	else if ((status = public_of_file(conf->outbox.key_file, &public)) == CTL_OK &&
	         !str_equal(buf_str(&public), buf_str(&found))) {
		log_error("%s is not the public key of %s: move it away, and run this again",
		    conf->outbox.public_key_file, conf->outbox.key_file);
		status = CTL_FAILED;
	}
	if (file != NULL)
		(void)fclose(file);
	buf_release(&public);
	buf_release(&found);
	return status;
}

/* The secret key first: its public one can be had from it when the second step fails. */
static enum ctl_status
make_pair(struct ctl *ctl)
{
	const char *secret_path = ctl->conf->outbox.key_file;
	const char *public_path = ctl->conf->outbox.public_key_file;
	struct buf public = BUF_INIT(KEY_TEXT_MAX), secret = BUF_INIT(KEY_TEXT_MAX);
	struct key_place secret_place = { .dir_fd = -1 }, public_place = { .dir_fd = -1 };
	bool has_secret, has_public;
	enum ctl_status status;

	if ((status = place_open("outbox.key_file", secret_path, &secret_place)) != CTL_OK ||
	    (status = place_open("outbox.public_key_file", public_path, &public_place)) != CTL_OK)
		goto out;
	has_secret = place_is_taken(&secret_place);
	has_public = place_is_taken(&public_place);
	if (has_public && !has_secret) {
		log_error("%s is there, but not its secret key %s: bring that back, or move the "
		          "public one away",
		    public_path, secret_path);
		status = CTL_FAILED;
	} else if (has_public) {
		if ((status = compare_pair(ctl->conf)) == CTL_OK) {
			(void)leave(secret_path);
			(void)leave(public_path);
		}
	} else if (has_secret) {
		if ((status = public_of_file(secret_path, &public)) == CTL_OK)
			status = leave(secret_path);
	} else {
		status = ctl_refuse(admin_make_pair(&public, &secret), NULL);
		if (status == CTL_OK)
			status = write_key(ctl, &secret_place, buf_str(&secret), 0600);
	}
	if (status == CTL_OK && !has_public)
		status = write_key(ctl, &public_place, buf_str(&public), 0644);
out:
	place_close(&secret_place);
	place_close(&public_place);
	buf_release(&public);
	buf_release(&secret);
	return status;
}

enum ctl_status
ctl_key_generate(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	enum ctl_status status, one;
	const char *which;
	bool is_all;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind > 1)
		return ctl_usage(ctl);
	which = optind < argc ? argv[optind] : "all";
	is_all = strcmp(which, "all") == 0;
	if (!is_all && strcmp(which, "token") != 0 && strcmp(which, "verification") != 0 &&
	    strcmp(which, "outbox") != 0)
		return ctl_usage(ctl);
	if ((status = ctl_open_conf(ctl)) != CTL_OK)
		return status;
	if ((is_all || strcmp(which, "token") == 0) &&
	    (one = make_key(ctl, "token.key_file", ctl->conf->token.key_file)) != CTL_OK)
		status = one;
	if ((is_all || strcmp(which, "verification") == 0) &&
	    (one = make_key(ctl, "verification.key_file", ctl->conf->verification.key_file)) !=
	        CTL_OK)
		status = one;
	if ((is_all || strcmp(which, "outbox") == 0) && (one = make_pair(ctl)) != CTL_OK)
		status = one;
	return status;
}
