/*
 * The supervisor: binds, becomes an ordinary user, starts the programs that do the work and starts
 * them again when they die. It speaks no SQL, no HTTP and no JWT. affo-userd(8) says what signals
 * do; master.c has the loop.
 */
#ifndef AFFO_MASTER_MASTER_H
#define AFFO_MASTER_MASTER_H

#include "base/conf.h"

/* Runs until it is told to stop; what main() returns: 0, 1, or EX_CONFIG (78). */
int master_run(const char *conf_path);
/* pidfile.c: sends signo to the master of that run directory. RC_NONE (said on standard error):
 * none runs there. */
MUST_USE enum rc master_signal(const char *run_dir, int signo);

#endif
