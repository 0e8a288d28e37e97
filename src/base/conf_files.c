#include "base/conf_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* The memfd: this, then for each file a struct conf_files_entry, its path and its text. Both
 * ends are programs of one build on one machine. */
static const char magic[8] = "affocf1";
struct conf_files_entry {
	uint32_t path_len;
	uint32_t text_len;
	uint32_t is_readable_by_others;
};

static enum rc
no_memory(void)
{
	log_error("out of memory while reading the configuration");
	return RC_SYSTEM;
}

static enum rc
add_file(struct conf_files *files, struct str path, struct str text, bool is_readable_by_others)
{
	struct conf_file *file = &files->list[files->n];

	file->path = str_dup(path);
	file->text = str_dup(text.len == 0 ? STR("") : text);
	file->len = text.len;
	file->is_readable_by_others = is_readable_by_others;
	files->n++; /* also when half made: conf_files_free() takes what is there */
	return file->path == NULL || file->text == NULL ? no_memory() : RC_OK;
}

/* RC_CONFIG with a sentence when it cannot be read. */
static enum rc
read_file(struct conf_files *files, const char *path, struct buf *errors)
{
	struct buf text = BUF_INIT(CONF_FILE_MAX);
	char chunk[16384];
	struct stat st;
	ssize_t n;
	int fd;
	enum rc rc = RC_CONFIG;

	/* O_NONBLOCK: a FIFO must not hold the start up. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0 ||
	    fstat(fd, &st) < 0) {
		buf_printf(errors, "cannot open the file: %s in %s\n", strerror(errno), path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		buf_printf(errors, "is not a regular file: %s\n", path);
		goto out;
	}
	if (files->n == CONF_FILES_MAX) {
		buf_printf(
		    errors, "more than %d files: the first too many is %s\n", CONF_FILES_MAX, path);
		goto out;
	}
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add_bytes(&text, chunk, (size_t)n);
	if (n < 0) {
		buf_printf(errors, "cannot read the file: %s in %s\n", strerror(errno), path);
		goto out;
	}
	if (!buf_ok(&text)) {
		buf_printf(errors, "the file is longer than %d bytes: %s\n", CONF_FILE_MAX, path);
		goto out;
	}
	if (memchr(buf_text(&text), '\0', text.len) != NULL) {
		buf_printf(errors, "the file has a NUL byte, it is no text: %s\n", path);
		goto out;
	}
	rc = add_file(files, str_from(path), buf_str(&text), (st.st_mode & S_IROTH) != 0);
out:
	sodium_memzero(chunk, sizeof(chunk));
	buf_release(&text);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static int
is_conf(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(str_from(entry->d_name), STR(".conf"));
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not by the locale */
}

/* conf.d/ *.conf beside main_path. A directory that isn't there is no error. */
static enum rc
read_conf_d(struct conf_files *files, const char *main_path, struct buf *errors)
{
	struct buf dir = BUF_INIT(PATH_MAX), path = BUF_INIT(PATH_MAX);
	struct dirent **names = NULL;
	const char *slash = strrchr(main_path, '/');
	int n;
	enum rc rc = RC_OK, one;

	if (slash != NULL)
		buf_add_bytes(&dir, main_path, (size_t)(slash - main_path) + 1);
	buf_add(&dir, STR("conf.d"));
	if ((n = scandir(buf_text(&dir), &names, is_conf, by_name)) < 0) {
		if (errno != ENOENT && errno != ENOTDIR) {
			buf_printf(errors, "cannot read the directory: %s in %s\n", strerror(errno),
			    buf_text(&dir));
			rc = RC_CONFIG;
		}
		goto out;
	}
	for (int i = 0; i < n; i++) {
		buf_reset(&path);
		buf_printf(&path, "%s/%s", buf_text(&dir), names[i]->d_name);
		if ((one = read_file(files, buf_text(&path), errors)) != RC_OK)
			rc = one;
		free(names[i]);
	}
out:
	free(names);
	buf_release(&dir);
	buf_release(&path);
	return rc;
}

enum rc
conf_files_read(const char *main_path, struct conf_files **ret, struct buf *errors)
{
	struct conf_files *files = calloc(1, sizeof(*files));
	const char *extra = getenv("AFFO_EXTRA_CONF");
	enum rc rc, one;

	if (files == NULL)
		return no_memory();
	rc = read_file(files, main_path, errors);
	if ((one = read_conf_d(files, main_path, errors)) != RC_OK)
		rc = one;
	if (extra != NULL && *extra != '\0' && (one = read_file(files, extra, errors)) != RC_OK)
		rc = one;
	if (rc == RC_OK)
		*ret = files;
	else
		conf_files_free(files);
	return rc;
}

enum rc
conf_files_add(struct conf_files *files, const char *name, struct str text)
{
	if (files->n == CONF_FILES_MAX) {
		log_error("more than %d files of configuration", CONF_FILES_MAX);
		return RC_CONFIG;
	}
	return add_file(files, str_from(name), text, false);
}

static bool
write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	ssize_t n;

	for (; len > 0; at += n, len -= (size_t)n)
		if ((n = write(fd, at, len)) <= 0)
			return false;
	return true;
}

enum rc
conf_files_save(const struct conf_files *files, int fd)
{
	bool ok = write_all(fd, magic, sizeof(magic));

	for (size_t i = 0; ok && i < files->n; i++) {
		const struct conf_file *file = &files->list[i];
		struct conf_files_entry entry = {
			.path_len = (uint32_t)strlen(file->path),
			.text_len = (uint32_t)file->len,
			.is_readable_by_others = file->is_readable_by_others,
		};

		ok = write_all(fd, &entry, sizeof(entry)) &&
		     write_all(fd, file->path, entry.path_len) &&
		     write_all(fd, file->text, entry.text_len);
	}
	if (ok)
		return RC_OK;
	log_error("cannot pass the configuration on: %s", strerror(errno));
	return RC_SYSTEM;
}

/* pread: the children share the descriptor's offset with each other. RC_NONE: the end. */
static enum rc
read_all(int fd, off_t *offset, void *bytes, size_t len)
{
	char *at = bytes;
	ssize_t n;

	for (size_t left = len; left > 0; at += n, left -= (size_t)n) {
		if ((n = pread(fd, at, left, *offset)) < 0 || (n == 0 && left < len))
			return RC_SYSTEM;
		if (n == 0)
			return RC_NONE;
		*offset += n;
	}
	return RC_OK;
}

static enum rc
load_file(int fd, off_t *offset, struct conf_files *files)
{
	struct conf_files_entry entry;
	char *bytes = NULL;
	size_t len;
	enum rc rc;

	if ((rc = read_all(fd, offset, &entry, sizeof(entry))) != RC_OK)
		return rc;
	if (files->n == CONF_FILES_MAX || entry.path_len > PATH_MAX ||
	    entry.text_len > CONF_FILE_MAX)
		return RC_SYSTEM;
	len = (size_t)entry.path_len + entry.text_len;
	if ((bytes = malloc(len + 1)) == NULL)
		return RC_SYSTEM;
	if ((rc = read_all(fd, offset, bytes, len)) == RC_OK)
		rc = add_file(files, (struct str){ bytes, entry.path_len },
		    (struct str){ bytes + entry.path_len, entry.text_len },
		    entry.is_readable_by_others != 0);
	sodium_memzero(bytes, len);
	free(bytes);
	return rc == RC_OK ? RC_OK : RC_SYSTEM;
}

enum rc
conf_files_load(int fd, struct conf_files **ret)
{
	struct conf_files *files = calloc(1, sizeof(*files));
	char found[sizeof(magic)];
	off_t offset = 0;
	enum rc rc;

	if (files == NULL)
		return no_memory();
	if (read_all(fd, &offset, found, sizeof(found)) != RC_OK ||
	    memcmp(found, magic, sizeof(magic)) != 0)
		rc = RC_SYSTEM;
	else
		while ((rc = load_file(fd, &offset, files)) == RC_OK)
			continue;
	if (rc == RC_NONE && files->n > 0) {
		*ret = files;
		return RC_OK;
	}
	log_error("the configuration that was passed on as descriptor %d is damaged", fd);
	conf_files_free(files);
	return RC_SYSTEM;
}

void
conf_files_free(struct conf_files *files)
{
	if (files == NULL)
		return;
	for (size_t i = 0; i < files->n; i++) {
		free(files->list[i].path);
		if (files->list[i].text != NULL)
			sodium_memzero(files->list[i].text, files->list[i].len);
		free(files->list[i].text);
	}
	free(files);
}
