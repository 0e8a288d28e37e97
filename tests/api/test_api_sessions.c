/* Logging out and the routes of logins. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "support/asking.h"

static void
check_alive(const char *of, bool is_alive)
{
	ck_assert_status(
	    is_alive ? 200 : 403, METHOD_GET, "/api/v1.0/auth/verify_token/", .token = of);
	ck_assert(is_alive || answer_says("\"BlacklistedError\""));
}

START_TEST(logout_without_a_scope_is_that_of_the_token)
{
	static const struct ask bodies[] = { { .body = "" }, { .body = "null" }, { .body = "{}" },
		{ .body = "{\"scope\":null,\"x\":1}" }, { .body = "{\"scope\":\"local\"}" },
		{ .body = "<x/>", .type = "text/xml" },
		{ .body = "{\"scope\":\"all\"}", .type = "text/plain", .encoding = "gzip" } };
	char other[TOKEN_MAX];

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		asking_log_in("ann@example.com", other);
		ck_assert_status(204, METHOD_POST, "/api/v1.0/auth/logout/", .token = other,
		    .body = bodies[i].body, .type = bodies[i].type, .encoding = bodies[i].encoding);
		ck_assert_uint_eq(answer.body.len, 0);
		ck_assert_ptr_null(answer.content_type);
		check_alive(other, false);
		check_alive(ann_token, true);
	}
	ck_assert_answer(
	    403, "BlacklistedError", METHOD_POST, "/api/v1.0/auth/logout/", .token = other);
}
END_TEST

START_TEST(logout_takes_a_scope)
{
	static const char *const wrong[] = { "{\"scope\":\"al\"}", "{\"scope\":1}",
		"{\"scope\":\"\"}" };
	char second[TOKEN_MAX], third[TOKEN_MAX];

	asking_log_in("ann@example.com", second);
	asking_log_in("ann@example.com", third);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/auth/logout/",
		    .token = ann_token, .body = wrong[i]);
		ck_assert(answer_says("[{\"pointer\":\"/scope\","));
	}
	ck_assert_answer(400, "ValidationError", METHOD_POST, "/api/v1.0/auth/logout/",
	    .token = ann_token, .body = "[]");
	ck_assert_answer(400, "BadRequest", METHOD_POST, "/api/v1.0/auth/logout/",
	    .token = ann_token, .body = "{");
	ck_assert_answer(415, "UnsupportedMediaType", METHOD_POST, "/api/v1.0/auth/logout/",
	    .token = ann_token, .body = "{}", .encoding = "gzip");
	check_alive(ann_token, true);
	ck_assert_status(204, METHOD_POST, "/api/v1.0/auth/logout/", .token = second,
	    .body = "{\"scope\":\"others\"}");
	check_alive(ann_token, false);
	check_alive(second, true);
	check_alive(third, false);
	asking_log_in("ann@example.com", third);
	ck_assert_status(204, METHOD_POST, "/api/v1.0/auth/logout/", .token = third,
	    .body = "{\"scope\":\"all\"}", .type = "application/vnd.api+json");
	check_alive(second, false);
	check_alive(third, false);
	check_alive(admin_token, true);
}
END_TEST

/* The id of the n-th login in the answer; "" when there are fewer. */
static const char *
session_id(size_t n, bool is_current)
{
	static char id[RANDOM_ID_LEN + 1];
	struct json *doc = NULL;
	const struct json *item;
	struct str text;

	id[0] = '\0';
	ck_assert_rc(json_parse(buf_str(&answer.body), &doc), RC_OK);
	for (item = json_first(doc); item != NULL && n > 0; n--)
		item = json_next(item);
	if (item != NULL) {
		text = json_string(json_member(item, "id"));
		(void)snprintf(id, sizeof(id), STR_FMT, STR_ARG(text));
		ck_assert(json_bool(json_member(item, "current")) == is_current);
	}
	json_free(doc);
	return id;
}

START_TEST(sessions_are_listed_and_ended)
{
	static const char *const wrong[] = { "", "?", "?scope=", "?scope=local", "?scope=All",
		"?scope=others&scope=all", "?scope=allallallallallall", "?x=all" };
	char uri[128], second[TOKEN_MAX], third[TOKEN_MAX];

	clock_advance(1000);
	asking_log_in("ann@example.com", second);
	ck_assert_status(200, METHOD_GET, "/api/v1.0/user/current/session/", .token = second);
	ck_assert_uint_eq(strlen(session_id(1, false)), RANDOM_ID_LEN);
	ck_assert_str_eq(session_id(2, false), "");
	ck_assert(answer_says("\"ip\":\"192.0.2.1\",\"user_agent\":null,\"current\":true},{"));
	(void)snprintf(
	    uri, sizeof(uri), "/api/v1.0/user/current/session/%s/", session_id(1, false));
	ck_assert_answer(404, "NotFound", METHOD_DELETE, uri, .token = admin_token);
	ck_assert_status(204, METHOD_DELETE, uri, .token = second);
	ck_assert_uint_eq(answer.body.len, 0);
	ck_assert_answer(404, "NotFound", METHOD_DELETE, uri, .token = second);
	check_alive(ann_token, false);

	asking_log_in("ann@example.com", third);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(uri, sizeof(uri), "/api/v1.0/user/999/session/%s", wrong[i]);
		ck_assert_answer(400, "ValidationError", METHOD_DELETE, uri, .token = third);
		ck_assert(answer_says("[{\"pointer\":\"/scope\","));
	}
	ck_assert_answer(403, "AccessDenied", METHOD_DELETE,
	    "/api/v1.0/user/999/session/?scope=all", .token = third);
	ck_assert_status(
	    204, METHOD_DELETE, "/api/v1.0/user/current/session/?scope=others", .token = third);
	check_alive(second, false);
	check_alive(third, true);
	(void)snprintf(uri, sizeof(uri), "/api/v1.0/user/%lld/session/?scope=all", (long long)ann);
	ck_assert_status(204, METHOD_DELETE, uri, .token = admin_token);
	check_alive(third, false);
	check_alive(admin_token, true);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("api_sessions");

	tcase_add_checked_fixture(tests, asking_setup, asking_teardown);
	tcase_add_test(tests, logout_without_a_scope_is_that_of_the_token);
	tcase_add_test(tests, logout_takes_a_scope);
	tcase_add_test(tests, sessions_are_listed_and_ended);
	return suite_run();
}
