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
	struct client client = people_client();
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct user user = { 0 };
	enum rc rc;

	faults->n = 0;
	rc = users_register(people, &client, input, &user, &token, faults);
	user_release(&user);
	buf_release(&token);
	return rc;
}

static enum rc
try_change(
    const struct principal *principal, int64_t id, const struct user_input *input, struct user *ret)
{
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum rc rc = users_change(people, principal, id, input, &user, &faults);

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

START_TEST(register_makes_an_active_user_with_a_first_login)
{
	struct user_input input = people_input("Ann.Lee@Example.com");
	struct client client = people_client();
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 }, row;

	GIVE(input, password, PEOPLE_PASSWORD);
	GIVE(input, phone, "+49 (30) 1234-567");
	GIVE(input, first_name, "Ann");
	GIVE(input, last_name, "");
	ck_assert_rc(users_register(people, &client, &input, &user, &token, &faults), RC_OK);
	ck_assert_int_gt(user.id, 0);
	ck_assert_str_eq(user.email, "Ann.Lee@Example.com");
	ck_assert_str_eq(user.phone, "+49301234567");
	ck_assert_str_eq(user.first_name, "Ann");
	ck_assert_str_eq(user.last_name, "");
	ck_assert_str_eq(user.roles, "");
	ck_assert(user.is_active && !user.phone_verified);
	ck_assert_int_eq(user.created_at, PEOPLE_NOW);
	ck_assert_int_eq(user.updated_at, PEOPLE_NOW);
	ck_assert_int_eq(user.last_login_at, PEOPLE_NOW);
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
	ck_assert_rc(users_find(people, STR("ANN@example.com"), &row), RC_OK);
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
	ck_assert_int_eq(people_query("SELECT count(*) FROM user WHERE phone IS NULL"), 2);
}
END_TEST

START_TEST(register_counts_what_passes_validation_by_address)
{
	struct user_input good = people_input("ann@example.com"), bad = people_input("nobody");
	struct client other = people_client();
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 };

	people_conf->limits.register_address = (struct limit){ 3, 3600000 };
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
	ck_assert_rc(users_register(people, &other, &good, &user, &token, &faults), RC_OK);
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
	struct client client = people_client();
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 };

	GIVE(input, password, PEOPLE_PASSWORD);
	client.deadline_ms = clock_monotonic_ms();
	ck_assert_rc(users_register(people, &client, &input, &user, &token, &faults), RC_BUSY);
	ck_assert_int_eq(people_query("SELECT count(*) FROM user"), 0);
	ck_assert_uint_eq(token.len, 0);
	/* Without a password there is nothing to hash. */
	input.password.is_given = false;
	ck_assert_rc(users_register(people, &client, &input, &user, &token, &faults), RC_OK);
	user_release(&user);
	buf_release(&token);
}
END_TEST

START_TEST(add_sets_roles_and_makes_no_login)
{
	struct user_input input = people_input("ann@example.com");
	struct faults faults = { 0 };
	struct user user = { 0 };

	people_conf->limits.register_address = (struct limit){ 1, 3600000 };
	ck_assert_rc(users_add(people, &input, STR("admin,support desk"), &user, &faults), RC_OK);
	ck_assert_str_eq(user.roles, "admin,support desk");
	ck_assert_int_eq(people_logins(user.id), 0);
	user_release(&user);
	ck_assert_rc(users_add(people, &input, STR(""), &user, &faults), RC_ALREADY_EXISTS);
	GIVE(input, email, "bob@example.com");
	ck_assert_rc(users_add(people, &input, STR("a,,b"), &user, &faults), RC_VALIDATION);
	ck_assert(faults_has(&faults, "/roles/1"));
}
END_TEST

START_TEST(access_is_decided_before_existence)
{
	int64_t ann = people_add("ann@example.com", ""), bob = people_add("bob@example.com", "");
	int64_t admin = people_add("root@example.com", "admin");
	int64_t service = people_add("svc@example.com", "x,service");
	struct principal as_ann = people_login(ann), as_admin = people_login(admin);
	struct principal as_service = people_login(service);
	struct user_input none = { 0 };
	struct user user = { 0 };

	ck_assert_rc(users_read(people, &as_ann, ann, &user), RC_OK);
	ck_assert_str_eq(user.email, "ann@example.com");
	ck_assert_ptr_null(user.password);
	user_release(&user);
	ck_assert_rc(users_read(people, &as_ann, bob, &user), RC_ACCESS_DENIED);
	ck_assert_rc(users_read(people, &as_ann, 0, &user), RC_ACCESS_DENIED);
	ck_assert_rc(users_read(people, &as_ann, 999, &user), RC_ACCESS_DENIED);
	ck_assert_rc(users_read(people, &as_admin, bob, &user), RC_OK);
	user_release(&user);
	ck_assert_rc(users_read(people, &as_service, admin, &user), RC_OK);
	user_release(&user);
	ck_assert_rc(users_read(people, &as_admin, 999, &user), RC_NO_SUCH_USER);
	ck_assert_rc(users_read(people, &as_service, 0, &user), RC_NO_SUCH_USER);
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
	int64_t service = people_add("svc@example.com", "service");
	int64_t both = people_add("both@example.com", "service,admin");
	struct principal as_service = people_login(service), as_both = people_login(both);
	struct user_input input = people_input("evil@example.com");

	ck_assert_rc(try_change(&as_service, admin, &input, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(try_change(&as_service, both, &input, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(try_change(&as_service, service, &input, NULL), RC_OK);
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
	ck_assert_int_eq(user.updated_at, PEOPLE_NOW + 5000);
	ck_assert_int_eq(user.created_at, PEOPLE_NOW);
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
	ck_assert_int_eq(user.updated_at, PEOPLE_NOW + 10000);
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
	    people_query("SELECT email_key = 'no address' AND phone_key IS NULL FROM user"), 1);

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

	ck_assert_rc(users_admin_set_roles(people, admin, NULL, 0, &faults), RC_OK);
	ck_assert_rc(try_change(&as_admin, ann, &input, NULL), RC_ACCESS_DENIED);
	ck_assert_rc(users_deactivate(people, &as_admin, ann), RC_ROLE_MISSING);
	people_set_password(ann, PEOPLE_PASSWORD);
	ck_assert_rc(try_change(&as_ann, ann, &input, NULL), RC_SESSION_ENDED);
	ck_assert_rc(users_admin_set_active(people, admin, false), RC_OK);
	ck_assert_rc(try_change(&as_admin, admin, &input, NULL), RC_SESSION_ENDED);
	principal_release(&as_admin);
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
	ck_assert_rc(users_deactivate(people, &as_ann, ann), RC_ROLE_MISSING);
	ck_assert_rc(users_deactivate(people, &as_ann, 999), RC_ROLE_MISSING);
	ck_assert_rc(users_deactivate(people, &as_admin, 999), RC_NO_SUCH_USER);
	clock_advance(1000);
	ck_assert_rc(users_deactivate(people, &as_admin, ann), RC_OK);
	row = people_row(ann);
	ck_assert(!row.is_active);
	ck_assert_int_eq(row.updated_at, PEOPLE_NOW + 1000);
	user_release(&row);
	ck_assert_int_eq(people_logins(ann), 0);
	ck_assert_int_eq(people_logins(admin), 1);
	ck_assert(!people_has_token("token"));
	clock_advance(1000);
	ck_assert_rc(users_deactivate(people, &as_admin, ann), RC_OK);
	row = people_row(ann);
	ck_assert_int_eq(row.updated_at, PEOPLE_NOW + 1000);
	user_release(&row);
	ck_assert_rc(try_register(&input, &faults), RC_ALREADY_EXISTS);
	principal_release(&as_ann);
	principal_release(&as_admin);
}
END_TEST

START_TEST(admin_finds_lists_and_switches_users)
{
	int64_t ann = people_add("Ann@example.com", ""), bob = people_add("bob@example.com", "");
	struct user list[3] = { 0 }, user = { 0 };
	size_t n = 0;

	ck_assert_rc(users_find(people, STR("2"), &user), RC_OK);
	ck_assert_int_eq(user.id, bob);
	user_release(&user);
	ck_assert_rc(users_find(people, STR("aNN@example.com"), &user), RC_OK);
	ck_assert_int_eq(user.id, ann);
	user_release(&user);
	ck_assert_rc(users_find(people, STR("3"), &user), RC_NO_SUCH_USER);
	ck_assert_rc(users_find(people, STR("cat@example.com"), &user), RC_NO_SUCH_USER);
	ck_assert_rc(users_find(people, STR(""), &user), RC_NO_SUCH_USER);

	ck_assert_rc(users_list(people, 0, 3, list, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(list[0].id, ann);
	user_release(&list[0]);
	user_release(&list[1]);
	ck_assert_rc(users_list(people, ann, 3, list, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(list[0].id, bob);
	user_release(&list[0]);

	ck_assert_rc(users_admin_set_active(people, bob, false), RC_OK);
	ck_assert_rc(users_admin_set_active(people, bob, true), RC_OK);
	user = people_row(bob);
	ck_assert(user.is_active);
	user_release(&user);
	ck_assert_rc(users_admin_set_active(people, 999, true), RC_NO_SUCH_USER);
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
	tcase_add_test(tests, deactivate_ends_logins_and_voids_reset_tokens);
	tcase_add_test(tests, admin_finds_lists_and_switches_users);
	return suite_run();
}
