/* What others ask about tokens: a web server before each request of a site that it protects, and
 * services that were given one (RFC 7662). */
#ifndef AFFO_DOMAIN_INTROSPECTION_H
#define AFFO_DOMAIN_INTROSPECTION_H

#include "domain/service.h"

/* Whether the principal has one of the wanted roles, joined with ",". RC_ROLE_MISSING;
 * RC_VALIDATION with the pointers "/role/0", ... when a name can't be one: whoever wrote that must
 * see it, not have a site open to all or to nobody. */
MUST_USE enum rc introspection_require(
    const struct principal *principal, struct str wanted, struct faults *reterr);

/*
 * What a token is worth now, checked as for an access: also as its first use, and as a sign that a
 * copy is about. For callers with the role service or admin: else RC_ROLE_MISSING. A token that
 * opens nothing, whatever the reason: RC_OK and *ret_is_active false. *ret is the token's principal
 * when it is active; principal_release() it.
 */
MUST_USE enum rc introspection_of(struct service *service, const struct principal *caller,
    struct str token, bool *ret_is_active, struct principal *ret);

#endif
