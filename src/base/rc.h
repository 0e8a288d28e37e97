/*
 * Result codes: what became of a call. They name causes, not HTTP statuses; http/problem.c alone
 * turns them into answers.
 */
#ifndef AFFO_BASE_RC_H
#define AFFO_BASE_RC_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum rc {
	RC_OK = 0,

	/* The machine. Whoever met it has logged it, once. */
	RC_SYSTEM,      /* a system call, an allocation or a library failed */
	RC_UNAVAILABLE, /* the database is locked, full, read-only, missing or of another version */
	RC_BUSY,        /* no slot for a hash in time, or a request older than its deadline */

	/* Plumbing between layers; never reaches a client as such. */
	RC_NONE,   /* no such row, no such entry, end of the rows */
	RC_TAKEN,  /* a unique index refused the row */
	RC_LIMIT,  /* longer or more than the limit of the call */
	RC_SYNTAX, /* malformed text */
	RC_CONFIG, /* a bad configuration; the sentences were printed */

	/* The request as such. */
	RC_BAD_REQUEST,
	RC_VALIDATION, /* struct faults has the list */
	RC_NOT_FOUND,
	RC_METHOD_NOT_ALLOWED,
	RC_BODY_TOO_LARGE,
	RC_MEDIA_TYPE,
	RC_LIMITED, /* over a limit; retry_after says for how long */

	/* The token. */
	RC_TOKEN_MISSING,
	RC_TOKEN_BAD,
	RC_CLAIM_MISSING,
	RC_TOKEN_USER_GONE,
	RC_SESSION_ENDED,
	RC_USER_INACTIVE,
	RC_ACCESS_EXPIRED,
	RC_REFRESH_EARLY,
	RC_REFRESH_EXPIRED,

	/* The caller's rights. */
	RC_ACCESS_DENIED,
	RC_ROLE_MISSING,
	RC_ORIGIN_DENIED, /* a write by cookie, not from a site of ours */

	/* The matter itself. */
	RC_NO_SUCH_USER,
	RC_ALREADY_EXISTS,
	RC_EMAIL_UNKNOWN, /* at login; with the next three one answer outside */
	RC_WRONG_PASSWORD,
	RC_NO_PASSWORD,
	RC_LOGIN_INACTIVE,
	RC_RESET_TOKEN_INVALID,
	RC_PHONE_INVALID,
	RC_CODE_INVALID,

	RC__MAX
};

/* The constant's name without RC_, for logs: "SYSTEM". Never NULL. */
const char *rc_name(enum rc rc);

#endif
