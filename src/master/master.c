/*
 * The supervisor. Signals are blocked but in one place, where it sleeps; each wakes it, and what
 * they asked for is done in a fixed order.
 */
#include "master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "config.h"
#include "master/launch.h"
#include "master/notify.h"
#include "master/pid_file.h"
#include "master/pools.h"
#include "master/program.h"
#include "master/reap.h"
#include "master/reload.h"

enum { SLEEP_MAX_MS = 3600000 };

static volatile sig_atomic_t was_told[NSIG];
static sigset_t open_mask; /* while we sleep, and only then, signals come through */

static void
on_signal(int signo)
{
	was_told[signo] = 1;
}

static bool
take(int signo)
{
	bool was = was_told[signo] != 0;

	was_told[signo] = 0;
	return was;
}

static void
catch_signals(void)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 };
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	(void)sigemptyset(&open_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		(void)sigaddset(&blocked, signals[i]);
		proc_on_signal(signals[i], on_signal);
	}
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	/* A log that is a pipe without a reader must not end the service, nor must a signal that
	 * means something to other daemons. */
	proc_on_signal(SIGPIPE, SIG_IGN);
	proc_on_signal(SIGUSR2, SIG_IGN);
}

static enum rc
make_wake_pipe(struct master *master)
{
	if (pipe2(master->wake, O_CLOEXEC | O_NONBLOCK) == 0)
		return RC_OK;
	log_error("cannot make a pipe: %s", strerror(errno));
	return RC_SYSTEM;
}

static enum rc
read_setup(struct master *master, enum conf_check check)
{
	struct buf errors = BUF_INIT(SETUP_MESSAGES_MAX), warnings = BUF_INIT(SETUP_MESSAGES_MAX);
	enum rc rc = setup_read(master->options, check, &master->setup, &errors, &warnings);

	setup_say(buf_str(&errors), log_error);
	/* The last look says them all. */
	if (check == CONF_CHECK_START)
		setup_say(buf_str(&warnings), log_warning);
	buf_release(&errors);
	buf_release(&warnings);
	return rc;
}

/* Lock, bind, drop; then everything is done, and read again, as the one who will do it later. */
static enum rc
become_service(struct master *master)
{
	const char *user;
	enum rc rc;

	if ((rc = read_setup(master, CONF_CHECK_SYNTAX)) != RC_OK)
		return rc;
	user = setup_user(master->setup.conf);
	if ((master->run_dir = str_dup(str_from(master->setup.conf->run_dir))) == NULL) {
		log_error("out of memory");
		return RC_SYSTEM;
	}
	if ((rc = pid_file_lock(master->run_dir, user, &master->pid_fd)) != RC_OK ||
	    (rc = sockets_open(master->setup.conf, user, &master->sockets)) != RC_OK ||
	    (rc = proc_become(user)) != RC_OK)
		return rc;
	proc_harden();
	setup_release(&master->setup);
	return read_setup(master, CONF_CHECK_START);
}

static enum rc
find_programs(struct master *master)
{
	struct buf dir = BUF_INIT(4096);

	program_find(&dir);
	if ((master->dir = buf_detach(&dir)) != NULL)
		return RC_OK;
	log_error("out of memory");
	return RC_SYSTEM;
}

static enum rc
open_master(struct master *master)
{
	enum rc rc;

	if ((rc = become_service(master)) != RC_OK || (rc = find_programs(master)) != RC_OK ||
	    (rc = make_wake_pipe(master)) != RC_OK ||
	    (rc = setup_share(master->setup.files, &master->conf_fd)) != RC_OK ||
	    (rc = pools_make(master->setup.conf, &master->sockets, master->pools)) != RC_OK ||
	    (rc = launch_make(master->setup.conf, &master->pauses_n, &master->pauses)) != RC_OK ||
	    (rc = reload_open_log(master, master->setup.conf)) != RC_OK)
		return rc;
	log_notice("affo-userd " PACKAGE_VERSION " starts %zu fast and %zu hash workers%s from %s",
	    master->pools[CHILD_FAST].n, master->pools[CHILD_HASH].n,
	    master->pools[CHILD_QUEUE].n > 0 ? ", and the queue," : "", master->dir);
	return RC_OK;
}

/* Everybody ends: workers and queue are asked, senders end with the queue. */
static void
begin_end(struct master *master, enum master_phase phase, int64_t now)
{
	bool is_quit = phase == MASTER_QUITS;

	if (master->phase >= phase)
		return;
	log_notice(is_quit ? "ending, once what is under way has ended" : "ending");
	notify_stopping();
	master->phase = phase;
	sockets_close(&master->sockets);
	for (size_t i = 0; i < master->children.n; i++) {
		struct child *child = &master->children.list[i];

		if (child->kind == CHILD_SENDER) {
			/* They hear no other signal; in time the queue's end is theirs. */
			child->press_at = now + (is_quit ? MASTER_QUIT_MS + MASTER_QUIT_KILL_MS
			                                 : MASTER_STOP_KILL_MS);
			child->next_signal = SIGKILL;
		} else if (is_quit) {
			child_ask(child, SIGQUIT, now, MASTER_QUIT_MS, MASTER_QUIT_KILL_MS);
		} else {
			child_ask(child, SIGTERM, now, MASTER_STOP_KILL_MS, 0);
		}
	}
}

static void
obey(struct master *master, int64_t now)
{
	if (take(SIGCHLD))
		reap_all(master, now);
	if (take(SIGTERM))
		begin_end(master, MASTER_STOPS, now);
	if (take(SIGINT))
		begin_end(master, MASTER_STOPS, now);
	if (take(SIGQUIT))
		begin_end(master, MASTER_QUITS, now);
	if (take(SIGHUP) && master->phase == MASTER_RUNS) {
		(void)take(SIGUSR1); /* it opens the log, too */
		reload_all(master, now);
	}
	if (take(SIGUSR1) && master->phase == MASTER_RUNS)
		reload_log(master, now);
}

static void
tell_status(const struct master *master)
{
	static const char *const phases[] = { "running", "ending once requests have", "ending" };

	notify_status("%s: %zu fast and %zu hash workers, %s, %zu senders", phases[master->phase],
	    children_count(&master->children, CHILD_FAST),
	    children_count(&master->children, CHILD_HASH),
	    children_count(&master->children, CHILD_QUEUE) > 0 ? "a queue" : "no queue",
	    children_count(&master->children, CHILD_SENDER));
}

static int64_t
show_life(struct master *master, int64_t now, int64_t max_ms)
{
	if (master->watchdog_ms == 0)
		return max_ms;
	if (now >= master->alive_at) {
		notify_alive();
		master->alive_at = now + master->watchdog_ms;
	}
	return master->alive_at - now < max_ms ? master->alive_at - now : max_ms;
}

/* Until a signal, something from the queue (the old one and the next may overlap), or ms. */
static void
sleep_and_hear(struct master *master, int64_t ms)
{
	const struct timespec timeout = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	struct pollfd fds[2];
	pid_t pids[2];
	nfds_t n = 0;

	for (size_t i = 0; i < master->children.n && n < 2; i++)
		if (master->children.list[i].socket_fd >= 0) {
			pids[n] = master->children.list[i].pid;
			fds[n++] = (struct pollfd){ master->children.list[i].socket_fd, POLLIN, 0 };
		}
	if (ppoll(fds, n, &timeout, &open_mask) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents != 0)
			launch_serve(master, children_find(&master->children, pids[i]),
			    clock_monotonic_ms());
}

static void
loop(struct master *master)
{
	while (master->phase == MASTER_RUNS || master->children.n > 0) {
		int64_t now = clock_monotonic_ms();
		int64_t ms = pools_tick(master, now, SLEEP_MAX_MS);

		ms = children_press(&master->children, now, ms);
		ms = show_life(master, now, ms);
		tell_status(master);
		sleep_and_hear(master, ms);
		obey(master, clock_monotonic_ms());
	}
	log_notice("ended");
}

static void
close_master(struct master *master)
{
	sockets_close(&master->sockets);
	pid_file_remove(master->run_dir, master->pid_fd);
	children_release(&master->children);
	pools_release(master->pools);
	free(master->pauses);
	free(master->dir);
	free(master->run_dir);
	setup_release(&master->setup);
	for (size_t i = 0; i < 2; i++)
		if (master->wake[i] >= 0)
			(void)close(master->wake[i]);
	if (master->conf_fd >= 0)
		(void)close(master->conf_fd);
	if (master->stderr_fd >= 0)
		(void)close(master->stderr_fd);
}

int
master_run(const struct master_options *options)
{
	struct master master = { .options = options,
		.stderr_fd = -1,
		.pid_fd = -1,
		.wake = { -1, -1 },
		.sockets = SOCKETS_NONE,
		.conf_fd = -1 };
	enum rc rc;

	program_clean_descriptors();
	catch_signals();
	master.stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if ((rc = open_master(&master)) == RC_OK) {
		master.watchdog_ms = notify_watchdog_ms();
		/* The first workers, then the word that they are there. */
		(void)pools_tick(&master, clock_monotonic_ms(), SLEEP_MAX_MS);
		notify_ready();
		loop(&master);
	}
	close_master(&master);
	if (rc == RC_CONFIG)
		return EX_CONFIG;
	return rc == RC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
