/* How those are pressed who don't end; time is a number here. */
#include "master/children.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "support/suite.h"

static int heard[2]; /* a byte, its number, for each signal that a child hears */

static void
tell(int signo)
{
	unsigned char byte = (unsigned char)signo;

	if (write(heard[1], &byte, 1) != 1)
		_exit(1);
}

static int
hear(void)
{
	unsigned char byte = 0;

	ck_assert_int_eq(read(heard[0], &byte, 1), 1);
	return byte;
}

/* A child that says which signals it gets, and ends of none but KILL. */
static void
add_deaf_child(struct children *children)
{
	struct child child = { .kind = CHILD_FAST, .socket_fd = -1 };

	ck_assert_rc(children_reserve(children, 1), RC_OK);
	ck_assert_int_ge(child.pid = fork(), 0);
	if (child.pid == 0) {
		(void)signal(SIGQUIT, tell);
		(void)signal(SIGTERM, tell);
		tell(0);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(hear(), 0);
	children_add(children, &child);
}

static void
expect_killed(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(who_does_not_end_gets_term_and_then_kill)
{
	struct children children = { 0 };
	struct child *child;

	add_deaf_child(&children);
	child = &children.list[0];
	ck_assert_int_eq(children_press(&children, 1000, 99), 99);
	child_ask(child, SIGQUIT, 1000, 35000, 5000);
	ck_assert(child->is_asked);
	ck_assert_int_eq(hear(), SIGQUIT);
	ck_assert_int_eq(children_press(&children, 35999, 60000), 1);
	ck_assert_int_eq(children_press(&children, 36000, 60000), 5000);
	ck_assert_int_eq(hear(), SIGTERM);
	ck_assert_int_eq(children_press(&children, 40999, 60000), 1);
	ck_assert_int_eq(children_press(&children, 41000, 60000), 60000);
	expect_killed(child->pid);
	children_release(&children);
}
END_TEST

START_TEST(who_is_asked_again_is_pressed_at_the_earlier_time)
{
	struct children children = { 0 };
	struct child *child;

	add_deaf_child(&children);
	child = &children.list[0];
	child_ask(child, SIGQUIT, 1000, 35000, 5000);
	ck_assert_int_eq(hear(), SIGQUIT);
	/* Later and longer changes nothing. */
	child_ask(child, SIGQUIT, 2000, 36000, 5000);
	ck_assert_int_eq(children_press(&children, 2000, 60000), 34000);
	/* A fast stop leaves out what was to come first. */
	child_ask(child, SIGTERM, 3000, 14000, 0);
	ck_assert_int_eq(hear(), SIGTERM);
	child_ask(child, SIGTERM, 4000, 14000, 0);
	ck_assert_int_eq(children_press(&children, 16999, 60000), 1);
	ck_assert_int_eq(children_press(&children, 17000, 60000), 60000);
	expect_killed(child->pid);
	children_release(&children);
}
END_TEST

START_TEST(children_are_found_counted_and_bounded)
{
	struct children children = { 0 };
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_rc(children_reserve(&children, CHILDREN_MAX + 1), RC_LIMIT);
	ck_assert_rc(children_reserve(&children, CHILDREN_MAX), RC_OK);
	for (pid_t pid = 1; pid <= CHILDREN_MAX; pid++)
		children_add(&children, &(struct child){ .pid = pid,
		                            .kind = pid == 7 ? CHILD_QUEUE : CHILD_HASH,
		                            .socket_fd = pid == 7 ? ends[0] : -1 });
	ck_assert_rc(children_reserve(&children, 1), RC_LIMIT);
	ck_assert_uint_eq(children_count(&children, CHILD_QUEUE), 1);
	ck_assert_uint_eq(children_count(&children, CHILD_HASH), CHILDREN_MAX - 1);
	ck_assert_ptr_null(children_find(&children, CHILDREN_MAX + 1));
	children_remove(&children, children_find(&children, 7));
	ck_assert_ptr_null(children_find(&children, 7));
	ck_assert_int_eq(children_find(&children, CHILDREN_MAX)->pid, CHILDREN_MAX);
	ck_assert_rc(children_reserve(&children, 1), RC_OK);
	/* Its socket went with it. */
	ck_assert_int_ne(close(ends[0]), 0);
	(void)close(ends[1]);
	children_release(&children);
	ck_assert_uint_eq(children.n, 0);
}
END_TEST

static void
open_pipe(void)
{
	ck_assert_int_eq(pipe(heard), 0);
	log_use_fd(-1);
}

static void
close_pipe(void)
{
	(void)close(heard[0]);
	(void)close(heard[1]);
}

int
main(void)
{
	TCase *tests = suite_case("children");

	tcase_add_checked_fixture(tests, open_pipe, close_pipe);
	tcase_add_test(tests, who_does_not_end_gets_term_and_then_kill);
	tcase_add_test(tests, who_is_asked_again_is_pressed_at_the_earlier_time);
	tcase_add_test(tests, children_are_found_counted_and_bounded);
	return suite_run();
}
