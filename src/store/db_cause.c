#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db_internal.h"

/* A flood of requests on a full disk must not become a flood of lines, on that disk. */
enum { CAUSE_QUIET_MS = 10000 };

enum rc
db_cause_note(struct db *db, enum db_cause cause, const char *fmt, ...)
{
	va_list args;

	/* The first is the cause; what follows from it (a rollback that fails) is not. */
	if (db->noted != DB_CAUSE_NONE)
		return RC_UNAVAILABLE;
	db->noted = cause;
	va_start(args, fmt);
	(void)vsnprintf(db->note, sizeof(db->note), fmt, args);
	va_end(args);
	db->failing = cause;
	return RC_UNAVAILABLE;
}

static enum db_cause
cause_of(int code)
{
	if (code == SQLITE_READONLY_DBMOVED)
		return DB_CAUSE_MOVED;
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		return DB_CAUSE_BUSY;
	case SQLITE_FULL:
		return DB_CAUSE_FULL;
	case SQLITE_READONLY:
		return DB_CAUSE_READONLY;
	case SQLITE_IOERR:
	case SQLITE_NOLFS:
		return DB_CAUSE_IO;
	case SQLITE_NOTADB:
		return DB_CAUSE_NOT_OURS;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return DB_CAUSE_OPEN;
	default:
		/* With our own statements, SQLITE_ERROR means a table that isn't there. */
		return DB_CAUSE_CORRUPT;
	}
}

enum rc
db_cause_sqlite(struct db *db, int code, const char *doing)
{
	const char *text = sqlite3_errstr(code);

	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
		return RC_TAKEN;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return RC_NONE;
	default:
		break;
	}
	if (db->handle != NULL && sqlite3_extended_errcode(db->handle) == code)
		text = sqlite3_errmsg(db->handle);
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		log_error("database %s: no memory when %s", db->path, doing);
		return RC_SYSTEM;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
	case SQLITE_TOOBIG:
		log_error("database %s: %s failed: %s (SQLite %d)", db->path, doing, text, code);
		return RC_SYSTEM;
	default:
		return db_cause_note(
		    db, cause_of(code), "%s failed: %s (SQLite %d)", doing, text, code);
	}
}

static const char *
cause_advice(enum db_cause cause)
{
	switch (cause) {
	case DB_CAUSE_NONE:
	case DB_CAUSE__MAX:
	case DB_CAUSE_VERSION:
		return "";
	case DB_CAUSE_LOCKED:
		return "; a process of this service that is stopped, or a long admin command, "
		       "keeps the others out";
	case DB_CAUSE_BUSY:
		return "; another program has it locked";
	case DB_CAUSE_FULL:
		return "; the disk is full: make room";
	case DB_CAUSE_READONLY:
		return "; the file or its file system cannot be written";
	case DB_CAUSE_IO:
		return "; look at the kernel's log and at the disk";
	case DB_CAUSE_CORRUPT:
		return "; run affo-userctl db check, and restore a backup if it finds damage";
	case DB_CAUSE_NOT_OURS:
		return "; is this the right path?";
	case DB_CAUSE_MISSING:
		return "; make it with affo-userctl db init";
	case DB_CAUSE_MOVED:
		return "; nothing more is written to the old one";
	case DB_CAUSE_OPEN:
		return "; look at the permissions of the file and its directory";
	}
	return "";
}

void
db_cause_flush(struct db *db)
{
	enum db_cause cause = db->noted;
	int64_t now = clock_monotonic_ms();

	if (cause == DB_CAUSE_NONE || db->state != DB_IDLE)
		return;
	db->noted = DB_CAUSE_NONE;
	db->n_failed++;
	if (db->causes[cause].logged_at != 0 &&
	    now - db->causes[cause].logged_at < CAUSE_QUIET_MS) {
		db->causes[cause].n++;
		return;
	}
	if (db->causes[cause].n > 0)
		log_error("database %s is unavailable: %s%s (%llu times more since the last line)",
		    db->path, db->note, cause_advice(cause),
		    (unsigned long long)db->causes[cause].n);
	else
		log_error(
		    "database %s is unavailable: %s%s", db->path, db->note, cause_advice(cause));
	db->causes[cause].logged_at = now == 0 ? 1 : now;
	db->causes[cause].n = 0;
}

void
db_cause_clear(struct db *db)
{
	size_t i;

	db->noted = DB_CAUSE_NONE;
	if (db->failing == DB_CAUSE_NONE)
		return;
	db->failing = DB_CAUSE_NONE;
	log_notice("database %s works again, after %llu failed transactions", db->path,
	    (unsigned long long)db->n_failed);
	db->n_failed = 0;
	for (i = 0; i < DB_CAUSE__MAX; i++)
		db->causes[i].n = 0;
}
