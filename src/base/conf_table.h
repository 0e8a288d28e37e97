/*
 * The table of settings: one row each. What a name, type, default, range and meaning of a setting
 * are stands here and nowhere else; parsing, checks, -T, the sample and the manual's test read it.
 */
#ifndef AFFO_BASE_CONF_TABLE_H
#define AFFO_BASE_CONF_TABLE_H

#include "base/conf.h"

enum conf_type {
	CONF_INTEGER,  /* int64_t; in the file a number */
	CONF_SIZE,     /* size_t bytes; "64k" */
	CONF_DURATION, /* int64_t milliseconds; "15m" */
	CONF_LIMIT,    /* struct limit; "10/15m"; min and max are the count's */
	CONF_TEXT,     /* char *; min and max are bytes */
	CONF_WORD,     /* char *, one of words */
	CONF_CHOICE,   /* an enum: the index among words */
	CONF_PATH,     /* char *, absolute; max is bytes */
	CONF_KEY_FILE, /* char *, absolute, or a name in $CREDENTIALS_DIRECTORY */
	CONF_LIST,     /* struct conf_list of texts; min and max are bytes of one */
	CONF_TYPE__MAX
};
const char *conf_type_name(enum conf_type type); /* "duration", for people */

enum {
	CONF_LIST_MAX = 64,                /* items of a list */
	CONF_WINDOW_MIN_MS = 1000,         /* of a limit */
	CONF_WINDOW_MAX_MS = 7 * 86400000, /* a week */
};

struct conf_row {
	const char *group; /* NULL: top level */
	const char *name;
	enum conf_type type;
	size_t offset;          /* in struct conf */
	const char *standard;   /* the default as in the file, without quotes; NULL: none */
	const char *in_run_dir; /* instead: this file in run_dir */
	int64_t min, max;
	bool is_optional;         /* "" is allowed and means: none */
	const char *const *words; /* CONF_WORD, CONF_CHOICE: ended by NULL */
	/* A rule of its own: false with what is wrong in *why ("must ..."). */
	bool (*check)(struct str value, struct buf *why);
	const char *help; /* one paragraph for the sample and the manual */
};

extern const struct conf_row conf_table[];
extern const size_t conf_table_n;

/* "token.key_file", or "listen" */
void conf_row_name(const struct conf_row *row, struct buf *ret);
/* NULL: there is none. group NULL: top level. */
const struct conf_row *conf_row_find(struct str group, struct str name);
/* Where the row's value is. */
void *conf_row_at(struct conf *conf, const struct conf_row *row);
const void *conf_row_in(const struct conf *conf, const struct conf_row *row);
/* The default as in the file, without quotes, added to *ret; false: there is none. */
bool conf_row_standard(const struct conf_row *row, const char *run_dir, struct buf *ret);

#endif
