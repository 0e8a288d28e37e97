#include "http/form.h"

#include "http/percent.h"

static bool
decode(struct str s, enum form_kind kind, struct buf *to)
{
	struct str piece;

	buf_reset(to);
	if (kind == FORM_QUERY)
		return percent_add_decoded(to, s) && buf_ok(to);
	while (str_cut(&s, '+', &piece)) {
		if (!percent_add_decoded(to, piece))
			return false;
		if (s.ptr != NULL)
			buf_add_char(to, ' ');
	}
	return buf_ok(to);
}

enum rc
form_next(struct str *rest, enum form_kind kind, struct buf *name, struct buf *value)
{
	struct str pair = STR_NULL, head;

	do {
		if (!str_cut(rest, '&', &pair))
			return RC_NONE;
	} while (pair.len == 0);
	(void)str_cut(&pair, '=', &head);
	return decode(head, kind, name) && decode(pair, kind, value) ? RC_OK : RC_BAD_REQUEST;
}
