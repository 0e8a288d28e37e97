#include "domain/users.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/sessions.h"
#include "support/people.h"

static void
given(struct str *to, bool *is_given, const char *text)
{
	*to = str_from(text);
	*is_given = true;
}
#define GIVE(input, member, text) given(&(input).member.value, &(input).member.is_given, (text))

/* Registers and gives the result alone. */
static enum rc
try_register(const struct user_input *input, struct faults *faults)
{
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct user user = { 0 };
	enum rc rc;

	faults->n = 0;
	rc = users_register(service, &client, input, &user, &token, faults);
	user_release(&user);
	buf_release(&token);
	return rc;
}

static char *
repeat(const char *piece, size_t n)
{
	struct buf text = BUF_INIT(1 << 16);

	for (size_t i = 0; i < n; i++)
		buf_add(&text, str_from(piece));
	return buf_detach(&text);
}

START_TEST(register_makes_an_active_user_with_a_first_login)
{
	struct user_input input = people_input("Ann.Lee@Example.com");
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 }, row;

	GIVE(input, password, PEOPLE_PASSWORD);
	GIVE(input, phone, "+49 (30) 1234-567");
	GIVE(input, first_name, "Ann");
	GIVE(input, last_name, "");
	ck_assert_rc(users_register(service, &client, &input, &user, &token, &faults), RC_OK);
	ck_assert_int_gt(user.id, 0);
	ck_assert_str_eq(user.email, "Ann.Lee@Example.com");
	ck_assert_str_eq(user.phone, "+49301234567");
	ck_assert_str_eq(user.first_name, "Ann");
	ck_assert_str_eq(user.last_name, "");
	ck_assert_str_eq(user.roles, "");
	ck_assert(user.is_active && !user.phone_verified);
	ck_assert_int_eq(user.created_at, SERVICE_NOW);
	ck_assert_int_eq(user.updated_at, SERVICE_NOW);
	ck_assert_int_eq(user.last_login_at, SERVICE_NOW);
	ck_assert_ptr_null(user.password);
	ck_assert_uint_gt(token.len, 0);
	ck_assert_int_eq(people_logins(user.id), 1);

	row = people_row(user.id);
	ck_assert_rc(hash_verify(str_from(row.password), STR(PEOPLE_PASSWORD)), RC_OK);
	user_release(&row);
	user_release(&user);
	buf_release(&token);
}
END_TEST

START_TEST(register_takes_null_for_all_but_the_email)
{
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };
	struct user row = { 0 };

	GIVE(input, password, NULL);
	GIVE(input, phone, NULL);
	GIVE(input, first_name, NULL);
	GIVE(input, last_name, NULL);
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	ck_assert_rc(users_find(service, STR("ANN@example.com"), &row), RC_OK);
	ck_assert_ptr_null(row.phone);
	ck_assert_ptr_null(row.first_name);
	ck_assert_ptr_null(row.last_name);
	user_release(&row);
	row = people_row(1);
	ck_assert_ptr_null(row.password);
	user_release(&row);

	GIVE(input, email, NULL);
	ck_assert_rc(try_register(&input, &faults), RC_VALIDATION);
	ck_assert(faults_has(&faults, "/email"));
	input.email.is_given = false;
	ck_assert_rc(try_register(&input, &faults), RC_VALIDATION);
	ck_assert(faults_has(&faults, "/email"));
}
END_TEST

START_TEST(register_names_every_fault)
{
	char *name = repeat("x", USER_NAME_MAX + 1);
	struct user_input input = people_input("nobody");
	struct faults faults = { 0 };

	GIVE(input, password, "short");
	GIVE(input, phone, "12-34");
	GIVE(input, first_name, name);
	GIVE(input, last_name, name);
	ck_assert_rc(try_register(&input, &faults), RC_VALIDATION);
	ck_assert_uint_eq(faults.n, 5);
	ck_assert(faults_has(&faults, "/email"));
	ck_assert(faults_has(&faults, "/password"));
	ck_assert(faults_has(&faults, "/phone"));
	ck_assert(faults_has(&faults, "/first_name"));
	ck_assert(faults_has(&faults, "/last_name"));
	free(name);
}
END_TEST

START_TEST(register_holds_each_member_to_its_limit)
{
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };
	char *text;

	text = repeat("\xf0\x9f\x98\x80", USER_NAME_MAX + 1);
	GIVE(input, first_name, text);
	ck_assert_rc(try_register(&input, &faults), RC_VALIDATION);
	text[4 * USER_NAME_MAX] = '\0';
	GIVE(input, first_name, text);
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	free(text);

	input = people_input("bob@example.com");
	GIVE(input, password, "1234567");
	ck_assert_rc(try_register(&input, &faults), RC_VALIDATION);
	text = repeat("p", PASSWORD_MAX + 1);
	GIVE(input, password, text);
	ck_assert_rc(try_register(&input, &faults), RC_VALIDATION);
	ck_assert(faults_has(&faults, "/password"));
	text[PASSWORD_MAX] = '\0';
	GIVE(input, password, text);
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	free(text);

	input = people_input("cat@example.com");
	GIVE(input, password, "12345678");
	ck_assert_rc(try_register(&input, &faults), RC_OK);
}
END_TEST

START_TEST(register_refuses_texts_that_json_could_not_carry)
{
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };

	input.first_name.is_given = true;
	input.first_name.value = (struct str){ "a\0b", 3 };
	GIVE(input, last_name, "\xff");
	input.password.is_given = true;
	input.password.value = (struct str){ "1234567\0", 8 };
	ck_assert_rc(try_register(&input, &faults), RC_VALIDATION);
	ck_assert_uint_eq(faults.n, 3);
}
END_TEST

START_TEST(register_refuses_a_taken_email_whatever_its_case)
{
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };

	ck_assert_rc(try_register(&input, &faults), RC_OK);
	input = people_input("ANN@EXAMPLE.COM");
	ck_assert_rc(try_register(&input, &faults), RC_ALREADY_EXISTS);
	GIVE(input, password, PEOPLE_PASSWORD);
	ck_assert_rc(try_register(&input, &faults), RC_ALREADY_EXISTS);
}
END_TEST

START_TEST(register_refuses_a_taken_phone_but_not_a_test_recipients)
{
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };

	GIVE(input, phone, "+4930123456");
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	GIVE(input, email, "bob@example.com");
	GIVE(input, phone, "49 30 123456");
	ck_assert_rc(try_register(&input, &faults), RC_ALREADY_EXISTS);
	GIVE(input, phone, PEOPLE_TEST_PHONE);
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	GIVE(input, email, "cat@example.com");
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	/* None is never taken, and "" is none. */
	GIVE(input, email, "dan@example.com");
	GIVE(input, phone, "");
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	GIVE(input, email, "eve@example.com");
	ck_assert_rc(try_register(&input, &faults), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM user WHERE phone IS NULL"), 2);
}
END_TEST

START_TEST(register_counts_what_passes_validation_by_address)
{
	struct user_input good = people_input("ann@example.com"), bad = people_input("nobody");
	struct client other = client;
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 };

	service_conf.limits.register_address = (struct limit){ 3, 3600000 };
	for (int i = 0; i < 5; i++)
		ck_assert_rc(try_register(&bad, &faults), RC_VALIDATION);
	ck_assert_rc(try_register(&good, &faults), RC_OK);
	ck_assert_rc(try_register(&good, &faults), RC_ALREADY_EXISTS);
	ck_assert_rc(try_register(&good, &faults), RC_ALREADY_EXISTS);
	ck_assert_rc(try_register(&good, &faults), RC_LIMITED);
	ck_assert_int_gt(faults.retry_after_s, 0);
	ck_assert_int_le(faults.retry_after_s, 3600);

	other.address = STR("192.0.2.2");
	GIVE(good, email, "bob@example.com");
	ck_assert_rc(users_register(service, &other, &good, &user, &token, &faults), RC_OK);
	user_release(&user);
	buf_release(&token);
	clock_advance(3601000);
	GIVE(good, email, "cat@example.com");
	ck_assert_rc(try_register(&good, &faults), RC_OK);
}
END_TEST

START_TEST(register_does_not_hash_after_the_deadline)
{
	struct user_input input = people_input("ann@example.com");
	struct client self = client;
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 };

	GIVE(input, password, PEOPLE_PASSWORD);
	self.deadline_ms = clock_monotonic_ms();
	ck_assert_rc(users_register(service, &self, &input, &user, &token, &faults), RC_BUSY);
	ck_assert_int_eq(service_query("SELECT count(*) FROM user"), 0);
	ck_assert_uint_eq(token.len, 0);
	/* Without a password there is nothing to hash. */
	input.password.is_given = false;
	ck_assert_rc(users_register(service, &self, &input, &user, &token, &faults), RC_OK);
	user_release(&user);
	buf_release(&token);
}
END_TEST

START_TEST(add_sets_roles_and_makes_no_login)
{
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };
	struct user user = { 0 };

	service_conf.limits.register_address = (struct limit){ 1, 3600000 };
	ck_assert_rc(users_add(service, &input, STR("admin,support desk"), &user, &faults), RC_OK);
	ck_assert_str_eq(user.roles, "admin,support desk");
	ck_assert_int_eq(people_logins(user.id), 0);
	user_release(&user);
	ck_assert_rc(users_add(service, &input, STR(""), &user, &faults), RC_ALREADY_EXISTS);
	GIVE(input, email, "bob@example.com");
	ck_assert_rc(users_add(service, &input, STR("a,,b"), &user, &faults), RC_VALIDATION);
	ck_assert(faults_has(&faults, "/roles/1"));
}
END_TEST

START_TEST(admin_finds_lists_and_switches_users)
{
	int64_t ann = people_add("Ann@example.com", ""), bob = people_add("bob@example.com", "");
	struct user list[3] = { 0 }, user = { 0 };
	size_t n = 0;

	ck_assert_rc(users_find(service, STR("2"), &user), RC_OK);
	ck_assert_int_eq(user.id, bob);
	user_release(&user);
	ck_assert_rc(users_find(service, STR("aNN@example.com"), &user), RC_OK);
	ck_assert_int_eq(user.id, ann);
	user_release(&user);
	ck_assert_rc(users_find(service, STR("3"), &user), RC_NO_SUCH_USER);
	ck_assert_rc(users_find(service, STR("cat@example.com"), &user), RC_NO_SUCH_USER);
	ck_assert_rc(users_find(service, STR(""), &user), RC_NO_SUCH_USER);

	ck_assert_rc(users_list(service, 0, 3, list, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(list[0].id, ann);
	user_release(&list[0]);
	user_release(&list[1]);
	ck_assert_rc(users_list(service, ann, 3, list, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(list[0].id, bob);
	user_release(&list[0]);

	ck_assert_rc(users_admin_set_active(service, bob, false), RC_OK);
	ck_assert_rc(users_admin_set_active(service, bob, true), RC_OK);
	user = people_row(bob);
	ck_assert(user.is_active);
	user_release(&user);
	ck_assert_rc(users_admin_set_active(service, 999, true), RC_NO_SUCH_USER);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("users");

	tcase_add_checked_fixture(tests, people_setup, people_teardown);
	tcase_add_test(tests, register_makes_an_active_user_with_a_first_login);
	tcase_add_test(tests, register_takes_null_for_all_but_the_email);
	tcase_add_test(tests, register_names_every_fault);
	tcase_add_test(tests, register_holds_each_member_to_its_limit);
	tcase_add_test(tests, register_refuses_texts_that_json_could_not_carry);
	tcase_add_test(tests, register_refuses_a_taken_email_whatever_its_case);
	tcase_add_test(tests, register_refuses_a_taken_phone_but_not_a_test_recipients);
	tcase_add_test(tests, register_counts_what_passes_validation_by_address);
	tcase_add_test(tests, register_does_not_hash_after_the_deadline);
	tcase_add_test(tests, add_sets_roles_and_makes_no_login);
	tcase_add_test(tests, admin_finds_lists_and_switches_users);
	return suite_run();
}
