/*
 * Running the named statements. Failures stick to the statement, so a row function binds and reads
 * without looking after each call: the result of stmt_row(), stmt_run() and stmt_end() counts.
 */
#ifndef AFFO_STORE_STMT_H
#define AFFO_STORE_STMT_H

#include "base/buf.h"
#include "store/db.h"
#include "store/statements.h"

/* Prepares it if need be. Borrowed until stmt_end() or stmt_run(). Never NULL. */
struct stmt *stmt_use(struct db *db, enum stmt_id id);
/* $n; an absent text is NULL. Texts stay the caller's, and stay there until the end. */
void stmt_bind_int(struct stmt *stmt, int n, int64_t value);
void stmt_bind_text(struct stmt *stmt, int n, struct str text);
void stmt_bind_null(struct stmt *stmt, int n);
/* The next row: RC_OK, RC_NONE after the last. */
MUST_USE enum rc stmt_row(struct stmt *stmt);
/* Columns of the row, from 0. What doesn't fit is damage, and sticks. */
int64_t stmt_int(struct stmt *stmt, int column);
bool stmt_bool(struct stmt *stmt, int column);
struct str stmt_text(struct stmt *stmt, int column); /* absent: NULL; until the next call */
char *stmt_dup(struct stmt *stmt, int column);       /* NULL for NULL; the caller frees */
void stmt_copy(struct stmt *stmt, int column, char *ret, size_t size);
/* An enum by its name; count names. */
int stmt_enum(struct stmt *stmt, int column, int count, const char *(*name)(int));
/* rc, or the failure that stuck: after reading the columns of one of many rows. */
MUST_USE enum rc stmt_check(struct stmt *stmt, enum rc rc);
/* Resets. Gives rc, or the failure that stuck since stmt_use(). */
MUST_USE enum rc stmt_end(struct stmt *stmt, enum rc rc);
/* Runs it to its end. ret_changed: how many rows changed; may be NULL. */
MUST_USE enum rc stmt_run(struct stmt *stmt, size_t *ret_changed);
/* The same, RC_NONE when no row changed. */
MUST_USE enum rc stmt_run_one(struct stmt *stmt);
/* Finalizes or prepares all of them. */
void stmt_close_all(struct db *db);
MUST_USE enum rc stmt_open_all(struct db *db);

#endif
