/* The processes that the master has started and not yet seen end. */
#ifndef AFFO_MASTER_CHILDREN_H
#define AFFO_MASTER_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

enum child_kind { CHILD_FAST, CHILD_HASH, CHILD_QUEUE, CHILD_SENDER, CHILD__MAX };

enum {
	CHILDREN_MAX = 4096, /* all generations together */
	CHILD_NAME_MAX = 32, /* of a gateway */
};

struct child {
	pid_t pid;
	enum child_kind kind;
	unsigned generation; /* of the configuration it was started with */
	size_t slot;         /* of its pool, while the generation is the current one */
	int64_t started_at;  /* monotonic, as all times here */
	bool is_asked;       /* to end: what it ends with is no surprise */
	int64_t press_at;    /* when it is asked harder; 0: never */
	int next_signal;     /* what it is asked with then */
	int64_t kill_after_ms;
	int socket_fd;                    /* to the queue; -1: none */
	char gateway[CHILD_NAME_MAX + 1]; /* of a sender */
};

struct children {
	size_t n, cap;
	struct child *list; /* in the order of their start; moves when one is added or removed */
};

/* For the log: "fast worker", "queue", ... */
const char *child_kind_name(enum child_kind kind);
/* Makes room for n more. RC_LIMIT: there would be too many; RC_SYSTEM; neither is logged. */
MUST_USE enum rc children_reserve(struct children *children, size_t n);
/* Into room that was reserved. socket_fd is owned from now on. */
void children_add(struct children *children, const struct child *child);
/* NULL: not one of ours. */
struct child *children_find(struct children *children, pid_t pid);
void children_remove(struct children *children, struct child *child);
void children_release(struct children *children);
/* How many of a kind, asked to end or not. */
size_t children_count(const struct children *children, enum child_kind kind);

/* Asks with signo; who is still there after term_ms is asked with SIGTERM, after kill_ms more
 * with SIGKILL. Who was asked already keeps the earlier time. */
void child_ask(struct child *child, int signo, int64_t now, int64_t term_ms, int64_t kill_ms);
/* Asks those harder whose time has come, and logs it; gives the milliseconds until the next, at
 * most max_ms. */
int64_t children_press(struct children *children, int64_t now, int64_t max_ms);

#endif
