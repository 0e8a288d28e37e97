#include "master/reap.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/log.h"
#include "master/launch.h"
#include "master/pools.h"
#include "master/program.h"

static void
say_signal(const struct master *master, const struct child *child, int signo, long long lived_ms)
{
	const char *kind = child_kind_name(child->kind), *name = sigabbrev_np(signo);

	if (signo == SIGSYS) {
		/* The filter can't tell us which; the kernel's own line has "syscall=NUMBER". */
		log_error("%s %d was killed after %lld ms: it made a system call that its sandbox "
		          "forbids (SIGSYS); the kernel's log says which (dmesg | grep "
		          "pid=%d), please report it",
		    kind, (int)child->pid, lived_ms, (int)child->pid);
		return;
	}
	if (child->is_asked || master->phase != MASTER_RUNS)
		log_info("%s %d has ended (SIG%s)", kind, (int)child->pid, name);
	else
		log_error("%s %d was killed by signal %d (SIG%s) after %lld ms", kind,
		    (int)child->pid, signo, name == NULL ? "?" : name, lived_ms);
}

static void
say_status(const struct master *master, const struct child *child, int status, long long lived_ms)
{
	const char *kind = child_kind_name(child->kind);
	int pid = (int)child->pid;

	if (status == PROGRAM_NO_EXEC)
		log_error("%s %d could not be executed: are all programs of this version in %s?",
		    kind, pid, master->dir);
	else if (status == EX_CONFIG)
		log_error("%s %d ended after %lld ms: it cannot use the configuration, see above",
		    kind, pid, lived_ms);
	else if (status != 0)
		log_error("%s %d ended with status %d after %lld ms", kind, pid, status, lived_ms);
	else if (child->kind == CHILD_SENDER)
		log_debug("%s %d has ended", kind, pid);
	else
		log_info("%s %d has ended", kind, pid);
}

/* Without the queue that asked for them they end by themselves, or get stuck. */
static void
bound_senders(struct master *master, int64_t now)
{
	for (size_t i = 0; i < master->children.n; i++) {
		struct child *child = &master->children.list[i];

		if (child->kind != CHILD_SENDER || child->press_at != 0)
			continue;
		child->press_at = now + MASTER_RETIRE_MS;
		child->next_signal = SIGKILL;
	}
}

static void
bury(struct master *master, struct child *child, int status, int64_t now)
{
	bool is_current = child->generation == master->generation;

	if (WIFSIGNALED(status))
		say_signal(master, child, WTERMSIG(status), (long long)(now - child->started_at));
	else
		say_status(
		    master, child, WEXITSTATUS(status), (long long)(now - child->started_at));
	if (master->phase == MASTER_RUNS) {
		if (child->kind == CHILD_SENDER)
			launch_ended(master, child, status, now);
		else if (is_current)
			pools_ended(master, child, status, now);
	}
	if (child->kind == CHILD_QUEUE)
		bound_senders(master, now);
	children_remove(&master->children, child);
}

void
reap_all(struct master *master, int64_t now)
{
	struct child *child;
	pid_t pid;
	int status;

	/* Whoever exec'd us may have left children of its own: not ours, just gone. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if ((child = children_find(&master->children, pid)) != NULL)
			bury(master, child, status, now);
}
