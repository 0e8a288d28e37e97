/*
 * What several processes do at once. Nothing here depends on who is faster: each test says what
 * must hold whatever the order was.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "domain/passwords.h"
#include "domain/sessions.h"
#include "domain/users.h"
#include "domain/verification.h"
#include "support/people.h"

enum { RACERS = 3 };

/* In memory that all share. */
struct race {
	atomic_int ready;    /* racers that are on their way */
	atomic_bool is_over; /* what ends it has returned */
	atomic_int won;      /* racers whose call gave RC_OK */
	atomic_int broken;   /* calls that gave RC_OK after the end */
};

static struct race *race;

static void
setup(void)
{
	people_setup();
	race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(race, MAP_FAILED);
}

static void
teardown(void)
{
	(void)munmap(race, sizeof(*race));
	people_teardown();
}

/* Starts the racers, each with a service of its own like a worker: nothing goes across a fork. */
static void
start(void (*run)(int racer), pid_t pid[static RACERS])
{
	int wake_fd = service->wake_fd;

	service_close(service);
	service = NULL;
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_ge(pid[i] = fork(), 0);
		if (pid[i] != 0)
			continue;
		service = service_another();
		run(i);
		service_close(service);
		_exit(0);
	}
	service = service_another();
	service->wake_fd = wake_fd;
}

static void
wait_all(const pid_t pid[static RACERS])
{
	for (int i = 0; i < RACERS; i++) {
		int status;

		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

/* Until all racers are here: so their calls overlap, if the machine lets them. */
static void
line_up(int n)
{
	atomic_fetch_add(&race->ready, 1);
	while (atomic_load(&race->ready) < n)
		(void)usleep(200);
}

/* A call that began after the end and succeeded breaks the rule. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		bool began_after_ = atomic_load(&race->is_over);                                   \
		if ((call) == RC_OK && began_after_)                                               \
			atomic_fetch_add(&race->broken, 1);                                        \
	} while (0)

/* Logs in with the old password, and uses and refreshes what it gets, until well after the end. */
static void
use_old_password(int racer)
{
	struct buf token = BUF_INIT(TOKEN_MAX), next = BUF_INIT(TOKEN_MAX);
	bool is_last = false;

	(void)racer;
	for (int round = 0; !is_last; round++) {
		struct principal principal = { 0 };
		struct faults faults = { 0 };
		struct user user = { 0 };

		is_last = atomic_load(&race->is_over);
		buf_reset(&next);
		TRY(sessions_login(service, &client, STR("ann@example.com"), STR(PEOPLE_PASSWORD),
		    &user, &next, &faults));
		user_release(&user);
		if (next.len > 0) {
			buf_reset(&token);
			buf_add(&token, buf_str(&next));
		}
		if (round == 0)
			atomic_fetch_add(&race->ready, 1);
		TRY(sessions_authenticate(service, buf_str(&token), &principal));
		principal_release(&principal);
		clock_advance(service_conf.token.access_lifetime_ms);
		buf_reset(&next);
		TRY(sessions_refresh(service, &client, buf_str(&token), &next));
		if (next.len > 0)
			TRY(sessions_authenticate(service, buf_str(&next), &principal));
		principal_release(&principal);
	}
	buf_release(&token);
	buf_release(&next);
}

static void
wait_ready(void)
{
	while (atomic_load(&race->ready) < RACERS)
		(void)usleep(200);
}

START_TEST(set_password_leaves_no_login_by_the_old_one)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_admin = people_login(people_add("root@example.com", "admin"));
	struct faults faults = { 0 };
	pid_t pid[RACERS];

	people_set_password(ann, PEOPLE_PASSWORD);
	start(use_old_password, pid);
	wait_ready();
	ck_assert_rc(
	    users_set_password(service, &client, &as_admin, ann, STR("the new password"), &faults),
	    RC_OK);
	atomic_store(&race->is_over, true);
	wait_all(pid);
	ck_assert_int_eq(atomic_load(&race->broken), 0);
	ck_assert_int_eq(people_logins(ann), 0);
	principal_release(&as_admin);
}
END_TEST

START_TEST(deactivate_leaves_no_login)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_admin = people_login(people_add("root@example.com", "admin"));
	pid_t pid[RACERS];

	people_set_password(ann, PEOPLE_PASSWORD);
	start(use_old_password, pid);
	wait_ready();
	ck_assert_rc(users_deactivate(service, &as_admin, ann), RC_OK);
	atomic_store(&race->is_over, true);
	wait_all(pid);
	ck_assert_int_eq(atomic_load(&race->broken), 0);
	ck_assert_int_eq(people_logins(ann), 0);
	principal_release(&as_admin);
}
END_TEST

static void
confirm_same_token(int racer)
{
	const char *passwords[RACERS] = { "password 0", "password 1", "password 2" };
	struct faults faults = { 0 };

	line_up(RACERS);
	if (passwords_confirm_reset(
	        service, &client, STR("token"), str_from(passwords[racer]), &faults) == RC_OK)
		atomic_fetch_add(&race->won, 1);
}

START_TEST(reset_token_works_once)
{
	pid_t pid[RACERS];

	people_put_token(people_add("ann@example.com", ""), "token");
	start(confirm_same_token, pid);
	wait_all(pid);
	ck_assert_int_eq(atomic_load(&race->won), 1);
}
END_TEST

static char *code;

static void
confirm_same_code(int racer)
{

	(void)racer;
	line_up(RACERS);
	if (verification_confirm(service, &client, STR("+4930123456"), str_from(code)) == RC_OK)
		atomic_fetch_add(&race->won, 1);
}

START_TEST(phone_code_works_once)
{
	struct faults faults = { 0 };
	struct messages messages;
	pid_t pid[RACERS];

	ck_assert_rc(
	    verification_request(service, &client, STR("+4930123456"), false, &faults), RC_OK);
	messages = people_outbox();
	code = people_variable(&messages.list[0], "code");
	messages_release(&messages);
	start(confirm_same_code, pid);
	wait_all(pid);
	ck_assert_int_eq(atomic_load(&race->won), 1);
	free(code);
}
END_TEST

static void
register_same_email(int racer)
{
	const char *emails[RACERS] = { "ann@example.com", "ANN@example.com", "Ann@Example.Com" };
	struct user_input input = people_input(emails[racer]);
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum rc rc;

	input.password.is_given = true;
	input.password.value = STR(PEOPLE_PASSWORD);
	line_up(RACERS);
	rc = users_register(service, &client, &input, &user, &token, &faults);
	if (rc == RC_OK)
		atomic_fetch_add(&race->won, 1);
	else if (rc != RC_ALREADY_EXISTS || token.len > 0)
		atomic_fetch_add(&race->broken, 1);
	user_release(&user);
	buf_release(&token);
}

START_TEST(email_is_registered_once)
{
	pid_t pid[RACERS];

	start(register_same_email, pid);
	wait_all(pid);
	ck_assert_int_eq(atomic_load(&race->won), 1);
	ck_assert_int_eq(atomic_load(&race->broken), 0);
	ck_assert_int_eq(service_query("SELECT count(*) FROM user"), 1);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 1);
}
END_TEST

static struct principal admins[RACERS];

static void
demote_the_next(int racer)
{
	struct buf roles = BUF_INIT(64);
	struct faults faults = { 0 };
	enum rc rc;

	line_up(RACERS);
	rc = users_replace_roles(service, &admins[racer], admins[(racer + 1) % RACERS].user_id,
	    NULL, 0, &roles, &faults);
	if (rc == RC_OK)
		atomic_fetch_add(&race->won, 1);
	else if (rc != RC_ROLE_MISSING)
		atomic_fetch_add(&race->broken, 1);
	buf_release(&roles);
}

START_TEST(admins_who_demote_each_other_leave_one)
{
	const char *emails[RACERS] = { "a@example.com", "b@example.com", "c@example.com" };
	pid_t pid[RACERS];

	for (int i = 0; i < RACERS; i++)
		admins[i] = people_login(people_add(emails[i], "admin"));
	start(demote_the_next, pid);
	wait_all(pid);
	ck_assert_int_eq(atomic_load(&race->broken), 0);
	ck_assert_int_ge(service_query("SELECT count(*) FROM user WHERE roles = 'admin'"), 1);
	ck_assert_int_eq(service_query("SELECT count(*) FROM user WHERE roles = 'admin'"),
	    RACERS - atomic_load(&race->won));
	for (int i = 0; i < RACERS; i++)
		principal_release(&admins[i]);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("races");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, set_password_leaves_no_login_by_the_old_one);
	tcase_add_test(tests, deactivate_leaves_no_login);
	tcase_add_test(tests, reset_token_works_once);
	tcase_add_test(tests, phone_code_works_once);
	tcase_add_test(tests, email_is_registered_once);
	tcase_add_test(tests, admins_who_demote_each_other_leave_one);
	return suite_run();
}
