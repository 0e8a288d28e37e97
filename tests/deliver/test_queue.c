#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "deliver/queue.h"
#include "store/rows.h"
#include "support/delivery.h"
#include "support/scratch.h"

static const struct http_peer_answer takes[] = { { HTTP_PEER_ANSWER, 201, NULL, "{}", 0 } };
static const struct http_peer_answer fails[] = { { HTTP_PEER_ANSWER, 500, NULL, "", 0 } };
static const struct http_peer_answer hangs[] = { { HTTP_PEER_HANG, 0, NULL, NULL, 0 } };

static const char *
both(const char *one, const char *two)
{
	static char text[600];

	(void)snprintf(text, sizeof(text), "%s, %s", one, two);
	return text;
}

/* Which of the peer's requests carry this message. */
static size_t
count_requests(struct http_peer *peer, const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < http_peer_count(peer); i++) {
		struct http_peer_request request = http_peer_request(peer, i);

		n += str_equal(http_peer_header(&request, "Idempotency-Key"), str_from(id));
	}
	return n;
}

static void
assert_gateway(const char *id, const char *name, int64_t attempts)
{
	struct message row = delivery_row(id);

	ck_assert_str_eq(row.gateway, name);
	ck_assert_int_eq(row.attempts, attempts);
	message_release(&row);
}

START_TEST(queue_sends_what_it_is_woken_for_and_forgets_the_variables)
{
	struct http_peer *peer = http_peer_start(takes, 1);
	struct http_peer_request request;
	struct message row;
	const char *id;

	delivery_start(delivery_gateway("a", peer), "");
	id = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait(delivery_state(id) == MESSAGE_SENT);
	assert_gateway(id, "a", 0);
	row = delivery_row(id);
	ck_assert_ptr_null(row.sealed);
	message_release(&row);
	ck_assert_uint_eq(http_peer_count(peer), 1);
	request = http_peer_request(peer, 0);
	ck_assert(str_contains(request.body, STR("Your security code is: 8787")));
	ck_assert(str_contains(request.body, STR("\"retry\":false")));
	ck_assert_text(http_peer_header(&request, "Idempotency-Key"), id);
	http_peer_stop(peer);
}
END_TEST

START_TEST(queue_finds_messages_that_nobody_woke_it_for)
{
	struct http_peer *peer = http_peer_start(takes, 1);
	const char *before = delivery_put(DELIVERY_PHONE, "1", false), *after;

	delivery_start(delivery_gateway("a", peer), "");
	delivery_wait(delivery_state(before) == MESSAGE_SENT);
	after = delivery_put(DELIVERY_PHONE, "2", false);
	delivery_wait(delivery_state(after) == MESSAGE_SENT);
	http_peer_stop(peer);
}
END_TEST

START_TEST(queue_goes_on_to_the_next_gateway_at_once)
{
	struct http_peer *one = http_peer_start(fails, 1), *two = http_peer_start(takes, 1);
	const char *id;

	delivery_start(both(delivery_gateway("a", one), delivery_gateway("b", two)), "");
	id = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait(delivery_state(id) == MESSAGE_SENT);
	/* No round had failed: it was the same one. */
	assert_gateway(id, "b", 0);
	ck_assert_uint_eq(count_requests(one, id), 1);
	ck_assert_uint_eq(count_requests(two, id), 1);
	http_peer_stop(one);
	http_peer_stop(two);
}
END_TEST

START_TEST(queue_takes_the_next_gateway_for_what_did_not_arrive)
{
	struct http_peer *one = http_peer_start(takes, 1), *two = http_peer_start(takes, 1);
	struct http_peer_request request;
	const char *id;

	delivery_start(both(delivery_gateway("a", one), delivery_gateway("b", two)), "");
	for (int i = 0; i < 3; i++) {
		id = delivery_put(DELIVERY_PHONE, "8787", i > 0);
		delivery_wake();
		delivery_wait(delivery_state(id) == MESSAGE_SENT);
		assert_gateway(id, i == 1 ? "b" : "a", 0);
	}
	request = http_peer_request(two, 0);
	ck_assert(str_contains(request.body, STR("\"retry\":true")));
	http_peer_stop(one);
	http_peer_stop(two);
}
END_TEST

START_TEST(queue_ends_a_message_to_a_bad_recipient_and_remembers_it)
{
	static const struct http_peer_answer bad[] = { { HTTP_PEER_ANSWER, 400, NULL,
	    "{\"code\":\"InvalidPhone\",\"description\":\"no such number\"}", 0 } };
	struct http_peer *one = http_peer_start(bad, 1), *two = http_peer_start(takes, 1);
	const char *id;

	delivery_start(both(delivery_gateway("a", one), delivery_gateway("b", two)), "");
	id = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait(delivery_state(id) == MESSAGE_REJECTED);
	ck_assert_uint_eq(http_peer_count(two), 0);
	ck_assert_rc(db_begin_read(database_db()), RC_OK);
	ck_assert_rc(
	    bad_recipient_row_get(database_db(), STR(DELIVERY_PHONE), clock_now_ms()), RC_OK);
	ck_assert_rc(db_commit(database_db()), RC_OK);
	http_peer_stop(one);
	http_peer_stop(two);
}
END_TEST

START_TEST(queue_keeps_a_message_that_no_gateway_took)
{
	static const struct http_peer_answer recovers[] = { { HTTP_PEER_ANSWER, 500, NULL, "", 0 },
		{ HTTP_PEER_ANSWER, 201, NULL, "{}", 0 } };
	struct http_peer *peer = http_peer_start(recovers, 2);
	struct message row = { 0 };
	const char *id;

	delivery_start(delivery_gateway("a", peer), "");
	id = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait((message_release(&row), row = delivery_row(id), row.attempts) == 1);
	ck_assert_int_eq(row.state, MESSAGE_PENDING);
	ck_assert_ptr_nonnull(row.sealed);
	ck_assert_str_eq(row.gateway, "a");
	message_release(&row);
	delivery_make_due(id);
	delivery_wait(delivery_state(id) == MESSAGE_SENT);
	ck_assert_uint_eq(count_requests(peer, id), 2);
	http_peer_stop(peer);
}
END_TEST

static size_t
count_sent(const char *const *ids, size_t n)
{
	size_t sent = 0;

	for (size_t i = 0; i < n; i++)
		sent += delivery_state(ids[i]) == MESSAGE_SENT;
	return sent;
}

/* Were they sent one after the other, twenty attempts at the one that hangs would take 200 s. */
START_TEST(queue_holds_nothing_up_behind_a_gateway_that_hangs)
{
	struct http_peer *one = http_peer_start(hangs, 1), *two = http_peer_start(takes, 1);
	const char *ids[20];

	delivery_start(both(delivery_gateway("a", one), delivery_gateway("b", two)), "");
	for (size_t i = 0; i < 20; i++)
		ids[i] = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait(count_sent(ids, 20) >= 19);
	/* Now it fails, and the one message that it has goes on. */
	http_peer_stop(one);
	delivery_wait(count_sent(ids, 20) == 20);
	for (size_t i = 0; i < 20; i++) {
		assert_gateway(ids[i], "b", 0);
		ck_assert_uint_eq(count_requests(two, ids[i]), 1);
	}
	http_peer_stop(two);
}
END_TEST

START_TEST(queue_sends_a_message_again_under_its_id_when_the_sender_was_killed)
{
	struct http_peer *one = http_peer_start(hangs, 1), *two = http_peer_start(takes, 1);
	const char *id;
	pid_t pid;

	delivery_start(both(delivery_gateway("a", one), delivery_gateway("b", two)), "");
	id = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait(http_peer_count(one) == 1);
	ck_assert_uint_eq(delivery_senders(&pid, 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	delivery_wait(delivery_state(id) == MESSAGE_SENT);
	assert_gateway(id, "b", 0);
	ck_assert_uint_eq(count_requests(one, id), 1);
	ck_assert_uint_eq(count_requests(two, id), 1);
	http_peer_stop(one);
	http_peer_stop(two);
}
END_TEST

START_TEST(queue_sends_a_message_again_under_its_id_when_it_was_killed_itself)
{
	static const struct http_peer_answer script[] = { { HTTP_PEER_HANG, 0, NULL, NULL, 0 },
		{ HTTP_PEER_ANSWER, 201, NULL, "{}", 0 } };
	struct http_peer *peer = http_peer_start(script, 2);
	const char *gateway = delivery_gateway("a", peer), *id;

	delivery_start(gateway, "");
	id = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait(http_peer_count(peer) == 1);
	delivery_signal(SIGKILL);
	ck_assert(WIFSIGNALED(delivery_end()));
	/* Its lease would end by itself after a minute. */
	delivery_make_due(id);
	delivery_start(gateway, "");
	delivery_wait(delivery_state(id) == MESSAGE_SENT);
	ck_assert_uint_eq(count_requests(peer, id), 2);
	http_peer_stop(peer);
}
END_TEST

START_TEST(queue_loses_nothing_while_senders_are_killed)
{
	struct http_peer *one = http_peer_start(takes, 1), *two = http_peer_start(takes, 1);
	size_t kills = 0, killed_at = 0, left = 30;
	const char *ids[30];
	pid_t pid;

	delivery_start(both(delivery_gateway("a", one), delivery_gateway("b", two)), "");
	for (size_t i = 0; i < 30; i++)
		ids[i] = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	while (left > 0) {
		size_t requests = http_peer_count(one) + http_peer_count(two);

		if (requests >= killed_at + 5 && delivery_senders(&pid, 1) == 1) {
			ck_assert_int_eq(kill(pid, SIGKILL), 0);
			killed_at = requests;
			kills++;
		}
		if (delivery_state(ids[left - 1]) == MESSAGE_SENT)
			left--;
		else
			delivery_turn();
	}
	ck_assert_uint_ge(kills, 1);
	for (size_t i = 0; i < 30; i++)
		ck_assert_uint_ge(count_requests(one, ids[i]) + count_requests(two, ids[i]), 1);
	ck_assert_uint_le(http_peer_count(one) + http_peer_count(two), 30 + kills);
	http_peer_stop(one);
	http_peer_stop(two);
}
END_TEST

START_TEST(queue_told_to_stop_ends_once_what_is_under_way_has_ended)
{
	struct http_peer *peer = http_peer_start(hangs, 1);
	struct message row;
	const char *id;
	int status;

	delivery_start(delivery_gateway("a", peer), "");
	id = delivery_put(DELIVERY_PHONE, "8787", false);
	delivery_wake();
	delivery_wait(http_peer_count(peer) == 1);
	delivery_signal(SIGTERM);
	http_peer_stop(peer);
	status = delivery_end();
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* Written down as failed, not left to its lease. */
	row = delivery_row(id);
	ck_assert_int_eq(row.state, MESSAGE_PENDING);
	ck_assert_int_eq(row.attempts, 1);
	ck_assert_int_eq(row.lease_until, 0);
	message_release(&row);
}
END_TEST

START_TEST(queue_ends_with_its_master)
{
	struct http_peer *peer = http_peer_start(takes, 1);
	int status = -1;

	delivery_start(delivery_gateway("a", peer), "");
	delivery_leave();
	delivery_wait(delivery_has_ended(&status));
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	http_peer_stop(peer);
}
END_TEST

START_TEST(queue_tells_the_admin_once_of_a_gateway_that_is_misconfigured)
{
	static const struct http_peer_answer refuses[] = { { HTTP_PEER_ANSWER, 401, NULL, "{}",
	    0 } };
	struct http_peer *peer = http_peer_start(refuses, 1);
	char gateways[1024];
	glob_t found;

	(void)snprintf(gateways, sizeof(gateways),
	    "%s, { name = \"mail\"; type = \"file\"; channel = \"email\"; directory = \"%s\"; }",
	    delivery_gateway("a", peer), scratch_dir());
	delivery_start(gateways, "alert_to = \"admin@example.com\";");
	(void)delivery_put(DELIVERY_PHONE, "1", false);
	(void)delivery_put(DELIVERY_PHONE, "2", false);
	delivery_wake();
	delivery_wait(http_peer_count(peer) == 2 &&
	              glob(scratch_path("email/admin@example.com/*.eml"), 0, NULL, &found) == 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	globfree(&found);
	http_peer_stop(peer);
}
END_TEST

START_TEST(queue_has_mail_written_from_the_senders_sandbox)
{
	char gateway[1024];
	const char *id;
	glob_t found;

	(void)snprintf(gateway, sizeof(gateway),
	    "{ name = \"mail\"; type = \"file\"; channel = \"email\"; directory = \"%s\"; }",
	    scratch_dir());
	delivery_start(gateway, "reset: { sender = \"AFFO <a@example.com>\"; };");
	id = delivery_put_reset("u@example.com", "https://example.com/?t=1");
	delivery_wake();
	delivery_wait(delivery_state(id) == MESSAGE_SENT);
	ck_assert_int_eq(glob(scratch_path("email/u@example.com/*.eml"), 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	globfree(&found);
}
END_TEST

/* As a mail, until the row is done: claimed, then finished; but there is nothing to be seen. */
START_TEST(queue_ends_void_messages_and_sends_none)
{
	char gateway[1024];
	const char *id, *real;
	struct message row = { 0 };
	glob_t found;

	(void)snprintf(gateway, sizeof(gateway),
	    "{ name = \"mail\"; type = \"file\"; channel = \"email\"; directory = \"%s\"; }",
	    scratch_dir());
	delivery_start(gateway, "reset: { sender = \"AFFO <a@example.com>\"; };");
	id = delivery_put_void("nobody@example.com");
	real = delivery_put_reset("u@example.com", "https://example.com/?t=2");
	delivery_wake();
	delivery_wait((message_release(&row), row = delivery_row(id), row.done_at) != 0);
	ck_assert_int_eq(row.state, MESSAGE_VOID);
	ck_assert_int_eq(row.attempts, 0);
	ck_assert_int_eq(row.lease_until, 0);
	ck_assert_ptr_null(row.sealed);
	ck_assert_ptr_null(row.gateway);
	message_release(&row);
	delivery_wait(delivery_state(real) == MESSAGE_SENT);
	ck_assert_int_eq(glob(scratch_path("email/*/*.eml"), 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	globfree(&found);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("queue");

	tcase_add_checked_fixture(tests, delivery_make, delivery_remove);
	tcase_add_test(tests, queue_sends_what_it_is_woken_for_and_forgets_the_variables);
	tcase_add_test(tests, queue_finds_messages_that_nobody_woke_it_for);
	tcase_add_test(tests, queue_goes_on_to_the_next_gateway_at_once);
	tcase_add_test(tests, queue_takes_the_next_gateway_for_what_did_not_arrive);
	tcase_add_test(tests, queue_ends_a_message_to_a_bad_recipient_and_remembers_it);
	tcase_add_test(tests, queue_keeps_a_message_that_no_gateway_took);
	tcase_add_test(tests, queue_holds_nothing_up_behind_a_gateway_that_hangs);
	tcase_add_test(tests, queue_sends_a_message_again_under_its_id_when_the_sender_was_killed);
	tcase_add_test(tests, queue_sends_a_message_again_under_its_id_when_it_was_killed_itself);
	tcase_add_test(tests, queue_loses_nothing_while_senders_are_killed);
	tcase_add_test(tests, queue_told_to_stop_ends_once_what_is_under_way_has_ended);
	tcase_add_test(tests, queue_ends_with_its_master);
	tcase_add_test(tests, queue_tells_the_admin_once_of_a_gateway_that_is_misconfigured);
	tcase_add_test(tests, queue_ends_void_messages_and_sends_none);
	tcase_add_test(tests, queue_has_mail_written_from_the_senders_sandbox);
	return suite_run();
}
