#include "master/pools.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/proc.h"
#include "master/program.h"

static size_t
wanted(int fd, int64_t setting)
{
	if (fd < 0)
		return 0;
	return setting > 0 ? (size_t)setting : proc_cores();
}

enum rc
pools_make(const struct conf *conf, const struct sockets *sockets, struct pool ret[static POOLS_N])
{
	size_t n[POOLS_N] = { wanted(sockets->fast.fd, conf->workers.fast),
		wanted(sockets->hash.fd, conf->workers.hash), conf->n_gateways > 0 };

	memset(ret, 0, POOLS_N * sizeof(*ret));
	for (size_t i = 0; i < POOLS_N; i++) {
		ret[i].kind = (enum child_kind)(CHILD_FAST + i);
		ret[i].n = n[i];
		if (n[i] > 0 && (ret[i].slots = calloc(n[i], sizeof(struct slot))) == NULL) {
			log_error("out of memory for %zu processes", n[i]);
			pools_release(ret);
			return RC_SYSTEM;
		}
	}
	return RC_OK;
}

void
pools_release(struct pool pools[static POOLS_N])
{
	for (size_t i = 0; i < POOLS_N; i++)
		free(pools[i].slots);
	memset(pools, 0, POOLS_N * sizeof(*pools));
}

size_t
pools_size(const struct pool pools[static POOLS_N])
{
	return pools[0].n + pools[1].n + pools[2].n;
}

static enum rc
start_worker(struct master *master, const struct pool *pool, struct child *child)
{
	bool is_fast = pool->kind == CHILD_FAST;

	return program_start(master->dir,
	    &(struct program){
	        .name = "affo-userd-worker",
	        .args = { "-p", is_fast ? "fast" : "hash" },
	        .stdin_fd = is_fast ? master->sockets.fast.fd : master->sockets.hash.fd,
	        .pass = { { "AFFO_CONF_FD", master->conf_fd },
	            { "AFFO_WAKE_FD", master->wake[1] } },
	    },
	    &child->pid);
}

static enum rc
start_queue(struct master *master, struct child *child)
{
	int pair[2];
	enum rc rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		log_error("cannot make a socket for the queue: %s", strerror(errno));
		return RC_SYSTEM;
	}
	rc = program_start(master->dir,
	    &(struct program){
	        .name = "affo-userd-queue",
	        .stdin_fd = -1,
	        .pass = { { "AFFO_CONF_FD", master->conf_fd }, { "AFFO_WAKE_FD", master->wake[0] },
	            { "AFFO_MASTER_FD", pair[1] } },
	    },
	    &child->pid);
	(void)close(pair[1]);
	if (rc == RC_OK)
		child->socket_fd = pair[0];
	else
		(void)close(pair[0]);
	return rc;
}

static int64_t
doubled(int64_t delay_ms)
{
	delay_ms = delay_ms == 0 ? MASTER_AGAIN_MS : delay_ms * 2;
	return delay_ms < MASTER_AGAIN_MAX_MS ? delay_ms : MASTER_AGAIN_MAX_MS;
}

static void
start(struct master *master, struct pool *pool, size_t i, int64_t now)
{
	struct child child = { .kind = pool->kind,
		.generation = master->generation,
		.slot = i,
		.started_at = now,
		.socket_fd = -1 };
	enum rc rc = children_reserve(&master->children, 1);

	if (rc != RC_OK)
		log_error("no room for another process: %zu are running", master->children.n);
	else if (pool->kind == CHILD_QUEUE)
		rc = start_queue(master, &child);
	else
		rc = start_worker(master, pool, &child);
	if (rc != RC_OK) {
		pool->slots[i].delay_ms = doubled(pool->slots[i].delay_ms);
		pool->slots[i].start_at = now + pool->slots[i].delay_ms;
		return;
	}
	children_add(&master->children, &child);
	pool->slots[i].pid = child.pid;
	log_debug("%s %d started", child_kind_name(pool->kind), (int)child.pid);
}

/* Two queues would take each other's senders for their own: the next one waits for the last. */
static bool
may_start(const struct master *master, const struct pool *pool)
{
	return pool->kind != CHILD_QUEUE || children_count(&master->children, CHILD_QUEUE) == 0;
}

static int64_t
fill(struct master *master, struct pool *pool, int64_t now, int64_t max_ms)
{
	for (size_t i = 0; i < pool->n; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->pid != 0 || !may_start(master, pool))
			continue;
		if (now >= slot->start_at)
			start(master, pool, i, now);
		if (slot->pid == 0 && slot->start_at - now < max_ms)
			max_ms = slot->start_at - now;
	}
	return max_ms;
}

/* Marks the pools that have a process which lived long enough. */
static int64_t
prove(struct master *master, int64_t now, int64_t max_ms)
{
	for (size_t i = 0; i < master->children.n; i++) {
		const struct child *child = &master->children.list[i];
		int64_t left = child->started_at + MASTER_UP_MS - now;

		if (child->generation != master->generation || child->kind > CHILD_HASH)
			continue;
		if (left <= 0)
			master->pools[child->kind].is_proven = true;
		else if (left < max_ms)
			max_ms = left;
	}
	return max_ms;
}

/* The old ones serve on until each pool has a new one that stays: a configuration which reads well
 * and works badly doesn't end the service. */
static int64_t
retire(struct master *master, int64_t now, int64_t max_ms)
{
	if (!master->has_former)
		return max_ms;
	max_ms = prove(master, now, max_ms);
	for (size_t i = CHILD_FAST; i <= CHILD_HASH; i++)
		if (master->pools[i].n > 0 && !master->pools[i].is_proven)
			return max_ms;
	for (size_t i = 0; i < master->children.n; i++) {
		struct child *child = &master->children.list[i];

		if (child->kind <= CHILD_HASH && child->generation != master->generation)
			child_ask(child, SIGQUIT, now, MASTER_RETIRE_MS, MASTER_RETIRE_KILL_MS);
	}
	master->has_former = false;
	log_notice("the new workers are up, the old ones end when their connections do");
	return max_ms;
}

int64_t
pools_tick(struct master *master, int64_t now, int64_t max_ms)
{
	if (master->phase != MASTER_RUNS)
		return max_ms;
	for (size_t i = 0; i < POOLS_N; i++)
		max_ms = fill(master, &master->pools[i], now, max_ms);
	return retire(master, now, max_ms);
}

void
pools_ended(struct master *master, const struct child *child, int status, int64_t now)
{
	struct slot *slot = &master->pools[child->kind].slots[child->slot];
	bool was_up = now - child->started_at >= MASTER_UP_MS;

	slot->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		/* It asked for it: its requests were done, or files have to be opened anew. */
		slot->delay_ms = 0;
		slot->start_at = was_up ? now : now + MASTER_AGAIN_MS;
		return;
	}
	if (was_up)
		slot->delay_ms = 0;
	slot->delay_ms = doubled(slot->delay_ms);
	slot->start_at = now + slot->delay_ms;
	if (was_up)
		slot->delay_ms = 0;
	if (!was_up)
		log_notice("the next %s is started in %lld ms", child_kind_name(child->kind),
		    (long long)slot->delay_ms);
}
