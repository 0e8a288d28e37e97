#include "deliver/wire.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deliver/frame.h"
#include "support/suite.h"

static struct wire ours, theirs;

static void
make(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	wire_open(&ours, fds[0]);
	wire_open(&theirs, fds[1]);
}

static void
tear_down(void)
{
	wire_close(&ours);
	wire_close(&theirs);
}

START_TEST(wire_carries_frames_one_by_one)
{
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	ck_assert_rc(wire_take(&theirs, &frame), RC_BUSY);
	ck_assert_rc(wire_put(&ours, STR("one")), RC_OK);
	ck_assert_rc(wire_put(&ours, STR("")), RC_OK);
	ck_assert_rc(wire_put(&ours, STR("three")), RC_OK);
	ck_assert_rc(wire_flush(&ours), RC_OK);
	ck_assert_rc(wire_fill(&theirs), RC_OK);
	ck_assert_rc(wire_take(&theirs, &frame), RC_OK);
	ck_assert_text(buf_str(&frame), "one");
	ck_assert_rc(wire_take(&theirs, &frame), RC_OK);
	ck_assert_text(buf_str(&frame), "");
	ck_assert_rc(wire_take(&theirs, &frame), RC_OK);
	ck_assert_text(buf_str(&frame), "three");
	ck_assert_rc(wire_take(&theirs, &frame), RC_BUSY);
	buf_release(&frame);
}
END_TEST

START_TEST(wire_takes_a_frame_that_comes_byte_by_byte)
{
	static const char bytes[] = "\0\0\0\3abc";
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		ck_assert_rc(wire_take(&theirs, &frame), RC_BUSY);
		ck_assert_int_eq(write(ours.fd, bytes + i, 1), 1);
		ck_assert_rc(wire_fill(&theirs), RC_OK);
	}
	ck_assert_rc(wire_take(&theirs, &frame), RC_OK);
	ck_assert_text(buf_str(&frame), "abc");
	buf_release(&frame);
}
END_TEST

/* Neither side waits, so both ends are driven in turn until all is across. */
START_TEST(wire_carries_a_frame_of_the_largest_size_through_a_small_socket)
{
	static char text[WIRE_FRAME_MAX];
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);
	int small = 4096;
	enum rc rc;

	ck_assert_int_eq(setsockopt(ours.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	memset(text, 'x', sizeof(text));
	ck_assert_rc(wire_put(&ours, (struct str){ text, sizeof(text) }), RC_OK);
	ck_assert_rc(wire_flush(&ours), RC_BUSY);
	while ((rc = wire_take(&theirs, &frame)) == RC_BUSY) {
		enum rc flushed = wire_flush(&ours);

		ck_assert(flushed == RC_OK || flushed == RC_BUSY);
		ck_assert_rc(wire_fill(&theirs), RC_OK);
	}
	ck_assert_rc(rc, RC_OK);
	ck_assert(str_equal(buf_str(&frame), (struct str){ text, sizeof(text) }));
	buf_release(&frame);
}
END_TEST

START_TEST(wire_refuses_a_frame_over_the_largest_size)
{
	static char text[WIRE_FRAME_MAX + 1];
	static const unsigned char length[4] = { 0, 2, 0, 1 }; /* WIRE_FRAME_MAX + 1 */
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	ck_assert_int_eq(WIRE_FRAME_MAX, 0x20000);
	ck_assert_rc(wire_put(&ours, (struct str){ text, sizeof(text) }), RC_LIMIT);
	ck_assert_uint_eq(ours.out.len, 0);
	ck_assert_int_eq(write(ours.fd, length, 4), 4);
	ck_assert_rc(wire_fill(&theirs), RC_OK);
	ck_assert_rc(wire_take(&theirs, &frame), RC_LIMIT);
	buf_release(&frame);
}
END_TEST

START_TEST(wire_holds_two_frames_of_the_largest_size_and_no_more)
{
	static char text[WIRE_FRAME_MAX];

	ck_assert_rc(wire_put(&ours, (struct str){ text, sizeof(text) }), RC_OK);
	ck_assert_rc(wire_put(&ours, (struct str){ text, sizeof(text) }), RC_OK);
	ck_assert_rc(wire_put(&ours, STR("")), RC_LIMIT);
}
END_TEST

START_TEST(wire_says_when_the_peer_is_gone_and_still_gives_what_it_sent)
{
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	ck_assert_rc(wire_send(&ours, STR("last words")), RC_OK);
	wire_close(&ours);
	ck_assert_rc(wire_receive(&theirs, &frame), RC_OK);
	ck_assert_text(buf_str(&frame), "last words");
	ck_assert_rc(wire_receive(&theirs, &frame), RC_NONE);
	ck_assert_rc(wire_fill(&theirs), RC_NONE);
	ck_assert_rc(wire_send(&theirs, STR("hello?")), RC_NONE);
	buf_release(&frame);
}
END_TEST

START_TEST(wire_says_that_the_peer_is_gone_in_the_middle_of_a_frame)
{
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);

	ck_assert_int_eq(write(ours.fd, "\0\0\0\3ab", 6), 6);
	wire_close(&ours);
	ck_assert_rc(wire_receive(&theirs, &frame), RC_NONE);
	buf_release(&frame);
}
END_TEST

static const struct letter letter = {
	.id = { "MDEyMzQ1Njc4OWFiY2RlZg", 22 },
	.kind = MESSAGE_PASSWORD_RESET,
	.channel = CHANNEL_EMAIL,
	.recipient = { "u@example.com", 13 },
	.sender = { "AFFO <a@example.com>", 20 },
	.subject = { "S\xc3\xbc\"\\", 5 },
	.text = { "a\r\nb\t\x01", 6 },
	.html = { NULL, 0 },
	.is_resend = true,
	.created_at = 1795350672345,
	.first_name = { "", 0 },
	.url = { "https://example.com/?a=b&c", 26 },
};

START_TEST(frame_gives_the_letter_back)
{
	struct buf text = BUF_INIT(WIRE_FRAME_MAX);
	struct letter read;
	struct json *doc;

	frame_add_letter(&text, &letter);
	ck_assert(buf_ok(&text));
	ck_assert_rc(frame_read_letter(buf_str(&text), &doc, &read), RC_OK);
	ck_assert(str_equal(read.id, letter.id));
	ck_assert_int_eq(read.kind, letter.kind);
	ck_assert_int_eq(read.channel, letter.channel);
	ck_assert(str_equal(read.recipient, letter.recipient));
	ck_assert(str_equal(read.sender, letter.sender));
	ck_assert(str_equal(read.subject, letter.subject));
	ck_assert(str_equal(read.text, letter.text));
	ck_assert_ptr_null(read.html.ptr);
	ck_assert_int_eq(read.is_resend, true);
	ck_assert_int_eq(read.created_at, letter.created_at);
	ck_assert_text(read.first_name, "");
	ck_assert(str_equal(read.url, letter.url));
	json_free(doc);
	buf_release(&text);
}
END_TEST

START_TEST(frame_gives_the_settings_back)
{
	struct conf_setting list[] = { { "url", (char[]){ "https://example.com/" } },
		{ "secret", (char[]){ "\"x\"" } } };
	struct conf_gateway gateway = { .name = (char[]){ "one" },
		.type = "affo",
		.channel = CHANNEL_EMAIL,
		.n_settings = 2,
		.settings = list };
	struct buf text = BUF_INIT(WIRE_FRAME_MAX);
	struct frame_settings read;

	frame_add_settings(&text, &gateway, 1234);
	ck_assert_rc(frame_read_settings(buf_str(&text), &read), RC_OK);
	ck_assert_str_eq(read.gateway.name, "one");
	ck_assert_str_eq(read.gateway.type, "affo");
	ck_assert_int_eq(read.gateway.channel, CHANNEL_EMAIL);
	ck_assert_int_eq(read.timeout_ms, 1234);
	ck_assert_uint_eq(read.gateway.n_settings, 2);
	ck_assert_text(conf_gateway_get(&read.gateway, "url"), "https://example.com/");
	ck_assert_text(conf_gateway_get(&read.gateway, "secret"), "\"x\"");
	frame_settings_release(&read);
	buf_release(&text);
}
END_TEST

START_TEST(frame_gives_the_result_back_for_its_letter_only)
{
	struct buf text = BUF_INIT(WIRE_FRAME_MAX);
	struct delivery delivery = { DELIVERY_BAD_RECIPIENT, "na\xc3\xafve \xff" }, read;

	frame_add_result(&text, letter.id, &delivery);
	ck_assert(buf_ok(&text));
	ck_assert_rc(frame_read_result(buf_str(&text), letter.id, &read), RC_OK);
	ck_assert_int_eq(read.result, DELIVERY_BAD_RECIPIENT);
	ck_assert_str_eq(read.detail, "na??ve ?");
	ck_assert_rc(frame_read_result(buf_str(&text), STR("another"), &read), RC_SYNTAX);
	buf_release(&text);
}
END_TEST

START_TEST(frame_takes_a_detail_of_the_largest_length_and_refuses_one_more_byte)
{
	struct delivery delivery = { DELIVERY_OK, "" }, read;
	struct buf text = BUF_INIT(WIRE_FRAME_MAX);

	memset(delivery.detail, 'x', DELIVERY_DETAIL_MAX);
	frame_add_result(&text, STR("i"), &delivery);
	ck_assert_rc(frame_read_result(buf_str(&text), STR("i"), &read), RC_OK);
	ck_assert_uint_eq(strlen(read.detail), DELIVERY_DETAIL_MAX);
	buf_reset(&text);
	buf_printf(&text, "{\"id\":\"i\",\"result\":\"ok\",\"detail\":\"%sx\"}", delivery.detail);
	ck_assert_rc(frame_read_result(buf_str(&text), STR("i"), &read), RC_SYNTAX);
	buf_release(&text);
}
END_TEST

START_TEST(frame_refuses_what_is_malformed)
{
	static const char *const texts[] = { "", "[]", "{}", "{\"id\":1}",
		"{\"id\":\"i\",\"result\":\"fine\",\"detail\":\"\"}",
		"{\"id\":\"i\",\"result\":\"ok\",\"detail\":1}",
		"{\"name\":\"a\",\"type\":\"file\",\"channel\":\"fax\",\"timeout_ms\":1,"
		"\"settings\":{}}",
		"{\"name\":\"a\",\"type\":\"file\",\"channel\":\"sms\",\"timeout_ms\":0,"
		"\"settings\":{}}",
		"{\"name\":\"a\",\"type\":\"file\",\"channel\":\"sms\",\"timeout_ms\":1,"
		"\"settings\":{\"a\":1}}",
		"{\"name\":\"a\",\"type\":\"file\",\"channel\":\"sms\",\"timeout_ms\":1,"
		"\"settings\":[]}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct frame_settings settings;
		struct delivery delivery;
		struct letter read;
		struct json *doc;

		ck_assert_rc(frame_read_settings(str_from(texts[i]), &settings), RC_SYNTAX);
		ck_assert_rc(frame_read_letter(str_from(texts[i]), &doc, &read), RC_SYNTAX);
		ck_assert_rc(frame_read_result(str_from(texts[i]), STR("i"), &delivery), RC_SYNTAX);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("wire");

	tcase_add_checked_fixture(tests, make, tear_down);
	tcase_add_test(tests, wire_carries_frames_one_by_one);
	tcase_add_test(tests, wire_takes_a_frame_that_comes_byte_by_byte);
	tcase_add_test(tests, wire_carries_a_frame_of_the_largest_size_through_a_small_socket);
	tcase_add_test(tests, wire_refuses_a_frame_over_the_largest_size);
	tcase_add_test(tests, wire_holds_two_frames_of_the_largest_size_and_no_more);
	tcase_add_test(tests, wire_says_when_the_peer_is_gone_and_still_gives_what_it_sent);
	tcase_add_test(tests, wire_says_that_the_peer_is_gone_in_the_middle_of_a_frame);
	tcase_add_test(tests, frame_gives_the_letter_back);
	tcase_add_test(tests, frame_gives_the_settings_back);
	tcase_add_test(tests, frame_gives_the_result_back_for_its_letter_only);
	tcase_add_test(tests, frame_takes_a_detail_of_the_largest_length_and_refuses_one_more_byte);
	tcase_add_test(tests, frame_refuses_what_is_malformed);
	return suite_run();
}
