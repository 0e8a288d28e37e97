#include "base/conf_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf_assign.h"
#include "base/conf_scan.h"
#include "base/conf_value.h"

enum { SHOWN_MAX = 60, SENTENCE_MAX = 2048 };

PRINTF(4, 0)
static void
add_message(struct conf_parser *parser, struct buf *to, struct conf_source source, const char *fmt,
    va_list args)
{
	buf_vprintf(to, fmt, args);
	if (source.path == NULL)
		buf_printf(to, " in %s\n", parser->files->list[0].path);
	else
		buf_printf(to, " in %s:%u\n", source.path, source.line);
}

void
conf_parse_error(struct conf_parser *parser, struct conf_source source, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_message(parser, parser->errors, source, fmt, args);
	va_end(args);
	if (parser->rc == RC_OK)
		parser->rc = RC_CONFIG;
}

void
conf_parse_warning(struct conf_parser *parser, struct conf_source source, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_message(parser, parser->warnings, source, fmt, args);
	va_end(args);
}

void
conf_parse_fail(struct conf_parser *parser)
{
	parser->rc = RC_SYSTEM;
}

struct conf_source
conf_parse_here(const struct conf_parser *parser, const config_setting_t *setting)
{
	return (struct conf_source){ parser->file->path, setting->line };
}

struct conf_source
conf_parse_source(const struct conf_parser *parser, const char *group, const char *name)
{
	const struct conf_row *row =
	    conf_row_find(*group == '\0' ? STR_NULL : str_from(group), str_from(name));

	return row == NULL ? (struct conf_source){ NULL, 0 } : parser->sources[row - conf_table];
}

void
conf_parse_nearest(struct conf_nearest *nearest, const char *name)
{
	size_t distance = conf_value_distance(nearest->wanted, str_from(name));

	if (distance > 1 + nearest->wanted.len / 4 ||
	    (nearest->name != NULL && distance >= nearest->distance))
		return;
	nearest->name = name;
	nearest->distance = distance;
}

static bool
is_group(const char *name)
{
	for (size_t i = 0; i < conf_table_n; i++)
		if (conf_table[i].group != NULL && strcmp(conf_table[i].group, name) == 0)
			return true;
	return false;
}

/* group NULL: the top level. */
static void
refuse_unknown(struct conf_parser *parser, const char *group, const config_setting_t *setting)
{
	struct conf_nearest nearest = { str_from(setting->name), NULL, 0 };
	const struct conf_row *elsewhere = NULL;
	struct buf hint = BUF_INIT(256);

	for (size_t i = 0; i < conf_table_n; i++) {
		const struct conf_row *row = &conf_table[i];

		if (str_equal(str_from(row->group), str_from(group)))
			conf_parse_nearest(&nearest, row->name);
		else if (strcmp(row->name, setting->name) == 0)
			elsewhere = row;
		if (group == NULL && row->group != NULL)
			conf_parse_nearest(&nearest, row->group);
	}
	if (group == NULL)
		conf_parse_nearest(&nearest, "gateways");
	if (elsewhere != NULL && elsewhere->group == NULL)
		buf_printf(&hint, ": \"%s\" stands at the top level", elsewhere->name);
	else if (elsewhere != NULL)
		buf_printf(&hint, ": \"%s\" stands in \"%s\"", elsewhere->name, elsewhere->group);
	else if (nearest.name != NULL)
		buf_printf(&hint, ", did you mean \"%s\"?", nearest.name);
	conf_parse_error(parser, conf_parse_here(parser, setting), "unknown setting \"%s%s%s\"%s",
	    group == NULL ? "" : group, group == NULL ? "" : ".", setting->name, buf_text(&hint));
	buf_release(&hint);
}

/* What kind of value the file must have there. */
static const char *
expected(const struct conf_row *row)
{
	switch (row->type) {
	case CONF_INTEGER:
		return "must be a number without quotes";
	case CONF_SIZE:
		return "must be a size in quotes, such as \"64k\"";
	case CONF_DURATION:
		return "must be a duration in quotes, such as \"15m\"";
	case CONF_LIMIT:
		return "must be a limit in quotes, such as \"10/15m\"";
	case CONF_LIST:
		return "must be a list of texts, such as [ \"...\", \"...\" ]";
	case CONF_TEXT:
	case CONF_WORD:
	case CONF_CHOICE:
	case CONF_PATH:
	case CONF_KEY_FILE:
	case CONF_TYPE__MAX:
		break;
	}
	return "must be a text in quotes";
}

static void
read_list(struct conf_parser *parser, const struct conf_row *row, const config_setting_t *setting,
    const char *name)
{
	int n = config_setting_length(setting);
	struct str items[CONF_LIST_MAX];
	struct buf why = BUF_INIT(256);
	struct conf_source here = conf_parse_here(parser, setting);

	if (n > CONF_LIST_MAX) {
		conf_parse_error(
		    parser, here, "\"%s\" must have at most %d items", name, CONF_LIST_MAX);
		return;
	}
	for (int i = 0; i < n; i++) {
		const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
		struct conf_source at = conf_parse_here(parser, item);

		if (config_setting_type(item) != CONFIG_TYPE_STRING) {
			conf_parse_error(parser, at, "\"%s\" %s", name, expected(row));
			goto out;
		}
		items[i] = str_from(config_setting_get_string(item));
		if (conf_assign_check_item(row, items[i], &why) != RC_OK) {
			conf_parse_error(parser, at, "\"%s\" %s, not \"%.*s\"", name,
			    buf_text(&why), SHOWN_MAX, items[i].ptr);
			goto out;
		}
	}
	if (conf_assign_list(parser->conf, row, items, (size_t)n) != RC_OK)
		conf_parse_fail(parser);
out:
	buf_release(&why);
}

static void
read_setting(
    struct conf_parser *parser, const struct conf_row *row, const config_setting_t *setting)
{
	struct conf_source here = conf_parse_here(parser, setting);
	struct buf why = BUF_INIT(512), name = BUF_INIT(128), shown = BUF_INIT(SHOWN_MAX + 8);
	int type = config_setting_type(setting);
	enum rc rc = RC_OK;

	conf_row_name(row, &name);
	if (row->type == CONF_LIST && (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST)) {
		read_list(parser, row, setting, buf_text(&name));
	} else if (row->type == CONF_INTEGER && type == CONFIG_TYPE_INT) {
		buf_printf(&shown, "%d", config_setting_get_int(setting));
		rc = conf_assign_integer(parser->conf, row, config_setting_get_int(setting), &why);
	} else if (row->type != CONF_LIST && row->type != CONF_INTEGER &&
	           type == CONFIG_TYPE_STRING) {
		buf_printf(&shown, "\"%.*s\"", SHOWN_MAX, config_setting_get_string(setting));
		rc = conf_assign_text(
		    parser->conf, row, str_from(config_setting_get_string(setting)), &why);
	} else {
		conf_parse_error(parser, here, "\"%s\" %s", buf_text(&name), expected(row));
	}
	if (rc == RC_CONFIG)
		conf_parse_error(parser, here, "\"%s\" %s, not %s", buf_text(&name), buf_text(&why),
		    buf_text(&shown));
	else if (rc != RC_OK)
		conf_parse_fail(parser);
	parser->sources[row - conf_table] = here;
	buf_release(&why);
	buf_release(&name);
	buf_release(&shown);
}

/* before_line: what stands there or later was cut off by a syntax error; 0: nothing was. */
static void
read_group(struct conf_parser *parser, const char *group, const config_setting_t *settings,
    unsigned before_line)
{
	int n = config_setting_length(settings);

	for (int i = 0; i < n && parser->rc != RC_SYSTEM; i++) {
		const config_setting_t *setting = config_setting_get_elem(settings, (unsigned)i);
		const struct conf_row *row;

		if (before_line != 0 && setting->line >= before_line)
			return;
		row = conf_row_find(str_from(group), str_from(setting->name));
		if (row != NULL) {
			read_setting(parser, row, setting);
		} else if (group == NULL && strcmp(setting->name, "gateways") == 0) {
			if (before_line == 0)
				conf_ring_read(parser, setting);
		} else if (group == NULL && is_group(setting->name)) {
			if (config_setting_is_group(setting))
				read_group(parser, setting->name, setting, before_line);
			else
				conf_parse_error(parser, conf_parse_here(parser, setting),
				    "\"%s\" must be a group: %s: { ... };", setting->name,
				    setting->name);
		} else {
			refuse_unknown(parser, group, setting);
		}
	}
}

/* libconfig's own message says less than the line it is about. */
static void
report_syntax(struct conf_parser *parser, const config_t *config)
{
	struct conf_source at = { parser->file->path, (unsigned)config_error_line(config) };
	const char *text = config_error_text(config);

	if (text == NULL)
		text = "syntax error";
	if (strcmp(text, "duplicate setting name") == 0)
		conf_parse_error(parser, at, "a setting stands twice in this file");
	else if (strcmp(text, "syntax error") == 0)
		conf_parse_error(parser, at,
		    "syntax error (or the line before lacks its comma, semicolon or bracket)");
	else
		conf_parse_error(parser, at, "%s", text);
}

static void
read_file(struct conf_parser *parser)
{
	struct str text = { parser->file->text, parser->file->len };
	config_t config;
	unsigned before_line = 0;

	if (conf_scan(parser->file->path, text, parser->errors) != RC_OK) {
		if (parser->rc == RC_OK)
			parser->rc = RC_CONFIG;
		return;
	}
	config_init(&config);
	/* What was read up to an error is still there: its faults are reported, too. */
	if (config_read_string(&config, parser->file->text) != CONFIG_TRUE) {
		before_line = (unsigned)config_error_line(&config);
		if (before_line == 0)
			before_line = 1;
	}
	read_group(parser, NULL, config_root_setting(&config), before_line);
	if (before_line != 0)
		report_syntax(parser, &config);
	config_destroy(&config);
}

/* The defaults that depend on run_dir; also in place of a refused value, so that the checks to
 * come find everything that is never NULL. */
static void
fill_run_dir(struct conf_parser *parser)
{
	for (size_t i = 0; i < conf_table_n; i++) {
		const struct conf_row *row = &conf_table[i];
		struct buf path = BUF_INIT(256), why = BUF_INIT(256);

		if (row->in_run_dir != NULL &&
		    (parser->sources[i].path == NULL ||
		        (!row->is_optional && *(char **)conf_row_at(parser->conf, row) == NULL))) {
			(void)conf_row_standard(row, parser->conf->run_dir, &path);
			if (conf_assign_text(parser->conf, row, buf_str(&path), &why) != RC_OK)
				conf_parse_fail(parser);
		}
		buf_release(&path);
		buf_release(&why);
	}
}

enum rc
conf_parse(const struct conf_files *files, enum conf_check check, struct conf **ret,
    struct buf *errors, struct buf *warnings)
{
	struct conf_parser parser = {
		.files = files,
		.check = check,
		.conf = calloc(1, sizeof(struct conf)),
		.sources = calloc(conf_table_n, sizeof(struct conf_source)),
		.errors = errors,
		.warnings = warnings,
		.rc = RC_OK,
	};

	if (parser.conf == NULL || parser.sources == NULL ||
	    conf_assign_standards(parser.conf) != RC_OK)
		conf_parse_fail(&parser);
	for (size_t i = 0; i < files->n && parser.rc != RC_SYSTEM; i++) {
		parser.file = &files->list[i];
		read_file(&parser);
	}
	if (parser.rc != RC_SYSTEM)
		fill_run_dir(&parser);
	if (parser.rc != RC_SYSTEM)
		conf_check_all(&parser);
	free(parser.sources);
	if (parser.rc == RC_OK)
		*ret = parser.conf;
	else
		conf_free(parser.conf);
	return parser.rc;
}
