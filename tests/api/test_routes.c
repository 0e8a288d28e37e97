#include "api/routes.h"

#include <stdio.h>
#include <string.h>

#include "api/authorization.h"
#include "domain/service.h"
#include "support/suite.h"

static struct request request;
static struct buf storage;
static struct route_match match;

static void
setup(void)
{
	memset(&request, 0, sizeof(request));
	storage = BUF_INIT(REQUEST_URI_MAX);
}

static void
teardown(void)
{
	buf_release(&storage);
}

static const struct route *
find(enum method method, const char *uri)
{
	request.method = method;
	request_split_path(&request, str_from(uri), &storage);
	ck_assert(!request.is_bad_path);
	routes_find(STR("/api/v1.0"), &request, &match);
	return match.route;
}

static bool
is_known(const char *uri)
{
	(void)find(METHOD_GET, uri);
	return match.is_known;
}

START_TEST(routes_find_every_row_of_the_table)
{
	size_t n;
	const struct route *table = routes_table(&n);
	char uri[256], *at;

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(uri, sizeof(uri), "/api/v1.0%s?x=1", table[i].pattern);
		if ((at = strstr(uri, "{user_id}")) != NULL)
			memmove(at + 1, at + 9, strlen(at + 9) + 1), *at = '7';
		ck_assert_ptr_eq(find(table[i].method, uri), &table[i]);
		ck_assert(match.is_known && !match.lacks_slash);
		ck_assert_int_eq(match.user_id, at == NULL ? 0 : 7);
		/* Exactly one of the ways to be let in. */
		ck_assert_int_eq(
		    __builtin_popcount(table[i].flags & (ROUTE_PUBLIC | ROUTE_BEARER |
		                                            ROUTE_BEARER_ANY_TIME | ROUTE_REFRESH)),
		    1);
	}
}
END_TEST

START_TEST(routes_say_what_is_allowed)
{
	ck_assert_ptr_null(find(METHOD_PUT, "/api/v1.0/user/current/"));
	ck_assert(match.is_known);
	ck_assert_str_eq(match.allow, "GET, HEAD, PATCH, DELETE, OPTIONS");
	ck_assert_ptr_null(find(METHOD_OTHER, "/api/v1.0/auth/login/"));
	ck_assert_str_eq(match.allow, "POST, OPTIONS");
	ck_assert_ptr_null(find(METHOD_GET, "/api/v1.0/auth/login/"));
	ck_assert_ptr_nonnull(find(METHOD_HEAD, "/api/v1.0/user/1/role/"));
	ck_assert_str_eq(match.allow, "GET, HEAD, PATCH, OPTIONS");
	ck_assert_ptr_null(find(METHOD_HEAD, "/api/v1.0/user/"));
}
END_TEST

START_TEST(routes_know_a_path_that_lacks_only_its_slash)
{
	ck_assert(is_known("/api/v1.0/user") && match.lacks_slash);
	ck_assert(is_known("/api/v1.0/user/3?x") && match.lacks_slash);
	ck_assert(is_known("/api/v1.0/password/reset/confirm") && match.lacks_slash);
	ck_assert(is_known("/api/v1.0/user/") && !match.lacks_slash);
	ck_assert(is_known("/api/v1.0/openapi.json") && !match.lacks_slash);
	ck_assert(!is_known("/api/v1.0/openapi.json/"));
}
END_TEST

START_TEST(routes_know_no_other_path)
{
	static const char *const unknown[] = { "/", "/api", "/api/v1.0", "/api/v1.0/",
		"/api/v1.1/user/", "/API/v1.0/user/", "/x/api/v1.0/user/", "//api/v1.0/user/",
		"/api//v1.0/user/", "/api/v1.0//user/", "/api/v1.0/user//", "/api/v1.0/user/3//",
		"/api/v1.0/./user/", "/api/v1.0/auth/../user/", "/api/v1.0/auth/",
		"/api/v1.0/auth/login/x", "/api/v1.0/User/", "/api/v1.0/user/3/roles/",
		"/api/v1.0%2Fuser/", "/api/v1.0/auth%2Flogin/", "/api/v1.0/user/3/role/x/" };

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		ck_assert_msg(!is_known(unknown[i]), "%s is a route", unknown[i]);
}
END_TEST

START_TEST(routes_decode_segments)
{
	ck_assert_ptr_nonnull(find(METHOD_POST, "/%61pi/v1%2e0/auth/lo%67in/"));
	ck_assert(is_known("/api/v1.0/user/%63urrent/") && match.is_current);
}
END_TEST

START_TEST(routes_take_an_id_in_decimal_and_any_other_text_for_nobody)
{
	static const char *const nobody[] = { "0", "01", "-1", "+1", "1.0", "0x1", "%201",
		"9223372036854775808", "99999999999999999999", "Current", "me", "a%2Fb", "." };
	char uri[128];

	ck_assert(is_known("/api/v1.0/user/current/"));
	ck_assert(match.has_user_id && match.is_current && match.user_id == 0);
	ck_assert(is_known("/api/v1.0/user/9223372036854775807/"));
	ck_assert(!match.is_current && match.user_id == INT64_MAX);
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		(void)snprintf(uri, sizeof(uri), "/api/v1.0/user/%s/", nobody[i]);
		ck_assert_msg(is_known(uri), "%s is unknown", uri);
		ck_assert_msg(!match.is_current && match.user_id == 0, "%s is somebody", uri);
	}
}
END_TEST

START_TEST(routes_take_any_text_for_the_id_of_a_session)
{
	ck_assert_ptr_nonnull(find(METHOD_DELETE, "/api/v1.0/user/3/session/a%2Fb/?x"));
	ck_assert_text(match.session_id, "a/b");
	ck_assert_int_eq(match.user_id, 3);
	ck_assert_str_eq(match.allow, "DELETE, OPTIONS");
	ck_assert_ptr_null(find(METHOD_GET, "/api/v1.0/user/3/session/x/"));
	ck_assert_ptr_nonnull(find(METHOD_DELETE, "/api/v1.0/user/3/session/"));
	ck_assert_ptr_null(match.session_id.ptr);
	ck_assert_str_eq(match.allow, "GET, HEAD, DELETE, OPTIONS");
	ck_assert(is_known("/api/v1.0/user/3/session/x") && match.lacks_slash);
	ck_assert(!is_known("/api/v1.0/user/3/session//"));
}
END_TEST

START_TEST(routes_lie_below_any_base_path)
{
	request.method = METHOD_POST;
	request_split_path(&request, STR("/user/"), &storage);
	routes_find(STR(""), &request, &match);
	ck_assert_ptr_nonnull(match.route);
	request_split_path(&request, STR("/a/b/c/user/"), &storage);
	routes_find(STR("/a/b/c"), &request, &match);
	ck_assert_ptr_nonnull(match.route);
}
END_TEST

START_TEST(authorization_takes_one_bearer_token)
{
	struct str token;

	ck_assert_rc(authorization_bearer(STR("Bearer aA0-._~+/="), &token), RC_OK);
	ck_assert_text(token, "aA0-._~+/=");
	ck_assert_rc(authorization_bearer(STR("bEARER   x.y.z "), &token), RC_OK);
	ck_assert_text(token, "x.y.z");
	ck_assert_rc(authorization_bearer(STR_NULL, &token), RC_TOKEN_MISSING);
	ck_assert_rc(authorization_bearer(STR("  "), &token), RC_TOKEN_MISSING);
}
END_TEST

START_TEST(authorization_refuses_all_else)
{
	static const char *const bad[] = { "Bearer", "Bearer ", "Basic eDp5", "Bearerx", "x.y.z",
		"Bearer a b", "Bearer a,Bearer b", "Bearer \"a\"", "Bearer a\x01",
		"Bearer \xc3\xa4", "Bearer\ta" };
	static char text[7 + TOKEN_MAX + 1] = "Bearer ";
	struct str token;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_rc(authorization_bearer(str_from(bad[i]), &token), RC_TOKEN_BAD);
	memset(text + 7, 'a', TOKEN_MAX + 1);
	ck_assert_rc(authorization_bearer((struct str){ text, 7 + TOKEN_MAX }, &token), RC_OK);
	ck_assert_rc(
	    authorization_bearer((struct str){ text, 8 + TOKEN_MAX }, &token), RC_TOKEN_BAD);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("routes");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, routes_find_every_row_of_the_table);
	tcase_add_test(tests, routes_say_what_is_allowed);
	tcase_add_test(tests, routes_know_a_path_that_lacks_only_its_slash);
	tcase_add_test(tests, routes_know_no_other_path);
	tcase_add_test(tests, routes_decode_segments);
	tcase_add_test(tests, routes_take_an_id_in_decimal_and_any_other_text_for_nobody);
	tcase_add_test(tests, routes_take_any_text_for_the_id_of_a_session);
	tcase_add_test(tests, routes_lie_below_any_base_path);
	tcase_add_test(tests, authorization_takes_one_bearer_token);
	tcase_add_test(tests, authorization_refuses_all_else);
	return suite_run();
}
