/*
 * The write lock: flock(LOCK_EX) on a file of our own beside the database, held around each write
 * transaction and each checkpoint.
 *
 * Why not SQLite's lock alone: its waiters poll, so under load one process gets all the turns;
 * and SQLite before 3.51.3 can lose commits when a second checkpoint starts while a commit resets
 * the wal. Why not a lock on the database's own file: closing any descriptor of that would drop
 * SQLite's own locks. The kernel frees the lock of a killed process; a stopped one keeps it, so
 * the wait ends by a timer.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

#include "store/db_internal.h"

/* The timer goes on ringing: a signal may come just before flock(2) goes to sleep. */
enum { LOCK_RING_MS = 10 };

static volatile sig_atomic_t has_rung;

static void
on_alarm(int signo)
{
	(void)signo;
	has_rung = 1;
}

int
db_lock_open(const char *path, const char *database)
{
	/* Without SA_RESTART, so that flock(2) gives EINTR. */
	struct sigaction action = { .sa_handler = on_alarm };
	struct stat st;
	int fd, saved;

	(void)sigemptyset(&action.sa_mask);
	if (sigaction(SIGALRM, &action, NULL) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* When root makes it, the service's own user must still get in. */
	if (fd >= 0 && geteuid() == 0 && stat(database, &st) == 0 &&
	    fchown(fd, st.st_uid, st.st_gid) < 0) {
		saved = errno;
		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static void
set_timer(int64_t ms, int64_t every_ms)
{
	struct itimerval timer = {
		.it_interval = { .tv_sec = every_ms / 1000, .tv_usec = every_ms % 1000 * 1000 },
		.it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
	};

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

enum rc
db_lock_take(struct db *db)
{
	int error, result;

	/* Most of the time it is free, and no timer is needed. */
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) == 0) {
		db->is_lock_held = true;
		return RC_OK;
	}
	has_rung = 0;
	set_timer(db->timeout_ms > 0 ? db->timeout_ms : 1, LOCK_RING_MS);
	do {
		result = flock(db->lock_fd, LOCK_EX);
		error = errno;
	} while (result < 0 && error == EINTR && !has_rung);
	set_timer(0, 0);
	if (result == 0) {
		db->is_lock_held = true;
		return RC_OK;
	}
	if (error == EINTR)
		return db_cause_note(db, DB_CAUSE_LOCKED,
		    "the write lock %s was not free for %lld ms", db->lock_path,
		    (long long)db->timeout_ms);
	return db_cause_note(
	    db, DB_CAUSE_IO, "locking %s failed: %s", db->lock_path, strerror(error));
}

void
db_lock_release(struct db *db)
{
	if (!db->is_lock_held)
		return;
	(void)flock(db->lock_fd, LOCK_UN);
	db->is_lock_held = false;
}
