/*
 * The loop. Signals are blocked but while it sleeps in ppoll(2), so that their flags are looked at
 * in one place and one order: children first, then stopping before reloading.
 */
#include "master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "master/generation.h"
#include "master/pidfile.h"

enum {
	FAST_STOP_MS = 8000,      /* after TERM */
	GRACEFUL_STOP_MS = 35000, /* after QUIT */
	SLEEP_MAX_MS = 60000,
};

static struct {
	volatile sig_atomic_t child, term, quit, hup, usr1;
} flags;

static void
on_signal(int signo)
{
	switch (signo) {
	case SIGCHLD:
		flags.child = 1;
		break;
	case SIGTERM:
	case SIGINT:
		flags.term = 1;
		break;
	case SIGQUIT:
		flags.quit = 1;
		break;
	case SIGHUP:
		flags.hup = 1;
		break;
	default:
		flags.usr1 = 1;
	}
}

static void
catch_signals(void)
{
	static const int caught[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 };
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		(void)sigaddset(&blocked, caught[i]);
		proc_on_signal(caught[i], on_signal);
	}
	proc_on_signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
}

/* Everything after the configuration was read: the state of the running service. */
struct master {
	const char *conf_path;
	struct generation generation; /* what the newest children were started with */
	struct pool pool;
	struct senders senders;
	int pid_fd;
	bool is_stopping;
	int64_t stop_at;                  /* when senders, too, are killed */
	int64_t watchdog_ms, watchdog_at; /* half of systemd's patience; 0: none */
};

static void
reap(struct master *master, int64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!pool_reap(&master->pool, pid, status, master->is_stopping, now))
			(void)senders_reap(&master->senders, pid, status);
}

static void
stop(struct master *master, int signo, int64_t grace_ms, int64_t now)
{
	if (!master->is_stopping)
		log_notice("stopping%s", signo == SIGQUIT ? " when all is served" : "");
	proc_notify("STOPPING=1\nSTATUS=stopping");
	master->is_stopping = true;
	master->stop_at = now + grace_ms;
	pool_retire_all(&master->pool, signo, grace_ms, now);
}

/* New children from the same or a new configuration, then the old ones are asked to end. */
static void
replace_children(struct master *master, int64_t now)
{
	size_t n[CHILD_SEND];
	struct child_fds fds[CHILD_SEND];

	generation_counts(&master->generation, n);
	generation_fds(&master->generation, fds);
	pool_reset(&master->pool, n, now);
	pool_start_due(&master->pool, fds, now);
	pool_ask_retired(&master->pool);
}

static void
reload(struct master *master, int64_t now)
{
	struct timespec monotonic;
	char state[64];

	(void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)monotonic.tv_sec * 1000000 + monotonic.tv_nsec / 1000);
	proc_notify(state);
	if (generation_renew(&master->generation, master->conf_path) == RC_OK) {
		replace_children(master, now);
		log_notice("reloaded");
		proc_notify("READY=1\nSTATUS=running");
	} else {
		log_error("not reloaded: the former configuration stays in use");
		proc_notify("READY=1\nSTATUS=running; the last reload was refused, see the log");
	}
}

static void
reopen(struct master *master, int64_t now)
{
	if (generation_reopen_log(&master->generation) != RC_OK)
		return;
	/* Their standard error is the old file: only new ones have the new. */
	replace_children(master, now);
	log_notice("logs reopened");
}

/* Sleeps until a signal, a word of the queue or the next thing that is due. */
static void
sleep_until_due(struct master *master, int64_t now)
{
	struct pollfd queue = { .fd = master->generation.queue_fd, .events = POLLIN };
	int64_t next_at = pool_next_at(&master->pool), wait_ms;
	struct timespec timeout;
	sigset_t none;

	if (master->is_stopping && master->stop_at < next_at)
		next_at = master->stop_at;
	if (master->watchdog_ms != 0 && master->watchdog_at < next_at)
		next_at = master->watchdog_at;
	wait_ms = next_at - now > SLEEP_MAX_MS ? SLEEP_MAX_MS : next_at - now;
	if (wait_ms < 0)
		wait_ms = 0;
	timeout = (struct timespec){ wait_ms / 1000, wait_ms % 1000 * 1000000 };
	(void)sigemptyset(&none);
	if (ppoll(&queue, 1, &timeout, &none) > 0 && (queue.revents & POLLIN) != 0)
		senders_serve(&master->senders, master->generation.conf, queue.fd);
}

static void
handle_flags(struct master *master, int64_t now)
{
	if (flags.child) {
		flags.child = 0;
		reap(master, now);
	}
	if (flags.term) {
		flags.term = 0;
		stop(master, SIGTERM, FAST_STOP_MS, now);
	}
	if (flags.quit) {
		flags.quit = 0;
		if (!master->is_stopping)
			stop(master, SIGQUIT, GRACEFUL_STOP_MS, now);
	}
	if (flags.hup) {
		flags.hup = 0;
		if (!master->is_stopping)
			reload(master, now);
	}
	if (flags.usr1) {
		flags.usr1 = 0;
		if (!master->is_stopping)
			reopen(master, now);
	}
}

static void
run_loop(struct master *master)
{
	struct child_fds fds[CHILD_SEND];
	int64_t now = clock_monotonic_ms();

	replace_children(master, now);
	proc_notify("READY=1\nSTATUS=running");
	log_notice("running");
	for (;;) {
		now = clock_monotonic_ms();
		handle_flags(master, now);
		if (master->is_stopping && pool_is_empty(&master->pool)) {
			/* The queue is gone, so each sender has its end of file. */
			if (master->senders.n == 0)
				break;
			if (now >= master->stop_at)
				senders_kill_all(&master->senders);
		}
		pool_enforce(&master->pool, now);
		generation_fds(&master->generation, fds);
		pool_start_due(&master->pool, fds, now);
		if (master->watchdog_ms != 0 && now >= master->watchdog_at) {
			proc_notify("WATCHDOG=1");
			master->watchdog_at = now + master->watchdog_ms;
		}
		sleep_until_due(master, now);
	}
	log_notice("stopped");
}

/* systemd.service(5), WatchdogSec: pinged at half of it. */
static void
open_watchdog(struct master *master)
{
	uint64_t usec, pid;
	struct str for_pid = str_from(getenv("WATCHDOG_PID"));

	if (str_to_u64(str_from(getenv("WATCHDOG_USEC")), INT32_MAX, &usec) != RC_OK ||
	    (for_pid.ptr != NULL &&
	        (str_to_u64(for_pid, INT32_MAX, &pid) != RC_OK || (pid_t)pid != getpid())))
		return;
	master->watchdog_ms = (int64_t)(usec / 2000);
}

int
master_run(const char *conf_path)
{
	static struct master master; /* large */
	const char *user = NULL;
	uid_t owner = (uid_t)-1;
	int status = EXIT_FAILURE;
	enum rc rc;

	master = (struct master){ .conf_path = conf_path, .pid_fd = -1 };
	if ((rc = generation_open(&master.generation, conf_path)) != RC_OK) {
		status = rc == RC_CONFIG ? EX_CONFIG : EXIT_FAILURE;
		goto out;
	}
	catch_signals();
	if (geteuid() == 0) {
		const struct passwd *entry;

		user = master.generation.conf->user != NULL ? master.generation.conf->user
		                                            : "affo-user";
		if ((entry = getpwnam(user)) != NULL)
			owner = entry->pw_uid;
	}
	if (pidfile_open(master.generation.conf->run_dir, owner, &master.pid_fd) != RC_OK ||
	    generation_listen(&master.generation, owner) != RC_OK)
		goto out;
	if ((rc = proc_become(user)) != RC_OK) {
		status = rc == RC_CONFIG ? EX_CONFIG : EXIT_FAILURE;
		goto out;
	}
	if (generation_reopen_log(&master.generation) != RC_OK)
		goto out;
	proc_harden();
	open_watchdog(&master);
	run_loop(&master);
	status = EXIT_SUCCESS;
out:
	if (master.pid_fd >= 0)
		pidfile_close(master.generation.conf->run_dir, master.pid_fd);
	generation_close(&master.generation);
	return status;
}
