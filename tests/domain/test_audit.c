#include "domain/audit.h"

#include "base/clock.h"
#include "support/people.h"

#define COUNT "SELECT count(*) FROM audit"

static void
note(int64_t actor_id, int64_t user_id)
{
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(audit_note(service->db, clock_now_ms(), STR("e"), actor_id, user_id, STR("a"),
	                 STR("d")),
	    RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
}

static void
note_copy(int64_t user_id)
{
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(
	    audit_note_copy(service->db, clock_now_ms(), user_id, STR("a"), STR("d")), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
}

START_TEST(note_says_once_a_day_that_a_user_changed_too_much_of_himself)
{
	for (int i = 0; i < AUDIT_OWN_MAX; i++)
		note(7, 7);
	ck_assert_int_eq(service_query(COUNT " WHERE event = 'e'"), AUDIT_OWN_MAX);
	for (int i = 0; i < 3; i++)
		note(7, 7);
	ck_assert_int_eq(service_query(COUNT " WHERE event = 'e'"), AUDIT_OWN_MAX);
	ck_assert_int_eq(service_query(COUNT " WHERE event = 'audit.full' AND actor_id = 7"
	                                     " AND user_id = 7 AND address = 'a'"),
	    1);
	/* Others' are noted, and what others do to that user. */
	note(8, 8);
	note(8, 7);
	note(0, 7);
	ck_assert_int_eq(service_query(COUNT), AUDIT_OWN_MAX + 4);
	clock_advance(86400000 - 1);
	note(7, 7);
	ck_assert_int_eq(service_query(COUNT), AUDIT_OWN_MAX + 4);
	clock_advance(1);
	note(7, 7);
	ck_assert_int_eq(service_query(COUNT), AUDIT_OWN_MAX + 5);
}
END_TEST

START_TEST(note_never_counts_what_others_did)
{
	for (int i = 0; i < AUDIT_OWN_MAX + 5; i++) {
		note(8, 7);
		note(0, 0);
	}
	ck_assert_int_eq(service_query(COUNT " WHERE event = 'e'"), 2 * (AUDIT_OWN_MAX + 5));
}
END_TEST

START_TEST(note_copy_counts_by_itself)
{
	for (int i = 0; i < AUDIT_OWN_MAX + 5; i++)
		note(7, 7);
	for (int i = 0; i < AUDIT_OWN_MAX + 5; i++)
		note_copy(7);
	ck_assert_int_eq(
	    service_query(COUNT " WHERE event = 'session.copied' AND actor_id = 0"), AUDIT_OWN_MAX);
	ck_assert_int_eq(service_query(COUNT " WHERE event = 'audit.full' AND actor_id = 0"), 1);
	ck_assert_int_eq(service_query(COUNT), 2 * (AUDIT_OWN_MAX + 1));
}
END_TEST

/* The change is made, whether or not it is noted. */
START_TEST(users_change_themselves_also_when_the_audit_is_full)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_ann = people_login(ann);
	struct user_input input = { .phone = { .value = STR("+4930123456"), .is_given = true } };
	struct faults faults = { 0 };
	struct user user = { 0 };

	for (int i = 0; i < AUDIT_OWN_MAX + 1; i++)
		note(ann, ann);
	ck_assert_rc(users_change(service, &as_ann, ann, &input, &user, &faults), RC_OK);
	ck_assert_str_eq(user.phone, "+4930123456");
	ck_assert_int_eq(service_query(COUNT " WHERE event = 'user.change'"), 0);
	user_release(&user);
	principal_release(&as_ann);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("audit");

	tcase_add_checked_fixture(tests, people_setup, people_teardown);
	tcase_add_test(tests, note_says_once_a_day_that_a_user_changed_too_much_of_himself);
	tcase_add_test(tests, note_never_counts_what_others_did);
	tcase_add_test(tests, note_copy_counts_by_itself);
	tcase_add_test(tests, users_change_themselves_also_when_the_audit_is_full);
	return suite_run();
}
