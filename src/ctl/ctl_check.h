/*
 * `check nginx`: a running site is asked what careless and hostile clients ask, and each answer is
 * held against what it must be. ctl_check.c has the requests and the lines, ctl_check_nginx.c the
 * command, and there is a file for each kind of checks.
 */
#ifndef AFFO_CTL_CTL_CHECK_H
#define AFFO_CTL_CTL_CHECK_H

#include "base/json.h"
#include "ctl/ctl.h"
#include "gateway/http_client.h"

enum {
	CTL_CHECK_LINES_MAX = 48,
	CTL_CHECK_REQUESTS_MAX = 110, /* more are not asked, whatever comes */
	CTL_CHECK_HEADERS_MAX = 10,
	CTL_CHECK_TIMEOUT_MS = 10000, /* of a request */
};

/* What one check found. */
struct ctl_check_line {
	const char *name;
	bool is_ok;
	char *text;
};

struct ctl_check {
	const char *url;       /* of the API, without a slash at its end */
	size_t root_len;       /* of that: scheme and host */
	const char *protected; /* a path from the root; NULL: none */
	bool is_json;          /* the lines are printed at the end, else as they come */
	bool has_failed;       /* out of memory */
	struct http_client *client;
	struct http_probe probe;
	struct http_reply reply;               /* the last answer */
	char trouble[DELIVERY_DETAIL_MAX + 1]; /* why there is none; "" when there is */
	int requests;
	size_t n_lines;
	struct ctl_check_line lines[CTL_CHECK_LINES_MAX];
};

/* What is asked, and what must come. */
struct ctl_check_case {
	const char *name; /* cases of one name that follow each other make one line */
	const char *method;
	const char *path; /* below the URL; from the root when is_from_root */
	bool is_from_root;
	int status, or_status; /* or_status 0: status only */
	const char *code;      /* of the body, which is one of the service's; NULL: any body */
	struct http_header headers[CTL_CHECK_HEADERS_MAX]; /* the unused: name NULL */
	struct str body;                                   /* absent: none */
	/* Of the first case of a name: what holds when all is well, and what to change when it
	 * isn't. */
	const char *rule, *advice;
};

/* ctl_check.c ------------------------------------------------------------------------------ */

/* Asks that and nothing more; false: no answer came. */
bool ctl_check_ask(struct ctl_check *check, const struct ctl_check_case *what);
/* A line. `text` is for people: what is the matter, and what to change. */
PRINTF(4, 5)
void ctl_check_say(struct ctl_check *check, const char *name, bool is_ok, const char *text, ...);
/* Asks all of them: a line for each name, at its first case that isn't as it must be. */
void ctl_check_all(struct ctl_check *check, const struct ctl_check_case *cases, size_t n);
/* Whether the last answer has that status and a body of the service's with that code. */
bool ctl_check_is_error(const struct ctl_check *check, int status, const char *code);
/* Appends what came: "404 NotFound", "502 without a body of the service's", "no answer: ...". */
void ctl_check_describe(const struct ctl_check *check, struct buf *to);
/* Prints the lines as JSON. */
MUST_USE enum ctl_status ctl_check_print(const struct ctl_check *check);
void ctl_check_release(struct ctl_check *check);

/* One file each ---------------------------------------------------------------------------- */

/* ctl_check_service.c. False: there is no service to look at. */
bool ctl_check_service(struct ctl_check *check);
void ctl_check_requests(struct ctl_check *check);
/* ctl_check_refusal.c: what nginx itself refuses, and what each answer carries. */
void ctl_check_refusals(struct ctl_check *check);
void ctl_check_headers(struct ctl_check *check);
/* ctl_check_tls.c */
void ctl_check_tls(struct ctl_check *check);
/* ctl_check_limit.c: uses up what the caller's address may ask for in an hour. */
void ctl_check_limits(struct ctl_check *check);
/* ctl_check_protected.c */
void ctl_check_protected(struct ctl_check *check);

#endif
