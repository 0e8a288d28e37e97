#include "http/cookie.h"

enum rc
cookie_find(struct str header, struct str *ret_value)
{
	struct str rest = header, pair, name, value = STR_NULL;

	while (str_cut(&rest, ';', &pair)) {
		pair = str_trim(pair);
		(void)str_cut(&pair, '=', &name);
		if (!str_equal(name, STR(COOKIE_NAME)))
			continue;
		if (value.ptr != NULL)
			return RC_SYNTAX;
		value = pair.ptr == NULL ? STR("") : pair;
	}
	if (value.len == 0)
		return RC_NONE;
	*ret_value = value;
	return RC_OK;
}

void
cookie_set(struct buf *headers, struct str value, int64_t max_age_s)
{
	buf_printf(headers,
	    "Set-Cookie: " COOKIE_NAME "=" STR_FMT
	    "; Path=/; Max-Age=%lld; Secure; HttpOnly; SameSite=Lax\r\n",
	    STR_ARG(value), (long long)max_age_s);
}

void
cookie_clear(struct buf *headers)
{
	cookie_set(headers, STR(""), 0);
}
