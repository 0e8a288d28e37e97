#include "base/gsm.h"

#include "base/utf8.h"

enum {
	SEPTETS_ONE = 160,
	SEPTETS_MANY = 153,
	UNITS_ONE = 70,
	UNITS_MANY = 67,
};

/* The default alphabet beside what it shares with ASCII, and the extension table, which takes an
 * escape and so two septets. */
static const uint32_t alphabet[] = { 0xa3, 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, 0xd8, 0xf8,
	0xc5, 0xe5, 0x394, 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0xc6,
	0xe6, 0xdf, 0xc9, 0xa4, 0xa1, 0xc4, 0xd6, 0xd1, 0xdc, 0xa7, 0xbf, 0xe4, 0xf6, 0xf1, 0xfc,
	0xe0 };
static const uint32_t extension[] = { '^', '{', '}', '\\', '[', '~', ']', '|', 0x20ac, '\f' };

static bool
has(const uint32_t *list, size_t n, uint32_t code_point)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == code_point)
			return true;
	return false;
}

/* 0: not in the alphabet. */
static size_t
septets(uint32_t c)
{
	if (has(extension, sizeof(extension) / sizeof(extension[0]), c))
		return 2;
	if (c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f && c != '`'))
		return 1;
	return has(alphabet, sizeof(alphabet) / sizeof(alphabet[0]), c) ? 1 : 0;
}

bool
gsm_is_plain(struct str text)
{
	uint32_t c;

	while (utf8_next(&text, &c) == RC_OK)
		if (septets(c) == 0)
			return false;
	return text.len == 0;
}

size_t
gsm_segments(struct str text)
{
	bool is_plain = gsm_is_plain(text);
	size_t one = is_plain ? SEPTETS_ONE : UNITS_ONE;
	size_t many = is_plain ? SEPTETS_MANY : UNITS_MANY;
	size_t segments = 1, room = many, total = 0, size;
	uint32_t c;

	/* A character of two septets, or two units, is never cut in two. */
	while (utf8_next(&text, &c) == RC_OK) {
		size = is_plain ? septets(c) : c > 0xffff ? 2 : 1;
		total += size;
		if (room < size) {
			segments++;
			room = many;
		}
		room -= size;
	}
	return total <= one ? 1 : segments;
}
