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

static enum rc
try_change(
    const struct principal *principal, int64_t id, const struct user_input *input, struct user *ret)
{
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum rc rc = users_change(service, principal, id, input, &user, &faults);

	if (ret != NULL)
		*ret = user;
	else
		user_release(&user);
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

START_TEST(access_is_decided_before_existence)
{
	int64_t ann = people_add("ann@example.com", ""), bob = people_add("bob@example.com", "");
	int64_t admin = people_add("root@example.com", "admin");
	int64_t svc = people_add("svc@example.com", "x,service");
	struct principal as_ann = people_login(ann), as_admin = people_login(admin);
	struct principal as_service = people_login(svc);
	struct user_input none = { 0 };
	struct user user = { 0 };

	ck_assert_rc(users_read(service, &as_ann, ann, &user), RC_OK);
	ck_assert_str_eq(user.email, "ann@example.com");
	ck_assert_ptr_null(user.password);
	user_release(&user);
	ck_assert_rc(users_read(service, &as_ann, bob, &user), RC_ACCESS_DENIED);
	ck_assert_rc(users_read(service, &as_ann, 0, &user), RC_ACCESS_DENIED);
	ck_assert_rc(users_read(service, &as_ann, 999, &user), RC_ACCESS_DENIED);
	ck_assert_rc(users_read(service, &as_admin, bob, &user), RC_OK);
	user_release(&user);
	ck_assert_rc(users_read(service, &as_service, admin, &user), RC_OK);
	user_release(&user);
	ck_assert_rc(users_read(service, &as_admin, 999, &user), RC_NO_SUCH_USER);
	ck_assert_rc(users_read(service, &as_service, 0, &user), RC_NO_SUCH_USER);
	ck_assert_rc(try_change(&as_ann, 999, &none, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(try_change(&as_ann, bob, &none, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(try_change(&as_admin, 999, &none, NULL), RC_NO_SUCH_USER);
	ck_assert_rc(try_change(&as_service, INT64_MAX, &none, NULL), RC_NO_SUCH_USER);
	principal_release(&as_ann);
	principal_release(&as_admin);
	principal_release(&as_service);
}
END_TEST

START_TEST(service_may_not_write_to_an_admin)
{
	int64_t admin = people_add("root@example.com", "admin");
	int64_t svc = people_add("svc@example.com", "service");
	int64_t both = people_add("both@example.com", "service,admin");
	struct principal as_service = people_login(svc), as_both = people_login(both);
	struct user_input input = people_input("evil@example.com");

	ck_assert_rc(try_change(&as_service, admin, &input, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(try_change(&as_service, both, &input, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(try_change(&as_service, svc, &input, NULL), RC_OK);
	GIVE(input, email, "fine@example.com");
	ck_assert_rc(try_change(&as_both, admin, &input, NULL), RC_OK);
	principal_release(&as_service);
	principal_release(&as_both);
}
END_TEST

START_TEST(change_sets_what_is_given_and_leaves_the_rest)
{
	int64_t ann = people_add("ann@example.com", "reader");
	struct principal as_ann = people_login(ann);
	struct user_input input = { 0 };
	struct user user;

	clock_advance(5000);
	GIVE(input, first_name, "Ann");
	GIVE(input, phone, "+4930123456");
	ck_assert_rc(try_change(&as_ann, ann, &input, &user), RC_OK);
	ck_assert_str_eq(user.first_name, "Ann");
	ck_assert_str_eq(user.phone, "+4930123456");
	ck_assert_str_eq(user.email, "ann@example.com");
	ck_assert_str_eq(user.roles, "reader");
	ck_assert_int_eq(user.updated_at, SERVICE_NOW + 5000);
	ck_assert_int_eq(user.created_at, SERVICE_NOW);
	ck_assert_ptr_null(user.password);
	user_release(&user);

	clock_advance(5000);
	input = (struct user_input){ 0 };
	GIVE(input, first_name, NULL);
	ck_assert_rc(try_change(&as_ann, ann, &input, &user), RC_OK);
	ck_assert_ptr_null(user.first_name);
	ck_assert_str_eq(user.phone, "+4930123456");
	user_release(&user);
	/* Nothing is a change of nothing. */
	clock_advance(5000);
	input = (struct user_input){ 0 };
	ck_assert_rc(try_change(&as_ann, ann, &input, &user), RC_OK);
	ck_assert_int_eq(user.updated_at, SERVICE_NOW + 10000);
	user_release(&user);
	principal_release(&as_ann);
}
END_TEST

START_TEST(change_refuses_a_taken_email_and_phone)
{
	int64_t ann = people_add("ann@example.com", "");
	int64_t bob =
	    people_import("bob@example.com", "bob@example.com", "+4930123456", "+4930123456");
	struct principal as_ann = people_login(ann), as_bob = people_login(bob);
	struct user_input input = people_input("BOB@example.com");

	ck_assert_rc(try_change(&as_ann, ann, &input, NULL), RC_ALREADY_EXISTS);
	ck_assert_rc(try_change(&as_bob, bob, &input, NULL), RC_OK);
	input = (struct user_input){ 0 };
	GIVE(input, phone, "+49 30 123456");
	ck_assert_rc(try_change(&as_ann, ann, &input, NULL), RC_ALREADY_EXISTS);
	GIVE(input, phone, PEOPLE_TEST_PHONE);
	ck_assert_rc(try_change(&as_ann, ann, &input, NULL), RC_OK);
	ck_assert_rc(try_change(&as_bob, bob, &input, NULL), RC_OK);
	principal_release(&as_ann);
	principal_release(&as_bob);
}
END_TEST

START_TEST(change_of_the_phone_unverifies_it)
{
	int64_t bob =
	    people_import("bob@example.com", "bob@example.com", "+4930123456", "+4930123456");
	struct principal as_bob = people_login(bob);
	struct user_input input = { 0 };
	struct user user;

	GIVE(input, phone, "+49 (30) 123456");
	GIVE(input, last_name, "B");
	ck_assert_rc(try_change(&as_bob, bob, &input, &user), RC_OK);
	ck_assert(user.phone_verified);
	user_release(&user);
	GIVE(input, phone, "+4930123457");
	ck_assert_rc(try_change(&as_bob, bob, &input, &user), RC_OK);
	ck_assert(!user.phone_verified);
	ck_assert_str_eq(user.phone, "+4930123457");
	user_release(&user);
	principal_release(&as_bob);
}
END_TEST

START_TEST(change_of_the_email_voids_reset_tokens)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_ann = people_login(ann);
	struct user_input input = people_input("ann@example.com");

	people_put_token(ann, "token");
	GIVE(input, first_name, "Ann");
	ck_assert_rc(try_change(&as_ann, ann, &input, NULL), RC_OK);
	ck_assert(people_has_token("token"));
	GIVE(input, email, "ann@example.org");
	ck_assert_rc(try_change(&as_ann, ann, &input, NULL), RC_OK);
	ck_assert(!people_has_token("token"));
	principal_release(&as_ann);
}
END_TEST

START_TEST(change_accepts_what_is_stored_whatever_the_rules_say)
{
	char *name = repeat("n", USER_NAME_MAX + 1);
	int64_t old = people_import("no address", "no address", "0123", NULL);
	struct principal as_old = people_login(old);
	struct user_input input = people_input("no address");
	struct user user;

	GIVE(input, phone, "0123");
	GIVE(input, first_name, "New");
	ck_assert_rc(try_change(&as_old, old, &input, &user), RC_OK);
	ck_assert_str_eq(user.email, "no address");
	ck_assert_str_eq(user.phone, "0123");
	ck_assert_str_eq(user.first_name, "New");
	ck_assert(user.phone_verified);
	user_release(&user);
	ck_assert_int_eq(
	    service_query("SELECT email_key = 'no address' AND phone_key IS NULL FROM user"), 1);

	GIVE(input, email, "other address");
	ck_assert_rc(try_change(&as_old, old, &input, NULL), RC_VALIDATION);
	GIVE(input, email, "no address");
	GIVE(input, phone, "0124");
	ck_assert_rc(try_change(&as_old, old, &input, NULL), RC_VALIDATION);
	GIVE(input, phone, "0123");
	GIVE(input, last_name, name);
	ck_assert_rc(try_change(&as_old, old, &input, NULL), RC_VALIDATION);
	GIVE(input, last_name, NULL);
	GIVE(input, email, NULL);
	ck_assert_rc(try_change(&as_old, old, &input, NULL), RC_VALIDATION);
	principal_release(&as_old);
	free(name);
}
END_TEST

START_TEST(change_keeps_the_keys_of_an_import)
{
	/* Two with one phone: an import leaves one of them without a key. */
	int64_t one = people_import("a@example.com", "a@example.com", "+4930123456", NULL);
	struct principal as_one = people_login(one);
	struct user_input input = { 0 };

	(void)people_import("b@example.com", "b@example.com", "+4930123456", "+4930123456");
	GIVE(input, first_name, "A");
	ck_assert_rc(try_change(&as_one, one, &input, NULL), RC_OK);
	GIVE(input, phone, "+4930123456");
	GIVE(input, first_name, "B");
	ck_assert_rc(try_change(&as_one, one, &input, NULL), RC_OK);
	principal_release(&as_one);
}
END_TEST

START_TEST(change_tells_a_stranger_nothing_of_the_row)
{
	int64_t old = people_import("no address", "no address", NULL, NULL);
	struct principal stranger = people_login(people_add("ann@example.com", ""));
	struct user_input input = people_input("no address");

	/* The stored value is refused to those who may not see it, like any other. */
	ck_assert_rc(try_change(&stranger, old, &input, NULL), RC_VALIDATION);
	GIVE(input, email, "other address");
	ck_assert_rc(try_change(&stranger, old, &input, NULL), RC_VALIDATION);
	GIVE(input, email, "ann@example.com");
	ck_assert_rc(try_change(&stranger, old, &input, NULL), RC_ACCESS_DENIED);
	principal_release(&stranger);
}
END_TEST

START_TEST(write_counts_the_callers_login_and_roles_as_they_are_now)
{
	int64_t ann = people_add("ann@example.com", ""),
	        admin = people_add("r@example.com", "admin");
	struct principal as_admin = people_login(admin), as_ann = people_login(ann);
	struct user_input input = people_input("new@example.com");
	struct faults faults = { 0 };

	ck_assert_rc(users_admin_set_roles(service, admin, NULL, 0, &faults), RC_OK);
	ck_assert_rc(try_change(&as_admin, ann, &input, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(users_deactivate(service, &as_admin, ann), RC_ROLE_MISSING);
	people_set_password(ann, PEOPLE_PASSWORD);
	ck_assert_rc(try_change(&as_ann, ann, &input, NULL), RC_SESSION_ENDED);
	ck_assert_rc(users_admin_set_active(service, admin, false), RC_OK);
	ck_assert_rc(try_change(&as_admin, admin, &input, NULL), RC_SESSION_ENDED);
	principal_release(&as_admin);
	principal_release(&as_ann);
}
END_TEST

START_TEST(change_counts_the_faults_that_the_caller_found)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_ann = people_login(ann);
	struct user_input input = people_input("new@example.com");
	struct faults faults = { 0 };
	struct user user = { 0 };

	faults_add(&faults, "/x", "This member cannot be set here.");
	GIVE(input, phone, "no phone");
	ck_assert_rc(users_change(service, &as_ann, ann, &input, &user, &faults), RC_VALIDATION);
	ck_assert_uint_eq(faults.n, 2);
	ck_assert(faults_has(&faults, "/x") && faults_has(&faults, "/phone"));
	faults.n = 1;
	GIVE(input, phone, "");
	ck_assert_rc(users_change(service, &as_ann, ann, &input, &user, &faults), RC_VALIDATION);
	ck_assert_rc(users_read(service, &as_ann, ann, &user), RC_OK);
	ck_assert_str_eq(user.email, "ann@example.com");
	user_release(&user);
	principal_release(&as_ann);
}
END_TEST

START_TEST(deactivate_ends_logins_and_voids_reset_tokens)
{
	int64_t ann = people_add("ann@example.com", ""),
	        admin = people_add("r@example.com", "admin");
	struct principal as_ann = people_login(ann), as_admin = people_login(admin);
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };
	struct user row;

	people_put_token(ann, "token");
	ck_assert_rc(users_deactivate(service, &as_ann, ann), RC_ROLE_MISSING);
	ck_assert_rc(users_deactivate(service, &as_ann, 999), RC_ROLE_MISSING);
	ck_assert_rc(users_deactivate(service, &as_admin, 999), RC_NO_SUCH_USER);
	clock_advance(1000);
	ck_assert_rc(users_deactivate(service, &as_admin, ann), RC_OK);
	row = people_row(ann);
	ck_assert(!row.is_active);
	ck_assert_int_eq(row.updated_at, SERVICE_NOW + 1000);
	user_release(&row);
	ck_assert_int_eq(people_logins(ann), 0);
	ck_assert_int_eq(people_logins(admin), 1);
	ck_assert(!people_has_token("token"));
	clock_advance(1000);
	ck_assert_rc(users_deactivate(service, &as_admin, ann), RC_OK);
	row = people_row(ann);
	ck_assert_int_eq(row.updated_at, SERVICE_NOW + 1000);
	user_release(&row);
	ck_assert_rc(users_add(service, &input, STR(""), &row, &faults), RC_ALREADY_EXISTS);
	principal_release(&as_ann);
	principal_release(&as_admin);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("users_change");

	tcase_add_checked_fixture(tests, people_setup, people_teardown);
	tcase_add_test(tests, access_is_decided_before_existence);
	tcase_add_test(tests, service_may_not_write_to_an_admin);
	tcase_add_test(tests, change_sets_what_is_given_and_leaves_the_rest);
	tcase_add_test(tests, change_refuses_a_taken_email_and_phone);
	tcase_add_test(tests, change_of_the_phone_unverifies_it);
	tcase_add_test(tests, change_of_the_email_voids_reset_tokens);
	tcase_add_test(tests, change_accepts_what_is_stored_whatever_the_rules_say);
	tcase_add_test(tests, change_keeps_the_keys_of_an_import);
	tcase_add_test(tests, change_tells_a_stranger_nothing_of_the_row);
	tcase_add_test(tests, write_counts_the_callers_login_and_roles_as_they_are_now);
	tcase_add_test(tests, change_counts_the_faults_that_the_caller_found);
	tcase_add_test(tests, deactivate_ends_logins_and_voids_reset_tokens);
	return suite_run();
}
