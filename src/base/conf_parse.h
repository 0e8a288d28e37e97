/* The state of one conf_parse(), for the files that share the work. */
#ifndef AFFO_BASE_CONF_PARSE_H
#define AFFO_BASE_CONF_PARSE_H

#include <libconfig.h>

#include "base/conf_files.h"
#include "base/conf_gateway.h"
#include "base/conf_table.h"

/* Where a value was set. path NULL: nowhere, it is the default. */
struct conf_source {
	const char *path;
	unsigned line;
};

struct conf_parser {
	const struct conf_files *files;
	const struct conf_file *file; /* the one being read */
	enum conf_check check;
	struct conf *conf;
	struct conf_source *sources; /* one per row of conf_table */
	struct conf_source gateway_sources[CONF_GATEWAYS_MAX];
	struct conf_source gateways_source;
	struct buf *errors, *warnings;
	enum rc rc; /* RC_CONFIG once there is an error, RC_SYSTEM stays */
};

/* "MESSAGE in FILE:LINE"; of a default "MESSAGE in FILE" with the main file. */
PRINTF(3, 4)
void conf_parse_error(struct conf_parser *parser, struct conf_source source, const char *fmt, ...);
PRINTF(3, 4)
void conf_parse_warning(
    struct conf_parser *parser, struct conf_source source, const char *fmt, ...);
struct conf_source conf_parse_here(
    const struct conf_parser *parser, const config_setting_t *setting);
/* Where that setting was given; group "" is the top level. */
struct conf_source conf_parse_source(
    const struct conf_parser *parser, const char *group, const char *name);
/* Out of memory: ends the parsing. */
void conf_parse_fail(struct conf_parser *parser);

/* Keeps the nearest of the names it is shown. */
struct conf_nearest {
	struct str wanted;
	const char *name; /* NULL: none is near */
	size_t distance;
};
void conf_parse_nearest(struct conf_nearest *nearest, const char *name);

/* conf_ring.c: the list of gateways replaces the one before. */
void conf_ring_read(struct conf_parser *parser, const config_setting_t *list);
/* Reads the NAME_file secrets of gateways in use. */
void conf_ring_read_secrets(struct conf_parser *parser);
void conf_ring_release(struct conf *conf);
/* conf_check.c: what settings ask of each other, and of the machine. */
void conf_check_all(struct conf_parser *parser);

#endif
