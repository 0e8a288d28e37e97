#include "config.h"

#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox_files.h"

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif
#ifdef HAVE_SECCOMP

/*
 * What every role does: memory, time, the files that are open, waiting, ending. openat is not
 * among them: seccomp can't see paths, so a role either opens files or it doesn't. newfstatat looks
 * at a path and opens nothing; the database's files are compared by it.
 */
static const int common_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(statx),
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	SCMP_SYS(mlock2),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(times),
	SCMP_SYS(getrusage),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getppid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(setitimer),
	SCMP_SYS(getitimer),
	SCMP_SYS(alarm),
	SCMP_SYS(timer_create),
	SCMP_SYS(timer_settime),
	SCMP_SYS(timer_delete),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(dup),
	SCMP_SYS(pipe2),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
};

static const int worker_calls[] = { SCMP_SYS(accept4), SCMP_SYS(accept) };

/* Connecting, resolving names, certificates (which add_reading() lets it open), threads of the
 * resolver. */
static const int network_calls[] = {
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(socketpair),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(getcwd),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(eventfd2),
	SCMP_SYS(membarrier),
	SCMP_SYS(fadvise64),
	SCMP_SYS(prctl),
};

/* Files below a directory; no network. */
static const int file_calls[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(link),
	SCMP_SYS(linkat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fchmod),
	SCMP_SYS(getdents64),
	SCMP_SYS(umask),
};

/* A mailer of the system may do what programs do, but not reach into others or the kernel. */
static const int refused_to_mailers[] = {
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(reboot),
};

struct calls {
	const int *list;
	size_t n;
};
#define CALLS(list)                                                                                \
	{                                                                                          \
		(list), sizeof(list) / sizeof((list)[0])                                           \
	}

static int
add_rules(scmp_filter_ctx filter, uint32_t action, struct calls calls)
{
	int error = 0;

	for (size_t i = 0; i < calls.n && error == 0; i++) {
		error = seccomp_rule_add(filter, action, calls.list[i], 0);
		/* A call that this architecture doesn't have needs no rule. */
		if (error == -EDOM || error == -EACCES)
			error = 0;
	}
	return error;
}

/* One rule for a call whose argument has these bits, and of those in mask no others. */
static int
add_masked(scmp_filter_ctx filter, uint32_t action, int call, unsigned argument, uint64_t mask,
    uint64_t bits)
{
	return seccomp_rule_add(
	    filter, action, call, 1, SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, bits));
}

/* Opening for reading alone, also where there is no Landlock. */
static int
add_reading(scmp_filter_ctx filter)
{
	static const struct {
		int call;
		unsigned flags; /* which argument */
	} calls[] = { { SCMP_SYS(open), 1 }, { SCMP_SYS(openat), 2 } };
	static const uint64_t writing[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC };
	uint64_t all = 0;
	int error = 0;

	for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]); i++)
		all |= writing[i];
	for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]) && error == 0; k++) {
		error = add_masked(filter, SCMP_ACT_ALLOW, calls[k].call, calls[k].flags, all, 0);
		for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]) && error == 0; i++)
			error = add_masked(filter, SCMP_ACT_ERRNO(EACCES), calls[k].call,
			    calls[k].flags, writing[i], writing[i]);
		/* An architecture without open(2) needs no rule for it. */
		if (error == -EDOM)
			error = 0;
	}
	return error;
}

/* The network, and not what listens on this machine's own paths: the service's sockets are as open
 * to a sender's user as to the web server. */
static int
add_network(scmp_filter_ctx filter)
{
	static const uint64_t families[] = { AF_INET, AF_INET6, AF_NETLINK };
	int error =
	    add_masked(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0, UINT32_MAX, AF_UNIX);

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && error == 0; i++)
		error = add_masked(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 0, UINT32_MAX, families[i]);
	return error;
}

/* What is allowed of a process towards itself only: abort(3) and raise(3) of a sanitizer or of the
 * C library, and a thread's look at the limit of its stack. */
static int
add_self(scmp_filter_ctx filter, enum sandbox_role role)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));

	if (error == 0 && role == SANDBOX_SEND)
		error = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A0(SCMP_CMP_EQ, 0, 0));
	return error;
}

/* What is refused without killing, since libraries try it and go on without. */
static int
add_excuses(scmp_filter_ctx filter, enum sandbox_role role)
{
	/* isatty(3) of stdio. */
	static const int not_permitted[] = { SCMP_SYS(ioctl) };
	/* syslog(3) that connects again, which would cost the worker. */
	static const int no_network[] = { SCMP_SYS(socket) };
	static const int not_there[] = { SCMP_SYS(prlimit64) };
	int error = add_rules(filter, SCMP_ACT_ERRNO(EACCES), (struct calls)CALLS(not_permitted));

	if (error != 0 || role == SANDBOX_SEND)
		return error;
	error = add_rules(filter, SCMP_ACT_ERRNO(EACCES), (struct calls)CALLS(no_network));
	if (error == 0)
		error = add_rules(filter, SCMP_ACT_ERRNO(ENOSYS), (struct calls)CALLS(not_there));
	return error;
}

/* What a mailer is refused: besides the calls of its list, to type into the terminal that the
 * service may have been started from. */
static int
add_mailer(scmp_filter_ctx filter)
{
	static const uint64_t typing[] = { TIOCSTI, TIOCLINUX };
	int error =
	    add_rules(filter, SCMP_ACT_ERRNO(EPERM), (struct calls)CALLS(refused_to_mailers));

	for (size_t i = 0; i < sizeof(typing) / sizeof(typing[0]) && error == 0; i++)
		error = add_masked(
		    filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1, UINT32_MAX, typing[i]);
	return error;
}

static int
add_role(scmp_filter_ctx filter, enum sandbox_role role)
{
	static const struct calls sets[] = {
		[SANDBOX_WORKER] = CALLS(worker_calls),
		[SANDBOX_QUEUE] = { NULL, 0 },
		[SANDBOX_SEND] = CALLS(network_calls),
		[SANDBOX_SEND_FILE] = CALLS(file_calls),
	};
	int error;

	if (role == SANDBOX_SEND_EXEC)
		return add_mailer(filter);
	error = add_rules(filter, SCMP_ACT_ALLOW, (struct calls)CALLS(common_calls));
	if (error == 0)
		error = add_rules(filter, SCMP_ACT_ALLOW, sets[role]);
	if (error == 0 && role == SANDBOX_SEND)
		error = add_reading(filter);
	if (error == 0 && role == SANDBOX_SEND)
		error = add_network(filter);
	if (error == 0)
		error = add_self(filter, role);
	if (error == 0)
		error = add_excuses(filter, role);
	return error;
}

static enum rc
enter_filter(enum sandbox_role role)
{
#ifdef WITH_SANITIZERS
	/* Their runtime makes calls of its own. */
	uint32_t refusal = SCMP_ACT_ERRNO(EPERM);
#else
	uint32_t refusal = SCMP_ACT_KILL_PROCESS;
#endif
	scmp_filter_ctx filter = seccomp_init(role == SANDBOX_SEND_EXEC ? SCMP_ACT_ALLOW : refusal);
	int error;

	if (filter == NULL) {
		log_error("cannot make the system call filter: out of memory");
		return RC_SYSTEM;
	}
	error = add_role(filter, role);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	if (error == 0)
		return RC_OK;
	log_error("cannot enter the system call filter: %s; does this kernel have seccomp?",
	    strerror(-error));
	return RC_SYSTEM;
}

#else

static enum rc
enter_filter(enum sandbox_role role)
{
	(void)role;
	return RC_OK;
}

#endif

#ifdef WITH_SANITIZERS
/* Weak: not all sanitizers look for leaks. */
void __lsan_do_leak_check(void) __attribute__((weak));
#endif

enum rc
sandbox_enter(enum sandbox_role role, const char *path)
{
#ifdef WITH_SANITIZERS
	/* At exit it could no more look into the process; it looks only once. */
	if (__lsan_do_leak_check != NULL)
		__lsan_do_leak_check();
#endif
	/* Without it an ordinary user may load no filter, and an exec could regain rights. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		log_error("cannot give up new privileges: %s", strerror(errno));
		return RC_SYSTEM;
	}
	sandbox_files_enter(role, path);
	return enter_filter(role);
}
