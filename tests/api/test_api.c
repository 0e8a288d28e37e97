#include "api/api.h"

#include <stdio.h>

#include "base/clock.h"
#include "support/asking.h"

/* From the last check to the first: each request is mended by one thing more than the one before
 * it, and still has all that would be refused later. */
START_TEST(checks_are_made_in_the_order_of_the_contract)
{
	const char *role = "/api/v1.0/user/999/role/";

	ck_assert_answer(404, "NotFound", METHOD_PUT, "/api/v1.0/user/999/rolle/",
	    .is_too_large = true, .type = "text/plain", .body = "{");
	ck_assert_answer(405, "MethodNotAllowed", METHOD_PUT, role, .is_too_large = true,
	    .type = "text/plain", .body = "{");
	ck_assert_answer(413, "BodyTooLarge", METHOD_PATCH, role, .is_too_large = true,
	    .type = "text/plain", .body = "{");
	ck_assert_answer(
	    401, "MissingTokenHeader", METHOD_PATCH, role, .type = "text/plain", .body = "{");
	ck_assert_answer(401, "InvalidTokenHeader", METHOD_PATCH, role, .token = "x",
	    .type = "text/plain", .body = "{");
	ck_assert_answer(415, "UnsupportedMediaType", METHOD_PATCH, role, .token = ann_token,
	    .type = "text/plain", .body = "{");
	ck_assert_answer(415, "UnsupportedMediaType", METHOD_PATCH, role, .token = ann_token,
	    .encoding = "gzip", .body = "{");
	ck_assert_answer(400, "BadRequest", METHOD_PATCH, role, .token = ann_token, .body = "{");
	ck_assert_answer(
	    400, "ValidationError", METHOD_PATCH, role, .token = ann_token, .body = "[\"a,b\"]");
	ck_assert_answer(
	    403, "MissingRoleError", METHOD_PATCH, role, .token = ann_token, .body = "[\"a\"]");
	ck_assert_answer(
	    400, "NoSuchUser", METHOD_PATCH, role, .token = admin_token, .body = "[\"a\"]");
	ck_assert_answer(403, "AccessDenied", METHOD_GET, role, .token = ann_token);
}
END_TEST

START_TEST(path_that_cannot_be_decoded_is_refused_first)
{
	ck_assert_answer(400, "BadRequest", METHOD_PUT, "/%zz");
}
END_TEST

START_TEST(answer_to_a_missing_slash_keeps_path_and_query)
{
	ck_assert_status(308, METHOD_POST, "/api/v1.0/auth/lo%67in?a=/&b=%2F", .body = "x");
	ck_assert_str_eq(
	    buf_text(&answer.headers), "Location: /api/v1.0/auth/lo%67in/?a=/&b=%2F\r\n");
	ck_assert_uint_eq(answer.body.len, 0);
	ck_assert_status(308, METHOD_OTHER, "/api/v1.0/user/current");
	ck_assert_str_eq(buf_text(&answer.headers), "Location: /api/v1.0/user/current/\r\n");
}
END_TEST

START_TEST(answer_to_a_missing_slash_is_bounded)
{
	static char uri[REQUEST_URI_MAX + 1];

	(void)snprintf(uri, sizeof(uri), "/api/v1.0/user?%0*d", REQUEST_URI_MAX - 15, 0);
	ck_assert_answer(400, "BadRequest", METHOD_GET, uri);
}
END_TEST

START_TEST(options_are_answered_without_a_token)
{
	ck_assert_status(204, METHOD_OPTIONS, "/api/v1.0/user/current/");
	ck_assert_str_eq(buf_text(&answer.headers), "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
	ck_assert_answer(405, "MethodNotAllowed", METHOD_POST, "/api/v1.0/user/current/");
	ck_assert_str_eq(buf_text(&answer.headers), "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
}
END_TEST

START_TEST(public_routes_ignore_a_token)
{
	ck_assert_answer(401, "AuthFailure", METHOD_POST, "/api/v1.0/auth/login/", .token = "\x01",
	    .body = "{\"email\":\"a\",\"password\":\"b\"}");
	ck_assert_str_eq(buf_text(&answer.headers), "WWW-Authenticate: Bearer realm=\"affo\"\r\n");
	ck_assert_answer(
	    401, "InvalidTokenHeader", METHOD_GET, "/api/v1.0/user/current/", .token = "\x01");
	ck_assert_str_eq(buf_text(&answer.headers),
	    "WWW-Authenticate: Bearer realm=\"affo\", error=\"invalid_token\"\r\n");
}
END_TEST

START_TEST(routes_without_a_body_look_at_none)
{
	ck_assert_status(200, METHOD_GET, "/api/v1.0/auth/verify_token/", .token = ann_token,
	    .type = "text/plain", .encoding = "br", .body = "{");
	ck_assert_answer(401, "EarlyRefreshError", METHOD_POST, "/api/v1.0/auth/refresh/",
	    .token = ann_token, .body = "\xff");
}
END_TEST

START_TEST(refresh_and_logout_take_an_expired_token)
{
	ck_assert_answer(
	    401, "EarlyRefreshError", METHOD_POST, "/api/v1.0/auth/refresh/", .token = ann_token);
	clock_advance(901000);
	ck_assert_answer(401, "ExpiredAccessError", METHOD_GET, "/api/v1.0/auth/verify_token/",
	    .token = ann_token);
	ck_assert_status(200, METHOD_POST, "/api/v1.0/auth/refresh/", .token = ann_token);
	ck_assert(answer_says("{\"access_token\":\""));
	ck_assert_status(204, METHOD_POST, "/api/v1.0/auth/logout/", .token = admin_token);
}
END_TEST

START_TEST(register_answers_with_the_user_and_a_token)
{
	ck_assert_status(201, METHOD_POST, "/api/v1.0/user/",
	    .body = "{\"email\":\"New@Example.com\",\"password\":null,\"phone\":\"\","
	            "\"first_name\":\"A\"}");
	ck_assert(
	    answer_says("\"email\":\"New@Example.com\",\"phone\":null,\"first_name\":\"A\","
	                "\"last_name\":null,\"is_active\":true,\"last_login\":\"2025-12-01T00:00:"
	                "00Z\",\"roles\":[],"));
	ck_assert(answer_says("\"phone_verified\":false,\"access_token\":\""));
	ck_assert_answer(400, "AlreadyExists", METHOD_POST, "/api/v1.0/user/",
	    .body = "{\"email\":\"new@example.com\"}");
}
END_TEST

START_TEST(register_names_all_that_is_wrong_once)
{
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/user/",
	    .body = "{\"email\":7,\"password\":\"short\",\"phone\":\"x\",\"last_name\":[],"
	            "\"roles\":[\"admin\"],\"id\":1}");
	ck_assert(answer_says("{\"pointer\":\"/roles\",") && answer_says("{\"pointer\":\"/id\","));
	ck_assert(answer_says("{\"pointer\":\"/email\",\"detail\":\"A string is needed.\"}"));
	ck_assert(
	    answer_says("{\"pointer\":\"/last_name\",\"detail\":\"A string or null is needed.\"}"));
	ck_assert(
	    answer_says("{\"pointer\":\"/password\",") && answer_says("{\"pointer\":\"/phone\","));
	ck_assert(!answer_says("e-mail address"));
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/user/", .body = "[]");
	ck_assert(answer_says("[{\"pointer\":\"\",\"detail\":\"An object is needed.\"}]"));
	ck_assert_answer(400, "BadRequest", METHOD_POST, "/api/v1.0/user/");
}
END_TEST

START_TEST(change_takes_back_what_was_read)
{
	char text[2048];

	ck_assert_status(200, METHOD_GET, "/api/v1.0/user/current/", .token = ann_token);
	(void)snprintf(text, sizeof(text), "%s", buf_text(&answer.body));
	ck_assert_status(
	    200, METHOD_PATCH, "/api/v1.0/user/current/", .token = ann_token, .body = text);
	ck_assert_str_eq(buf_text(&answer.body), text);
	ck_assert_status(
	    200, METHOD_PATCH, "/api/v1.0/user/current/", .token = ann_token, .body = "{}");
}
END_TEST

START_TEST(change_refuses_members_that_it_does_not_know)
{
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, "/api/v1.0/user/current/",
	    .token = ann_token, .body = "{\"password\":\"long enough\",\"first_name\":\"B\"}");
	ck_assert(answer_says("[{\"pointer\":\"/password\","));
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, "/api/v1.0/user/current/",
	    .token = ann_token, .body = "{\"email\":null,\"phone\":\"x\",\"y\":1}");
	ck_assert(answer_says("\"/email\"") && answer_says("\"/phone\"") && answer_says("\"/y\""));
	ck_assert_status(200, METHOD_GET, "/api/v1.0/user/current/", .token = ann_token);
	ck_assert(answer_says("\"first_name\":null"));
}
END_TEST

START_TEST(roles_are_an_array_of_at_most_sixteen_strings)
{
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "/api/v1.0/user/%lld/role/", (long long)ann);
	ck_assert_status(200, METHOD_PATCH, uri, .token = admin_token, .body = "[\"a\",\"b c\"]");
	ck_assert_str_eq(buf_text(&answer.body), "[\"a\",\"b c\"]");
	ck_assert_status(200, METHOD_GET, uri, .token = ann_token);
	ck_assert_str_eq(buf_text(&answer.body), "[\"a\",\"b c\"]");
	ck_assert_status(200, METHOD_PATCH, uri, .token = admin_token,
	    .body = "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\","
	            "\"m\",\"n\",\"o\",\"p\"]");
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, uri, .token = admin_token,
	    .body = "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\","
	            "\"m\",\"n\",\"o\",\"p\",\"q\"]");
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, uri, .token = admin_token,
	    .body = "[\"a\",null,3]");
	ck_assert(answer_says("\"/1\"") && answer_says("\"/2\"") && !answer_says("\"/0\""));
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, uri, .token = admin_token,
	    .body = "{\"roles\":[]}");
	ck_assert_status(200, METHOD_PATCH, uri, .token = admin_token, .body = "[]");
	ck_assert_str_eq(buf_text(&answer.body), "[]");
}
END_TEST

START_TEST(passwords_and_deactivation_answer_without_a_body)
{
	char uri[64];

	ck_assert_answer(400, "ValidationError", METHOD_POST,
	    "/api/v1.0/user/current/set_password/", .token = ann_token, .body = "{}");
	ck_assert_status(200, METHOD_POST, "/api/v1.0/user/current/set_password/",
	    .token = ann_token, .body = "{\"password\":\"battery staple\"}");
	ck_assert_uint_eq(answer.body.len, 0);
	ck_assert_ptr_null(answer.content_type);
	(void)snprintf(uri, sizeof(uri), "/api/v1.0/user/%lld/", (long long)ann);
	ck_assert_answer(403, "MissingRoleError", METHOD_DELETE, uri, .token = ann_token);
	ck_assert_status(204, METHOD_DELETE, uri, .token = admin_token);
	ck_assert_answer(403, "BlacklistedError", METHOD_GET, uri, .token = ann_token);
}
END_TEST

START_TEST(messages_are_asked_for_and_confirmed)
{
	ck_assert_status(200, METHOD_POST, "/api/v1.0/verification/phone/",
	    .body = "{\"phone\":\"" PEOPLE_TEST_PHONE "\",\"resend\":null,\"other\":1}");
	ck_assert_uint_eq(answer.body.len, 0);
	ck_assert_ptr_null(answer.content_type);
	ck_assert_answer(400, "InvalidPhone", METHOD_POST, "/api/v1.0/verification/phone/",
	    .body = "{\"phone\":\"12\"}");
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/verification/phone/",
	    .body = "{\"resend\":\"no\"}");
	ck_assert(answer_says("\"/phone\"") && answer_says("\"/resend\""));
	ck_assert_answer(400, "InvalidPhoneCode", METHOD_POST,
	    "/api/v1.0/verification/phone/confirm/",
	    .body = "{\"phone\":\"" PEOPLE_TEST_PHONE "\",\"code\":\"2222\"}");
	ck_assert_status(200, METHOD_POST, "/api/v1.0/verification/phone/confirm/",
	    .body = "{\"phone\":\"" PEOPLE_TEST_PHONE "\",\"code\":\"1111\"}");
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/password/reset/",
	    .body = "{\"email\":\"ann@example.com\",\"url_template\":\"https://evil/{token}\"}");
	ck_assert_status(200, METHOD_POST, "/api/v1.0/password/reset/",
	    .body = "{\"email\":\"nobody@example.com\",\"url_template\":\"{token}\"}");
	ck_assert_answer(400, "InvalidToken", METHOD_POST, "/api/v1.0/password/reset/confirm/",
	    .body = "{\"token\":\"x\",\"new_password\":\"battery staple\"}");
}
END_TEST

START_TEST(fast_pool_leaves_hashing_to_the_other)
{
	static const char *const hashing[] = { "/api/v1.0/auth/login/", "/api/v1.0/user/",
		"/api/v1.0/user/1/set_password/", "/api/v1.0/user/current/set_password/",
		"/api/v1.0/password/reset/confirm/" };

	asking_api.is_fast_only = true;
	for (size_t i = 0; i < sizeof(hashing) / sizeof(hashing[0]); i++) {
		ck_assert_answer(
		    503, "Unavailable", METHOD_POST, hashing[i], .token = ann_token, .body = "{}");
		ck_assert(str_contains(buf_str(&answer.headers), STR("Retry-After: ")));
	}
	ck_assert_status(204, METHOD_OPTIONS, hashing[0]);
	ck_assert_answer(403, "AccessDenied", METHOD_POST, "/api/v1.0/user/a%2Fb/set_password/",
	    .token = ann_token, .body = "{\"password\":\"battery staple\"}");
	ck_assert_status(200, METHOD_GET, "/api/v1.0/user/current/", .token = ann_token);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("api");

	tcase_add_checked_fixture(tests, asking_setup, asking_teardown);
	tcase_add_test(tests, checks_are_made_in_the_order_of_the_contract);
	tcase_add_test(tests, path_that_cannot_be_decoded_is_refused_first);
	tcase_add_test(tests, answer_to_a_missing_slash_keeps_path_and_query);
	tcase_add_test(tests, answer_to_a_missing_slash_is_bounded);
	tcase_add_test(tests, options_are_answered_without_a_token);
	tcase_add_test(tests, public_routes_ignore_a_token);
	tcase_add_test(tests, routes_without_a_body_look_at_none);
	tcase_add_test(tests, refresh_and_logout_take_an_expired_token);
	tcase_add_test(tests, register_answers_with_the_user_and_a_token);
	tcase_add_test(tests, register_names_all_that_is_wrong_once);
	tcase_add_test(tests, change_takes_back_what_was_read);
	tcase_add_test(tests, change_refuses_members_that_it_does_not_know);
	tcase_add_test(tests, roles_are_an_array_of_at_most_sixteen_strings);
	tcase_add_test(tests, passwords_and_deactivation_answer_without_a_body);
	tcase_add_test(tests, messages_are_asked_for_and_confirmed);
	tcase_add_test(tests, fast_pool_leaves_hashing_to_the_other);
	return suite_run();
}
