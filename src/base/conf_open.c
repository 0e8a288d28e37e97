/* What programs call to get their configuration. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/proc.h"

enum { MESSAGES_MAX = 256 * 1024 };

void
conf_default_path(struct buf *ret)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (geteuid() != 0) {
		if (base != NULL && base[0] == '/')
			buf_printf(ret, "%s/affo-user/affo-userd.conf", base);
		else if (home != NULL && home[0] == '/')
			buf_printf(ret, "%s/.config/affo-user/affo-userd.conf", home);
		if (ret->len > 0 && access(buf_text(ret), F_OK) == 0)
			return;
		buf_reset(ret);
	}
	buf_add(ret, STR(SYSCONFDIR "/affo-user/affo-userd.conf"));
}

static void
log_lines(struct str text, void (*log_line)(const char *fmt, ...))
{
	struct str line;

	while (str_cut(&text, '\n', &line))
		if (line.len > 0)
			log_line(STR_FMT, STR_ARG(line));
}

enum rc
conf_open(const char *path, enum conf_check check, struct conf **ret)
{
	struct buf errors = BUF_INIT(MESSAGES_MAX), warnings = BUF_INIT(MESSAGES_MAX);
	struct buf standard = BUF_INIT(PATH_MAX);
	struct conf_files *files = NULL;
	int fd = proc_env_fd("AFFO_CONF_FD");
	enum rc rc;

	if (path == NULL) {
		conf_default_path(&standard);
		path = buf_text(&standard);
	}
	if (fd >= 0)
		rc = conf_files_load(fd, &files);
	else
		rc = conf_files_read(path, &files, &errors);
	if (rc == RC_OK)
		rc = conf_parse(files, check, ret, &errors, &warnings);
	log_lines(buf_str(&errors), log_error);
	/* The master has said these already to whoever reads the log. */
	if (fd < 0)
		log_lines(buf_str(&warnings), log_warning);
	conf_files_free(files);
	buf_release(&errors);
	buf_release(&warnings);
	buf_release(&standard);
	return rc;
}
