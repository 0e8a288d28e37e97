#include "base/template.h"

static const struct template_value *
find_value(struct str name, const struct template_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(str_from(values[i].name), name))
			return &values[i];
	return NULL;
}

static void
add_escaped(struct buf *to, struct str value, enum template_escape escape)
{
	static const char *const references[256] = {
		['&'] = "&amp;",
		['<'] = "&lt;",
		['>'] = "&gt;",
		['"'] = "&quot;",
		['\''] = "&#39;",
	};

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (escape == TEMPLATE_HTML && references[c] != NULL)
			buf_add(to, str_from(references[c]));
		else if ((c < 0x20 || c == 0x7f) &&
		         (escape == TEMPLATE_LINE || (c != '\n' && c != '\t')))
			buf_add_char(to, ' ');
		else
			buf_add_char(to, (char)c);
	}
}

/*
 * The next "{{ name }}" of *text: *ret_before is what stands before it, *text what comes after.
 * RC_NONE: there is none, *ret_before is all. RC_SYNTAX: *text is at the "{{".
 */
static enum rc
next_name(struct str *text, struct str *ret_before, struct str *ret_name)
{
	struct str rest, name;

	for (size_t i = 0; i + 1 < text->len; i++) {
		if (text->ptr[i] != '{' || text->ptr[i + 1] != '{')
			continue;
		*ret_before = str_slice(*text, 0, i);
		*text = str_slice(*text, i, text->len);
		rest = str_slice(*text, 2, text->len);
		if (!str_cut(&rest, '}', &name) || rest.len == 0 || rest.ptr[0] != '}')
			return RC_SYNTAX;
		*ret_name = str_trim(name);
		*text = str_slice(rest, 1, rest.len);
		return RC_OK;
	}
	*ret_before = *text;
	*text = STR("");
	return RC_NONE;
}

enum rc
template_check(struct str text, const struct template_value *values, size_t n, unsigned *ret_line)
{
	struct str before, name;
	unsigned line = 1;
	enum rc rc;

	do {
		rc = next_name(&text, &before, &name);
		for (size_t i = 0; i < before.len; i++)
			line += before.ptr[i] == '\n';
		if (rc == RC_SYNTAX || (rc == RC_OK && find_value(name, values, n) == NULL)) {
			*ret_line = line;
			return RC_SYNTAX;
		}
	} while (rc == RC_OK);
	return RC_OK;
}

enum rc
template_render(struct str text, const struct template_value *values, size_t n,
    enum template_escape escape, struct buf *to)
{
	const struct template_value *value;
	struct str before, name;
	enum rc rc;

	while ((rc = next_name(&text, &before, &name)) == RC_OK) {
		buf_add(to, before);
		if ((value = find_value(name, values, n)) == NULL)
			return RC_SYNTAX;
		add_escaped(to, value->value, escape);
	}
	if (rc == RC_SYNTAX)
		return rc;
	buf_add(to, before);
	return RC_OK;
}
