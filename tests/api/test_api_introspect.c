/* What a web server and other services are told about tokens. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "support/asking.h"

#define CHECK "/api/v1.0/auth/introspect/"
#define FORM "application/x-www-form-urlencoded"

static char *origin = (char[]){ "https://example.com" };

static void
setup(void)
{
	asking_setup();
	service_conf.cookie.origins = (struct conf_list){ 1, &origin };
}

static void
teardown(void)
{
	service_conf.cookie.origins = (struct conf_list){ 0 };
	asking_teardown();
}

/* One line of the answer's headers is this. */
#define ck_assert_header(line)                                                                     \
	ck_assert_msg(str_contains(buf_str(&answer.headers), STR(line "\r\n")), "%s",              \
	    buf_text(&answer.headers))

static void
set_roles(const char *roles)
{
	char sql[256];

	(void)snprintf(sql, sizeof(sql), "UPDATE user SET roles = '%s' WHERE id = %lld", roles,
	    (long long)ann);
	service_execute(sql);
}

START_TEST(check_tells_who_is_asking)
{
	set_roles("editor,caf\xc3\xa9,a b%");
	ck_assert_status(200, METHOD_GET, CHECK, .token = ann_token, .type = "", .body = "x");
	ck_assert(answer.content_type == NULL && answer.body.len == 0);
	ck_assert_header("X-Auth-Email: ann@example.com");
	ck_assert_header("X-Auth-Roles: editor,caf%C3%A9,a%20b%25");
	ck_assert(str_starts(buf_str(&answer.headers), STR("X-Auth-User: ")));
	ck_assert(str_contains(buf_str(&answer.headers), STR("\r\nX-Auth-Session: ")));
	service_execute("UPDATE user SET email = 'ann@b\xc3\xbc"
	                "cher.example', roles = ''");
	ck_assert_status(200, METHOD_HEAD, CHECK, .token = ann_token);
	ck_assert_header("X-Auth-Email: ann@b%C3%BCcher.example");
	ck_assert_header("X-Auth-Roles: ");
}
END_TEST

START_TEST(check_fits_into_its_headers_whatever_is_stored)
{
	char roles[USER_ROLES_MAX * (4 * USER_ROLE_MAX + 1) + 1] = "", sql[8192];

	for (size_t i = 0, n = 0; i < USER_ROLES_MAX; i++) {
		if (i > 0)
			roles[n++] = ',';
		for (size_t c = 0; c < USER_ROLE_MAX; c++, n += 4)
			memcpy(&roles[n], i % 2 == 0 ? "\xf0\x9f\x90\xa7" : "\xf0\x9f\x90\xa6", 4);
	}
	(void)snprintf(sql, sizeof(sql), "UPDATE user SET roles = '%s'", roles);
	service_execute(sql);
	ck_assert_status(200, METHOD_GET, CHECK, .token = ann_token);
	ck_assert_uint_gt(answer.headers.len, 3 * sizeof(roles) - 3 * USER_ROLES_MAX);
}
END_TEST

START_TEST(check_asks_for_a_role)
{
	static const char *const wrong[] = { "?rolle=editor", "?role=", "?role", "?role=editor&x=1",
		"?role=editor&role=admin", "?role=editor&", "?role=%zz", "?x", "?role=a,,b",
		"?role=a,a", "?role=,", "?role=%20a", "?Role=editor" };
	char uri[128];

	set_roles("editor,a b,c+");
	ck_assert_answer(403, "MissingRoleError", METHOD_GET, CHECK "?role=admin",
	    .token = ann_token, .outer_url = "https://a.example/b?c");
	ck_assert_header("X-Auth-Error: MissingRoleError");
	ck_assert_header("X-Auth-Return: https%3A%2F%2Fa.example%2Fb%3Fc");
	ck_assert(!str_contains(buf_str(&answer.headers), STR("X-Auth-User")));
	ck_assert_status(200, METHOD_GET, CHECK "?role=editor", .token = ann_token);
	ck_assert_status(200, METHOD_GET, CHECK "?role=edito%72", .token = ann_token);
	ck_assert_status(200, METHOD_GET, CHECK "?role=a%20b", .token = ann_token);
	ck_assert_status(200, METHOD_GET, CHECK "?role=c+", .token = ann_token);
	ck_assert_status(403, METHOD_GET, CHECK "?role=a+b", .token = ann_token);
	ck_assert_status(403, METHOD_GET, CHECK "?role=edit", .token = ann_token);
	ck_assert_status(403, METHOD_GET, CHECK "?role=Editor", .token = ann_token);
	ck_assert_status(200, METHOD_GET, CHECK "?role=admin,editor", .token = ann_token);
	ck_assert_status(403, METHOD_GET, CHECK "?role=admin,edit", .token = ann_token);
	ck_assert_status(200, METHOD_GET, CHECK "?role=admin", .token = admin_token);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(uri, sizeof(uri), CHECK "%s", wrong[i]);
		if (strcmp(wrong[i], "?role=editor&") == 0)
			ck_assert_status(200, METHOD_GET, uri, .token = ann_token);
		else
			ck_assert_answer(
			    400, "ValidationError", METHOD_GET, uri, .token = ann_token);
		ck_assert_status(401, METHOD_GET, uri);
	}
}
END_TEST

START_TEST(check_says_in_headers_why_not)
{
	static char url[2048 / 3 + 16];

	ck_assert_answer(401, "MissingTokenHeader", METHOD_GET, CHECK);
	ck_assert_header("X-Auth-Error: MissingTokenHeader");
	ck_assert(!str_contains(buf_str(&answer.headers), STR("X-Auth-Return")));
	ck_assert_answer(401, "InvalidTokenHeader", METHOD_GET, CHECK, .token = "x");
	ck_assert_header("X-Auth-Error: InvalidTokenHeader");
	/* An address is given whole or not at all: 682 * 3 + 2 bytes are 2048. */
	memset(url, '/', 682);
	memcpy(&url[682], "ab", 3);
	ck_assert_status(401, METHOD_GET, CHECK, .outer_url = url);
	ck_assert(str_contains(buf_str(&answer.headers), STR("X-Auth-Return: %2F%2F")));
	ck_assert_header("%2Fab");
	memcpy(&url[682], "abc", 4);
	ck_assert_status(401, METHOD_GET, CHECK, .outer_url = url);
	ck_assert(!str_contains(buf_str(&answer.headers), STR("X-Auth-Return")));
	/* Other routes say nothing of the kind. */
	ck_assert_status(401, METHOD_GET, "/api/v1.0/auth/verify_token/", .outer_url = "x");
	ck_assert(!str_contains(buf_str(&answer.headers), STR("X-Auth-")));
	clock_advance(service_conf.token.access_lifetime_ms);
	ck_assert_status(401, METHOD_GET, CHECK, .token = ann_token);
	ck_assert_header("X-Auth-Error: ExpiredAccessError");
	ck_assert_status(204, METHOD_POST, "/api/v1.0/auth/logout/", .token = ann_token);
	ck_assert_status(403, METHOD_GET, CHECK, .token = ann_token);
	ck_assert_header("X-Auth-Error: BlacklistedError");
}
END_TEST

START_TEST(check_by_cookie_minds_the_method_that_is_asked_about)
{
	static const enum method writes[] = { METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE,
		METHOD_OPTIONS, METHOD_OTHER };

	ck_assert_status(200, METHOD_GET, CHECK, .cookie = ann_token);
	ck_assert_status(200, METHOD_GET, CHECK, .cookie = ann_token, .outer_method = METHOD_HEAD);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		ck_assert_answer(403, "OriginDenied", METHOD_GET, CHECK, .cookie = ann_token,
		    .outer_method = writes[i]);
		ck_assert_header("X-Auth-Error: OriginDenied");
		ck_assert_status(403, METHOD_GET, CHECK, .cookie = ann_token,
		    .outer_method = writes[i], .origin = "https://evil.example");
		ck_assert_status(200, METHOD_GET, CHECK, .cookie = ann_token,
		    .outer_method = writes[i], .origin = "https://example.com");
		ck_assert_status(
		    200, METHOD_GET, CHECK, .token = ann_token, .outer_method = writes[i]);
	}
	/* That a GET is asked about doesn't make a POST of our own harmless. */
	ck_assert_status(
	    403, METHOD_POST, CHECK, .cookie = admin_token, .body = "token=x", .type = FORM);
}
END_TEST

/* A form as the admin's; gives whether the token is active. */
static bool
introspect(const char *before, const char *token, const char *after)
{
	char body[TOKEN_MAX + 64];

	(void)snprintf(body, sizeof(body), "%s%s%s", before, token, after);
	ck_assert_status(200, METHOD_POST, CHECK, .token = admin_token, .body = body, .type = FORM);
	ck_assert_str_eq(answer.content_type, "application/json");
	if (answer_says("\"active\":true"))
		return true;
	ck_assert_str_eq(buf_text(&answer.body), "{\"active\":false}");
	return false;
}

START_TEST(introspection_tells_what_a_token_is_worth)
{
	char other[TOKEN_MAX];

	ck_assert(introspect("token=", ann_token, ""));
	ck_assert(answer_says("\"username\":\"ann@example.com\",\"token_type\":\"Bearer\""));
	ck_assert(answer_says("\"scope\":\"\",\"roles\":[]}"));
	set_roles("editor,a b,caf\xc3\xa9");
	ck_assert(introspect("token_type_hint=access_token&token=", ann_token, "&x=%20"));
	ck_assert(answer_says("\"scope\":\"editor a%20b caf%C3%A9\","
	                      "\"roles\":[\"editor\",\"a b\",\"caf\xc3\xa9\"]}"));
	ck_assert(!introspect("token=", ann_token, "x"));
	ck_assert(!introspect("token=", ann_token, " "));
	ck_assert(!introspect("token=", "\xff", ""));
	memset(other, 'a', sizeof(other));
	other[sizeof(other) - 1] = '\0';
	ck_assert(!introspect("token=aaaaaaaaaaaaaaaa", other, ""));
	clock_advance(service_conf.token.access_lifetime_ms / 2);
	asking_log_in("root@example.com", admin_token);
	ck_assert(introspect("token=", ann_token, ""));
	clock_advance(service_conf.token.access_lifetime_ms / 2);
	ck_assert(!introspect("token=", ann_token, ""));
	asking_log_in("ann@example.com", other);
	ck_assert(introspect("token=", other, ""));
	ck_assert_status(204, METHOD_POST, "/api/v1.0/auth/logout/", .token = other);
	ck_assert(!introspect("token=", other, ""));
	asking_log_in("ann@example.com", other);
	service_execute("UPDATE user SET is_active = 0 WHERE email = 'ann@example.com'");
	ck_assert(!introspect("token=", other, ""));
}
END_TEST

START_TEST(introspection_is_for_services_and_admins)
{
	ck_assert_answer(403, "MissingRoleError", METHOD_POST, CHECK, .token = ann_token,
	    .body = "token=x", .type = FORM);
	set_roles("service");
	ck_assert_status(
	    200, METHOD_POST, CHECK, .token = ann_token, .body = "token=x", .type = FORM);
	ck_assert_answer(
	    401, "MissingTokenHeader", METHOD_POST, CHECK, .body = "token=x", .type = FORM);
}
END_TEST

START_TEST(introspection_takes_a_form_with_one_token)
{
	static const char *const none[] = { "token=", "token", "x=y", "Token=x", "&" };
	static const char *const bad[] = { "", "token=x&token=x", "token=%zz", "x=%4",
		"token=%00" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ck_assert_answer(400, "ValidationError", METHOD_POST, CHECK, .token = admin_token,
		    .body = none[i], .type = FORM);
		ck_assert(answer_says("\"pointer\":\"/token\""));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_answer(400, "BadRequest", METHOD_POST, CHECK, .token = admin_token,
		    .body = bad[i], .type = FORM);
	ck_assert_answer(415, "UnsupportedMediaType", METHOD_POST, CHECK, .token = admin_token,
	    .body = "{\"token\":\"x\"}");
	ck_assert_answer(415, "UnsupportedMediaType", METHOD_POST, CHECK, .token = admin_token,
	    .body = "token=x", .type = FORM, .encoding = "gzip");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("api_introspect");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, check_tells_who_is_asking);
	tcase_add_test(tests, check_fits_into_its_headers_whatever_is_stored);
	tcase_add_test(tests, check_asks_for_a_role);
	tcase_add_test(tests, check_says_in_headers_why_not);
	tcase_add_test(tests, check_by_cookie_minds_the_method_that_is_asked_about);
	tcase_add_test(tests, introspection_tells_what_a_token_is_worth);
	tcase_add_test(tests, introspection_is_for_services_and_admins);
	tcase_add_test(tests, introspection_takes_a_form_with_one_token);
	return suite_run();
}
