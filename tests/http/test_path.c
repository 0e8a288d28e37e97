#include <stdio.h>
#include <string.h>

#include "http/request.h"
#include "support/suite.h"

static struct request request;
static struct buf storage;

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

/* The segments, each with a "|" before it; "400" for a bad path, "404" for none. */
static const char *
split(const char *uri)
{
	static char text[256];
	size_t len = 0;

	request_split_path(&request, str_from(uri), &storage);
	if (request.is_bad_path)
		return "400";
	if (request.n_segments == 0)
		return "404";
	for (size_t i = 0; i < request.n_segments; i++)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "|" STR_FMT, STR_ARG(request.segment[i]));
	return text;
}

START_TEST(path_is_split_and_decoded_once)
{
	ck_assert_str_eq(split("/api/v1.0/user/"), "|api|v1.0|user|");
	ck_assert_str_eq(split("/api/user"), "|api|user");
	ck_assert_str_eq(split("/"), "|");
	ck_assert_str_eq(split("/%61pi/%2F%2e/"), "|api|/.|");
	ck_assert_str_eq(split("/%2561"), "|%61");
	ck_assert_str_eq(split("/a+b"), "|a+b");
}
END_TEST

START_TEST(path_merges_neither_slashes_nor_dots)
{
	ck_assert_str_eq(split("//a//b/../c/./"), "||a||b|..|c|.|");
}
END_TEST

START_TEST(path_ends_at_the_first_question_mark)
{
	ck_assert_str_eq(split("/a/?x=/b/?%zz"), "|a|");
	ck_assert_text(request.query, "x=/b/?%zz");
	ck_assert_str_eq(split("/a?"), "|a");
	ck_assert_text(request.query, "");
	(void)split("/a");
	ck_assert_ptr_null(request.query.ptr);
	ck_assert_str_eq(split("/a%3Fb"), "|a?b");
}
END_TEST

START_TEST(path_with_a_bad_escape_is_refused)
{
	static const char *const bad[] = { "/%", "/%4", "/%/", "/a/%zz/", "/%0g", "/%00", "/a%00b/",
		"/%4?1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(strcmp(split(bad[i]), "400") == 0, "%s is taken", bad[i]);
}
END_TEST

START_TEST(path_of_other_than_printable_ascii_is_refused)
{
	ck_assert_str_eq(split("/a b"), "400");
	ck_assert_str_eq(split("/a\r\nX: y"), "400");
	ck_assert_str_eq(split("/\xc3\xa4"), "400");
	ck_assert_str_eq(split("/a?b\x7f"), "400");
	ck_assert_str_eq(split("/!~"), "|!~");
}
END_TEST

START_TEST(path_needs_a_slash_in_front)
{
	ck_assert_str_eq(split("*"), "404");
	ck_assert_str_eq(split(""), "404");
	ck_assert_str_eq(split("api/"), "404");
	request_split_path(&request, STR_NULL, &storage);
	ck_assert(request.is_bad_path);
}
END_TEST

START_TEST(path_has_sixteen_segments_at_most)
{
	ck_assert_str_eq(
	    split("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"), "|a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p");
	ck_assert_str_eq(split("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/"), "404");
}
END_TEST

START_TEST(path_is_refused_beyond_its_length)
{
	static char uri[REQUEST_URI_MAX + 2];

	memset(uri, 'a', sizeof(uri) - 1);
	uri[0] = '/';
	request_split_path(&request, (struct str){ uri, REQUEST_URI_MAX }, &storage);
	ck_assert(!request.is_bad_path);
	ck_assert_uint_eq(request.segment[0].len, REQUEST_URI_MAX - 1);
	request_split_path(&request, (struct str){ uri, REQUEST_URI_MAX + 1 }, &storage);
	ck_assert(request.is_bad_path);
}
END_TEST

/* The value of "scope" in that query, or why there is none. */
static const char *
scope_in(const char *query)
{
	static char text[16];
	struct buf value = BUF_INIT(6);
	enum rc rc = request_query_value(str_from(query), STR("scope"), &value);

	(void)snprintf(text, sizeof(text), "%s", rc == RC_OK ? buf_text(&value) : rc_name(rc));
	buf_release(&value);
	return text;
}

START_TEST(query_gives_a_value_that_is_there_once)
{
	ck_assert_str_eq(scope_in("a=1&scope=%61ll&b"), "all");
	ck_assert_str_eq(scope_in("scope=a=+&"), "a=+");
	ck_assert_str_eq(scope_in("&&scope&x=%zz"), "");
	ck_assert_str_eq(scope_in("scope=123456"), "123456");
	ck_assert_str_eq(scope_in("scope=1234567"), "LIMIT");
	ck_assert_str_eq(scope_in("scopes=1&sc%6Fpe=1"), "NONE");
	ck_assert_str_eq(scope_in(NULL), "NONE");
	ck_assert_str_eq(scope_in("scope=1&scope=1"), "BAD_REQUEST");
	ck_assert_str_eq(scope_in("scope=%0"), "BAD_REQUEST");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("path");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, path_is_split_and_decoded_once);
	tcase_add_test(tests, path_merges_neither_slashes_nor_dots);
	tcase_add_test(tests, path_ends_at_the_first_question_mark);
	tcase_add_test(tests, path_with_a_bad_escape_is_refused);
	tcase_add_test(tests, path_of_other_than_printable_ascii_is_refused);
	tcase_add_test(tests, path_needs_a_slash_in_front);
	tcase_add_test(tests, path_has_sixteen_segments_at_most);
	tcase_add_test(tests, path_is_refused_beyond_its_length);
	tcase_add_test(tests, query_gives_a_value_that_is_there_once);
	return suite_run();
}
