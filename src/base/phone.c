#include "base/phone.h"

#include <string.h>

enum { PHONE_DIGITS_MIN = 7, PHONE_DIGITS_MAX = 15 };

static bool
is_filling(char c)
{
	return c != '\0' && strchr(" \t-().", c) != NULL;
}

enum rc
phone_normalize(struct str text, char ret[static PHONE_TEXT_MAX + 1])
{
	char digits[PHONE_DIGITS_MAX];
	bool has_plus = false;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (is_filling(c))
			continue;
		if (c == '+' && n == 0 && !has_plus)
			has_plus = true;
		else if (c >= '0' && c <= '9' && n < PHONE_DIGITS_MAX)
			digits[n++] = c;
		else
			return RC_SYNTAX;
	}
	/* A leading 0 is a national number: nobody knows of which country. */
	if (n < PHONE_DIGITS_MIN || digits[0] == '0')
		return RC_SYNTAX;
	ret[0] = '+';
	memcpy(ret + 1, digits, n);
	ret[1 + n] = '\0';
	return RC_OK;
}
