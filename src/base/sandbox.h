/*
 * System call filter (libseccomp) and, where the kernel has it, Landlock; entered after the files
 * are open and before the first byte from outside. A forbidden call kills the process (sanitizer
 * builds: fails with EPERM), but for those that libraries only try: those fail. One entry, a role.
 */
#ifndef AFFO_BASE_SANDBOX_H
#define AFFO_BASE_SANDBOX_H

#include "base/str.h"

enum sandbox_role {
	SANDBOX_WORKER, /* no exec, no socket, connect, open, unlink */
	SANDBOX_QUEUE,  /* the same, and no accept; descriptors are passed to it */
	SANDBOX_SEND, /* may connect, and read the system's CA certificates and resolver; no exec */
	SANDBOX_SEND_FILE, /* no network; may write below `dir` */
	SANDBOX_SEND_EXEC, /* whatever a mailer needs, but nothing that reaches into others */
};

/*
 * path: what stays open under Landlock: the directory whose files may be written (the database's,
 * or the gateway's); of SANDBOX_SEND one more file or directory to be read (CA certificates of its
 * own). NULL: none. RC_SYSTEM (logged) when the filter cannot be loaded. Built --without-seccomp:
 * Landlock alone.
 */
MUST_USE enum rc sandbox_enter(enum sandbox_role role, const char *path);

#endif
