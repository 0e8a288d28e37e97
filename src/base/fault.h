/* What is wrong with a request's members: all of it, not only the first. */
#ifndef AFFO_BASE_FAULT_H
#define AFFO_BASE_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

enum {
	FAULTS_MAX = 32,        /* listed at most; what is over is dropped */
	FAULT_POINTER_MAX = 96, /* bytes of a JSON pointer (RFC 6901), cut when longer */
	FAULT_DETAIL_MAX = 160,
};

struct fault {
	char pointer[FAULT_POINTER_MAX + 1]; /* "/email", "/3"; "" is the whole document */
	char detail[FAULT_DETAIL_MAX + 1];   /* for people; repeats nothing that was sent */
};

/* Zero-initialise. */
struct faults {
	size_t n;
	struct fault list[FAULTS_MAX];
	int64_t
	    retry_after_s; /* with RC_LIMITED, RC_BUSY and RC_UNAVAILABLE: seconds, 0 = default */
};

/* Appends; pointer is taken as it is (already escaped by RFC 6901). */
PRINTF(3, 4) void faults_add(struct faults *faults, const char *pointer, const char *fmt, ...);

#endif
