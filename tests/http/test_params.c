#include "http/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "support/suite.h"

/* A machine may stall between two lines of a test: the figures are hours apart. */
enum { HOUR_MS = 3600000, DEADLINE_MS = 10 * HOUR_MS };

static struct request request;
static struct params params;

#define MANDATORY "REQUEST_METHOD=POST", "REQUEST_URI=/a/?b", "REMOTE_ADDR=192.0.2.1"

/* params_read() of the given variables. */
#define read_all(...)                                                                              \
	(memset(&request, 0, sizeof(request)),                                                     \
	    params_read((const char *[]){ __VA_ARGS__, NULL }, DEADLINE_MS, &request, &params))

START_TEST(params_fill_the_request)
{
	ck_assert_rc(read_all(MANDATORY, "CONTENT_TYPE=application/json", "CONTENT_LENGTH=12",
	                 "HTTP_AUTHORIZATION=Bearer a=b", "HTTP_CONTENT_ENCODING=gzip",
	                 "HTTP_USER_AGENT=curl", "HTTP_ACCEPT_LANGUAGE=de", "REQUEST_ID=0123abcd",
	                 "QUERY_STRING=b", "HTTP_PROXY="),
	    RC_OK);
	ck_assert_int_eq(request.method, METHOD_POST);
	ck_assert_text(request.uri, "/a/?b");
	ck_assert_text(request.remote_addr, "192.0.2.1");
	ck_assert_text(request.content_type, "application/json");
	ck_assert_text(request.authorization, "Bearer a=b");
	ck_assert_text(request.content_encoding, "gzip");
	ck_assert_text(request.user_agent, "curl");
	ck_assert_text(request.accept_language, "de");
	ck_assert_str_eq(request.id, "0123abcd");
	ck_assert_int_eq(params.content_length, 12);
}
END_TEST

START_TEST(params_that_are_empty_count_as_absent)
{
	ck_assert_rc(
	    read_all(MANDATORY, "HTTP_AUTHORIZATION=", "CONTENT_LENGTH=", "CONTENT_TYPE="), RC_OK);
	ck_assert_ptr_null(request.authorization.ptr);
	ck_assert_ptr_null(request.content_type.ptr);
	ck_assert_ptr_null(request.user_agent.ptr);
	ck_assert_int_eq(params.content_length, -1);
	ck_assert_rc(read_all(MANDATORY, "CONTENT_LENGTH=-1"), RC_OK);
	ck_assert_int_eq(params.content_length, -1);
}
END_TEST

START_TEST(params_lacking_a_mandatory_one_are_refused)
{
	ck_assert_rc(read_all("REQUEST_METHOD=GET", "REQUEST_URI=/"), RC_BAD_REQUEST);
	ck_assert_str_eq(params.wrong, "REMOTE_ADDR");
	ck_assert_rc(
	    read_all("REQUEST_METHOD=", "REQUEST_URI=/", "REMOTE_ADDR=unix:"), RC_BAD_REQUEST);
	ck_assert_str_eq(params.wrong, "REQUEST_METHOD");
	ck_assert_rc(read_all("REQUEST_METHOD=GET", "REMOTE_ADDR=unix:"), RC_BAD_REQUEST);
	ck_assert_str_eq(params.wrong, "REQUEST_URI");
	ck_assert_uint_ge(strlen(request.id), 8);
}
END_TEST

START_TEST(params_that_decide_are_refused_when_they_come_twice)
{
	static const char *const twice[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/",
		"REMOTE_ADDR=::1", "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=1",
		"HTTP_AUTHORIZATION=Bearer x", "HTTP_CONTENT_ENCODING=br", "HTTP_ORIGIN=null",
		"HTTP_COOKIE=a", "HTTP_HOST=b", "REQUEST_ID=01234567", "AFFO_AT=1.000" };
	char empty[64];

	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
		ck_assert_rc(read_all(MANDATORY, twice[i], twice[i]), RC_BAD_REQUEST);
		ck_assert(strncmp(twice[i], params.wrong, strlen(params.wrong)) == 0);
		/* An empty one hides no second one. */
		(void)snprintf(empty, sizeof(empty), "%s=", params.wrong);
		ck_assert_rc(read_all(MANDATORY, empty, twice[i]), RC_BAD_REQUEST);
	}
	ck_assert_rc(read_all(MANDATORY, "HTTP_USER_AGENT=first", "HTTP_USER_AGENT=second"), RC_OK);
	ck_assert_text(request.user_agent, "first");
}
END_TEST

START_TEST(params_take_a_length_of_digits_only)
{
	ck_assert_rc(read_all(MANDATORY, "CONTENT_LENGTH=-2"), RC_BAD_REQUEST);
	ck_assert_rc(read_all(MANDATORY, "CONTENT_LENGTH=1x"), RC_BAD_REQUEST);
	ck_assert_rc(read_all(MANDATORY, "CONTENT_LENGTH=9223372036854775808"), RC_BAD_REQUEST);
	ck_assert_rc(read_all(MANDATORY, "CONTENT_LENGTH=9223372036854775807"), RC_OK);
	ck_assert_int_eq(params.content_length, INT64_MAX);
}
END_TEST

START_TEST(params_take_an_id_that_looks_like_one)
{
	char text[128] = "REQUEST_ID=";
	char *id = text + strlen(text);

	memset(id, 'x', REQUEST_ID_MAX);
	ck_assert_rc(read_all(MANDATORY, text), RC_OK);
	ck_assert_str_eq(request.id, id);
	id[REQUEST_ID_MAX] = 'x';
	ck_assert_rc(read_all(MANDATORY, text), RC_OK);
	ck_assert_uint_eq(strlen(request.id), RANDOM_ID_LEN);
	ck_assert_rc(read_all(MANDATORY, "REQUEST_ID=A-Z_.az9"), RC_OK);
	ck_assert_str_eq(request.id, "A-Z_.az9");
	ck_assert_rc(read_all(MANDATORY, "REQUEST_ID=1234567"), RC_OK);
	ck_assert_uint_eq(strlen(request.id), RANDOM_ID_LEN);
	ck_assert_rc(read_all(MANDATORY, "REQUEST_ID=12345678\r\nX: y"), RC_OK);
	ck_assert_uint_eq(strlen(request.id), RANDOM_ID_LEN);
	ck_assert_rc(read_all(MANDATORY), RC_OK);
	ck_assert_uint_eq(strlen(request.id), RANDOM_ID_LEN);
}
END_TEST

/* The deadline as milliseconds from now; it was computed a moment ago. */
static int64_t
left(void)
{
	return request.hash_deadline_ms - clock_monotonic_ms();
}

START_TEST(params_count_the_deadline_from_when_the_request_came)
{
	clock_fix(1764560000123);
	ck_assert_rc(read_all(MANDATORY, "AFFO_AT=1764560000.123"), RC_OK);
	ck_assert_int_gt(request.hash_deadline_ms, 0);
	ck_assert_int_le(left(), DEADLINE_MS);
	ck_assert_int_gt(left(), DEADLINE_MS - HOUR_MS);
	ck_assert_rc(read_all(MANDATORY, "AFFO_AT=1764524000.123"), RC_OK);
	ck_assert_int_le(left(), 0);
	ck_assert_int_gt(left(), -HOUR_MS);
	/* A clock that is ahead, and what is no time. */
	ck_assert_rc(read_all(MANDATORY, "AFFO_AT=1764569999.000"), RC_OK);
	ck_assert_int_gt(left(), DEADLINE_MS - HOUR_MS);
	ck_assert_rc(read_all(MANDATORY, "AFFO_AT=yesterday"), RC_OK);
	ck_assert_int_gt(left(), DEADLINE_MS - HOUR_MS);
	ck_assert_rc(read_all(MANDATORY, "AFFO_AT=1.99"), RC_OK);
	ck_assert_int_gt(left(), DEADLINE_MS - HOUR_MS);
	/* Older than any uptime: over, and not without a deadline. */
	ck_assert_rc(read_all(MANDATORY, "AFFO_AT=1.999"), RC_OK);
	ck_assert_int_gt(request.hash_deadline_ms, 0);
	ck_assert_int_lt(left(), 0);
	memset(&request, 0, sizeof(request));
	ck_assert_rc(params_read((const char *[]){ MANDATORY, NULL }, 0, &request, &params), RC_OK);
	ck_assert_int_eq(request.hash_deadline_ms, 0);
}
END_TEST

START_TEST(params_tell_of_the_request_that_is_asked_about)
{
	ck_assert_rc(read_all(MANDATORY), RC_OK);
	ck_assert_int_eq(request.outer_method, METHOD_GET);
	ck_assert_ptr_null(request.outer_url.ptr);
	ck_assert_rc(
	    read_all(MANDATORY, "AFFO_METHOD=PATCH", "AFFO_URL=https://a.example/b?c"), RC_OK);
	ck_assert_int_eq(request.method, METHOD_POST);
	ck_assert_int_eq(request.outer_method, METHOD_PATCH);
	ck_assert_text(request.outer_url, "https://a.example/b?c");
	ck_assert_rc(read_all(MANDATORY, "AFFO_METHOD=PROPFIND"), RC_OK);
	ck_assert_int_eq(request.outer_method, METHOD_OTHER);
	/* Only the web server can set these: a client's headers have other names. */
	ck_assert_rc(read_all(MANDATORY, "HTTP_AFFO_METHOD=POST", "AFFO_URL="), RC_OK);
	ck_assert_int_eq(request.outer_method, METHOD_GET);
	ck_assert_ptr_null(request.outer_url.ptr);
	ck_assert_rc(read_all(MANDATORY, "AFFO_METHOD=GET", "AFFO_METHOD=POST"), RC_BAD_REQUEST);
	ck_assert_rc(read_all(MANDATORY, "AFFO_URL=a", "AFFO_URL=b"), RC_BAD_REQUEST);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("params");

	tcase_add_test(tests, params_fill_the_request);
	tcase_add_test(tests, params_that_are_empty_count_as_absent);
	tcase_add_test(tests, params_lacking_a_mandatory_one_are_refused);
	tcase_add_test(tests, params_that_decide_are_refused_when_they_come_twice);
	tcase_add_test(tests, params_take_a_length_of_digits_only);
	tcase_add_test(tests, params_take_an_id_that_looks_like_one);
	tcase_add_test(tests, params_count_the_deadline_from_when_the_request_came);
	tcase_add_test(tests, params_tell_of_the_request_that_is_asked_about);
	return suite_run();
}
