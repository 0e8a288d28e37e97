/* The document and the table of routes are held against each other. */
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/routes.h"
#include "base/embed.h"
#include "support/suite.h"

static struct json *doc;

static void
setup(void)
{
	ck_assert_rc(json_parse(str_from(embedded_openapi[0].text), &doc), RC_OK);
}

static void
teardown(void)
{
	json_free(doc);
}

static const char *
method_name(enum method method)
{
	switch ((int)method) {
	case METHOD_GET:
		return "get";
	case METHOD_POST:
		return "post";
	case METHOD_PATCH:
		return "patch";
	default:
		return "delete";
	}
}

static const struct json *
operation(const struct route *route)
{
	const struct json *path = json_member(json_member(doc, "paths"), route->pattern);

	return json_member(path, method_name(route->method));
}

START_TEST(openapi_describes_every_route)
{
	size_t n;
	const struct route *table = routes_table(&n);

	for (size_t i = 0; i < n; i++)
		ck_assert_msg(operation(&table[i]) != NULL, "%s %s is not described",
		    method_name(table[i].method), table[i].pattern);
}
END_TEST

START_TEST(openapi_describes_nothing_else)
{
	size_t n, described = 0;
	const struct json *path, *member;

	(void)routes_table(&n);
	for (path = json_first(json_member(doc, "paths")); path != NULL; path = json_next(path))
		for (member = json_first(path); member != NULL; member = json_next(member))
			if (!str_equal(json_name(member), STR("parameters")))
				described++;
	ck_assert_uint_eq(described, n);
}
END_TEST

START_TEST(openapi_says_who_may_and_what_is_sent)
{
	size_t n;
	const struct route *table = routes_table(&n);

	for (size_t i = 0; i < n; i++) {
		const struct json *op = operation(&table[i]);
		const struct json *answers = json_member(op, "responses");
		bool is_public = (table[i].flags & ROUTE_PUBLIC) != 0;
		bool has_body = (table[i].flags & (ROUTE_BODY | ROUTE_MAY_BODY | ROUTE_FORM)) != 0;
		bool is_required =
		    has_body && json_bool(json_member(json_member(op, "requestBody"), "required"));

		ck_assert_msg((json_count(json_member(op, "security")) == 0) == is_public,
		    "%s: security", table[i].pattern);
		ck_assert_msg((json_member(op, "requestBody") != NULL) == has_body, "%s: body",
		    table[i].pattern);
		ck_assert_msg(!has_body || is_required == ((table[i].flags & ROUTE_MAY_BODY) == 0),
		    "%s: required", table[i].pattern);
		ck_assert_msg(
		    (json_member(answers, "415") != NULL) == has_body, "%s: 415", table[i].pattern);
		ck_assert_msg(is_public || (json_member(answers, "401") != NULL &&
		                               json_member(answers, "403") != NULL),
		    "%s: 401, 403", table[i].pattern);
		ck_assert_msg(json_member(answers, "413") != NULL, "%s: 413", table[i].pattern);
	}
}
END_TEST

START_TEST(openapi_knows_every_code)
{
	const struct json *schemas = json_member(json_member(doc, "components"), "schemas");
	const struct json *codes = json_member(
	    json_member(json_member(json_member(schemas, "Problem"), "properties"), "code"),
	    "enum");
	const struct json *code;
	size_t n_documented = json_count(codes), n_known = 0;

	for (code = json_first(codes); code != NULL; code = json_next(code)) {
		bool is_known = false;

		for (enum rc rc = RC_OK; rc < RC__MAX; rc++)
			is_known |= str_equal(json_string(code), str_from(problem_code(rc)));
		ck_assert(is_known);
		n_known++;
	}
	for (enum rc rc = RC_OK; rc < RC__MAX; rc++) {
		bool is_documented = false;

		for (code = json_first(codes); code != NULL; code = json_next(code))
			is_documented |= str_equal(json_string(code), str_from(problem_code(rc)));
		ck_assert_msg(is_documented, "%s is not documented", problem_code(rc));
	}
	ck_assert_uint_eq(n_known, n_documented);
}
END_TEST

/* Every "$ref" below value leads somewhere in the document. */
static void
follow(const struct json *value)
{
	const struct json *member, *at;
	struct str rest, name;
	char text[128];

	if (json_type(value) != JSON_OBJECT && json_type(value) != JSON_ARRAY)
		return;
	for (member = json_first(value); member != NULL; member = json_next(member)) {
		follow(member);
		if (json_type(value) != JSON_OBJECT || !str_equal(json_name(member), STR("$ref")))
			continue;
		rest = json_string(member);
		ck_assert(str_cut(&rest, '/', &name));
		ck_assert_text(name, "#");
		for (at = doc; str_cut(&rest, '/', &name);) {
			(void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(name));
			at = json_member(at, text);
		}
		ck_assert_msg(at != NULL, "a reference to %s leads nowhere", text);
	}
}

START_TEST(openapi_has_no_dead_reference)
{
	follow(doc);
}
END_TEST

START_TEST(openapi_is_served_with_the_base_path_of_the_configuration)
{
	char base[] = "/accounts";
	struct conf conf = { .base_path = base };
	struct api api = { .conf = &conf };
	struct response response = { .body = BUF_INIT(RESPONSE_BODY_MAX) };
	struct call call = { .api = &api, .response = &response };
	struct json *served = NULL;
	const struct json *url;

	ck_assert_rc(handlers_openapi_json(&call), RC_OK);
	ck_assert_rc(json_parse(buf_str(&response.body), &served), RC_OK);
	url = json_member(json_first(json_member(served, "servers")), "url");
	ck_assert_text(json_string(url), "/accounts");
	ck_assert_str_eq(response.content_type, "application/json");
	ck_assert_ptr_nonnull(response.cache_control);
	json_free(served);
	buf_release(&response.body);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("openapi");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, openapi_describes_every_route);
	tcase_add_test(tests, openapi_describes_nothing_else);
	tcase_add_test(tests, openapi_says_who_may_and_what_is_sent);
	tcase_add_test(tests, openapi_knows_every_code);
	tcase_add_test(tests, openapi_has_no_dead_reference);
	tcase_add_test(tests, openapi_is_served_with_the_base_path_of_the_configuration);
	return suite_run();
}
