#include "domain/verification.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cred/secret.h"
#include "domain/outbox.h"
#include "support/people.h"

#define PHONE "+4930123456"

static enum rc
request(const char *phone, bool is_resend)
{
	struct faults faults = { 0 };
	enum rc rc;

	rc = verification_request(service, &client, str_from(phone), is_resend, &faults);
	if (rc == RC_LIMITED)
		ck_assert_int_gt(faults.retry_after_s, 0);
	return rc;
}

static enum rc
confirm(const char *phone, const char *code)
{

	return verification_confirm(service, &client, str_from(phone), str_from(code));
}

/* The code of the newest message; free() it. */
static char *
sent_code(void)
{
	struct messages messages = people_outbox();
	char *code;

	ck_assert_uint_gt(messages.n, 0);
	code = people_variable(&messages.list[messages.n - 1], "code");
	ck_assert_ptr_nonnull(code);
	messages_release(&messages);
	return code;
}

/* Another code of the same length. */
static char *
wrong_code(const char *code)
{
	char *wrong = strdup(code);

	wrong[0] = wrong[0] == '1' ? '2' : '1';
	return wrong;
}

static bool
is_verified(int64_t id)
{
	struct user row = people_row(id);
	bool is_verified = row.phone_verified;

	user_release(&row);
	return is_verified;
}

static int64_t
add_with_phone(const char *email, const char *phone)
{
	struct user_input input = people_input(email);
	struct faults faults = { 0 };
	struct user user = { 0 };
	int64_t id;

	input.phone.is_given = true;
	input.phone.value = str_from(phone);
	ck_assert_rc(users_add(service, &input, STR(""), &user, &faults), RC_OK);
	id = user.id;
	user_release(&user);
	return id;
}

START_TEST(request_sends_a_code_and_wakes_the_queue)
{
	struct client self = client;
	struct faults faults = { 0 };
	struct messages messages;
	char *code, byte;

	self.language = STR("fr");
	ck_assert_rc(
	    verification_request(service, &self, STR("49 (30) 123-456"), true, &faults), RC_OK);
	messages = people_outbox();
	ck_assert_uint_eq(messages.n, 1);
	ck_assert_int_eq(messages.list[0].kind, MESSAGE_PHONE_CODE);
	ck_assert_int_eq(messages.list[0].channel, CHANNEL_SMS);
	ck_assert_int_eq(messages.list[0].state, MESSAGE_PENDING);
	ck_assert_str_eq(messages.list[0].recipient, PHONE);
	ck_assert_str_eq(messages.list[0].language, "fr");
	ck_assert(messages.list[0].is_resend);
	ck_assert_int_eq(messages.list[0].expires_at, SERVICE_NOW + 600000);
	messages_release(&messages);
	code = sent_code();
	ck_assert_uint_eq(strlen(code), 6);
	ck_assert_uint_eq(strspn(code, "0123456789"), 6);
	free(code);
	ck_assert_int_eq(read(people_wake_fd, &byte, 1), 1);
}
END_TEST

START_TEST(request_refuses_what_is_no_phone_number)
{
	ck_assert_rc(request("123", false), RC_PHONE_INVALID);
	ck_assert_rc(request("", false), RC_PHONE_INVALID);
	ck_assert_rc(request("+0123456789", false), RC_PHONE_INVALID);
	ck_assert_rc(request("+49 30 12345x", false), RC_PHONE_INVALID);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox"), 0);
}
END_TEST

START_TEST(request_refuses_a_number_that_a_gateway_called_bad)
{
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(bad_recipient_row_put(service->db, STR(PHONE), SERVICE_NOW + 60000), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	ck_assert_rc(request(PHONE, false), RC_PHONE_INVALID);
	ck_assert_rc(request("+4930123457", false), RC_OK);
	clock_advance(60000);
	ck_assert_rc(request(PHONE, false), RC_OK);
}
END_TEST

START_TEST(request_sends_the_live_code_again)
{
	struct messages messages;
	char *first, *second;

	ck_assert_rc(request(PHONE, false), RC_OK);
	first = sent_code();
	clock_advance(599999);
	ck_assert_rc(request(PHONE, true), RC_OK);
	second = sent_code();
	ck_assert_str_eq(first, second);
	/* Asking again doesn't make it live longer. */
	messages = people_outbox();
	ck_assert_uint_eq(messages.n, 2);
	ck_assert_int_eq(messages.list[1].expires_at, SERVICE_NOW + 600000);
	messages_release(&messages);
	ck_assert_int_eq(service_query("SELECT count(*) FROM verification"), 1);
	ck_assert_rc(confirm(PHONE, second), RC_OK);
	free(first);
	free(second);
}
END_TEST

START_TEST(request_makes_a_new_code_after_the_former_one)
{
	int64_t same = 0;
	char *first, *second;

	/* Codes may be equal by chance, one time in a million: the request ids never are. */
	ck_assert_rc(request(PHONE, false), RC_OK);
	first = sent_code();
	clock_advance(600000);
	ck_assert_rc(confirm(PHONE, first), RC_CODE_INVALID);
	for (int i = 0; i < 3; i++) {
		ck_assert_rc(request(PHONE, false), RC_OK);
		second = sent_code();
		same += strcmp(first, second) == 0;
		free(second);
		clock_advance(600000);
	}
	ck_assert_int_lt(same, 3);
	free(first);
}
END_TEST

START_TEST(request_is_limited_and_the_last_code_stays_good)
{
	char *code;

	service_conf.limits.recipient = (struct limit){ 2, 3600000 };
	service_conf.limits.send_address = (struct limit){ 3, 3600000 };
	ck_assert_rc(request(PHONE, false), RC_OK);
	ck_assert_rc(request("4930123456", true), RC_OK);
	ck_assert_rc(request(PHONE, false), RC_LIMITED);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox"), 2);
	code = sent_code();
	ck_assert_rc(confirm(PHONE, code), RC_OK);
	free(code);
	ck_assert_rc(request("+4930123457", false), RC_OK);
	ck_assert_rc(request("+4930123458", false), RC_LIMITED);
}
END_TEST

START_TEST(confirm_works_once_and_verifies_the_phone)
{
	int64_t ann = add_with_phone("ann@example.com", PHONE);
	int64_t bob = add_with_phone("bob@example.com", "+4930123457");
	char *code;

	ck_assert_rc(request(PHONE, false), RC_OK);
	code = sent_code();
	ck_assert_rc(confirm("+4930123457", code), RC_CODE_INVALID);
	ck_assert_rc(confirm("49-30-123456", code), RC_OK);
	ck_assert(is_verified(ann) && !is_verified(bob));
	ck_assert_rc(confirm(PHONE, code), RC_CODE_INVALID);
	free(code);
}
END_TEST

START_TEST(confirm_verifies_whoever_has_the_phone_now)
{
	int64_t ann = add_with_phone("ann@example.com", PHONE), bob;
	struct principal as_ann = people_login(ann);
	struct user_input input = { 0 };
	struct faults faults = { 0 };
	struct user user = { 0 };
	char *code;

	ck_assert_rc(request(PHONE, false), RC_OK);
	input.phone.is_given = true;
	ck_assert_rc(users_change(service, &as_ann, ann, &input, &user, &faults), RC_OK);
	user_release(&user);
	bob = add_with_phone("bob@example.com", PHONE);
	code = sent_code();
	ck_assert_rc(confirm(PHONE, code), RC_OK);
	ck_assert(!is_verified(ann) && is_verified(bob));
	free(code);
	principal_release(&as_ann);
}
END_TEST

START_TEST(confirm_of_a_phone_that_nobody_has_is_fine)
{
	char *code;

	ck_assert_rc(request(PHONE, false), RC_OK);
	code = sent_code();
	ck_assert_rc(confirm(PHONE, code), RC_OK);
	free(code);
	ck_assert_rc(confirm("no phone", "123456"), RC_CODE_INVALID);
	ck_assert_rc(confirm(PHONE, "123456"), RC_CODE_INVALID);
}
END_TEST

START_TEST(confirm_forgives_four_wrong_guesses_and_no_fifth)
{
	char *code, *wrong;

	ck_assert_rc(request(PHONE, false), RC_OK);
	code = sent_code();
	wrong = wrong_code(code);
	for (int i = 1; i < CODE_GUESSES_MAX; i++)
		ck_assert_rc(confirm(PHONE, wrong), RC_CODE_INVALID);
	ck_assert_rc(confirm(PHONE, code), RC_OK);
	free(code);
	free(wrong);

	ck_assert_rc(request(PHONE, false), RC_OK);
	code = sent_code();
	wrong = wrong_code(code);
	for (int i = 1; i < CODE_GUESSES_MAX; i++)
		ck_assert_rc(confirm(PHONE, wrong), RC_CODE_INVALID);
	ck_assert_rc(confirm(PHONE, ""), RC_CODE_INVALID);
	ck_assert_rc(confirm(PHONE, code), RC_CODE_INVALID);
	/* A new one is another one, with five guesses of its own. */
	ck_assert_rc(request(PHONE, false), RC_OK);
	ck_assert_int_eq(service_query("SELECT wrong FROM verification"), 0);
	free(code);
	free(wrong);
}
END_TEST

START_TEST(confirm_looks_at_five_guesses_of_any_number_at_once)
{
	enum { GUESSERS = 4, GUESSES = 4 };
	char *code, *wrong;
	pid_t pid[GUESSERS];
	int wake_fd;

	ck_assert_rc(request(PHONE, false), RC_OK);
	code = sent_code();
	wrong = wrong_code(code);
	/* Nothing goes across a fork. */
	wake_fd = service->wake_fd;
	service_close(service);
	service = NULL;
	for (int i = 0; i < GUESSERS; i++) {
		ck_assert_int_ge(pid[i] = fork(), 0);
		if (pid[i] != 0)
			continue;
		service = service_another();
		for (int guess = 0; guess < GUESSES; guess++)
			if (confirm(PHONE, wrong) != RC_CODE_INVALID)
				_exit(1);
		service_close(service);
		_exit(0);
	}
	service = service_another();
	service->wake_fd = wake_fd;
	for (int i = 0; i < GUESSERS; i++) {
		int status;

		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ck_assert_int_eq(service_query("SELECT wrong FROM verification"), CODE_GUESSES_MAX);
	ck_assert_rc(confirm(PHONE, code), RC_CODE_INVALID);
	free(code);
	free(wrong);
}
END_TEST

START_TEST(test_recipients_have_a_fixed_code_and_no_message)
{
	int64_t one = add_with_phone("one@example.com", PEOPLE_TEST_PHONE);
	int64_t two = add_with_phone("two@example.com", PEOPLE_TEST_PHONE);
	int64_t ann = add_with_phone("ann@example.com", PHONE);

	service_conf.limits.recipient = (struct limit){ 1, 3600000 };
	service_conf.limits.send_address = (struct limit){ 1, 3600000 };
	for (int i = 0; i < 3; i++)
		ck_assert_rc(request("+1 (234) 567-890", false), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox"), 0);
	for (int i = 0; i <= CODE_GUESSES_MAX; i++)
		ck_assert_rc(confirm(PEOPLE_TEST_PHONE, "1112"), RC_CODE_INVALID);
	ck_assert(!is_verified(one));
	ck_assert_rc(confirm("1234567890", "1111"), RC_OK);
	ck_assert_rc(confirm("1234567890", "1111"), RC_OK);
	ck_assert(is_verified(one) && is_verified(two) && !is_verified(ann));
	ck_assert_rc(confirm(PHONE, "1111"), RC_CODE_INVALID);

	service_conf.verification.test_code = NULL;
	ck_assert_rc(confirm(PEOPLE_TEST_PHONE, ""), RC_CODE_INVALID);
	service_conf.verification.test_recipients.n = 0;
	ck_assert(!verification_is_test(&service_conf, STR(PEOPLE_TEST_PHONE)));
	ck_assert_rc(confirm(PEOPLE_TEST_PHONE, "1111"), RC_CODE_INVALID);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("verification");

	tcase_add_checked_fixture(tests, people_setup, people_teardown);
	tcase_add_test(tests, request_sends_a_code_and_wakes_the_queue);
	tcase_add_test(tests, request_refuses_what_is_no_phone_number);
	tcase_add_test(tests, request_refuses_a_number_that_a_gateway_called_bad);
	tcase_add_test(tests, request_sends_the_live_code_again);
	tcase_add_test(tests, request_makes_a_new_code_after_the_former_one);
	tcase_add_test(tests, request_is_limited_and_the_last_code_stays_good);
	tcase_add_test(tests, confirm_works_once_and_verifies_the_phone);
	tcase_add_test(tests, confirm_verifies_whoever_has_the_phone_now);
	tcase_add_test(tests, confirm_of_a_phone_that_nobody_has_is_fine);
	tcase_add_test(tests, confirm_forgives_four_wrong_guesses_and_no_fifth);
	tcase_add_test(tests, confirm_looks_at_five_guesses_of_any_number_at_once);
	tcase_add_test(tests, test_recipients_have_a_fixed_code_and_no_message);
	return suite_run();
}
