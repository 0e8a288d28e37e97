/* Where the other programs are, and how one is started: fork and exec with just the descriptors
 * and variables that it is meant to have. */
#ifndef AFFO_MASTER_PROGRAM_H
#define AFFO_MASTER_PROGRAM_H

#include <sys/types.h>

#include "base/buf.h"

enum {
	PROGRAM_ARGS_MAX = 2,
	PROGRAM_PASS_MAX = 3,
	PROGRAM_NO_EXEC = 127, /* exit status of a child whose program couldn't be executed */
};

struct program_pass {
	const char *variable; /* NULL: no more */
	int fd;               /* its number is the variable's value */
};

struct program {
	const char *name;
	const char *args[PROGRAM_ARGS_MAX]; /* NULL: no more */
	int stdin_fd;                       /* -1: /dev/null */
	struct program_pass pass[PROGRAM_PASS_MAX];
	bool is_stranger; /* gets next to nothing of our environment */
	bool is_syslog;   /* a stranger is told by AFFO_LOG, the others read the configuration */
};

/* The directory: that of this program when the worker is there, too, else PKGLIBEXECDIR. */
void program_find(struct buf *ret);
/* Starts DIR/NAME. Its standard output is /dev/null, its standard error ours; it dies with us.
 * RC_SYSTEM: logged. */
MUST_USE enum rc program_start(const char *dir, const struct program *program, pid_t *ret);
/* Standard descriptors that are closed become /dev/null, and no other is inherited. */
void program_clean_descriptors(void);

#endif
