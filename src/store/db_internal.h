/* What a struct db is made of; for the files of store/ only. */
#ifndef AFFO_STORE_DB_INTERNAL_H
#define AFFO_STORE_DB_INTERNAL_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "store/db.h"
#include "store/statements.h"

enum {
	DB_APPLICATION_ID = 0x4146464f, /* "AFFO" in the header of every file of ours */
	STMT_PARAMS_MAX = 16,
};

#define DB_MOVED_NOTE "the file, its -wal or its .lock was replaced or removed"

enum db_state { DB_IDLE, DB_READING, DB_WRITING };

/* Why the database cannot be used. Each is logged at most once per DB_CAUSE_QUIET_MS. */
enum db_cause {
	DB_CAUSE_NONE,
	DB_CAUSE_LOCKED,   /* our write lock, past the timeout */
	DB_CAUSE_BUSY,     /* a foreign lock, past the timeout */
	DB_CAUSE_FULL,     /* no space */
	DB_CAUSE_READONLY, /* the file or its file system */
	DB_CAUSE_IO,       /* read, write or sync failed */
	DB_CAUSE_CORRUPT,
	DB_CAUSE_NOT_OURS, /* not a database, or one of another program */
	DB_CAUSE_VERSION,  /* of another schema version */
	DB_CAUSE_MISSING,  /* no such file */
	DB_CAUSE_MOVED,    /* the file, its wal or its lock was replaced or removed while open */
	DB_CAUSE_OPEN,     /* cannot be opened */
	DB_CAUSE__MAX
};

/* A file as it was when last looked at. */
struct db_stamp {
	bool exists;
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	struct timespec changed;  /* ctime */
	struct timespec modified; /* mtime */
};

struct stmt {
	struct db *db;
	enum stmt_id id;
	sqlite3_stmt *handle;
	enum rc rc;                               /* the first failure since stmt_use() */
	bool has_row;                             /* the columns may be read */
	unsigned char index[STMT_PARAMS_MAX + 1]; /* of $n; 0: the text has none */
};

struct db {
	char *path, *wal_path, *lock_path;
	int64_t timeout_ms;
	sqlite3 *handle; /* NULL: not open */
	int lock_fd;     /* -1: not open */
	enum db_state state;
	bool is_lock_held;
	struct stmt stmts[STMT__MAX];
	uint64_t own_commits;
	int64_t moved_checked_at; /* monotonic; for db_version(), which is called all the time */
	struct db_stamp file, wal, lock; /* as opened */
	bool is_forbidden; /* it could be opened for reading only, by its mode or owner */

	/* db_warm() was called: no file may be opened any more. If it failed the connection stays
	 * useless (is_cold), for SQLite would open files at the next use; then cold_* say why, and
	 * how the files were. */
	bool is_sealed, is_cold;
	int64_t sealed_at; /* monotonic */
	enum db_cause cold_cause;
	char cold_note[256];
	struct db_stamp cold_file, cold_wal;

	/* db_cause.c: texts wait for the end of the transaction. */
	enum db_cause noted;
	enum db_cause failing; /* the last one; DB_CAUSE_NONE after a success */
	char note[256];
	struct {
		int64_t logged_at; /* monotonic; 0: never */
		uint64_t n;        /* not logged since */
	} causes[DB_CAUSE__MAX];
	uint64_t n_failed; /* since the last success */

	/* db_checkpoint.c */
	int frames;       /* in the wal after our last commit */
	int pages_before; /* written by this connection before our last commit */
	bool is_passive_due, is_truncate_due;
};

/* db_cause.c: failures ---------------------------------------------------------------------- */

/* Notes why; gives RC_UNAVAILABLE. Logged by db_cause_flush(). */
PRINTF(3, 4) enum rc db_cause_note(struct db *db, enum db_cause cause, const char *fmt, ...);
/* What a failed call of SQLite means: RC_TAKEN, RC_NONE (a reference to no row), RC_UNAVAILABLE,
 * RC_SYSTEM. doing: "writing", for the log. */
enum rc db_cause_sqlite(struct db *db, int code, const char *doing);
/* Logs what was noted, if it is time to. Outside of transactions. */
void db_cause_flush(struct db *db);
/* The database works: says so if it didn't. */
void db_cause_clear(struct db *db);

/* db_connect.c: the connection as such ------------------------------------------------------ */

/* Opens file and lock file, sets flags and pragmas. RC_UNAVAILABLE, RC_SYSTEM; then all is
 * closed. */
MUST_USE enum rc db_connect_open(struct db *db);
void db_connect_close(struct db *db);
/* Opens if need be and if still allowed; a replaced file is opened anew. */
MUST_USE enum rc db_connect_ensure(struct db *db);
/* Whether path, its wal or its lock file is no longer the file that is open. */
bool db_connect_is_moved(const struct db *db);
/* One integer of a statement's first row; for pragmas at open. Gives SQLite's code. */
int db_connect_int(sqlite3 *handle, const char *sql, int64_t *ret);
void db_connect_stamp(const char *path, struct db_stamp *ret);
bool db_connect_same(const struct db_stamp *a, const struct db_stamp *b);
/* A db without a connection; NULL: no memory. Freed with db_close(). */
struct db *db_connect_new(const char *path, int64_t timeout_ms);

/* db_lock.c: the write lock ----------------------------------------------------------------- */

/* Opens PATH.lock (mode 0600, of the database's owner when root makes it). -1 and errno. */
int db_lock_open(const char *path, const char *database);
/* RC_UNAVAILABLE after the timeout. */
MUST_USE enum rc db_lock_take(struct db *db);
void db_lock_release(struct db *db);

/* db_checkpoint.c --------------------------------------------------------------------------- */

enum {
	CHECKPOINT_FRAMES = 200,           /* PASSIVE each time the wal has grown by so many */
	CHECKPOINT_TRUNCATE_FRAMES = 4000, /* TRUNCATE from here on */
	CHECKPOINT_BUSY_MS = 20,           /* how long TRUNCATE waits for readers */
};
/* Learns from each commit how long the wal is. */
void db_checkpoint_watch(struct db *db);
/* Before each COMMIT of a write. */
void db_checkpoint_before_commit(struct db *db);

/* migrate.c --------------------------------------------------------------------------------- */

struct embedded;
/* Runs those migrations that the database lacks, each in a transaction; the caller has the lock.
 * RC_UNAVAILABLE: db is newer, foreign, or a migration failed (noted). */
MUST_USE enum rc migrate_run(
    struct db *db, const struct embedded *migrations, int *ret_from, int *ret_to);

#endif
