#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/log.h"
#include "store/db_internal.h"

enum rc
db_migrate(const char *path, int64_t timeout_ms, int *ret_from, int *ret_to)
{
	struct db *db = db_connect_new(path, timeout_ms);
	enum rc rc = RC_SYSTEM;

	if (db == NULL) {
		log_error("database %s: no memory", path);
		return rc;
	}
	rc = db_connect_open(db);
	if (rc == RC_OK)
		rc = db_lock_take(db);
	if (rc == RC_OK)
		rc = migrate_run(db, embedded_migrations, ret_from, ret_to);
	db_lock_release(db);
	db_cause_flush(db);
	db_close(db);
	return rc;
}

enum rc
db_init(const char *path)
{
	enum { INIT_TIMEOUT_MS = 5000 };
	int from, to;
	/* Made by us, so that it has the right mode from its first byte; SQLite gives the -wal
	 * and -shm files the same. */
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		if (errno == EEXIST)
			return RC_TAKEN;
		log_error("database %s: it cannot be made: %s", path, strerror(errno));
		return RC_SYSTEM;
	}
	(void)close(fd);
	return db_migrate(path, INIT_TIMEOUT_MS, &from, &to);
}
