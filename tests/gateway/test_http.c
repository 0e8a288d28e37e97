#include "base/clock.h"
#include "support/sending.h"
#include "support/suite.h"

static const struct sending_setting plain[] = { { "body", "{\"to\":\"{to}\",\"text\":\"{text}\"}" },
	{ NULL, NULL } };

/* Asks the peer once and gives what it was asked. */
static struct http_peer_request
ask(struct http_peer *peer, const char *path, const struct sending_setting *settings,
    const struct letter *letter)
{
	struct delivery delivery = sending_try_url(
	    "http", http_peer_url(peer, path), settings, letter, SENDING_PATIENCE_MS);

	ck_assert_msg(delivery.result == DELIVERY_OK, "%s", delivery.detail);
	return http_peer_request(peer, http_peer_count(peer) - 1);
}

static struct http_peer *
start(void)
{
	static const struct http_peer_answer taken = { HTTP_PEER_ANSWER, 200, NULL, NULL, 0 };

	return http_peer_start(&taken, 1);
}

START_TEST(http_puts_the_parts_escaped_for_their_place)
{
	static const struct sending_setting form[] = { { "method", "PUT" },
		{ "content_type", "application/x-www-form-urlencoded; charset=utf-8" },
		{ "body", "to={to}&from={from}&text={text}&id={id}&s={subject}" }, { NULL, NULL } };
	static const struct sending_setting text[] = { { "content_type", "text/plain" },
		{ "body", "{to} {from}: {text}" }, { NULL, NULL } };
	static const struct sending_setting vendor[] = { { "content_type",
		                                             "application/vnd.example+json" },
		{ "body", "\"{text}\"" }, { NULL, NULL } };
	struct http_peer *peer = start();
	struct letter letter = sending_sms;
	struct http_peer_request request;

	letter.text = STR("a\"b\\c\n{to}&=\xc3\xa4");
	request = ask(peer, "/send?n={to}", plain, &letter);
	ck_assert_text(request.method, "POST");
	ck_assert_text(request.target, "/send?n=%2B17775550100");
	ck_assert_text(
	    request.body, "{\"to\":\"+17775550100\",\"text\":\"a\\\"b\\\\c\\n{to}&=\xc3\xa4\"}");
	ck_assert_text(http_peer_header(&request, "Content-Type"), "application/json");
	ck_assert_ptr_null(http_peer_header(&request, "webhook-signature").ptr);
	request = ask(peer, "/", form, &letter);
	ck_assert_text(request.method, "PUT");
	ck_assert_text(request.body,
	    "to=%2B17775550100&from=AFFO&text=a%22b%5Cc%0A%7Bto%7D%26%3D%C3%"
	    "A4&id=MDEyMzQ1Njc4OWFiY2RlZg&s=");
	request = ask(peer, "/", text, &letter);
	ck_assert_text(request.body, "+17775550100 AFFO: a\"b\\c\n{to}&=\xc3\xa4");
	request = ask(peer, "/", vendor, &letter);
	ck_assert_text(request.body, "\"a\\\"b\\\\c\\n{to}&=\xc3\xa4\"");
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_leaves_other_braces_alone)
{
	static const struct sending_setting settings[] = { { "content_type", "text/plain" },
		{ "body", "{ {{to}} {To} {to {nobody} {} }{" }, { NULL, NULL } };
	struct http_peer *peer = start();
	struct http_peer_request request = ask(peer, "/", settings, &sending_sms);

	ck_assert_text(request.body, "{ {+17775550100} {To} {to {nobody} {} }{");
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_sends_its_headers_and_a_get_without_a_body)
{
	static const struct sending_setting settings[] = { { "method", "GET" },
		{ "headers", "Authorization: Bearer s3cret\nX-To: {to}\nX-Empty:" },
		{ "body", "ignored" }, { NULL, NULL } };
	struct http_peer *peer = start();
	struct http_peer_request request =
	    ask(peer, "/?to={to}&text={text}", settings, &sending_sms);

	ck_assert_text(request.method, "GET");
	ck_assert_text(
	    request.target, "/?to=%2B17775550100&text=Your%20security%20code%20is%3A%208787");
	ck_assert_text(request.body, "");
	ck_assert_text(http_peer_header(&request, "Authorization"), "Bearer s3cret");
	ck_assert_text(http_peer_header(&request, "X-To"), "+17775550100");
	ck_assert_text(http_peer_header(&request, "X-Empty"), "");
	ck_assert_ptr_null(http_peer_header(&request, "Content-Type").ptr);
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_signs_as_standard_webhooks_does)
{
	/* The example that implementations of it are tested with. */
	static const struct sending_setting encoded[] = {
		{ "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
		{ "body", "{\"test\": 2432232314}" }, { NULL, NULL }
	};
	static const struct sending_setting text[] = { { "secret", "plain text" },
		{ "body", "{\"test\": 2432232314}" }, { NULL, NULL } };
	struct http_peer *peer = start();
	struct letter letter = sending_sms;
	struct http_peer_request request;

	clock_fix(INT64_C(1614265330999));
	letter.id = STR("msg_p5jXN8AQM9LWM0D4loKWxJek");
	request = ask(peer, "/", encoded, &letter);
	ck_assert_text(http_peer_header(&request, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
	ck_assert_text(http_peer_header(&request, "webhook-timestamp"), "1614265330");
	ck_assert_text(http_peer_header(&request, "webhook-signature"),
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	request = ask(peer, "/", text, &letter);
	ck_assert_text(http_peer_header(&request, "webhook-signature"),
	    "v1,jqwBeuO37ldYigaSHqcC7YjqBJtOOulPztOWrj1DjXA=");
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_reads_answers_as_configured)
{
	static const struct sending_setting texts[] = { { "body", "{}" },
		{ "success", "\"ok\":true" }, { "bad_recipient", "bad number" }, { NULL, NULL } };
	static const struct sending_setting empty[] = { { "success", "" }, { "bad_recipient", "" },
		{ NULL, NULL } };
	static const struct sending_row with_texts[] = {
		{ 200, "{\"ok\":true}", DELIVERY_OK },
		{ 204, "", DELIVERY_LATER },
		{ 200, "<html>It works!</html>", DELIVERY_LATER },
		{ 500, "{\"ok\":true}", DELIVERY_LATER },
		{ 400, "oh: bad number!", DELIVERY_BAD_RECIPIENT },
		{ 200, "oh: bad number!", DELIVERY_BAD_RECIPIENT },
		{ 400, "bad numb", DELIVERY_LATER },
		{ 401, "", DELIVERY_MISCONFIGURED },
	};
	static const struct sending_row without[] = {
		{ 200, "", DELIVERY_OK },
		{ 204, NULL, DELIVERY_OK },
		{ 299, "x", DELIVERY_OK },
		{ 400, "", DELIVERY_LATER },
		{ 403, "", DELIVERY_MISCONFIGURED },
		{ 429, "", DELIVERY_LATER },
	};

	sending_assert_rows(
	    "http", texts, &sending_sms, with_texts, sizeof(with_texts) / sizeof(with_texts[0]));
	sending_assert_rows(
	    "http", empty, &sending_sms, without, sizeof(without) / sizeof(without[0]));
	sending_assert_rows("http", plain, &sending_mail, without, 1);
}
END_TEST

START_TEST(http_goes_on_from_a_service_that_fails)
{
	sending_assert_failures("http", plain, &sending_sms);
}
END_TEST

START_TEST(http_lets_no_part_end_a_header)
{
	static const struct sending_setting settings[] = { { "headers", "X-Text: {text}" },
		{ NULL, NULL } };
	struct http_peer *peer = start();
	struct letter letter = sending_sms;

	letter.text = STR("a\r\nX-Evil: b");
	ck_assert_int_eq(sending_try_url("http", http_peer_url(peer, "/"), settings, &letter,
	                     SENDING_PATIENCE_MS)
	                     .result,
	    DELIVERY_PERMANENT);
	letter.text = STR("\xff");
	ck_assert_int_eq(
	    sending_try_url("http", http_peer_url(peer, "/"), plain, &letter, SENDING_PATIENCE_MS)
	        .result,
	    DELIVERY_PERMANENT);
	ck_assert_uint_eq(http_peer_count(peer), 0);
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_refuses_settings_that_cannot_work)
{
	static const struct sending_setting header[] = { { "url", "http://127.0.0.1/" },
		{ "headers", "X-Good: a\nbad header: b" }, { NULL, NULL } };
	static const struct sending_setting colon[] = { { "url", "http://127.0.0.1/" },
		{ "headers", "X-Bad" }, { NULL, NULL } };
	static const struct sending_setting secret[] = { { "url", "http://127.0.0.1/" },
		{ "secret", "whsec_not base64" }, { NULL, NULL } };
	static const struct sending_setting url[] = { { "url", "gopher://127.0.0.1/" },
		{ NULL, NULL } };

	sending_assert_refused("http", CHANNEL_SMS, header, "header \"bad header: b\"");
	sending_assert_refused("http", CHANNEL_SMS, colon, "header \"X-Bad\"");
	sending_assert_refused("http", CHANNEL_EMAIL, secret, "secret is neither");
	sending_assert_refused("http", CHANNEL_EMAIL, url, "url \"gopher://127.0.0.1/\"");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("http");

	tcase_add_test(tests, http_puts_the_parts_escaped_for_their_place);
	tcase_add_test(tests, http_leaves_other_braces_alone);
	tcase_add_test(tests, http_sends_its_headers_and_a_get_without_a_body);
	tcase_add_test(tests, http_signs_as_standard_webhooks_does);
	tcase_add_test(tests, http_reads_answers_as_configured);
	tcase_add_test(tests, http_goes_on_from_a_service_that_fails);
	tcase_add_test(tests, http_lets_no_part_end_a_header);
	tcase_add_test(tests, http_refuses_settings_that_cannot_work);
	return suite_run();
}
