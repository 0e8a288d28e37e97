#include "base/clock.h"
#include "domain/sessions.h"
#include "support/login.h"
#include "support/service.h"

enum { LIFETIME_MS = 900000, WINDOW_MS = 10000, RETRIES = 3 };

static struct claims
claims_of(const struct buf *token)
{
	struct claims claims = { 0 };

	ck_assert_rc(
	    token_check(service->keyring, buf_str(token), clock_now_ms() / 1000, &claims), RC_OK);
	return claims;
}

START_TEST(refresh_keeps_the_login_and_moves_the_time)
{
	struct buf token = login_start(), next = BUF_INIT(TOKEN_MAX);
	struct claims first = claims_of(&token), second;

	clock_advance(LIFETIME_MS + 1500);
	ck_assert_rc(login_refresh(&token, &next), RC_OK);
	second = claims_of(&next);
	ck_assert_str_eq(second.jti, first.jti);
	ck_assert_int_eq(second.user_id, first.user_id);
	ck_assert_int_eq(second.rf_exp, first.rf_exp);
	ck_assert_int_eq(second.iat, first.iat + 901);
	ck_assert_int_eq(second.exp, second.iat + 900);
	ck_assert_int_eq(second.counter, 1);
	ck_assert_rc(login_use(&next), RC_OK);
	ck_assert_rc(login_use(&token), RC_ACCESS_EXPIRED);
	buf_release(&token);
	buf_release(&next);
}
END_TEST

START_TEST(refresh_never_passes_the_absolute_end)
{
	struct buf token = login_start();
	struct claims claims = claims_of(&token);

	clock_advance((claims.rf_exp - 100) * 1000 - SERVICE_NOW);
	ck_assert_rc(login_refresh(&token, &token), RC_OK);
	ck_assert_int_eq(claims_of(&token).exp, claims.rf_exp);
	ck_assert_rc(login_use(&token), RC_OK);
	clock_advance(100000);
	ck_assert_rc(login_use(&token), RC_ACCESS_EXPIRED);
	ck_assert_rc(login_refresh(&token, &token), RC_REFRESH_EXPIRED);
	ck_assert_int_eq(login_audits(), 0);
	buf_release(&token);
}
END_TEST

START_TEST(refresh_gives_two_tabs_tokens_of_one_counter)
{
	struct buf token = login_start(), one = BUF_INIT(TOKEN_MAX), two = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&token, &one), RC_OK);
	/* Also when the first tab has used its token already. */
	ck_assert_rc(login_use(&one), RC_OK);
	clock_advance(WINDOW_MS);
	ck_assert_rc(login_refresh(&token, &two), RC_OK);
	ck_assert_int_eq(claims_of(&two).counter, 1);
	ck_assert_rc(login_use(&two), RC_OK);
	ck_assert_rc(login_use(&one), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&two, &two), RC_OK);
	ck_assert_rc(login_refresh(&one, &one), RC_OK);
	ck_assert_int_eq(claims_of(&one).counter, 2);
	ck_assert_int_eq(login_audits(), 0);
	buf_release(&token);
	buf_release(&one);
	buf_release(&two);
}
END_TEST

START_TEST(refresh_ends_the_login_when_the_parent_comes_after_its_successor_was_used)
{
	struct buf token = login_start(), next = BUF_INIT(TOKEN_MAX), other = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&token, &next), RC_OK);
	ck_assert_rc(login_use(&next), RC_OK);
	clock_advance(WINDOW_MS + 1);
	ck_assert_rc(login_refresh(&token, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(login_audits(), 1);
	ck_assert_rc(login_use(&next), RC_SESSION_ENDED);
	ck_assert_rc(login_refresh(&next, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(login_audits(), 1);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 0);
	ck_assert_int_eq(service_query("SELECT count(*) FROM audit WHERE user_id ="
	                               " (SELECT id FROM user) AND address = '192.0.2.1'"),
	    1);
	buf_release(&token);
	buf_release(&next);
	buf_release(&other);
}
END_TEST

START_TEST(refresh_takes_a_refresh_for_a_use)
{
	struct buf token = login_start(), next = BUF_INIT(TOKEN_MAX), other = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&token, &next), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&next, &next), RC_OK);
	/* The first is an older counter now, not the parent. */
	ck_assert_rc(login_refresh(&token, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(login_audits(), 1);
	ck_assert_rc(login_use(&next), RC_SESSION_ENDED);
	buf_release(&token);
	buf_release(&next);
	buf_release(&other);
}
END_TEST

START_TEST(refresh_voids_a_successor_that_nobody_used_three_times)
{
	struct buf token = login_start(), lost[RETRIES + 1];

	clock_advance(LIFETIME_MS);
	for (int i = 0; i <= RETRIES; i++) {
		lost[i] = BUF_INIT(TOKEN_MAX);
		ck_assert_rc(login_refresh(&token, &lost[i]), RC_OK);
		ck_assert_int_eq(claims_of(&lost[i]).counter, i + 1);
		clock_advance(WINDOW_MS + 1);
	}
	ck_assert_int_eq(login_audits(), 0);
	/* The last of them is the current one, and starts a generation of its own. */
	ck_assert_rc(login_use(&lost[RETRIES]), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&lost[RETRIES], &token), RC_OK);
	clock_advance(WINDOW_MS + 1);
	ck_assert_rc(login_refresh(&lost[RETRIES], &token), RC_OK);
	ck_assert_rc(login_use(&token), RC_OK);
	ck_assert_int_eq(login_audits(), 0);
	for (int i = 0; i <= RETRIES; i++)
		buf_release(&lost[i]);
	buf_release(&token);
}
END_TEST

START_TEST(refresh_ends_the_login_at_the_fourth_lost_answer)
{
	struct buf token = login_start(), lost = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	for (int i = 0; i <= RETRIES; i++) {
		ck_assert_rc(login_refresh(&token, &lost), RC_OK);
		clock_advance(WINDOW_MS + 1);
	}
	ck_assert_rc(login_refresh(&token, &lost), RC_SESSION_ENDED);
	ck_assert_int_eq(login_audits(), 1);
	buf_release(&token);
	buf_release(&lost);
}
END_TEST

START_TEST(a_voided_successor_ends_the_login_wherever_it_is_used)
{
	for (int at_refresh = 0; at_refresh < 2; at_refresh++) {
		struct buf token = login_start(), voided = BUF_INIT(TOKEN_MAX);
		struct buf next = BUF_INIT(TOKEN_MAX);

		clock_advance(LIFETIME_MS);
		ck_assert_rc(login_refresh(&token, &voided), RC_OK);
		clock_advance(WINDOW_MS + 1);
		ck_assert_rc(login_refresh(&token, &next), RC_OK);
		ck_assert_rc(login_use(&next), RC_OK);
		if (at_refresh) {
			clock_advance(LIFETIME_MS);
			ck_assert_rc(login_refresh(&voided, &voided), RC_SESSION_ENDED);
		} else {
			ck_assert_rc(login_use(&voided), RC_SESSION_ENDED);
		}
		ck_assert_int_eq(login_audits(), at_refresh + 1);
		ck_assert_rc(login_use(&next), RC_SESSION_ENDED);
		buf_release(&token);
		buf_release(&voided);
		buf_release(&next);
	}
}
END_TEST

START_TEST(refresh_makes_no_window_of_a_clock_that_was_set_back)
{
	struct buf token = login_start(), next = BUF_INIT(TOKEN_MAX), other = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS + 5000);
	ck_assert_rc(login_refresh(&token, &next), RC_OK);
	ck_assert_rc(login_use(&next), RC_OK);
	clock_advance(-1);
	ck_assert_rc(login_refresh(&token, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(login_audits(), 1);
	buf_release(&token);
	buf_release(&next);
	buf_release(&other);
}
END_TEST

START_TEST(an_old_expired_token_opens_nothing_and_ends_nothing)
{
	struct buf token = login_start(), next = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&token, &next), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&next, &next), RC_OK);
	/* A tab that slept through both, and asks for something. */
	ck_assert_rc(login_use(&token), RC_ACCESS_EXPIRED);
	ck_assert_rc(login_use(&next), RC_OK);
	ck_assert_int_eq(login_audits(), 0);
	buf_release(&token);
	buf_release(&next);
}
END_TEST

START_TEST(the_first_use_of_a_refreshed_token_is_written_once)
{
	struct buf token = login_start();
	struct service *other = service_another();
	struct db_version before, after;

	ck_assert_rc(login_use(&token), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(login_refresh(&token, &token), RC_OK);
	ck_assert_int_eq(service_query("SELECT seen FROM session"), 0);
	ck_assert_rc(login_use(&token), RC_OK);
	ck_assert_int_eq(service_query("SELECT seen FROM session"), 1);
	ck_assert_rc(db_version(other->db, &before), RC_OK);
	for (int i = 0; i < 5; i++)
		ck_assert_rc(login_use(&token), RC_OK);
	ck_assert_rc(db_version(other->db, &after), RC_OK);
	ck_assert_int_eq(after.others, before.others);
	service_close(other);
	buf_release(&token);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("refresh");

	tcase_add_checked_fixture(tests, login_set_up, service_tear_down);
	tcase_add_test(tests, refresh_keeps_the_login_and_moves_the_time);
	tcase_add_test(tests, refresh_never_passes_the_absolute_end);
	tcase_add_test(tests, refresh_gives_two_tabs_tokens_of_one_counter);
	tcase_add_test(
	    tests, refresh_ends_the_login_when_the_parent_comes_after_its_successor_was_used);
	tcase_add_test(tests, refresh_takes_a_refresh_for_a_use);
	tcase_add_test(tests, refresh_voids_a_successor_that_nobody_used_three_times);
	tcase_add_test(tests, refresh_ends_the_login_at_the_fourth_lost_answer);
	tcase_add_test(tests, a_voided_successor_ends_the_login_wherever_it_is_used);
	tcase_add_test(tests, refresh_makes_no_window_of_a_clock_that_was_set_back);
	tcase_add_test(tests, an_old_expired_token_opens_nothing_and_ends_nothing);
	tcase_add_test(tests, the_first_use_of_a_refreshed_token_is_written_once);
	return suite_run();
}
