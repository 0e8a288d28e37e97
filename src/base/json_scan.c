#include "base/json_scan.h"

#include "base/json.h"
#include "base/utf8.h"

/* What is left to read. Each function takes its piece off the front, or gives false. */
struct scan {
	struct str rest;
	unsigned depth;
};

static bool scan_value(struct scan *scan);

/* The next byte without taking it; -1 at the end. */
static int
peek(const struct scan *scan)
{
	return scan->rest.len == 0 ? -1 : (unsigned char)scan->rest.ptr[0];
}

static void
skip(struct scan *scan, size_t n)
{
	scan->rest.ptr += n;
	scan->rest.len -= n;
}

static bool
take(struct scan *scan, char c)
{
	if (peek(scan) != c)
		return false;
	skip(scan, 1);
	return true;
}

static void
skip_blanks(struct scan *scan)
{
	while (take(scan, ' ') || take(scan, '\t') || take(scan, '\n') || take(scan, '\r'))
		;
}

static bool
take_word(struct scan *scan, struct str word)
{
	if (!str_starts(scan->rest, word))
		return false;
	skip(scan, word.len);
	return true;
}

/* The four digits after "\u". */
static bool
take_hex(struct scan *scan, uint32_t *ret)
{
	uint32_t value = 0;

	if (scan->rest.len < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		char c = scan->rest.ptr[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			digit = (uint32_t)(c - 'A' + 10);
		else
			return false;
		value = value << 4 | digit;
	}
	skip(scan, 4);
	*ret = value;
	return true;
}

/* What follows a backslash. */
static bool
scan_escape(struct scan *scan)
{
	static const struct str letters = STR("\"\\/bfnrt");
	uint32_t unit, low;
	int c = peek(scan);

	if (c < 0)
		return false;
	skip(scan, 1);
	if (c != 'u')
		return str_index(letters, (char)c) < letters.len;
	if (!take_hex(scan, &unit) || unit == 0)
		return false;
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	return unit <= 0xdbff && take_word(scan, STR("\\u")) && take_hex(scan, &low) &&
	       low >= 0xdc00 && low <= 0xdfff;
}

static bool
scan_string(struct scan *scan)
{
	uint32_t code_point;

	if (!take(scan, '"'))
		return false;
	while (!take(scan, '"')) {
		if (take(scan, '\\')) {
			if (!scan_escape(scan))
				return false;
		} else if (utf8_next(&scan->rest, &code_point) != RC_OK || code_point < 0x20) {
			return false;
		}
	}
	return true;
}

static bool
take_digits(struct scan *scan)
{
	size_t n = 0;

	while (peek(scan) >= '0' && peek(scan) <= '9') {
		skip(scan, 1);
		n++;
	}
	return n > 0;
}

static bool
scan_number(struct scan *scan)
{
	size_t before = scan->rest.len;

	(void)take(scan, '-');
	if (!take(scan, '0') && !take_digits(scan))
		return false;
	if (take(scan, '.') && !take_digits(scan))
		return false;
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+'))
			(void)take(scan, '-');
		if (!take_digits(scan))
			return false;
	}
	/* cJSON would cut it there and read the rest as something else. */
	return before - scan->rest.len <= JSON_NUMBER_MAX;
}

static bool
scan_array(struct scan *scan)
{
	skip(scan, 1);
	skip_blanks(scan);
	if (take(scan, ']'))
		return true;
	do {
		if (!scan_value(scan))
			return false;
		skip_blanks(scan);
	} while (take(scan, ','));
	return take(scan, ']');
}

static bool
scan_object(struct scan *scan)
{
	skip(scan, 1);
	skip_blanks(scan);
	if (take(scan, '}'))
		return true;
	do {
		skip_blanks(scan);
		if (!scan_string(scan))
			return false;
		skip_blanks(scan);
		if (!take(scan, ':') || !scan_value(scan))
			return false;
		skip_blanks(scan);
	} while (take(scan, ','));
	return take(scan, '}');
}

/* Blanks before it included. Recursion ends at JSON_DEPTH_MAX. */
static bool
scan_value(struct scan *scan)
{
	bool ok;

	skip_blanks(scan);
	switch (peek(scan)) {
	case '"':
		return scan_string(scan);
	case 't':
		return take_word(scan, STR("true"));
	case 'f':
		return take_word(scan, STR("false"));
	case 'n':
		return take_word(scan, STR("null"));
	case '[':
	case '{':
		if (scan->depth == JSON_DEPTH_MAX)
			return false;
		scan->depth++;
		ok = peek(scan) == '[' ? scan_array(scan) : scan_object(scan);
		scan->depth--;
		return ok;
	default:
		return scan_number(scan);
	}
}

enum rc
json_scan(struct str text)
{
	struct scan scan = { text, 0 };

	if (!scan_value(&scan))
		return RC_SYNTAX;
	skip_blanks(&scan);
	return scan.rest.len == 0 ? RC_OK : RC_SYNTAX;
}
