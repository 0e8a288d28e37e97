/* The table of routes, and what of it a path means: affo-user-api(7), "Routing". */
#ifndef AFFO_API_ROUTES_H
#define AFFO_API_ROUTES_H

#include "base/rc.h"
#include "http/request.h"

enum route_flags {
	ROUTE_PUBLIC = 1,          /* a token, if there is one, is ignored */
	ROUTE_BEARER = 2,          /* a token that opens routes */
	ROUTE_BEARER_ANY_TIME = 4, /* any validly signed token of a live login */
	ROUTE_REFRESH = 8,         /* a token, which the handler judges */
	ROUTE_HASHES = 16,         /* hashes a password: belongs to the hashing pool */
	ROUTE_BODY = 32,           /* needs JSON; without one of these a body isn't looked at */
	ROUTE_MAY_BODY = 64,       /* takes JSON; a body of another type isn't looked at */
	ROUTE_FORM = 128,          /* needs a form, which the handler reads */
	ROUTE_CHECKS = 256,        /* asked by a web server before a request to somebody else */
};

struct call;
typedef enum rc route_handler(struct call *call);

struct route {
	enum method method;
	/* Below the base path; "{user_id}" and "{session_id}" stand for one segment each. */
	const char *pattern;
	unsigned flags;
	route_handler *handle;
};

enum { ROUTE_ALLOW_MAX = 63 };

struct route_match {
	bool is_known;             /* some method is served at this path */
	bool lacks_slash;          /* is_known, but for the slash at its end */
	const struct route *route; /* NULL: not by this method */
	bool has_user_id;
	bool is_current;
	int64_t user_id;       /* 0: current, or an id that nobody has */
	struct str session_id; /* borrowed from the request; absent: the path has none */
	char allow[ROUTE_ALLOW_MAX + 1];
};

/* All rows, for dispatch and for the test that holds the OpenAPI document against them. */
const struct route *routes_table(size_t *ret_n);
/* base_path: "/api/v1.0". */
void routes_find(struct str base_path, const struct request *request, struct route_match *ret);

#endif
