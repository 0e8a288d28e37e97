#include "support/database.h"

#include <check.h>
#include <stdio.h>

#include "store/rows.h"
#include "support/scratch.h"
#include "support/suite.h"

static char path[512];
static struct db *made;

void
database_make(void)
{
	scratch_make();
	(void)snprintf(path, sizeof(path), "%s/users.db", scratch_dir());
	ck_assert_rc(db_init(path), RC_OK);
	/* Long, for slow machines: what tests of timeouts need they open for themselves. */
	made = database_open(60000);
}

void
database_remove(void)
{
	db_close(made);
	made = NULL;
	scratch_remove();
}

struct db *
database_db(void)
{
	return made;
}

const char *
database_path(void)
{
	return path;
}

struct db *
database_open(int64_t timeout_ms)
{
	struct db *db = NULL;

	ck_assert_rc(db_open(path, timeout_ms, &db), RC_OK);
	return db;
}

int64_t
database_add_user(const char *email)
{
	char text[128];
	struct user user = { .email = text, .is_active = true };
	struct user_keys keys = { .email_key = str_from(email) };
	int64_t id = 0;

	(void)snprintf(text, sizeof(text), "%s", email);
	ck_assert_rc(db_begin_write(made), RC_OK);
	ck_assert_rc(user_row_insert(made, &user, keys, &id), RC_OK);
	ck_assert_rc(db_commit(made), RC_OK);
	return id;
}
