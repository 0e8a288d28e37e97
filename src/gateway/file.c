/*
 * Each message a file, DIRECTORY/CHANNEL/RECIPIENT/TIME-ID.txt or .eml: for trying the service out,
 * and for programs that pick messages up. A reader never sees half a file: it is written as .ID
 * beside its place and renamed (into another directory Landlock's first version would not let it).
 * TIME is when the message was made, so sending it twice leaves one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/kinds.h"
#include "gateway/mime.h"

/* NAME_MAX is 255; what is longer once escaped ends in "~" and a hash of the whole. */
enum { FILE_NAME_KEEP = 200, FILE_NAME_MAX = 255 };

struct file_state {
	int directory;
};

static enum rc
file_open(struct gateway *gateway, struct buf *errors)
{
	struct str path = conf_gateway_get(gateway->conf, "directory");
	struct file_state *state;
	int fd;

	if (path.len == 0)
		return gateway_refuse(gateway, errors, "the setting \"directory\" is missing");
	/* Settings are NUL-ended texts. */
	fd = open(path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return gateway_refuse(gateway, errors, "directory \"%s\" cannot be opened: %s",
		    path.ptr, strerror(errno));
	if ((state = malloc(sizeof(*state))) == NULL) {
		(void)close(fd);
		return RC_SYSTEM;
	}
	state->directory = fd;
	gateway->state = state;
	return RC_OK;
}

static void
file_close(struct gateway *gateway)
{
	struct file_state *state = gateway->state;

	(void)close(state->directory);
	free(state);
}

/* FNV-1a: names only have to differ. */
static uint64_t
hash(struct str text)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * 1099511628211U;
	return h;
}

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("@._+-", c) != NULL);
}

/* The recipient as one name of a directory, never "." or "..". */
static void
add_name(struct buf *to, struct str recipient)
{
	size_t start = to->len, keep = start;
	bool is_dots = str_equal(recipient, STR(".")) || str_equal(recipient, STR(".."));

	for (size_t i = 0; i < recipient.len; i++) {
		if (is_plain(recipient.ptr[i]) && !is_dots)
			buf_add_char(to, recipient.ptr[i]);
		else
			buf_printf(to, "%%%02X", (unsigned char)recipient.ptr[i]);
		if (to->len - start <= FILE_NAME_KEEP)
			keep = to->len;
	}
	if (to->len - start <= FILE_NAME_MAX)
		return;
	buf_truncate(to, keep);
	buf_printf(to, "~%016" PRIx64, hash(recipient));
}

/* The id is random base64url, but nobody should have to believe that. */
static bool
is_id(struct str id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!is_plain(id.ptr[i]) || id.ptr[i] == '.')
			return false;
	return id.len > 0 && id.len <= 64;
}

/* "20261122T123112.345Z": sorts as the messages were made. */
static void
add_time(struct buf *to, int64_t at_ms)
{
	char when[CLOCK_TEXT_MAX + 1];

	clock_format(at_ms, false, when);
	for (const char *c = when; *c != '\0'; c++)
		if (*c != '-' && *c != ':')
			buf_add_char(to, *c);
	buf_printf(to, ".%03dZ", (int)(at_ms % 1000));
}

static bool
make_directories(int directory, struct buf *path)
{
	for (size_t i = 0; i < path->len; i++) {
		bool failed;

		if (path->ptr[i] != '/')
			continue;
		path->ptr[i] = '\0';
		failed = mkdirat(directory, path->ptr, 0777) != 0 && errno != EEXIST;
		path->ptr[i] = '/';
		if (failed)
			return false;
	}
	return true;
}

static bool
write_all(int fd, struct str text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.ptr, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text = str_slice(text, (size_t)n, text.len);
	}
	return true;
}

/* errno says why not. */
static bool
write_file(int directory, const struct buf *temporary, struct buf *name, struct str text)
{
	bool ok = false;
	int fd, saved;

	if (!make_directories(directory, name))
		return false;
	fd = openat(directory, buf_text(temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return false;
	ok = write_all(fd, text) && fsync(fd) == 0;
	ok = ok && renameat(directory, buf_text(temporary), directory, buf_text(name)) == 0;
	saved = errno;
	if (!ok)
		(void)unlinkat(directory, buf_text(temporary), 0);
	(void)close(fd);
	errno = saved;
	return ok;
}

static void
file_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct file_state *state = gateway->state;
	struct buf name = BUF_INIT(4096), temporary = BUF_INIT(4096), mail = BUF_INIT(MIME_MAX);
	bool is_mail = letter->channel == CHANNEL_EMAIL;
	enum rc rc;

	if (letter->recipient.len == 0 || !is_id(letter->id)) {
		gateway_result(ret, DELIVERY_PERMANENT, "no recipient or no id");
		goto out;
	}
	buf_printf(&name, "%s/", channel_name(letter->channel));
	add_name(&name, letter->recipient);
	buf_add_char(&name, '/');
	buf_add(&temporary, buf_str(&name));
	buf_printf(&temporary, "." STR_FMT, STR_ARG(letter->id));
	add_time(&name, letter->created_at);
	buf_printf(&name, "-" STR_FMT "%s", STR_ARG(letter->id), is_mail ? ".eml" : ".txt");
	if (is_mail && (rc = mime_compose(letter, &mail)) != RC_OK) {
		gateway_result(
		    ret, DELIVERY_PERMANENT, "not a mail that can be composed (%s)", rc_name(rc));
		goto out;
	}
	if (!buf_ok(&name) || !buf_ok(&temporary))
		gateway_result(ret, DELIVERY_PERMANENT, "the recipient is too long for a name");
	else if (!write_file(
	             state->directory, &temporary, &name, is_mail ? buf_str(&mail) : letter->text))
		gateway_result(
		    ret, DELIVERY_LATER, "the file cannot be written: %s", strerror(errno));
	else
		gateway_result(ret, DELIVERY_OK, "written");
out:
	buf_release(&name);
	buf_release(&temporary);
	buf_release(&mail);
}

const struct gateway_kind file_gateway = {
	.type = "file",
	.channels = GATEWAY_SMS | GATEWAY_EMAIL,
	.needs = GATEWAY_NEEDS_DIRECTORY,
	.open = file_open,
	.send = file_send,
	.close = file_close,
};
