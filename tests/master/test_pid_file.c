#include "master/pid_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "support/scratch.h"
#include "support/suite.h"

/* A lock of our own is no hindrance to ourselves, so others are children. */
static int
in_child(int (*act)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(act());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
lock(void)
{
	int fd;

	return (int)pid_file_lock(scratch_dir(), NULL, &fd);
}

static int
find_parent(void)
{
	pid_t pid = 0;

	return pid_file_find(scratch_dir(), &pid) == PID_FILE_RUNNING && pid == getppid() ? 0 : 1;
}

static int
find(void)
{
	pid_t pid;

	return (int)pid_file_find(scratch_dir(), &pid);
}

START_TEST(one_holds_the_file_and_others_are_told_who)
{
	const char *path = scratch_path("affo-userd.pid");
	char text[32] = "", expected[32];
	int fd = -1;
	FILE *file;

	ck_assert_int_eq(in_child(find), PID_FILE_MISSING);
	ck_assert_rc(pid_file_lock(scratch_dir(), NULL, &fd), RC_OK);
	ck_assert_int_eq(in_child(lock), RC_TAKEN);
	ck_assert_int_eq(in_child(find_parent), 0);
	ck_assert_ptr_nonnull(file = fopen(path, "re"));
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	(void)snprintf(expected, sizeof(expected), "%d\n", (int)getpid());
	ck_assert_str_eq(text, expected);
	(void)fclose(file); /* this process's lock goes with it */
	pid_file_remove(scratch_dir(), fd);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(in_child(find), PID_FILE_MISSING);
}
END_TEST

START_TEST(what_one_left_that_has_died_is_stale_and_taken_over)
{
	int fd = -1;

	ck_assert_int_eq(in_child(lock), RC_OK);
	ck_assert_int_eq(in_child(find), PID_FILE_STALE);
	ck_assert_rc(pid_file_lock(scratch_dir(), NULL, &fd), RC_OK);
	ck_assert_int_eq(in_child(find_parent), 0);
	pid_file_remove(scratch_dir(), fd);
}
END_TEST

START_TEST(anothers_file_is_not_removed)
{
	const char *path = scratch_path("affo-userd.pid");
	int fd = -1;

	ck_assert_rc(pid_file_lock(scratch_dir(), NULL, &fd), RC_OK);
	ck_assert_int_eq(unlink(path), 0);
	(void)scratch_file("affo-userd.pid", "1\n", 0644);
	pid_file_remove(scratch_dir(), fd);
	ck_assert_int_eq(access(path, F_OK), 0);
	pid_file_remove(scratch_dir(), -1);
}
END_TEST

START_TEST(links_lead_nowhere)
{
	const char *path = scratch_path("affo-userd.pid"), *target;
	struct stat st;
	int fd;

	target = scratch_file("precious", "text", 0600);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_rc(pid_file_lock(scratch_dir(), NULL, &fd), RC_SYSTEM);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(link(target, path), 0);
	ck_assert_rc(pid_file_lock(scratch_dir(), NULL, &fd), RC_SYSTEM);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_rc(pid_file_lock(scratch_dir(), NULL, &fd), RC_SYSTEM);
	ck_assert_int_eq(stat(target, &st), 0);
	ck_assert_int_eq(st.st_size, 4);
	ck_assert_rc(pid_file_lock("/nowhere/at/all", NULL, &fd), RC_SYSTEM);
}
END_TEST

static void
prepare(void)
{
	scratch_make();
	log_use_fd(-1);
}

int
main(void)
{
	TCase *tests = suite_case("pid_file");

	tcase_add_checked_fixture(tests, prepare, scratch_remove);
	tcase_add_test(tests, one_holds_the_file_and_others_are_told_who);
	tcase_add_test(tests, what_one_left_that_has_died_is_stale_and_taken_over);
	tcase_add_test(tests, anothers_file_is_not_removed);
	tcase_add_test(tests, links_lead_nowhere);
	return suite_run();
}
