/* Sockets, users and what systemd hands over. What changes the process is done in a child. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "support/scratch.h"
#include "support/suite.h"

enum { SOCKET_PATH_LEN_MAX = 107 };

/* Runs act() in a child: its exit status. */
static int
in_child(int (*act)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(act());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

/* 0, or the errno of connect(2). */
static int
connect_to(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	ck_assert_int_ge(fd, 0);
	error = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	(void)close(fd);
	return error;
}

static int
listen_at(const char *path)
{
	int fd = -1;

	ck_assert_rc(proc_listen_unix(path, 8, NULL, NULL, &fd), RC_OK);
	return fd;
}

START_TEST(listen_makes_a_socket_of_owner_and_group_alone_and_keeps_it_from_children)
{
	const char *path = scratch_path("s");
	mode_t old_umask = umask(0077);
	int fd = listen_at(path);
	struct stat st;

	ck_assert_int_eq(umask(old_umask), 0077);
	ck_assert(proc_is_listening(fd));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_int_eq(st.st_mode & 07777, 0660);
	ck_assert_uint_eq(st.st_uid, geteuid());
	ck_assert((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	ck_assert((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	ck_assert_int_eq(connect_to(path), 0);
	(void)close(fd);
}
END_TEST

START_TEST(listen_replaces_a_socket_that_nobody_answers_on)
{
	const char *path = scratch_path("s");
	int fd;

	(void)close(listen_at(path));
	ck_assert_int_eq(connect_to(path), ECONNREFUSED);
	fd = listen_at(path);
	ck_assert_int_eq(connect_to(path), 0);
	(void)close(fd);
}
END_TEST

START_TEST(listen_refuses_a_socket_that_is_answered_even_with_a_full_backlog)
{
	const char *path = scratch_path("s");
	struct sockaddr_un address = address_of(path);
	int fd = -1, other, clients[16], n = 0;

	ck_assert_rc(proc_listen_unix(path, 1, NULL, NULL, &fd), RC_OK);
	ck_assert_rc(proc_listen_unix(path, 1, NULL, NULL, &other), RC_SYSTEM);
	do {
		ck_assert_int_lt(n, 16);
		clients[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ck_assert_int_ge(clients[n], 0);
	} while (connect(clients[n++], (const struct sockaddr *)&address, sizeof(address)) == 0);
	ck_assert_int_eq(connect_to(path), EAGAIN);
	ck_assert_rc(proc_listen_unix(path, 1, NULL, NULL, &other), RC_SYSTEM);
	while (n > 0)
		(void)close(clients[--n]);
	(void)close(fd);
}
END_TEST

START_TEST(listen_leaves_alone_what_is_no_socket_or_cannot_be_asked)
{
	const char *file = scratch_file("f", "text", 0600), *path = scratch_path("d");
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), other;

	ck_assert_rc(proc_listen_unix(file, 8, NULL, NULL, &other), RC_SYSTEM);
	ck_assert_int_eq(access(file, F_OK), 0);
	/* Somebody's datagram socket: it is no listener, and it isn't ours to remove. */
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_rc(proc_listen_unix(path, 8, NULL, NULL, &other), RC_SYSTEM);
	ck_assert_int_eq(access(path, F_OK), 0);
	(void)close(fd);
	ck_assert_rc(proc_listen_unix(scratch_path("none/s"), 8, NULL, NULL, &other), RC_SYSTEM);
}
END_TEST

START_TEST(listen_takes_a_path_of_107_bytes_and_refuses_108)
{
	char path[256];
	int fd, other;

	ck_assert_int_eq(chdir(scratch_dir()), 0);
	memset(path, 'p', sizeof(path));
	path[SOCKET_PATH_LEN_MAX] = '\0';
	fd = listen_at(path);
	ck_assert_int_eq(connect_to(path), 0);
	(void)close(fd);
	path[SOCKET_PATH_LEN_MAX] = 'p';
	path[SOCKET_PATH_LEN_MAX + 1] = '\0';
	ck_assert_rc(proc_listen_unix(path, 8, NULL, NULL, &other), RC_CONFIG);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(listen_refuses_a_user_or_group_that_does_not_exist)
{
	const char *path = scratch_path("s");
	int fd;

	/* An ordinary user's socket is its own, whatever "user" says. */
	if (geteuid() == 0)
		ck_assert_rc(proc_listen_unix(path, 8, "no-such-user", NULL, &fd), RC_CONFIG);
	ck_assert_rc(proc_listen_unix(path, 8, NULL, "no-such-group", &fd), RC_CONFIG);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(listen_gives_the_socket_of_root_to_the_user_and_that_users_group)
{
	const struct passwd *nobody = getpwnam("nobody");
	const char *path = scratch_path("s");
	bool is_root = geteuid() == 0;
	struct stat st;
	uid_t uid;
	gid_t gid;
	int fd = -1;

	ck_assert_ptr_nonnull(nobody);
	uid = is_root ? nobody->pw_uid : geteuid();
	gid = nobody->pw_gid;
	ck_assert_rc(proc_listen_unix(path, 8, "nobody", NULL, &fd), RC_OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, uid);
	ck_assert(!is_root || st.st_gid == gid);
	ck_assert_int_eq(st.st_mode & 07777, 0660);
	(void)close(fd);
}
END_TEST

START_TEST(listen_gives_the_socket_to_a_group_that_we_belong_to)
{
	const struct group *other = getgrnam("daemon"), *ours = getgrgid(getegid());
	const char *path = scratch_path("s");
	struct stat st;
	int fd = -1;

	ck_assert_ptr_nonnull(other);
	if (geteuid() == 0) {
		gid_t gid = other->gr_gid;

		ck_assert_rc(proc_listen_unix(path, 8, NULL, "daemon", &fd), RC_OK);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_gid, gid);
	} else if (ours != NULL) {
		ck_assert_rc(proc_listen_unix(path, 8, NULL, ours->gr_name, &fd), RC_OK);
		(void)close(fd);
		if (!group_member(0)) {
			ck_assert_rc(proc_listen_unix(path, 8, NULL, "root", &fd), RC_SYSTEM);
			/* Nothing half made stays. */
			ck_assert_int_ne(access(path, F_OK), 0);
		}
		return;
	} else {
		ck_assert_rc(proc_listen_unix(path, 8, NULL, NULL, &fd), RC_OK);
	}
	(void)close(fd);
}
END_TEST

static void
pass_fds(pid_t pid, const char *n, const char *names)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	(void)setenv("LISTEN_PID", text, 1);
	(void)setenv("LISTEN_FDS", n, 1);
	(void)setenv("LISTEN_FDNAMES", names, 1);
}

/* Descriptors 3 and 4 are listening sockets, 5 is a file: as systemd passes them. */
static int
take_passed_fds(void)
{
	int fd = listen_at(scratch_path("a")), other = listen_at(scratch_path("b"));
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if ((fd = fcntl(fd, F_DUPFD, 100)) < 0 || (other = fcntl(other, F_DUPFD, 100)) < 0 ||
	    (file = fcntl(file, F_DUPFD, 100)) < 0 || dup2(fd, 3) < 0 || dup2(other, 4) < 0 ||
	    dup2(file, 5) < 0 || fcntl(3, F_SETFL, 0) != 0)
		return 1;
	pass_fds(getpid(), "3", "fcgi:hash:file");
	if (proc_listen_fd("fcgi") != 3 || proc_listen_fd("hash") != 4)
		return 2;
	if ((fcntl(3, F_GETFD) & FD_CLOEXEC) == 0 || (fcntl(3, F_GETFL) & O_NONBLOCK) == 0)
		return 3;
	if (proc_listen_fd("file") != -1 || proc_listen_fd("other") != -1)
		return 4;
	pass_fds(getpid(), "1", "fcgi:hash:file");
	if (proc_listen_fd("fcgi") != 3 || proc_listen_fd("hash") != -1)
		return 5;
	pass_fds(getppid(), "3", "fcgi:hash:file");
	if (proc_listen_fd("fcgi") != -1)
		return 6;
	pass_fds(getpid(), "65", "fcgi:hash:file"); /* more than systemd ever passes */
	if (proc_listen_fd("fcgi") != -1)
		return 7;
	pass_fds(getpid(), "3", "fcgi:hash:file");
	(void)unsetenv("LISTEN_FDNAMES");
	return proc_listen_fd("fcgi") == -1 ? 0 : 8;
}

START_TEST(passed_sockets_are_found_by_name_if_they_are_for_us)
{
	ck_assert_int_eq(in_child(take_passed_fds), 0);
}
END_TEST

START_TEST(only_a_stream_socket_after_listen_is_a_listening_one)
{
	int ends[2], file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert(!proc_is_listening(ends[0]));
	ck_assert(!proc_is_listening(file));
	ck_assert(!proc_is_listening(-1));
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(file);
}
END_TEST

START_TEST(env_fd_takes_the_number_of_an_open_descriptor_only)
{
	int fd = open("/dev/null", O_RDONLY);
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", fd);
	(void)setenv("AFFO_TEST_FD", text, 1);
	ck_assert_int_eq(proc_env_fd("AFFO_TEST_FD"), fd);
	ck_assert((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	(void)close(fd);
	ck_assert_int_eq(proc_env_fd("AFFO_TEST_FD"), -1);
	(void)setenv("AFFO_TEST_FD", "0x0", 1);
	ck_assert_int_eq(proc_env_fd("AFFO_TEST_FD"), -1);
	(void)setenv("AFFO_TEST_FD", "", 1);
	ck_assert_int_eq(proc_env_fd("AFFO_TEST_FD"), -1);
	(void)unsetenv("AFFO_TEST_FD");
	ck_assert_int_eq(proc_env_fd("AFFO_TEST_FD"), -1);
}
END_TEST

/* As root: nobody afterwards, with no way back. */
static int
become_nobody(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	uid_t real, effective, saved;
	gid_t groups[64];
	int n;

	if (nobody == NULL || proc_become("nobody") != RC_OK)
		return 1;
	if (getresuid(&real, &effective, &saved) != 0 || real != nobody->pw_uid ||
	    effective != nobody->pw_uid || saved != nobody->pw_uid || getgid() != nobody->pw_gid)
		return 2;
	if ((n = getgroups(64, groups)) < 0)
		return 3;
	for (int i = 0; i < n; i++)
		if (groups[i] == 0)
			return 4;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 5;
	/* Again: nothing is left to do. */
	return proc_become("nobody") == RC_OK ? 0 : 6;
}

START_TEST(root_becomes_the_user_for_good_and_others_become_nobody_else)
{
	const struct passwd *me = getpwuid(geteuid());

	if (geteuid() == 0) {
		ck_assert_int_eq(in_child(become_nobody), 0);
		return;
	}
	/* A user without a name, as in some containers, can't be said at all. */
	if (me != NULL)
		ck_assert_rc(proc_become(me->pw_name), RC_OK);
	me = getpwnam("nobody");
	ck_assert_rc(
	    proc_become(me != NULL && me->pw_uid == geteuid() ? "daemon" : "nobody"), RC_CONFIG);
}
END_TEST

START_TEST(nobody_becomes_root_or_a_user_who_does_not_exist)
{
	ck_assert_rc(proc_become("root"), RC_CONFIG);
	ck_assert_rc(proc_become("no-such-user"), RC_CONFIG);
	ck_assert_rc(proc_become(NULL), RC_OK);
}
END_TEST

static int
harden(void)
{
	struct rlimit core;

	proc_harden();
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0)
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	return umask(0) == 0077 ? 0 : 3;
}

START_TEST(harden_leaves_no_core_no_new_rights_and_private_files)
{
	ck_assert_int_eq(in_child(harden), 0);
}
END_TEST

static int
receiver(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)address, len), 0);
	return fd;
}

static void
assert_received(int fd, const char *expected)
{
	char text[64];
	ssize_t n = recv(fd, text, sizeof(text), 0);

	ck_assert_int_ge(n, 0);
	ck_assert_text(((struct str){ text, (size_t)n }), expected);
}

START_TEST(notify_reaches_a_socket_by_path_and_an_abstract_one)
{
	const char *path = scratch_path("notify");
	struct sockaddr_un address = address_of(path);
	char name[96];
	int fd = receiver(&address, sizeof(address)), len;

	(void)setenv("NOTIFY_SOCKET", path, 1);
	proc_notify("READY=1\nSTATUS=running");
	assert_received(fd, "READY=1\nSTATUS=running");
	(void)close(fd);
	/* Nobody there any more: no more than a line in the log. */
	proc_notify("WATCHDOG=1");

	len = snprintf(name, sizeof(name), "@affo-test-%d", (int)getpid());
	address = address_of(name);
	address.sun_path[0] = '\0';
	fd = receiver(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len));
	(void)setenv("NOTIFY_SOCKET", name, 1);
	proc_notify("STOPPING=1");
	assert_received(fd, "STOPPING=1");
	(void)setenv("NOTIFY_SOCKET", "relative", 1);
	proc_notify("STOPPING=1");
	(void)unsetenv("NOTIFY_SOCKET");
	proc_notify("STOPPING=1");
	ck_assert_int_lt(recv(fd, name, sizeof(name), 0), 0);
	(void)close(fd);
}
END_TEST

START_TEST(there_is_at_least_one_core)
{
	ck_assert_uint_ge(proc_cores(), 1);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("proc");

	log_use_fd(-1);
	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(
	    tests, listen_makes_a_socket_of_owner_and_group_alone_and_keeps_it_from_children);
	tcase_add_test(tests, listen_replaces_a_socket_that_nobody_answers_on);
	tcase_add_test(tests, listen_refuses_a_socket_that_is_answered_even_with_a_full_backlog);
	tcase_add_test(tests, listen_leaves_alone_what_is_no_socket_or_cannot_be_asked);
	tcase_add_test(tests, listen_takes_a_path_of_107_bytes_and_refuses_108);
	tcase_add_test(tests, listen_refuses_a_user_or_group_that_does_not_exist);
	tcase_add_test(tests, listen_gives_the_socket_of_root_to_the_user_and_that_users_group);
	tcase_add_test(tests, listen_gives_the_socket_to_a_group_that_we_belong_to);
	tcase_add_test(tests, passed_sockets_are_found_by_name_if_they_are_for_us);
	tcase_add_test(tests, only_a_stream_socket_after_listen_is_a_listening_one);
	tcase_add_test(tests, env_fd_takes_the_number_of_an_open_descriptor_only);
	tcase_add_test(tests, root_becomes_the_user_for_good_and_others_become_nobody_else);
	tcase_add_test(tests, nobody_becomes_root_or_a_user_who_does_not_exist);
	tcase_add_test(tests, harden_leaves_no_core_no_new_rights_and_private_files);
	tcase_add_test(tests, notify_reaches_a_socket_by_path_and_an_abstract_one);
	tcase_add_test(tests, there_is_at_least_one_core);
	return suite_run();
}
