#include "api/credential.h"

#include "api/authorization.h"
#include "http/cookie.h"

bool
credential_has_origin(const struct request *request, const struct conf *conf)
{
	const struct conf_list *origins = &conf->cookie.origins;

	for (size_t i = 0; i < origins->n; i++)
		if (str_equal(request->origin, str_from(origins->item[i])))
			return true;
	return false;
}

static bool
is_write(enum method method)
{
	return method != METHOD_GET && method != METHOD_HEAD;
}

enum rc
credential_find(const struct request *request, const struct conf *conf, struct credential *ret)
{
	struct credential found = { .is_cookie = request->authorization.ptr == NULL };
	struct str cookie;
	enum rc rc;

	if (!found.is_cookie) {
		rc = authorization_bearer(request->authorization, &found.token);
	} else if (conf->cookie.origins.n == 0 ||
	           (rc = cookie_find(request->cookie, &cookie)) == RC_NONE) {
		rc = RC_TOKEN_MISSING;
	} else if (rc != RC_OK || !authorization_is_token(cookie)) {
		rc = RC_TOKEN_BAD;
	} else if ((is_write(request->method) || is_write(request->outer_method)) &&
	           !credential_has_origin(request, conf)) {
		rc = RC_ORIGIN_DENIED;
	} else {
		found.token = cookie;
	}
	if (rc == RC_OK)
		*ret = found;
	return rc;
}
