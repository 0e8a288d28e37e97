#include "http/request.h"
#include "support/suite.h"

START_TEST(media_takes_json_in_utf8)
{
	static const char *const good[] = { "application/json", "APPLICATION/Json",
		"application/json;charset=utf-8", "application/json ; charset=\"UTF-8\" ; q=1",
		"application/json;", "application/json; ;", "application/vnd.affo+json",
		"Application/VND.a.b-c+JSON; charset=Utf-8", " application/json\t",
		"application/json; a=\"x\\\";y\"" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(media_is_json(str_from(good[i])), "%s is refused", good[i]);
}
END_TEST

START_TEST(media_refuses_all_else)
{
	static const char *const bad[] = { "", "text/json", "application", "application/",
		"application/jsonx", "application/json+xml", "application/problem+json",
		"application/vnd.+json", "application/vnd.a", "application/vnd+json",
		"application/json; charset=latin1", "application/json; charset=utf8",
		"application/json; charset",
		"application/json; charset=", "application/json; charset=\"utf-8",
		"application/json charset=utf-8", "application/json, text/plain",
		"application/json; charset=utf-8; charset=ascii", "application /json",
		"application/json; charset =utf-8", "application/json; \xff=1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!media_is_json(str_from(bad[i])), "%s is taken", bad[i]);
	ck_assert(!media_is_json(STR_NULL));
}
END_TEST

START_TEST(media_knows_forms)
{
	ck_assert(media_is_form(STR("application/x-www-form-urlencoded")));
	ck_assert(media_is_form(STR("Application/X-WWW-form-urlencoded; charset=UTF-8")));
	ck_assert(!media_is_form(STR("application/x-www-form-urlencoded; charset=latin1")));
	ck_assert(!media_is_form(STR("application/json")));
	ck_assert(!media_is_form(STR("multipart/form-data; boundary=x")));
	ck_assert(!media_is_form(STR("text/x-www-form-urlencoded")));
	ck_assert(!media_is_form(STR_NULL));
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("media");

	tcase_add_test(tests, media_takes_json_in_utf8);
	tcase_add_test(tests, media_refuses_all_else);
	tcase_add_test(tests, media_knows_forms);
	return suite_run();
}
