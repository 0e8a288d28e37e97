/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef AFFO_BASE_UTF8_H
#define AFFO_BASE_UTF8_H

#include "base/str.h"

bool utf8_is_valid(struct str s);
/* The number of code points of a valid text. */
size_t utf8_count(struct str s);
/* Takes the first code point off *s: RC_OK, RC_NONE at the end, RC_SYNTAX (nothing taken). */
MUST_USE enum rc utf8_next(struct str *s, uint32_t *ret_code_point);
/* Whether a code point of the text is a control character (category Cc, or U+2028, U+2029). True
 * when the text isn't valid. */
bool utf8_has_control(struct str s);

#endif
