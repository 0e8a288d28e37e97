/*
 * The database connection. Names no sqlite type: a second engine could stand behind it. One per
 * process, never across fork(). db_lock.c has the write lock, db_checkpoint.c
 * the checkpoints, db_connect.c the pragmas.
 *
 * RC_UNAVAILABLE is logged with its cause by whoever meets it (locked past db_timeout, full,
 * read-only, I/O error, not a database, foreign version, file taken away).
 */
#ifndef AFFO_STORE_DB_H
#define AFFO_STORE_DB_H

#include "base/buf.h"

struct db;
struct stmt; /* a prepared statement, borrowed from its db */

enum { DB_SCHEMA_VERSION = 4 }; /* the last migration of db/ */

/* Opens an existing database (path, and the lock file path.lock), sets the pragmas, checks the
 * version, prepares nothing yet. RC_UNAVAILABLE: the db is returned all the same in *ret, each
 * db_begin_* tries again: the service answers 503 and is back by itself. */
MUST_USE enum rc db_open(const char *path, int64_t timeout_ms, struct db **ret);
/* After this no file is opened any more: prepares all statements, touches what SQLite opens late
 * (wal, shm, temp). For before the sandbox. RC_UNAVAILABLE: the process may go on and answers 503;
 * db_needs_restart() says when a fresh one would do better. */
MUST_USE enum rc db_warm(struct db *db);
/* Whether the database cannot be used and only a process that may open files could help: it was
 * unusable at db_warm() and has changed since, or was replaced while open. Ask after an answer;
 * exit when true. Costs nothing while all is well. */
bool db_needs_restart(const struct db *db);
/* After how many milliseconds to ask again though no request has come; -1: not needed. */
int64_t db_watch_ms(const struct db *db);
void db_close(struct db *db);

MUST_USE enum rc db_begin_read(struct db *db);
/* Takes the write lock (RC_UNAVAILABLE after timeout_ms), then BEGIN IMMEDIATE. */
MUST_USE enum rc db_begin_write(struct db *db);
/* Ends either kind. On failure it is rolled back. */
MUST_USE enum rc db_commit(struct db *db);
/* Does nothing outside of a transaction; so it may stand at every `out:`. */
void db_rollback(struct db *db);
/* Checkpoints as far as they are due; call when the answer is out. */
void db_after_answer(struct db *db);

/* The pair that the caches' rule needs: reads are valid while both stay equal. */
struct db_version {
	uint64_t own;   /* commits of this connection */
	int64_t others; /* PRAGMA data_version */
};
MUST_USE enum rc db_version(struct db *db, struct db_version *ret);

/* For ctl: creates (RC_TAKEN: the file exists) or migrates (db/NNNN_*.sql, compiled in), and the
 * checks of `db check`. */
MUST_USE enum rc db_init(const char *path);
MUST_USE enum rc db_migrate(const char *path, int64_t timeout_ms, int *ret_from, int *ret_to);
/* One line a check, "ok: ..." or "fault: ...", also when RC_UNAVAILABLE says that there are faults.
 * RC_LIMIT: the report is longer than its buffer may be. */
MUST_USE enum rc db_check(const char *path, int64_t timeout_ms, struct buf *ret_report);

#endif
