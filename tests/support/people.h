/* A service with users, for tests of the domain. The clock stands at PEOPLE_NOW; hashes are as
 * cheap as they come; limits are out of the way. */
#ifndef AFFO_TESTS_SUPPORT_PEOPLE_H
#define AFFO_TESTS_SUPPORT_PEOPLE_H

#include "domain/service.h"
#include "domain/users.h"
#include "store/rows.h"
#include "support/suite.h"

#define PEOPLE_NOW INT64_C(1790000000000)
#define PEOPLE_PASSWORD "correct horse"
#define PEOPLE_TEST_PHONE "+1234567890"

extern struct service *people;   /* between setup and teardown */
extern struct conf *people_conf; /* its configuration; tests change it */
extern char people_outbox_key[]; /* the secret key of the queue, base64url */
extern int people_wake_fd;       /* where the queue would read, non-blocking */

/* For tcase_add_checked_fixture(). */
void people_setup(void);
void people_teardown(void);

/* At 192.0.2.1, without a deadline. */
struct client people_client(void);
/* An input where only the e-mail is given. */
struct user_input people_input(const char *email);
/* An active user without a password. */
int64_t people_add(const char *email, const char *roles);
/* A user as an import may have made it: nothing is checked, the keys are as told (NULL: none). */
int64_t people_import(
    const char *email, const char *email_key, const char *phone, const char *phone_key);
void people_set_password(int64_t id, const char *password);
/* A new login of that user, as authenticated; principal_release() it. */
struct principal people_login(int64_t id);
/* The row, with the hash; user_release() it. */
struct user people_row(int64_t id);
int64_t people_logins(int64_t id);
/* A reset token of that user that lives for an hour; and whether it still does. */
void people_put_token(int64_t id, const char *token);
bool people_has_token(const char *token);

/* All rows of the outbox, the oldest first, void ones too; messages_release() them. */
struct messages {
	size_t n;
	struct message list[32];
};
struct messages people_outbox(void);
void messages_release(struct messages *messages);
/* A variable of a message, unsealed; free() it. NULL: there is none. */
char *people_variable(const struct message *message, const char *name);
/* One number that a statement of the test's own gives. */
int64_t people_query(const char *sql);

bool faults_has(const struct faults *faults, const char *pointer);

#endif
