#include "http/cookie.h"

#include "support/suite.h"

START_TEST(cookie_is_found_by_its_exact_name)
{
	static const char *const good[] = { "__Host-affo=t.o.k", "a=b; __Host-affo=t.o.k",
		"__Host-affo=t.o.k; a=b", "a=b;__Host-affo=t.o.k;c",
		"x; =y;  __Host-affo=t.o.k ;" };
	static const char *const none[] = { "", "a=b", "__Host-affo=", "__Host-affo",
		"__host-affo=t", "__Host-affo2=t", "x__Host-affo=t", "__Host-affo =t",
		"a=__Host-affo=t", "\"__Host-affo\"=t" };
	struct str value = STR("untouched");

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_rc(cookie_find(str_from(good[i]), &value), RC_OK);
		ck_assert_text(value, "t.o.k");
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_rc(cookie_find(str_from(none[i]), &value), RC_NONE);
	ck_assert_rc(cookie_find(STR_NULL, &value), RC_NONE);
	ck_assert_text(value, "t.o.k");
}
END_TEST

START_TEST(cookie_that_is_there_twice_is_none)
{
	struct str value;

	ck_assert_rc(cookie_find(STR("__Host-affo=a; __Host-affo=b"), &value), RC_SYNTAX);
	ck_assert_rc(cookie_find(STR("__Host-affo=a; x=y; __Host-affo=a"), &value), RC_SYNTAX);
	ck_assert_rc(cookie_find(STR("__Host-affo=; __Host-affo=b"), &value), RC_SYNTAX);
}
END_TEST

START_TEST(cookie_is_set_for_this_host_and_no_script)
{
	struct buf headers = BUF_INIT(256);

	cookie_set(&headers, STR("t.o.k"), 2592000);
	ck_assert_str_eq(buf_text(&headers),
	    "Set-Cookie: __Host-affo=t.o.k; Path=/; Max-Age=2592000; Secure; HttpOnly; "
	    "SameSite=Lax\r\n");
	buf_reset(&headers);
	cookie_clear(&headers);
	ck_assert_str_eq(buf_text(&headers),
	    "Set-Cookie: __Host-affo=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax\r\n");
	buf_release(&headers);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("cookie");

	tcase_add_test(tests, cookie_is_found_by_its_exact_name);
	tcase_add_test(tests, cookie_that_is_there_twice_is_none);
	tcase_add_test(tests, cookie_is_set_for_this_host_and_no_script);
	return suite_run();
}
