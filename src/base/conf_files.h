/* The snapshot of the files, for conf_parse. */
#ifndef AFFO_BASE_CONF_FILES_H
#define AFFO_BASE_CONF_FILES_H

#include "base/conf.h"

enum {
	CONF_FILES_MAX = 128,
	CONF_FILE_MAX = 256 * 1024, /* bytes of one */
};

struct conf_file {
	char *path;
	char *text; /* without NUL bytes but the one at its end */
	size_t len;
	bool is_readable_by_others;
};

struct conf_files {
	size_t n;
	struct conf_file list[CONF_FILES_MAX]; /* the first is the main file */
};

#endif
