#include "master/pool.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#include "base/log.h"

static void
retire(struct pool *pool, enum child_kind kind, pid_t pid, int64_t deadline_at)
{
	if (pool->n_retired == POOL_RETIRED_MAX) {
		/* So many reloads in half a minute: the oldest have had their time. */
		(void)kill(pool->retired[0].pid, SIGKILL);
		memmove(&pool->retired[0], &pool->retired[1],
		    (POOL_RETIRED_MAX - 1) * sizeof(pool->retired[0]));
		pool->n_retired--;
	}
	pool->retired[pool->n_retired++] = (struct retired){ kind, pid, deadline_at, SIGTERM };
}

void
pool_reset(struct pool *pool, const size_t n[static CHILD_SEND], int64_t now)
{
	for (size_t i = 0; i < pool->n_slots; i++)
		if (pool->slots[i].pid != 0)
			retire(pool, pool->slots[i].kind, pool->slots[i].pid, now + POOL_RETIRE_MS);
	pool->n_slots = 0;
	for (enum child_kind kind = 0; kind < CHILD_SEND; kind++)
		for (size_t i = 0; i < n[kind]; i++) {
			assert(pool->n_slots < POOL_SLOTS_MAX);
			pool->slots[pool->n_slots++] = (struct slot){ .kind = kind, .due_at = now };
		}
}

void
pool_ask_retired(struct pool *pool)
{
	for (size_t i = 0; i < pool->n_retired; i++)
		(void)kill(pool->retired[i].pid, SIGQUIT);
}

static bool
has_old_queue(const struct pool *pool)
{
	for (size_t i = 0; i < pool->n_retired; i++)
		if (pool->retired[i].kind == CHILD_QUEUE)
			return true;
	return false;
}

static void
plan_again(struct slot *slot, int64_t now)
{
	if (now - slot->started_at >= POOL_SETTLED_MS || slot->backoff_ms == 0)
		slot->backoff_ms = POOL_RESPAWN_MS;
	else if (slot->backoff_ms < POOL_BACKOFF_MAX_MS / 2)
		slot->backoff_ms *= 2;
	else
		slot->backoff_ms = POOL_BACKOFF_MAX_MS;
	slot->due_at = now + slot->backoff_ms;
}

void
pool_start_due(struct pool *pool, const struct child_fds fds[static CHILD_SEND], int64_t now)
{
	for (size_t i = 0; i < pool->n_slots; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->pid != 0 || slot->due_at > now ||
		    (slot->kind == CHILD_QUEUE && has_old_queue(pool)))
			continue;
		slot->started_at = now;
		if (child_start(slot->kind, &fds[slot->kind], &slot->pid) != RC_OK) {
			slot->pid = 0;
			plan_again(slot, now);
		}
	}
}

bool
pool_reap(struct pool *pool, pid_t pid, int status, bool is_stopping, int64_t now)
{
	for (size_t i = 0; i < pool->n_slots; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->pid != pid)
			continue;
		child_log_end(slot->kind, pid, status);
		slot->pid = 0;
		if (is_stopping) {
			slot->due_at = INT64_MAX;
			return true;
		}
		plan_again(slot, now);
		if (slot->backoff_ms > POOL_RESPAWN_MS)
			log_warning(
			    "the next %s is started in %lld ms, since this one did not live long",
			    child_name(slot->kind), (long long)slot->backoff_ms);
		return true;
	}
	for (size_t i = 0; i < pool->n_retired; i++)
		if (pool->retired[i].pid == pid) {
			child_log_end(pool->retired[i].kind, pid, status);
			pool->n_retired--;
			memmove(&pool->retired[i], &pool->retired[i + 1],
			    (pool->n_retired - i) * sizeof(pool->retired[0]));
			return true;
		}
	return false;
}

void
pool_retire_all(struct pool *pool, int signo, int64_t grace_ms, int64_t now)
{
	for (size_t i = 0; i < pool->n_slots; i++)
		if (pool->slots[i].pid != 0)
			retire(pool, pool->slots[i].kind, pool->slots[i].pid, now + grace_ms);
	pool->n_slots = 0;
	for (size_t i = 0; i < pool->n_retired; i++) {
		struct retired *retired = &pool->retired[i];

		(void)kill(retired->pid, signo);
		if (retired->deadline_at > now + grace_ms)
			retired->deadline_at = now + grace_ms;
		if (signo == SIGTERM)
			retired->next_signal = SIGKILL;
	}
}

void
pool_enforce(struct pool *pool, int64_t now)
{
	for (size_t i = 0; i < pool->n_retired; i++) {
		struct retired *retired = &pool->retired[i];

		if (retired->deadline_at > now)
			continue;
		log_warning("%s %d has not ended in time: signal %d", child_name(retired->kind),
		    (int)retired->pid, retired->next_signal);
		(void)kill(retired->pid, retired->next_signal);
		retired->next_signal = SIGKILL;
		retired->deadline_at = now + POOL_KILL_MS;
	}
}

int64_t
pool_next_at(const struct pool *pool)
{
	bool is_queue_waiting = has_old_queue(pool);
	int64_t next_at = INT64_MAX;

	for (size_t i = 0; i < pool->n_slots; i++) {
		const struct slot *slot = &pool->slots[i];

		if (slot->pid == 0 && slot->due_at < next_at &&
		    !(slot->kind == CHILD_QUEUE && is_queue_waiting))
			next_at = slot->due_at;
	}
	for (size_t i = 0; i < pool->n_retired; i++)
		if (pool->retired[i].deadline_at < next_at)
			next_at = pool->retired[i].deadline_at;
	return next_at;
}

bool
pool_is_empty(const struct pool *pool)
{
	for (size_t i = 0; i < pool->n_slots; i++)
		if (pool->slots[i].pid != 0)
			return false;
	return pool->n_retired == 0;
}
