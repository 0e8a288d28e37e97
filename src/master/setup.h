/* The configuration as the master reads it, and who the service will be. */
#ifndef AFFO_MASTER_SETUP_H
#define AFFO_MASTER_SETUP_H

#include "base/conf.h"
#include "master/master.h"

struct setup {
	struct conf_files *files;
	struct conf *conf;
};

enum { SETUP_MESSAGES_MAX = 256 * 1024 };

/* Reads the files, parses and checks them. Errors and warnings, a line each, as of conf_parse(). */
MUST_USE enum rc setup_read(const struct master_options *options, enum conf_check check,
    struct setup *ret, struct buf *errors, struct buf *warnings);
void setup_release(struct setup *setup);
/* Gives each line of text to say: log_error or log_warning. */
void setup_say(struct str text, void (*say)(const char *fmt, ...));
/* Whom the daemons become: as root the setting, or its default; NULL: nobody else. */
const char *setup_user(const struct conf *conf);
/* The files' texts in a sealed memfd, which every child reads its configuration from. */
MUST_USE enum rc setup_share(const struct conf_files *files, int *ret_fd);

#endif
