/* RUN_DIR/affo-userd.pid: its lock says that a master runs there, its text says which. */
#ifndef AFFO_MASTER_PID_FILE_H
#define AFFO_MASTER_PID_FILE_H

#include <sys/types.h>

#include "base/buf.h"

/* The file's path, appended. */
void pid_file_path(const char *run_dir, struct buf *ret);
/* Locks the file and writes our pid; as root it is given to user (NULL: to nobody). The lock ends
 * with the process, not with its children. RC_TAKEN, RC_SYSTEM, RC_CONFIG (no such user): logged.
 */
MUST_USE enum rc pid_file_lock(const char *run_dir, const char *user, int *ret_fd);
/* Removes it and lets the lock go. */
void pid_file_remove(const char *run_dir, int fd);

/* What pid_file_find() saw. */
enum pid_file_state {
	PID_FILE_RUNNING,
	PID_FILE_ELSEWHERE, /* its process can't be seen from here: another container's */
	PID_FILE_MISSING,
	PID_FILE_STALE,
	PID_FILE_UNREADABLE
};
/* The process that holds the lock; *ret is set with PID_FILE_RUNNING, errno with
 * PID_FILE_UNREADABLE. */
enum pid_file_state pid_file_find(const char *run_dir, pid_t *ret);

#endif
