#include "base/utf8.h"

#include <utf8proc.h>

enum rc
utf8_next(struct str *s, uint32_t *ret_code_point)
{
	utf8proc_int32_t code_point;
	utf8proc_ssize_t n;

	if (s->len == 0)
		return RC_NONE;
	/* More than four bytes are never looked at; the cast of a huge length could be negative. */
	n = utf8proc_iterate((const utf8proc_uint8_t *)s->ptr,
	    s->len < 4 ? (utf8proc_ssize_t)s->len : 4, &code_point);
	if (n <= 0)
		return RC_SYNTAX;
	s->ptr += n;
	s->len -= (size_t)n;
	*ret_code_point = (uint32_t)code_point;
	return RC_OK;
}

bool
utf8_is_valid(struct str s)
{
	uint32_t ignored;
	enum rc rc;

	while ((rc = utf8_next(&s, &ignored)) == RC_OK)
		;
	return rc == RC_NONE;
}

size_t
utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.ptr[i] & 0xc0) != 0x80)
			n++;
	return n;
}

static bool
is_control(uint32_t code_point)
{
	return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) ||
	       code_point == 0x2028 || code_point == 0x2029;
}

bool
utf8_has_control(struct str s)
{
	uint32_t code_point = 0;
	enum rc rc;

	while ((rc = utf8_next(&s, &code_point)) == RC_OK)
		if (is_control(code_point))
			return true;
	return rc != RC_NONE;
}
