#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "support/people.h"

/* One request through api_handle(). The default is one that passes all checks. */
struct ask {
	enum method method;
	const char *uri;
	const char *token; /* NULL: none */
	const char *body;
	const char *type; /* NULL: application/json */
	const char *encoding;
	bool is_too_large;
};

static struct api api;
static struct response response;
static char *const base_path = (char[]){ "/api/v1.0" };
static char token[TOKEN_MAX], admin_token[TOKEN_MAX];
static int64_t ann, admin;

/* Gives the status; the answer stays in response. */
static int
ask(struct ask ask)
{
	struct buf storage = BUF_INIT(REQUEST_URI_MAX);
	char header[TOKEN_MAX + 16];
	struct request request = {
		.method = ask.method,
		.id = "the-request",
		.remote_addr = STR("192.0.2.1"),
		.content_type = ask.type == NULL ? STR("application/json") : str_from(ask.type),
		.content_encoding = str_from(ask.encoding),
		.body = str_from(ask.body),
		.is_body_too_large = ask.is_too_large,
	};

	if (ask.token != NULL) {
		(void)snprintf(header, sizeof(header), "Bearer %s", ask.token);
		request.authorization = str_from(header);
	}
	buf_reset(&response.body);
	buf_reset(&response.headers);
	response.content_type = NULL;
	response.cache_control = NULL;
	request_split_path(&request, str_from(ask.uri), &storage);
	api_handle(&api, &request, &response);
	buf_release(&storage);
	ck_assert(buf_ok(&response.body) && buf_ok(&response.headers));
	return response.status;
}

static bool
says(const char *text)
{
	return str_contains(buf_str(&response.body), str_from(text));
}

/* The status is right and the code is this one. */
#define ck_assert_answer(status_wanted, code, by, at, ...)                                         \
	do {                                                                                       \
		int status_ = ask((struct ask){ .method = (by), .uri = (at), ##__VA_ARGS__ });     \
		ck_assert_msg(status_ == (status_wanted) && says("\"code\":\"" code "\""),         \
		    "%d %s", status_, buf_text(&response.body));                                   \
	} while (0)
#define ck_assert_status(status_wanted, by, at, ...)                                               \
	do {                                                                                       \
		int status_ = ask((struct ask){ .method = (by), .uri = (at), ##__VA_ARGS__ });     \
		ck_assert_msg(                                                                     \
		    status_ == (status_wanted), "%d %s", status_, buf_text(&response.body));       \
	} while (0)

/* A user with a password who has just logged in, through the API. */
static int64_t
log_in(const char *email, const char *roles, char ret_token[static TOKEN_MAX])
{
	int64_t id = people_add(email, roles);
	char body[256];
	struct json *doc = NULL;
	struct str text;

	people_set_password(id, PEOPLE_PASSWORD);
	(void)snprintf(
	    body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", email, PEOPLE_PASSWORD);
	ck_assert_status(200, METHOD_POST, "/api/v1.0/auth/login/", .body = body);
	ck_assert_rc(json_parse(buf_str(&response.body), &doc), RC_OK);
	text = json_string(json_member(doc, "access_token"));
	ck_assert_uint_lt(text.len, TOKEN_MAX);
	memcpy(ret_token, text.ptr, text.len);
	ret_token[text.len] = '\0';
	json_free(doc);
	return id;
}

static void
setup(void)
{
	people_setup();
	service_conf.base_path = base_path;
	service_conf.time_format = CONF_TIME_RFC3339;
	api = (struct api){ .service = service, .conf = &service_conf };
	response = (struct response){ .body = BUF_INIT(RESPONSE_BODY_MAX),
		.headers = BUF_INIT(RESPONSE_HEADERS_MAX) };
	ann = log_in("ann@example.com", "", token);
	admin = log_in("root@example.com", "admin", admin_token);
}

static void
teardown(void)
{
	buf_release(&response.body);
	buf_release(&response.headers);
	service_conf.base_path = NULL;
	people_teardown();
}

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
	ck_assert_answer(415, "UnsupportedMediaType", METHOD_PATCH, role, .token = token,
	    .type = "text/plain", .body = "{");
	ck_assert_answer(415, "UnsupportedMediaType", METHOD_PATCH, role, .token = token,
	    .encoding = "gzip", .body = "{");
	ck_assert_answer(400, "BadRequest", METHOD_PATCH, role, .token = token, .body = "{");
	ck_assert_answer(
	    400, "ValidationError", METHOD_PATCH, role, .token = token, .body = "[\"a,b\"]");
	ck_assert_answer(
	    403, "MissingRoleError", METHOD_PATCH, role, .token = token, .body = "[\"a\"]");
	ck_assert_answer(
	    400, "NoSuchUser", METHOD_PATCH, role, .token = admin_token, .body = "[\"a\"]");
	ck_assert_answer(403, "AccessDenied", METHOD_GET, role, .token = token);
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
	    buf_text(&response.headers), "Location: /api/v1.0/auth/lo%67in/?a=/&b=%2F\r\n");
	ck_assert_uint_eq(response.body.len, 0);
	ck_assert_status(308, METHOD_OTHER, "/api/v1.0/user/current");
	ck_assert_str_eq(buf_text(&response.headers), "Location: /api/v1.0/user/current/\r\n");
}
END_TEST

START_TEST(answer_to_a_missing_slash_is_bounded)
{
	static char uri[RESPONSE_HEADERS_MAX + 64];

	(void)snprintf(uri, sizeof(uri), "/api/v1.0/user?%0*d", RESPONSE_HEADERS_MAX, 0);
	ck_assert_answer(400, "BadRequest", METHOD_GET, uri);
}
END_TEST

START_TEST(options_are_answered_without_a_token)
{
	ck_assert_status(204, METHOD_OPTIONS, "/api/v1.0/user/current/");
	ck_assert_str_eq(
	    buf_text(&response.headers), "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
	ck_assert_answer(405, "MethodNotAllowed", METHOD_POST, "/api/v1.0/user/current/");
	ck_assert_str_eq(
	    buf_text(&response.headers), "Allow: GET, HEAD, PATCH, DELETE, OPTIONS\r\n");
}
END_TEST

START_TEST(public_routes_ignore_a_token)
{
	ck_assert_answer(401, "AuthFailure", METHOD_POST, "/api/v1.0/auth/login/", .token = "\x01",
	    .body = "{\"email\":\"a\",\"password\":\"b\"}");
	ck_assert_str_eq(
	    buf_text(&response.headers), "WWW-Authenticate: Bearer realm=\"affo\"\r\n");
	ck_assert_answer(
	    401, "InvalidTokenHeader", METHOD_GET, "/api/v1.0/user/current/", .token = "\x01");
	ck_assert_str_eq(buf_text(&response.headers),
	    "WWW-Authenticate: Bearer realm=\"affo\", error=\"invalid_token\"\r\n");
}
END_TEST

START_TEST(routes_without_a_body_look_at_none)
{
	ck_assert_status(200, METHOD_GET, "/api/v1.0/auth/verify_token/", .token = token,
	    .type = "text/plain", .encoding = "br", .body = "{");
	ck_assert_status(
	    204, METHOD_POST, "/api/v1.0/auth/logout/", .token = token, .body = "\xff");
	ck_assert_ptr_null(response.content_type);
	ck_assert_answer(
	    403, "BlacklistedError", METHOD_POST, "/api/v1.0/auth/logout/", .token = token);
}
END_TEST

START_TEST(refresh_and_logout_take_an_expired_token)
{
	ck_assert_answer(
	    401, "EarlyRefreshError", METHOD_POST, "/api/v1.0/auth/refresh/", .token = token);
	clock_advance(901000);
	ck_assert_answer(
	    401, "ExpiredAccessError", METHOD_GET, "/api/v1.0/auth/verify_token/", .token = token);
	ck_assert_status(200, METHOD_POST, "/api/v1.0/auth/refresh/", .token = token);
	ck_assert(says("{\"access_token\":\""));
	ck_assert_status(204, METHOD_POST, "/api/v1.0/auth/logout/", .token = admin_token);
}
END_TEST

START_TEST(register_answers_with_the_user_and_a_token)
{
	ck_assert_status(201, METHOD_POST, "/api/v1.0/user/",
	    .body = "{\"email\":\"New@Example.com\",\"password\":null,\"phone\":\"\","
	            "\"first_name\":\"A\"}");
	ck_assert(says("\"email\":\"New@Example.com\",\"phone\":null,\"first_name\":\"A\","
	               "\"last_name\":null,\"is_active\":true,\"last_login\":\"2025-12-01T00:00:"
	               "00Z\",\"roles\":[],"));
	ck_assert(says("\"phone_verified\":false,\"access_token\":\""));
	ck_assert_answer(400, "AlreadyExists", METHOD_POST, "/api/v1.0/user/",
	    .body = "{\"email\":\"new@example.com\"}");
}
END_TEST

START_TEST(register_names_all_that_is_wrong_once)
{
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/user/",
	    .body = "{\"email\":7,\"password\":\"short\",\"phone\":\"x\",\"last_name\":[],"
	            "\"roles\":[\"admin\"],\"id\":1}");
	ck_assert(says("{\"pointer\":\"/roles\",") && says("{\"pointer\":\"/id\","));
	ck_assert(says("{\"pointer\":\"/email\",\"detail\":\"A string is needed.\"}"));
	ck_assert(says("{\"pointer\":\"/last_name\",\"detail\":\"A string or null is needed.\"}"));
	ck_assert(says("{\"pointer\":\"/password\",") && says("{\"pointer\":\"/phone\","));
	ck_assert(!says("e-mail address"));
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/user/", .body = "[]");
	ck_assert(says("[{\"pointer\":\"\",\"detail\":\"An object is needed.\"}]"));
	ck_assert_answer(400, "BadRequest", METHOD_POST, "/api/v1.0/user/");
}
END_TEST

START_TEST(change_takes_back_what_was_read)
{
	char text[2048];

	ck_assert_status(200, METHOD_GET, "/api/v1.0/user/current/", .token = token);
	(void)snprintf(text, sizeof(text), "%s", buf_text(&response.body));
	ck_assert_status(
	    200, METHOD_PATCH, "/api/v1.0/user/current/", .token = token, .body = text);
	ck_assert_str_eq(buf_text(&response.body), text);
	ck_assert_status(
	    200, METHOD_PATCH, "/api/v1.0/user/current/", .token = token, .body = "{}");
}
END_TEST

START_TEST(change_refuses_members_that_it_does_not_know)
{
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, "/api/v1.0/user/current/",
	    .token = token, .body = "{\"password\":\"long enough\",\"first_name\":\"B\"}");
	ck_assert(says("[{\"pointer\":\"/password\","));
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, "/api/v1.0/user/current/",
	    .token = token, .body = "{\"email\":null,\"phone\":\"x\",\"y\":1}");
	ck_assert(says("\"/email\"") && says("\"/phone\"") && says("\"/y\""));
	ck_assert_status(200, METHOD_GET, "/api/v1.0/user/current/", .token = token);
	ck_assert(says("\"first_name\":null"));
}
END_TEST

START_TEST(roles_are_an_array_of_at_most_sixteen_strings)
{
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "/api/v1.0/user/%lld/role/", (long long)ann);
	ck_assert_status(200, METHOD_PATCH, uri, .token = admin_token, .body = "[\"a\",\"b c\"]");
	ck_assert_str_eq(buf_text(&response.body), "[\"a\",\"b c\"]");
	ck_assert_status(200, METHOD_GET, uri, .token = token);
	ck_assert_str_eq(buf_text(&response.body), "[\"a\",\"b c\"]");
	ck_assert_status(200, METHOD_PATCH, uri, .token = admin_token,
	    .body = "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\","
	            "\"m\",\"n\",\"o\",\"p\"]");
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, uri, .token = admin_token,
	    .body = "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\","
	            "\"m\",\"n\",\"o\",\"p\",\"q\"]");
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, uri, .token = admin_token,
	    .body = "[\"a\",null,3]");
	ck_assert(says("\"/1\"") && says("\"/2\"") && !says("\"/0\""));
	ck_assert_answer(400, "ValidationError", METHOD_PATCH, uri, .token = admin_token,
	    .body = "{\"roles\":[]}");
	ck_assert_status(200, METHOD_PATCH, uri, .token = admin_token, .body = "[]");
	ck_assert_str_eq(buf_text(&response.body), "[]");
}
END_TEST

START_TEST(passwords_and_deactivation_answer_without_a_body)
{
	char uri[64];

	ck_assert_answer(400, "ValidationError", METHOD_POST,
	    "/api/v1.0/user/current/set_password/", .token = token, .body = "{}");
	ck_assert_status(200, METHOD_POST, "/api/v1.0/user/current/set_password/", .token = token,
	    .body = "{\"password\":\"battery staple\"}");
	ck_assert_uint_eq(response.body.len, 0);
	ck_assert_ptr_null(response.content_type);
	(void)snprintf(uri, sizeof(uri), "/api/v1.0/user/%lld/", (long long)ann);
	ck_assert_answer(403, "MissingRoleError", METHOD_DELETE, uri, .token = token);
	ck_assert_status(204, METHOD_DELETE, uri, .token = admin_token);
	ck_assert_answer(403, "BlacklistedError", METHOD_GET, uri, .token = token);
}
END_TEST

START_TEST(messages_are_asked_for_and_confirmed)
{
	ck_assert_status(200, METHOD_POST, "/api/v1.0/verification/phone/",
	    .body = "{\"phone\":\"" PEOPLE_TEST_PHONE "\",\"resend\":null,\"other\":1}");
	ck_assert_uint_eq(response.body.len, 0);
	ck_assert_ptr_null(response.content_type);
	ck_assert_answer(400, "InvalidPhone", METHOD_POST, "/api/v1.0/verification/phone/",
	    .body = "{\"phone\":\"12\"}");
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/verification/phone/",
	    .body = "{\"resend\":\"no\"}");
	ck_assert(says("\"/phone\"") && says("\"/resend\""));
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

	api.is_fast_only = true;
	for (size_t i = 0; i < sizeof(hashing) / sizeof(hashing[0]); i++) {
		ck_assert_answer(
		    503, "Unavailable", METHOD_POST, hashing[i], .token = token, .body = "{}");
		ck_assert(str_contains(buf_str(&response.headers), STR("Retry-After: ")));
	}
	ck_assert_status(204, METHOD_OPTIONS, hashing[0]);
	ck_assert_answer(403, "AccessDenied", METHOD_POST, "/api/v1.0/user/a%2Fb/set_password/",
	    .token = token, .body = "{\"password\":\"battery staple\"}");
	ck_assert_status(200, METHOD_GET, "/api/v1.0/user/current/", .token = token);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("api");

	tcase_add_checked_fixture(tests, setup, teardown);
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
