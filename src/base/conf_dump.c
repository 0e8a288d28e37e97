/* The configuration as text: -T, and the sample. */
#include <inttypes.h>
#include <string.h>

#include "base/conf_assign.h"
#include "base/conf_gateway.h"
#include "base/conf_table.h"
#include "base/conf_value.h"

enum { SAMPLE_COLUMNS = 78 };

static void
add_list(const struct conf_list *list, struct buf *to)
{
	buf_add(to, STR("["));
	for (size_t i = 0; i < list->n; i++) {
		buf_add(to, i == 0 ? STR(" ") : STR(", "));
		conf_value_add_quoted(to, str_from(list->item[i]));
	}
	buf_add(to, STR(" ]"));
}

/* The value as the file says it. */
static void
add_value(const struct conf *conf, const struct conf_row *row, struct buf *to)
{
	const void *at = conf_row_in(conf, row);
	enum conf_time_format choice;
	struct buf text = BUF_INIT(64);

	switch (row->type) {
	case CONF_INTEGER:
		buf_printf(to, "%" PRId64, *(const int64_t *)at);
		return;
	case CONF_LIST:
		add_list(at, to);
		return;
	case CONF_CHOICE:
		memcpy(&choice, at, sizeof(choice));
		conf_value_add_quoted(to, str_from(row->words[choice]));
		return;
	case CONF_TEXT:
	case CONF_WORD:
	case CONF_PATH:
	case CONF_KEY_FILE:
		conf_value_add_quoted(to, str_from(*(char *const *)at));
		return;
	case CONF_SIZE:
		conf_value_add_size(&text, *(const size_t *)at);
		break;
	case CONF_DURATION:
		conf_value_add_duration(&text, *(const int64_t *)at);
		break;
	case CONF_LIMIT:
		conf_value_add_limit(&text, *(const struct limit *)at);
		break;
	case CONF_TYPE__MAX:
		break;
	}
	conf_value_add_quoted(to, buf_str(&text));
	buf_release(&text);
}

/* "NAME: {" where a group begins, "};" where the one before ends. */
static void
add_group(const char **group, const char *next, struct buf *to)
{
	if (str_equal(str_from(*group), str_from(next)))
		return;
	if (*group != NULL)
		buf_add(to, STR("};\n"));
	if (next != NULL)
		buf_printf(to, "\n%s: {\n", next);
	*group = next;
}

static void
dump_setting(const struct conf_gateway *gateway, const struct conf_setting *setting, struct buf *to)
{
	const struct conf_gateway_row *row =
	    conf_gateway_row(gateway->type, str_from(setting->name));
	struct str rest = str_from(setting->value), item;
	bool is_secret = row->value == CONF_GATEWAY_SECRET && strcmp(row->name, setting->name) == 0;

	/* Read from NAME_file, which is what the file says. */
	if (is_secret && conf_gateway_get(gateway, row->file_name).ptr != NULL)
		return;
	buf_printf(to, "\t\t%s = ", setting->name);
	if (is_secret) {
		buf_add(to, STR("\"***\""));
	} else if (row->value == CONF_GATEWAY_PORT) {
		buf_add(to, rest);
	} else if (row->value == CONF_GATEWAY_LIST) {
		buf_add(to, STR("["));
		for (const char *sep = " "; str_cut(&rest, '\n', &item); sep = ", ") {
			buf_add(to, str_from(sep));
			conf_value_add_quoted(to, item);
		}
		buf_add(to, STR(" ]"));
	} else {
		conf_value_add_quoted(to, rest);
	}
	buf_add(to, STR(";\n"));
}

static void
dump_gateway(const struct conf_gateway *gateway, struct buf *to)
{
	buf_printf(to, "\t{\n\t\tname = \"%s\";\n\t\ttype = \"%s\";\n\t\tchannel = \"%s\";\n",
	    gateway->name, gateway->type, channel_name(gateway->channel));
	if (!gateway->enabled)
		buf_add(to, STR("\t\tenabled = false;\n"));
	if (gateway->prefixes.n > 0) {
		buf_add(to, STR("\t\tprefixes = "));
		add_list(&gateway->prefixes, to);
		buf_add(to, STR(";\n"));
	}
	for (size_t i = 0; i < gateway->n_settings; i++)
		dump_setting(gateway, &gateway->settings[i], to);
	buf_add(to, STR("\t}"));
}

void
conf_dump(const struct conf *conf, struct buf *to)
{
	const char *group = NULL;

	for (size_t i = 0; i < conf_table_n; i++) {
		add_group(&group, conf_table[i].group, to);
		buf_printf(to, "%s%s = ", group == NULL ? "" : "\t", conf_table[i].name);
		add_value(conf, &conf_table[i], to);
		buf_add(to, STR(";\n"));
	}
	add_group(&group, NULL, to);
	buf_add(to, STR("\ngateways: ("));
	for (size_t i = 0; i < conf->n_gateways; i++) {
		buf_add(to, i == 0 ? STR("\n") : STR(",\n"));
		dump_gateway(&conf->gateways[i], to);
	}
	buf_add(to, conf->n_gateways == 0 ? STR(" );\n") : STR("\n);\n"));
}

/* A comment, broken at blanks. */
static void
add_comment(struct buf *to, const char *indent, struct str text)
{
	size_t begin = 1 + strlen(indent) * 8, column = begin;
	struct str word;

	buf_printf(to, "%s#", indent);
	while (str_cut(&text, ' ', &word)) {
		if (column > begin && column + 1 + word.len > SAMPLE_COLUMNS) {
			buf_printf(to, "\n%s#", indent);
			column = begin;
		}
		buf_printf(to, " " STR_FMT, STR_ARG(word));
		column += 1 + word.len;
	}
	buf_add_char(to, '\n');
}

static void
sample_row(const struct conf_row *row, struct buf *to)
{
	const char *indent = row->group == NULL ? "" : "\t";
	struct buf comment = BUF_INIT(1024), value = BUF_INIT(1024);

	buf_add(&comment, str_from(row->help));
	if (row->type == CONF_WORD || row->type == CONF_CHOICE) {
		buf_add(&comment, STR(" ("));
		conf_assign_add_words(row->words, &comment);
		buf_add_char(&comment, ')');
	} else if (row->type == CONF_INTEGER || row->type == CONF_SIZE ||
	           row->type == CONF_DURATION || row->type == CONF_LIMIT) {
		buf_add(&comment, STR(" ("));
		conf_assign_add_range(row, &comment);
		buf_add_char(&comment, ')');
	}
	if (!str_ends(buf_str(to), STR("{\n")))
		buf_add_char(to, '\n');
	add_comment(to, indent, buf_str(&comment));
	buf_printf(to, "%s#%s = ", indent, row->name);
	(void)conf_row_standard(row, "/run/affo-user", &value);
	if (row->type == CONF_INTEGER)
		buf_add(to, buf_str(&value));
	else if (row->type == CONF_LIST)
		buf_add(to, STR("[ ]"));
	else
		conf_value_add_quoted(to, buf_str(&value));
	buf_add(to, STR(";\n"));
	buf_release(&comment);
	buf_release(&value);
}

static void
sample_kind(const struct conf_gateway_kind *kind, bool is_last, struct buf *to)
{
	enum channel channel = CHANNEL_SMS;
	struct buf value = BUF_INIT(1024);

	add_comment(to, "", str_from(kind->help));
	buf_printf(
	    to, "#\t{\n#\t\tname = \"my-%s\";\n#\t\ttype = \"%s\";\n", kind->type, kind->type);
	if (conf_gateway_channels(kind, &channel) > 1)
		buf_add(to, STR("#\t\tchannel = \"sms\";\n"));
	for (size_t i = 0; i < conf_gateway_rows_n; i++) {
		const struct conf_gateway_row *row = &conf_gateway_rows[i];

		if (strcmp(row->type, kind->type) != 0 || row->example == NULL)
			continue;
		buf_printf(to, "#\t\t%s = ", row->file_name != NULL ? row->file_name : row->name);
		buf_reset(&value);
		buf_printf(&value, "%s%s", row->file_name != NULL ? SYSCONFDIR "/affo-user/" : "",
		    row->example);
		conf_value_add_quoted(to, buf_str(&value));
		buf_add(to, STR(";\n"));
	}
	buf_release(&value);
	buf_printf(to, "#\t}%s\n", is_last ? "" : ",");
}

void
conf_sample(struct buf *to)
{
	const char *group = NULL;

	buf_add(to, STR("# Settings of affo-userd; affo-userd.conf(5) explains them.\n"
	                "# What stands here commented out is the default. After a change:\n"
	                "# affo-userd -t checks, affo-userd -s reload puts it into effect.\n"));
	for (size_t i = 0; i < conf_table_n; i++) {
		add_group(&group, conf_table[i].group, to);
		sample_row(&conf_table[i], to);
	}
	add_group(&group, NULL, to);
	buf_add(to, STR("\n# Gateways carry mails and SMS. They are used in turn; when one fails, "
	                "the next one takes\n# the message. One example of each type; NAME_file "
	                "settings name a file with the secret.\n#gateways: (\n"));
	for (size_t i = 0; i < conf_gateway_kinds_n; i++)
		sample_kind(&conf_gateway_kinds[i], i + 1 == conf_gateway_kinds_n, to);
	buf_add(to, STR("#);\n"));
}
