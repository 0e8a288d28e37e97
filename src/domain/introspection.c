#include "domain/introspection.h"

#include "domain/sessions.h"
#include "domain/user_rules.h"

enum rc
introspection_require(const struct principal *principal, struct str wanted, struct faults *reterr)
{
	struct str names[USER_ROLES_MAX + 1], rest = wanted;
	struct buf dropped = BUF_INIT(ROLES_TEXT_MAX);
	size_t n = 0;
	enum rc rc;

	while (n <= USER_ROLES_MAX && str_cut(&rest, ',', &names[n]))
		n++;
	rc = user_rules_roles(names, n, "/role", &dropped, reterr);
	buf_release(&dropped);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (principal_has_role(principal, names[i]))
			return RC_OK;
	return RC_ROLE_MISSING;
}

/* Whether it says of a token that it opens nothing; the rest is our own trouble. */
static bool
is_verdict(enum rc rc)
{
	return rc == RC_TOKEN_BAD || rc == RC_CLAIM_MISSING || rc == RC_TOKEN_USER_GONE ||
	       rc == RC_SESSION_ENDED || rc == RC_USER_INACTIVE || rc == RC_ACCESS_EXPIRED;
}

enum rc
introspection_of(struct service *service, const struct principal *caller, struct str token,
    bool *ret_is_active, struct principal *ret)
{
	enum rc rc;

	if (!principal_has_role(caller, ROLE_SERVICE) && !principal_has_role(caller, ROLE_ADMIN))
		return RC_ROLE_MISSING;
	if (token.len > TOKEN_MAX)
		rc = RC_TOKEN_BAD;
	else
		rc = sessions_authenticate(service, token, ret);
	if (rc != RC_OK && !is_verdict(rc))
		return rc;
	*ret_is_active = rc == RC_OK;
	return RC_OK;
}
