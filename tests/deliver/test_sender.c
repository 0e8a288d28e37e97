/* The sender's loop in a process of its own, with its sandbox; the test plays the queue. */
#include "deliver/sender.h"

#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliver/frame.h"
#include "deliver/wire.h"
#include "support/http_peer.h"
#include "support/scratch.h"
#include "support/suite.h"

#define ID "MDEyMzQ1Njc4OWFiY2RlZg"

static struct wire wire;
static pid_t sender;

/* Forked before a peer's thread is started. */
static void
make(void)
{
	int fds[2];

	scratch_make();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	sender = fork();
	ck_assert_int_ge(sender, 0);
	if (sender == 0) {
		(void)close(fds[0]);
		_exit(sender_run(fds[1]));
	}
	(void)close(fds[1]);
	wire_open(&wire, fds[0]);
}

static int
end_of_sender(void)
{
	int status;

	wire_close(&wire);
	ck_assert_int_eq(waitpid(sender, &status, 0), sender);
	sender = 0;
	ck_assert_msg(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void
tear_down(void)
{
	if (sender > 0)
		(void)end_of_sender();
	scratch_remove();
}

static void
send_settings(const char *type, enum channel channel, const char *name, const char *value)
{
	char *copy = str_dup(str_from(value));
	struct conf_setting setting = { name, copy };
	struct conf_gateway gateway = { .name = (char[]){ "one" },
		.type = type,
		.channel = channel,
		.n_settings = 1,
		.settings = &setting };
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	frame_add_settings(&frame, &gateway, 30000);
	ck_assert_rc(wire_send(&wire, buf_str(&frame)), RC_OK);
	buf_release(&frame);
	free(copy);
}

static struct delivery
send_sms(void)
{
	const struct letter letter = { .id = STR(ID),
		.kind = MESSAGE_PHONE_CODE,
		.channel = CHANNEL_SMS,
		.recipient = STR("+17775550100"),
		.sender = STR("AFFO"),
		.text = STR("Your security code is: 8787") };
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);
	struct delivery delivery;

	frame_add_letter(&frame, &letter);
	ck_assert_rc(wire_send(&wire, buf_str(&frame)), RC_OK);
	ck_assert_rc(wire_receive(&wire, &frame), RC_OK);
	ck_assert_rc(frame_read_result(buf_str(&frame), letter.id, &delivery), RC_OK);
	buf_release(&frame);
	return delivery;
}

START_TEST(sender_answers_letter_after_letter_and_ends_with_the_queue)
{
	glob_t found;

	send_settings("file", CHANNEL_SMS, "directory", scratch_dir());
	ck_assert_int_eq(send_sms().result, DELIVERY_OK);
	ck_assert_int_eq(send_sms().result, DELIVERY_OK);
	ck_assert_int_eq(end_of_sender(), 0);
	ck_assert_int_eq(glob(scratch_path("sms/+17775550100/*-" ID ".txt"), 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	globfree(&found);
}
END_TEST

START_TEST(sender_reaches_the_network_from_its_sandbox)
{
	const struct http_peer_answer script[] = { { HTTP_PEER_ANSWER, 201, NULL, "{}", 0 },
		{ HTTP_PEER_ANSWER, 400, NULL, "{\"code\":\"InvalidPhone\"}", 0 },
		{ HTTP_PEER_CLOSE, 0, NULL, NULL, 0 } };
	struct http_peer *peer = http_peer_start(script, 3);

	send_settings("affo", CHANNEL_SMS, "url", http_peer_url(peer, "/"));
	ck_assert_int_eq(send_sms().result, DELIVERY_OK);
	ck_assert_int_eq(send_sms().result, DELIVERY_BAD_RECIPIENT);
	ck_assert_int_eq(send_sms().result, DELIVERY_LATER);
	ck_assert_uint_eq(http_peer_count(peer), 3);
	ck_assert_int_eq(end_of_sender(), 0);
	http_peer_stop(peer);
}
END_TEST

START_TEST(sender_looks_names_up_from_its_sandbox)
{
	struct delivery delivery;

	/* No such name (RFC 6761), no resolver, or one that lies: whatever, the sender lives. */
	send_settings("affo", CHANNEL_SMS, "url", "https://affo.invalid/");
	delivery = send_sms();
	ck_assert_int_ne(delivery.result, DELIVERY_OK);
	ck_assert_int_eq(end_of_sender(), 0);
}
END_TEST

START_TEST(sender_says_why_its_gateway_cannot_be_used)
{
	struct delivery delivery;

	send_settings("affo", CHANNEL_SMS, "url", "nonsense");
	delivery = send_sms();
	ck_assert_int_eq(delivery.result, DELIVERY_MISCONFIGURED);
	ck_assert_ptr_nonnull(strstr(delivery.detail, "nonsense"));
	ck_assert_ptr_null(strchr(delivery.detail, '\n'));
	ck_assert_int_eq(send_sms().result, DELIVERY_MISCONFIGURED);
	ck_assert_int_eq(end_of_sender(), 0);
}
END_TEST

START_TEST(sender_ends_when_the_queue_is_gone_at_once)
{
	ck_assert_int_eq(end_of_sender(), 0);
}
END_TEST

START_TEST(sender_ends_on_frames_that_are_malformed)
{
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	send_settings("file", CHANNEL_SMS, "directory", scratch_dir());
	ck_assert_rc(wire_send(&wire, STR("{}")), RC_OK);
	ck_assert_rc(wire_receive(&wire, &frame), RC_NONE);
	ck_assert_int_eq(end_of_sender(), 1);
	buf_release(&frame);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("sender");

	/* A write to a sender that has ended is an error, not a signal. */
	(void)signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(tests, make, tear_down);
	tcase_add_test(tests, sender_answers_letter_after_letter_and_ends_with_the_queue);
	tcase_add_test(tests, sender_reaches_the_network_from_its_sandbox);
	tcase_add_test(tests, sender_looks_names_up_from_its_sandbox);
	tcase_add_test(tests, sender_says_why_its_gateway_cannot_be_used);
	tcase_add_test(tests, sender_ends_when_the_queue_is_gone_at_once);
	tcase_add_test(tests, sender_ends_on_frames_that_are_malformed);
	return suite_run();
}
