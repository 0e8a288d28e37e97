#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/db_internal.h"
#include "store/stmt.h"

static const char pragmas[] = "PRAGMA foreign_keys = ON;"
                              "PRAGMA synchronous = FULL;"
                              /* Checkpoints are ours: db_checkpoint.c. */
                              "PRAGMA wal_autocheckpoint = 0;"
                              "PRAGMA trusted_schema = OFF;"
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA secure_delete = ON;"
                              /* No temporary file may be opened in the sandbox. */
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA mmap_size = 0;"
                              "PRAGMA cache_size = -2000;";

static char *
suffixed(const char *path, const char *suffix)
{
	struct buf buf = BUF_INIT(4096);

	buf_printf(&buf, "%s%s", path, suffix);
	return buf_detach(&buf);
}

struct db *
db_connect_new(const char *path, int64_t timeout_ms)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		return NULL;
	db->lock_fd = -1;
	db->timeout_ms = timeout_ms;
	db->path = suffixed(path, "");
	db->wal_path = suffixed(path, "-wal");
	db->lock_path = suffixed(path, ".lock");
	if (db->path == NULL || db->wal_path == NULL || db->lock_path == NULL) {
		db_close(db);
		return NULL;
	}
	return db;
}

void
db_connect_stamp(const char *path, struct db_stamp *ret)
{
	struct stat st;

	*ret = (struct db_stamp){ .exists = false };
	if (stat(path, &st) < 0)
		return;
	ret->exists = true;
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
	ret->mode = st.st_mode;
	ret->size = st.st_size;
	ret->changed = st.st_ctim;
	ret->modified = st.st_mtim;
}

bool
db_connect_same(const struct db_stamp *a, const struct db_stamp *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
	       a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

static bool
is_same_file(const char *path, const struct db_stamp *opened)
{
	struct db_stamp now;

	db_connect_stamp(path, &now);
	return now.exists && now.dev == opened->dev && now.ino == opened->ino;
}

bool
db_connect_is_moved(const struct db *db)
{
	int is_moved = 0;

	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &is_moved) ==
	        SQLITE_OK &&
	    is_moved)
		return true;
	return (db->wal.exists && !is_same_file(db->wal_path, &db->wal)) ||
	       (db->lock.exists && !is_same_file(db->lock_path, &db->lock));
}

int
db_connect_int(sqlite3 *handle, const char *sql, int64_t *ret)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(handle, sql, -1, &st, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(st);
		if (code == SQLITE_ROW) {
			*ret = sqlite3_column_int64(st, 0);
			code = SQLITE_OK;
		} else if (code == SQLITE_DONE) {
			code = SQLITE_ERROR;
		}
	}
	(void)sqlite3_finalize(st);
	return code;
}

static int
configure(sqlite3 *handle, int64_t timeout_ms)
{
	static const struct {
		int option, value;
	} options[] = {
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		/* "user" in quotes is a name and never a text. */
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};
	size_t i;
	int code;

	(void)sqlite3_extended_result_codes(handle, 1);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		code = sqlite3_db_config(handle, options[i].option, options[i].value, NULL);
		if (code != SQLITE_OK)
			return code;
	}
	(void)sqlite3_busy_timeout(handle, (int)timeout_ms);
	return sqlite3_exec(handle, pragmas, NULL, NULL, NULL);
}

void
db_connect_close(struct db *db)
{
	db_lock_release(db);
	stmt_close_all(db);
	(void)sqlite3_close(db->handle);
	db->handle = NULL;
	db->state = DB_IDLE;
	if (db->lock_fd >= 0)
		(void)close(db->lock_fd);
	db->lock_fd = -1;
	/* What was cached under the old connection's counters is over. */
	db->own_commits++;
}

/* Whose file is this? 0 is one that was just made, and one of any program that doesn't care; the
 * version, which begin() looks at, tells them apart. */
static enum rc
check_owner(struct db *db)
{
	int64_t application = 0, version = 0;
	int code = db_connect_int(db->handle, "PRAGMA application_id", &application);

	if (code == SQLITE_OK)
		code = db_connect_int(db->handle, "PRAGMA user_version", &version);
	if (code != SQLITE_OK)
		return db_cause_sqlite(db, code, "opening");
	if (application == DB_APPLICATION_ID || (application == 0 && version == 0))
		return RC_OK;
	return db_cause_note(db, DB_CAUSE_NOT_OURS, "it is the file of another program");
}

/* A restored backup (VACUUM INTO) may be in another journal mode. */
static enum rc
ensure_wal(struct db *db)
{
	sqlite3_stmt *st = NULL;
	const char *mode = NULL;
	bool is_wal;
	int code = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode", -1, &st, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		code = SQLITE_OK;
		mode = (const char *)sqlite3_column_text(st, 0);
	}
	is_wal = mode != NULL && strcmp(mode, "wal") == 0;
	(void)sqlite3_finalize(st);
	if (code == SQLITE_OK && !is_wal && sqlite3_db_readonly(db->handle, "main") != 1) {
		if (db_lock_take(db) != RC_OK)
			return RC_UNAVAILABLE;
		code = sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
		db_lock_release(db);
	}
	return code == SQLITE_OK ? RC_OK : db_cause_sqlite(db, code, "opening");
}

/* SQLite gives the -wal and -shm files the mode of the database: made while that was read-only,
 * they would stay so when it no longer is. */
static void
mend_mode(const char *path, const char *ending)
{
	struct buf buf = BUF_INIT(4096);
	struct stat st;

	buf_printf(&buf, "%s%s", path, ending);
	if (buf_ok(&buf) && stat(buf_text(&buf), &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & S_IWUSR) == 0 && chmod(buf_text(&buf), S_IRUSR | S_IWUSR) < 0)
		log_warning("%s: chmod: %s", buf_text(&buf), strerror(errno));
	buf_release(&buf);
}

enum rc
db_connect_open(struct db *db)
{
	enum rc rc;
	int code;

	db_connect_stamp(db->path, &db->file);
	if (!db->file.exists)
		return db_cause_note(db, DB_CAUSE_MISSING, "there is no such file");
	if ((db->file.mode & S_IWUSR) != 0) {
		mend_mode(db->path, "-wal");
		mend_mode(db->path, "-shm");
	}
	code = sqlite3_open_v2(
	    db->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK)
		code = configure(db->handle, db->timeout_ms);
	rc = code == SQLITE_OK ? check_owner(db) : db_cause_sqlite(db, code, "opening");
	if (rc != RC_OK)
		goto out;
	db->is_forbidden = access(db->path, W_OK) < 0 && errno == EACCES;
	db->lock_fd = db_lock_open(db->lock_path, db->path);
	if (db->lock_fd < 0) {
		rc = db_cause_note(
		    db, DB_CAUSE_OPEN, "opening %s failed: %s", db->lock_path, strerror(errno));
		goto out;
	}
	db_connect_stamp(db->lock_path, &db->lock);
	rc = ensure_wal(db);
	if (rc != RC_OK)
		goto out;
	db->wal.exists = false; /* until SQLite has opened it */
	db_checkpoint_watch(db);
out:
	if (rc != RC_OK)
		db_connect_close(db);
	return rc;
}

/* Failures after which a fresh connection may see more than this one. */
static bool
is_doubtful(enum db_cause cause)
{
	return cause == DB_CAUSE_READONLY || cause == DB_CAUSE_CORRUPT ||
	       cause == DB_CAUSE_NOT_OURS || cause == DB_CAUSE_OPEN;
}

enum rc
db_connect_ensure(struct db *db)
{
	bool is_moved;

	if (db->is_sealed && db->is_cold)
		return db_cause_note(db, db->cold_cause, "%s", db->cold_note);
	is_moved = db->handle != NULL && db_connect_is_moved(db);
	if (db->is_sealed && is_moved)
		return db_cause_note(db, DB_CAUSE_MOVED, "%s", DB_MOVED_NOTE);
	if (!db->is_sealed && db->handle != NULL && (is_moved || is_doubtful(db->failing)))
		db_connect_close(db);
	return db->handle != NULL ? RC_OK : db_connect_open(db);
}
