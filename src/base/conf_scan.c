#include "base/conf_scan.h"

#include <string.h>

struct scan {
	const char *path;
	struct str text;
	size_t at;
	unsigned line;
	struct buf *errors;
	bool failed;
};

static void
complain(struct scan *scan, const char *message)
{
	buf_printf(scan->errors, "%s in %s:%u\n", message, scan->path, scan->line);
	scan->failed = true;
}

static char
peek(const struct scan *scan, size_t ahead)
{
	return scan->at + ahead < scan->text.len ? scan->text.ptr[scan->at + ahead] : '\0';
}

static void
step(struct scan *scan)
{
	if (peek(scan, 0) == '\n')
		scan->line++;
	scan->at++;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '-' || c == '*' || c == '.';
}

static void
scan_string(struct scan *scan)
{
	for (step(scan); scan->at < scan->text.len && peek(scan, 0) != '"'; step(scan)) {
		if (peek(scan, 0) == '\n') {
			complain(scan, "a closing quote is missing");
			return;
		}
		if (peek(scan, 0) == '\\' && peek(scan, 1) != '\n')
			step(scan);
	}
	step(scan);
}

static void
scan_comment(struct scan *scan)
{
	unsigned begin = scan->line;

	if (peek(scan, 1) != '*' || peek(scan, 0) == '#') {
		while (scan->at < scan->text.len && peek(scan, 0) != '\n')
			step(scan);
		return;
	}
	scan->at += 2;
	while (scan->at < scan->text.len && (peek(scan, 0) != '*' || peek(scan, 1) != '/'))
		step(scan);
	if (scan->at == scan->text.len) {
		scan->line = begin;
		complain(scan, "the comment that begins here is never closed");
	}
	scan->at += 2;
}

/* Decimal or hexadecimal, perhaps ended by L or LL; floating point is left to the types. */
static void
scan_number(struct scan *scan)
{
	struct str number = str_slice(scan->text, scan->at, scan->text.len);
	uint64_t value = 0, base = 10;
	size_t i = 0, len = 0;

	while (len < number.len && (is_word(number.ptr[len]) || number.ptr[len] == '+'))
		len++;
	number.len = len;
	scan->at += len;
	if (len > 2 && number.ptr[0] == '0' && (number.ptr[1] | 0x20) == 'x') {
		base = 16;
		i = 2;
	}
	for (; i < len && value <= INT32_MAX; i++) {
		const char *digits = "0123456789abcdef";
		int c = is_digit(number.ptr[i]) ? number.ptr[i] : number.ptr[i] | 0x20;
		const char *digit = strchr(digits, c);

		if (digit == NULL || (uint64_t)(digit - digits) >= base)
			break;
		value = value * base + (uint64_t)(digit - digits);
	}
	if (value > INT32_MAX && memchr(number.ptr, '.', len) == NULL) {
		struct str shown = str_slice(number, 0, 40);
		struct buf buf = BUF_INIT(128);

		buf_printf(&buf, "the number " STR_FMT " is too large: the most is 2147483647",
		    STR_ARG(shown));
		complain(scan, buf_text(&buf));
		buf_release(&buf);
	}
}

enum rc
conf_scan(const char *path, struct str text, struct buf *errors)
{
	struct scan scan = { path, text, 0, 1, errors, false };

	while (scan.at < text.len) {
		char c = peek(&scan, 0), next = peek(&scan, 1);

		if (c == '"') {
			scan_string(&scan);
		} else if (c == '#' || (c == '/' && (next == '/' || next == '*'))) {
			scan_comment(&scan);
		} else if (c == '@') {
			complain(&scan, "@include is not taken: put the file into conf.d");
			step(&scan);
		} else if (is_digit(c) || ((c == '-' || c == '+') && is_digit(next))) {
			if (c == '-' || c == '+')
				step(&scan);
			scan_number(&scan);
		} else if (is_word(c)) {
			while (is_word(peek(&scan, 0)))
				step(&scan);
		} else {
			step(&scan);
		}
	}
	return scan.failed ? RC_CONFIG : RC_OK;
}
