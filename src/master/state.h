/* The master's whole state, for the files of this directory. */
#ifndef AFFO_MASTER_STATE_H
#define AFFO_MASTER_STATE_H

#include "master/children.h"
#include "master/setup.h"
#include "master/sockets.h"

/* Milliseconds. */
enum {
	MASTER_UP_MS = 1000,   /* who lived so long didn't die at once */
	MASTER_AGAIN_MS = 100, /* until the next start; doubled for who dies at once */
	MASTER_AGAIN_MAX_MS = 10000,
	MASTER_RETIRE_MS = 35000, /* old workers after a reload: nginx keeps connections 30 s */
	MASTER_RETIRE_KILL_MS = 5000,
	MASTER_QUIT_MS = 31000, /* the same at the end: systemd's patience is 35 s */
	MASTER_QUIT_KILL_MS = 2000,
	MASTER_STOP_KILL_MS = 14000, /* the queue gives what is under way 12 s */
};

/* A place for one process, which is started anew when it ends. */
struct slot {
	pid_t pid;        /* 0: nobody is there */
	int64_t start_at; /* not before */
	int64_t delay_ms; /* of the last start; 0: the last process didn't die at once */
};

struct pool {
	enum child_kind kind;
	size_t n;
	struct slot *slots;
	bool is_proven; /* one of its processes has lived for MASTER_UP_MS */
};

/* A gateway whose senders die at once. */
struct launch_pause {
	char gateway[CHILD_NAME_MAX + 1];
	int64_t start_at, delay_ms;
};

enum { POOLS_N = 3 }; /* fast, hash, queue */
enum master_phase { MASTER_RUNS, MASTER_QUITS, MASTER_STOPS };

struct master {
	const struct master_options *options;
	enum master_phase phase;
	char *dir; /* of the programs */
	char *run_dir;
	int stderr_fd; /* what standard error was at first */
	int pid_fd;
	int wake[2]; /* from workers to the queue */
	struct sockets sockets;

	/* The current generation; a reload makes the next. */
	unsigned generation;
	struct setup setup;
	int conf_fd;
	struct pool pools[POOLS_N];
	size_t pauses_n;
	struct launch_pause *pauses; /* one for each gateway */

	struct children children;
	bool has_former; /* workers of former generations that haven't been asked to end */
	int64_t watchdog_ms, alive_at;
};

#endif
