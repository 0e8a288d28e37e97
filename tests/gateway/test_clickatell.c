#include "support/sending.h"
#include "support/suite.h"

static const struct sending_setting v1[] = { { "api_key", "s3cret==" }, { "api", "v1" },
	{ NULL, NULL } };
static const struct sending_setting legacy[] = { { "api_key", "s3cret==" }, { "api", "legacy" },
	{ NULL, NULL } };

static struct http_peer_request
ask(struct http_peer *peer, const struct sending_setting *settings)
{
	struct http_peer_request request;

	ck_assert_int_eq(sending_try_url("clickatell", http_peer_url(peer, "/"), settings,
	                     &sending_sms, SENDING_PATIENCE_MS)
	                     .result,
	    DELIVERY_OK);
	request = http_peer_request(peer, http_peer_count(peer) - 1);
	ck_assert_text(request.method, "POST");
	ck_assert_text(http_peer_header(&request, "Content-Type"), "application/json");
	ck_assert_text(http_peer_header(&request, "Authorization"), "s3cret==");
	return request;
}

START_TEST(clickatell_asks_each_interface_as_documented)
{
	const struct http_peer_answer taken = { HTTP_PEER_ANSWER, 202, NULL,
		"{\"messages\":[{\"accepted\":true,\"error\":null}],\"error\":null}", 0 };
	struct http_peer *peer = http_peer_start(&taken, 1);
	struct http_peer_request request = ask(peer, v1);

	ck_assert_text(request.target, "/v1/message");
	ck_assert_text(request.body, "{\"messages\":[{\"channel\":\"sms\",\"to\":\"17775550100\","
	                             "\"content\":\"Your security code is: 8787\"}]}");
	ck_assert_ptr_null(http_peer_header(&request, "X-Version").ptr);
	request = ask(peer, legacy);
	ck_assert_text(request.target, "/messages");
	ck_assert_text(request.body,
	    "{\"content\":\"Your security code is: 8787\",\"to\":[\"+17775550100\"]}");
	ck_assert_text(http_peer_header(&request, "X-Version"), "1");
	http_peer_stop(peer);
}
END_TEST

#define V1_CODE(code) "{\"messages\":[{\"accepted\":false,\"error\":{\"code\":" code "}}]}"

START_TEST(clickatell_reads_every_documented_answer_of_v1)
{
	static const struct sending_row rows[] = {
		{ 202, "{\"messages\":[{\"accepted\":true,\"to\":\"1\",\"error\":null}]}",
		    DELIVERY_OK },
		{ 207, "{\"messages\":[{\"accepted\":true}]}", DELIVERY_OK },
		{ 207, V1_CODE("25"), DELIVERY_BAD_RECIPIENT },
		{ 202, V1_CODE("\"25\""), DELIVERY_BAD_RECIPIENT },
		{ 400, V1_CODE("25"), DELIVERY_BAD_RECIPIENT },
		{ 207, V1_CODE("26"), DELIVERY_PERMANENT },
		{ 207, V1_CODE("27"), DELIVERY_PERMANENT },
		{ 207, V1_CODE("28"), DELIVERY_PERMANENT },
		{ 401, V1_CODE("1"), DELIVERY_MISCONFIGURED },
		{ 207, V1_CODE("2"), DELIVERY_MISCONFIGURED },
		{ 207, V1_CODE("3"), DELIVERY_MISCONFIGURED },
		{ 207, V1_CODE("7"), DELIVERY_MISCONFIGURED },
		{ 207, V1_CODE("20"), DELIVERY_MISCONFIGURED },
		{ 503, V1_CODE("18"), DELIVERY_LATER },
		{ 207, V1_CODE("19"), DELIVERY_LATER },
		{ 429, V1_CODE("43"), DELIVERY_LATER },
		{ 207, V1_CODE("999"), DELIVERY_LATER },
		{ 400, "{\"messages\":[],\"error\":{\"code\":7}}", DELIVERY_MISCONFIGURED },
		{ 401, "{\"error\":{\"code\":1}}", DELIVERY_MISCONFIGURED },
		{ 401, "", DELIVERY_MISCONFIGURED },
		/* Not Clickatell's. */
		{ 202, "<html>", DELIVERY_LATER },
		{ 202, "{\"messages\":[{}]}", DELIVERY_LATER },
		{ 202, "{\"messages\":[{\"accepted\":\"true\"}]}", DELIVERY_LATER },
		{ 202, "{\"messages\":{\"accepted\":true}}", DELIVERY_LATER },
		{ 500, "{\"messages\":[{\"accepted\":true}]}", DELIVERY_LATER },
	};

	sending_assert_rows("clickatell", v1, &sending_sms, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(clickatell_reads_every_documented_answer_of_the_legacy_interface)
{
	static const struct sending_row rows[] = {
		{ 202, "{\"messages\":[{\"apiMessageId\":\"a\",\"accepted\":true}]}", DELIVERY_OK },
		{ 200, "{\"messages\":[{\"accepted\":true}]}", DELIVERY_OK },
		{ 202, "{\"messages\":[{\"accepted\":false,\"errorCode\":\"652\"}]}",
		    DELIVERY_BAD_RECIPIENT },
		{ 202, "{\"messages\":[{\"accepted\":false,\"errorCode\":652}]}",
		    DELIVERY_BAD_RECIPIENT },
		{ 202, "{\"messages\":[{\"accepted\":false,\"errorCode\":607}]}", DELIVERY_LATER },
		{ 202, "{\"messages\":[{\"accepted\":false}]}", DELIVERY_LATER },
		{ 401, "{\"errorCode\":601}", DELIVERY_MISCONFIGURED },
		{ 500, "", DELIVERY_LATER },
		{ 200, "OK", DELIVERY_LATER },
	};

	sending_assert_rows(
	    "clickatell", legacy, &sending_sms, rows, sizeof(rows) / sizeof(rows[0]));
}
END_TEST

START_TEST(clickatell_goes_on_from_a_provider_that_fails)
{
	sending_assert_failures("clickatell", v1, &sending_sms);
	sending_assert_failures("clickatell", legacy, &sending_sms);
}
END_TEST

START_TEST(clickatell_refuses_settings_that_cannot_work)
{
	static const struct sending_setting none[] = { { "url", "http://127.0.0.1/" },
		{ NULL, NULL } };

	sending_assert_refused("clickatell", CHANNEL_SMS, none, "\"api_key\" is missing");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("clickatell");

	tcase_add_test(tests, clickatell_asks_each_interface_as_documented);
	tcase_add_test(tests, clickatell_reads_every_documented_answer_of_v1);
	tcase_add_test(tests, clickatell_reads_every_documented_answer_of_the_legacy_interface);
	tcase_add_test(tests, clickatell_goes_on_from_a_provider_that_fails);
	tcase_add_test(tests, clickatell_refuses_settings_that_cannot_work);
	return suite_run();
}
