#include "base/conf_assign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_rules.h"
#include "base/conf_value.h"
#include "base/log.h"

static enum rc
no_memory(void)
{
	log_error("out of memory while reading the configuration");
	return RC_SYSTEM;
}

void
conf_list_release(struct conf_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct conf_list){ 0, NULL };
}

enum rc
conf_list_copy(const struct str *items, size_t n, struct conf_list *ret)
{
	struct conf_list list = { 0, NULL };

	if (n > 0 && (list.item = calloc(n, sizeof(list.item[0]))) == NULL)
		return no_memory();
	for (; list.n < n; list.n++)
		if ((list.item[list.n] = str_dup(items[list.n])) == NULL) {
			conf_list_release(&list);
			return no_memory();
		}
	*ret = list;
	return RC_OK;
}

static void
add_bound(const struct conf_row *row, int64_t bound, struct buf *to)
{
	if (row->type == CONF_DURATION)
		conf_value_add_duration(to, bound);
	else if (row->type == CONF_SIZE)
		conf_value_add_size(to, (size_t)bound);
	else
		buf_printf(to, "%" PRId64, bound);
}

void
conf_assign_add_range(const struct conf_row *row, struct buf *to)
{
	buf_add(to, STR("from "));
	add_bound(row, row->min, to);
	buf_add(to, STR(" to "));
	add_bound(row, row->max, to);
	if (row->type == CONF_LIMIT) {
		buf_add(to, STR(" within "));
		conf_value_add_duration(to, CONF_WINDOW_MIN_MS);
		buf_add(to, STR(" to "));
		conf_value_add_duration(to, CONF_WINDOW_MAX_MS);
	}
}

void
conf_assign_add_words(const char *const *words, struct buf *to)
{
	for (size_t i = 0; words[i] != NULL; i++)
		buf_printf(to, "%s\"%s\"",
		    i == 0                 ? ""
		    : words[i + 1] == NULL ? " or "
		                           : ", ",
		    words[i]);
}

static enum rc
refuse_range(const struct conf_row *row, struct buf *why)
{
	buf_add(why, STR("must be "));
	conf_assign_add_range(row, why);
	return RC_CONFIG;
}

static bool
is_in_range(const struct conf_row *row, int64_t number)
{
	return number >= row->min && number <= row->max;
}

/* Length, characters and the row's own rule. */
static enum rc
check_text(const struct conf_row *row, struct str text, struct buf *why)
{
	if (!is_in_range(row, (int64_t)text.len)) {
		buf_printf(
		    why, "must be %" PRId64 " to %" PRId64 " bytes long", row->min, row->max);
		return RC_CONFIG;
	}
	if (!conf_rule_plain(text, why) ||
	    (row->type == CONF_PATH && !conf_rule_absolute(text, why)) ||
	    (row->check != NULL && !row->check(text, why)))
		return RC_CONFIG;
	return RC_OK;
}

static enum rc
set_string(char **at, struct str text)
{
	char *copy = text.len == 0 ? NULL : str_dup(text);

	if (text.len > 0 && copy == NULL)
		return no_memory();
	free(*at);
	*at = copy;
	return RC_OK;
}

static enum rc
set_word(struct conf *conf, const struct conf_row *row, struct str text, struct buf *why)
{
	void *at = conf_row_at(conf, row);

	for (unsigned i = 0; row->words[i] != NULL; i++) {
		if (!str_equal(str_from(row->words[i]), text))
			continue;
		if (row->type == CONF_WORD)
			return set_string(at, text);
		memcpy(at, &i, sizeof(enum conf_time_format));
		return RC_OK;
	}
	buf_add(why, STR("must be "));
	conf_assign_add_words(row->words, why);
	return RC_CONFIG;
}

enum rc
conf_assign_integer(struct conf *conf, const struct conf_row *row, int64_t number, struct buf *why)
{
	if (!is_in_range(row, number))
		return refuse_range(row, why);
	*(int64_t *)conf_row_at(conf, row) = number;
	return RC_OK;
}

static enum rc
set_duration(struct conf *conf, const struct conf_row *row, struct str text, struct buf *why)
{
	int64_t ms;
	enum rc rc = conf_value_duration(text, &ms);

	if (rc == RC_SYNTAX) {
		buf_add(why, STR("must be a number and a unit (ms, s, m, h, d), such as \"15m\""));
		return RC_CONFIG;
	}
	if (rc != RC_OK || !is_in_range(row, ms))
		return refuse_range(row, why);
	*(int64_t *)conf_row_at(conf, row) = ms;
	return RC_OK;
}

static enum rc
set_size(struct conf *conf, const struct conf_row *row, struct str text, struct buf *why)
{
	size_t size;
	enum rc rc = conf_value_size(text, &size);

	if (rc == RC_SYNTAX) {
		buf_add(why, STR("must be a number of bytes with or without a unit (k, m, g), "
		                 "such as \"64k\""));
		return RC_CONFIG;
	}
	if (rc != RC_OK || !is_in_range(row, (int64_t)size))
		return refuse_range(row, why);
	*(size_t *)conf_row_at(conf, row) = size;
	return RC_OK;
}

static enum rc
set_limit(struct conf *conf, const struct conf_row *row, struct str text, struct buf *why)
{
	struct limit limit;
	enum rc rc = conf_value_limit(text, &limit);

	if (rc == RC_SYNTAX) {
		buf_add(why, STR("must be a number, a slash and a time, such as \"10/15m\""));
		return RC_CONFIG;
	}
	if (rc != RC_OK || !is_in_range(row, limit.count) || limit.window_ms < CONF_WINDOW_MIN_MS ||
	    limit.window_ms > CONF_WINDOW_MAX_MS)
		return refuse_range(row, why);
	*(struct limit *)conf_row_at(conf, row) = limit;
	return RC_OK;
}

enum rc
conf_assign_text(struct conf *conf, const struct conf_row *row, struct str text, struct buf *why)
{
	uint64_t number;
	enum rc rc;

	switch (row->type) {
	case CONF_INTEGER:
		if (str_to_u64(text, INT64_MAX, &number) != RC_OK)
			return refuse_range(row, why);
		return conf_assign_integer(conf, row, (int64_t)number, why);
	case CONF_SIZE:
		return set_size(conf, row, text, why);
	case CONF_DURATION:
		return set_duration(conf, row, text, why);
	case CONF_LIMIT:
		return set_limit(conf, row, text, why);
	case CONF_WORD:
	case CONF_CHOICE:
		return set_word(conf, row, text, why);
	case CONF_TEXT:
	case CONF_PATH:
	case CONF_KEY_FILE:
		if (!(row->is_optional && text.len == 0) &&
		    (rc = check_text(row, text, why)) != RC_OK)
			return rc;
		return set_string(conf_row_at(conf, row), text);
	case CONF_LIST:
	case CONF_TYPE__MAX:
		break;
	}
	buf_add(why, STR("must be a list"));
	return RC_CONFIG;
}

enum rc
conf_assign_check_item(const struct conf_row *row, struct str item, struct buf *why)
{
	return check_text(row, item, why);
}

enum rc
conf_assign_list(struct conf *conf, const struct conf_row *row, const struct str *items, size_t n)
{
	struct conf_list list;
	enum rc rc;

	if ((rc = conf_list_copy(items, n, &list)) != RC_OK)
		return rc;
	conf_list_release(conf_row_at(conf, row));
	*(struct conf_list *)conf_row_at(conf, row) = list;
	return RC_OK;
}

enum rc
conf_assign_standards(struct conf *conf)
{
	struct buf why = BUF_INIT(256);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < conf_table_n && rc == RC_OK; i++)
		if (conf_table[i].standard != NULL)
			rc = conf_assign_text(
			    conf, &conf_table[i], str_from(conf_table[i].standard), &why);
	buf_release(&why);
	return rc;
}
