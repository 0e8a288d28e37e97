/*
 * What the shared file holds. For shm.c and shm_limit.c only.
 *
 * A page of head, then SHM_BUCKETS pages of cells. A key's events live in the cells of one bucket,
 * which its keyed hash names; a bucket is changed only under its lock, an OFD lock of one byte
 * beyond the file's end, which the kernel releases when its holder dies. A process that dies in
 * the middle leaves at worst one event counted that nobody was told of: the store of a cell's
 * `key` or `weight` is the last of each change.
 */
#ifndef AFFO_BASE_SHM_MAP_H
#define AFFO_BASE_SHM_MAP_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/shm.h"

enum {
	SHM_PAGE = 4096,
	SHM_BUCKETS = 2048,
	SHM_CELLS = 128,   /* in a bucket */
	SHM_KEY_LEN = 16,  /* of SipHash */
	SHM_BOOT_LEN = 36, /* a UUID as text */
	SHM_TAKEN = 16,    /* events remembered for shm_limit_return() */
	SHM_SLOTS_MAX = 1024,
};

/* Where the locks are; nothing of the file is there. */
#define SHM_BUCKET_LOCKS INT64_C(0x100000000)
#define SHM_SLOT_LOCKS INT64_C(0x200000000)

/* One event, or some that came close together. */
struct shm_cell {
	_Atomic uint64_t key;    /* the keyed hash of kind and key; 0: free */
	int64_t first_ms;        /* monotonic */
	uint32_t span_ms;        /* the last came so long after the first */
	uint32_t window_ms;      /* when the last is older, the cell is free */
	_Atomic uint32_t weight; /* how many */
	uint32_t unused;
};

struct shm_bucket {
	struct shm_cell cells[SHM_CELLS];
};

struct shm_head {
	char magic[8];
	uint64_t size; /* of the file */
	char boot[SHM_BOOT_LEN + 4];
	unsigned char key[SHM_KEY_LEN];
};

struct shm_map {
	union {
		struct shm_head head;
		char page[SHM_PAGE];
	};
	struct shm_bucket buckets[SHM_BUCKETS];
};

_Static_assert(sizeof(struct shm_bucket) == SHM_PAGE, "a bucket is a page");

struct shm {
	int fd;
	pid_t pid; /* who opened it: a forked child would share the locks */
	struct shm_map *map;
	bool slots[SHM_SLOTS_MAX]; /* taken by this process */
	/* The last events taken by this process: what one request gives back is exactly its own. */
	struct {
		uint64_t key;
		int64_t at_ms;
	} taken[SHM_TAKEN];
	unsigned next_taken;
};

/* A byte of the file: F_WRLCK or F_UNLCK. wait: until it is free. Errors: 0, or errno. */
MUST_USE int shm_lock(struct shm *shm, short type, int64_t offset, bool wait);
/* The bucket that a key's events are in. */
size_t shm_limit_bucket(const struct shm *shm, enum limit_kind kind, struct str key);

#endif
