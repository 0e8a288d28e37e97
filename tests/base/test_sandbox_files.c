/* What of the machine a sender can reach: files, where there is Landlock, and sockets. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif

#include "base/sandbox.h"
#include "support/scratch.h"
#include "support/suite.h"

static bool
has_landlock(void)
{
#ifdef HAVE_LINUX_LANDLOCK_H
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
#else
	return false;
#endif
}

/* The errno of opening `name` for reading in a sender's sandbox; 0: it can. */
static int
open_as_sender(const char *name, const char *also)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (sandbox_enter(SANDBOX_SEND, also) != RC_OK)
			_exit(255);
		_exit(open(name, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%s: status %#x", name, (unsigned)status);
	return WEXITSTATUS(status);
}

static void
make(const char *name, char ret[static 256])
{
	int fd;

	(void)snprintf(ret, 256, "%s", scratch_path(name));
	fd = open(ret, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

START_TEST(a_sender_reads_neither_database_nor_keys)
{
	char database[256], ca_file[256];
	int refused = has_landlock() ? EACCES : 0;

	make("users.db", database);
	make("ca.pem", ca_file);
	ck_assert_int_eq(open_as_sender(database, NULL), refused);
	ck_assert_int_eq(open_as_sender(database, ca_file), refused);
	ck_assert_int_eq(open_as_sender(scratch_path("."), ca_file), refused);
	ck_assert_int_eq(open_as_sender("/etc", NULL), refused);
	ck_assert_int_eq(open_as_sender("/proc/self/environ", NULL), refused);
}
END_TEST

START_TEST(a_sender_reads_the_systems_files_and_its_certificates)
{
	char ca_file[256], gone[256];

	make("ca.pem", ca_file);
	(void)snprintf(gone, sizeof(gone), "%s", scratch_path("gone.pem"));
	ck_assert_int_eq(open_as_sender(ca_file, ca_file), 0);
	ck_assert_int_eq(open_as_sender(ca_file, scratch_path(".")), 0);
	ck_assert_int_eq(open_as_sender("/etc/passwd", NULL), 0);
	ck_assert_int_eq(open_as_sender("/etc/passwd", gone), 0);
	ck_assert_int_eq(open_as_sender("/usr", NULL), 0);
	ck_assert_int_eq(open_as_sender("/dev/urandom", NULL), 0);
}
END_TEST

/* The errno of making a socket of that family in a sender's sandbox; 0: it can. */
static int
socket_as_sender(int family)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (sandbox_enter(SANDBOX_SEND, NULL) != RC_OK)
			_exit(255);
		_exit(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? 0 : errno);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%d: status %#x", family, (unsigned)status);
	return WEXITSTATUS(status);
}

START_TEST(a_sender_makes_no_socket_but_the_networks)
{
#ifdef HAVE_SECCOMP
	ck_assert_int_eq(socket_as_sender(AF_UNIX), EACCES);
#endif
	ck_assert_int_eq(socket_as_sender(AF_INET), 0);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("sandbox_files");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, a_sender_reads_neither_database_nor_keys);
	tcase_add_test(tests, a_sender_reads_the_systems_files_and_its_certificates);
	tcase_add_test(tests, a_sender_makes_no_socket_but_the_networks);
	return suite_run();
}
