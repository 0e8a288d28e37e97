#include "http/request.h"

/* tchar of RFC 9110, section 5.6.2. */
static bool
is_token_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && str_index(STR("!#$%&'*+-.^_`|~"), c) < 15);
}

/* Takes the longest token off *s; false when there is none. */
static bool
take_token(struct str *s, struct str *ret)
{
	size_t len = 0;

	while (len < s->len && is_token_char(s->ptr[len]))
		len++;
	*ret = str_slice(*s, 0, len);
	*s = str_slice(*s, len, s->len);
	return len > 0;
}

static bool
take_char(struct str *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = str_slice(*s, 1, s->len);
	return true;
}

/* Takes a quoted-string (RFC 9110, section 5.6.4); *ret is what stands between the quotes, with its
 * backslashes: no charset that we know has any. */
static bool
take_quoted(struct str *s, struct str *ret)
{
	if (!take_char(s, '"'))
		return false;
	for (size_t i = 0; i < s->len; i++) {
		if (s->ptr[i] == '\\') {
			i++;
		} else if (s->ptr[i] == '"') {
			*ret = str_slice(*s, 0, i);
			*s = str_slice(*s, i + 1, s->len);
			return true;
		}
	}
	return false;
}

/* Takes "application/" and the subtype off *s. */
static bool
take_application(struct str *s, struct str *ret_subtype)
{
	struct str type;

	return take_token(s, &type) && str_equal_nocase(type, STR("application")) &&
	       take_char(s, '/') && take_token(s, ret_subtype);
}

static bool
is_json_subtype(struct str subtype)
{
	static const struct str prefix = { "vnd.", 4 }, suffix = { "+json", 5 };

	if (str_equal_nocase(subtype, STR("json")))
		return true;
	return subtype.len > prefix.len + suffix.len &&
	       str_equal_nocase(str_slice(subtype, 0, prefix.len), prefix) &&
	       str_equal_nocase(str_slice(subtype, subtype.len - suffix.len, subtype.len), suffix);
}

/* parameters = *( OWS ";" OWS [ parameter ] ); false also for a charset other than utf-8. */
static bool
parameters_are_fine(struct str rest)
{
	struct str name, value;

	for (rest = str_trim(rest); rest.len > 0; rest = str_trim(rest)) {
		if (!take_char(&rest, ';'))
			return false;
		rest = str_trim(rest);
		if (!take_token(&rest, &name))
			continue; /* an empty one; anything else is refused by the next ";" */
		if (!take_char(&rest, '='))
			return false;
		if (str_starts(rest, STR("\"")) ? !take_quoted(&rest, &value)
		                                : !take_token(&rest, &value))
			return false;
		if (str_equal_nocase(name, STR("charset")) &&
		    !str_equal_nocase(value, STR("utf-8")))
			return false;
	}
	return true;
}

bool
media_is_json(struct str content_type)
{
	struct str rest = str_trim(content_type), subtype;

	return take_application(&rest, &subtype) && is_json_subtype(subtype) &&
	       parameters_are_fine(rest);
}

bool
media_is_form(struct str content_type)
{
	struct str rest = str_trim(content_type), subtype;

	return take_application(&rest, &subtype) &&
	       str_equal_nocase(subtype, STR("x-www-form-urlencoded")) && parameters_are_fine(rest);
}
