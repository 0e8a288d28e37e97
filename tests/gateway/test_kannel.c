#include "support/sending.h"
#include "support/suite.h"

static const struct sending_setting settings[] = { { "username", "affo" }, { "password", "s3cret" },
	{ "from", "12345" }, { NULL, NULL } };

static struct http_peer_request
ask(struct http_peer *peer, const char *path, const struct letter *letter)
{
	ck_assert_int_eq(sending_try_url("kannel", http_peer_url(peer, path), settings, letter,
	                     SENDING_PATIENCE_MS)
	                     .result,
	    DELIVERY_OK);
	return http_peer_request(peer, http_peer_count(peer) - 1);
}

START_TEST(kannel_asks_with_headers_and_a_coding_for_what_needs_it)
{
	const struct http_peer_answer taken = { HTTP_PEER_ANSWER, 202, NULL,
		"0: Accepted for delivery", 0 };
	struct http_peer *peer = http_peer_start(&taken, 1);
	struct letter letter = sending_sms;
	struct http_peer_request request = ask(peer, "/cgi-bin/sendsms", &letter);

	ck_assert_text(request.method, "POST");
	ck_assert_text(request.target, "/cgi-bin/sendsms");
	ck_assert_text(request.body, "Your security code is: 8787");
	ck_assert_text(http_peer_header(&request, "Content-Type"), "text/plain; charset=UTF-8");
	ck_assert_text(http_peer_header(&request, "X-Kannel-Username"), "affo");
	ck_assert_text(http_peer_header(&request, "X-Kannel-Password"), "s3cret");
	ck_assert_text(http_peer_header(&request, "X-Kannel-From"), "12345");
	ck_assert_text(http_peer_header(&request, "X-Kannel-To"), "+17775550100");
	ck_assert_ptr_null(http_peer_header(&request, "X-Kannel-Coding").ptr);
	ck_assert_ptr_null(http_peer_header(&request, "X-Kannel-Charset").ptr);
	/* The euro sign and a-umlaut are in the alphabet, a-breve isn't. */
	letter.text = STR("\xe2\x82\xac \xc3\xa4");
	request = ask(peer, "/", &letter);
	ck_assert_text(request.body, "\xe2\x82\xac \xc3\xa4");
	ck_assert_ptr_null(http_peer_header(&request, "X-Kannel-Coding").ptr);
	letter.text = STR("\xc4\x83");
	request = ask(peer, "/a?b=c", &letter);
	ck_assert_text(request.target, "/a?b=c");
	ck_assert_text(http_peer_header(&request, "X-Kannel-Coding"), "2");
	ck_assert_text(http_peer_header(&request, "X-Kannel-Charset"), "UTF-8");
	http_peer_stop(peer);
}
END_TEST

START_TEST(kannel_sends_to_one_recipient_only)
{
	static const char *const bad[] = { "", "+", "+1777 +1888", "1777,1888", "1777\t1888",
		"1777;1888", "+1777\r\nX-Kannel-To: 1" };
	const struct http_peer_answer taken = { HTTP_PEER_ANSWER, 202, NULL, NULL, 0 };
	struct http_peer *peer = http_peer_start(&taken, 1);
	struct letter letter = sending_sms;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		letter.recipient = str_from(bad[i]);
		ck_assert_int_eq(sending_try_url("kannel", http_peer_url(peer, "/"), settings,
		                     &letter, SENDING_PATIENCE_MS)
		                     .result,
		    DELIVERY_BAD_RECIPIENT);
	}
	ck_assert_uint_eq(http_peer_count(peer), 0);
	http_peer_stop(peer);
}
END_TEST

START_TEST(kannel_reads_every_documented_answer)
{
	static const struct sending_row rows[] = {
		{ 202, "0: Accepted for delivery", DELIVERY_OK },
		{ 202, "3: Queued for later delivery", DELIVERY_OK },
		{ 403, "Authorization failed for sendsms", DELIVERY_MISCONFIGURED },
		{ 400, "Number(s) has/have been denied by white- and/or black-lists.",
		    DELIVERY_BAD_RECIPIENT },
		{ 400, "Missing receiver number, rejected", DELIVERY_PERMANENT },
		{ 400, "Empty receiver number not allowed, rejected", DELIVERY_PERMANENT },
		{ 503, "Temporal failure, try again later.", DELIVERY_LATER },
		{ 404, "", DELIVERY_MISCONFIGURED },
		{ 200, "<html>It works!</html>", DELIVERY_LATER },
		{ 201, "", DELIVERY_LATER },
	};

	sending_assert_rows("kannel", settings, &sending_sms, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(kannel_goes_on_from_a_gateway_that_fails)
{
	sending_assert_failures("kannel", settings, &sending_sms);
}
END_TEST

START_TEST(kannel_refuses_settings_that_cannot_work)
{
	static const struct sending_setting none[] = { { "username", "affo" }, { "password", "" },
		{ "url", "http://127.0.0.1/" }, { NULL, NULL } };
	static const struct sending_setting url[] = { { "username", "affo" }, { "password", "p" },
		{ "url", "kannel:13013" }, { NULL, NULL } };

	sending_assert_refused("kannel", CHANNEL_SMS, none, "\"password\" is missing");
	sending_assert_refused("kannel", CHANNEL_SMS, url, "url \"kannel:13013\"");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("kannel");

	tcase_add_test(tests, kannel_asks_with_headers_and_a_coding_for_what_needs_it);
	tcase_add_test(tests, kannel_sends_to_one_recipient_only);
	tcase_add_test(tests, kannel_reads_every_documented_answer);
	tcase_add_test(tests, kannel_goes_on_from_a_gateway_that_fails);
	tcase_add_test(tests, kannel_refuses_settings_that_cannot_work);
	return suite_run();
}
