#include "master/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

/* As if it were the last file, so that what depends on run_dir follows it. */
static enum rc
add_run_dir(struct conf_files *files, const char *run_dir)
{
	struct buf text = BUF_INIT(4 * PATH_MAX);
	char here[PATH_MAX] = "";
	enum rc rc = RC_SYSTEM;

	if (run_dir[0] != '/' && getcwd(here, sizeof(here)) == NULL) {
		log_error("cannot tell the current directory: %s", strerror(errno));
		goto out;
	}
	buf_add(&text, STR("run_dir = \""));
	for (const char *part = here; part != NULL; part = part == here ? run_dir : NULL) {
		for (const char *at = part; *at != '\0'; at++) {
			if (*at == '"' || *at == '\\')
				buf_add_char(&text, '\\');
			buf_add_char(&text, *at);
		}
		if (part == here && here[0] != '\0')
			buf_add_char(&text, '/');
	}
	buf_add(&text, STR("\";\n"));
	if (buf_ok(&text))
		rc = conf_files_add(files, "the option -p", buf_str(&text));
out:
	buf_release(&text);
	return rc;
}

enum rc
setup_read(const struct master_options *options, enum conf_check check, struct setup *ret,
    struct buf *errors, struct buf *warnings)
{
	struct conf_files *files = NULL;
	struct conf *conf = NULL;
	enum rc rc = conf_files_read(options->conf_path, &files, errors);

	if (rc == RC_OK && options->run_dir != NULL)
		rc = add_run_dir(files, options->run_dir);
	if (rc == RC_OK)
		rc = conf_parse(files, check, &conf, errors, warnings);
	if (rc != RC_OK) {
		conf_files_free(files);
		return rc;
	}
	ret->files = files;
	ret->conf = conf;
	return RC_OK;
}

void
setup_release(struct setup *setup)
{
	conf_files_free(setup->files);
	conf_free(setup->conf);
	setup->files = NULL;
	setup->conf = NULL;
}

void
setup_say(struct str text, void (*say)(const char *fmt, ...))
{
	struct str line;

	while (str_cut(&text, '\n', &line))
		if (line.len > 0)
			say(STR_FMT, STR_ARG(line));
}

const char *
setup_user(const struct conf *conf)
{
	if (geteuid() != 0)
		return conf->user;
	return conf->user != NULL ? conf->user : "affo-user";
}

enum rc
setup_share(const struct conf_files *files, int *ret_fd)
{
	int fd = memfd_create("affo-userd.conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0) {
		log_error("cannot make a memory file for the configuration: %s", strerror(errno));
		return RC_SYSTEM;
	}
	if (conf_files_save(files, fd) != RC_OK) {
		(void)close(fd);
		return RC_SYSTEM;
	}
	/* A child that was taken over must not rewrite what the next ones will read. */
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0 ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		log_error("cannot seal the configuration: %s", strerror(errno));
		(void)close(fd);
		return RC_SYSTEM;
	}
	*ret_fd = fd;
	return RC_OK;
}
