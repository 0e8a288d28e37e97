#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/sessions.h"
#include "support/people.h"

static int64_t ann, root, svc;
static struct principal as_ann, as_root, as_svc;

static void
set_up(void)
{
	people_setup();
	ann = people_add("ann@example.com", "");
	root = people_add("root@example.com", "admin");
	svc = people_add("svc@example.com", "service");
	as_ann = people_login(ann);
	as_root = people_login(root);
	as_svc = people_login(svc);
}

static void
tear_down(void)
{
	principal_release(&as_ann);
	principal_release(&as_root);
	principal_release(&as_svc);
	people_teardown();
}

/* One login more, which nobody uses here. */
static const char *
add_login(int64_t id)
{
	static char jti[RANDOM_ID_LEN + 1];
	struct principal other = people_login(id);

	memcpy(jti, other.claims.jti, sizeof(jti));
	principal_release(&other);
	return jti;
}

static enum rc
end(const struct principal *as, int64_t id, const char *session)
{
	return sessions_end(service, &client, as, id, str_from(session));
}

static enum rc
end_many(const struct principal *as, int64_t id, enum session_scope scope)
{
	return sessions_end_many(service, &client, as, id, scope);
}

static enum rc
list(const struct principal *as, int64_t id, size_t *ret_n)
{
	struct session_list sessions = { 0 };
	enum rc rc = sessions_list(service, as, id, &sessions);

	*ret_n = sessions.n;
	sessions_list_release(&sessions);
	return rc;
}

START_TEST(sessions_list_has_what_lives_last_seen_first)
{
	struct session_list sessions = { 0 };
	size_t n;

	clock_advance(1000);
	(void)add_login(ann);
	service_execute("UPDATE session SET user_agent = 'x' WHERE last_seen_at % 10000 = 1000");
	ck_assert_rc(sessions_list(service, &as_ann, ann, &sessions), RC_OK);
	ck_assert_uint_eq(sessions.n, 2);
	ck_assert_int_eq(sessions.list[0].session.last_seen_at, SERVICE_NOW + 1000);
	ck_assert_str_eq(sessions.list[0].user_agent, "x");
	ck_assert_str_eq(sessions.list[1].session.jti, as_ann.claims.jti);
	ck_assert_str_eq(sessions.list[1].address, "192.0.2.1");
	sessions_list_release(&sessions);
	sessions_list_release(NULL);
	clock_advance(service_conf.token.refresh_lifetime_ms - 1000);
	ck_assert_rc(list(&as_ann, ann, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	clock_advance(1000);
	ck_assert_rc(list(&as_ann, ann, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(sessions_are_for_the_user_admins_and_services)
{
	size_t n;

	ck_assert_rc(list(&as_ann, root, &n), RC_ACCESS_DENIED);
	ck_assert_rc(list(&as_ann, 999, &n), RC_ACCESS_DENIED);
	ck_assert_rc(list(&as_root, 999, &n), RC_NO_SUCH_USER);
	ck_assert_rc(list(&as_root, ann, &n), RC_OK);
	/* To read is no take-over. */
	ck_assert_rc(list(&as_svc, root, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(end(&as_ann, root, as_root.claims.jti), RC_ACCESS_DENIED);
	ck_assert_rc(end(&as_ann, 999, "x"), RC_ACCESS_DENIED);
	ck_assert_rc(end_many(&as_ann, root, SESSION_SCOPE_ALL), RC_ACCESS_DENIED);
	ck_assert_rc(end_many(&as_svc, root, SESSION_SCOPE_ALL), RC_ACCESS_DENIED);
	ck_assert_rc(end_many(&as_svc, root, SESSION_SCOPE_OTHERS), RC_ACCESS_DENIED);
	ck_assert_rc(end(&as_svc, root, as_root.claims.jti), RC_ACCESS_DENIED);
	ck_assert_rc(end(&as_root, 0, as_root.claims.jti), RC_NO_SUCH_USER);
	ck_assert_rc(end_many(&as_root, 999, SESSION_SCOPE_ALL), RC_NO_SUCH_USER);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 3);
	ck_assert_int_eq(
	    service_query("SELECT count(*) FROM audit WHERE event = 'session.end'"), 0);
	ck_assert_rc(end(&as_svc, ann, as_ann.claims.jti), RC_OK);
	ck_assert_rc(end_many(&as_root, svc, SESSION_SCOPE_OTHERS), RC_OK);
	ck_assert_int_eq(people_logins(ann) + people_logins(svc), 0);
}
END_TEST

START_TEST(sessions_end_takes_the_one_and_tells_the_audit)
{
	const char *other = add_login(ann);

	ck_assert_rc(end(&as_ann, ann, as_root.claims.jti), RC_NOT_FOUND);
	ck_assert_rc(end(&as_ann, ann, ""), RC_NOT_FOUND);
	ck_assert_rc(end(&as_ann, ann, "no such login"), RC_NOT_FOUND);
	ck_assert_rc(end(&as_ann, ann, other), RC_OK);
	ck_assert_rc(end(&as_ann, ann, other), RC_NOT_FOUND);
	ck_assert_int_eq(people_logins(ann), 1);
	ck_assert_int_eq(service_query("SELECT count(*) FROM audit WHERE event = 'session.end'"
	                               " AND actor_id = user_id AND address = '192.0.2.1'"
	                               " AND length(detail) = 22"),
	    1);
	/* Its own, too: then it may do nothing any more. */
	ck_assert_rc(end(&as_ann, ann, as_ann.claims.jti), RC_OK);
	ck_assert_rc(end(&as_ann, ann, as_ann.claims.jti), RC_SESSION_ENDED);
	ck_assert_rc(end_many(&as_ann, ann, SESSION_SCOPE_ALL), RC_SESSION_ENDED);
	ck_assert_int_eq(people_logins(root), 1);
}
END_TEST

START_TEST(sessions_end_does_not_know_what_has_expired)
{
	const char *other = add_login(ann);

	service_execute("UPDATE session SET expires_at = 1764547200001");
	ck_assert_rc(end(&as_root, ann, other), RC_OK);
	other = add_login(ann);
	service_execute("UPDATE session SET expires_at = 1764547200000");
	ck_assert_rc(end(&as_root, ann, other), RC_NOT_FOUND);
}
END_TEST

START_TEST(sessions_end_many_keeps_only_the_one_that_asks)
{
	(void)add_login(ann);
	(void)add_login(ann);
	ck_assert_rc(end_many(&as_ann, ann, SESSION_SCOPE_OTHERS), RC_OK);
	ck_assert_int_eq(people_logins(ann), 1);
	/* Nothing to be ended is nothing to be audited. */
	ck_assert_rc(end_many(&as_ann, ann, SESSION_SCOPE_OTHERS), RC_OK);
	ck_assert_int_eq(
	    service_query("SELECT count(*) FROM audit WHERE event = 'session.end'"), 1);
	(void)add_login(ann);
	ck_assert_rc(end_many(&as_ann, ann, SESSION_SCOPE_ALL), RC_OK);
	ck_assert_int_eq(people_logins(ann), 0);
	ck_assert_rc(end_many(&as_root, ann, SESSION_SCOPE_ALL), RC_OK);
	ck_assert_int_eq(people_logins(root), 1);
}
END_TEST

/* A login that somebody has ended must not take the others with it. */
START_TEST(sessions_logout_of_more_than_itself_needs_a_live_login)
{
	(void)add_login(ann);
	ck_assert_rc(sessions_logout(service, &client, &as_ann, SESSION_SCOPE_LOCAL), RC_OK);
	ck_assert_rc(sessions_logout(service, &client, &as_ann, SESSION_SCOPE_LOCAL), RC_OK);
	ck_assert_rc(
	    sessions_logout(service, &client, &as_ann, SESSION_SCOPE_ALL), RC_SESSION_ENDED);
	ck_assert_rc(
	    sessions_logout(service, &client, &as_ann, SESSION_SCOPE_OTHERS), RC_SESSION_ENDED);
	ck_assert_int_eq(people_logins(ann), 1);
}
END_TEST

/* One that was copied long ago must not throw its owner out everywhere. */
START_TEST(sessions_logout_by_an_older_token_ends_its_own_login_alone)
{
	static const enum session_scope scopes[] = { SESSION_SCOPE_OTHERS, SESSION_SCOPE_ALL };
	const char *rotate = "UPDATE session SET counter = 3, parent = 1, seen = 1"
	                     " WHERE created_at = 1764547201000";
	/* Older, and a voided successor. */
	static const int64_t counters[] = { 0, 2 };
	struct principal stale;

	clock_advance(1000);
	for (size_t i = 0; i < 4; i++) {
		stale = people_login(ann);
		stale.claims.counter = counters[i % 2];
		service_execute(rotate);
		ck_assert_rc(
		    sessions_logout(service, &client, &stale, scopes[i / 2]), RC_SESSION_ENDED);
		ck_assert_int_eq(people_logins(ann), 1);
		ck_assert_int_eq(service_query("SELECT count(*) FROM audit WHERE event ="
		                               " 'session.copied' AND address = '192.0.2.1'"),
		    (int64_t)i + 1);
		principal_release(&stale);
	}
	ck_assert_int_eq(
	    service_query("SELECT count(*) FROM audit WHERE event = 'session.end'"), 0);
	ck_assert_rc(sessions_logout(service, &client, &as_ann, SESSION_SCOPE_OTHERS), RC_OK);
}
END_TEST

START_TEST(sessions_logout_takes_others_along_by_the_current_token_and_its_parent)
{
	for (int64_t counter = 4; counter <= 5; counter++) {
		(void)add_login(ann);
		service_execute("UPDATE session SET counter = 5, parent = 4, seen = 1");
		as_ann.claims.counter = counter;
		ck_assert_rc(
		    sessions_logout(service, &client, &as_ann, SESSION_SCOPE_OTHERS), RC_OK);
		ck_assert_int_eq(people_logins(ann), 1);
	}
	(void)add_login(ann);
	ck_assert_rc(sessions_logout(service, &client, &as_ann, SESSION_SCOPE_ALL), RC_OK);
	ck_assert_int_eq(people_logins(ann), 0);
}
END_TEST

START_TEST(sessions_admin_lists_and_ends_without_a_login)
{
	struct session_list sessions = { 0 };
	const char *other = add_login(ann);
	size_t n = 9;

	ck_assert_rc(sessions_admin_list(service, ann, &sessions), RC_OK);
	ck_assert_uint_eq(sessions.n, 2);
	sessions_list_release(&sessions);
	ck_assert_rc(sessions_admin_end(service, root, str_from(other), &n), RC_NOT_FOUND);
	ck_assert_rc(sessions_admin_end(service, ann, str_from(other), &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(sessions_admin_end(service, ann, STR_NULL, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(sessions_admin_end(service, ann, STR_NULL, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(people_logins(root), 1);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("sessions_manage");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, sessions_list_has_what_lives_last_seen_first);
	tcase_add_test(tests, sessions_are_for_the_user_admins_and_services);
	tcase_add_test(tests, sessions_end_takes_the_one_and_tells_the_audit);
	tcase_add_test(tests, sessions_end_does_not_know_what_has_expired);
	tcase_add_test(tests, sessions_end_many_keeps_only_the_one_that_asks);
	tcase_add_test(tests, sessions_logout_of_more_than_itself_needs_a_live_login);
	tcase_add_test(tests, sessions_logout_by_an_older_token_ends_its_own_login_alone);
	tcase_add_test(
	    tests, sessions_logout_takes_others_along_by_the_current_token_and_its_parent);
	tcase_add_test(tests, sessions_admin_lists_and_ends_without_a_login);
	return suite_run();
}
