/* What children are started with: configuration, sockets, log. A reload makes the next one. */
#ifndef AFFO_MASTER_GENERATION_H
#define AFFO_MASTER_GENERATION_H

#include "base/conf.h"
#include "master/pool.h"
#include "master/senders.h"

enum { BACKLOG_FAST = 4096, BACKLOG_HASH = 64 };

struct generation {
	struct conf *conf;
	int conf_fd;       /* memfd of the files' texts */
	int listen_fd[2];  /* CHILD_FAST, CHILD_HASH; -1: none */
	bool is_activated; /* the sockets are systemd's */
	int wake_read_fd, wake_write_fd;
	int queue_fd, queue_child_fd; /* both ends of the socket to the queue */
};

/* Reads and checks the configuration, makes the pipe and the socket. Errors are logged. RC_CONFIG.
 */
MUST_USE enum rc generation_open(struct generation *generation, const char *conf_path);
/* Opens the listening sockets, or takes systemd's. owner: whose they shall be; (uid_t)-1: ours. */
MUST_USE enum rc generation_listen(struct generation *generation, unsigned owner);
/* Opens the log that the configuration names and points standard error at it. */
MUST_USE enum rc generation_reopen_log(struct generation *generation);
/* The same from the files as they are now; on failure (logged) all stays as it was. */
MUST_USE enum rc generation_renew(struct generation *generation, const char *conf_path);
void generation_close(struct generation *generation);

/* How many of each kind are to run, and what each kind gets. */
void generation_counts(const struct generation *generation, size_t ret[static CHILD_SEND]);
void generation_fds(const struct generation *generation, struct child_fds ret[static CHILD_SEND]);

#endif
