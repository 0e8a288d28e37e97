/* The queue's side of its senders; the test plays the master and the senders, and moves the clock.
 */
#include "deliver/senders.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "deliver/frame.h"
#include "support/suite.h"

/* What a busy machine may take between two lines: the clock that is moved runs on. */
enum { PATIENCE_MS = 10000 };

static struct conf_gateway gateways[] = {
	{ .name = (char[]){ "one" }, .type = "file", .channel = CHANNEL_SMS, .enabled = true },
	{ .name = (char[]){ "two" }, .type = "file", .channel = CHANNEL_SMS, .enabled = true },
};
static const struct conf conf = { .n_gateways = 2, .gateways = gateways };

static struct senders *senders;
static int master;       /* our end: what the master would read */
static struct wire wire; /* a sender's end; fd -1: none was made */

static struct {
	size_t n; /* results so far, and the last one */
	size_t i;
	bool is_none; /* it had no delivery */
	struct delivery delivery;
} results;

static void
done(void *context, size_t i, const struct delivery *delivery)
{
	ck_assert_ptr_eq(context, &results);
	results.n++;
	results.i = i;
	results.is_none = delivery == NULL;
	if (delivery != NULL)
		results.delivery = *delivery;
}

static int queue_end;

static void
make(void)
{
	int fds[2];

	clock_fix(1795350672345);
	memset(&results, 0, sizeof(results));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	master = fds[0];
	queue_end = fds[1];
	wire.fd = -1;
	ck_assert_rc(senders_new(&conf, queue_end, 1000, done, &results, &senders), RC_OK);
}

static void
tear_down(void)
{
	senders_free(senders);
	wire_close(&wire);
	(void)close(queue_end);
	if (master >= 0)
		(void)close(master);
	clock_fix(0);
}

/* One turn of the queue's loop with whatever is there. */
static enum rc
turn(void)
{
	struct pollfd fds[3];
	size_t n = senders_poll(senders, fds);

	ck_assert_int_ge(poll(fds, (nfds_t)n, 0), 0);
	return senders_handle(senders, fds, n);
}

static void
assert_asked(const char *name)
{
	char text[64];
	ssize_t n = recv(master, text, sizeof(text), MSG_DONTWAIT);

	if (name == NULL)
		ck_assert_int_lt(n, 0);
	else
		ck_assert_text(((struct str){ text, (size_t)(n < 0 ? 0 : n) }), name);
}

/* The master's answer, with a new sender's socket or without. */
static void
answer(const char *name, bool has_sender)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec text = { str_dup(str_from(name)), strlen(name) };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1 };
	int fds[2];

	if (has_sender) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		wire_close(&wire);
		wire_open(&wire, fds[0]);
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &fds[1], sizeof(int));
	}
	ck_assert_int_gt(sendmsg(master, &message, 0), 0);
	if (has_sender)
		(void)close(fds[1]);
	free(text.iov_base);
}

/* The next frame that the sender has got; "" when there is none. */
static const char *
frame(void)
{
	static struct buf got = { .max = WIRE_FRAME_MAX };

	ck_assert_rc(wire_fill(&wire), RC_OK);
	if (wire_take(&wire, &got) != RC_OK)
		buf_reset(&got);
	return buf_text(&got);
}

static void
send_result(const char *id, enum delivery_result result)
{
	struct buf text = BUF_INIT(WIRE_FRAME_MAX);

	frame_add_result(&text, str_from(id), &(const struct delivery){ result, "so it went" });
	ck_assert_rc(wire_send(&wire, buf_str(&text)), RC_OK);
	buf_release(&text);
}

/* A letter under way with sender 0, which has it. */
static void
launch(void)
{
	senders_start(senders, 0, STR("id1"), STR("LETTER"));
	assert_asked("one");
	answer("one", true);
	ck_assert_rc(turn(), RC_OK);
	ck_assert_ptr_nonnull(strstr(frame(), "\"name\":\"one\""));
	ck_assert_str_eq(frame(), "LETTER");
	ck_assert_uint_eq(results.n, 0);
	ck_assert_int_ne(senders_busy_since(senders, 0), 0);
}

static void
assert_result(size_t n, enum delivery_result result)
{
	ck_assert_uint_eq(results.n, n);
	ck_assert_uint_eq(results.i, 0);
	ck_assert_int_eq(results.delivery.result, result);
	ck_assert_int_eq(senders_busy_since(senders, 0), 0);
	ck_assert_uint_eq(senders_count_busy(senders), 0);
}

START_TEST(senders_start_one_and_keep_it_for_the_next_letter)
{
	launch();
	send_result("id1", DELIVERY_OK);
	ck_assert_rc(turn(), RC_OK);
	assert_result(1, DELIVERY_OK);
	ck_assert_str_eq(results.delivery.detail, "so it went");
	senders_start(senders, 0, STR("id2"), STR("SECOND"));
	assert_asked(NULL);
	ck_assert_str_eq(frame(), "SECOND");
	send_result("id2", DELIVERY_BAD_RECIPIENT);
	ck_assert_rc(turn(), RC_OK);
	assert_result(2, DELIVERY_BAD_RECIPIENT);
}
END_TEST

START_TEST(senders_close_one_that_was_idle_for_a_minute)
{
	launch();
	send_result("id1", DELIVERY_OK);
	ck_assert_rc(turn(), RC_OK);
	clock_advance(SENDERS_IDLE_MAX_MS - PATIENCE_MS);
	ck_assert_int_le(senders_tick(senders, 100000), PATIENCE_MS);
	ck_assert_rc(wire_fill(&wire), RC_OK);
	clock_advance(PATIENCE_MS + 1);
	(void)senders_tick(senders, 100000);
	ck_assert_rc(wire_fill(&wire), RC_NONE);
	senders_start(senders, 0, STR("id2"), STR("SECOND"));
	assert_asked("one");
}
END_TEST

START_TEST(senders_give_up_an_attempt_of_15_seconds)
{
	launch();
	clock_advance(SENDERS_ATTEMPT_MAX_MS - PATIENCE_MS);
	ck_assert_int_le(senders_tick(senders, 100000), PATIENCE_MS);
	ck_assert_uint_eq(results.n, 0);
	clock_advance(PATIENCE_MS + 1);
	(void)senders_tick(senders, 100000);
	assert_result(1, DELIVERY_LATER);
	/* Its end was closed, so that it ends. */
	ck_assert_rc(wire_fill(&wire), RC_NONE);
}
END_TEST

START_TEST(senders_give_up_waiting_for_a_sender_and_take_it_when_it_comes)
{
	senders_start(senders, 0, STR("id1"), STR("LETTER"));
	clock_advance(SENDERS_ATTEMPT_MAX_MS);
	(void)senders_tick(senders, 100000);
	assert_result(1, DELIVERY_LATER);
	answer("one", true);
	ck_assert_rc(turn(), RC_OK);
	ck_assert_ptr_nonnull(strstr(frame(), "\"name\":\"one\""));
	ck_assert_str_eq(frame(), "");
	senders_start(senders, 0, STR("id2"), STR("SECOND"));
	ck_assert_str_eq(frame(), "SECOND");
	ck_assert_uint_eq(results.n, 1);
}
END_TEST

START_TEST(senders_make_the_death_of_one_a_failure_of_its_letter_only)
{
	launch();
	senders_start(senders, 1, STR("id2"), STR("OTHER"));
	wire_close(&wire);
	ck_assert_rc(turn(), RC_OK);
	(void)senders_tick(senders, 100000);
	ck_assert_uint_eq(results.n, 1);
	ck_assert_uint_eq(results.i, 0);
	ck_assert_int_eq(results.delivery.result, DELIVERY_LATER);
	ck_assert_int_ne(senders_busy_since(senders, 1), 0);
}
END_TEST

/* The letter comes back without a result, and for a moment the sender is none to be had. */
static void
refuse(void)
{
	size_t n = results.n;

	senders_start(senders, 0, STR("id1"), STR("LETTER"));
	assert_asked("one");
	answer("one", false);
	ck_assert_rc(turn(), RC_OK);
	(void)senders_tick(senders, 100000);
	ck_assert_uint_eq(results.n, n + 1);
	ck_assert(results.is_none);
	ck_assert_uint_eq(senders_count_busy(senders), 0);
}

START_TEST(senders_give_the_letter_back_when_the_master_cannot_start_one)
{
	int64_t refused_at = clock_monotonic_ms(), since, again;

	refuse();
	since = senders_busy_since(senders, 0);
	ck_assert(since >= refused_at || clock_monotonic_ms() >= refused_at + SENDERS_REST_MS);
	clock_advance(SENDERS_REST_MS);
	ck_assert_int_eq(senders_busy_since(senders, 0), 0);
	/* Refused again, it has been so since the first time. */
	refuse();
	again = senders_busy_since(senders, 0);
	ck_assert(again == since || since == 0 || again == 0);
	clock_advance(SENDERS_REST_MS);
	senders_start(senders, 0, STR("id1"), STR("LETTER"));
	answer("one", true);
	ck_assert_rc(turn(), RC_OK);
	send_result("id1", DELIVERY_OK);
	ck_assert_rc(turn(), RC_OK);
	assert_result(3, DELIVERY_OK);
	ck_assert(!results.is_none);
}
END_TEST

START_TEST(senders_close_one_that_answers_for_another_letter)
{
	launch();
	send_result("id0", DELIVERY_OK);
	ck_assert_rc(turn(), RC_OK);
	(void)senders_tick(senders, 100000);
	assert_result(1, DELIVERY_LATER);
	ck_assert_rc(wire_fill(&wire), RC_NONE);
}
END_TEST

START_TEST(senders_close_one_that_answers_unasked)
{
	launch();
	send_result("id1", DELIVERY_OK);
	send_result("id1", DELIVERY_PERMANENT);
	ck_assert_rc(turn(), RC_OK);
	(void)senders_tick(senders, 100000);
	assert_result(1, DELIVERY_OK);
	ck_assert_rc(wire_fill(&wire), RC_NONE);
}
END_TEST

START_TEST(senders_ignore_names_that_are_no_gateways)
{
	senders_start(senders, 0, STR("id1"), STR("LETTER"));
	answer("three", true);
	ck_assert_rc(turn(), RC_OK);
	ck_assert_rc(wire_fill(&wire), RC_NONE);
	ck_assert_uint_eq(results.n, 0);
}
END_TEST

START_TEST(senders_say_when_the_master_is_gone)
{
	(void)close(master);
	master = -1;
	ck_assert_rc(turn(), RC_NONE);
	senders_start(senders, 0, STR("id1"), STR("LETTER"));
	(void)senders_tick(senders, 100000);
	assert_result(1, DELIVERY_LATER);
}
END_TEST

START_TEST(senders_fail_a_letter_that_is_too_long)
{
	static char text[WIRE_FRAME_MAX + 1];

	senders_start(senders, 0, STR("id1"), (struct str){ text, sizeof(text) });
	(void)senders_tick(senders, 100000);
	assert_result(1, DELIVERY_LATER);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("senders");

	tcase_add_checked_fixture(tests, make, tear_down);
	tcase_add_test(tests, senders_start_one_and_keep_it_for_the_next_letter);
	tcase_add_test(tests, senders_close_one_that_was_idle_for_a_minute);
	tcase_add_test(tests, senders_give_up_an_attempt_of_15_seconds);
	tcase_add_test(tests, senders_give_up_waiting_for_a_sender_and_take_it_when_it_comes);
	tcase_add_test(tests, senders_make_the_death_of_one_a_failure_of_its_letter_only);
	tcase_add_test(tests, senders_give_the_letter_back_when_the_master_cannot_start_one);
	tcase_add_test(tests, senders_close_one_that_answers_for_another_letter);
	tcase_add_test(tests, senders_close_one_that_answers_unasked);
	tcase_add_test(tests, senders_ignore_names_that_are_no_gateways);
	tcase_add_test(tests, senders_say_when_the_master_is_gone);
	tcase_add_test(tests, senders_fail_a_letter_that_is_too_long);
	return suite_run();
}
