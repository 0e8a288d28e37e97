#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "support/scratch.h"
#include "support/suite.h"

enum { LONG_MS = 60000 };

static const struct limit one = { 1, LONG_MS * 60 };

static const char *
file(void)
{
	return scratch_path("shared");
}

static struct shm *
open_file(void)
{
	struct shm *shm = NULL;

	ck_assert_rc(shm_open_file(file(), &shm), RC_OK);
	return shm;
}

static enum rc
take_one(struct shm *shm)
{
	int64_t wait_ms;

	return shm_limit_take(shm, LIMIT_LOGIN_ACCOUNT, STR("a"), &one, &wait_ms);
}

/* Whether the file there now is another than the one in which take_one() was called. */
static bool
is_new(void)
{
	struct shm *shm = open_file();
	enum rc rc = take_one(shm);

	shm_close(shm);
	return rc == RC_OK;
}

START_TEST(shm_file_is_private_and_leaves_nothing_beside_it)
{
	struct shm *shm = open_file();
	struct stat st;

	ck_assert_int_eq(stat(file(), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(access(scratch_path("shared.new"), F_OK), -1);
	shm_close(shm);
	shm_close(NULL);
}
END_TEST

START_TEST(shm_file_is_kept_when_it_is_opened_again)
{
	ck_assert(is_new());
	ck_assert(!is_new());
}
END_TEST

static void
overwrite(off_t at, const char *byte)
{
	int fd = open(file(), O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, byte, 1, at), 1);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(shm_file_of_another_layout_size_or_boot_is_made_anew)
{
	static const off_t head_fields[] = { 0 /* magic */, 8 /* size */, 16 /* boot */, 51 };

	ck_assert(is_new());
	for (size_t i = 0; i < sizeof(head_fields) / sizeof(head_fields[0]); i++) {
		overwrite(head_fields[i], "?");
		ck_assert_msg(is_new(), "field at %ld", (long)head_fields[i]);
		ck_assert(!is_new());
	}
	ck_assert_int_eq(truncate(file(), 100), 0);
	ck_assert(is_new());
	ck_assert_int_eq(truncate(file(), 0), 0);
	ck_assert(is_new());
	ck_assert_int_eq(truncate(file(), 64 << 20), 0);
	ck_assert(is_new());
	/* What a process left that died while it made the file. */
	ck_assert_int_eq(unlink(file()), 0);
	(void)scratch_file("shared.new", "half", 0600);
	ck_assert(is_new());
}
END_TEST

START_TEST(shm_open_refuses_what_is_no_file_of_ours)
{
	struct shm *shm = NULL;

	log_use_fd(-1);
	ck_assert_rc(shm_open_file(scratch_path("no/such/folder"), &shm), RC_SYSTEM);
	ck_assert_int_eq(symlink(scratch_path("elsewhere"), scratch_path("link")), 0);
	ck_assert_rc(shm_open_file(scratch_path("link"), &shm), RC_SYSTEM);
	ck_assert_int_eq(mkdir(scratch_path("folder"), 0700), 0);
	ck_assert_rc(shm_open_file(scratch_path("folder"), &shm), RC_SYSTEM);
	ck_assert_ptr_null(shm);
}
END_TEST

/* A child that says on `tell` what became of it and then lives until it is killed. */
static pid_t
child_with_slot(unsigned n, int *ret_told)
{
	int pipe_fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct shm *shm = NULL;
		int slot = -1;
		char told = 'x';

		if (shm_open_file(file(), &shm) == RC_OK &&
		    shm_slot_take(shm, n, clock_monotonic_ms() + LONG_MS, &slot) == RC_OK)
			told = (char)('0' + slot);
		(void)!write(pipe_fds[1], &told, 1);
		for (;;)
			(void)pause();
	}
	(void)close(pipe_fds[1]);
	*ret_told = pipe_fds[0];
	return pid;
}

static int
slot_of(int told)
{
	struct pollfd ready = { told, POLLIN, 0 };
	char c = 'x';

	ck_assert_int_eq(poll(&ready, 1, LONG_MS), 1);
	ck_assert_int_eq(read(told, &c, 1), 1);
	ck_assert_int_ne(c, 'x');
	ck_assert_int_eq(close(told), 0);
	return c - '0';
}

static void
end_child(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(shm_slots_are_as_many_as_said_also_within_one_process)
{
	struct shm *a = open_file(), *b = open_file();
	int64_t now = clock_monotonic_ms();
	int first = -1, second = -1, third = -1;

	ck_assert_rc(shm_slot_take(a, 2, now, &first), RC_OK);
	ck_assert_rc(shm_slot_take(b, 2, now, &second), RC_OK);
	ck_assert_int_eq(first + second, 1);
	ck_assert_rc(shm_slot_take(a, 2, now, &third), RC_BUSY);
	ck_assert_rc(shm_slot_take(b, 2, now + 20, &third), RC_BUSY);
	shm_slot_return(a, first);
	ck_assert_rc(shm_slot_take(b, 2, now, &third), RC_OK);
	ck_assert_int_eq(third, first);
	/* Giving back what one does not have changes nothing. */
	shm_slot_return(a, first);
	shm_slot_return(a, -1);
	shm_slot_return(a, 1 << 20);
	ck_assert_rc(shm_slot_take(a, 2, now, &first), RC_BUSY);
	shm_close(b);
	ck_assert_rc(shm_slot_take(a, 2, now, &first), RC_OK);
	ck_assert_rc(shm_slot_take(a, 2, now, &second), RC_OK);
	shm_close(a);
}
END_TEST

START_TEST(shm_slot_of_a_killed_holder_comes_free)
{
	struct shm *shm = open_file();
	pid_t pids[3];
	int told[3], slots = 0, slot = -1;

	for (size_t i = 0; i < 3; i++) {
		pids[i] = child_with_slot(3, &told[i]);
		slots |= 1 << slot_of(told[i]);
	}
	ck_assert_int_eq(slots, 7);
	ck_assert_rc(shm_slot_take(shm, 3, clock_monotonic_ms(), &slot), RC_BUSY);
	end_child(pids[1]);
	ck_assert_rc(shm_slot_take(shm, 3, clock_monotonic_ms() + LONG_MS, &slot), RC_OK);
	shm_slot_return(shm, slot);
	end_child(pids[0]);
	end_child(pids[2]);
	shm_close(shm);
}
END_TEST

START_TEST(shm_slot_taker_waits_for_one_to_come_free)
{
	struct shm *shm = open_file();
	struct pollfd early = { .events = POLLIN };
	int told, slot = -1;
	pid_t pid;

	ck_assert_rc(shm_slot_take(shm, 1, clock_monotonic_ms(), &slot), RC_OK);
	pid = child_with_slot(1, &told);
	early.fd = told;
	/* Nothing can come while the slot is ours, however slow the machine is. */
	ck_assert_int_eq(poll(&early, 1, 50), 0);
	shm_slot_return(shm, slot);
	ck_assert_int_eq(slot_of(told), 0);
	ck_assert_rc(shm_slot_take(shm, 1, clock_monotonic_ms(), &slot), RC_BUSY);
	end_child(pid);
	shm_close(shm);
}
END_TEST

/* Opens the file and takes the only event. Ends with 0 (taken), 1 (limited) or 2. */
static int
race_to_open(int start)
{
	struct shm *shm = NULL;
	char c;
	enum rc rc;

	if (read(start, &c, 1) != 0 || shm_open_file(file(), &shm) != RC_OK)
		return 2;
	rc = take_one(shm);
	shm_close(shm);
	return rc == RC_OK ? 0 : rc == RC_LIMITED ? 1 : 2;
}

START_TEST(shm_openers_that_race_all_get_the_same_file)
{
	enum { RACERS = 8 };
	int start[2], taken = 0, status;

	/* A bad file at the place, so that all want to make it. */
	(void)scratch_file("shared", "old", 0600);
	ck_assert_int_eq(pipe(start), 0);
	for (int i = 0; i < RACERS; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			(void)close(start[1]);
			_exit(race_to_open(start[0]));
		}
	}
	(void)close(start[0]);
	(void)close(start[1]);
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		taken += WEXITSTATUS(status) == 0;
	}
	ck_assert_int_eq(taken, 1);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("shm");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, shm_file_is_private_and_leaves_nothing_beside_it);
	tcase_add_test(tests, shm_file_is_kept_when_it_is_opened_again);
	tcase_add_test(tests, shm_file_of_another_layout_size_or_boot_is_made_anew);
	tcase_add_test(tests, shm_open_refuses_what_is_no_file_of_ours);
	tcase_add_test(tests, shm_slots_are_as_many_as_said_also_within_one_process);
	tcase_add_test(tests, shm_slot_of_a_killed_holder_comes_free);
	tcase_add_test(tests, shm_slot_taker_waits_for_one_to_come_free);
	tcase_add_test(tests, shm_openers_that_race_all_get_the_same_file);
	return suite_run();
}
