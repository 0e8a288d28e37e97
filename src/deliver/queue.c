#include "deliver/queue.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "deliver/switches.h"
#include "gateway/gateway.h"

struct queue {
	const struct queue_setup *setup;
	struct jobs *jobs;
	struct senders *senders;
	struct switches *switches;
	struct pollfd *fds; /* the wake pipe, the master, the senders */
	int wake_fd;        /* -1: nobody is left who could write into it */
	int64_t purge_at;   /* all monotonic */
	int64_t claim_at;   /* not before */
	int64_t stop_at;    /* give up what is under way; 0: nobody told us to stop */
};

static volatile sig_atomic_t is_told_to_stop;
static sigset_t open_mask; /* while we wait, and only then, signals come through */

static void
on_stop(int signo)
{
	(void)signo;
	is_told_to_stop = 1;
}

void
queue_catch_signals(void)
{
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGTERM);
	(void)sigaddset(&blocked, SIGQUIT);
	(void)sigaddset(&blocked, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &blocked, &open_mask);
	(void)sigdelset(&open_mask, SIGTERM);
	(void)sigdelset(&open_mask, SIGQUIT);
	(void)sigdelset(&open_mask, SIGINT);
	proc_on_signal(SIGTERM, on_stop);
	proc_on_signal(SIGQUIT, on_stop);
	proc_on_signal(SIGINT, on_stop);
	proc_on_signal(SIGHUP, SIG_IGN);
	proc_on_signal(SIGUSR1, SIG_IGN);
	proc_on_signal(SIGPIPE, SIG_IGN);
}

static int
wait_for(struct pollfd *fds, size_t n, int64_t ms)
{
	const struct timespec timeout = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	return ppoll(fds, n, &timeout, &open_mask);
}

static int64_t
min_ms(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Claims what is due. Gives the milliseconds until there may be more, at most max_ms. */
static int64_t
claim(struct queue *queue, int64_t max_ms)
{
	int64_t now = clock_monotonic_ms();
	size_t n = 0;

	if (!jobs_has_room(queue->jobs))
		return max_ms;
	/* Further away than it is ever put: the clock was moved back. */
	if (queue->claim_at > now && queue->claim_at <= now + JOBS_RETRY_MS)
		return min_ms(max_ms, queue->claim_at - now);
	if (jobs_claim(queue->jobs, &n) != RC_OK) {
		queue->claim_at = now + JOBS_RETRY_MS;
		return min_ms(max_ms, JOBS_RETRY_MS);
	}
	/* What had expired was due and isn't among them: look again, but not in a circle. */
	max_ms = outbox_wait_ms(queue->setup->jobs.db, max_ms);
	if (n == 0 && max_ms == 0)
		queue->claim_at = now + 20;
	return n == 0 && max_ms == 0 ? 20 : max_ms;
}

static void
purge(struct queue *queue)
{
	int64_t now = clock_monotonic_ms();

	if (now < queue->purge_at)
		return;
	queue->purge_at = now + QUEUE_PURGE_MS;
	/* Whoever met a failure has logged it; the next purge does what is left. */
	(void)!outbox_purge(queue->setup->jobs.db, queue->setup->jobs.conf);
	db_after_answer(queue->setup->jobs.db);
}

static void
stop(struct queue *queue, const char *why)
{
	if (queue->stop_at != 0)
		return;
	log_notice("%s: ending, once what is under way has ended", why);
	queue->stop_at = clock_monotonic_ms() + QUEUE_STOP_MAX_MS;
	jobs_stop(queue->jobs);
}

/* Takes all bytes out of the wake pipe; one that is closed would be ready for ever. */
static void
drain(struct queue *queue)
{
	char bytes[64];
	ssize_t n;

	while ((n = read(queue->wake_fd, bytes, sizeof(bytes))) > 0)
		;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		queue->wake_fd = -1;
}

/* Watches everything for at most ms. RC_NONE: the master is gone. */
static enum rc
watch(struct queue *queue, int64_t ms)
{
	size_t n = senders_poll(queue->senders, queue->fds + 1);

	queue->fds[0] = (struct pollfd){ queue->stop_at == 0 ? queue->wake_fd : -1, POLLIN, 0 };
	if (wait_for(queue->fds, n + 1, ms) <= 0)
		return RC_OK;
	if (queue->fds[0].revents != 0)
		drain(queue);
	return senders_handle(queue->senders, queue->fds + 1, n);
}

static bool
is_over(const struct queue *queue)
{
	return queue->stop_at != 0 &&
	       (jobs_count(queue->jobs) == 0 || clock_monotonic_ms() >= queue->stop_at);
}

static void
loop(struct queue *queue)
{
	while (!is_over(queue)) {
		int64_t ms = queue->stop_at == 0 ? claim(queue, QUEUE_POLL_MS) : JOBS_RETRY_MS;

		switches_look(queue->switches);
		ms = jobs_advance(queue->jobs, queue->senders, ms);
		/* What failed at once, or took too long, goes on to the next gateway now. */
		ms = senders_tick(queue->senders, ms);
		ms = jobs_advance(queue->jobs, queue->senders, ms);
		if (queue->stop_at != 0 && jobs_count(queue->jobs) == 0)
			break;
		if (watch(queue, ms) == RC_NONE)
			stop(queue, "affo-userd has ended");
		if (is_told_to_stop)
			stop(queue, "told to stop");
		else if (db_needs_restart(queue->setup->jobs.db))
			stop(queue, "the database has to be opened anew");
		else
			purge(queue);
	}
}

int
queue_run(const struct queue_setup *setup)
{
	struct queue queue = { .setup = setup, .wake_fd = setup->wake_fd };
	int status = 1;

	queue.fds = calloc(setup->jobs.conf->n_gateways + 2, sizeof(queue.fds[0]));
	queue.purge_at = clock_monotonic_ms() + QUEUE_PURGE_MS / 5;
	if (queue.fds == NULL || jobs_new(&setup->jobs, &queue.jobs) != RC_OK ||
	    senders_new(setup->jobs.conf, setup->master_fd, GATEWAY_ATTEMPT_MAX_MS, jobs_done,
	        queue.jobs, &queue.senders) != RC_OK ||
	    switches_new(setup->jobs.conf, setup->jobs.db, &queue.switches) != RC_OK)
		goto out;
	loop(&queue);
	status = 0;
	if (jobs_count(queue.jobs) > 0)
		log_warning("%zu messages were under way; they are sent again after %d s",
		    jobs_count(queue.jobs), OUTBOX_LEASE_MS / 1000);
out:
	switches_free(queue.switches);
	senders_free(queue.senders);
	jobs_free(queue.jobs);
	free(queue.fds);
	return status;
}
