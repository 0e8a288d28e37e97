#include <stdio.h>
#include <string.h>

#include "store/rows.h"
#include "support/database.h"
#include "support/suite.h"

static struct session
login(const char *jti, int64_t user_id)
{
	struct session session = {
		.user_id = user_id,
		.counter = 4,
		.parent = 3,
		.issued_at = 100,
		.seen = true,
		.retries = 2,
		.expires_at = 1000,
		.created_at = 50,
		.last_seen_at = 200,
	};

	(void)snprintf(session.jti, sizeof(session.jti), "%s", jti);
	return session;
}

static void
add(struct session session)
{
	ck_assert_rc(
	    session_row_insert(database_db(), &session, STR("192.0.2.1"), STR_NULL), RC_OK);
}

/* Each test runs in one write transaction, with users 1 and 2. */
static void
begin(void)
{
	database_make();
	(void)database_add_user("a");
	(void)database_add_user("b");
	ck_assert_rc(db_begin_write(database_db()), RC_OK);
}

static void
end(void)
{
	ck_assert_rc(db_commit(database_db()), RC_OK);
	database_remove();
}

START_TEST(session_row_keeps_every_member)
{
	struct session got;

	add(login("j1", 1));
	ck_assert_rc(session_row_get(database_db(), STR("j1"), &got), RC_OK);
	ck_assert_str_eq(got.jti, "j1");
	ck_assert_int_eq(got.user_id, 1);
	ck_assert_int_eq(got.counter, 4);
	ck_assert_int_eq(got.parent, 3);
	ck_assert_int_eq(got.issued_at, 100);
	ck_assert(got.seen);
	ck_assert_int_eq(got.retries, 2);
	ck_assert_int_eq(got.expires_at, 1000);
	ck_assert_int_eq(got.created_at, 50);
	ck_assert_int_eq(got.last_seen_at, 200);
	ck_assert_rc(session_row_get(database_db(), STR("j2"), &got), RC_NONE);
}
END_TEST

START_TEST(session_row_insert_needs_a_user_and_a_new_jti)
{
	struct session session = login("j1", 3);

	ck_assert_rc(session_row_insert(database_db(), &session, STR_NULL, STR_NULL), RC_NONE);
	session.user_id = 2;
	ck_assert_rc(session_row_insert(database_db(), &session, STR_NULL, STR_NULL), RC_OK);
	ck_assert_rc(session_row_insert(database_db(), &session, STR_NULL, STR_NULL), RC_TAKEN);
}
END_TEST

START_TEST(session_row_view_tells_each_half_by_itself)
{
	struct db *db = database_db();
	struct session_view view;

	add(login("j1", 1));
	ck_assert_rc(user_row_set_roles(db, 2, STR("admin"), 1), RC_OK);
	ck_assert_rc(session_row_view(db, STR("j1"), 2, &view), RC_OK);
	ck_assert(view.has_session && view.has_user && view.is_active);
	ck_assert_int_eq(view.session.user_id, 1);
	ck_assert_int_eq(view.session.last_seen_at, 200);
	ck_assert_str_eq(view.roles, "admin");
	ck_assert_str_eq(view.email, "b");
	session_view_release(&view);
	ck_assert_rc(session_row_view(db, STR("j2"), 1, &view), RC_OK);
	ck_assert(!view.has_session && view.has_user);
	session_view_release(&view);
	ck_assert_rc(session_row_view(db, STR("j1"), 3, &view), RC_OK);
	ck_assert(view.has_session && !view.has_user);
	ck_assert(view.roles == NULL && view.email == NULL);
	ck_assert_rc(session_row_view(db, STR("j2"), 3, &view), RC_OK);
	ck_assert(!view.has_session && !view.has_user);
}
END_TEST

START_TEST(session_row_rotate_and_set_seen_change_the_live_login)
{
	struct db *db = database_db();
	struct session session = login("j1", 1), got;

	add(session);
	session.counter = 5;
	session.parent = 4;
	session.issued_at = 300;
	session.seen = false;
	session.retries = 0;
	session.last_seen_at = 300;
	ck_assert_rc(session_row_rotate(db, &session), RC_OK);
	ck_assert_rc(session_row_set_seen(db, STR("j1"), 4, 400), RC_NONE);
	ck_assert_rc(session_row_get(db, STR("j1"), &got), RC_OK);
	ck_assert(got.counter == 5 && got.parent == 4 && got.issued_at == 300 && !got.seen);
	ck_assert(got.retries == 0 && got.last_seen_at == 300 && got.expires_at == 1000);
	ck_assert_rc(session_row_set_seen(db, STR("j1"), 5, 400), RC_OK);
	ck_assert_rc(session_row_get(db, STR("j1"), &got), RC_OK);
	ck_assert(got.seen && got.last_seen_at == 400);
	ck_assert_rc(session_row_set_seen(db, STR("j2"), 5, 400), RC_NONE);
	(void)snprintf(session.jti, sizeof(session.jti), "j2");
	ck_assert_rc(session_row_rotate(db, &session), RC_NONE);
}
END_TEST

START_TEST(session_row_touch_moves_the_time_forward_only)
{
	struct db *db = database_db();
	struct session got;

	add(login("j1", 1));
	ck_assert_rc(session_row_touch(db, STR("j1"), 201), RC_OK);
	ck_assert_rc(session_row_touch(db, STR("j1"), 150), RC_OK);
	ck_assert_rc(session_row_touch(db, STR("j2"), 150), RC_OK);
	ck_assert_rc(session_row_get(db, STR("j1"), &got), RC_OK);
	ck_assert(got.last_seen_at == 201 && got.counter == 4 && got.issued_at == 100);
	ck_assert_rc(session_row_get(db, STR("j2"), &got), RC_NONE);
}
END_TEST

START_TEST(session_row_delete_ends_one_or_all_or_all_but_one)
{
	struct db *db = database_db();
	struct session got;
	size_t n_gone = 9;
	int64_t n = -1;

	add(login("a1", 1));
	add(login("a2", 1));
	add(login("a3", 1));
	add(login("b1", 2));
	ck_assert_rc(session_row_count(db, 1, 999, &n), RC_OK);
	ck_assert_int_eq(n, 3);
	ck_assert_rc(session_row_delete(db, STR("a3")), RC_OK);
	ck_assert_rc(session_row_delete(db, STR("a3")), RC_OK);
	ck_assert_rc(session_row_delete_user(db, 1, STR("a2"), &n_gone), RC_OK);
	ck_assert_uint_eq(n_gone, 1);
	ck_assert_rc(session_row_get(db, STR("a1"), &got), RC_NONE);
	ck_assert_rc(session_row_get(db, STR("a2"), &got), RC_OK);
	ck_assert_rc(session_row_delete_user(db, 1, STR_NULL, NULL), RC_OK);
	ck_assert_rc(session_row_delete_user(db, 1, STR_NULL, &n_gone), RC_OK);
	ck_assert_uint_eq(n_gone, 0);
	ck_assert_rc(session_row_count(db, 1, 999, &n), RC_OK);
	ck_assert_int_eq(n, 0);
	ck_assert_rc(session_row_get(db, STR("b1"), &got), RC_OK);
}
END_TEST

START_TEST(session_row_list_gives_the_live_ones_of_a_user_last_seen_first)
{
	struct session_info got[3] = { 0 };
	struct session session = login("a1", 1);
	size_t n = 9;

	add(login("b1", 2));
	add(session);
	(void)snprintf(session.jti, sizeof(session.jti), "a2");
	session.last_seen_at = 201;
	add(session);
	(void)snprintf(session.jti, sizeof(session.jti), "a3");
	session.expires_at = 999;
	add(session);
	ck_assert_rc(session_row_list(database_db(), 1, 999, 3, got, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(got[0].session.jti, "a2");
	ck_assert_str_eq(got[1].session.jti, "a1");
	ck_assert_int_eq(got[1].session.expires_at, 1000);
	ck_assert_str_eq(got[1].address, "192.0.2.1");
	ck_assert_str_eq(got[1].user_agent, "");
	session_info_release(&got[0]);
	session_info_release(&got[1]);
	ck_assert_rc(session_row_list(database_db(), 1, 998, 1, got, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(got[0].session.jti, "a3");
	session_info_release(&got[0]);
	ck_assert_rc(session_row_list(database_db(), 3, 0, 3, got, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	session_info_release(NULL);
}
END_TEST

START_TEST(session_row_delete_idlest_takes_the_one_seen_longest_ago)
{
	struct db *db = database_db();
	struct session session = login("a1", 1), got;
	int64_t n;

	add(session);
	(void)snprintf(session.jti, sizeof(session.jti), "a2");
	session.last_seen_at = 10;
	add(session);
	/* Neither what has expired counts, nor what is another's. */
	(void)snprintf(session.jti, sizeof(session.jti), "a3");
	session.last_seen_at = 1;
	session.expires_at = 999;
	add(session);
	(void)snprintf(session.jti, sizeof(session.jti), "b1");
	session.user_id = 2;
	session.expires_at = 1000;
	add(session);
	ck_assert_rc(session_row_count(db, 1, 999, &n), RC_OK);
	ck_assert_int_eq(n, 2);
	ck_assert_rc(session_row_count(db, 1, 998, &n), RC_OK);
	ck_assert_int_eq(n, 3);
	ck_assert_rc(session_row_delete_idlest(db, 1, 999), RC_OK);
	ck_assert_rc(session_row_get(db, STR("a1"), &got), RC_OK);
	ck_assert_rc(session_row_get(db, STR("a2"), &got), RC_NONE);
	ck_assert_rc(session_row_get(db, STR("a3"), &got), RC_OK);
	ck_assert_rc(session_row_get(db, STR("b1"), &got), RC_OK);
	ck_assert_rc(session_row_delete_idlest(db, 1, 999), RC_OK);
	ck_assert_rc(session_row_delete_idlest(db, 1, 999), RC_OK);
}
END_TEST

START_TEST(session_row_purge_takes_what_expired_in_portions)
{
	struct db *db = database_db();
	struct session session = login("a0", 1), got;
	size_t n = 9;
	int i;

	for (i = 0; i < 4; i++) {
		session.jti[1] = (char)('0' + i);
		session.expires_at = 1000 + i;
		add(session);
	}
	ck_assert_rc(session_row_purge(db, 999, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(session_row_purge(db, 1002, 2, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_rc(session_row_purge(db, 1002, 2, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(session_row_get(db, STR("a3"), &got), RC_OK);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("session_row");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, session_row_keeps_every_member);
	tcase_add_test(tests, session_row_insert_needs_a_user_and_a_new_jti);
	tcase_add_test(tests, session_row_view_tells_each_half_by_itself);
	tcase_add_test(tests, session_row_rotate_and_set_seen_change_the_live_login);
	tcase_add_test(tests, session_row_touch_moves_the_time_forward_only);
	tcase_add_test(tests, session_row_delete_ends_one_or_all_or_all_but_one);
	tcase_add_test(tests, session_row_list_gives_the_live_ones_of_a_user_last_seen_first);
	tcase_add_test(tests, session_row_delete_idlest_takes_the_one_seen_longest_ago);
	tcase_add_test(tests, session_row_purge_takes_what_expired_in_portions);
	return suite_run();
}
