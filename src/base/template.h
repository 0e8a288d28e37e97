/*
 * Texts with {{ name }} in them: substitution with escaping, and nothing more. A name is
 * [a-z_]+ with blanks around it allowed; any other use of "{{" is an error that the check finds.
 */
#ifndef AFFO_BASE_TEMPLATE_H
#define AFFO_BASE_TEMPLATE_H

#include "base/buf.h"

struct template_value {
	const char *name;
	struct str value; /* absent: substituted by nothing */
};

enum template_escape {
	TEMPLATE_TEXT, /* as it is; control characters but newline and tab become blanks */
	TEMPLATE_LINE, /* one line: newline and tab become blanks, too; for subjects */
	TEMPLATE_HTML, /* & < > " ' become character references */
};

/* RC_SYNTAX: a name that isn't one of the n values', or a "{{" that closes nowhere; *ret_line is
 * its line, from 1. */
MUST_USE enum rc template_check(
    struct str text, const struct template_value *values, size_t n, unsigned *ret_line);
/* Adds to *to, whose failed flag tells of too much. RC_SYNTAX as above. */
MUST_USE enum rc template_render(struct str text, const struct template_value *values, size_t n,
    enum template_escape escape, struct buf *to);

#endif
