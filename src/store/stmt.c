#include "store/stmt.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/db_internal.h"

static enum rc
stmt_prepare(struct stmt *stmt)
{
	char name[8];
	int n, code;

	code = sqlite3_prepare_v3(stmt->db->handle, statements[stmt->id].text, -1,
	    SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
	if (code != SQLITE_OK)
		return db_cause_sqlite(stmt->db, code, "preparing a statement");
	/* SQLite numbers $n in the order of the text; we go by their names, as other engines do. */
	assert(sqlite3_bind_parameter_count(stmt->handle) <= STMT_PARAMS_MAX);
	for (n = 1; n <= STMT_PARAMS_MAX; n++) {
		(void)snprintf(name, sizeof(name), "$%d", n);
		stmt->index[n] = (unsigned char)sqlite3_bind_parameter_index(stmt->handle, name);
	}
	return RC_OK;
}

static void
stmt_reset(struct stmt *stmt)
{
	stmt->has_row = false;
	if (stmt->handle == NULL)
		return;
	(void)sqlite3_reset(stmt->handle);
	/* Bound texts were borrowed. */
	(void)sqlite3_clear_bindings(stmt->handle);
}

struct stmt *
stmt_use(struct db *db, enum stmt_id id)
{
	struct stmt *stmt = &db->stmts[id];

	stmt->db = db;
	stmt->id = id;
	stmt->has_row = false;
	stmt->rc = RC_OK;
	if (db->handle == NULL) {
		stmt->rc = RC_UNAVAILABLE;
		return stmt;
	}
	if (stmt->handle == NULL && (stmt->rc = stmt_prepare(stmt)) != RC_OK)
		return stmt;
	if (id > STMT_DATA_VERSION) {
		assert(db->state != DB_IDLE);
		assert(db->state == DB_WRITING || sqlite3_stmt_readonly(stmt->handle));
		/* A failure may have ended the transaction on its own: what came now would be
		 * committed alone. */
		if (sqlite3_get_autocommit(db->handle))
			stmt->rc = RC_UNAVAILABLE;
	}
	return stmt;
}

static void
stmt_bound(struct stmt *stmt, int code)
{
	if (code != SQLITE_OK && stmt->rc == RC_OK)
		stmt->rc = db_cause_sqlite(stmt->db, code, "binding a value");
}

void
stmt_bind_int(struct stmt *stmt, int n, int64_t value)
{
	if (stmt->rc == RC_OK)
		stmt_bound(stmt, sqlite3_bind_int64(stmt->handle, stmt->index[n], value));
}

void
stmt_bind_text(struct stmt *stmt, int n, struct str text)
{
	if (stmt->rc == RC_OK)
		stmt_bound(stmt, sqlite3_bind_text64(stmt->handle, stmt->index[n], text.ptr,
		                     text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void
stmt_bind_null(struct stmt *stmt, int n)
{
	if (stmt->rc == RC_OK)
		stmt_bound(stmt, sqlite3_bind_null(stmt->handle, stmt->index[n]));
}

enum rc
stmt_row(struct stmt *stmt)
{
	int code;

	stmt->has_row = false;
	if (stmt->rc != RC_OK)
		return stmt->rc;
	code = sqlite3_step(stmt->handle);
	if (code == SQLITE_ROW) {
		stmt->has_row = true;
		return RC_OK;
	}
	if (code == SQLITE_DONE)
		return RC_NONE;
	stmt->rc = db_cause_sqlite(
	    stmt->db, code, sqlite3_stmt_readonly(stmt->handle) ? "reading" : "writing");
	return stmt->rc;
}

/* The schema is STRICT and ours: a wrong column means that someone else wrote the file. */
static void
stmt_damaged(struct stmt *stmt, int column)
{
	if (stmt->rc == RC_OK)
		stmt->rc = db_cause_note(stmt->db, DB_CAUSE_CORRUPT,
		    "column %d of a row holds what it cannot hold (%.60s)", column,
		    statements[stmt->id].text);
}

int64_t
stmt_int(struct stmt *stmt, int column)
{
	return stmt->has_row ? sqlite3_column_int64(stmt->handle, column) : 0;
}

bool
stmt_bool(struct stmt *stmt, int column)
{
	return stmt_int(stmt, column) != 0;
}

struct str
stmt_text(struct stmt *stmt, int column)
{
	struct str text = STR_NULL;

	if (!stmt->has_row || sqlite3_column_type(stmt->handle, column) == SQLITE_NULL)
		return text;
	text.ptr = (const char *)sqlite3_column_text(stmt->handle, column);
	if (text.ptr == NULL)
		stmt_bound(stmt, SQLITE_NOMEM);
	else
		text.len = (size_t)sqlite3_column_bytes(stmt->handle, column);
	return text;
}

char *
stmt_dup(struct stmt *stmt, int column)
{
	struct str text = stmt_text(stmt, column);
	char *copy;

	if (text.ptr == NULL)
		return NULL;
	copy = str_dup(text);
	if (copy == NULL)
		stmt_bound(stmt, SQLITE_NOMEM);
	return copy;
}

void
stmt_copy(struct stmt *stmt, int column, char *ret, size_t size)
{
	struct str text = stmt_text(stmt, column);

	ret[0] = '\0';
	if (text.ptr == NULL || text.len >= size) {
		stmt_damaged(stmt, column);
		return;
	}
	memcpy(ret, text.ptr, text.len);
	ret[text.len] = '\0';
}

int
stmt_enum(struct stmt *stmt, int column, int count, const char *(*name)(int))
{
	struct str text = stmt_text(stmt, column);
	int i;

	for (i = 0; i < count; i++)
		if (str_equal(text, str_from(name(i))))
			return i;
	stmt_damaged(stmt, column);
	return 0;
}

enum rc
stmt_check(struct stmt *stmt, enum rc rc)
{
	return stmt->rc != RC_OK ? stmt->rc : rc;
}

enum rc
stmt_end(struct stmt *stmt, enum rc rc)
{
	stmt_reset(stmt);
	return stmt_check(stmt, rc);
}

enum rc
stmt_run(struct stmt *stmt, size_t *ret_changed)
{
	enum rc rc;

	do
		rc = stmt_row(stmt);
	while (rc == RC_OK);
	if (rc == RC_NONE) {
		rc = stmt->rc;
		if (rc == RC_OK && ret_changed != NULL)
			*ret_changed = (size_t)sqlite3_changes64(stmt->db->handle);
	}
	return stmt_end(stmt, rc);
}

enum rc
stmt_run_one(struct stmt *stmt)
{
	size_t changed = 0;
	enum rc rc = stmt_run(stmt, &changed);

	return rc == RC_OK && changed == 0 ? RC_NONE : rc;
}

void
stmt_close_all(struct db *db)
{
	size_t i;

	for (i = 0; i < STMT__MAX; i++) {
		(void)sqlite3_finalize(db->stmts[i].handle);
		db->stmts[i] = (struct stmt){ .rc = RC_OK };
	}
}

enum rc
stmt_open_all(struct db *db)
{
	enum rc rc;
	size_t i;

	for (i = 0; i < STMT__MAX; i++) {
		struct stmt *stmt = &db->stmts[i];

		stmt->db = db;
		stmt->id = (enum stmt_id)i;
		if (stmt->handle == NULL && (rc = stmt_prepare(stmt)) != RC_OK)
			return rc;
	}
	return RC_OK;
}
