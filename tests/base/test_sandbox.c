/* Each role in a child of its own: it may do what it needs, and dies of what it must not do. */
#include "config.h"

#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#endif

#include "support/scratch.h"
#include "support/suite.h"

/* What is open before the sandbox closes. */
static struct {
	int file, listener, client, pair[2];
	struct sockaddr_un address;
	char in_dir[256], beside[256];
} have;

/* Each gives 0, or the errno of what failed. */
typedef int action(void);

static int
result(bool is_ok)
{
	return is_ok ? 0 : errno;
}

static int
use_open_files(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char bytes[8];
	struct stat st;

	return result(pwrite(have.file, "12345678", 8, 0) == 8 &&
	              pread(have.file, bytes, 8, 0) == 8 && lseek(have.file, 0, SEEK_SET) == 0 &&
	              write(have.file, bytes, 8) == 8 && flock(have.file, LOCK_EX) == 0 &&
	              flock(have.file, LOCK_UN) == 0 && fcntl(have.file, F_SETLK, &lock) == 0 &&
	              fcntl(have.file, F_OFD_GETLK, &lock) == 0 && fdatasync(have.file) == 0 &&
	              fsync(have.file) == 0 && ftruncate(have.file, 4096) == 0 &&
	              posix_fallocate(have.file, 0, 8192) == 0 && fstat(have.file, &st) == 0 &&
	              stat("/", &st) == 0);
}

static int
use_memory(void)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, have.file, 0);
	char *heap = malloc((size_t)64 << 20);
	unsigned char random[16];
	bool is_ok = map != MAP_FAILED && heap != NULL &&
	             getrandom(random, sizeof(random), 0) == sizeof(random);

	if (is_ok) {
		map[0] = 'x';
		memset(heap, random[0], (size_t)64 << 20);
		is_ok = madvise(map, 8192, MADV_DONTNEED) == 0 &&
		        (map = mremap(map, 8192, 4096, MREMAP_MAYMOVE)) != MAP_FAILED &&
		        munmap(map, 4096) == 0;
	}
	free(heap);
	return result(is_ok);
}

static void
ignore(int signo)
{
	(void)signo;
}

static int
use_time_and_signals(void)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
	struct sigaction handler = { .sa_handler = ignore };
	struct timespec now, moment = { .tv_nsec = 1000 };
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t blocked, open;
	int fd = epoll_create1(EPOLL_CLOEXEC);

	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGALRM);
	return result(fd >= 0 && epoll_ctl(fd, EPOLL_CTL_ADD, have.listener, &event) == 0 &&
	              epoll_wait(fd, &event, 1, 0) >= 0 && close(fd) == 0 &&
	              clock_gettime(CLOCK_MONOTONIC, &now) == 0 &&
	              clock_gettime(CLOCK_REALTIME, &now) == 0 && nanosleep(&moment, NULL) == 0 &&
	              sigaction(SIGALRM, &handler, NULL) == 0 &&
	              sigprocmask(SIG_BLOCK, &blocked, &open) == 0 &&
	              setitimer(ITIMER_REAL, &soon, NULL) == 0 &&
	              ppoll(NULL, 0, NULL, &open) == -1 && errno == EINTR);
}

static int
talk_to_a_peer(void)
{
	int value;
	socklen_t len = sizeof(value);
	char byte = 'x';

	return result(send(have.pair[0], &byte, 1, MSG_NOSIGNAL) == 1 &&
	              recv(have.pair[1], &byte, 1, MSG_PEEK) == 1 &&
	              recv(have.pair[1], &byte, 1, 0) == 1 &&
	              getsockopt(have.pair[0], SOL_SOCKET, SO_ERROR, &value, &len) == 0);
}

/* A descriptor that is passed to us. */
static int
be_passed_a_descriptor(void)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	char byte = 'x';
	struct iovec text = { &byte, 1 };
	struct msghdr message = { .msg_iov = &text,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &have.file, sizeof(int));
	if (sendmsg(have.pair[0], &message, MSG_NOSIGNAL) != 1)
		return errno;
	message.msg_controllen = sizeof(control);
	return result(recvmsg(have.pair[1], &message, MSG_CMSG_CLOEXEC) == 1 &&
	              CMSG_FIRSTHDR(&message) != NULL);
}

/* With nobody there EAGAIN is the answer of a call that is allowed. */
static int
accept_a_client(void)
{
	int fd = accept4(have.listener, NULL, NULL, SOCK_CLOEXEC);

	return fd >= 0 || errno == EAGAIN ? 0 : errno;
}

static int
make_a_socket(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
}

static int
connect_out(void)
{
	return result(connect(have.client, (const struct sockaddr *)&have.address,
	                  sizeof(have.address)) == 0);
}

static int
read_a_file(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static int
write_in_the_directory(void)
{
	char other[300];

	(void)snprintf(other, sizeof(other), "%s.new", have.in_dir);
	return result(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 &&
	              rename(other, have.in_dir) == 0);
}

static int
write_elsewhere(void)
{
	return result(open(have.beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0);
}

static int
remove_a_file(void)
{
	return result(unlink(have.in_dir) == 0);
}

static int
execute(void)
{
	char program[] = "/bin/true", *args[] = { program, NULL };

	(void)execv(program, args);
	return errno;
}

static int
fork_off(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid > 0);
}

static int
signal_the_parent(void)
{
	return result(kill(getppid(), 0) == 0);
}

/* A thread of another process, which tgkill(2) would reach as kill(2) does. */
static int
signal_the_parents_thread(void)
{
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0) == 0);
}

static int
signal_itself(void)
{
	return result(raise(SIGCHLD) == 0);
}

/* Where standard input is no terminal the call that is allowed fails with ENOTTY. */
static int
type_into_the_terminal(void)
{
	char key = '\n';

	return result(ioctl(STDIN_FILENO, TIOCSTI, &key) == 0);
}

static int
make_an_empty_file(void)
{
	return result(open(have.beside, O_RDONLY | O_CREAT | O_CLOEXEC, 0600) >= 0);
}

static int
empty_a_file(void)
{
	return result(open(have.in_dir, O_RDONLY | O_TRUNC | O_CLOEXEC) >= 0);
}

static int
open_for_both(void)
{
	return result(open(have.in_dir, O_RDWR | O_CLOEXEC) >= 0);
}

static int
change_a_mode(void)
{
	return result(chmod(have.in_dir, 0644) == 0);
}

static int
trace_the_parent(void)
{
	return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0);
}

static int
leave_for_another_namespace(void)
{
	return result(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */) == 0);
}

enum { DIES = -1 }; /* of SIGSYS; under sanitizers EPERM */

static void
prepare(void)
{
	scratch_make();
	ck_assert_int_eq(mkdir(scratch_path("dir"), 0700), 0);
	(void)snprintf(have.in_dir, sizeof(have.in_dir), "%s", scratch_path("dir/file"));
	(void)snprintf(have.beside, sizeof(have.beside), "%s", scratch_path("beside"));
	have.file = open(have.in_dir, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	have.address.sun_family = AF_UNIX;
	(void)snprintf(
	    have.address.sun_path, sizeof(have.address.sun_path), "%s", scratch_path("s"));
	have.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	have.client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
	    bind(have.listener, (const struct sockaddr *)&have.address, sizeof(have.address)), 0);
	ck_assert_int_eq(listen(have.listener, 8), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, have.pair), 0);
}

static void
clean_up(void)
{
	const int fds[] = { have.file, have.listener, have.client, have.pair[0], have.pair[1] };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		(void)close(fds[i]);
	scratch_remove();
}

/* Enters in a child and acts there; expected: an errno, or DIES. */
static void
expect(enum sandbox_role role, const char *name, action *act, int expected)
{
	char dir[256];
	pid_t pid;
	int status;

	(void)snprintf(dir, sizeof(dir), "%s", scratch_path("dir"));
	ck_assert_int_ge(pid = fork(), 0);
	if (pid == 0) {
		if (sandbox_enter(role, role == SANDBOX_SEND ? NULL : dir) != RC_OK)
			_exit(255);
		_exit(act());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
#ifdef WITH_SANITIZERS
	if (expected == DIES)
		expected = EPERM;
#endif
	if (expected == DIES)
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
		    "%s: status %#x instead of SIGSYS", name, (unsigned)status);
	else
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == expected,
		    "%s: status %#x instead of %s", name, (unsigned)status, strerror(expected));
}

#define EXPECT(role, act, expected) expect((role), #act, (act), (expected))

static bool
has_filter(void)
{
#ifdef HAVE_SECCOMP
	return true;
#else
	return false;
#endif
}

/* The version of Landlock; 0: none. */
static long
landlock_version(void)
{
#ifdef HAVE_LINUX_LANDLOCK_H
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? 0 : version;
#else
	return 0;
#endif
}

static void
expect_what_all_need(enum sandbox_role role)
{
	EXPECT(role, use_open_files, 0);
	EXPECT(role, use_memory, 0);
	EXPECT(role, use_time_and_signals, 0);
	EXPECT(role, talk_to_a_peer, 0);
	EXPECT(role, signal_itself, 0);
}

static void
expect_death_of_what_nobody_needs(enum sandbox_role role)
{
	EXPECT(role, execute, DIES);
	EXPECT(role, signal_the_parent, DIES);
	EXPECT(role, signal_the_parents_thread, DIES);
	EXPECT(role, type_into_the_terminal, EACCES);
	EXPECT(role, change_a_mode, DIES);
	EXPECT(role, trace_the_parent, DIES);
	EXPECT(role, leave_for_another_namespace, DIES);
}

START_TEST(every_role_may_do_what_it_needs)
{
	expect_what_all_need(SANDBOX_WORKER);
	EXPECT(SANDBOX_WORKER, accept_a_client, 0);
	expect_what_all_need(SANDBOX_QUEUE);
	EXPECT(SANDBOX_QUEUE, be_passed_a_descriptor, 0);
	expect_what_all_need(SANDBOX_SEND);
	EXPECT(SANDBOX_SEND, make_a_socket, EACCES);
	EXPECT(SANDBOX_SEND, connect_out, 0);
	EXPECT(SANDBOX_SEND, read_a_file, 0);
	expect_what_all_need(SANDBOX_SEND_FILE);
	EXPECT(SANDBOX_SEND_FILE, write_in_the_directory, 0);
	EXPECT(SANDBOX_SEND_FILE, remove_a_file, 0);
	expect_what_all_need(SANDBOX_SEND_EXEC);
	EXPECT(SANDBOX_SEND_EXEC, execute, 0);
	EXPECT(SANDBOX_SEND_EXEC, fork_off, 0);
}
END_TEST

START_TEST(a_worker_dies_of_files_connections_and_programs)
{
	if (!has_filter())
		return;
	expect_death_of_what_nobody_needs(SANDBOX_WORKER);
	EXPECT(SANDBOX_WORKER, read_a_file, DIES);
	EXPECT(SANDBOX_WORKER, write_in_the_directory, DIES);
	EXPECT(SANDBOX_WORKER, remove_a_file, DIES);
	EXPECT(SANDBOX_WORKER, connect_out, DIES);
	EXPECT(SANDBOX_WORKER, fork_off, DIES);
	/* syslog(3) tries that when the connection is gone. */
	EXPECT(SANDBOX_WORKER, make_a_socket, EACCES);
}
END_TEST

START_TEST(the_queue_dies_of_the_same_and_of_accepting)
{
	if (!has_filter())
		return;
	expect_death_of_what_nobody_needs(SANDBOX_QUEUE);
	EXPECT(SANDBOX_QUEUE, read_a_file, DIES);
	EXPECT(SANDBOX_QUEUE, remove_a_file, DIES);
	EXPECT(SANDBOX_QUEUE, connect_out, DIES);
	EXPECT(SANDBOX_QUEUE, fork_off, DIES);
	EXPECT(SANDBOX_QUEUE, accept_a_client, DIES);
	EXPECT(SANDBOX_QUEUE, make_a_socket, EACCES);
}
END_TEST

START_TEST(a_sender_dies_of_programs_and_writes_no_files)
{
	if (!has_filter())
		return;
	expect_death_of_what_nobody_needs(SANDBOX_SEND);
	EXPECT(SANDBOX_SEND, remove_a_file, DIES);
	EXPECT(SANDBOX_SEND, accept_a_client, DIES);
	/* By the filter, whether there is Landlock or not. */
	EXPECT(SANDBOX_SEND, write_in_the_directory, EACCES);
	EXPECT(SANDBOX_SEND, make_an_empty_file, EACCES);
	EXPECT(SANDBOX_SEND, empty_a_file, EACCES);
	EXPECT(SANDBOX_SEND, open_for_both, EACCES);
}
END_TEST

START_TEST(a_sender_of_files_dies_of_connections_and_stays_in_its_directory)
{
	if (!has_filter())
		return;
	expect_death_of_what_nobody_needs(SANDBOX_SEND_FILE);
	EXPECT(SANDBOX_SEND_FILE, connect_out, DIES);
	EXPECT(SANDBOX_SEND_FILE, accept_a_client, DIES);
	EXPECT(SANDBOX_SEND_FILE, fork_off, DIES);
	EXPECT(SANDBOX_SEND_FILE, make_a_socket, EACCES);
	/* The second version is the first that lets files move from one directory to another. */
	EXPECT(SANDBOX_SEND_FILE, write_elsewhere, landlock_version() >= 2 ? EACCES : 0);
}
END_TEST

START_TEST(a_mailer_is_refused_to_reach_into_others)
{
	if (!has_filter())
		return;
	EXPECT(SANDBOX_SEND_EXEC, trace_the_parent, EPERM);
	EXPECT(SANDBOX_SEND_EXEC, leave_for_another_namespace, EPERM);
	EXPECT(SANDBOX_SEND_EXEC, type_into_the_terminal, EPERM);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("sandbox");

	tcase_add_checked_fixture(tests, prepare, clean_up);
	tcase_add_test(tests, every_role_may_do_what_it_needs);
	tcase_add_test(tests, a_worker_dies_of_files_connections_and_programs);
	tcase_add_test(tests, the_queue_dies_of_the_same_and_of_accepting);
	tcase_add_test(tests, a_sender_dies_of_programs_and_writes_no_files);
	tcase_add_test(tests, a_sender_of_files_dies_of_connections_and_stays_in_its_directory);
	tcase_add_test(tests, a_mailer_is_refused_to_reach_into_others);
	return suite_run();
}
