#include "support/sending.h"
#include "support/suite.h"

static const struct sending_setting settings[] = { { "account_sid", "AC0123abcd" },
	{ "auth_token", "s3cret" }, { "from", "+12025550123" }, { NULL, NULL } };

/* What was asked for one letter. */
static void
assert_request(const struct sending_setting *with, const struct letter *letter, const char *body)
{
	const struct http_peer_answer made = { HTTP_PEER_ANSWER, 201, NULL, "{\"sid\":\"SM1\"}",
		0 };
	struct http_peer *peer = http_peer_start(&made, 1);
	struct http_peer_request request;

	ck_assert_int_eq(
	    sending_try_url("twilio", http_peer_url(peer, "/"), with, letter, SENDING_PATIENCE_MS)
	        .result,
	    DELIVERY_OK);
	request = http_peer_request(peer, 0);
	ck_assert_text(request.method, "POST");
	ck_assert_text(request.target, "/2010-04-01/Accounts/AC0123abcd/Messages.json");
	ck_assert_text(request.body, body);
	ck_assert_text(
	    http_peer_header(&request, "Content-Type"), "application/x-www-form-urlencoded");
	/* AC0123abcd:s3cret */
	ck_assert_text(
	    http_peer_header(&request, "Authorization"), "Basic QUMwMTIzYWJjZDpzM2NyZXQ=");
	http_peer_stop(peer);
}

START_TEST(twilio_asks_as_documented)
{
	static const struct sending_setting service[] = { { "account_sid", "AC0123abcd" },
		{ "auth_token", "s3cret" }, { "messaging_service_sid", "MG99" }, { NULL, NULL } };
	struct letter letter = sending_sms;

	assert_request(settings, &letter,
	    "To=%2B17775550100&From=%2B12025550123&Body=Your%20security%20code%20is%3A%208787");
	letter.text = STR("\xc3\xa4&b=c+d\n%41");
	assert_request(service, &letter,
	    "To=%2B17775550100&MessagingServiceSid=MG99&Body=%C3%A4%26b%3Dc%2Bd%0A%2541");
}
END_TEST

START_TEST(twilio_reads_every_documented_answer)
{
	static const struct sending_row rows[] = {
		{ 201, "{\"sid\":\"SM1\",\"status\":\"queued\"}", DELIVERY_OK },
		{ 400, "{\"code\":21211,\"message\":\"x\",\"status\":400}",
		    DELIVERY_BAD_RECIPIENT },
		{ 400, "{\"code\":21610}", DELIVERY_BAD_RECIPIENT },
		{ 400, "{\"code\":21612}", DELIVERY_BAD_RECIPIENT },
		{ 400, "{\"code\":21614}", DELIVERY_BAD_RECIPIENT },
		{ 400, "{\"code\":\"21211\"}", DELIVERY_BAD_RECIPIENT },
		{ 401, "{\"code\":20003}", DELIVERY_MISCONFIGURED },
		{ 401, "{\"code\":21211}", DELIVERY_MISCONFIGURED },
		{ 401, "", DELIVERY_MISCONFIGURED },
		{ 403, "{\"code\":20003}", DELIVERY_MISCONFIGURED },
		{ 404, "{\"code\":20404}", DELIVERY_MISCONFIGURED },
		{ 400, "{\"code\":21606}", DELIVERY_MISCONFIGURED },
		{ 400, "{\"code\":21212}", DELIVERY_MISCONFIGURED },
		{ 400, "{\"code\":21659}", DELIVERY_MISCONFIGURED },
		{ 400, "{\"code\":21703}", DELIVERY_MISCONFIGURED },
		{ 429, "{\"code\":20429}", DELIVERY_LATER },
		{ 429, "", DELIVERY_LATER },
		{ 400, "{\"code\":20429}", DELIVERY_LATER },
		{ 500, "{\"code\":21211}", DELIVERY_LATER },
		{ 503, "{\"code\":20503}", DELIVERY_LATER },
		{ 400, "{\"code\":21602}", DELIVERY_PERMANENT },
		{ 400, "{\"code\":21617}", DELIVERY_PERMANENT },
		/* Not Twilio's: what stands between us, or another server. */
		{ 400, "<html>", DELIVERY_LATER },
		{ 400, "{\"code\":null}", DELIVERY_LATER },
		{ 400, "[21211]", DELIVERY_LATER },
		{ 404, "<html>", DELIVERY_MISCONFIGURED },
		{ 200, "<html>It works!</html>", DELIVERY_LATER },
		{ 200, "{\"code\":21211}", DELIVERY_LATER },
		{ 202, "{}", DELIVERY_LATER },
	};

	sending_assert_rows("twilio", settings, &sending_sms, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(twilio_goes_on_from_a_provider_that_fails)
{
	sending_assert_failures("twilio", settings, &sending_sms);
}
END_TEST

START_TEST(twilio_refuses_settings_that_cannot_work)
{
	static const struct sending_setting none[] = { { NULL, NULL } };
	static const struct sending_setting path[] = { { "url", "http://127.0.0.1/" },
		{ "account_sid", "AC1/../x" }, { "auth_token", "s3cret" }, { NULL, NULL } };
	static const struct sending_setting no_url[] = { { "url", "127.0.0.1" },
		{ "account_sid", "AC1" }, { "auth_token", "s3cret" }, { NULL, NULL } };
	static const struct sending_setting query[] = { { "url", "http://127.0.0.1/?a=" },
		{ "account_sid", "AC1" }, { "auth_token", "s3cret" }, { NULL, NULL } };

	sending_assert_refused("twilio", CHANNEL_SMS, none, "\"account_sid\" is missing");
	sending_assert_refused("twilio", CHANNEL_SMS, path, "account_sid");
	sending_assert_refused("twilio", CHANNEL_SMS, no_url, "url \"127.0.0.1\"");
	sending_assert_refused("twilio", CHANNEL_SMS, query, "url");
	sending_assert_refused("twilio", CHANNEL_EMAIL, settings, "does not send email");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("twilio");

	tcase_add_test(tests, twilio_asks_as_documented);
	tcase_add_test(tests, twilio_reads_every_documented_answer);
	tcase_add_test(tests, twilio_goes_on_from_a_provider_that_fails);
	tcase_add_test(tests, twilio_refuses_settings_that_cannot_work);
	return suite_run();
}
