/* What the files of sessions share. */
#ifndef AFFO_DOMAIN_SESSIONS_INTERNAL_H
#define AFFO_DOMAIN_SESSIONS_INTERNAL_H

#include "domain/sessions.h"
#include "store/rows.h"

enum {
	SESSION_WINDOW_MS = 10000, /* how long the former token is given the current counter's */
	SESSION_RETRIES_MAX = 3,   /* successors voided in one generation */
	SESSION_AGENT_MAX = 256,   /* bytes of the User-Agent that are kept */
	SESSION_ADDRESS_MAX = 64,  /* bytes of the address */
};

/* What the claims' login is now, and the first two checks on it: RC_TOKEN_USER_GONE,
 * RC_SESSION_ENDED. */
MUST_USE enum rc sessions_judge_login(const struct session_view *view, const struct claims *claims);
/* Inside a write transaction: a copy of a token is in use, so the login ends, and the audit tells.
 * The caller commits. */
MUST_USE enum rc sessions_end_copied(struct service *service, const struct session *session,
    const struct claims *claims, struct str address, int64_t now);
/* The end of what follows the last valid code point within max bytes; absent when it isn't UTF-8.
 */
struct str sessions_clip(struct str text, size_t max);

#endif
