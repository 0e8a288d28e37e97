/* The manual man/affo-user-api.7 against the table of routes and the codes of problems. */
#include <stdio.h>

#include "api/routes.h"
#include "support/suite.h"
#include "support/text_file.h"

enum { MANUAL_MAX = 262144 };

static struct buf manual = BUF_INIT(MANUAL_MAX);

static void
setup(void)
{
	text_file_read("srcdir", "man/affo-user-api.7", &manual);
}

static void
teardown(void)
{
	buf_release(&manual);
}

static size_t
count(const char *text)
{
	struct str rest = buf_str(&manual), line;
	size_t n = 0;

	while (str_cut(&rest, '\n', &line))
		n += str_starts(line, str_from(text));
	return n;
}

START_TEST(manual_has_every_route_and_no_other)
{
	static const char *const names[] = { [METHOD_GET] = "GET",
		[METHOD_POST] = "POST",
		[METHOD_PATCH] = "PATCH",
		[METHOD_DELETE] = "DELETE" };
	size_t n;
	const struct route *table = routes_table(&n);
	char item[128];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(item, sizeof(item), "\n.It Ic %s Pa %s\n", names[table[i].method],
		    table[i].pattern);
		ck_assert_msg(str_contains(buf_str(&manual), str_from(item)),
		    "the manual has no item%s", item);
	}
	ck_assert_uint_eq(count(".It Ic "), n);
}
END_TEST

START_TEST(manual_has_every_code_with_its_status)
{
	struct response response = { .body = BUF_INIT(RESPONSE_BODY_MAX),
		.headers = BUF_INIT(RESPONSE_HEADERS_MAX) };
	const struct request request = { .id = "id" };
	char item[128];

	for (enum rc rc = RC_OK; rc < RC__MAX; rc++) {
		problem_fill(&response, rc, NULL, &request, false, NULL);
		(void)snprintf(item, sizeof(item), "\n.It Li %s No (%d)%s\n", problem_code(rc),
		    response.status,
		    str_equal(str_from(response.content_type), STR("application/json")) ? "" : "*");
		ck_assert_msg(str_contains(buf_str(&manual), str_from(item)),
		    "the manual has no item%s", item);
	}
	buf_release(&response.body);
	buf_release(&response.headers);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("manual");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, manual_has_every_route_and_no_other);
	tcase_add_test(tests, manual_has_every_code_with_its_status);
	return suite_run();
}
