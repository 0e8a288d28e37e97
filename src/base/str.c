#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

struct str
str_from(const char *text)
{
	return (struct str){ text, text == NULL ? 0 : strlen(text) };
}

bool
str_equal(struct str a, struct str b)
{
	if (a.ptr == NULL || b.ptr == NULL)
		return a.ptr == b.ptr;
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool
str_equal_nocase(struct str a, struct str b)
{
	if (a.ptr == NULL || b.ptr == NULL)
		return a.ptr == b.ptr;
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.ptr != NULL && s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.ptr != NULL && s.len >= suffix.len &&
	       memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

size_t
str_index(struct str s, char c)
{
	const char *at = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

	return at == NULL ? s.len : (size_t)(at - s.ptr);
}

bool
str_contains(struct str s, struct str needle)
{
	if (needle.len == 0)
		return true;
	return s.len >= needle.len && memmem(s.ptr, s.len, needle.ptr, needle.len) != NULL;
}

bool
str_is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

bool
str_cut(struct str *s, char sep, struct str *ret_head)
{
	size_t at;

	if (s->ptr == NULL)
		return false;
	at = str_index(*s, sep);
	*ret_head = (struct str){ s->ptr, at };
	*s = at == s->len ? STR_NULL : (struct str){ s->ptr + at + 1, s->len - at - 1 };
	return true;
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
		s.ptr++;
		s.len--;
	}
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

struct str
str_slice(struct str s, size_t from, size_t to)
{
	if (to > s.len)
		to = s.len;
	if (from > to)
		from = to;
	return (struct str){ s.ptr == NULL ? NULL : s.ptr + from, to - from };
}

char *
str_dup(struct str s)
{
	char *copy;

	if (s.ptr == NULL || (copy = malloc(s.len + 1)) == NULL)
		return NULL;
	memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

enum rc
str_to_u64(struct str s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.len == 0 || (s.len > 1 && s.ptr[0] == '0'))
		return RC_SYNTAX;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';

		if (digit > 9)
			return RC_SYNTAX;
		if (value > (UINT64_MAX - digit) / 10)
			return RC_LIMIT;
		value = value * 10 + digit;
	}
	if (value > max)
		return RC_LIMIT;
	*ret = value;
	return RC_OK;
}
