#include <assert.h>
#include <inttypes.h>

#include "base/json.h"
#include "base/utf8.h"

enum { JSON_OUT_DEPTH_MAX = 63 };

struct json_out
json_out_to(struct buf *buf)
{
	return (struct json_out){ .buf = buf };
}

static bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

static void
add_escape(struct buf *buf, char c)
{
	static const char letters[] = "btn?fr"; /* U+0008 to U+000D, but for U+000B */

	if (c == '"' || c == '\\')
		buf_printf(buf, "\\%c", c);
	else if (c >= '\b' && c <= '\r' && c != '\v')
		buf_printf(buf, "\\%c", letters[c - '\b']);
	else
		buf_printf(buf, "\\u%04x", (unsigned)c);
}

static void
add_text(struct json_out *out, struct str text)
{
	size_t run = 0;

	if (!utf8_is_valid(text)) {
		out->buf->failed = true;
		return;
	}
	buf_add_char(out->buf, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (is_plain(text.ptr[i]))
			continue;
		buf_add_bytes(out->buf, text.ptr + run, i - run);
		add_escape(out->buf, text.ptr[i]);
		run = i + 1;
	}
	buf_add_bytes(out->buf, text.ptr + run, text.len - run);
	buf_add_char(out->buf, '"');
}

/* What comes before a value: the comma and the name. */
static void
begin_value(struct json_out *out, const char *name)
{
	uint64_t bit = UINT64_C(1) << out->depth;
	bool is_in_object = out->depth > 0 && (out->is_array & bit) == 0;

	assert(is_in_object == (name != NULL));
	if ((out->has_items & bit) != 0)
		buf_add_char(out->buf, ',');
	out->has_items |= bit;
	if (name != NULL) {
		add_text(out, str_from(name));
		buf_add_char(out->buf, ':');
	}
}

static void
begin_nest(struct json_out *out, const char *name, bool is_array)
{
	uint64_t bit;

	assert(out->depth < JSON_OUT_DEPTH_MAX);
	begin_value(out, name);
	buf_add_char(out->buf, is_array ? '[' : '{');
	bit = UINT64_C(1) << ++out->depth;
	out->is_array = is_array ? out->is_array | bit : out->is_array & ~bit;
	out->has_items &= ~bit;
}

void
json_out_object(struct json_out *out, const char *name)
{
	begin_nest(out, name, false);
}

void
json_out_array(struct json_out *out, const char *name)
{
	begin_nest(out, name, true);
}

void
json_out_end(struct json_out *out)
{
	assert(out->depth > 0);
	buf_add_char(out->buf, (out->is_array >> out->depth & 1) != 0 ? ']' : '}');
	out->depth--;
}

void
json_out_string(struct json_out *out, const char *name, struct str value)
{
	begin_value(out, name);
	if (value.ptr == NULL)
		buf_add(out->buf, STR("null"));
	else
		add_text(out, value);
}

void
json_out_int(struct json_out *out, const char *name, int64_t value)
{
	begin_value(out, name);
	buf_printf(out->buf, "%" PRId64, value);
}

void
json_out_bool(struct json_out *out, const char *name, bool value)
{
	begin_value(out, name);
	buf_add(out->buf, value ? STR("true") : STR("false"));
}

void
json_out_null(struct json_out *out, const char *name)
{
	json_out_string(out, name, STR_NULL);
}
