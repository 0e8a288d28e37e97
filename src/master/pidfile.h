/* The pid file: who holds its lock is the master of the run directory. */
#ifndef AFFO_MASTER_PIDFILE_H
#define AFFO_MASTER_PIDFILE_H

#include "base/str.h"

/* Makes run_dir/affo-userd.pid, locks it and writes our pid; it stays open and locked until we
 * end. owner: as root, whose it shall be; (uid_t)-1: nobody else's. RC_TAKEN (logged): another
 * master runs here. RC_SYSTEM (logged). */
MUST_USE enum rc pidfile_open(const char *run_dir, unsigned owner, int *ret_fd);
/* Empties and removes it; closes. */
void pidfile_close(const char *run_dir, int fd);
/* The pid of the master that runs there. RC_NONE. */
MUST_USE enum rc pidfile_read(const char *run_dir, int *ret_pid);

#endif
