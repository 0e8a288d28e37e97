/* The FastCGI variables of a request: which we read, which must be there, which only once. */
#ifndef AFFO_HTTP_PARAMS_H
#define AFFO_HTTP_PARAMS_H

#include "http/request.h"

struct params {
	int64_t content_length; /* as announced; -1: not */
	const char *wrong;      /* the variable that was the matter */
	const char *reason;     /* what about it, for the log */
};

/*
 * Fills all of *ret but path, query and body, which aren't variables. envp: "NAME=VALUE", ended by
 * NULL, borrowed until the answer is out. RC_BAD_REQUEST: a mandatory variable is missing, one that
 * decides anything came twice (the first would win here and the last elsewhere),
 * or CONTENT_LENGTH is no number. What could be read is filled in then, too: at least the id.
 *
 * hash_deadline_ms: how old a request may be that is still to be hashed; 0: no limit. The age is
 * that by AFFO_AT (seconds of the web server's clock, "1764560000.123"), else 0.
 */
MUST_USE enum rc params_read(const char *const *envp, int64_t hash_deadline_ms, struct request *ret,
    struct params *ret_params);

#endif
