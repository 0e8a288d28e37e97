#include "gateway/http_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/http_peer.h"
#include "support/suite.h"

/* One call with a body; a peer that keeps silent is given up after timeout_ms. */
static enum rc
post(struct http_client *client, const char *url, int64_t timeout_ms, struct http_reply *reply,
    struct delivery *delivery)
{
	const struct http_header headers[] = { { "Content-Type", STR("application/json") },
		{ "X-Empty", STR("") }, { "X-Absent", STR_NULL } };
	const struct http_call call = { .method = "POST",
		.url = url,
		.headers = headers,
		.n_headers = 3,
		.body = STR("{\"a\":1}"),
		.user = STR("AC1"),
		.password = STR("se:cret"),
		.timeout_ms = timeout_ms };

	return http_client_call(client, &call, reply, delivery);
}

static void
assert_failure(
    const struct http_peer_answer *answer, int64_t timeout_ms, enum delivery_result expected)
{
	struct http_peer *peer =
	    answer == NULL ? http_peer_start_refusing() : http_peer_start(answer, 1);
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;

	ck_assert_rc(http_client_new(&client), RC_OK);
	ck_assert_rc(
	    post(client, http_peer_url(peer, "/"), timeout_ms, &reply, &delivery), RC_UNAVAILABLE);
	ck_assert_msg(delivery.result == expected, "%s: %s", delivery_result_name(delivery.result),
	    delivery.detail);
	ck_assert_str_ne(delivery.detail, "");
	http_client_free(client);
	http_peer_stop(peer);
}

START_TEST(http_client_probes_send_the_path_as_it_is_and_keep_the_head)
{
	const struct http_peer_answer script[] = {
		{ HTTP_PEER_ANSWER, 404, "X-One: 1\r\nx-two:  2 \r\nX-One: 3\r\n", "none", 0 },
		{ HTTP_PEER_ANSWER, 200, NULL, NULL, 0 },
	};
	struct http_peer *peer = http_peer_start(script, 2);
	const struct http_probe probe = { 0 };
	struct http_call call = { .method = "DELETE", .timeout_ms = 30000, .probe = &probe };
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;
	struct http_peer_request request;

	ck_assert_rc(http_client_new(&client), RC_OK);
	call.url = http_peer_url(peer, "//a/../b/./%63?d=%zz");
	ck_assert_rc(http_client_call(client, &call, &reply, &delivery), RC_OK);
	ck_assert_int_eq(reply.status, 404);
	ck_assert_text(reply.body, "none");
	ck_assert_text(http_client_header(&reply, STR("x-one")), "1");
	ck_assert_text(http_client_header(&reply, STR("X-Two")), "2");
	ck_assert_ptr_null(http_client_header(&reply, STR("X-Three")).ptr);
	request = http_peer_request(peer, 0);
	ck_assert_text(request.method, "DELETE");
	ck_assert_text(request.target, "//a/../b/./%63?d=%zz");
	/* Nothing of it is left for the next call. */
	call.probe = NULL;
	call.url = http_peer_url(peer, "/a/../b");
	ck_assert_rc(http_client_call(client, &call, &reply, &delivery), RC_OK);
	ck_assert_text(reply.head, "");
	ck_assert_text(http_peer_request(peer, 1).target, "/b");
	http_client_free(client);
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_client_sends_what_the_call_says_and_gives_the_answer)
{
	const struct http_peer_answer script[] = { { HTTP_PEER_ANSWER, 201, "X-One: 1\r\n", "made",
		                                       0 },
		{ HTTP_PEER_ANSWER, 503, NULL, NULL, 0 } };
	struct http_peer *peer = http_peer_start(script, 2);
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;
	struct http_peer_request request;

	ck_assert_rc(http_client_new(&client), RC_OK);
	ck_assert_rc(
	    post(client, http_peer_url(peer, "/a/b?c=d"), 30000, &reply, &delivery), RC_OK);
	ck_assert_int_eq(reply.status, 201);
	ck_assert_text(reply.body, "made");
	request = http_peer_request(peer, 0);
	ck_assert_text(request.method, "POST");
	ck_assert_text(request.target, "/a/b?c=d");
	ck_assert_text(request.body, "{\"a\":1}");
	ck_assert_text(http_peer_header(&request, "content-type"), "application/json");
	ck_assert_text(http_peer_header(&request, "Authorization"), "Basic QUMxOnNlOmNyZXQ=");
	ck_assert_text(http_peer_header(&request, "X-Empty"), "");
	ck_assert_ptr_null(http_peer_header(&request, "X-Absent").ptr);
	ck_assert_ptr_null(http_peer_header(&request, "Expect").ptr);
	ck_assert_rc(post(client, http_peer_url(peer, "/"), 30000, &reply, &delivery), RC_OK);
	ck_assert_int_eq(reply.status, 503);
	ck_assert_text(reply.body, "");
	http_client_free(client);
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_client_forgets_the_last_call)
{
	const struct http_peer_answer script[] = { { HTTP_PEER_ANSWER, 200, NULL, "x", 0 } };
	struct http_peer *peer = http_peer_start(script, 1);
	const struct http_call call = {
		.method = "GET", .url = http_peer_url(peer, "/"), .timeout_ms = 30000
	};
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;
	struct http_peer_request request;

	ck_assert_rc(http_client_new(&client), RC_OK);
	ck_assert_rc(post(client, http_peer_url(peer, "/"), 30000, &reply, &delivery), RC_OK);
	ck_assert_rc(http_client_call(client, &call, &reply, &delivery), RC_OK);
	ck_assert_text(reply.body, "x");
	request = http_peer_request(peer, 1);
	ck_assert_text(request.method, "GET");
	ck_assert_text(request.body, "");
	ck_assert_ptr_null(http_peer_header(&request, "Authorization").ptr);
	ck_assert_ptr_null(http_peer_header(&request, "Content-Type").ptr);
	http_client_free(client);
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_client_tells_what_passes_from_what_is_misconfigured)
{
	const struct http_peer_answer reset = { HTTP_PEER_RESET, 0, NULL, NULL, 0 };
	const struct http_peer_answer closed = { HTTP_PEER_CLOSE, 0, NULL, NULL, 0 };
	const struct http_peer_answer cut = { HTTP_PEER_RAW, 0, NULL,
		"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nabc", 0 };
	const struct http_peer_answer ssh = { HTTP_PEER_RAW, 0, NULL, "SSH-2.0-OpenSSH_9.2\r\n",
		0 };

	assert_failure(NULL, 30000, DELIVERY_LATER);
	assert_failure(&reset, 30000, DELIVERY_LATER);
	assert_failure(&closed, 30000, DELIVERY_LATER);
	assert_failure(&cut, 30000, DELIVERY_LATER);
	assert_failure(&ssh, 30000, DELIVERY_MISCONFIGURED);
}
END_TEST

START_TEST(http_client_gives_up_on_a_peer_that_hangs_or_drips)
{
	const struct http_peer_answer hang = { HTTP_PEER_HANG, 0, NULL, NULL, 0 };
	const struct http_peer_answer drip = { HTTP_PEER_DRIP, 201, NULL, NULL, 0 };

	assert_failure(&hang, 300, DELIVERY_LATER);
	assert_failure(&drip, 300, DELIVERY_LATER);
}
END_TEST

START_TEST(http_client_keeps_an_answer_of_64_KiB_and_refuses_one_more_byte)
{
	const struct http_peer_answer most = { HTTP_PEER_ANSWER, 200, NULL, "", GATEWAY_REPLY_MAX };
	const struct http_peer_answer more = { HTTP_PEER_ANSWER, 200, NULL, "x",
		GATEWAY_REPLY_MAX };
	const struct http_peer_answer flood = { HTTP_PEER_ANSWER, 200, NULL, "", 10 << 20 };
	struct http_peer *peer = http_peer_start(&most, 1);
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;

	ck_assert_rc(http_client_new(&client), RC_OK);
	ck_assert_rc(post(client, http_peer_url(peer, "/"), 60000, &reply, &delivery), RC_OK);
	ck_assert_uint_eq(reply.body.len, GATEWAY_REPLY_MAX);
	http_client_free(client);
	http_peer_stop(peer);
	assert_failure(&more, 60000, DELIVERY_LATER);
	assert_failure(&flood, 60000, DELIVERY_LATER);
}
END_TEST

START_TEST(http_client_follows_no_redirect)
{
	const struct http_peer_answer script[] = { { HTTP_PEER_ANSWER, 307,
	    "Location: /elsewhere\r\n", NULL, 0 } };
	struct http_peer *peer = http_peer_start(script, 1);
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;

	ck_assert_rc(http_client_new(&client), RC_OK);
	ck_assert_rc(post(client, http_peer_url(peer, "/"), 30000, &reply, &delivery), RC_OK);
	ck_assert_int_eq(reply.status, 307);
	ck_assert_uint_eq(http_peer_count(peer), 1);
	http_client_failed(&reply, &delivery);
	ck_assert_int_eq(delivery.result, DELIVERY_MISCONFIGURED);
	http_client_free(client);
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_client_lets_no_value_end_its_header)
{
	static char value[HTTP_CLIENT_HEADER_MAX + 1];
	struct http_header header = { "X-A", STR("a\r\nX-B: b") };
	const struct http_peer_answer script[] = { { HTTP_PEER_ANSWER, 200, NULL, NULL, 0 } };
	struct http_peer *peer = http_peer_start(script, 1);
	const struct http_call call = { .method = "GET",
		.url = http_peer_url(peer, "/"),
		.headers = &header,
		.n_headers = 1,
		.timeout_ms = 30000 };
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;

	ck_assert_rc(http_client_new(&client), RC_OK);
	ck_assert_rc(http_client_call(client, &call, &reply, &delivery), RC_UNAVAILABLE);
	ck_assert_int_eq(delivery.result, DELIVERY_PERMANENT);
	/* The limit is over the whole line: "X-A: " and the value. */
	memset(value, 'a', sizeof(value));
	header.value = (struct str){ value, HTTP_CLIENT_HEADER_MAX - 5 };
	ck_assert_rc(http_client_call(client, &call, &reply, &delivery), RC_OK);
	header.value.len++;
	ck_assert_rc(http_client_call(client, &call, &reply, &delivery), RC_UNAVAILABLE);
	ck_assert_int_eq(delivery.result, DELIVERY_PERMANENT);
	ck_assert_uint_eq(http_peer_count(peer), 1);
	http_client_free(client);
	http_peer_stop(peer);
}
END_TEST

START_TEST(http_client_ignores_a_proxy_of_the_environment)
{
	const struct http_peer_answer script[] = { { HTTP_PEER_ANSWER, 200, NULL, NULL, 0 } };
	struct http_peer *peer = http_peer_start(script, 1), *proxy = http_peer_start_refusing();
	struct http_client *client;
	struct http_reply reply;
	struct delivery delivery;

	ck_assert_int_eq(setenv("http_proxy", http_peer_url(proxy, "/"), 1), 0);
	ck_assert_int_eq(setenv("no_proxy", "", 1), 0);
	ck_assert_rc(http_client_new(&client), RC_OK);
	ck_assert_rc(post(client, http_peer_url(peer, "/"), 30000, &reply, &delivery), RC_OK);
	http_client_free(client);
	http_peer_stop(peer);
	http_peer_stop(proxy);
}
END_TEST

START_TEST(http_client_failed_alarms_for_what_only_an_admin_can_mend)
{
	static const struct {
		long status;
		enum delivery_result result;
	} rows[] = { { 299, DELIVERY_LATER }, { 300, DELIVERY_MISCONFIGURED },
		{ 399, DELIVERY_MISCONFIGURED }, { 400, DELIVERY_LATER },
		{ 401, DELIVERY_MISCONFIGURED }, { 403, DELIVERY_MISCONFIGURED },
		{ 404, DELIVERY_MISCONFIGURED }, { 429, DELIVERY_LATER }, { 500, DELIVERY_LATER },
		{ 503, DELIVERY_LATER } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_reply reply = { .status = rows[i].status };
		struct delivery delivery;

		http_client_failed(&reply, &delivery);
		ck_assert_msg(delivery.result == rows[i].result, "%ld", rows[i].status);
	}
}
END_TEST

START_TEST(http_client_is_url_takes_http_and_https_without_credentials)
{
	static char longest[HTTP_CLIENT_URL_MAX + 2] = "http://a.example/";

	memset(longest + strlen(longest), 'a', HTTP_CLIENT_URL_MAX - strlen(longest));
	ck_assert(http_client_is_url(longest));
	longest[HTTP_CLIENT_URL_MAX] = 'a';
	ck_assert(!http_client_is_url(longest));
	ck_assert(http_client_is_url("https://sms.example/v1/?a=b"));
	ck_assert(!http_client_is_url("ftp://sms.example/"));
	ck_assert(!http_client_is_url("sms.example"));
	ck_assert(!http_client_is_url("http://"));
	ck_assert(!http_client_is_url("http://user@sms.example/"));
	ck_assert(!http_client_is_url("http://user:pw@sms.example/"));
	ck_assert(!http_client_is_url("http://sms.example/#a"));
	ck_assert(!http_client_is_url(""));
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("http_client");

	tcase_add_test(tests, http_client_probes_send_the_path_as_it_is_and_keep_the_head);
	tcase_add_test(tests, http_client_sends_what_the_call_says_and_gives_the_answer);
	tcase_add_test(tests, http_client_forgets_the_last_call);
	tcase_add_test(tests, http_client_tells_what_passes_from_what_is_misconfigured);
	tcase_add_test(tests, http_client_gives_up_on_a_peer_that_hangs_or_drips);
	tcase_add_test(tests, http_client_keeps_an_answer_of_64_KiB_and_refuses_one_more_byte);
	tcase_add_test(tests, http_client_follows_no_redirect);
	tcase_add_test(tests, http_client_lets_no_value_end_its_header);
	tcase_add_test(tests, http_client_ignores_a_proxy_of_the_environment);
	tcase_add_test(tests, http_client_failed_alarms_for_what_only_an_admin_can_mend);
	tcase_add_test(tests, http_client_is_url_takes_http_and_https_without_credentials);
	return suite_run();
}
