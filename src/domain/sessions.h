/* Logins: affo-user-api(7), "Tokens" and "Logins". */
#ifndef AFFO_DOMAIN_SESSIONS_H
#define AFFO_DOMAIN_SESSIONS_H

#include "domain/service.h"

enum { LOGIN_EMAIL_MAX = 256, LOGIN_PASSWORD_MAX = 4096 }; /* bytes; longer is just wrong */

/* Counted as a failure before the hash, given back when it was none; by address, and by account
 * over all spellings of the e-mail. RC_EMAIL_UNKNOWN, RC_WRONG_PASSWORD, RC_NO_PASSWORD,
 * RC_LOGIN_INACTIVE (one answer, one time), RC_LIMITED, RC_BUSY, RC_UNAVAILABLE. A stale hash is
 * made anew. */
MUST_USE enum rc sessions_login(struct service *service, const struct client *client,
    struct str email, struct str password, struct user *ret_user, struct buf *ret_token,
    struct faults *reterr);

/* The check of affo-user-api(7), "Tokens", in its order, for an access: token, claims, user,
 * session, active, time. The first use of a refreshed token is written before this returns.
 * RC_SESSION_ENDED also ends the login when the token shows that a copy is in use: a voided
 * successor, or an older one that hasn't expired (an expired one only opens nothing, as a tab's
 * that slept for long). */
MUST_USE enum rc sessions_authenticate(
    struct service *service, struct str token, struct principal *ret);
/* The same for logging out: neither time nor which token of the login it is matters here. */
MUST_USE enum rc sessions_authenticate_any_time(
    struct service *service, struct str token, struct principal *ret);
/* The whole refresh: checks the token as above (RC_REFRESH_EARLY, RC_REFRESH_EXPIRED) and rotates
 * in one transaction. RC_SESSION_ENDED when a copy is in use: the session is over, with an audit
 * row. */
MUST_USE enum rc sessions_refresh(
    struct service *service, const struct client *client, struct str token, struct buf *ret_token);
/* Ends the login of the principal, the user's others, or all of them. Of the principal's own login
 * alone, RC_OK also when somebody else was faster; else as sessions_end_many(), but for a token
 * that is neither the current one nor its parent: that is a copy in use, which ends its own login
 * and no other, RC_SESSION_ENDED. */
enum session_scope { SESSION_SCOPE_LOCAL, SESSION_SCOPE_OTHERS, SESSION_SCOPE_ALL };
MUST_USE enum rc sessions_logout(struct service *service, const struct client *client,
    const struct principal *principal, enum session_scope scope);
/* "local", "others", "all". RC_SYNTAX: another word. */
MUST_USE enum rc sessions_read_scope(struct str word, enum session_scope *ret);

/* Inside the caller's write transaction: a new login of the user. Its token is signed once that is
 * committed. */
MUST_USE enum rc sessions_start(struct service *service, const struct client *client,
    const struct user *user, struct claims *ret_claims);
/* Signs the token of claims' jti, user, counter, iat and rf_exp; sets its exp. Outside of any
 * transaction: a private key takes a millisecond or two, as long as a commit. */
MUST_USE enum rc sessions_sign(
    struct service *service, struct claims *claims, struct str roles, struct buf *ret_token);

/*
 * sessions_manage.c: logins as people see them. Each is named by its jti: whoever knows one can do
 * nothing with it, since what opens is the signature around it.
 */
struct session_list {
	size_t n;
	struct session_info *list;
};

void sessions_list_release(struct session_list *list);
/* The live logins of a user, last seen first. Access A: RC_ACCESS_DENIED, RC_NO_SUCH_USER. */
MUST_USE enum rc sessions_list(struct service *service, const struct principal *principal,
    int64_t user_id, struct session_list *ret);
/* Ends one. Access A, and a service may not end an admin's. RC_NOT_FOUND: that user has no such
 * login. */
MUST_USE enum rc sessions_end(struct service *service, const struct client *client,
    const struct principal *principal, int64_t user_id, struct str id);
/* Ends all of the user's, or all but the one that asks (scope isn't local); access as above. RC_OK
 * also when there is none. */
MUST_USE enum rc sessions_end_many(struct service *service, const struct client *client,
    const struct principal *principal, int64_t user_id, enum session_scope scope);

/* For the admin's command, without a principal. id absent: all; *ret_n were ended. */
MUST_USE enum rc sessions_admin_list(
    struct service *service, int64_t user_id, struct session_list *ret);
MUST_USE enum rc sessions_admin_end(
    struct service *service, int64_t user_id, struct str id, size_t *ret_n);

#endif
