/* Starting senders for the queue, which cannot exec. */
#ifndef AFFO_MASTER_SENDERS_H
#define AFFO_MASTER_SENDERS_H

#include "base/conf.h"
#include "master/child.h"

enum {
	SENDERS_MAX = 128,
	SENDERS_PER_GATEWAY = 2, /* an old one may still be ending */
	SENDERS_NAME_MAX = 32,
};

struct senders {
	size_t n;
	struct sender {
		pid_t pid;
		char name[SENDERS_NAME_MAX + 1];
	} list[SENDERS_MAX];
};

/* The queue's datagrams on fd, as many as wait: each names a gateway, and is answered by the same
 * name with a socket to its new sender; without one when the name is unknown or too many run. */
void senders_serve(struct senders *senders, const struct conf *conf, int fd);
/* A child ended: false when it is none of these. */
bool senders_reap(struct senders *senders, pid_t pid, int status);
void senders_kill_all(struct senders *senders);

#endif
