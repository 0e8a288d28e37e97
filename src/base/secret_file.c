#include "base/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"

/* The newline at the end is not counted. */
static enum rc
read_text(int fd, const char *path, size_t min, size_t max, struct buf *ret, struct buf *errors)
{
	struct buf text = BUF_INIT(max + 1);
	char chunk[1024];
	ssize_t n;
	enum rc rc = RC_CONFIG;

	while (buf_ok(&text) && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0) {
			buf_printf(errors, "cannot read \"%s\": %s", path, strerror(errno));
			goto out;
		}
		buf_add_bytes(&text, chunk, (size_t)n);
	}
	if (buf_ok(&text) && str_ends(buf_str(&text), STR("\n")))
		buf_truncate(&text, text.len - 1);
	if (!buf_ok(&text) || text.len > max) {
		buf_printf(
		    errors, "\"%s\" holds more than %zu bytes: put a shorter one there", path, max);
		goto out;
	}
	if (text.len < min) {
		buf_printf(errors,
		    "\"%s\" holds %zu bytes, at least %zu are needed: put a longer one there", path,
		    text.len, min);
		goto out;
	}
	buf_add(ret, buf_str(&text));
	if (buf_ok(ret))
		rc = RC_OK;
	else
		buf_printf(errors, "out of memory for \"%s\"", path);
out:
	sodium_memzero(chunk, sizeof(chunk));
	buf_release(&text);
	return rc;
}

/* forbidden: mode bits; should: what chmod is to be told. */
static enum rc
read_file(const char *name, size_t min, size_t max, mode_t forbidden, const char *should,
    struct buf *ret, struct buf *errors)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct buf path = BUF_INIT(PATH_MAX);
	struct stat st;
	int fd = -1;
	enum rc rc = RC_CONFIG;

	if (name[0] != '/' && credentials != NULL && *credentials != '\0')
		buf_printf(&path, "%s/", credentials);
	buf_add(&path, str_from(name));
	if (!buf_ok(&path)) {
		buf_printf(errors, "the path \"%.60s...\" is too long", name);
		goto out;
	}
	if ((fd = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0 ||
	    fstat(fd, &st) < 0) {
		if (errno == ENOENT)
			buf_printf(errors, "\"%s\" does not exist", buf_text(&path));
		else
			buf_printf(
			    errors, "cannot open \"%s\": %s", buf_text(&path), strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		buf_printf(errors, "\"%s\" is not a regular file", buf_text(&path));
		goto out;
	}
	if ((st.st_mode & forbidden) != 0) {
		buf_printf(errors, "\"%s\" has mode %04o, others could %s it: chmod %s %s",
		    buf_text(&path), (unsigned)st.st_mode & 07777,
		    (st.st_mode & forbidden & (S_IRGRP | S_IROTH)) != 0 ? "read" : "write", should,
		    buf_text(&path));
		goto out;
	}
	rc = read_text(fd, buf_text(&path), min, max, ret, errors);
out:
	if (fd >= 0)
		(void)close(fd);
	buf_release(&path);
	return rc;
}

enum rc
secret_file_read(const char *path, size_t min, size_t max, struct buf *ret, struct buf *errors)
{
	return read_file(path, min, max, S_IWGRP | S_IROTH | S_IWOTH, "0600", ret, errors);
}

enum rc
secret_file_read_public(
    const char *path, size_t min, size_t max, struct buf *ret, struct buf *errors)
{
	return read_file(path, min, max, S_IWGRP | S_IWOTH, "0644", ret, errors);
}
