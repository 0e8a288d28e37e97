#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "domain/sessions.h"
#include "support/service.h"

enum { LIFETIME_MS = 900000, WINDOW_MS = 10000, RETRIES = 3 };

static int64_t owner;

static void
set_up(void)
{
	service_set_up();
	owner = service_add_user("owner@example.com", NULL, "admin");
}

/* A new login; buf_release() the token. */
static struct buf
start(void)
{
	struct user user = { .id = owner, .roles = str_dup(STR("admin")) };
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct claims claims;

	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(sessions_start(service, &client, &user, &claims), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	ck_assert_rc(sessions_sign(service, &claims, str_from(user.roles), &token), RC_OK);
	user_release(&user);
	return token;
}

static enum rc
use(const struct buf *token)
{
	struct principal principal = { 0 };
	enum rc rc = sessions_authenticate(service, buf_str(token), &principal);

	principal_release(&principal);
	return rc;
}

/* Refreshes; *ret, which may be the same buffer, gets the new token. */
static enum rc
refresh(const struct buf *token, struct buf *ret)
{
	struct buf next = BUF_INIT(TOKEN_MAX);
	enum rc rc = sessions_refresh(service, &client, buf_str(token), &next);

	ck_assert((rc == RC_OK) == (next.len > 0));
	if (rc == RC_OK) {
		buf_reset(ret);
		buf_add(ret, buf_str(&next));
	}
	buf_release(&next);
	return rc;
}

static struct claims
claims_of(const struct buf *token)
{
	struct claims claims = { 0 };

	ck_assert_rc(
	    token_check(service->keyring, buf_str(token), clock_now_ms() / 1000, &claims), RC_OK);
	return claims;
}

static int64_t
audits(void)
{
	return service_query("SELECT count(*) FROM audit WHERE event = 'session.copied'");
}

START_TEST(refresh_keeps_the_login_and_moves_the_time)
{
	struct buf token = start(), next = BUF_INIT(TOKEN_MAX);
	struct claims first = claims_of(&token), second;

	clock_advance(LIFETIME_MS + 1500);
	ck_assert_rc(refresh(&token, &next), RC_OK);
	second = claims_of(&next);
	ck_assert_str_eq(second.jti, first.jti);
	ck_assert_int_eq(second.user_id, first.user_id);
	ck_assert_int_eq(second.rf_exp, first.rf_exp);
	ck_assert_int_eq(second.iat, first.iat + 901);
	ck_assert_int_eq(second.exp, second.iat + 900);
	ck_assert_int_eq(second.counter, 1);
	ck_assert_rc(use(&next), RC_OK);
	ck_assert_rc(use(&token), RC_ACCESS_EXPIRED);
	buf_release(&token);
	buf_release(&next);
}
END_TEST

START_TEST(refresh_never_passes_the_absolute_end)
{
	struct buf token = start();
	struct claims claims = claims_of(&token);

	clock_advance((claims.rf_exp - 100) * 1000 - SERVICE_NOW);
	ck_assert_rc(refresh(&token, &token), RC_OK);
	ck_assert_int_eq(claims_of(&token).exp, claims.rf_exp);
	ck_assert_rc(use(&token), RC_OK);
	clock_advance(100000);
	ck_assert_rc(use(&token), RC_ACCESS_EXPIRED);
	ck_assert_rc(refresh(&token, &token), RC_REFRESH_EXPIRED);
	ck_assert_int_eq(audits(), 0);
	buf_release(&token);
}
END_TEST

START_TEST(refresh_gives_two_tabs_tokens_of_one_counter)
{
	struct buf token = start(), one = BUF_INIT(TOKEN_MAX), two = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&token, &one), RC_OK);
	/* Also when the first tab has used its token already. */
	ck_assert_rc(use(&one), RC_OK);
	clock_advance(WINDOW_MS);
	ck_assert_rc(refresh(&token, &two), RC_OK);
	ck_assert_int_eq(claims_of(&two).counter, 1);
	ck_assert_rc(use(&two), RC_OK);
	ck_assert_rc(use(&one), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&two, &two), RC_OK);
	ck_assert_rc(refresh(&one, &one), RC_OK);
	ck_assert_int_eq(claims_of(&one).counter, 2);
	ck_assert_int_eq(audits(), 0);
	buf_release(&token);
	buf_release(&one);
	buf_release(&two);
}
END_TEST

START_TEST(refresh_ends_the_login_when_the_parent_comes_after_its_successor_was_used)
{
	struct buf token = start(), next = BUF_INIT(TOKEN_MAX), other = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&token, &next), RC_OK);
	ck_assert_rc(use(&next), RC_OK);
	clock_advance(WINDOW_MS + 1);
	ck_assert_rc(refresh(&token, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(audits(), 1);
	ck_assert_rc(use(&next), RC_SESSION_ENDED);
	ck_assert_rc(refresh(&next, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(audits(), 1);
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
	struct buf token = start(), next = BUF_INIT(TOKEN_MAX), other = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&token, &next), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&next, &next), RC_OK);
	/* The first is an older counter now, not the parent. */
	ck_assert_rc(refresh(&token, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(audits(), 1);
	ck_assert_rc(use(&next), RC_SESSION_ENDED);
	buf_release(&token);
	buf_release(&next);
	buf_release(&other);
}
END_TEST

START_TEST(refresh_voids_a_successor_that_nobody_used_three_times)
{
	struct buf token = start(), lost[RETRIES + 1];

	clock_advance(LIFETIME_MS);
	for (int i = 0; i <= RETRIES; i++) {
		lost[i] = BUF_INIT(TOKEN_MAX);
		ck_assert_rc(refresh(&token, &lost[i]), RC_OK);
		ck_assert_int_eq(claims_of(&lost[i]).counter, i + 1);
		clock_advance(WINDOW_MS + 1);
	}
	ck_assert_int_eq(audits(), 0);
	/* The last of them is the current one, and starts a generation of its own. */
	ck_assert_rc(use(&lost[RETRIES]), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&lost[RETRIES], &token), RC_OK);
	clock_advance(WINDOW_MS + 1);
	ck_assert_rc(refresh(&lost[RETRIES], &token), RC_OK);
	ck_assert_rc(use(&token), RC_OK);
	ck_assert_int_eq(audits(), 0);
	for (int i = 0; i <= RETRIES; i++)
		buf_release(&lost[i]);
	buf_release(&token);
}
END_TEST

START_TEST(refresh_ends_the_login_at_the_fourth_lost_answer)
{
	struct buf token = start(), lost = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	for (int i = 0; i <= RETRIES; i++) {
		ck_assert_rc(refresh(&token, &lost), RC_OK);
		clock_advance(WINDOW_MS + 1);
	}
	ck_assert_rc(refresh(&token, &lost), RC_SESSION_ENDED);
	ck_assert_int_eq(audits(), 1);
	buf_release(&token);
	buf_release(&lost);
}
END_TEST

START_TEST(a_voided_successor_ends_the_login_wherever_it_is_used)
{
	for (int at_refresh = 0; at_refresh < 2; at_refresh++) {
		struct buf token = start(), voided = BUF_INIT(TOKEN_MAX);
		struct buf next = BUF_INIT(TOKEN_MAX);

		clock_advance(LIFETIME_MS);
		ck_assert_rc(refresh(&token, &voided), RC_OK);
		clock_advance(WINDOW_MS + 1);
		ck_assert_rc(refresh(&token, &next), RC_OK);
		ck_assert_rc(use(&next), RC_OK);
		if (at_refresh) {
			clock_advance(LIFETIME_MS);
			ck_assert_rc(refresh(&voided, &voided), RC_SESSION_ENDED);
		} else {
			ck_assert_rc(use(&voided), RC_SESSION_ENDED);
		}
		ck_assert_int_eq(audits(), at_refresh + 1);
		ck_assert_rc(use(&next), RC_SESSION_ENDED);
		buf_release(&token);
		buf_release(&voided);
		buf_release(&next);
	}
}
END_TEST

START_TEST(refresh_makes_no_window_of_a_clock_that_was_set_back)
{
	struct buf token = start(), next = BUF_INIT(TOKEN_MAX), other = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS + 5000);
	ck_assert_rc(refresh(&token, &next), RC_OK);
	ck_assert_rc(use(&next), RC_OK);
	clock_advance(-1);
	ck_assert_rc(refresh(&token, &other), RC_SESSION_ENDED);
	ck_assert_int_eq(audits(), 1);
	buf_release(&token);
	buf_release(&next);
	buf_release(&other);
}
END_TEST

START_TEST(an_old_expired_token_opens_nothing_and_ends_nothing)
{
	struct buf token = start(), next = BUF_INIT(TOKEN_MAX);

	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&token, &next), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&next, &next), RC_OK);
	/* A tab that slept through both, and asks for something. */
	ck_assert_rc(use(&token), RC_ACCESS_EXPIRED);
	ck_assert_rc(use(&next), RC_OK);
	ck_assert_int_eq(audits(), 0);
	buf_release(&token);
	buf_release(&next);
}
END_TEST

START_TEST(the_first_use_of_a_refreshed_token_is_written_once)
{
	struct buf token = start();
	struct service *other = service_another();
	struct db_version before, after;

	ck_assert_rc(use(&token), RC_OK);
	clock_advance(LIFETIME_MS);
	ck_assert_rc(refresh(&token, &token), RC_OK);
	ck_assert_int_eq(service_query("SELECT seen FROM session"), 0);
	ck_assert_rc(use(&token), RC_OK);
	ck_assert_int_eq(service_query("SELECT seen FROM session"), 1);
	ck_assert_rc(db_version(other->db, &before), RC_OK);
	for (int i = 0; i < 5; i++)
		ck_assert_rc(use(&token), RC_OK);
	ck_assert_rc(db_version(other->db, &after), RC_OK);
	ck_assert_int_eq(after.others, before.others);
	service_close(other);
	buf_release(&token);
}
END_TEST

/* ---- Owner and thief ------------------------------------------------------------------------ */

static uint32_t
draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % below;
}

/* One client with a copy of the token: waits, refreshes, and uses what it got (or, with an answer
 * that was lost, has the old one still). False when the login has ended. */
static bool
turn(struct buf *token, uint32_t *state, unsigned lost_percent)
{
	struct buf next = BUF_INIT(TOKEN_MAX);
	bool is_alive = true;
	enum rc rc = use(token);

	if (rc == RC_ACCESS_EXPIRED)
		rc = refresh(token, &next);
	if (rc == RC_SESSION_ENDED)
		is_alive = false;
	else
		ck_assert_msg(rc == RC_OK, "%s", rc_name(rc));
	if (next.len > 0 && draw(state, 100) >= lost_percent) {
		buf_reset(token);
		buf_add(token, buf_str(&next));
		if (use(token) == RC_SESSION_ENDED)
			is_alive = false;
	}
	buf_release(&next);
	return is_alive;
}

/* RUNS in all, in PARTS programs of their own. */
enum { RUNS = 1000, PARTS = 20, PART = RUNS / PARTS, ROUNDS = 12 };

/* Whoever comes second with a copy, and at whatever time, both are out within a few refreshes; the
 * first two turns only have to be further apart than the window. */
START_TEST(a_thief_and_the_owner_never_both_stay)
{
	for (uint32_t run = (uint32_t)_i * PART; run < ((uint32_t)_i + 1) * PART; run++) {
		struct buf mine = start(), stolen = BUF_INIT(TOKEN_MAX);
		uint32_t state = run * 2654435761u + 1;
		bool is_alive = true;
		int round = 0;

		/* The token is copied after some honest refreshes. */
		for (uint32_t i = draw(&state, 3); i > 0; i--) {
			clock_advance(LIFETIME_MS + draw(&state, LIFETIME_MS));
			ck_assert(turn(&mine, &state, 0));
		}
		buf_add(&stolen, buf_str(&mine));
		for (; is_alive && round < ROUNDS; round++) {
			bool is_owners = run % 3 == 0 ? round % 2 == 0 : draw(&state, 2) == 0;

			/* Patient: a whole lifetime and more between any two turns. */
			clock_advance(LIFETIME_MS + WINDOW_MS + 1 + draw(&state, 3 * LIFETIME_MS));
			is_alive = turn(is_owners ? &mine : &stolen, &state, 0);
		}
		/* One of them alone may have had all the turns; then the other's next one ends it.
		 */
		if (is_alive) {
			is_alive = turn(&mine, &state, 0);
			clock_advance(LIFETIME_MS + WINDOW_MS + 1);
			is_alive = turn(&stolen, &state, 0) && is_alive;
		}
		ck_assert_msg(!is_alive, "run %u: both are in", run);
		ck_assert(use(&mine) == RC_SESSION_ENDED && use(&stolen) == RC_SESSION_ENDED);
		ck_assert_int_eq(audits(), run + 1 - (uint32_t)_i * PART);
		buf_release(&mine);
		buf_release(&stolen);
		service_after_answer(service);
	}
}
END_TEST

/* A thief who reads the answer that the owner never got, and lies in wait with it: the owner's
 * next refresh voids it, and the thief's first use of it tells. */
START_TEST(a_thief_of_a_lost_answer_is_out_with_the_first_use)
{
	for (uint32_t run = 0; run < PART; run++) {
		struct buf mine = start(), stolen = BUF_INIT(TOKEN_MAX);
		uint32_t state = run * 2654435761u + 1;

		clock_advance(LIFETIME_MS + draw(&state, LIFETIME_MS));
		ck_assert_rc(refresh(&mine, &stolen), RC_OK);
		clock_advance(WINDOW_MS + 1 + draw(&state, LIFETIME_MS));
		ck_assert(turn(&mine, &state, 0));
		clock_advance(draw(&state, 3 * LIFETIME_MS));
		/* Expired or not. */
		if (use(&stolen) == RC_ACCESS_EXPIRED)
			ck_assert_rc(refresh(&stolen, &stolen), RC_SESSION_ENDED);
		ck_assert_rc(use(&stolen), RC_SESSION_ENDED);
		ck_assert_rc(use(&mine), RC_SESSION_ENDED);
		buf_release(&mine);
		buf_release(&stolen);
	}
}
END_TEST

/* An owner with two tabs that share what they store, on a line that loses answers: at most three
 * in a row. Nobody is ever logged out. */
START_TEST(two_tabs_and_lost_answers_raise_no_alarm)
{
	for (uint32_t run = 0; run < PART; run++) {
		struct buf shared = start();
		uint32_t state = run * 2654435761u + 1;

		for (int round = 0; round < ROUNDS; round++) {
			struct buf other = BUF_INIT(TOKEN_MAX);

			clock_advance(LIFETIME_MS + draw(&state, LIFETIME_MS));
			for (uint32_t lost = draw(&state, RETRIES + 1); lost > 0; lost--) {
				ck_assert(turn(&shared, &state, 100));
				clock_advance(WINDOW_MS + 1 + draw(&state, 60000));
			}
			/* Both tabs wake up and refresh, each with its copy; the last one to store
			 * its token wins, and both may have used theirs by then. */
			buf_add(&other, buf_str(&shared));
			ck_assert(turn(&shared, &state, 0));
			clock_advance(draw(&state, WINDOW_MS + 1));
			ck_assert(turn(&other, &state, 0));
			ck_assert_rc(use(&shared), RC_OK);
			if (draw(&state, 2) == 0) {
				buf_reset(&shared);
				buf_add(&shared, buf_str(&other));
			}
			buf_release(&other);
		}
		ck_assert_int_eq(audits(), 0);
		buf_release(&shared);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("refresh");

	/* Thousands of commits, each synced: not on a disk, where there is a choice. */
	if (access("/dev/shm", W_OK | X_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	tcase_add_checked_fixture(tests, set_up, service_tear_down);
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
	tcase_add_loop_test(tests, a_thief_and_the_owner_never_both_stay, 0, PARTS);
	tcase_add_test(tests, a_thief_of_a_lost_answer_is_out_with_the_first_use);
	tcase_add_test(tests, two_tabs_and_lost_answers_raise_no_alarm);
	return suite_run();
}
