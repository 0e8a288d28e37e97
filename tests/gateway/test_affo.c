#include <stdlib.h>

#include "gateway/gateway.h"
#include "support/http_peer.h"
#include "support/suite.h"

static const struct letter sms = {
	.id = { "MDEyMzQ1Njc4OWFiY2RlZg", 22 },
	.kind = MESSAGE_PHONE_CODE,
	.channel = CHANNEL_SMS,
	.recipient = { "+17775550100", 12 },
	.sender = { "AFFO", 4 },
	.text = { "Your security code is: 8787", 27 },
};

static const struct letter mail = {
	.id = { "MDEyMzQ1Njc4OWFiY2RlZg", 22 },
	.kind = MESSAGE_PASSWORD_RESET,
	.channel = CHANNEL_EMAIL,
	.recipient = { "u@example.com", 13 },
	.sender = { "AFFO <no-reply@example.com>", 27 },
	.subject = { "Password reset required", 23 },
	.text = { "unused", 6 },
	.first_name = { "Zo\xc3\xab", 4 },
	.url = { "https://example.com/reset?t=abc", 31 },
};

/* Sends one letter to root and gives what became of it. */
static struct delivery
send_to(const char *root, const struct letter *letter, int64_t timeout_ms)
{
	char *url = str_dup(str_from(root));
	struct conf_setting setting = { "url", url };
	struct conf_gateway conf = { .name = (char[]){ "one" },
		.type = "affo",
		.channel = letter->channel,
		.enabled = true,
		.n_settings = 1,
		.settings = &setting };
	struct buf errors = BUF_INIT(1000);
	struct gateway *gateway;
	struct delivery delivery;

	ck_assert_rc(gateway_open(&conf, &gateway, &errors), RC_OK);
	gateway->timeout_ms = timeout_ms;
	gateway_send(gateway, letter, &delivery);
	gateway_close(gateway);
	buf_release(&errors);
	free(url);
	return delivery;
}

static void
assert_result(
    const struct letter *letter, int status, const char *body, enum delivery_result expected)
{
	const struct http_peer_answer answer = { HTTP_PEER_ANSWER, status, NULL, body, 0 };
	struct http_peer *peer = http_peer_start(&answer, 1);
	struct delivery delivery = send_to(http_peer_url(peer, "/"), letter, 30000);

	ck_assert_msg(delivery.result == expected, "%d %s: %s (%s)", status, body,
	    delivery_result_name(delivery.result), delivery.detail);
	http_peer_stop(peer);
}

/* The request that sending the letter to PEER + path makes. */
static void
assert_request(const struct letter *letter, const char *root, const char *target, const char *body)
{
	const struct http_peer_answer answer = { HTTP_PEER_ANSWER, 201, NULL, "{}", 0 };
	struct http_peer *peer = http_peer_start(&answer, 1);
	struct delivery delivery = send_to(http_peer_url(peer, root), letter, 30000);
	struct http_peer_request request;

	ck_assert_int_eq(delivery.result, DELIVERY_OK);
	request = http_peer_request(peer, 0);
	ck_assert_text(request.method, "POST");
	ck_assert_text(request.target, target);
	ck_assert_text(request.body, body);
	ck_assert_text(http_peer_header(&request, "Content-Type"), "application/json");
	ck_assert_text(http_peer_header(&request, "Idempotency-Key"), "MDEyMzQ1Njc4OWFiY2RlZg");
	http_peer_stop(peer);
}

START_TEST(affo_sends_an_sms_as_the_original_did)
{
	struct letter resend = sms;

	resend.is_resend = true;
	assert_request(&sms, "/", "/sms/",
	    "{\"from\":\"AFFO\",\"message\":\"Your security code is: 8787\","
	    "\"phone\":\"+17775550100\",\"retry\":false,\"service_id\":\"user-service\","
	    "\"user_id\":\"\"}");
	assert_request(&resend, "/v1.0", "/v1.0/sms/",
	    "{\"from\":\"AFFO\",\"message\":\"Your security code is: 8787\","
	    "\"phone\":\"+17775550100\",\"retry\":true,\"service_id\":\"user-service\","
	    "\"user_id\":\"\"}");
}
END_TEST

START_TEST(affo_sends_a_mail_as_the_original_did)
{
	struct letter nameless = mail;

	nameless.first_name = STR_NULL;
	assert_request(&mail, "/", "/template/password_reset/send/",
	    "{\"from_\":\"AFFO <no-reply@example.com>\",\"to\":[\"u@example.com\"],"
	    "\"subject\":\"Password reset required\",\"variables\":{\"name\":\"Zo\xc3\xab\","
	    "\"password_reset_url\":\"https://example.com/reset?t=abc\"},"
	    "\"tag\":\"password_reset\"}");
	assert_request(&nameless, "/", "/template/password_reset/send/",
	    "{\"from_\":\"AFFO <no-reply@example.com>\",\"to\":[\"u@example.com\"],"
	    "\"subject\":\"Password reset required\",\"variables\":{\"name\":null,"
	    "\"password_reset_url\":\"https://example.com/reset?t=abc\"},"
	    "\"tag\":\"password_reset\"}");
}
END_TEST

START_TEST(affo_reads_every_documented_answer_of_the_sms_service)
{
	assert_result(&sms, 201, "{\"id\":1}", DELIVERY_OK);
	assert_result(&sms, 201, "", DELIVERY_OK);
	assert_result(&sms, 400, "{\"code\":\"InvalidPhone\",\"description\":\"bad\"}",
	    DELIVERY_BAD_RECIPIENT);
	assert_result(
	    &sms, 400, "{\"code\":\"InvalidPhone\",\"detail\":\"bad\"}", DELIVERY_BAD_RECIPIENT);
	assert_result(&sms, 400, "{\"code\":\"ValidationError\",\"detail\":\"x\"}", DELIVERY_LATER);
	assert_result(&sms, 400, "InvalidPhone", DELIVERY_LATER);
	assert_result(&sms, 500, "{\"code\":\"InvalidPhone\"}", DELIVERY_LATER);
	assert_result(&sms, 500, "", DELIVERY_LATER);
	assert_result(&sms, 503, "<html>", DELIVERY_LATER);
	assert_result(&sms, 401, "{}", DELIVERY_MISCONFIGURED);
	assert_result(&sms, 404, "", DELIVERY_MISCONFIGURED);
}
END_TEST

START_TEST(affo_reads_every_documented_answer_of_the_mail_service)
{
	assert_result(&mail, 201, "{\"status\":\"SENT\"}", DELIVERY_OK);
	assert_result(&mail, 200, "{\"status\":\"QUEUED\"}", DELIVERY_OK);
	assert_result(&mail, 204, NULL, DELIVERY_OK);
	assert_result(&mail, 201, "{\"status\":\"SKIPPED\"}", DELIVERY_PERMANENT);
	assert_result(&mail, 200, "{\"status\":\"SKIPPED\"}", DELIVERY_PERMANENT);
	assert_result(&mail, 400, "{\"code\":\"BadRequest\"}", DELIVERY_LATER);
	assert_result(&mail, 502, "", DELIVERY_LATER);
}
END_TEST

START_TEST(affo_believes_no_other_server_that_says_200)
{
	assert_result(&sms, 200, "<html>It works!</html>", DELIVERY_LATER);
	assert_result(&mail, 200, "\xff\xfe garbage", DELIVERY_LATER);
	assert_result(&mail, 200, "[]", DELIVERY_LATER);
	assert_result(&sms, 302, "", DELIVERY_MISCONFIGURED);
}
END_TEST

START_TEST(affo_goes_on_from_a_service_that_fails)
{
	const struct http_peer_answer failures[] = { { HTTP_PEER_CLOSE, 0, NULL, NULL, 0 },
		{ HTTP_PEER_RESET, 0, NULL, NULL, 0 },
		{ HTTP_PEER_ANSWER, 201, NULL, "{}", 10 << 20 } };
	const struct http_peer_answer silent[] = { { HTTP_PEER_HANG, 0, NULL, NULL, 0 },
		{ HTTP_PEER_DRIP, 201, NULL, NULL, 0 } };
	struct http_peer *peer = http_peer_start_refusing();

	ck_assert_int_eq(send_to(http_peer_url(peer, "/"), &sms, 30000).result, DELIVERY_LATER);
	http_peer_stop(peer);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		peer = http_peer_start(&failures[i], 1);
		ck_assert_int_eq(
		    send_to(http_peer_url(peer, "/"), &sms, 60000).result, DELIVERY_LATER);
		http_peer_stop(peer);
	}
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		peer = http_peer_start(&silent[i], 1);
		ck_assert_int_eq(
		    send_to(http_peer_url(peer, "/"), &sms, 300).result, DELIVERY_LATER);
		http_peer_stop(peer);
	}
}
END_TEST

START_TEST(affo_has_no_template_for_a_code_by_mail)
{
	struct letter letter = mail;
	struct http_peer *peer = http_peer_start_refusing();

	letter.kind = MESSAGE_PHONE_CODE;
	ck_assert_int_eq(
	    send_to(http_peer_url(peer, "/"), &letter, 30000).result, DELIVERY_MISCONFIGURED);
	http_peer_stop(peer);
}
END_TEST

START_TEST(affo_refuses_to_open_without_a_usable_url)
{
	static const char *const bad[] = { "", "example.com", "ftp://example.com/",
		"http://u:p@example.com/", "http://example.com/?a=" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *url = str_dup(str_from(bad[i]));
		struct conf_setting setting = { "url", url };
		struct conf_gateway conf = { .name = (char[]){ "one" },
			.type = "affo",
			.channel = CHANNEL_SMS,
			.n_settings = 1,
			.settings = &setting };
		struct buf errors = BUF_INIT(1000);
		struct gateway *gateway;

		ck_assert_rc(gateway_open(&conf, &gateway, &errors), RC_CONFIG);
		ck_assert(str_contains(buf_str(&errors), STR("gateway one: ")));
		buf_release(&errors);
		free(url);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("affo");

	tcase_add_test(tests, affo_sends_an_sms_as_the_original_did);
	tcase_add_test(tests, affo_sends_a_mail_as_the_original_did);
	tcase_add_test(tests, affo_reads_every_documented_answer_of_the_sms_service);
	tcase_add_test(tests, affo_reads_every_documented_answer_of_the_mail_service);
	tcase_add_test(tests, affo_believes_no_other_server_that_says_200);
	tcase_add_test(tests, affo_goes_on_from_a_service_that_fails);
	tcase_add_test(tests, affo_has_no_template_for_a_code_by_mail);
	tcase_add_test(tests, affo_refuses_to_open_without_a_usable_url);
	return suite_run();
}
