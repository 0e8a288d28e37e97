#include "base/base64.h"

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char std_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One to three bytes as two to four characters; gives how many. */
static size_t
encode_group(char ret[static 4], const unsigned char *bytes, size_t n, const char *alphabet)
{
	unsigned long bits = 0;

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < n ? bytes[i] : 0U);
	for (size_t i = 0; i < n + 1; i++)
		ret[i] = alphabet[bits >> (18 - 6 * i) & 63];
	return n + 1;
}

static size_t
group_len(size_t left)
{
	return left < 3 ? left : 3;
}

void
base64_write_url(char *ret, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	for (size_t i = 0; i < len; i += 3) {
		char group[4];
		size_t n = encode_group(group, from + i, group_len(len - i), url_alphabet);

		for (size_t j = 0; j < n; j++)
			*ret++ = group[j];
	}
	*ret = '\0';
}

static void
add(struct buf *to, const unsigned char *bytes, size_t len, const char *alphabet)
{
	for (size_t i = 0; i < len; i += 3) {
		char group[4];
		size_t n = encode_group(group, bytes + i, group_len(len - i), alphabet);

		buf_add_bytes(to, group, n);
	}
}

void
base64_add_url(struct buf *to, const void *bytes, size_t len)
{
	add(to, bytes, len, url_alphabet);
}

void
base64_add_std(struct buf *to, const void *bytes, size_t len)
{
	add(to, bytes, len, std_alphabet);
	for (size_t i = len; i % 3 != 0; i++)
		buf_add_char(to, '=');
}

/* The six bits of a character, or -1. */
static int
digit(char c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == alphabet[62])
		return 62;
	return c == alphabet[63] ? 63 : -1;
}

/* Bits of the last character that belong to no byte must be zero, or a text would have twins. */
static bool
is_canonical(struct str text, const char *alphabet)
{
	size_t rest = text.len % 4;

	for (size_t i = 0; i < text.len; i++)
		if (digit(text.ptr[i], alphabet) < 0)
			return false;
	if (rest < 2)
		return rest == 0;
	return (digit(text.ptr[text.len - 1], alphabet) & (rest == 2 ? 15 : 3)) == 0;
}

/* text without padding. */
static enum rc
decode(struct str text, const char *alphabet, size_t ret_max, unsigned char *ret, size_t *ret_len)
{
	size_t len = text.len / 4 * 3 + (text.len % 4 == 0 ? 0 : text.len % 4 - 1);
	unsigned long bits = 0;
	size_t n = 0;

	if (!is_canonical(text, alphabet))
		return RC_SYNTAX;
	if (len > ret_max)
		return RC_LIMIT;
	for (size_t i = 0; i < text.len; i++) {
		bits = (bits << 6 | (unsigned long)digit(text.ptr[i], alphabet)) & 0xffffff;
		/* Each character but the first of four completes a byte. */
		if (i % 4 != 0)
			ret[n++] = (unsigned char)(bits >> (6 - 2 * (i % 4)) & 255);
	}
	*ret_len = len;
	return RC_OK;
}

enum rc
base64_decode_url(struct str text, size_t ret_max, unsigned char *ret, size_t *ret_len)
{
	return decode(text, url_alphabet, ret_max, ret, ret_len);
}

enum rc
base64_decode_std(struct str text, size_t ret_max, unsigned char *ret, size_t *ret_len)
{
	size_t padding = 0;

	if (text.len % 4 != 0)
		return RC_SYNTAX;
	while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=')
		padding++;
	text.len -= padding;
	return decode(text, std_alphabet, ret_max, ret, ret_len);
}
