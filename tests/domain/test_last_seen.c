#include "domain/last_seen.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/sessions.h"
#include "support/people.h"

static struct buf token;
static int64_t ann;

static void
set_up(void)
{
	struct claims claims;
	struct user user;

	people_setup();
	ann = people_add("ann@example.com", "");
	token = BUF_INIT(TOKEN_MAX);
	user = people_row(ann);
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(sessions_start(service, &client, &user, &claims), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	ck_assert_rc(sessions_sign(service, &claims, str_from(user.roles), &token), RC_OK);
	user_release(&user);
}

static void
tear_down(void)
{
	buf_release(&token);
	people_teardown();
}

static void
use_at(struct service *at)
{
	struct principal principal = { 0 };

	ck_assert_rc(sessions_authenticate(at, buf_str(&token), &principal), RC_OK);
	principal_release(&principal);
}

static uint64_t
own_commits(void)
{
	struct db_version version;

	ck_assert_rc(db_version(service->db, &version), RC_OK);
	return version.own;
}

static int64_t
stored(void)
{
	return service_query("SELECT last_seen_at FROM session") - SERVICE_NOW;
}

START_TEST(last_seen_is_written_once_a_minute)
{
	uint64_t commits = own_commits();

	service->purge_at = INT64_MAX;
	clock_advance(LAST_SEEN_STEP_MS - 1);
	use_at(service);
	/* Young enough: nothing is to be written, ever. */
	ck_assert_int_eq(service_watch_ms(service), -1);
	clock_advance(1);
	use_at(service);
	ck_assert_int_gt(service_watch_ms(service), LAST_SEEN_FLUSH_MS / 2);
	for (int i = 0; i < 100; i++) {
		clock_advance(10);
		use_at(service);
		service_after_answer(service);
	}
	ck_assert_uint_eq(own_commits(), commits);
	ck_assert_int_eq(stored(), 0);
	clock_advance(LAST_SEEN_FLUSH_MS);
	ck_assert_int_eq(service_watch_ms(service), 0);
	service_after_answer(service);
	ck_assert_uint_eq(own_commits(), commits + 1);
	ck_assert_int_eq(stored(), LAST_SEEN_STEP_MS + 1000);
	ck_assert_int_eq(service_watch_ms(service), -1);
	/* What others have written is good enough here, too. */
	clock_advance(LAST_SEEN_STEP_MS);
	service_execute("UPDATE session SET last_seen_at = last_seen_at + 100000");
	use_at(service);
	ck_assert_int_eq(service_watch_ms(service), -1);
}
END_TEST

START_TEST(last_seen_is_written_when_a_worker_ends)
{
	struct service *other = service_another();

	clock_advance(100000);
	use_at(other);
	service_close(other);
	ck_assert_int_eq(stored(), 100000);
}
END_TEST

START_TEST(last_seen_brings_no_login_back)
{
	clock_advance(100000);
	use_at(service);
	service_execute("DELETE FROM session");
	clock_advance(LAST_SEEN_FLUSH_MS);
	service_after_answer(service);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 0);
	ck_assert_int_eq(service_watch_ms(service), -1);
}
END_TEST

/* A worker that is slower than another has the earlier time. */
START_TEST(last_seen_never_goes_back)
{
	struct service *other = service_another();

	clock_advance(100000);
	use_at(other);
	clock_advance(10000);
	use_at(service);
	ck_assert_rc(last_seen_flush(service->last_seen, service->db), RC_OK);
	service_close(other);
	ck_assert_int_eq(stored(), 110000);
}
END_TEST

START_TEST(last_seen_is_kept_while_the_database_cannot_be_had)
{
	struct service *other = service_another();

	clock_advance(100000);
	use_at(service);
	service_conf.db_timeout_ms = 100;
	service_close(service);
	service = service_another();
	use_at(service);
	clock_advance(100000);
	use_at(service);
	ck_assert_rc(db_begin_write(other->db), RC_OK);
	ck_assert_rc(last_seen_flush(service->last_seen, service->db), RC_UNAVAILABLE);
	/* Not again at every answer. */
	ck_assert_int_gt(last_seen_due_ms(service->last_seen), LAST_SEEN_FLUSH_MS / 2);
	service_after_answer(service);
	ck_assert_int_eq(stored(), 100000);
	db_rollback(other->db);
	service_close(other);
	ck_assert_rc(last_seen_flush(service->last_seen, service->db), RC_OK);
	ck_assert_int_eq(stored(), 200000);
	ck_assert_int_eq(service_watch_ms(service), -1);
}
END_TEST

START_TEST(last_seen_is_written_early_when_it_is_full_and_bounded)
{
	struct session session = { .jti = "0123456789012345678901" };
	struct last_seen *seen = NULL;

	ck_assert_rc(last_seen_new(&seen), RC_OK);
	for (int i = 0; i < LAST_SEEN_MAX + 2; i++) {
		(void)snprintf(session.jti, sizeof(session.jti), "%0*d", RANDOM_ID_LEN, i);
		if (i == LAST_SEEN_MAX - 1)
			ck_assert_int_gt(last_seen_due_ms(seen), LAST_SEEN_FLUSH_MS / 2);
		last_seen_note(seen, &session, SERVICE_NOW);
		if (i >= LAST_SEEN_MAX - 1)
			ck_assert_int_eq(last_seen_due_ms(seen), 0);
	}
	ck_assert_rc(last_seen_flush(seen, service->db), RC_OK);
	ck_assert_int_eq(last_seen_due_ms(seen), -1);
	last_seen_note(seen, &session, SERVICE_NOW);
	ck_assert_int_gt(last_seen_due_ms(seen), LAST_SEEN_FLUSH_MS / 2);
	last_seen_free(seen);
	last_seen_free(NULL);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("last_seen");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, last_seen_is_written_once_a_minute);
	tcase_add_test(tests, last_seen_is_written_when_a_worker_ends);
	tcase_add_test(tests, last_seen_brings_no_login_back);
	tcase_add_test(tests, last_seen_never_goes_back);
	tcase_add_test(tests, last_seen_is_kept_while_the_database_cannot_be_had);
	tcase_add_test(tests, last_seen_is_written_early_when_it_is_full_and_bounded);
	return suite_run();
}
