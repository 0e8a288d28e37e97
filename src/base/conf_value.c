#include "base/conf_value.h"

#include <inttypes.h>
#include <string.h>

enum { DISTANCE_MAX = 40 };

struct unit {
	const char *name;
	uint64_t factor;
};

/* The largest first: the writers take the first that divides. */
static const struct unit durations[] = {
	{ "d", 86400000 },
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
	{ NULL, 0 },
};
static const struct unit sizes[] = {
	{ "g", (uint64_t)1 << 30 },
	{ "m", (uint64_t)1 << 20 },
	{ "k", (uint64_t)1 << 10 },
	{ "", 1 },
	{ NULL, 0 },
};

static enum rc
read_units(struct str text, const struct unit *units, uint64_t max, uint64_t *ret)
{
	size_t digits = 0;
	uint64_t number;
	enum rc rc;

	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	for (; units->name != NULL; units++)
		if (str_equal(str_slice(text, digits, text.len), str_from(units->name)))
			break;
	if (units->name == NULL)
		return RC_SYNTAX;
	if ((rc = str_to_u64(str_slice(text, 0, digits), max / units->factor, &number)) != RC_OK)
		return rc;
	*ret = number * units->factor;
	return RC_OK;
}

enum rc
conf_value_duration(struct str text, int64_t *ret_ms)
{
	uint64_t ms;
	enum rc rc = read_units(text, durations, INT64_MAX, &ms);

	if (rc == RC_OK)
		*ret_ms = (int64_t)ms;
	return rc;
}

enum rc
conf_value_size(struct str text, size_t *ret)
{
	uint64_t size;
	enum rc rc = read_units(text, sizes, INT64_MAX, &size);

	if (rc == RC_OK)
		*ret = (size_t)size;
	return rc;
}

enum rc
conf_value_limit(struct str text, struct limit *ret)
{
	struct str window = text, count;
	uint64_t number;
	int64_t ms;
	enum rc rc;

	if (!str_cut(&window, '/', &count) || window.ptr == NULL)
		return RC_SYNTAX;
	if ((rc = str_to_u64(count, UINT32_MAX, &number)) != RC_OK ||
	    (rc = conf_value_duration(window, &ms)) != RC_OK)
		return rc;
	*ret = (struct limit){ .count = (uint32_t)number, .window_ms = ms };
	return RC_OK;
}

static void
add_units(struct buf *to, uint64_t number, const struct unit *units)
{
	while (units[1].name != NULL && (number == 0 || number % units->factor != 0))
		units++;
	buf_printf(to, "%" PRIu64 "%s", number / units->factor, units->name);
}

void
conf_value_add_duration(struct buf *to, int64_t ms)
{
	add_units(to, (uint64_t)ms, durations);
}

void
conf_value_add_size(struct buf *to, size_t size)
{
	add_units(to, size, sizes);
}

void
conf_value_add_limit(struct buf *to, struct limit limit)
{
	buf_printf(to, "%" PRIu32 "/", limit.count);
	conf_value_add_duration(to, limit.window_ms);
}

void
conf_value_add_quoted(struct buf *to, struct str text)
{
	buf_add_char(to, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '"' || c == '\\')
			buf_printf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(to, "\\x%02x", c);
		else
			buf_add_char(to, (char)c);
	}
	buf_add_char(to, '"');
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
conf_value_distance(struct str a, struct str b)
{
	size_t table[DISTANCE_MAX + 1][DISTANCE_MAX + 1];

	if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t i = 0; i <= a.len; i++)
		for (size_t j = 0; j <= b.len; j++) {
			size_t d;

			if (i == 0 || j == 0) {
				table[i][j] = i + j;
				continue;
			}
			d = table[i - 1][j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
			d = least(d, table[i - 1][j] + 1);
			d = least(d, table[i][j - 1] + 1);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
			    a.ptr[i - 2] == b.ptr[j - 1])
				d = least(d, table[i - 2][j - 2] + 1);
			table[i][j] = d;
		}
	return table[a.len][b.len];
}
