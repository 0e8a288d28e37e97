#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shm_map.h"
#include "support/scratch.h"
#include "support/suite.h"

/* The monotonic clock runs on beside clock_advance(): windows are hours, and what a slow machine
 * may lose between two calls is minutes. */
enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, SLACK = 10 * MINUTE };

static const struct str key = STR("a@example.com");

static struct shm *
open_file(void)
{
	struct shm *shm = NULL;

	ck_assert_rc(shm_open_file(scratch_path("shared"), &shm), RC_OK);
	return shm;
}

static enum rc
take(struct shm *shm, struct str name, const struct limit *limit)
{
	int64_t wait_ms;

	return shm_limit_take(shm, LIMIT_LOGIN_ACCOUNT, name, limit, &wait_ms);
}

/* How many events pass until the limit says no. */
static unsigned
take_all(struct shm *shm, struct str name, const struct limit *limit)
{
	unsigned n = 0;

	while (take(shm, name, limit) == RC_OK)
		n++;
	return n;
}

START_TEST(shm_limit_lets_count_events_pass_and_no_more)
{
	struct shm *shm = open_file();

	for (uint32_t count = 0; count < 70; count++) {
		struct limit limit = { count, HOUR };
		char name[16];
		int64_t wait_ms = 0;

		(void)snprintf(name, sizeof(name), "key %u", count);
		ck_assert_uint_eq(take_all(shm, str_from(name), &limit), count);
		ck_assert_rc(
		    shm_limit_take(shm, LIMIT_LOGIN_ACCOUNT, str_from(name), &limit, &wait_ms),
		    RC_LIMITED);
		ck_assert(wait_ms > HOUR - SLACK && wait_ms <= HOUR);
	}
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_keeps_kinds_and_keys_apart)
{
	static const struct limit limit = { 1, HOUR };
	struct shm *shm = open_file();
	int64_t wait_ms;

	for (enum limit_kind kind = 0; kind < LIMIT_KIND__MAX; kind++) {
		ck_assert_rc(shm_limit_take(shm, kind, key, &limit, &wait_ms), RC_OK);
		ck_assert_rc(shm_limit_take(shm, kind, key, &limit, &wait_ms), RC_LIMITED);
	}
	ck_assert_rc(take(shm, STR("a@example.con"), &limit), RC_OK);
	ck_assert_rc(take(shm, STR("a@example.com "), &limit), RC_OK);
	ck_assert_rc(take(shm, STR(""), &limit), RC_OK);
	ck_assert_rc(take(shm, STR_NULL, &limit), RC_LIMITED);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_window_slides_with_each_event)
{
	static const struct limit limit = { 3, 4 * HOUR };
	struct shm *shm = open_file();
	int64_t wait_ms = 0;

	/* At 0, 1 and 2 hours. */
	for (int i = 0; i < 3; i++) {
		ck_assert_rc(take(shm, key, &limit), RC_OK);
		clock_advance(HOUR);
	}
	ck_assert_rc(shm_limit_take(shm, LIMIT_LOGIN_ACCOUNT, key, &limit, &wait_ms), RC_LIMITED);
	ck_assert(wait_ms > HOUR - SLACK && wait_ms <= HOUR);
	clock_advance(wait_ms - SLACK);
	ck_assert_rc(take(shm, key, &limit), RC_LIMITED);
	clock_advance(SLACK);
	ck_assert_uint_eq(take_all(shm, key, &limit), 1);
	clock_advance(HOUR + SLACK);
	ck_assert_uint_eq(take_all(shm, key, &limit), 1);
	clock_advance(4 * HOUR);
	ck_assert_uint_eq(take_all(shm, key, &limit), 3);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_wait_is_long_enough_when_the_limit_became_smaller)
{
	static const struct limit many = { 5, 4 * HOUR }, few = { 2, 4 * HOUR };
	struct shm *shm = open_file();
	int64_t wait_ms = 0;

	for (int i = 0; i < 5; i++) {
		ck_assert_rc(take(shm, key, &many), RC_OK);
		clock_advance(MINUTE);
	}
	ck_assert_rc(shm_limit_peek(shm, LIMIT_LOGIN_ACCOUNT, key, &few, &wait_ms), RC_LIMITED);
	clock_advance(wait_ms);
	ck_assert_rc(take(shm, key, &few), RC_OK);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_of_thousands_is_never_passed_and_ends_with_its_window)
{
	static const struct limit limit = { 5000, 64 * HOUR };
	struct shm *shm = open_file();
	unsigned passed = 0;

	/* 10000 are tried within one window. */
	for (int i = 0; i < 250; i++) {
		for (int j = 0; j < 40; j++)
			passed += take(shm, key, &limit) == RC_OK;
		clock_advance(15 * MINUTE);
	}
	ck_assert_uint_eq(passed, 5000);
	ck_assert_rc(take(shm, key, &limit), RC_LIMITED);
	/* One granule of an hour over the window of the first ones. */
	clock_advance(64 * HOUR - 250 * 15 * MINUTE + HOUR);
	passed = take_all(shm, key, &limit);
	ck_assert(passed > 0 && passed <= 400);
	clock_advance(64 * HOUR);
	ck_assert_uint_eq(take_all(shm, key, &limit), 5000);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_peek_counts_nothing)
{
	static const struct limit limit = { 1, HOUR };
	struct shm *shm = open_file();
	int64_t wait_ms = 0;

	for (int i = 0; i < 3; i++)
		ck_assert_rc(
		    shm_limit_peek(shm, LIMIT_LOGIN_ACCOUNT, key, &limit, &wait_ms), RC_OK);
	ck_assert_rc(take(shm, key, &limit), RC_OK);
	ck_assert_rc(shm_limit_peek(shm, LIMIT_LOGIN_ACCOUNT, key, &limit, &wait_ms), RC_LIMITED);
	ck_assert(wait_ms > HOUR - SLACK && wait_ms <= HOUR);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_return_gives_back_the_event_that_was_taken)
{
	static const struct limit limit = { 2, 4 * HOUR };
	struct shm *mine = open_file(), *others = open_file();

	/* Mine at 0, another's an hour later: mine is returned, so it is an hour longer until the
	 * rest is forgotten. */
	ck_assert_rc(take(mine, key, &limit), RC_OK);
	clock_advance(HOUR);
	ck_assert_rc(take(others, key, &limit), RC_OK);
	ck_assert_rc(take(mine, key, &limit), RC_LIMITED);
	shm_limit_return(mine, LIMIT_LOGIN_ACCOUNT, key, &limit);
	clock_advance(4 * HOUR - SLACK);
	ck_assert_uint_eq(take_all(mine, key, &limit), 1);
	shm_close(mine);
	shm_close(others);
}
END_TEST

START_TEST(shm_limit_return_never_gives_more_than_was_taken)
{
	static const struct limit limit = { 2, HOUR };
	struct shm *shm = open_file();

	shm_limit_return(shm, LIMIT_LOGIN_ACCOUNT, key, &limit);
	ck_assert_uint_eq(take_all(shm, key, &limit), 2);
	for (int i = 0; i < 5; i++)
		shm_limit_return(shm, LIMIT_LOGIN_ACCOUNT, key, &limit);
	ck_assert_uint_eq(take_all(shm, key, &limit), 2);
	/* One that was forgotten meanwhile takes no other with it. */
	shm_limit_clear(shm, LIMIT_LOGIN_ACCOUNT, key);
	ck_assert_rc(take(shm, key, &limit), RC_OK);
	clock_advance(2 * HOUR);
	shm_limit_return(shm, LIMIT_LOGIN_ACCOUNT, key, &limit);
	ck_assert_uint_eq(take_all(shm, key, &limit), 2);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_clear_forgets_one_key)
{
	static const struct limit limit = { 3, HOUR };
	struct shm *shm = open_file();

	ck_assert_uint_eq(take_all(shm, key, &limit), 3);
	ck_assert_uint_eq(take_all(shm, STR("b"), &limit), 3);
	shm_limit_clear(shm, LIMIT_LOGIN_ACCOUNT, key);
	ck_assert_uint_eq(take_all(shm, STR("b"), &limit), 0);
	ck_assert_uint_eq(take_all(shm, key, &limit), 3);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_lasts_no_longer_than_its_window_when_the_clock_jumps)
{
	static const struct limit limit = { 2, HOUR };
	struct shm *shm = open_file();

	ck_assert_uint_eq(take_all(shm, key, &limit), 2);
	clock_advance(INT64_C(-1000) * HOUR);
	ck_assert_rc(take(shm, key, &limit), RC_LIMITED);
	clock_advance(HOUR - SLACK);
	ck_assert_rc(take(shm, key, &limit), RC_LIMITED);
	clock_advance(SLACK);
	ck_assert_uint_eq(take_all(shm, key, &limit), 2);
	clock_advance(INT64_C(1000) * HOUR);
	ck_assert_uint_eq(take_all(shm, key, &limit), 2);
	shm_close(shm);
}
END_TEST

/* Keys of one bucket, in turn from *next on. */
static struct str
key_of_bucket(const struct shm *shm, size_t bucket, unsigned *next, char text[static 24])
{
	struct str name;

	do {
		(void)snprintf(text, 24, "made up %u", (*next)++);
		name = str_from(text);
	} while (shm_limit_bucket(shm, LIMIT_LOGIN_ACCOUNT, name) != bucket);
	return name;
}

START_TEST(shm_limit_of_a_hot_key_outlives_a_flood_of_others)
{
	static const struct limit limit = { 5, HOUR };
	struct shm *shm = open_file();
	size_t bucket = shm_limit_bucket(shm, LIMIT_LOGIN_ACCOUNT, key);
	unsigned next = 0;
	char text[24];

	for (int i = 0; i < 4; i++)
		ck_assert_rc(take(shm, key, &limit), RC_OK);
	for (int i = 0; i < 3 * SHM_CELLS; i++)
		ck_assert_rc(take(shm, key_of_bucket(shm, bucket, &next, text), &limit), RC_OK);
	ck_assert_uint_eq(take_all(shm, key, &limit), 1);
	shm_close(shm);
}
END_TEST

START_TEST(shm_limit_of_a_single_event_outlives_a_bucket_that_just_filled_up)
{
	static const struct limit limit = { 1, HOUR };
	struct shm *shm = open_file();
	size_t bucket = shm_limit_bucket(shm, LIMIT_LOGIN_ACCOUNT, key);
	unsigned next = 0;
	char text[24];

	for (int i = 0; i < 2 * SHM_CELLS; i++)
		ck_assert_rc(take(shm, key_of_bucket(shm, bucket, &next, text), &limit), RC_OK);
	clock_advance(MINUTE);
	ck_assert_rc(take(shm, key, &limit), RC_OK);
	clock_advance(MINUTE);
	for (int i = 0; i < SHM_CELLS - 1; i++)
		ck_assert_rc(take(shm, key_of_bucket(shm, bucket, &next, text), &limit), RC_OK);
	ck_assert_rc(take(shm, key, &limit), RC_LIMITED);
	shm_close(shm);
}
END_TEST

/* Children that start together. Each runs work() and ends with what it gives (0 to 250). */
static unsigned
sum_of_children(int n, unsigned (*work)(void))
{
	int start[2], status;
	unsigned sum = 0;

	ck_assert_int_eq(pipe(start), 0);
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		char c;

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			(void)close(start[1]);
			_exit(read(start[0], &c, 1) == 0 ? (int)work() : 255);
		}
	}
	(void)close(start[0]);
	(void)close(start[1]);
	for (int i = 0; i < n; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 255);
		sum += (unsigned)WEXITSTATUS(status);
	}
	return sum;
}

static const struct limit raced_few = { 50, HOUR }, raced_many = { 700, HOUR };

static unsigned
take_in_child(const struct limit *limit)
{
	struct shm *shm = NULL;
	unsigned n = 0;

	if (shm_open_file(scratch_path("shared"), &shm) != RC_OK)
		return 255;
	for (int i = 0; i < 200; i++)
		n += take(shm, key, limit) == RC_OK;
	shm_close(shm);
	return n;
}

static unsigned
take_few(void)
{
	return take_in_child(&raced_few);
}

static unsigned
take_many(void)
{
	return take_in_child(&raced_many);
}

START_TEST(shm_limit_is_exact_when_processes_race)
{
	struct shm *shm = open_file();

	ck_assert_uint_eq(sum_of_children(6, take_few), 50);
	shm_limit_clear(shm, LIMIT_LOGIN_ACCOUNT, key);
	ck_assert_uint_eq(sum_of_children(6, take_many), 700);
	shm_close(shm);
}
END_TEST

/* Takes and returns without an end, and says so now and then. */
static void
take_and_return(int tell)
{
	struct shm *shm = NULL;

	if (shm_open_file(scratch_path("shared"), &shm) != RC_OK)
		_exit(1);
	for (unsigned i = 0;; i++) {
		if (take(shm, key, &raced_few) == RC_OK)
			shm_limit_return(shm, LIMIT_LOGIN_ACCOUNT, key, &raced_few);
		if (i % 64 == 0 && write(tell, "x", 1) != 1)
			_exit(1);
	}
}

START_TEST(shm_limit_outlives_processes_that_are_killed_in_the_middle)
{
	enum { KILLS = 24 };
	struct shm *shm = open_file();
	unsigned left;

	for (int i = 0; i < KILLS; i++) {
		int pipe_fds[2];
		pid_t pid;
		char c;

		ck_assert_int_eq(pipe(pipe_fds), 0);
		ck_assert_int_ge(pid = fork(), 0);
		if (pid == 0)
			take_and_return(pipe_fds[1]);
		(void)close(pipe_fds[1]);
		/* Anywhere in its loop, after it has begun. */
		for (int j = 0; j <= i; j++)
			ck_assert_int_eq(read(pipe_fds[0], &c, 1), 1);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		(void)close(pipe_fds[0]);
	}
	/* Each killed one may have kept the event it held, and no more. */
	left = take_all(shm, key, &raced_few);
	ck_assert_uint_ge(left, 50 - KILLS);
	ck_assert_uint_le(left, 50);
	shm_limit_clear(shm, LIMIT_LOGIN_ACCOUNT, key);
	ck_assert_uint_eq(take_all(shm, key, &raced_few), 50);
	shm_close(shm);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("shm_limit");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, shm_limit_lets_count_events_pass_and_no_more);
	tcase_add_test(tests, shm_limit_keeps_kinds_and_keys_apart);
	tcase_add_test(tests, shm_limit_window_slides_with_each_event);
	tcase_add_test(tests, shm_limit_wait_is_long_enough_when_the_limit_became_smaller);
	tcase_add_test(tests, shm_limit_of_thousands_is_never_passed_and_ends_with_its_window);
	tcase_add_test(tests, shm_limit_peek_counts_nothing);
	tcase_add_test(tests, shm_limit_return_gives_back_the_event_that_was_taken);
	tcase_add_test(tests, shm_limit_return_never_gives_more_than_was_taken);
	tcase_add_test(tests, shm_limit_clear_forgets_one_key);
	tcase_add_test(tests, shm_limit_lasts_no_longer_than_its_window_when_the_clock_jumps);
	tcase_add_test(tests, shm_limit_of_a_hot_key_outlives_a_flood_of_others);
	tcase_add_test(tests, shm_limit_of_a_single_event_outlives_a_bucket_that_just_filled_up);
	tcase_add_test(tests, shm_limit_is_exact_when_processes_race);
	tcase_add_test(tests, shm_limit_outlives_processes_that_are_killed_in_the_middle);
	return suite_run();
}
