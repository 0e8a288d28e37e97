/* A login: one row per jti. domain/sessions_refresh.c has the rules of its counter. */
#ifndef AFFO_MODEL_SESSION_H
#define AFFO_MODEL_SESSION_H

#include "base/random.h"
#include "base/str.h"

struct session {
	char jti[RANDOM_ID_LEN + 1];
	int64_t user_id;
	int64_t counter;    /* `rc` of the current token */
	int64_t parent;     /* the one before; -1: none */
	int64_t issued_at;  /* when the current counter was issued */
	bool seen;          /* the current token was used */
	int64_t retries;    /* successors voided in this generation */
	int64_t expires_at; /* rf_exp, absolute */
	int64_t created_at;
	int64_t last_seen_at;
};

/* A login as its user sees it. */
struct session_info {
	struct session session;
	char *address;    /* where it came from; "": unknown */
	char *user_agent; /* of the login, cut; "": none */
};

void session_info_release(struct session_info *info);

/* The claims of a token. Times in seconds as in the token (RFC 7519 NumericDate). */
struct claims {
	char jti[64 + 1]; /* ours are RANDOM_ID_LEN; longer than 64 is a bad token */
	int64_t user_id;  /* `id` */
	int64_t iat, exp, rf_exp;
	int64_t counter; /* `rc`, 0 when absent */
	bool has_nbf;
	int64_t nbf;
};

/* Who is asking, established by domain/auth. */
struct principal {
	int64_t user_id;
	char *roles; /* as the database has them now */
	char *email; /* likewise */
	struct claims claims;
};

void principal_release(struct principal *principal);
bool principal_has_role(const struct principal *principal, struct str role);

#endif
