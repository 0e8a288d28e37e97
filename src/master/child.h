/* Starting the programs that do the work. */
#ifndef AFFO_MASTER_CHILD_H
#define AFFO_MASTER_CHILD_H

#include <sys/types.h>

#include "base/str.h"

enum child_kind { CHILD_FAST, CHILD_HASH, CHILD_QUEUE, CHILD_SEND, CHILD__MAX };
const char *child_name(enum child_kind kind); /* "fast worker", "queue" ... for the log */

struct child_fds {
	int stdin_fd;  /* fast, hash: the listening socket; send: the socket to the queue; -1: none
	                */
	int conf_fd;   /* the memfd of the configuration; -1: none */
	int wake_fd;   /* the pipe's end; -1: none */
	int master_fd; /* queue: the socket to us; -1: none */
};

/* fork and exec; standard error is inherited, everything else but the fds above is closed. The
 * child gets SIGTERM when we die. RC_SYSTEM (logged). */
MUST_USE enum rc child_start(enum child_kind kind, const struct child_fds *fds, pid_t *ret_pid);
/* Logs how it ended: a signal or a status other than 0 as an error with what it means. */
void child_log_end(enum child_kind kind, pid_t pid, int status);

#endif
