#include "base/language.h"

#include <string.h>

struct wish {
	char tag[LANGUAGE_TAG_MAX + 1];
	unsigned quality; /* thousandths */
};

bool
language_is_tag(struct str tag)
{
	struct str part;
	bool is_first = true;

	if (tag.len == 0 || tag.len > LANGUAGE_TAG_MAX)
		return false;
	while (str_cut(&tag, '-', &part)) {
		if (part.len < (is_first ? 2U : 1U) || part.len > 8)
			return false;
		for (size_t i = 0; i < part.len; i++) {
			char c = part.ptr[i];

			if (!(c >= 'a' && c <= 'z') && (is_first || !(c >= '0' && c <= '9')))
				return false;
		}
		is_first = false;
	}
	return true;
}

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ); false for anything else. */
static bool
parse_quality(struct str text, unsigned *ret)
{
	unsigned value = 0, scale = 100;

	if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
	    (text.len > 1 && text.ptr[1] != '.'))
		return false;
	for (size_t i = 2; i < text.len; i++, scale /= 10) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		value += scale * (unsigned)(text.ptr[i] - '0');
	}
	if (text.ptr[0] == '1' && value != 0)
		return false;
	*ret = text.ptr[0] == '1' ? 1000 : value;
	return true;
}

static bool
parse_wish(struct str item, struct wish *ret)
{
	struct str tag, parameter = item;
	struct wish wish = { .quality = 1000 };

	(void)str_cut(&parameter, ';', &tag);
	tag = str_trim(tag);
	if (parameter.ptr != NULL) {
		parameter = str_trim(parameter);
		if (parameter.len < 2 || (parameter.ptr[0] != 'q' && parameter.ptr[0] != 'Q') ||
		    parameter.ptr[1] != '=' ||
		    !parse_quality(str_slice(parameter, 2, parameter.len), &wish.quality))
			return false;
	}
	if (tag.len == 0 || tag.len > LANGUAGE_TAG_MAX || wish.quality == 0)
		return false;
	for (size_t i = 0; i < tag.len; i++) {
		char c = tag.ptr[i];

		wish.tag[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	if (!language_is_tag(str_from(wish.tag)))
		return false;
	*ret = wish;
	return true;
}

void
language_wishes(struct str accept_language, struct buf *ret)
{
	struct wish best[LANGUAGE_WISHES_MAX], wish;
	struct str item;
	size_t n = 0, at;

	while (str_cut(&accept_language, ',', &item)) {
		if (!parse_wish(item, &wish))
			continue;
		/* Equal qualities keep the header's order. */
		for (at = n; at > 0 && best[at - 1].quality < wish.quality; at--)
			;
		if (at == LANGUAGE_WISHES_MAX)
			continue;
		if (n < LANGUAGE_WISHES_MAX)
			n++;
		memmove(&best[at + 1], &best[at], (n - 1 - at) * sizeof(best[0]));
		best[at] = wish;
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(ret, "%s%s", i == 0 ? "" : ",", best[i].tag);
}

struct str
language_pick(struct str wishes, const struct str *available, size_t n, struct str fallback)
{
	struct str tag;

	while (str_cut(&wishes, ',', &tag))
		while (tag.len > 0) {
			for (size_t i = 0; i < n; i++)
				if (str_equal(available[i], tag))
					return available[i];
			/* Cut the last subtag, and a single letter before it ("de-x-a"). */
			while (tag.len > 0 && tag.ptr[tag.len - 1] != '-')
				tag.len--;
			if (tag.len > 0)
				tag.len--;
			if (tag.len >= 2 && tag.ptr[tag.len - 2] == '-')
				tag.len -= 2;
		}
	return fallback;
}
