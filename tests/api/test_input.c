#include "api/input.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

static struct json *doc;
static struct faults faults;
static struct input input;

static void
teardown(void)
{
	json_free(doc);
	doc = NULL;
}

static void
read_from(const char *text)
{
	teardown();
	memset(&faults, 0, sizeof(faults));
	ck_assert_rc(json_parse(str_from(text), &doc), RC_OK);
	input = input_from(doc, &faults);
}

START_TEST(input_reads_members_by_type)
{
	bool is_given;
	struct str value;

	read_from("{\"s\":\"x\",\"e\":\"\",\"n\":null,\"t\":true,\"f\":false}");
	ck_assert_text(input_string(&input, "s"), "x");
	ck_assert_text(input_string(&input, "e"), "");
	input_optional_string(&input, "s", false, &is_given, &value);
	ck_assert(is_given);
	ck_assert_text(value, "x");
	input_optional_string(&input, "n", true, &is_given, &value);
	ck_assert(is_given && value.ptr == NULL);
	input_optional_string(&input, "missing", false, &is_given, &value);
	ck_assert(!is_given && value.ptr == NULL);
	ck_assert(input_bool(&input, "t"));
	ck_assert(
	    !input_bool(&input, "f") && !input_bool(&input, "n") && !input_bool(&input, "missing"));
	ck_assert_uint_eq(faults.n, 0);
}
END_TEST

START_TEST(input_collects_all_faults)
{
	static const char *const names[] = { "a", "b", "c", "d", NULL };
	bool is_given;
	struct str value;

	read_from("{\"a\":1,\"b\":null,\"c\":\"yes\",\"x/~y\":2}");
	ck_assert_ptr_null(input_string(&input, "a").ptr);
	input_optional_string(&input, "b", false, &is_given, &value);
	ck_assert(!is_given);
	ck_assert(!input_bool(&input, "c"));
	ck_assert_ptr_null(input_string(&input, "d").ptr);
	input_only(&input, names);
	ck_assert_uint_eq(faults.n, 5);
	ck_assert_str_eq(faults.list[0].pointer, "/a");
	ck_assert_str_eq(faults.list[1].pointer, "/b");
	ck_assert_str_eq(faults.list[2].pointer, "/c");
	ck_assert_str_eq(faults.list[3].pointer, "/d");
	ck_assert_str_eq(faults.list[4].pointer, "/x~1~0y");
}
END_TEST

START_TEST(input_wants_an_object)
{
	static const char *const names[] = { NULL };
	bool is_given;
	struct str value;

	read_from("[\"email\"]");
	ck_assert_ptr_null(input.object);
	ck_assert_ptr_null(input_string(&input, "email").ptr);
	input_optional_string(&input, "email", true, &is_given, &value);
	ck_assert(!input_bool(&input, "email"));
	input_only(&input, names);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_str_eq(faults.list[0].pointer, "");
}
END_TEST

/* The pointer of a fault becomes JSON, so half a character would spoil the whole answer. */
START_TEST(input_cuts_long_names_between_characters)
{
	static const char *const names[] = { NULL };
	char text[512];

	for (int n = FAULT_POINTER_MAX - 8; n < FAULT_POINTER_MAX + 8; n++) {
		(void)snprintf(text, sizeof(text), "{\"%0*d\xf0\x9f\x98\x80~\xc3\xa4\":1}", n, 0);
		read_from(text);
		input_only(&input, names);
		ck_assert_uint_eq(faults.n, 1);
		ck_assert_uint_le(strlen(faults.list[0].pointer), FAULT_POINTER_MAX);
		(void)snprintf(text, sizeof(text), "[\"%s\"]", faults.list[0].pointer);
		read_from(text);
		if (n + 9 <= FAULT_POINTER_MAX)
			ck_assert(str_contains(str_from(text), STR("\x9f\x98\x80~0\xc3\xa4\"")));
	}
}
END_TEST

START_TEST(input_settles_for_one_fault_a_member)
{
	read_from("{}");
	faults_add(&faults, "/a", "first");
	faults_add(&faults, "/b", "b");
	faults_add(&faults, "/a", "second");
	input_settle(&faults);
	ck_assert_uint_eq(faults.n, 2);
	ck_assert_str_eq(faults.list[0].detail, "first");
	ck_assert_str_eq(faults.list[1].detail, "b");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("input");

	tcase_add_checked_fixture(tests, NULL, teardown);
	tcase_add_test(tests, input_reads_members_by_type);
	tcase_add_test(tests, input_collects_all_faults);
	tcase_add_test(tests, input_wants_an_object);
	tcase_add_test(tests, input_cuts_long_names_between_characters);
	tcase_add_test(tests, input_settles_for_one_fault_a_member);
	return suite_run();
}
