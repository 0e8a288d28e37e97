#include "gateway/mime_encode.h"

#include <string.h>

#include "base/base64.h"

enum {
	LINE_MAX = 76,         /* RFC 2047, 2 and RFC 2045, 6.7: also the "=" of a soft break */
	ENCODED_WORD_MAX = 75, /* RFC 2047, 2 */
	PLAIN_WORD_MAX = 70,   /* a longer one cannot be folded, so it is encoded */
};

#define ENCODED_HEAD "=?UTF-8?B?"
#define ENCODED_TAIL "?="

/* Whether the text can stand in a header as it is and survive folding: words of ASCII with one
 * blank between them, none of which looks encoded already. */
static bool
is_plain(struct str text)
{
	struct str word;

	if (!str_is_ascii(text) || str_contains(text, STR("=?")))
		return false;
	if (text.len == 0)
		return true;
	while (str_cut(&text, ' ', &word))
		if (word.len == 0 || word.len > PLAIN_WORD_MAX)
			return false;
	return true;
}

static void
add_plain(struct buf *to, size_t *column, struct str text)
{
	struct str word;
	bool is_first = true;

	while (str_cut(&text, ' ', &word)) {
		if (!is_first && *column + 1 + word.len > LINE_MAX) {
			buf_add(to, STR("\r\n"));
			*column = 0;
		}
		if (!is_first) {
			buf_add_char(to, ' ');
			++*column;
		}
		buf_add(to, word);
		*column += word.len;
		is_first = false;
	}
}

/* How many bytes of text, at most max, end with a whole code point. */
static size_t
whole(struct str text, size_t max)
{
	if (text.len <= max)
		return text.len;
	while (max > 0 && ((unsigned char)text.ptr[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Blanks between encoded words vanish (RFC 2047, 6.2), so each may stand on its own line. */
static void
add_encoded(struct buf *to, size_t *column, struct str text)
{
	const size_t around = sizeof(ENCODED_HEAD ENCODED_TAIL) - 1;

	while (text.len > 0) {
		size_t room = LINE_MAX - *column;
		size_t n;

		if (room > ENCODED_WORD_MAX)
			room = ENCODED_WORD_MAX;
		n = room < around ? 0 : whole(text, (room - around) / 4 * 3);
		if (n > 0) {
			size_t start = to->len;

			buf_add(to, STR(ENCODED_HEAD));
			base64_add_std(to, text.ptr, n);
			buf_add(to, STR(ENCODED_TAIL));
			*column += to->len - start;
			text = str_slice(text, n, text.len);
		}
		if (text.len > 0) {
			buf_add(to, STR("\r\n "));
			*column = 1;
		}
	}
}

static size_t
add_name(struct buf *to, const char *name)
{
	buf_printf(to, "%s: ", name);
	return strlen(name) + 2;
}

void
mime_encode_header(struct buf *to, const char *name, struct str text)
{
	size_t column = add_name(to, name);

	if (is_plain(text))
		add_plain(to, &column, text);
	else
		add_encoded(to, &column, text);
	buf_add(to, STR("\r\n"));
}

/* RFC 5322, 3.2.3: what may stand in a display name without quotes. */
static bool
is_atoms(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("()<>[]:;@\\,.\"", text.ptr[i]) != NULL)
			return false;
	return true;
}

static void
add_quoted(struct buf *to, size_t *column, struct str text)
{
	size_t start = to->len;

	buf_add_char(to, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			buf_add_char(to, '\\');
		buf_add_char(to, text.ptr[i]);
	}
	buf_add_char(to, '"');
	*column += to->len - start;
}

void
mime_encode_mailbox(struct buf *to, const char *name, struct str display, struct str address)
{
	size_t column = add_name(to, name);

	if (display.len == 0) {
		buf_add(to, address);
		buf_add(to, STR("\r\n"));
		return;
	}
	if (is_plain(display) && is_atoms(display))
		add_plain(to, &column, display);
	else if (is_plain(display) && display.len <= PLAIN_WORD_MAX / 2)
		add_quoted(to, &column, display);
	else
		add_encoded(to, &column, display);
	if (column + 3 + address.len > LINE_MAX)
		buf_add(to, STR("\r\n"));
	buf_printf(to, " <" STR_FMT ">\r\n", STR_ARG(address));
}

/* The bytes of the line ending at the start of text: 0 when there is none. */
static size_t
line_end(struct str text)
{
	if (str_starts(text, STR("\n")))
		return 1;
	return str_starts(text, STR("\r\n")) ? 2 : 0;
}

/* Whether the first byte of text may stand for itself in this column. */
static bool
is_literal(struct str text, size_t column)
{
	unsigned char c = (unsigned char)text.ptr[0];
	struct str rest = str_slice(text, 1, text.len);

	if (c == ' ' || c == '\t')
		return rest.len > 0 && line_end(rest) == 0;
	if (column == 0 && (c == '.' || str_starts(text, STR("From "))))
		return false;
	return c > ' ' && c < 0x7f && c != '=';
}

void
mime_encode_quoted_printable(struct buf *to, struct str text)
{
	size_t column = 0, n;

	while (text.len > 0) {
		if ((n = line_end(text)) > 0) {
			buf_add(to, STR("\r\n"));
			column = 0;
			text = str_slice(text, n, text.len);
			continue;
		}
		n = is_literal(text, column) ? 1 : 3;
		if (column + n > LINE_MAX - 1) {
			buf_add(to, STR("=\r\n"));
			column = 0;
			n = is_literal(text, column) ? 1 : 3;
		}
		if (n == 1)
			buf_add_char(to, text.ptr[0]);
		else
			buf_printf(to, "=%02X", (unsigned char)text.ptr[0]);
		column += n;
		text = str_slice(text, 1, text.len);
	}
	if (column > 0)
		buf_add(to, STR("\r\n"));
}
