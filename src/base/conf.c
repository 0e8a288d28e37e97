#include "base/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf_assign.h"
#include "base/conf_parse.h"
#include "base/log.h"
#include "base/proc.h"

enum { MESSAGES_MAX = 256 * 1024 };

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < conf_table_n; i++) {
		void *at = conf_row_at(conf, &conf_table[i]);

		switch (conf_table[i].type) {
		case CONF_TEXT:
		case CONF_WORD:
		case CONF_PATH:
		case CONF_KEY_FILE:
			free(*(char **)at);
			break;
		case CONF_LIST:
			conf_list_release(at);
			break;
		case CONF_INTEGER:
		case CONF_SIZE:
		case CONF_DURATION:
		case CONF_LIMIT:
		case CONF_CHOICE:
		case CONF_TYPE__MAX:
			break;
		}
	}
	conf_ring_release(conf);
	free(conf);
}

struct str
conf_gateway_get(const struct conf_gateway *gateway, const char *name)
{
	for (size_t i = 0; i < gateway->n_settings; i++)
		if (strcmp(gateway->settings[i].name, name) == 0)
			return str_from(gateway->settings[i].value);
	return STR_NULL;
}

const struct conf_gateway *
conf_gateway_find(const struct conf *conf, struct str name)
{
	for (size_t i = 0; i < conf->n_gateways; i++)
		if (str_equal(str_from(conf->gateways[i].name), name))
			return &conf->gateways[i];
	return NULL;
}

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
