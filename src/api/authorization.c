#include "api/authorization.h"

#include "domain/service.h"

/* b64token of RFC 6750, section 2.1. */
static bool
is_token_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~' || c == '+' || c == '/' || c == '=';
}

bool
authorization_is_token(struct str text)
{
	if (text.len == 0 || text.len > TOKEN_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_token_char(text.ptr[i]))
			return false;
	return true;
}

enum rc
authorization_bearer(struct str header, struct str *ret_token)
{
	struct str rest = str_trim(header), scheme;

	if (rest.len == 0)
		return RC_TOKEN_MISSING;
	if (!str_cut(&rest, ' ', &scheme) || !str_equal_nocase(scheme, STR("bearer")))
		return RC_TOKEN_BAD;
	rest = str_trim(rest);
	if (!authorization_is_token(rest))
		return RC_TOKEN_BAD;
	*ret_token = rest;
	return RC_OK;
}
