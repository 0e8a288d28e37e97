/* Who may do what to whom: affo-user-api(7), "Routing". */
#ifndef AFFO_DOMAIN_ACCESS_H
#define AFFO_DOMAIN_ACCESS_H

#include "domain/service.h"

enum access {
	ACCESS_READ,  /* the user, an admin, a service */
	ACCESS_WRITE, /* the same; to a user who has admin, a service may not */
	ACCESS_ADMIN, /* role admin */
};

/* As far as the principal alone decides, as it was authenticated: RC_OK, RC_ACCESS_DENIED,
 * RC_ROLE_MISSING. */
MUST_USE enum rc access_may(const struct principal *principal, int64_t id, enum access access);

/* Inside a transaction: the above, then the row: RC_NO_SUCH_USER, and RC_ACCESS_DENIED where a
 * service would write to an admin. The user comes with its password's hash. */
MUST_USE enum rc access_read(struct db *db, const struct principal *principal, int64_t id,
    enum access access, struct user *ret);

/*
 * Inside a write transaction: the same, with the caller's login and roles as they are now. Between
 * authentication and this a password was hashed or a lock awaited: a login that was ended
 * meanwhile, and a role that was taken away, count no more. Also RC_TOKEN_USER_GONE,
 * RC_SESSION_ENDED, RC_USER_INACTIVE.
 */
MUST_USE enum rc access_write(struct db *db, const struct principal *principal, int64_t id,
    enum access access, struct user *ret);

#endif
