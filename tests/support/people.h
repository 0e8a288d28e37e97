/* Users of the service in support/service.h, their logins and messages, for tests of the domain. */
#ifndef AFFO_TESTS_SUPPORT_PEOPLE_H
#define AFFO_TESTS_SUPPORT_PEOPLE_H

#include "domain/users.h"
#include "store/rows.h"
#include "support/service.h"

#define PEOPLE_PASSWORD "correct horse"
#define PEOPLE_TEST_PHONE "+1234567890"

extern char people_outbox_key[]; /* the secret key of the queue, base64url */
extern int people_wake_fd;       /* where the queue would read, non-blocking */

/* The service, with limits out of the way, two sites for links, a test recipient with the code
 * 1111. For tcase_add_checked_fixture(). */
void people_setup(void);
void people_teardown(void);

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
bool faults_has(const struct faults *faults, const char *pointer);

#endif
