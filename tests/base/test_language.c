#include "base/language.h"

#include "support/suite.h"

START_TEST(language_wishes_are_the_best_tags_in_order)
{
	static const struct {
		const char *header, *wishes;
	} rows[] = {
		{ "de-AT, de;q=0.9, en;q=0.8", "de-at,de,en" },
		{ "en;q=0.1,fr;q=0.5,es", "es,fr,en" },
		{ "en;q=0, de;q=0.001", "de" },
		{ "*, en", "en" },
		{ "a, en", "en" },
		{ "", "" },
		{ "en;q=1.5, de;q=x, fr;level=1, es;q=1.000", "es" },
		{ "aa,bb,cc,dd,ee,ff;q=1", "aa,bb,cc,dd" },
		{ "aa;q=0.5,bb;q=0.5,cc;q=0.5,dd;q=0.5,ee", "ee,aa,bb,cc" },
		{ "de\r\nX: y", "" },
		{ "en-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaa", "en-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaa" },
		{ "en-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaa", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf wishes = BUF_INIT(LANGUAGE_LIST_MAX);

		language_wishes(str_from(rows[i].header), &wishes);
		ck_assert(buf_ok(&wishes));
		ck_assert_str_eq(buf_text(&wishes), rows[i].wishes);
		buf_release(&wishes);
	}
	struct buf none = BUF_INIT(10);
	language_wishes(STR_NULL, &none);
	ck_assert_uint_eq(none.len, 0);
}
END_TEST

START_TEST(language_pick_cuts_a_tag_until_it_is_there)
{
	const struct str available[] = { STR("en"), STR("de"), STR("pt-br") };

	ck_assert_text(language_pick(STR("de-at-x-a,en"), available, 3, STR("en")), "de");
	ck_assert_text(language_pick(STR("fr,pt-br"), available, 3, STR("en")), "pt-br");
	ck_assert_text(language_pick(STR("pt"), available, 3, STR("en")), "en");
	ck_assert_text(language_pick(STR(""), available, 3, STR("de")), "de");
	ck_assert_text(language_pick(STR_NULL, available, 3, STR("de")), "de");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("language");

	tcase_add_test(tests, language_wishes_are_the_best_tags_in_order);
	tcase_add_test(tests, language_pick_cuts_a_tag_until_it_is_there);
	return suite_run();
}
