#include "base/shm.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/shm_map.h"

/* Changes whenever struct shm_map does. */
static const char magic[8] = "AFFOSHM1";

enum { SHM_PATH_MAX = 4096, SHM_POLL_FIRST_MS = 1, SHM_POLL_LAST_MS = 8 };

/* Where the kernel doesn't tell (some containers) all boots look alike: times of a former one may
 * then lie in the future, which shm_limit.c takes for now. */
static void
read_boot(char ret[static SHM_BOOT_LEN + 4])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(ret, 0, SHM_BOOT_LEN + 4);
	if (fd < 0)
		return;
	if (read(fd, ret, SHM_BOOT_LEN) != SHM_BOOT_LEN)
		memset(ret, 0, SHM_BOOT_LEN);
	(void)close(fd);
}

static bool
is_good_head(const struct shm_head *head)
{
	char boot[SHM_BOOT_LEN + 4];

	read_boot(boot);
	return memcmp(head->magic, magic, sizeof(magic)) == 0 &&
	       head->size == sizeof(struct shm_map) && memcmp(head->boot, boot, sizeof(boot)) == 0;
}

/* Maps the file if it is a good one. RC_NONE: it is missing or has to be made anew. RC_SYSTEM:
 * *reterr is the errno. */
static enum rc
map_existing(const char *path, struct shm *shm, int *reterr)
{
	struct stat st;
	void *map = MAP_FAILED;
	enum rc rc = RC_SYSTEM;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0) {
		*reterr = errno;
		return errno == ENOENT ? RC_NONE : RC_SYSTEM;
	}
	if (fstat(fd, &st) != 0)
		goto out;
	rc = RC_NONE;
	if (!S_ISREG(st.st_mode) || st.st_size != (off_t)sizeof(struct shm_map))
		goto out;
	rc = RC_SYSTEM;
	map = mmap(NULL, sizeof(struct shm_map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		goto out;
	rc = is_good_head(map) ? RC_OK : RC_NONE;
out:
	*reterr = errno;
	if (rc == RC_OK) {
		shm->fd = fd;
		shm->map = map;
		return RC_OK;
	}
	if (map != MAP_FAILED)
		(void)munmap(map, sizeof(struct shm_map));
	(void)close(fd);
	return rc;
}

/* Writes a good file beside path and renames it there. Gives errno, or 0. */
static int
make_file(const char *path, const char *fresh)
{
	struct shm_head head = { .size = sizeof(struct shm_map) };
	int fd, error = 0;

	memcpy(head.magic, magic, sizeof(magic));
	read_boot(head.boot);
	random_bytes(head.key, sizeof(head.key));
	(void)unlink(fresh); /* left by one who died here; we hold the lock */
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	/* All blocks now: on a full disk a store would end the process with SIGBUS. */
	error = posix_fallocate(fd, 0, sizeof(struct shm_map));
	if (error == 0 && pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
		error = errno == 0 ? EIO : errno;
	if (error == 0 && rename(fresh, path) != 0)
		error = errno;
	if (error != 0)
		(void)unlink(fresh);
	(void)close(fd);
	return error;
}

/* One at a time: whoever had to wait finds a good file. */
static enum rc
make_and_map(const char *path, struct shm *shm, int *reterr)
{
	struct buf lock = BUF_INIT(SHM_PATH_MAX), fresh = BUF_INIT(SHM_PATH_MAX);
	enum rc rc = RC_SYSTEM;
	int fd = -1;

	buf_printf(&lock, "%s.lock", path);
	buf_printf(&fresh, "%s.new", path);
	*reterr = ENAMETOOLONG;
	if (!buf_ok(&lock) || !buf_ok(&fresh))
		goto out;
	fd = open(buf_text(&lock), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	*reterr = errno;
	if (fd < 0)
		goto out;
	while (flock(fd, LOCK_EX) != 0) {
		*reterr = errno;
		if (errno != EINTR)
			goto out;
	}
	rc = map_existing(path, shm, reterr);
	if (rc == RC_NONE) {
		rc = RC_SYSTEM;
		if ((*reterr = make_file(path, buf_text(&fresh))) == 0)
			rc = map_existing(path, shm, reterr);
	}
out:
	if (fd >= 0)
		(void)close(fd);
	buf_release(&lock);
	buf_release(&fresh);
	return rc;
}

enum rc
shm_open_file(const char *path, struct shm **ret)
{
	struct shm *shm = calloc(1, sizeof(*shm));
	enum rc rc = RC_SYSTEM;
	int error = ENOMEM;

	if (shm != NULL) {
		shm->pid = getpid();
		rc = map_existing(path, shm, &error);
		if (rc == RC_NONE)
			rc = make_and_map(path, shm, &error);
	}
	if (rc != RC_OK) {
		log_error(
		    "the shared file \"%s\" cannot be opened or made: %s", path, strerror(error));
		free(shm);
		return RC_SYSTEM;
	}
	*ret = shm;
	return RC_OK;
}

void
shm_close(struct shm *shm)
{
	if (shm == NULL)
		return;
	(void)munmap(shm->map, sizeof(struct shm_map));
	(void)close(shm->fd);
	free(shm);
}

int
shm_lock(struct shm *shm, short type, int64_t offset, bool wait)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1 };

	/* Locks belong to the open file, which a forked child shares: it would lock nobody out. */
	assert(shm->pid == getpid());
	while (fcntl(shm->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) != 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

/* Starting anywhere, so that many waiters don't all try the same one first. RC_BUSY: none free. */
static enum rc
try_slots(struct shm *shm, unsigned n, int *ret_slot)
{
	unsigned start = random_below(n);

	for (unsigned i = 0; i < n; i++) {
		unsigned slot = (start + i) % n;
		int error;

		/* The kernel would give us our own lock again. */
		if (shm->slots[slot])
			continue;
		error = shm_lock(shm, F_WRLCK, SHM_SLOT_LOCKS + slot, false);
		if (error == 0) {
			shm->slots[slot] = true;
			*ret_slot = (int)slot;
			return RC_OK;
		}
		if (error != EAGAIN && error != EACCES) {
			log_error("a hashing slot cannot be locked: %s", strerror(error));
			return RC_SYSTEM;
		}
	}
	return RC_BUSY;
}

enum rc
shm_slot_take(struct shm *shm, unsigned n, int64_t deadline_ms, int *ret_slot)
{
	int64_t left_ms, step_ms = SHM_POLL_FIRST_MS;
	enum rc rc;

	n = n == 0 ? 1 : n > SHM_SLOTS_MAX ? SHM_SLOTS_MAX : n;
	/* No lock call waits for whichever of several comes free: look again and again. Beside a
	 * hash of tens of milliseconds a few are nothing. */
	while ((rc = try_slots(shm, n, ret_slot)) == RC_BUSY) {
		struct timespec pause = { 0, 0 };

		left_ms = deadline_ms - clock_monotonic_ms();
		if (left_ms <= 0)
			return RC_BUSY;
		pause.tv_nsec = (long)(step_ms < left_ms ? step_ms : left_ms) * 1000000;
		(void)nanosleep(&pause, NULL);
		step_ms = step_ms * 2 > SHM_POLL_LAST_MS ? SHM_POLL_LAST_MS : step_ms * 2;
	}
	return rc;
}

void
shm_slot_return(struct shm *shm, int slot)
{
	if (slot < 0 || slot >= SHM_SLOTS_MAX || !shm->slots[slot])
		return;
	shm->slots[slot] = false;
	if (shm_lock(shm, F_UNLCK, SHM_SLOT_LOCKS + slot, false) != 0)
		log_error("hashing slot %d cannot be unlocked: %s", slot, strerror(errno));
}
