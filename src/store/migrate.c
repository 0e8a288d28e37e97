/* Numbered migrations, db/NNNN_*.sql: each sets PRAGMA user_version to its own number. */
#include "base/embed.h"
#include "base/log.h"
#include "store/db_internal.h"

/* The number that a migration's name starts with; 0: none. */
static int
migrate_number(const char *name)
{
	struct str digits = str_slice(str_from(name), 0, 4);
	uint64_t number = 0;

	while (digits.len > 1 && digits.ptr[0] == '0')
		digits = str_slice(digits, 1, digits.len);
	return str_to_u64(digits, 9999, &number) == RC_OK ? (int)number : 0;
}

static enum rc
migrate_fail(struct db *db, int code, const char *name)
{
	/* Texts of SQLite go before the rollback, which would replace them. */
	enum rc rc = db_cause_sqlite(db, code, name);

	if (!sqlite3_get_autocommit(db->handle))
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc == RC_SYSTEM ? RC_SYSTEM : RC_UNAVAILABLE;
}

/* One migration in one transaction. Foreign keys were switched off (a table may have to be made
 * anew); they are checked at its end. */
static enum rc
migrate_one(struct db *db, const struct embedded *migration, int number)
{
	int64_t version = 0, row = 0;
	int code;

	code = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db->handle, migration->text, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = db_connect_int(db->handle, "PRAGMA user_version", &version);
	if (code == SQLITE_OK && version != number) {
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
		log_error(
		    "migration %s sets the version %lld", migration->name, (long long)version);
		return RC_SYSTEM;
	}
	if (code == SQLITE_OK)
		code = db_connect_int(
		    db->handle, "SELECT count(*) FROM pragma_foreign_key_check", &row);
	if (code == SQLITE_OK && row != 0) {
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
		return db_cause_note(db, DB_CAUSE_CORRUPT,
		    "after migration %s %lld rows would refer to rows that don't exist",
		    migration->name, (long long)row);
	}
	if (code == SQLITE_OK)
		code = sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL);
	return code == SQLITE_OK ? RC_OK : migrate_fail(db, code, migration->name);
}

enum rc
migrate_run(struct db *db, const struct embedded *migrations, int *ret_from, int *ret_to)
{
	int64_t version = 0, tables = 0;
	int code, number, to;
	enum rc rc = RC_OK;
	size_t n = 0;

	while (migrations[n].name != NULL)
		n++;
	code = db_connect_int(db->handle, "PRAGMA user_version", &version);
	if (code == SQLITE_OK)
		code = db_connect_int(db->handle, "SELECT count(*) FROM sqlite_schema", &tables);
	if (code != SQLITE_OK)
		return db_cause_sqlite(db, code, "reading");
	if (version == 0 && tables > 0)
		return db_cause_note(
		    db, DB_CAUSE_NOT_OURS, "it holds the tables of another program");
	if (version > (int64_t)n)
		return db_cause_note(db, DB_CAUSE_VERSION,
		    "its schema is version %lld, of a newer release than this program (%zu)",
		    (long long)version, n);
	*ret_from = to = (int)version;
	code = sqlite3_exec(db->handle, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return db_cause_sqlite(db, code, "migrating");
	for (; rc == RC_OK && migrations[to].name != NULL; to += rc == RC_OK) {
		number = migrate_number(migrations[to].name);
		if (number != to + 1) {
			log_error("migration %s is the %dth", migrations[to].name, to + 1);
			rc = RC_SYSTEM;
			break;
		}
		rc = migrate_one(db, &migrations[to], number);
	}
	*ret_to = to;
	(void)sqlite3_exec(db->handle, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	return rc;
}
