/* Logins beside other processes. Nothing here depends on who is faster: what is claimed holds for
 * every order, and the processes only start together so that the orders differ. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domain/sessions.h"
#include "domain/users.h"
#include "support/service.h"

#define EMAIL STR("owner@example.com")
#define PASSWORD STR("correct horse")

enum { GUESSERS = 4, GUESSES = 8, ROUNDS = 30, MANY_LOGINS = 8 };

static int64_t owner;

static void
set_up(void)
{
	service_set_up();
	owner = service_add_user("owner@example.com", service_hash("correct horse"), "");
	/* The children open their own: SQLite's connections don't survive a fork. */
	service_close(service);
	service = NULL;
}

static enum rc
login(struct str password, struct buf *ret_token)
{
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum rc rc;

	rc = sessions_login(service, &client, EMAIL, password, &user, ret_token, &faults);
	user_release(&user);
	return rc;
}

/* Runs task(argument) in a child with a service of its own, once the byte `go` was given; its exit
 * status is what task returns. */
static pid_t
start(int (*task)(int), int argument, int go)
{
	pid_t pid = fork();
	char byte;
	int result;

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	if (service_open(&service_conf, -1, &service) != RC_OK || read(go, &byte, 1) != 1)
		_exit(255);
	result = task(argument);
	service_close(service);
	_exit(result);
}

static int
finish(pid_t pid)
{
	int status = 0;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 100);
	return WEXITSTATUS(status);
}

static void
give(int fd, int n)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(write(fd, "g", 1), 1);
}

/* How many guesses were looked at. */
static int
guess(int dropped)
{
	struct buf token = BUF_INIT(TOKEN_MAX);
	int judged = 0;

	(void)dropped;
	for (int i = 0; i < GUESSES; i++) {
		enum rc rc = login(STR("wrong horse"), &token);

		if (rc == RC_WRONG_PASSWORD)
			judged++;
		else if (rc != RC_LIMITED)
			judged = 200;
	}
	return judged;
}

START_TEST(guesses_made_at_once_are_all_counted)
{
	pid_t pids[GUESSERS];
	int go[2], judged = 0;

	ck_assert_int_eq(pipe(go), 0);
	for (int i = 0; i < GUESSERS; i++)
		pids[i] = start(guess, 0, go[0]);
	give(go[1], GUESSERS);
	for (int i = 0; i < GUESSERS; i++)
		judged += finish(pids[i]);
	ck_assert_int_eq(judged, service_conf.limits.login_account.count);
	(void)close(go[0]);
	(void)close(go[1]);
}
END_TEST

static int
log_in_once(int dropped)
{
	struct buf token = BUF_INIT(TOKEN_MAX);
	enum rc rc = login(PASSWORD, &token);

	(void)dropped;
	buf_release(&token);
	if (rc != RC_OK && rc != RC_LOGIN_INACTIVE && rc != RC_WRONG_PASSWORD)
		return 200;
	return rc == RC_OK ? 1 : 0;
}

static int
change(int what)
{
	struct faults faults = { 0 };
	enum rc rc;

	if (what == 0)
		rc = users_admin_set_active(service, owner, false);
	else
		rc = users_admin_set_password(service, owner, STR("another horse"), &faults);
	return rc == RC_OK ? 0 : 200;
}

/* A login that verified the former password, or a user still active, must not outlive the change
 * that ends logins: it is before it and ended by it, or after it and refused. */
START_TEST(no_login_slips_past_a_deactivation_or_a_new_password)
{
	service_conf.limits.login_account.count = 10 * ROUNDS;
	service_conf.limits.login_address.count = 10 * ROUNDS;
	for (int round = 0; round < ROUNDS; round++) {
		pid_t changer, logger;
		int go[2];

		ck_assert_int_eq(pipe(go), 0);
		changer = start(change, _i, go[0]);
		logger = start(log_in_once, 0, go[0]);
		give(go[1], 2);
		(void)finish(logger);
		ck_assert_int_eq(finish(changer), 0);
		ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 0);
		service = service_another();
		if (_i == 0) {
			ck_assert_rc(users_admin_set_active(service, owner, true), RC_OK);
		} else {
			struct faults faults = { 0 };

			ck_assert_rc(
			    users_admin_set_password(service, owner, PASSWORD, &faults), RC_OK);
		}
		service_close(service);
		service = NULL;
		(void)close(go[0]);
		(void)close(go[1]);
	}
}
END_TEST

/* All find the stale hash, one makes it anew; the others' passwords are right all the same. */
START_TEST(logins_at_once_with_a_stale_hash_all_get_in)
{
	pid_t pids[MANY_LOGINS];
	int go[2], in = 0;

	service_execute("UPDATE user SET password ="
	                " '$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2'");
	ck_assert_int_eq(pipe(go), 0);
	for (int i = 0; i < MANY_LOGINS; i++)
		pids[i] = start(log_in_once, 0, go[0]);
	give(go[1], MANY_LOGINS);
	for (int i = 0; i < MANY_LOGINS; i++)
		in += finish(pids[i]);
	ck_assert_int_eq(in, MANY_LOGINS);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), MANY_LOGINS);
	(void)close(go[0]);
	(void)close(go[1]);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("login_race");

	tcase_add_checked_fixture(tests, set_up, service_tear_down);
	tcase_add_test(tests, guesses_made_at_once_are_all_counted);
	tcase_add_loop_test(tests, no_login_slips_past_a_deactivation_or_a_new_password, 0, 2);
	tcase_add_test(tests, logins_at_once_with_a_stale_hash_all_get_in);
	return suite_run();
}
