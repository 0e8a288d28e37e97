/*
 * The kinds of gateways and their settings: the second table of the configuration. Values are kept
 * as text; a list as its items joined with line breaks.
 */
#ifndef AFFO_BASE_CONF_GATEWAY_H
#define AFFO_BASE_CONF_GATEWAY_H

#include "base/conf.h"

enum conf_gateway_type {
	CONF_GATEWAY_TEXT,
	CONF_GATEWAY_URL,
	CONF_GATEWAY_PATH,
	CONF_GATEWAY_PORT,
	CONF_GATEWAY_WORD,
	CONF_GATEWAY_SECRET, /* NAME, or NAME_file: the file that holds it */
	CONF_GATEWAY_LIST,
	CONF_GATEWAY_TYPE__MAX
};
const char *conf_gateway_type_name(enum conf_gateway_type type);

enum { CONF_SECRET_MAX = 1024, CONF_GATEWAY_TEXT_MAX = 2048, CONF_GATEWAYS_MAX = 32 };

struct conf_gateway_kind {
	const char *type;
	bool takes[CHANNEL__MAX];
	const char *help;
};

struct conf_gateway_row {
	const char *type; /* of the kind */
	const char *name;
	const char *file_name; /* CONF_GATEWAY_SECRET: the alternative NAME_file */
	enum conf_gateway_type value;
	bool is_required;
	const char *instead;      /* either this one or that one is required */
	const char *together;     /* only with that one */
	const char *standard;     /* the default; NULL: none */
	const char *const *words; /* CONF_GATEWAY_WORD; ended by NULL */
	const char *example;      /* for the sample and the manual; NULL: not in the example */
	const char *help;
};

extern const struct conf_gateway_kind conf_gateway_kinds[];
extern const size_t conf_gateway_kinds_n;
extern const struct conf_gateway_row conf_gateway_rows[];
extern const size_t conf_gateway_rows_n;

const struct conf_gateway_kind *conf_gateway_kind(struct str type);
/* The row of that setting, or of that NAME_file. NULL: there is none. */
const struct conf_gateway_row *conf_gateway_row(const char *type, struct str name);
/* How many channels the kind takes; *ret is the last of them. */
unsigned conf_gateway_channels(const struct conf_gateway_kind *kind, enum channel *ret);

#endif
