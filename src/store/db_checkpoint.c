/*
 * Checkpoints: only ever under the write lock (see db_lock.c), and only after the answer is out.
 * A process does one when its own commit carried the wal over a multiple of CHECKPOINT_FRAMES, so
 * that several workers don't all do the same one.
 */
#include "store/db_internal.h"
#include "store/stmt.h"

static int
pages_written(struct db *db)
{
	int now = 0, most = 0;

	(void)sqlite3_db_status(db->handle, SQLITE_DBSTATUS_CACHE_WRITE, &now, &most, 0);
	return now;
}

void
db_checkpoint_before_commit(struct db *db)
{
	/* The counter is an int that wraps; only differences count. */
	db->pages_before = pages_written(db);
}

static int
on_commit(void *arg, sqlite3 *handle, const char *name, int frames)
{
	struct db *db = arg;
	int ours = (int)((unsigned)pages_written(db) - (unsigned)db->pages_before);

	(void)handle;
	(void)name;
	db->frames = frames;
	if (ours < 1 || ours > frames)
		ours = frames;
	if (frames / CHECKPOINT_FRAMES != (frames - ours) / CHECKPOINT_FRAMES) {
		db->is_passive_due = true;
		db->is_truncate_due = frames >= CHECKPOINT_TRUNCATE_FRAMES;
	}
	return SQLITE_OK;
}

void
db_checkpoint_watch(struct db *db)
{
	struct db_stamp wal;

	/* Left behind by others: the first commit need not cross anything. */
	db_connect_stamp(db->wal_path, &wal);
	if (wal.exists && wal.size / 4096 > CHECKPOINT_TRUNCATE_FRAMES)
		db->is_truncate_due = true;
	(void)sqlite3_wal_hook(db->handle, on_commit, db);
}

void
db_after_answer(struct db *db)
{
	int code, frames = 0, done = 0;

	if (db == NULL || db->handle == NULL || db->state != DB_IDLE || db->is_cold ||
	    (!db->is_passive_due && !db->is_truncate_due))
		return;
	/* Not done: it stays due. */
	if (db_lock_take(db) != RC_OK) {
		db_cause_flush(db);
		return;
	}
	if (!db_connect_is_moved(db)) {
		code = sqlite3_wal_checkpoint_v2(
		    db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &done);
		if (code == SQLITE_OK && db->is_truncate_due && done == frames) {
			(void)sqlite3_busy_timeout(db->handle, CHECKPOINT_BUSY_MS);
			code = sqlite3_wal_checkpoint_v2(
			    db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
			(void)sqlite3_busy_timeout(db->handle, (int)db->timeout_ms);
		}
		/* Readers in the way are no failure: a later one gets further. */
		if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
			(void)db_cause_sqlite(db, code, "a checkpoint");
	}
	/* Tried or done: the next one is due when the wal has grown again. */
	db->is_passive_due = db->is_truncate_due = false;
	db_lock_release(db);
	db_cause_flush(db);
}
