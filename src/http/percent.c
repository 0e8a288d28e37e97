#include "http/percent.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
percent_add_decoded(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		int high, low;

		if (s.ptr[i] != '%') {
			buf_add_char(to, s.ptr[i]);
			continue;
		}
		if (s.len - i < 3)
			return false;
		high = hex_value(s.ptr[i + 1]);
		low = hex_value(s.ptr[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		buf_add_char(to, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

static void
add_escape(struct buf *to, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	buf_add_char(to, '%');
	buf_add_char(to, digits[(unsigned char)c >> 4]);
	buf_add_char(to, digits[(unsigned char)c & 15]);
}

static bool
is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void
percent_add_encoded(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_unreserved(s.ptr[i]))
			buf_add_char(to, s.ptr[i]);
		else
			add_escape(to, s.ptr[i]);
	}
}

void
percent_add_header_value(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c > ' ' && c < 0x7f && c != '%' && c != ',' && c != '"' && c != '\\')
			buf_add_char(to, c);
		else
			add_escape(to, c);
	}
}
