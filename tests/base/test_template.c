#include "base/template.h"

#include "support/suite.h"

static const struct template_value values[] = {
	{ "name", { "<A & \"B\"'>\r\n\tC", 14 } },
	{ "none", { NULL, 0 } },
};

static struct buf out;

static const char *
render(struct str text, enum template_escape escape)
{
	buf_release(&out);
	out = BUF_INIT(200);
	ck_assert_rc(template_render(text, values, 2, escape, &out), RC_OK);
	ck_assert(buf_ok(&out));
	return buf_text(&out);
}

START_TEST(template_escapes_for_each_place)
{
	ck_assert_str_eq(
	    render(STR("a {{ name }}{{none}} b"), TEMPLATE_TEXT), "a <A & \"B\"'> \n\tC b");
	ck_assert_str_eq(render(STR("{{name}}"), TEMPLATE_LINE), "<A & \"B\"'>   C");
	ck_assert_str_eq(render(STR("<i>{{name}}</i>"), TEMPLATE_HTML),
	    "<i>&lt;A &amp; &quot;B&quot;&#39;&gt; \n\tC</i>");
	ck_assert_str_eq(render(STR("{ {x} } }} {"), TEMPLATE_TEXT), "{ {x} } }} {");
	ck_assert_str_eq(render(STR(""), TEMPLATE_TEXT), "");
	buf_release(&out);
}
END_TEST

START_TEST(template_refuses_what_is_no_known_name)
{
	static const struct {
		const char *text;
		unsigned line;
	} bad[] = { { "{{ other }}", 1 }, { "a\nb {{ name", 2 }, { "\n\n{{name} }", 3 },
		{ "{{}}", 1 }, { "{{ name }}\n{{ {{", 2 }, { "{{ name | upper }}", 1 } };
	unsigned line;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf to = BUF_INIT(100);

		ck_assert_rc(template_check(str_from(bad[i].text), values, 2, &line), RC_SYNTAX);
		ck_assert_uint_eq(line, bad[i].line);
		ck_assert_rc(template_render(str_from(bad[i].text), values, 2, TEMPLATE_TEXT, &to),
		    RC_SYNTAX);
		buf_release(&to);
	}
	ck_assert_rc(template_check(STR("{{name}} {{ none }}"), values, 2, &line), RC_OK);
}
END_TEST

START_TEST(template_values_are_not_templates)
{
	const struct template_value sly[] = { { "a", { "{{ b }}", 7 } }, { "b", { "x", 1 } } };
	struct buf to = BUF_INIT(100);

	ck_assert_rc(template_render(STR("{{a}}"), sly, 2, TEMPLATE_TEXT, &to), RC_OK);
	ck_assert_str_eq(buf_text(&to), "{{ b }}");
	buf_release(&to);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("template");

	tcase_add_test(tests, template_escapes_for_each_place);
	tcase_add_test(tests, template_refuses_what_is_no_known_name);
	tcase_add_test(tests, template_values_are_not_templates);
	return suite_run();
}
