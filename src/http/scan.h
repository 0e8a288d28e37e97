/*
 * A walk over the FastCGI records of bytes that were peeked at, before libfcgi may read them: it
 * trusts what it reads, waits for what hasn't come, and aborts the process on some lengths.
 * Pure: no system call, no state.
 */
#ifndef AFFO_HTTP_SCAN_H
#define AFFO_HTTP_SCAN_H

#include "base/str.h"

enum {
	/* nginx sends them in one record, and its buffers hold thousands of short headers. */
	SCAN_PARAMS_MAX = (64 << 10) - 2,
	SCAN_PARAMS_COUNT_MAX = 8192,
	/* What is peeked at, at most: a request of max_body (128k at most) in records with
	 * paddings, as far as a socket's buffer holds it. */
	SCAN_PEEK_MAX = 256 << 10,
};

enum scan {
	SCAN_INCOMPLETE, /* as far as it goes it is one of ours */
	SCAN_COMPLETE,   /* one whole request and not a byte more */
	SCAN_TOO_LARGE,  /* the parameters are whole, the body is over max_body already */
	SCAN_BAD,        /* no request of ours, or an abort: close */
};

/* One request: BEGIN (responder), PARAMS up to an empty one, STDIN up to an empty one; all of one
 * id, nothing else between. The name-value pairs must fill the parameters exactly, their names
 * have neither "=" nor NUL and aren't empty, their values no NUL. */
enum scan scan_request(struct str bytes, size_t max_body);

#endif
