#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "http/response.h"
#include "support/suite.h"

static struct request request;
static struct response response;

static void
setup(void)
{
	memset(&request, 0, sizeof(request));
	(void)snprintf(request.id, sizeof(request.id), "the-request");
	response = (struct response){ .body = BUF_INIT(RESPONSE_BODY_MAX),
		.headers = BUF_INIT(RESPONSE_HEADERS_MAX) };
}

static void
teardown(void)
{
	buf_release(&response.body);
	buf_release(&response.headers);
}

static void
fill(enum rc rc)
{
	problem_fill(&response, rc, NULL, &request, false, NULL);
}

/* affo-user-api(7), "Problems": status, code, and whether RFC 9457's type is said. */
static const struct {
	enum rc rc;
	int status;
	const char *code;
	bool is_new;
} rows[] = {
	{ RC_VALIDATION, 400, "ValidationError", true },
	{ RC_BAD_REQUEST, 400, "BadRequest", true },
	{ RC_NO_SUCH_USER, 400, "NoSuchUser", false },
	{ RC_ALREADY_EXISTS, 400, "AlreadyExists", false },
	{ RC_RESET_TOKEN_INVALID, 400, "InvalidToken", false },
	{ RC_PHONE_INVALID, 400, "InvalidPhone", false },
	{ RC_CODE_INVALID, 400, "InvalidPhoneCode", false },
	{ RC_EMAIL_UNKNOWN, 401, "AuthFailure", false },
	{ RC_WRONG_PASSWORD, 401, "AuthFailure", false },
	{ RC_NO_PASSWORD, 401, "AuthFailure", false },
	{ RC_LOGIN_INACTIVE, 401, "AuthFailure", false },
	{ RC_TOKEN_MISSING, 401, "MissingTokenHeader", false },
	{ RC_TOKEN_BAD, 401, "InvalidTokenHeader", false },
	{ RC_CLAIM_MISSING, 401, "MissingClaimError", false },
	{ RC_ACCESS_EXPIRED, 401, "ExpiredAccessError", false },
	{ RC_REFRESH_EARLY, 401, "EarlyRefreshError", false },
	{ RC_REFRESH_EXPIRED, 401, "ExpiredRefreshError", false },
	{ RC_TOKEN_USER_GONE, 401, "MissingUserError", false },
	{ RC_ACCESS_DENIED, 403, "AccessDenied", false },
	{ RC_ROLE_MISSING, 403, "MissingRoleError", false },
	{ RC_SESSION_ENDED, 403, "BlacklistedError", false },
	{ RC_USER_INACTIVE, 403, "InvalidUserError", false },
	{ RC_NOT_FOUND, 404, "NotFound", true },
	{ RC_METHOD_NOT_ALLOWED, 405, "MethodNotAllowed", true },
	{ RC_BODY_TOO_LARGE, 413, "BodyTooLarge", true },
	{ RC_MEDIA_TYPE, 415, "UnsupportedMediaType", true },
	{ RC_LIMITED, 429, "TooManyRequests", true },
	{ RC_SYSTEM, 500, "InternalError", true },
	{ RC_NONE, 500, "InternalError", true },
	{ RC_UNAVAILABLE, 503, "Unavailable", true },
	{ RC_BUSY, 503, "Unavailable", true },
};

START_TEST(problem_has_the_status_and_code_of_the_contract)
{
	struct json *doc = NULL;
	int64_t status;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(rows[i].rc);
		ck_assert_int_eq(response.status, rows[i].status);
		ck_assert_str_eq(problem_code(rows[i].rc), rows[i].code);
		ck_assert_str_eq(response.content_type,
		    rows[i].is_new ? "application/problem+json" : "application/json");
		ck_assert_rc(json_parse(buf_str(&response.body), &doc), RC_OK);
		ck_assert_text(json_string(json_member(doc, "type")), "about:blank");
		ck_assert_text(
		    json_string(json_member(doc, "title")), response_reason(rows[i].status));
		ck_assert_rc(json_int(json_member(doc, "status"), &status), RC_OK);
		ck_assert_int_eq(status, rows[i].status);
		ck_assert_text(json_string(json_member(doc, "code")), rows[i].code);
		ck_assert_text(json_string(json_member(doc, "request_id")), "the-request");
		ck_assert(str_equal(json_string(json_member(doc, "detail")),
		    json_string(json_member(doc, "description"))));
		ck_assert((json_member(doc, "errors") != NULL) == (rows[i].rc == RC_VALIDATION));
		ck_assert_uint_eq(json_count(doc), rows[i].rc == RC_VALIDATION ? 8 : 7);
		json_free(doc);
	}
}
END_TEST

START_TEST(problem_lists_all_faults)
{
	struct faults faults = { 0 };

	faults_add(&faults, "/email", "This is wrong.");
	faults_add(&faults, "", "So is \"that\".");
	problem_fill(&response, RC_VALIDATION, &faults, &request, false, NULL);
	ck_assert(str_contains(buf_str(&response.body),
	    STR("\"errors\":[{\"pointer\":\"/email\",\"detail\":\"This is wrong.\"},"
	        "{\"pointer\":\"\",\"detail\":\"So is \\\"that\\\".\"}]")));
}
END_TEST

START_TEST(problem_challenges_with_every_401)
{
	fill(RC_TOKEN_MISSING);
	ck_assert_str_eq(
	    buf_text(&response.headers), "WWW-Authenticate: Bearer realm=\"affo\"\r\n");
	problem_fill(&response, RC_TOKEN_BAD, NULL, &request, true, NULL);
	ck_assert_str_eq(buf_text(&response.headers),
	    "WWW-Authenticate: Bearer realm=\"affo\", error=\"invalid_token\"\r\n");
	problem_fill(&response, RC_ACCESS_DENIED, NULL, &request, true, NULL);
	ck_assert_str_eq(buf_text(&response.headers), "");
}
END_TEST

START_TEST(problem_says_when_to_come_again)
{
	struct faults faults = { .retry_after_s = 17 };

	problem_fill(&response, RC_LIMITED, &faults, &request, false, NULL);
	ck_assert_str_eq(buf_text(&response.headers), "Retry-After: 17\r\n");
	fill(RC_LIMITED);
	ck_assert_str_eq(buf_text(&response.headers), "Retry-After: 60\r\n");
	fill(RC_BUSY);
	ck_assert_str_eq(buf_text(&response.headers), "Retry-After: 2\r\n");
	fill(RC_UNAVAILABLE);
	ck_assert_str_eq(buf_text(&response.headers), "Retry-After: 5\r\n");
}
END_TEST

START_TEST(problem_says_what_is_allowed)
{
	problem_fill(&response, RC_METHOD_NOT_ALLOWED, NULL, &request, false, "GET, OPTIONS");
	ck_assert_str_eq(buf_text(&response.headers), "Allow: GET, OPTIONS\r\n");
}
END_TEST

START_TEST(problem_replaces_what_a_handler_had_begun)
{
	buf_add(&response.body, STR("{\"id\":"));
	buf_add(&response.headers, STR("X: y\r\n"));
	response.cache_control = "public";
	fill(RC_SYSTEM);
	ck_assert(str_starts(buf_str(&response.body), STR("{\"type\":\"about:blank\"")));
	ck_assert_uint_eq(response.headers.len, 0);
	ck_assert_ptr_null(response.cache_control);
}
END_TEST

/* The head as one text. */
static const char *
head(void)
{
	static struct buf text;

	buf_release(&text);
	text = BUF_INIT(RESPONSE_HEAD_MAX);
	return response_head(&request, &response, &text) ? buf_text(&text) : "unusable";
}

#define USUAL                                                                                      \
	"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-ID: "             \
	"the-request\r\n"

START_TEST(response_without_a_body_has_no_type)
{
	response.status = 200;
	ck_assert_str_eq(head(), "Status: 200 OK\r\nContent-Length: 0\r\n" USUAL "\r\n");
	response.status = 204;
	ck_assert_str_eq(head(), "Status: 204 No Content\r\n" USUAL "\r\n");
	ck_assert_uint_eq(response_body(&request, &response).len, 0);
}
END_TEST

START_TEST(response_to_head_says_what_get_would_give)
{
	response.status = 200;
	response.content_type = "application/json";
	response.cache_control = "public";
	buf_add(&response.body, STR("[1]"));
	buf_add(&response.headers, STR("A: b\r\n"));
	request.method = METHOD_HEAD;
	ck_assert_str_eq(head(),
	    "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n"
	    "Cache-Control: public\r\nX-Content-Type-Options: nosniff\r\n"
	    "X-Request-ID: the-request\r\nA: b\r\n\r\n");
	ck_assert_uint_eq(response_body(&request, &response).len, 0);
	request.method = METHOD_GET;
	ck_assert_text(response_body(&request, &response), "[1]");
}
END_TEST

START_TEST(response_that_did_not_fit_is_unusable)
{
	response.status = 200;
	response.body.failed = true;
	ck_assert_str_eq(head(), "unusable");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("problem");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, problem_has_the_status_and_code_of_the_contract);
	tcase_add_test(tests, problem_lists_all_faults);
	tcase_add_test(tests, problem_challenges_with_every_401);
	tcase_add_test(tests, problem_says_when_to_come_again);
	tcase_add_test(tests, problem_says_what_is_allowed);
	tcase_add_test(tests, problem_replaces_what_a_handler_had_begun);
	tcase_add_test(tests, response_without_a_body_has_no_type);
	tcase_add_test(tests, response_to_head_says_what_get_would_give);
	tcase_add_test(tests, response_that_did_not_fit_is_unusable);
	return suite_run();
}
