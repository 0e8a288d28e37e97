/* Tokens by cookie, and whom it lets write. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "support/asking.h"

#define ORIGIN "https://example.com"
#define VERIFY "/api/v1.0/auth/verify_token/"
#define CURRENT "/api/v1.0/user/current/"
#define LOGOUT "/api/v1.0/auth/logout/"

static char *origins[] = { (char[]){ ORIGIN }, (char[]){ "http://localhost:8080" } };

static void
setup(void)
{
	asking_setup();
	service_conf.cookie.origins = (struct conf_list){ 2, origins };
}

static void
teardown(void)
{
	service_conf.cookie.origins = (struct conf_list){ 0 };
	asking_teardown();
}

static bool
headers_have(const char *text)
{
	return str_contains(buf_str(&answer.headers), str_from(text));
}

/* The token of the Set-Cookie header. */
static void
read_cookie(char ret[static TOKEN_MAX])
{
	const char *start = strstr(buf_text(&answer.headers), "Set-Cookie: __Host-affo=");

	ck_assert_ptr_nonnull(start);
	ck_assert_int_eq(sscanf(start, "Set-Cookie: __Host-affo=%8191[^;]", ret), 1);
	ck_assert(headers_have("; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax\r\n"));
}

/* A login of Ann's by cookie. */
static int
log_in(const char *origin, const char *cookie)
{
	char body[256];

	(void)snprintf(body, sizeof(body),
	    "{\"email\":\"ann@example.com\",\"password\":\"%s\",\"cookie\":%s}", PEOPLE_PASSWORD,
	    cookie);
	return asking_ask((struct ask){ .method = METHOD_POST,
	    .uri = "/api/v1.0/auth/login/",
	    .body = body,
	    .origin = origin });
}

START_TEST(login_sets_the_cookie_that_was_asked_for)
{
	char token[TOKEN_MAX];

	service_conf.token.refresh_lifetime_ms = INT64_C(2592000000);
	ck_assert_int_eq(log_in(NULL, "true"), 200);
	ck_assert(answer_says("\"email\":\"ann@example.com\""));
	ck_assert_msg(!answer_says("access_token"), "scripts can read it");
	read_cookie(token);
	ck_assert_status(200, METHOD_GET, VERIFY, .cookie = token);
	ck_assert_status(200, METHOD_GET, CURRENT, .cookie = token);
	ck_assert_int_eq(log_in(ORIGIN, "true"), 200);
	read_cookie(token);
	ck_assert_int_eq(log_in("http://localhost:8080", "true"), 200);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(log_in("https://evil.example", i == 0 ? "false" : "null"), 200);
		ck_assert(answer_says("access_token") && !headers_have("Set-Cookie"));
	}
}
END_TEST

START_TEST(login_by_cookie_is_refused_from_elsewhere_and_where_there_are_none)
{
	ck_assert_int_eq(log_in("https://evil.example", "true"), 403);
	ck_assert(answer_says("\"OriginDenied\"") && !headers_have("Set-Cookie"));
	ck_assert_int_eq(log_in("null", "true"), 403);
	ck_assert_int_eq(log_in(ORIGIN, "1"), 400);
	service_conf.cookie.origins.n = 0;
	ck_assert_int_eq(log_in(ORIGIN, "true"), 400);
	ck_assert(answer_says("\"ValidationError\"") && answer_says("\"pointer\":\"/cookie\""));
	ck_assert_int_eq(log_in(ORIGIN, "false"), 200);
}
END_TEST

START_TEST(cookie_writes_need_an_origin_of_ours)
{
	static const char *const foreign[] = { NULL, "", "null", "https://evil.example",
		"https://example.com:443", "https://example.com:8443", "http://example.com",
		"https://example.com/", "https://EXAMPLE.com", "https://example.com.evil.example",
		"https://xexample.com", "https://example.com https://evil.example",
		"http://localhost" };
	const char *body = "{\"first_name\":\"Ann\"}";

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		ck_assert_answer(403, "OriginDenied", METHOD_PATCH, CURRENT, .cookie = ann_token,
		    .body = body, .origin = foreign[i]);
		ck_assert_answer(403, "OriginDenied", METHOD_POST, LOGOUT, .cookie = ann_token,
		    .origin = foreign[i]);
		ck_assert_status(
		    200, METHOD_GET, CURRENT, .cookie = ann_token, .origin = foreign[i]);
		ck_assert_status(
		    200, METHOD_HEAD, CURRENT, .cookie = ann_token, .origin = foreign[i]);
		/* What a browser doesn't add by itself needs none. */
		ck_assert_status(200, METHOD_PATCH, CURRENT, .token = ann_token, .body = body,
		    .origin = foreign[i]);
	}
	for (size_t i = 0; i < 2; i++)
		ck_assert_status(200, METHOD_PATCH, CURRENT, .cookie = ann_token, .body = body,
		    .origin = origins[i]);
}
END_TEST

START_TEST(cookie_counts_without_a_header_alone)
{
	ck_assert_status(200, METHOD_GET, VERIFY, .token = ann_token, .cookie = "x");
	ck_assert_answer(
	    401, "InvalidTokenHeader", METHOD_GET, VERIFY, .token = "x", .cookie = ann_token);
	ck_assert(headers_have("error=\"invalid_token\""));
	ck_assert_status(200, METHOD_GET, CURRENT, .token = admin_token, .cookie = ann_token);
	ck_assert(answer_says("root@example.com"));
	ck_assert_answer(401, "InvalidTokenHeader", METHOD_GET, VERIFY, .cookie = "a b");
	ck_assert_answer(401, "InvalidTokenHeader", METHOD_GET, VERIFY, .cookie = "x");
	ck_assert(headers_have("error=\"invalid_token\""));
	ck_assert_answer(
	    401, "InvalidTokenHeader", METHOD_GET, VERIFY, .cookie = "x; __Host-affo=y");
	ck_assert_answer(401, "MissingTokenHeader", METHOD_GET, VERIFY, .cookie = "");
	ck_assert(!headers_have("error="));
}
END_TEST

START_TEST(cookie_is_none_where_the_setting_is_empty)
{
	service_conf.cookie.origins.n = 0;
	ck_assert_answer(401, "MissingTokenHeader", METHOD_GET, VERIFY, .cookie = ann_token);
	ck_assert_answer(
	    401, "MissingTokenHeader", METHOD_POST, LOGOUT, .cookie = ann_token, .origin = ORIGIN);
}
END_TEST

START_TEST(cookie_is_refreshed_and_cleared)
{
	char token[TOKEN_MAX];

	service_conf.token.refresh_lifetime_ms = INT64_C(2592000000);
	ck_assert_int_eq(log_in(ORIGIN, "true"), 200);
	read_cookie(token);
	clock_advance(service_conf.token.access_lifetime_ms);
	ck_assert_answer(401, "ExpiredAccessError", METHOD_GET, VERIFY, .cookie = token);
	ck_assert_answer(
	    403, "OriginDenied", METHOD_POST, "/api/v1.0/auth/refresh/", .cookie = token);
	ck_assert_status(
	    200, METHOD_POST, "/api/v1.0/auth/refresh/", .cookie = token, .origin = ORIGIN);
	ck_assert_str_eq(buf_text(&answer.body), "{}");
	read_cookie(token);
	ck_assert_status(204, METHOD_POST, LOGOUT, .cookie = token, .origin = ORIGIN,
	    .body = "{\"scope\":\"others\"}");
	ck_assert_str_eq(buf_text(&answer.headers), "");
	ck_assert_status(200, METHOD_GET, VERIFY, .cookie = token);
	ck_assert_status(204, METHOD_POST, LOGOUT, .cookie = token, .origin = ORIGIN);
	ck_assert_str_eq(buf_text(&answer.headers),
	    "Set-Cookie: __Host-affo=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax\r\n");
	ck_assert_answer(403, "BlacklistedError", METHOD_GET, VERIFY, .cookie = token);
}
END_TEST

START_TEST(cookie_stays_when_the_header_logs_out_and_refreshes)
{
	ck_assert_status(204, METHOD_POST, LOGOUT, .token = admin_token, .cookie = ann_token);
	ck_assert_str_eq(buf_text(&answer.headers), "");
	clock_advance(service_conf.token.access_lifetime_ms);
	ck_assert_status(
	    200, METHOD_POST, "/api/v1.0/auth/refresh/", .token = ann_token, .cookie = ann_token);
	ck_assert(answer_says("access_token") && !headers_have("Set-Cookie"));
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("api_cookie");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, login_sets_the_cookie_that_was_asked_for);
	tcase_add_test(tests, login_by_cookie_is_refused_from_elsewhere_and_where_there_are_none);
	tcase_add_test(tests, cookie_writes_need_an_origin_of_ours);
	tcase_add_test(tests, cookie_counts_without_a_header_alone);
	tcase_add_test(tests, cookie_is_none_where_the_setting_is_empty);
	tcase_add_test(tests, cookie_is_refreshed_and_cleared);
	tcase_add_test(tests, cookie_stays_when_the_header_logs_out_and_refreshes);
	return suite_run();
}
