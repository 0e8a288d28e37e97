/* The queue's loop: outbox in, letters out. */
#ifndef AFFO_DELIVER_QUEUE_H
#define AFFO_DELIVER_QUEUE_H

#include "deliver/jobs.h"

enum {
	QUEUE_POLL_MS = 3000,      /* the outbox is looked at so often at least */
	QUEUE_PURGE_MS = 300000,   /* between two purges */
	QUEUE_STOP_MAX_MS = 12000, /* for what is under way when told to stop */
};

struct queue_setup {
	struct jobs_setup jobs;
	int wake_fd;   /* non-blocking; a byte means: look at the outbox. -1: none */
	int master_fd; /* senders.h */
};

/* Takes over the handling of TERM, QUIT and INT; call before anything that may take long. */
void queue_catch_signals(void);
/* Until one of them came, the master is gone, or the database has to be opened anew: 0. 1: no
 * memory to begin with (logged). */
int queue_run(const struct queue_setup *setup);

#endif
