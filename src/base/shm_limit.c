/*
 * Limits in the shared map: a log of events, a cell each, counted under their bucket's lock. So
 * a limit is exact to the millisecond whatever races, as long as count is SHM_EXACT_MAX or less.
 * Over that, events that come within 1/SHM_EXACT_MAX of the window share a cell, which is counted
 * until its last one is old enough: never too many pass, but one may be remembered that much too
 * long.
 *
 * A full bucket makes room by giving up the oldest event among the keys with the fewest events
 * there, never one of the key at hand. An attacker who makes up keys fills the buckets with keys of
 * few events, and these push out each other: a counter near its limit stays. To push out the single
 * event of a first guess he has to keep all SHM_BUCKETS * SHM_CELLS cells filled with living
 * events, for he does not know the hash's key, and then to send thousands of requests for each
 * guess won.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shm_map.h"

/* Half a bucket, so that there is always a cell of another key to give up. */
enum { SHM_EXACT_MAX = SHM_CELLS / 2 };

/* One key's events, as its bucket was read. */
struct events {
	struct shm_bucket *bucket;
	int64_t lock; /* its offset */
	uint64_t key;
	int64_t now_ms;
	uint64_t total;
	size_t n;                        /* cells in use by the key */
	struct shm_cell *own[SHM_CELLS]; /* these, in no order */
	struct shm_cell *newest;         /* NULL: none */
	struct shm_cell *free;           /* any; NULL: none */
};

static uint64_t
hash(const struct shm *shm, enum limit_kind kind, struct str key)
{
	_Static_assert(crypto_shorthash_KEYBYTES == SHM_KEY_LEN, "SipHash takes this key");
	unsigned char text_hash[crypto_shorthash_BYTES + 1], whole[crypto_shorthash_BYTES];
	uint64_t value;

	/* Twice, so that kind and text need no common buffer. */
	(void)crypto_shorthash(text_hash, (const unsigned char *)(key.ptr == NULL ? "" : key.ptr),
	    key.len, shm->map->head.key);
	text_hash[crypto_shorthash_BYTES] = (unsigned char)kind;
	(void)crypto_shorthash(whole, text_hash, sizeof(text_hash), shm->map->head.key);
	memcpy(&value, whole, sizeof(value));
	return value == 0 ? 1 : value;
}

size_t
shm_limit_bucket(const struct shm *shm, enum limit_kind kind, struct str key)
{
	return hash(shm, kind, key) % SHM_BUCKETS;
}

static uint32_t
window_of(const struct limit *limit)
{
	if (limit->window_ms <= 0)
		return 0;
	return limit->window_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)limit->window_ms;
}

static int64_t
last_of(const struct shm_cell *cell)
{
	return cell->first_ms + cell->span_ms;
}

static uint64_t
key_of(const struct shm_cell *cell)
{
	return atomic_load_explicit(&cell->key, memory_order_relaxed);
}

static uint32_t
weight_of(const struct shm_cell *cell)
{
	return atomic_load_explicit(&cell->weight, memory_order_relaxed);
}

static void
set_weight(struct shm_cell *cell, uint32_t weight)
{
	atomic_store_explicit(&cell->weight, weight, memory_order_release);
}

static void
set_free(struct shm_cell *cell)
{
	atomic_store_explicit(&cell->key, 0, memory_order_release);
}

/* Frees what is over, and holds what claims to come from the future (the clock was set back) to
 * now: no event counts for longer than its window. */
static void
refresh(struct shm_cell *cell, int64_t now_ms)
{
	if (last_of(cell) > now_ms) {
		cell->span_ms = 0;
		cell->first_ms = now_ms;
	}
	if (now_ms - last_of(cell) >= cell->window_ms || weight_of(cell) == 0)
		set_free(cell);
}

/* Reads the bucket, whose lock is held. window_ms: older events of the key don't count. */
static void
read_events(struct events *events, uint32_t window_ms)
{
	for (size_t i = 0; i < SHM_CELLS; i++) {
		struct shm_cell *cell = &events->bucket->cells[i];

		if (key_of(cell) != 0)
			refresh(cell, events->now_ms);
		if (key_of(cell) == 0) {
			events->free = cell;
			continue;
		}
		if (key_of(cell) != events->key || events->now_ms - last_of(cell) >= window_ms)
			continue;
		events->own[events->n++] = cell;
		events->total += weight_of(cell);
		if (events->newest == NULL || last_of(cell) >= last_of(events->newest))
			events->newest = cell;
	}
}

/* How long until so many are old that one more is allowed. */
static int64_t
wait_for(struct events *events, uint32_t count, uint32_t window_ms)
{
	uint64_t left = events->total;
	int64_t at_ms = events->now_ms;

	if (count == 0)
		return window_ms;
	while (left >= count) {
		size_t oldest = 0;

		for (size_t i = 1; i < events->n; i++)
			if (last_of(events->own[i]) < last_of(events->own[oldest]))
				oldest = i;
		at_ms = last_of(events->own[oldest]) + window_ms;
		left -= weight_of(events->own[oldest]);
		events->own[oldest] = events->own[--events->n];
	}
	return at_ms - events->now_ms;
}

static uint32_t
count_in_bucket(const struct shm_bucket *bucket, uint64_t key)
{
	uint64_t n = 0;

	for (size_t i = 0; i < SHM_CELLS; i++)
		if (key_of(&bucket->cells[i]) == key)
			n += weight_of(&bucket->cells[i]);
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* The cell to give up in a full bucket. */
static struct shm_cell *
victim_of(struct events *events)
{
	struct shm_cell *victim = NULL;
	uint32_t victim_n = 0;

	for (size_t i = 0; i < SHM_CELLS; i++) {
		struct shm_cell *cell = &events->bucket->cells[i];
		uint32_t n;

		if (key_of(cell) == events->key)
			continue;
		n = count_in_bucket(events->bucket, key_of(cell));
		if (victim == NULL || n < victim_n ||
		    (n == victim_n && last_of(cell) < last_of(victim))) {
			victim = cell;
			victim_n = n;
		}
	}
	return victim;
}

static void
add_event(struct events *events, const struct limit *limit, uint32_t window_ms)
{
	int64_t granule_ms = limit->count <= SHM_EXACT_MAX ? 0 : window_ms / SHM_EXACT_MAX;
	struct shm_cell *cell = events->newest;

	if (cell != NULL && events->now_ms - cell->first_ms <= granule_ms &&
	    cell->window_ms == window_ms && weight_of(cell) < UINT32_MAX) {
		cell->span_ms = (uint32_t)(events->now_ms - cell->first_ms);
		set_weight(cell, weight_of(cell) + 1);
		return;
	}
	cell = events->free != NULL ? events->free : victim_of(events);
	/* All the bucket is the key's own: only after many changes of the limit. */
	if (cell == NULL)
		cell = events->newest;
	set_free(cell);
	cell->first_ms = events->now_ms;
	cell->span_ms = 0;
	cell->window_ms = window_ms;
	set_weight(cell, 1);
	atomic_store_explicit(&cell->key, events->key, memory_order_release);
}

/* Reads a key's events under its bucket's lock. RC_SYSTEM (logged): no lock, nothing to end. */
static enum rc
begin(struct shm *shm, enum limit_kind kind, struct str key, uint32_t window_ms, struct events *ret)
{
	int error;

	*ret = (struct events){ .key = hash(shm, kind, key) };
	ret->lock = SHM_BUCKET_LOCKS + (int64_t)(ret->key % SHM_BUCKETS);
	ret->bucket = &shm->map->buckets[ret->key % SHM_BUCKETS];
	error = shm_lock(shm, F_WRLCK, ret->lock, true);
	if (error != 0) {
		log_error("a limit cannot be locked: %s", strerror(error));
		return RC_SYSTEM;
	}
	/* Under the lock: else two processes might count in another order than their clocks'. */
	ret->now_ms = clock_monotonic_ms();
	read_events(ret, window_ms);
	return RC_OK;
}

static void
end(struct shm *shm, const struct events *events)
{
	int error = shm_lock(shm, F_UNLCK, events->lock, false);

	if (error != 0)
		log_error("a limit cannot be unlocked: %s", strerror(error));
}

static enum rc
take(struct shm *shm, enum limit_kind kind, struct str key, const struct limit *limit,
    bool is_counting, int64_t *ret_wait_ms)
{
	uint32_t window_ms = window_of(limit);
	struct events events;
	enum rc rc;

	if ((rc = begin(shm, kind, key, window_ms, &events)) != RC_OK)
		return rc;
	if (events.total >= limit->count) {
		*ret_wait_ms = wait_for(&events, limit->count, window_ms);
		rc = RC_LIMITED;
	} else if (is_counting) {
		add_event(&events, limit, window_ms);
		shm->taken[shm->next_taken].key = events.key;
		shm->taken[shm->next_taken].at_ms = events.now_ms;
		shm->next_taken = (shm->next_taken + 1) % SHM_TAKEN;
	}
	end(shm, &events);
	return rc;
}

enum rc
shm_limit_take(struct shm *shm, enum limit_kind kind, struct str key, const struct limit *limit,
    int64_t *ret_wait_ms)
{
	return take(shm, kind, key, limit, true, ret_wait_ms);
}

enum rc
shm_limit_peek(struct shm *shm, enum limit_kind kind, struct str key, const struct limit *limit,
    int64_t *ret_wait_ms)
{
	return take(shm, kind, key, limit, false, ret_wait_ms);
}

/* When this process last took an event of key, forgetting it; -1: not among the last ones. */
static int64_t
forget_taken(struct shm *shm, uint64_t key)
{
	for (unsigned i = 1; i <= SHM_TAKEN; i++) {
		unsigned at = (shm->next_taken + SHM_TAKEN - i) % SHM_TAKEN;

		if (shm->taken[at].key == key) {
			shm->taken[at].key = 0;
			return shm->taken[at].at_ms;
		}
	}
	return -1;
}

void
shm_limit_return(struct shm *shm, enum limit_kind kind, struct str key, const struct limit *limit)
{
	struct shm_cell *cell = NULL;
	struct events events;
	int64_t at_ms;

	if (begin(shm, kind, key, window_of(limit), &events) != RC_OK)
		return;
	/* Another's event in its place would move that one's time. */
	at_ms = forget_taken(shm, events.key);
	if (at_ms < 0)
		cell = events.newest;
	for (size_t i = 0; i < events.n && at_ms >= 0; i++)
		if (events.own[i]->first_ms <= at_ms && at_ms <= last_of(events.own[i]))
			cell = events.own[i];
	if (cell != NULL) {
		set_weight(cell, weight_of(cell) - 1);
		if (weight_of(cell) == 0)
			set_free(cell);
	}
	end(shm, &events);
}

void
shm_limit_clear(struct shm *shm, enum limit_kind kind, struct str key)
{
	struct events events;

	if (begin(shm, kind, key, UINT32_MAX, &events) != RC_OK)
		return;
	for (size_t i = 0; i < events.n; i++)
		set_free(events.own[i]);
	end(shm, &events);
}
