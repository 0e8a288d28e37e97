#include "support/sending.h"
#include "support/suite.h"

static const struct sending_setting settings[] = { { "api_key", "0123abcd" },
	{ "api_secret", "s3cret" }, { "from", "AFFO" }, { NULL, NULL } };

START_TEST(vonage_asks_as_documented)
{
	const struct http_peer_answer taken = { HTTP_PEER_ANSWER, 200, NULL,
		"{\"message-count\":\"1\",\"messages\":[{\"status\":\"0\"}]}", 0 };
	struct http_peer *peer = http_peer_start(&taken, 1);
	struct http_peer_request request;

	ck_assert_int_eq(sending_try_url("vonage", http_peer_url(peer, ""), settings, &sending_sms,
	                     SENDING_PATIENCE_MS)
	                     .result,
	    DELIVERY_OK);
	request = http_peer_request(peer, 0);
	ck_assert_text(request.method, "POST");
	ck_assert_text(request.target, "/sms/json");
	ck_assert_text(request.body,
	    "from=AFFO&to=17775550100&text=Your%20security%20code%20is%3A%20"
	    "8787&type=unicode");
	ck_assert_text(
	    http_peer_header(&request, "Content-Type"), "application/x-www-form-urlencoded");
	/* 0123abcd:s3cret */
	ck_assert_text(http_peer_header(&request, "Authorization"), "Basic MDEyM2FiY2Q6czNjcmV0");
	http_peer_stop(peer);
}
END_TEST

START_TEST(vonage_reads_every_documented_answer)
{
	static const struct sending_row rows[] = {
		{ 200, "{\"messages\":[{\"status\":\"0\",\"message-id\":\"a\"}]}", DELIVERY_OK },
		{ 200, "{\"messages\":[{\"status\":0}]}", DELIVERY_OK },
		{ 200, "{\"messages\":[{\"status\":\"0\"},{\"status\":\"0\"}]}", DELIVERY_OK },
		{ 200, "{\"messages\":[{\"status\":\"0\"},{\"status\":\"5\"}]}", DELIVERY_LATER },
		{ 200, "{\"messages\":[{\"status\":\"1\"}]}", DELIVERY_LATER },
		{ 200, "{\"messages\":[{\"status\":\"5\"}]}", DELIVERY_LATER },
		{ 200, "{\"messages\":[{\"status\":\"10\"}]}", DELIVERY_LATER },
		{ 200, "{\"messages\":[{\"status\":\"6\"}]}", DELIVERY_BAD_RECIPIENT },
		{ 200, "{\"messages\":[{\"status\":\"7\"}]}", DELIVERY_BAD_RECIPIENT },
		{ 200, "{\"messages\":[{\"status\":\"4\"}]}", DELIVERY_MISCONFIGURED },
		{ 200, "{\"messages\":[{\"status\":\"8\"}]}", DELIVERY_MISCONFIGURED },
		{ 200, "{\"messages\":[{\"status\":\"9\"}]}", DELIVERY_MISCONFIGURED },
		{ 200, "{\"messages\":[{\"status\":\"11\"}]}", DELIVERY_MISCONFIGURED },
		{ 200, "{\"messages\":[{\"status\":\"14\"}]}", DELIVERY_MISCONFIGURED },
		{ 200, "{\"messages\":[{\"status\":\"2\"}]}", DELIVERY_PERMANENT },
		{ 200, "{\"messages\":[{\"status\":\"33\"}]}", DELIVERY_PERMANENT },
		/* Not Vonage's. */
		{ 200, "<html>It works!</html>", DELIVERY_LATER },
		{ 200, "{\"messages\":[]}", DELIVERY_LATER },
		{ 200, "{\"messages\":[{}]}", DELIVERY_LATER },
		{ 200, "{\"messages\":[\"0\"]}", DELIVERY_LATER },
		{ 200, "{\"messages\":{\"a\":{\"status\":\"0\"}}}", DELIVERY_LATER },
		{ 200, "{\"messages\":[{\"status\":\"zero\"}]}", DELIVERY_LATER },
		{ 200, "{}", DELIVERY_LATER },
		{ 201, "{\"messages\":[{\"status\":\"0\"}]}", DELIVERY_LATER },
		{ 401, "{\"messages\":[{\"status\":\"0\"}]}", DELIVERY_MISCONFIGURED },
		{ 429, "", DELIVERY_LATER },
	};

	sending_assert_rows("vonage", settings, &sending_sms, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(vonage_goes_on_from_a_provider_that_fails)
{
	sending_assert_failures("vonage", settings, &sending_sms);
}
END_TEST

START_TEST(vonage_refuses_settings_that_cannot_work)
{
	static const struct sending_setting no_secret[] = { { "api_key", "a" },
		{ "url", "http://127.0.0.1/" }, { NULL, NULL } };
	static const struct sending_setting no_url[] = { { "api_key", "a" }, { "api_secret", "b" },
		{ NULL, NULL } };

	sending_assert_refused("vonage", CHANNEL_SMS, no_secret, "\"api_secret\" is missing");
	sending_assert_refused("vonage", CHANNEL_SMS, no_url, "\"url\" is missing");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("vonage");

	tcase_add_test(tests, vonage_asks_as_documented);
	tcase_add_test(tests, vonage_reads_every_documented_answer);
	tcase_add_test(tests, vonage_goes_on_from_a_provider_that_fails);
	tcase_add_test(tests, vonage_refuses_settings_that_cannot_work);
	return suite_run();
}
