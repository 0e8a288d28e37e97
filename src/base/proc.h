/* File descriptors, signals, and becoming an ordinary user. */
#ifndef AFFO_BASE_PROC_H
#define AFFO_BASE_PROC_H

#include "base/str.h"

/* A listening unix stream socket at path, mode 0660, of user (NULL, or not root: ours) and group
 * (NULL: the user's); an old socket file that nobody answers on is replaced, one that is answered
 * is refused. Non-blocking, CLOEXEC. RC_SYSTEM, RC_CONFIG (no such user or group, too long a path):
 * logged with a sentence. */
MUST_USE enum rc proc_listen_unix(
    const char *path, int backlog, const char *user, const char *group, int *ret_fd);
/* A fd passed by systemd under this name (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES); -1: none. */
int proc_listen_fd(const char *name);
/* Whether fd is a listening stream socket. */
bool proc_is_listening(int fd);
/* The fd number in an environment variable, -1: none; it is made CLOEXEC. */
int proc_env_fd(const char *variable);
/* Group, supplementary groups, user; checks that there is no way back. As an ordinary user: OK,
 * nothing done, when user is NULL or already that. RC_SYSTEM, RC_CONFIG (no such user, or root). */
MUST_USE enum rc proc_become(const char *user);
/* No core dumps, not traceable, NO_NEW_PRIVS, umask 0077; SIGXFSZ ignored. */
void proc_harden(void);
/* Installs handler without SA_RESTART; SIG_IGN and SIG_DFL too. */
void proc_on_signal(int signo, void (*handler)(int));
/* sd_notify(3) by hand: state to $NOTIFY_SOCKET; nothing when unset. */
void proc_notify(const char *state);
/* The number of usable cores, at least 1. */
unsigned proc_cores(void);

#endif
