/* A fresh, migrated database in the test's scratch directory. */
#ifndef AFFO_TESTS_SUPPORT_DATABASE_H
#define AFFO_TESTS_SUPPORT_DATABASE_H

#include "model/user.h"
#include "store/db.h"

/* For tcase_add_checked_fixture(): scratch directory and database, open as database_db(). */
void database_make(void);
void database_remove(void);
struct db *database_db(void);
/* Its path; borrowed for good. */
const char *database_path(void);
/* One more connection to it, as another process has; timeout_ms as for db_open(). */
struct db *database_open(int64_t timeout_ms);
/* Inserts an active user (in a transaction of its own) and gives the id. */
int64_t database_add_user(const char *email);

#endif
