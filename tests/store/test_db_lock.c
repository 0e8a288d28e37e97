/* The write lock between processes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db_internal.h"
#include "store/rows.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/suite.h"

enum { PROCESSES = 4, TURNS = 50, PATIENCE_MS = 60000 };

static char path[512];

static void
make(void)
{
	scratch_make();
	(void)snprintf(path, sizeof(path), "%s", scratch_path("users.db"));
	ck_assert_rc(db_init(path), RC_OK);
}

/* Reads a counter and writes it back, one more. */
static enum rc
count_one(struct db *db)
{
	struct gateway_state state = { 0 };
	enum rc rc = db_begin_write(db);

	if (rc != RC_OK)
		return rc;
	rc = gateway_row_get(db, STR("counter"), &state);
	if (rc == RC_OK || rc == RC_NONE) {
		state.faults++;
		rc = gateway_row_put(db, STR("counter"), &state);
	}
	if (rc == RC_OK)
		return db_commit(db);
	db_rollback(db);
	return rc;
}

/* Never returns: opens, writes a byte to ready once the lock is held, and sleeps with it. */
static void
hold(int ready)
{
	struct db *db = NULL;

	if (db_open(path, PATIENCE_MS, &db) != RC_OK || db_begin_write(db) != RC_OK ||
	    gateway_row_put(db, STR("half"), &(struct gateway_state){ .faults = 1 }) != RC_OK ||
	    write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

/* Starts a process that holds the lock; returns when it does. */
static pid_t
start_holder(void)
{
	int fds[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		hold(fds[1]);
	(void)close(fds[1]);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	(void)close(fds[0]);
	return pid;
}

static void
end_holder(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(parallel_writers_lose_no_update)
{
	struct gateway_state state = { 0 };
	pid_t pids[PROCESSES];
	struct db *db = NULL;
	int i, k, status;

	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] != 0)
			continue;
		if (db_open(path, PATIENCE_MS, &db) != RC_OK)
			_exit(1);
		for (k = 0; k < TURNS; k++) {
			if (count_one(db) != RC_OK)
				_exit(2);
			db_after_answer(db);
		}
		db_close(db);
		_exit(0);
	}
	for (i = 0; i < PROCESSES; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_rc(db_open(path, PATIENCE_MS, &db), RC_OK);
	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(gateway_row_get(db, STR("counter"), &state), RC_OK);
	ck_assert_rc(db_commit(db), RC_OK);
	ck_assert_int_eq(state.faults, PROCESSES * TURNS);
	db_close(db);
}
END_TEST

START_TEST(a_killed_holder_leaves_neither_lock_nor_half_a_transaction)
{
	struct gateway_state state;
	struct db *db = NULL;
	pid_t pid = start_holder();

	ck_assert_rc(db_open(path, PATIENCE_MS, &db), RC_OK);
	end_holder(pid);
	ck_assert_rc(count_one(db), RC_OK);
	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(gateway_row_get(db, STR("half"), &state), RC_NONE);
	ck_assert_rc(db_commit(db), RC_OK);
	db_close(db);
}
END_TEST

START_TEST(a_stopped_holder_costs_the_timeout_and_reads_go_on)
{
	struct db *db = NULL;
	pid_t pid = start_holder();

	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	ck_assert_rc(db_open(path, 30, &db), RC_OK);
	ck_assert_rc(count_one(db), RC_UNAVAILABLE);
	ck_assert_rc(count_one(db), RC_UNAVAILABLE);
	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(db_commit(db), RC_OK);
	end_holder(pid);
	ck_assert_rc(count_one(db), RC_OK);
	db_close(db);
}
END_TEST

static volatile sig_atomic_t n_signals;

static void
on_signal(int signo)
{
	(void)signo;
	n_signals++;
}

START_TEST(other_signals_do_not_end_the_wait)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct db *db = NULL;
	pid_t waiter = getpid(), holder = start_holder(), sender;
	int i;

	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_rc(db_open(path, PATIENCE_MS, &db), RC_OK);
	sender = fork();
	ck_assert_int_ge(sender, 0);
	if (sender == 0) {
		/* Whenever they come, before, in or after the wait: it ends by the lock. */
		for (i = 0; i < 20; i++) {
			(void)kill(waiter, SIGUSR1);
			(void)usleep(5000);
		}
		(void)kill(holder, SIGKILL);
		_exit(0);
	}
	ck_assert_rc(count_one(db), RC_OK);
	while (waitpid(sender, NULL, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	while (waitpid(holder, NULL, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_int_gt(n_signals, 0);
	db_close(db);
}
END_TEST

START_TEST(closing_a_second_connection_keeps_the_first_ones_lock)
{
	struct db *db = NULL, *other = NULL;

	ck_assert_rc(db_open(path, PATIENCE_MS, &db), RC_OK);
	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(db_open(path, 10, &other), RC_OK);
	ck_assert_rc(db_begin_write(other), RC_UNAVAILABLE);
	db_close(other);
	ck_assert_rc(db_open(path, 10, &other), RC_OK);
	ck_assert_rc(db_begin_write(other), RC_UNAVAILABLE);
	ck_assert_rc(db_commit(db), RC_OK);
	ck_assert_rc(db_begin_write(other), RC_OK);
	db_close(other);
	db_close(db);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("db_lock");

	tcase_add_checked_fixture(tests, make, scratch_remove);
	tcase_add_test(tests, parallel_writers_lose_no_update);
	tcase_add_test(tests, a_killed_holder_leaves_neither_lock_nor_half_a_transaction);
	tcase_add_test(tests, a_stopped_holder_costs_the_timeout_and_reads_go_on);
	tcase_add_test(tests, other_signals_do_not_end_the_wait);
	tcase_add_test(tests, closing_a_second_connection_keeps_the_first_ones_lock);
	return suite_run();
}
