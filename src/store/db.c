#include "store/db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db_internal.h"
#include "store/stmt.h"

enum {
	MOVED_CHECK_MS = 1000, /* db_version() asks the file system this often */
	WATCH_MS = 1000,
	/* For causes that may pass by themselves. */
	RESTART_COLD_MS = 2000,
	RESTART_MS = 5000, /* of a process that can still read */
};

/* The first statement of each transaction: takes the snapshot, and refuses foreign versions, since
 * an admin may migrate while we run. */
static enum rc
check_version(struct db *db)
{
	struct stmt *stmt = stmt_use(db, STMT_USER_VERSION);
	int64_t version = 0;
	enum rc rc = stmt_row(stmt);

	if (rc == RC_OK)
		version = stmt_int(stmt, 0);
	rc = stmt_end(stmt, rc);
	if (rc != RC_OK)
		return rc;
	if (version == DB_SCHEMA_VERSION)
		return RC_OK;
	if (version < DB_SCHEMA_VERSION)
		return db_cause_note(db, DB_CAUSE_VERSION,
		    "its schema is version %lld, this program needs %d; run affo-userctl db "
		    "migrate",
		    (long long)version, DB_SCHEMA_VERSION);
	return db_cause_note(db, DB_CAUSE_VERSION,
	    "its schema is version %lld, of a newer release than this program (%d)",
	    (long long)version, DB_SCHEMA_VERSION);
}

/* Once SQLite has opened the wal, what stands there is what is open: nobody can remove it while a
 * connection lives but by force. */
static void
remember_wal(struct db *db)
{
	sqlite3_file *wal = NULL;

	if (!db->wal.exists &&
	    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) ==
	        SQLITE_OK &&
	    wal != NULL && wal->pMethods != NULL)
		db_connect_stamp(db->wal_path, &db->wal);
}

/* That a transaction could begin says nothing about these. */
static bool
is_about_writing(enum db_cause cause)
{
	return cause == DB_CAUSE_LOCKED || cause == DB_CAUSE_FULL || cause == DB_CAUSE_READONLY ||
	       cause == DB_CAUSE_IO;
}

static enum rc
begin(struct db *db, enum db_state state)
{
	enum rc rc;

	assert(db->state == DB_IDLE);
	rc = db_connect_ensure(db);
	if (rc == RC_OK && state == DB_WRITING) {
		rc = db_lock_take(db);
		/* Now that nobody else writes: is this still the file that others see? */
		if (rc == RC_OK && db_connect_is_moved(db))
			rc = db_cause_note(db, DB_CAUSE_MOVED, "%s", DB_MOVED_NOTE);
		if (rc == RC_OK && sqlite3_db_readonly(db->handle, "main") == 1)
			rc = db_cause_note(
			    db, DB_CAUSE_READONLY, "it could be opened for reading only");
	}
	if (rc == RC_OK) {
		rc = stmt_run(
		    stmt_use(db, state == DB_WRITING ? STMT_BEGIN_WRITE : STMT_BEGIN_READ), NULL);
		if (rc == RC_OK)
			db->state = state;
	}
	if (rc == RC_OK)
		rc = check_version(db);
	if (rc != RC_OK) {
		db_rollback(db);
		db_lock_release(db);
		db_cause_flush(db);
		return rc;
	}
	remember_wal(db);
	if (!is_about_writing(db->failing))
		db_cause_clear(db);
	return RC_OK;
}

enum rc
db_begin_read(struct db *db)
{
	return begin(db, DB_READING);
}

enum rc
db_begin_write(struct db *db)
{
	return begin(db, DB_WRITING);
}

void
db_rollback(struct db *db)
{
	if (db == NULL || db->state == DB_IDLE)
		return;
	/* Some failures roll back by themselves. A rollback that fails leaves a connection that
	 * is not to be used any more. */
	if (!sqlite3_get_autocommit(db->handle) &&
	    stmt_run(stmt_use(db, STMT_ROLLBACK), NULL) != RC_OK)
		db->failing = DB_CAUSE_CORRUPT;
	db->state = DB_IDLE;
	db_lock_release(db);
	db_cause_flush(db);
}

enum rc
db_commit(struct db *db)
{
	bool is_write = db->state == DB_WRITING;
	enum rc rc = RC_UNAVAILABLE;

	assert(db->state != DB_IDLE);
	if (is_write)
		db_checkpoint_before_commit(db);
	if (!sqlite3_get_autocommit(db->handle))
		rc = stmt_run(stmt_use(db, STMT_COMMIT), NULL);
	/* Also when it failed: whether it reached the disk is not known then. */
	if (is_write)
		db->own_commits++;
	/* Into a file that was taken away meanwhile nothing may be acknowledged. */
	if (rc == RC_OK && is_write && db_connect_is_moved(db))
		rc = db_cause_note(db, DB_CAUSE_MOVED, "%s", DB_MOVED_NOTE);
	if (rc != RC_OK) {
		db_rollback(db);
		return rc;
	}
	db->state = DB_IDLE;
	db_lock_release(db);
	if (is_write)
		db_cause_clear(db);
	return RC_OK;
}

enum rc
db_version(struct db *db, struct db_version *ret)
{
	int64_t now = clock_monotonic_ms();
	struct stmt *stmt;
	enum rc rc;

	/* In a transaction begin() has looked already. */
	if (db->state == DB_IDLE) {
		if (db->handle == NULL || now - db->moved_checked_at >= MOVED_CHECK_MS ||
		    now < db->moved_checked_at) {
			rc = db_connect_ensure(db);
			if (rc != RC_OK) {
				db_cause_flush(db);
				return rc;
			}
			db->moved_checked_at = now;
		}
	}
	stmt = stmt_use(db, STMT_DATA_VERSION);
	rc = stmt_row(stmt);
	if (rc == RC_OK)
		ret->others = stmt_int(stmt, 0);
	rc = stmt_end(stmt, rc);
	if (rc == RC_OK)
		ret->own = db->own_commits;
	db_cause_flush(db);
	return rc;
}

enum rc
db_open(const char *path, int64_t timeout_ms, struct db **ret)
{
	struct db *db = db_connect_new(path, timeout_ms);
	enum rc rc;

	if (db == NULL) {
		log_error("database %s: no memory", path);
		return RC_SYSTEM;
	}
	log_debug("SQLite %s", sqlite3_libversion());
	rc = db_begin_read(db);
	if (rc == RC_OK)
		rc = db_commit(db);
	if (rc == RC_SYSTEM) {
		db_close(db);
		return rc;
	}
	*ret = db;
	return rc;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	db_rollback(db);
	db_connect_close(db);
	free(db->path);
	free(db->wal_path);
	free(db->lock_path);
	free(db);
}

/* SQLite syncs the wal's directory at the first sync of the wal, and seeds its own randomness at
 * the first reset: both open files. */
static enum rc
warm_wal(struct db *db)
{
	sqlite3_file *wal = NULL;
	unsigned char byte;
	int code;

	sqlite3_randomness(1, &byte);
	code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
	if (code != SQLITE_OK)
		return db_cause_sqlite(db, code, "looking for the wal");
	if (wal == NULL || wal->pMethods == NULL || !db->wal.exists)
		return db_cause_note(db, DB_CAUSE_NOT_OURS, "it has no write-ahead log");
	code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
	return code == SQLITE_OK ? RC_OK : db_cause_sqlite(db, code, "syncing the wal");
}

/* An open database of another version may become ours while this process lives. */
static enum rc
warm_foreign(struct db *db)
{
	int64_t version;
	int code = db_connect_int(db->handle, statements[STMT_USER_VERSION].text, &version);

	if (code != SQLITE_OK)
		return db_cause_sqlite(db, code, "reading");
	remember_wal(db);
	return warm_wal(db);
}

enum rc
db_warm(struct db *db)
{
	bool is_foreign;
	enum rc rc;

	assert(db->state == DB_IDLE);
	rc = db_begin_read(db);
	is_foreign = rc != RC_OK && db->handle != NULL && db->failing == DB_CAUSE_VERSION;
	if (is_foreign)
		rc = warm_foreign(db);
	else if (rc == RC_OK && (rc = stmt_open_all(db)) == RC_OK && (rc = warm_wal(db)) == RC_OK)
		rc = db_commit(db);
	/* They fit the schema; each is prepared again at its first use, which opens no file. */
	if (rc == RC_OK)
		stmt_close_all(db);
	if (rc != RC_OK) {
		db->is_cold = true;
		db->cold_cause = db->failing;
		(void)memcpy(db->cold_note, db->note, sizeof(db->cold_note));
		db_connect_stamp(db->path, &db->cold_file);
		db_connect_stamp(db->wal_path, &db->cold_wal);
		db_rollback(db);
		db_cause_flush(db);
	}
	db->is_sealed = true;
	db->sealed_at = clock_monotonic_ms();
	return is_foreign ? RC_UNAVAILABLE : rc;
}

/* Causes that may pass without a trace in the files. */
static bool
is_passing(enum db_cause cause)
{
	return cause == DB_CAUSE_BUSY || cause == DB_CAUSE_LOCKED || cause == DB_CAUSE_FULL ||
	       cause == DB_CAUSE_READONLY || cause == DB_CAUSE_IO || cause == DB_CAUSE_CORRUPT;
}

bool
db_needs_restart(const struct db *db)
{
	struct db_stamp file, wal;
	bool is_old;

	if (db == NULL || !db->is_sealed || db->failing == DB_CAUSE_NONE)
		return false;
	db_connect_stamp(db->path, &file);
	if (!file.exists)
		return false;
	db_connect_stamp(db->wal_path, &wal);
	is_old =
	    clock_monotonic_ms() - db->sealed_at >= (db->is_cold ? RESTART_COLD_MS : RESTART_MS);
	if (db->is_cold)
		return !db_connect_same(&file, &db->cold_file) ||
		       !db_connect_same(&wal, &db->cold_wal) ||
		       (is_old && is_passing(db->cold_cause));
	/* A connection that works sees by itself when a lock or a full disk has passed. */
	if (db->failing == DB_CAUSE_MOVED)
		return db_connect_is_moved(db);
	/* Who had no right to write gets it by a change of the file; a file system that becomes
	 * writable again leaves no trace. */
	if (db->failing == DB_CAUSE_READONLY && db->is_forbidden)
		return file.mode != db->file.mode ||
		       file.changed.tv_sec != db->file.changed.tv_sec ||
		       file.changed.tv_nsec != db->file.changed.tv_nsec;
	return is_old && (db->failing == DB_CAUSE_READONLY || db->failing == DB_CAUSE_CORRUPT ||
	                     db->failing == DB_CAUSE_NOT_OURS || db->failing == DB_CAUSE_OPEN);
}

int64_t
db_watch_ms(const struct db *db)
{
	return db != NULL && db->is_sealed && db->failing != DB_CAUSE_NONE ? WATCH_MS : -1;
}
