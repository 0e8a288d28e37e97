/* Phone numbers (E.164): affo-user-api(7), "Members". */
#ifndef AFFO_BASE_PHONE_H
#define AFFO_BASE_PHONE_H

#include "base/str.h"

enum { PHONE_TEXT_MAX = 16 }; /* "+" and 15 digits */

/* +?[1-9][0-9]{6,14} after removing blanks and "-().", as "+DIGITS" with a NUL. RC_SYNTAX. */
MUST_USE enum rc phone_normalize(struct str text, char ret[static PHONE_TEXT_MAX + 1]);

#endif
