/* The list of gateways: reading and checking it against the table of kinds. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_assign.h"
#include "base/conf_parse.h"
#include "base/conf_rules.h"

/* What every kind of gateway has. */
static const char *const common_names[] = { "name", "type", "channel", "enabled", "prefixes" };
enum { COMMON_N = sizeof(common_names) / sizeof(common_names[0]) };

/* One gateway being read. */
struct ring_item {
	struct conf_parser *parser;
	struct conf_gateway *gateway;
	const struct conf_gateway_kind *kind;
	char label[96]; /* `gateway "x"`, for messages */
};

static void
gateway_release(struct conf_gateway *gateway)
{
	free(gateway->name);
	conf_list_release(&gateway->prefixes);
	for (size_t i = 0; i < gateway->n_settings; i++) {
		char *value = gateway->settings[i].value;

		if (value != NULL)
			sodium_memzero(value, strlen(value));
		free(value);
	}
	free(gateway->settings);
}

void
conf_ring_release(struct conf *conf)
{
	for (size_t i = 0; i < conf->n_gateways; i++)
		gateway_release(&conf->gateways[i]);
	free(conf->gateways);
	conf->gateways = NULL;
	conf->n_gateways = 0;
}

static bool
add_setting(
    struct conf_parser *parser, struct conf_gateway *gateway, const char *name, struct str value)
{
	struct conf_setting *grown =
	    realloc(gateway->settings, (gateway->n_settings + 1) * sizeof(*grown));
	char *copy = grown == NULL ? NULL : str_dup(value);

	if (grown != NULL)
		gateway->settings = grown;
	if (copy == NULL) {
		conf_parse_fail(parser);
		return false;
	}
	gateway->settings[gateway->n_settings++] =
	    (struct conf_setting){ .name = name, .value = copy };
	return true;
}

static bool
has_setting(const struct conf_gateway *gateway, const struct conf_gateway_row *row)
{
	return conf_gateway_get(gateway, row->name).ptr != NULL ||
	       (row->file_name != NULL && conf_gateway_get(gateway, row->file_name).ptr != NULL);
}

/* The text of a setting of the gateway by its name; absent when it has none or isn't a text. */
static struct str
member_text(const config_setting_t *item, const char *name)
{
	const config_setting_t *member = config_setting_get_member(item, name);

	return member == NULL || config_setting_type(member) != CONFIG_TYPE_STRING
	           ? STR_NULL
	           : str_from(config_setting_get_string(member));
}

/* The rule of a text by its row. RC_CONFIG with *why. */
static enum rc
check_value(const struct conf_gateway_row *row, bool is_file, struct str value, struct buf *why)
{
	size_t max = row->value == CONF_GATEWAY_SECRET && !is_file ? (size_t)CONF_SECRET_MAX
	                                                           : (size_t)CONF_GATEWAY_TEXT_MAX;
	bool is_good = true;

	if (value.len < 1 || value.len > max) {
		buf_printf(why, "must be 1 to %zu bytes long", max);
		return RC_CONFIG;
	}
	if (!conf_rule_plain(value, why))
		return RC_CONFIG;
	if (row->value == CONF_GATEWAY_URL)
		is_good = conf_rule_url(value, why);
	else if (row->value == CONF_GATEWAY_PATH)
		is_good = conf_rule_absolute(value, why);
	else if (row->value == CONF_GATEWAY_WORD) {
		is_good = false;
		for (size_t i = 0; row->words[i] != NULL && !is_good; i++)
			is_good = str_equal(value, str_from(row->words[i]));
		if (!is_good) {
			buf_add(why, STR("must be "));
			conf_assign_add_words(row->words, why);
		}
	}
	return is_good ? RC_OK : RC_CONFIG;
}

static void
read_port(
    struct ring_item *item, const struct conf_gateway_row *row, const config_setting_t *setting)
{
	char text[16];
	int number = config_setting_get_int(setting);

	if (config_setting_type(setting) != CONFIG_TYPE_INT || number < 1 || number > 65535) {
		conf_parse_error(item->parser, conf_parse_here(item->parser, setting),
		    "%s: \"%s\" must be a number from 1 to 65535", item->label, row->name);
		return;
	}
	(void)snprintf(text, sizeof(text), "%d", number);
	(void)add_setting(item->parser, item->gateway, row->name, str_from(text));
}

/* Items joined with line breaks; none of them holds one. */
static void
read_texts(
    struct ring_item *item, const struct conf_gateway_row *row, const config_setting_t *setting)
{
	struct buf joined = BUF_INIT(CONF_GATEWAY_TEXT_MAX), why = BUF_INIT(256);
	struct conf_source here = conf_parse_here(item->parser, setting);
	int type = config_setting_type(setting);
	int n = type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST
	            ? config_setting_length(setting)
	            : -1;

	for (int i = 0; i < n; i++) {
		const char *text = config_setting_get_string_elem(setting, i);
		struct str value = str_from(text);

		if (text == NULL) {
			n = -1;
		} else if (!conf_rule_plain(value, &why) || str_index(value, ':') == 0 ||
		           str_index(value, ':') == value.len) {
			conf_parse_error(item->parser, here,
			    "%s: each of \"%s\" must be \"Name: value\", without control "
			    "characters",
			    item->label, row->name);
			goto out;
		} else {
			buf_printf(&joined, "%s%s", i == 0 ? "" : "\n", text);
		}
	}
	if (n < 0)
		conf_parse_error(item->parser, here,
		    "%s: \"%s\" must be a list of texts, such as [ \"...\", \"...\" ]", item->label,
		    row->name);
	else if (!buf_ok(&joined))
		conf_parse_error(item->parser, here, "%s: \"%s\" is longer than %d bytes in all",
		    item->label, row->name, CONF_GATEWAY_TEXT_MAX);
	else if (n > 0)
		(void)add_setting(item->parser, item->gateway, row->name, buf_str(&joined));
out:
	buf_release(&joined);
	buf_release(&why);
}

static void
read_setting(
    struct ring_item *item, const struct conf_gateway_row *row, const config_setting_t *setting)
{
	struct conf_source here = conf_parse_here(item->parser, setting);
	bool is_file = strcmp(setting->name, row->name) != 0;
	const char *name = is_file ? row->file_name : row->name;
	struct buf why = BUF_INIT(256);
	struct str value;

	if (row->value == CONF_GATEWAY_PORT) {
		read_port(item, row, setting);
		return;
	}
	if (row->value == CONF_GATEWAY_LIST) {
		read_texts(item, row, setting);
		return;
	}
	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		conf_parse_error(
		    item->parser, here, "%s: \"%s\" must be a text in quotes", item->label, name);
		return;
	}
	value = str_from(config_setting_get_string(setting));
	if (check_value(row, is_file, value, &why) != RC_OK) {
		if (row->value == CONF_GATEWAY_SECRET && !is_file)
			conf_parse_error(
			    item->parser, here, "%s: \"%s\" %s", item->label, name, buf_text(&why));
		else
			conf_parse_error(item->parser, here, "%s: \"%s\" %s, not \"%.60s\"",
			    item->label, name, buf_text(&why), value.ptr);
	} else if (has_setting(item->gateway, row)) {
		conf_parse_error(item->parser, here, "%s: \"%s\" and \"%s\": only one of them",
		    item->label, row->name, row->file_name);
	} else {
		(void)add_setting(item->parser, item->gateway, name, value);
		if (row->value == CONF_GATEWAY_SECRET && !is_file &&
		    item->parser->check == CONF_CHECK_START &&
		    item->parser->file->is_readable_by_others)
			conf_parse_warning(item->parser, here,
			    "%s: everybody can read \"%s\": take the right to read this file from "
			    "others (chmod o-r), or use \"%s\"",
			    item->label, name, row->file_name);
	}
	buf_release(&why);
}

static void
refuse_unknown(struct ring_item *item, const config_setting_t *setting)
{
	struct conf_nearest nearest = { str_from(setting->name), NULL, 0 };
	bool has_hint;

	for (size_t i = 0; i < COMMON_N; i++)
		conf_parse_nearest(&nearest, common_names[i]);
	for (size_t i = 0; i < conf_gateway_rows_n; i++) {
		const struct conf_gateway_row *row = &conf_gateway_rows[i];

		if (strcmp(row->type, item->kind->type) != 0)
			continue;
		conf_parse_nearest(&nearest, row->name);
		if (row->file_name != NULL)
			conf_parse_nearest(&nearest, row->file_name);
	}
	has_hint = nearest.name != NULL;
	conf_parse_error(item->parser, conf_parse_here(item->parser, setting),
	    "%s: unknown setting \"%s\" of type \"%s\"%s%s%s", item->label, setting->name,
	    item->kind->type, has_hint ? ", did you mean \"" : "", has_hint ? nearest.name : "",
	    has_hint ? "\"?" : "");
}

static void
read_prefixes(struct ring_item *item, const config_setting_t *setting)
{
	struct conf_source here = conf_parse_here(item->parser, setting);
	struct str prefixes[CONF_LIST_MAX];
	struct buf why = BUF_INIT(256);
	int n = config_setting_is_aggregate(setting) ? config_setting_length(setting) : -1;

	if (item->gateway->channel != CHANNEL_SMS) {
		conf_parse_error(
		    item->parser, here, "%s: only gateways for SMS have \"prefixes\"", item->label);
		return;
	}
	if (n < 0 || n > CONF_LIST_MAX) {
		conf_parse_error(item->parser, here,
		    "%s: \"prefixes\" must be a list of at most %d texts, such as [ \"+49\" ]",
		    item->label, CONF_LIST_MAX);
		return;
	}
	for (int i = 0; i < n; i++) {
		prefixes[i] = str_from(config_setting_get_string_elem(setting, i));
		if (!conf_rule_phone_prefix(prefixes[i], &why)) {
			conf_parse_error(item->parser, here, "%s: each of \"prefixes\" %s",
			    item->label, buf_text(&why));
			goto out;
		}
	}
	if (conf_list_copy(prefixes, (size_t)n, &item->gateway->prefixes) != RC_OK)
		conf_parse_fail(item->parser);
out:
	buf_release(&why);
}

/* name, type and channel come first: the rest depends on them. */
static bool
read_head(struct ring_item *item, const config_setting_t *setting)
{
	struct conf_parser *parser = item->parser;
	struct conf_source here = conf_parse_here(parser, setting);
	struct str name = member_text(setting, "name"), type = member_text(setting, "type");
	struct str channel = member_text(setting, "channel");
	struct conf_nearest nearest = { type, NULL, 0 };
	struct buf why = BUF_INIT(256);
	bool is_good = false;

	if (name.ptr == NULL || !conf_rule_gateway_name(name, &why)) {
		conf_parse_error(parser, here, "gateway: \"name\" %s",
		    name.ptr == NULL ? "is missing" : buf_text(&why));
		goto out;
	}
	(void)snprintf(item->label, sizeof(item->label), "gateway \"" STR_FMT "\"", STR_ARG(name));
	if (conf_gateway_find(parser->conf, name) != NULL) {
		conf_parse_error(
		    parser, here, "%s: there is another one of this name", item->label);
		goto out;
	}
	if ((item->gateway->name = str_dup(name)) == NULL) {
		conf_parse_fail(parser);
		goto out;
	}
	if (type.ptr == NULL) {
		conf_parse_error(parser, here, "%s: \"type\" is missing", item->label);
		goto out;
	}
	if ((item->kind = conf_gateway_kind(type)) == NULL) {
		for (size_t i = 0; i < conf_gateway_kinds_n; i++)
			conf_parse_nearest(&nearest, conf_gateway_kinds[i].type);
		conf_parse_error(parser, here, "%s: unknown type \"%.60s\"%s%s%s", item->label,
		    type.ptr, nearest.name == NULL ? "" : ", did you mean \"",
		    nearest.name == NULL ? "" : nearest.name, nearest.name == NULL ? "" : "\"?");
		goto out;
	}
	item->gateway->type = item->kind->type;
	if (conf_gateway_channels(item->kind, &item->gateway->channel) > 1 && channel.ptr == NULL) {
		conf_parse_error(parser, here,
		    "%s: \"channel\" is missing: it must be \"sms\" or \"email\"", item->label);
		goto out;
	}
	if (channel.ptr != NULL) {
		unsigned c = 0;

		while (c < CHANNEL__MAX &&
		       !str_equal(channel, str_from(channel_name((enum channel)c))))
			c++;
		if (c == CHANNEL__MAX || !item->kind->takes[c]) {
			conf_parse_error(parser, here, "%s: type \"%s\" has no channel \"%.60s\"",
			    item->label, item->kind->type, channel.ptr);
			goto out;
		}
		item->gateway->channel = (enum channel)c;
	}
	is_good = true;
out:
	buf_release(&why);
	return is_good;
}

static void
read_member(struct ring_item *item, const config_setting_t *member)
{
	const struct conf_gateway_row *row;

	if (strcmp(member->name, "name") == 0 || strcmp(member->name, "type") == 0)
		return;
	if (strcmp(member->name, "channel") == 0) {
		if (config_setting_type(member) != CONFIG_TYPE_STRING)
			conf_parse_error(item->parser, conf_parse_here(item->parser, member),
			    "%s: \"channel\" must be \"sms\" or \"email\"", item->label);
	} else if (strcmp(member->name, "enabled") == 0) {
		if (config_setting_type(member) != CONFIG_TYPE_BOOL)
			conf_parse_error(item->parser, conf_parse_here(item->parser, member),
			    "%s: \"enabled\" must be true or false", item->label);
		else
			item->gateway->enabled = config_setting_get_bool(member) == CONFIG_TRUE;
	} else if (strcmp(member->name, "prefixes") == 0) {
		read_prefixes(item, member);
	} else if ((row = conf_gateway_row(item->kind->type, str_from(member->name))) == NULL) {
		refuse_unknown(item, member);
	} else {
		read_setting(item, row, member);
	}
}

/* What is missing, and the defaults. */
static void
complete(struct ring_item *item, const config_setting_t *setting)
{
	struct conf_source here = conf_parse_here(item->parser, setting);

	for (size_t i = 0; i < conf_gateway_rows_n; i++) {
		const struct conf_gateway_row *row = &conf_gateway_rows[i], *other = NULL;
		const char *other_name = row->instead != NULL ? row->instead : row->together;

		if (strcmp(row->type, item->kind->type) != 0)
			continue;
		if (other_name != NULL)
			other = conf_gateway_row(row->type, str_from(other_name));
		/* A member of a wrong type was complained about already. */
		if (config_setting_get_member(setting, row->name) != NULL ||
		    has_setting(item->gateway, row)) {
			if (row->together != NULL && other != NULL &&
			    !has_setting(item->gateway, other) &&
			    config_setting_get_member(setting, other->name) == NULL)
				conf_parse_error(item->parser, here, "%s: \"%s\" needs \"%s\", too",
				    item->label, row->name, other->name);
			continue;
		}
		if (row->is_required && row->file_name != NULL)
			conf_parse_error(item->parser, here, "%s: \"%s\" or \"%s\" is missing",
			    item->label, row->name, row->file_name);
		else if (row->is_required)
			conf_parse_error(
			    item->parser, here, "%s: \"%s\" is missing", item->label, row->name);
		/* Only one row of such a pair speaks. */
		else if (row->instead != NULL && other != NULL && row < other &&
		         !has_setting(item->gateway, other))
			conf_parse_error(item->parser, here, "%s: \"%s\" or \"%s\" is missing",
			    item->label, row->name, other->name);
		else if (row->standard != NULL)
			(void)add_setting(
			    item->parser, item->gateway, row->name, str_from(row->standard));
	}
}

void
conf_ring_read(struct conf_parser *parser, const config_setting_t *list)
{
	struct conf *conf = parser->conf;
	int n = config_setting_length(list);

	conf_ring_release(conf);
	parser->gateways_source = conf_parse_here(parser, list);
	if (!config_setting_is_list(list) || n > CONF_GATEWAYS_MAX) {
		conf_parse_error(parser, parser->gateways_source,
		    "\"gateways\" must be a list of at most %d groups: gateways: ( { ... }, { ... "
		    "} );",
		    CONF_GATEWAYS_MAX);
		return;
	}
	if (n == 0)
		return;
	if ((conf->gateways = calloc((size_t)n, sizeof(conf->gateways[0]))) == NULL) {
		conf_parse_fail(parser);
		return;
	}
	for (int i = 0; i < n && parser->rc != RC_SYSTEM; i++) {
		const config_setting_t *setting = config_setting_get_elem(list, (unsigned)i);
		struct conf_gateway gateway = { .enabled = true };
		struct ring_item item = { .parser = parser, .gateway = &gateway };

		if (!config_setting_is_group(setting)) {
			conf_parse_error(parser, conf_parse_here(parser, setting),
			    "a gateway must be a group: { name = \"...\"; type = \"...\"; }");
			continue;
		}
		if (read_head(&item, setting)) {
			for (int j = 0; j < config_setting_length(setting); j++)
				read_member(&item, config_setting_get_elem(setting, (unsigned)j));
			complete(&item, setting);
			parser->gateway_sources[conf->n_gateways] =
			    conf_parse_here(parser, setting);
			conf->gateways[conf->n_gateways++] = gateway;
		} else {
			gateway_release(&gateway);
		}
	}
}

void
conf_ring_read_secrets(struct conf_parser *parser)
{
	struct buf secret = BUF_INIT(CONF_SECRET_MAX), why = BUF_INIT(1024);

	for (size_t i = 0; i < parser->conf->n_gateways; i++) {
		struct conf_gateway *gateway = &parser->conf->gateways[i];

		for (size_t j = 0; gateway->enabled && j < gateway->n_settings; j++) {
			const char *name = gateway->settings[j].name;
			const struct conf_gateway_row *row =
			    conf_gateway_row(gateway->type, str_from(name));

			if (row == NULL || strcmp(row->name, name) == 0)
				continue;
			buf_reset(&secret);
			buf_reset(&why);
			if (secret_file_read(gateway->settings[j].value, 1, CONF_SECRET_MAX,
			        &secret, &why) != RC_OK)
				conf_parse_error(parser, parser->gateway_sources[i],
				    "gateway \"%s\": \"%s\": %s", gateway->name, name,
				    buf_text(&why));
			else if (!conf_rule_plain(buf_str(&secret), &why))
				conf_parse_error(parser, parser->gateway_sources[i],
				    "gateway \"%s\": the secret in \"%s\" %s", gateway->name, name,
				    buf_text(&why));
			else
				(void)add_setting(parser, gateway, row->name, buf_str(&secret));
		}
	}
	buf_release(&secret);
	buf_release(&why);
}
