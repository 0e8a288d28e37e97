#include "base/buf.h"

#include <stdlib.h>

#include "support/suite.h"

START_TEST(buf_stops_at_its_maximum_and_stays_failed)
{
	struct buf buf = BUF_INIT(3);

	buf_add(&buf, STR("abc"));
	ck_assert(buf_ok(&buf));
	buf_add_char(&buf, 'd');
	ck_assert(!buf_ok(&buf));
	ck_assert_text(buf_str(&buf), "abc");
	buf_truncate(&buf, 1);
	buf_add_char(&buf, 'x');
	ck_assert(!buf_ok(&buf));
	buf_reset(&buf);
	buf_printf(&buf, "%d", 12);
	ck_assert(buf_ok(&buf));
	ck_assert_str_eq(buf_text(&buf), "12");
	buf_release(&buf);
}
END_TEST

START_TEST(buf_grows_and_is_handed_over)
{
	struct buf buf = BUF_INIT(100000);
	char *text;

	ck_assert_text(buf_str(&buf), "");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&buf, 'a');
	ck_assert(buf_ok(&buf));
	text = buf_detach(&buf);
	ck_assert_uint_eq(str_from(text).len, 100000);
	free(text);
	ck_assert_uint_eq(buf.len, 0);
	text = buf_detach(&buf);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("buf");

	tcase_add_test(tests, buf_stops_at_its_maximum_and_stays_failed);
	tcase_add_test(tests, buf_grows_and_is_handed_over);
	return suite_run();
}
