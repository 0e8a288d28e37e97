#include <stdlib.h>

#include "domain/users.h"
#include "support/people.h"

static struct principal as_admin;
static int64_t ann;

static void
setup(void)
{
	people_setup();
	ann = people_add("ann@example.com", "");
	as_admin = people_login(people_add("root@example.com", "admin"));
}

static void
teardown(void)
{
	principal_release(&as_admin);
	people_teardown();
}

/* Replaces Ann's roles as the admin; the fault's pointer is checked when there is one to be. */
static enum rc
replace(const struct str *roles, size_t n, const char *pointer)
{
	struct buf text = BUF_INIT(8192);
	struct faults faults = { 0 };
	enum rc rc;

	rc = users_replace_roles(service, &as_admin, ann, roles, n, &text, &faults);
	if (pointer != NULL) {
		ck_assert_uint_eq(faults.n, 1);
		ck_assert_str_eq(faults.list[0].pointer, pointer);
	}
	buf_release(&text);
	return rc;
}

static enum rc
replace_one(struct str role)
{
	return replace(&role, 1, NULL);
}

START_TEST(replace_roles_sets_exactly_those_named)
{
	const struct str first[] = { STR("editor"), STR("admin"), STR("support desk") };
	const struct str second[] = { STR("editor") };
	struct buf text = BUF_INIT(8192);
	struct faults faults = { 0 };

	ck_assert_rc(users_replace_roles(service, &as_admin, ann, first, 3, &text, &faults), RC_OK);
	ck_assert_text(buf_str(&text), "editor,admin,support desk");
	buf_reset(&text);
	ck_assert_rc(users_read_roles(service, &as_admin, ann, &text), RC_OK);
	ck_assert_text(buf_str(&text), "editor,admin,support desk");
	buf_reset(&text);
	ck_assert_rc(
	    users_replace_roles(service, &as_admin, ann, second, 1, &text, &faults), RC_OK);
	ck_assert_text(buf_str(&text), "editor");
	buf_reset(&text);
	ck_assert_rc(users_replace_roles(service, &as_admin, ann, NULL, 0, &text, &faults), RC_OK);
	ck_assert_text(buf_str(&text), "");
	ck_assert_int_eq(service_query("SELECT roles = '' FROM user WHERE id = 1"), 1);
	buf_release(&text);
}
END_TEST

START_TEST(replace_roles_is_the_admins_alone)
{
	struct principal as_ann = people_login(ann);
	struct principal as_service = people_login(people_add("svc@example.com", "service"));
	const struct str roles[] = { STR("admin") }, bad[] = { STR("") };
	struct buf text = BUF_INIT(8192);
	struct faults faults = { 0 };

	ck_assert_rc(
	    users_replace_roles(service, &as_ann, ann, roles, 1, &text, &faults), RC_ROLE_MISSING);
	ck_assert_rc(users_replace_roles(service, &as_service, ann, roles, 1, &text, &faults),
	    RC_ROLE_MISSING);
	ck_assert_rc(
	    users_replace_roles(service, &as_ann, 999, roles, 1, &text, &faults), RC_ROLE_MISSING);
	ck_assert_rc(users_replace_roles(service, &as_admin, 999, roles, 1, &text, &faults),
	    RC_NO_SUCH_USER);
	/* The schema comes before the role. */
	ck_assert_rc(
	    users_replace_roles(service, &as_ann, ann, bad, 1, &text, &faults), RC_VALIDATION);
	ck_assert_rc(users_read_roles(service, &as_ann, 2, &text), RC_ACCESS_DENIED);
	ck_assert_rc(users_read_roles(service, &as_ann, ann, &text), RC_OK);
	ck_assert_text(buf_str(&text), "");
	ck_assert_rc(users_read_roles(service, &as_service, 999, &text), RC_NO_SUCH_USER);
	buf_release(&text);
	principal_release(&as_ann);
	principal_release(&as_service);
}
END_TEST

START_TEST(role_names_are_held_to_the_rules)
{
	char name[4 * (USER_ROLE_MAX + 1)];

	for (size_t i = 0; i < sizeof(name); i += 2) {
		name[i] = '\xc3';
		name[i + 1] = '\xa4';
	}
	ck_assert_rc(replace_one((struct str){ name, 2 * USER_ROLE_MAX }), RC_OK);
	ck_assert_rc(replace_one((struct str){ name, 2 * USER_ROLE_MAX + 2 }), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("a")), RC_OK);
	ck_assert_rc(replace_one(STR("a b-c/d:e")), RC_OK);
	ck_assert_rc(replace_one(STR("")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("a,b")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR(" a")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("a ")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("a\nb")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("a\tb")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("a\x7f")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("a\0b")), RC_VALIDATION);
	ck_assert_rc(replace_one(STR("\xff")), RC_VALIDATION);
}
END_TEST

START_TEST(roles_are_at_most_16_and_none_twice)
{
	static const char letters[] = "abcdefghijklmnopq";
	struct str roles[USER_ROLES_MAX + 1];

	for (size_t i = 0; i <= USER_ROLES_MAX; i++)
		roles[i] = (struct str){ letters + i, 1 };
	ck_assert_rc(replace(roles, USER_ROLES_MAX, NULL), RC_OK);
	ck_assert_rc(replace(roles, USER_ROLES_MAX + 1, ""), RC_VALIDATION);
	roles[2] = roles[0];
	ck_assert_rc(replace(roles, 5, "/2"), RC_VALIDATION);
	roles[2] = STR("A");
	ck_assert_rc(replace(roles, 5, NULL), RC_OK);
}
END_TEST

START_TEST(admin_set_roles_needs_no_caller)
{
	const struct str roles[] = { STR("admin") }, bad[] = { STR("a,b") };
	struct faults faults = { 0 };

	ck_assert_rc(users_admin_set_roles(service, ann, roles, 1, &faults), RC_OK);
	ck_assert_int_eq(service_query("SELECT roles = 'admin' FROM user WHERE id = 1"), 1);
	ck_assert_rc(users_admin_set_roles(service, 999, roles, 1, &faults), RC_NO_SUCH_USER);
	ck_assert_rc(users_admin_set_roles(service, ann, bad, 1, &faults), RC_VALIDATION);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("roles");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, replace_roles_sets_exactly_those_named);
	tcase_add_test(tests, replace_roles_is_the_admins_alone);
	tcase_add_test(tests, role_names_are_held_to_the_rules);
	tcase_add_test(tests, roles_are_at_most_16_and_none_twice);
	tcase_add_test(tests, admin_set_roles_needs_no_caller);
	return suite_run();
}
