/* `affo-userctl db check`: looks at everything that is not looked at while serving. */
#include <string.h>

#include "base/embed.h"
#include "base/log.h"
#include "store/db_internal.h"

enum { SCHEMA_TEXT_MAX = 1 << 20 };

struct check {
	struct buf *report;
	size_t n_faults;
};

PRINTF(2, 3)
static void
check_fault(struct check *check, const char *fmt, ...)
{
	va_list args;

	check->n_faults++;
	buf_printf(check->report, "fault: ");
	va_start(args, fmt);
	buf_vprintf(check->report, fmt, args);
	va_end(args);
	buf_add_char(check->report, '\n');
}

/* Every object of the schema, its text without differences that mean nothing. */
static int
schema_text(sqlite3 *handle, struct buf *ret)
{
	static const char sql[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
	                          " WHERE substr(name, 1, 7) <> 'sqlite_' ORDER BY type, name";
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(handle, sql, -1, &st, NULL), i;

	while (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		for (i = 0; i < 4; i++) {
			buf_add(ret, str_from((const char *)sqlite3_column_text(st, i)));
			buf_add_char(ret, '\n');
		}
		code = SQLITE_OK;
	}
	(void)sqlite3_finalize(st);
	if (code == SQLITE_DONE)
		code = buf_ok(ret) ? SQLITE_OK : SQLITE_NOMEM;
	return code;
}

/* What the migrations give, in memory. */
static enum rc
schema_wanted(struct buf *ret)
{
	struct db *db = db_connect_new(":memory:", 0);
	enum rc rc = RC_SYSTEM;
	int from, to;

	if (db != NULL && sqlite3_open(":memory:", &db->handle) == SQLITE_OK)
		rc = migrate_run(db, embedded_migrations, &from, &to);
	if (rc == RC_OK && schema_text(db->handle, ret) != SQLITE_OK)
		rc = RC_SYSTEM;
	db_close(db);
	return rc;
}

static enum rc
check_schema(struct db *db, struct check *check)
{
	struct buf wanted = BUF_INIT(SCHEMA_TEXT_MAX), found = BUF_INIT(SCHEMA_TEXT_MAX);
	int64_t version = 0;
	int code = db_connect_int(db->handle, "PRAGMA user_version", &version);
	enum rc rc = RC_OK;

	if (code == SQLITE_OK && version != DB_SCHEMA_VERSION) {
		check_fault(check, "the schema is version %lld, this program needs %d%s",
		    (long long)version, DB_SCHEMA_VERSION,
		    version < DB_SCHEMA_VERSION ? "; run affo-userctl db migrate" : "");
		goto out;
	}
	if (code == SQLITE_OK)
		code = schema_text(db->handle, &found);
	if (code != SQLITE_OK) {
		check_fault(check, "the schema cannot be read: %s", sqlite3_errmsg(db->handle));
		goto out;
	}
	rc = schema_wanted(&wanted);
	if (rc == RC_OK && !str_equal(buf_str(&wanted), buf_str(&found)))
		check_fault(
		    check, "the tables and indexes are not those of version %d", DB_SCHEMA_VERSION);
	else if (rc == RC_OK)
		buf_printf(check->report, "ok: schema version %d\n", DB_SCHEMA_VERSION);
out:
	buf_release(&wanted);
	buf_release(&found);
	return rc;
}

/* Runs a pragma whose rows are complaints, but for a single "ok". */
static void
check_pragma(struct db *db, struct check *check, const char *sql, const char *what)
{
	sqlite3_stmt *st = NULL;
	size_t before = check->n_faults;
	const char *text;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL);

	while (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(st, 0);
		if (text == NULL || strcmp(text, "ok") != 0)
			check_fault(check, "%s: %s", what, text == NULL ? "?" : text);
		code = SQLITE_OK;
	}
	(void)sqlite3_finalize(st);
	if (code != SQLITE_DONE)
		check_fault(check, "%s: %s", what, sqlite3_errmsg(db->handle));
	else if (check->n_faults == before)
		buf_printf(check->report, "ok: %s\n", what);
}

static void
check_modes(const char *path, struct check *check)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if ((st.st_mode & 077) != 0)
		check_fault(check, "%s may be used by others: its mode is %03o, run chmod 600 %s",
		    path, (unsigned)(st.st_mode & 0777), path);
	else
		buf_printf(
		    check->report, "ok: mode %03o of %s\n", (unsigned)(st.st_mode & 0777), path);
}

enum rc
db_check(const char *path, int64_t timeout_ms, struct buf *ret_report)
{
	struct db *db = db_connect_new(path, timeout_ms);
	struct check check = { .report = ret_report };
	enum rc rc;

	if (db == NULL) {
		log_error("database %s: no memory", path);
		return RC_SYSTEM;
	}
	rc = db_connect_open(db);
	if (rc != RC_OK) {
		check_fault(&check, "%s", db->note);
		goto out;
	}
	buf_printf(ret_report, "ok: SQLite %s opens %s\n", sqlite3_libversion(), path);
	check_modes(path, &check);
	check_modes(db->lock_path, &check);
	rc = db_lock_take(db);
	if (rc == RC_OK)
		buf_printf(ret_report, "ok: the write lock comes free\n");
	else if (rc == RC_UNAVAILABLE)
		check_fault(&check, "%s", db->note);
	db_lock_release(db);
	rc = check_schema(db, &check);
	check_pragma(db, &check, "PRAGMA integrity_check(20)", "integrity");
	check_pragma(db, &check, "PRAGMA foreign_key_check", "references between the tables");
	if (rc == RC_OK && check.n_faults > 0)
		rc = RC_UNAVAILABLE;
out:
	/* The report has said it. */
	db->noted = DB_CAUSE_NONE;
	db_close(db);
	return rc == RC_OK && !buf_ok(ret_report) ? RC_LIMIT : rc;
}
