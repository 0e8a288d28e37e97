/* The sockets that workers accept on: systemd's, else made here. */
#ifndef AFFO_MASTER_SOCKETS_H
#define AFFO_MASTER_SOCKETS_H

#include <sys/types.h>

#include "base/conf.h"

enum {
	SOCKETS_FAST_BACKLOG = 4096, /* less than the web server's clients: it answers them 502 */
	SOCKETS_HASH_BACKLOG = 64, /* the queue of hashes; who comes later is told to come again */
};

struct sockets_one {
	int fd;     /* -1: none */
	char *path; /* NULL: it isn't ours */
	dev_t dev;
	ino_t ino;
};

struct sockets {
	struct sockets_one fast, hash;
};

#define SOCKETS_NONE ((struct sockets){ .fast = { .fd = -1 }, .hash = { .fd = -1 } })

/* user: who owns the socket's files, as root; NULL: we. RC_SYSTEM, RC_CONFIG: logged; *sockets,
 * which must be SOCKETS_NONE, is to be closed in any case. */
MUST_USE enum rc sockets_open(const struct conf *conf, const char *user, struct sockets *sockets);
/* Closes them and removes the files that were made here and are still the same. */
void sockets_close(struct sockets *sockets);

#endif
