/* The manual man/affo-userd.conf.5 against the tables of settings. */
#include <stdlib.h>
#include <string.h>

#include "base/conf_assign.h"
#include "base/conf_gateway.h"
#include "base/conf_value.h"
#include "support/conf_text.h"
#include "support/scratch.h"
#include "support/suite.h"
#include "support/text_file.h"

enum { MANUAL_MAX = 262144 };

static struct buf manual = BUF_INIT(MANUAL_MAX);

/* The page with "\-" as "-". */
static void
manual_read(void)
{
	struct buf raw = BUF_INIT(MANUAL_MAX);

	text_file_read("srcdir", "man/affo-userd.conf.5", &raw);
	for (size_t i = 0; i < raw.len; i++)
		if (raw.ptr[i] != '\\' || raw.ptr[i + 1] != '-')
			buf_add_char(&manual, raw.ptr[i]);
	buf_release(&raw);
}

static void
manual_release(void)
{
	buf_release(&manual);
}

/* What stands between the line `begin` and the next line that starts with one of the ends. */
static struct str
part(struct str text, const char *begin, const char *end, const char *other_end)
{
	struct str rest = text, line;
	const char *start = NULL;

	while (str_cut(&rest, '\n', &line)) {
		if (start != NULL &&
		    (str_starts(line, str_from(end)) || str_starts(line, str_from(other_end))))
			return (struct str){ start, (size_t)(line.ptr - start) };
		if (start == NULL && str_equal(line, str_from(begin)))
			start = line.ptr + line.len + 1;
	}
	ck_assert_msg(start != NULL, "no line \"%s\"", begin);
	return (struct str){ start, (size_t)(text.ptr + text.len - start) };
}

/* The paths of the manual are those of an installation in /usr. */
static void
add_usual(struct str value, struct buf *to)
{
	const struct str etc = STR(SYSCONFDIR "/"), var = STR(LOCALSTATEDIR "/lib/");

	if (str_starts(value, etc))
		buf_printf(to, "/etc/" STR_FMT, STR_ARG(str_slice(value, etc.len, value.len)));
	else if (str_starts(value, var))
		buf_printf(to, "/var/lib/" STR_FMT, STR_ARG(str_slice(value, var.len, value.len)));
	else
		buf_add(to, value);
}

/* `Default: "5s"; from 100ms to 1m.` */
static void
add_facts(const struct conf_row *row, struct buf *to)
{
	struct buf standard = BUF_INIT(512), usual = BUF_INIT(512);

	buf_add(to, STR("Default: "));
	if (!conf_row_standard(row, "/run/affo-user", &standard)) {
		buf_add(to, STR("none"));
	} else if (row->type == CONF_INTEGER) {
		buf_add(to, buf_str(&standard));
	} else {
		add_usual(buf_str(&standard), &usual);
		conf_value_add_quoted(to, buf_str(&usual));
	}
	if (row->words != NULL) {
		buf_add(to, STR("; "));
		conf_assign_add_words(row->words, to);
	} else if (row->type == CONF_INTEGER || row->type == CONF_SIZE ||
	           row->type == CONF_DURATION || row->type == CONF_LIMIT) {
		buf_add(to, STR("; "));
		conf_assign_add_range(row, to);
	}
	buf_add(to, STR(".\n"));
	buf_release(&standard);
	buf_release(&usual);
}

static void
check_item(const char *section, const char *name, const char *type, const struct buf *facts)
{
	struct buf title = BUF_INIT(128), item = BUF_INIT(128);
	struct str text;

	buf_printf(&title, ".Ss %s", section);
	buf_printf(&item, ".It Ic %s Li = Ar %s", name, type);
	text = part(buf_str(&manual), buf_text(&title), ".Ss", ".Sh");
	text = part(text, buf_text(&item), ".It", ".El");
	ck_assert_msg(str_contains(text, buf_str(facts)), "%s, %s: \"%s\" is not in:\n" STR_FMT,
	    section, name, buf_text(facts), STR_ARG(text));
	buf_release(&title);
	buf_release(&item);
}

START_TEST(conf_manual_has_every_setting_with_type_default_and_range)
{
	for (size_t i = 0; i < conf_table_n; i++) {
		const struct conf_row *row = &conf_table[i];
		struct buf facts = BUF_INIT(1024), section = BUF_INIT(128);

		buf_printf(&section, "%s%s", row->group == NULL ? "Top level" : "Group ",
		    row->group == NULL ? "" : row->group);
		add_facts(row, &facts);
		check_item(buf_text(&section), row->name, conf_type_name(row->type), &facts);
		buf_release(&facts);
		buf_release(&section);
	}
}
END_TEST

START_TEST(conf_manual_has_every_setting_of_every_gateway)
{
	for (size_t i = 0; i < conf_gateway_rows_n; i++) {
		const struct conf_gateway_row *row = &conf_gateway_rows[i];
		struct buf facts = BUF_INIT(1024), section = BUF_INIT(128);

		buf_printf(&section, "Gateway type %s", row->type);
		if (row->is_required) {
			buf_add(&facts, STR("Required"));
		} else if (row->standard == NULL) {
			buf_add(&facts, STR("Default: none"));
		} else {
			buf_add(&facts, STR("Default: "));
			conf_value_add_quoted(&facts, str_from(row->standard));
		}
		if (row->words != NULL) {
			buf_add(&facts, STR("; "));
			conf_assign_add_words(row->words, &facts);
		}
		buf_add(&facts, STR(".\n"));
		check_item(
		    buf_text(&section), row->name, conf_gateway_type_name(row->value), &facts);
		buf_release(&facts);
		buf_release(&section);
	}
}
END_TEST

START_TEST(conf_manual_has_no_setting_that_does_not_exist)
{
	static const char *const common[] = { "name", "type", "channel", "enabled", "prefixes" };
	struct str rest = buf_str(&manual), line;
	size_t n = 0;

	while (str_cut(&rest, '\n', &line))
		n += str_starts(line, STR(".It Ic ")) && str_contains(line, STR(" Li = "));
	ck_assert_uint_eq(
	    n, conf_table_n + conf_gateway_rows_n + sizeof(common) / sizeof(common[0]));
}
END_TEST

START_TEST(conf_manual_examples_are_good_configurations)
{
	struct str rest = buf_str(&manual), line;
	struct buf example = BUF_INIT(MANUAL_MAX);
	bool is_inside = false;
	size_t n = 0;

	scratch_make();
	while (str_cut(&rest, '\n', &line)) {
		struct conf_text parsed;

		if (str_starts(line, STR(".Bd -literal"))) {
			buf_reset(&example);
			is_inside = true;
			n++;
		} else if (is_inside && str_equal(line, STR(".Ed"))) {
			is_inside = false;
			parsed = conf_text_parse(buf_text(&example), CONF_CHECK_SYNTAX);
			conf_text_says(buf_str(&parsed.errors), "");
			ck_assert_rc(parsed.rc, RC_OK);
			conf_text_release(&parsed);
		} else if (is_inside) {
			buf_add(&example, line);
			buf_add_char(&example, '\n');
		}
	}
	ck_assert_uint_ge(n, 4);
	buf_release(&example);
	scratch_remove();
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_manual");

	tcase_add_checked_fixture(tests, manual_read, manual_release);
	tcase_add_test(tests, conf_manual_examples_are_good_configurations);
	tcase_add_test(tests, conf_manual_has_every_setting_with_type_default_and_range);
	tcase_add_test(tests, conf_manual_has_every_setting_of_every_gateway);
	tcase_add_test(tests, conf_manual_has_no_setting_that_does_not_exist);
	return suite_run();
}
