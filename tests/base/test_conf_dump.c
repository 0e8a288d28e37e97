#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "support/conf_text.h"
#include "support/scratch.h"
#include "support/suite.h"
#include "support/text_file.h"

enum { TEXT_MAX = 65536 };

/* What gateways for SMS cannot do without. */
#define COUNTRIES "sms: { countries = [ \"+49\" ]; };\n"

/* Check's own message would be too long for check. */
static void
check_same(struct str found, struct str expected)
{
	struct str a, b;

	while (found.ptr != NULL || expected.ptr != NULL) {
		ck_assert(str_cut(&found, '\n', &a) && str_cut(&expected, '\n', &b));
		ck_assert_msg(str_equal(a, b), "\"" STR_FMT "\" instead of \"" STR_FMT "\"",
		    STR_ARG(a), STR_ARG(b));
	}
}

/* Parses, dumps, and parses and dumps that again: nothing may change. */
static void
check_round_trip(const char *text, struct buf *ret_dump)
{
	struct conf_text parsed = conf_text_parse(text, CONF_CHECK_SYNTAX);
	struct buf again = BUF_INIT(TEXT_MAX);

	conf_text_says(buf_str(&parsed.errors), "");
	conf_dump(parsed.conf, ret_dump);
	ck_assert(buf_ok(ret_dump));
	conf_text_release(&parsed);
	parsed = conf_text_parse(buf_text(ret_dump), CONF_CHECK_SYNTAX);
	conf_text_says(buf_str(&parsed.errors), "");
	conf_dump(parsed.conf, &again);
	check_same(buf_str(&again), buf_str(ret_dump));
	conf_text_release(&parsed);
	buf_release(&again);
}

START_TEST(conf_dump_is_parsed_to_the_same)
{
	struct buf dump = BUF_INIT(TEXT_MAX);

	check_round_trip("", &dump);
	buf_reset(&dump);
	check_round_trip("listen = \"\";", &dump);
	ck_assert_ptr_nonnull(strstr(buf_text(&dump), "listen = \"\";\n"));
	buf_reset(&dump);
	check_round_trip(
	    "time_format = \"original\"; listen_hash = \"\"; user = \"u\"; max_body = \"1025\";\n"
	    "db_timeout = \"1500ms\"; reset: { url_prefixes = ( \"https://a.example/\" );\n"
	    "subject = \"say \\\"\\\\ \\xc3\\xa4\"; sender = \"a@b.example\"; };\n"
	    "gateways: ( { name = \"t\"; type = \"twilio\"; account_sid = \"A\"; auth_token = "
	    "\"tell\";\n"
	    "from = \"+1\"; prefixes = [ \"+49\", \"+1\" ]; enabled = false; },\n"
	    "{ name = \"h\"; type = \"http\"; channel = \"email\"; url = \"http://h/\";\n"
	    "headers = [ \"A: \\\"b\\\"\", \"C: d\" ]; secret_file = \"hook\"; },\n"
	    "{ name = \"m\"; type = \"smtp\"; host = \"h\"; port = 25; } );\n",
	    &dump);
	ck_assert_ptr_null(strstr(buf_text(&dump), "tell"));
	ck_assert_ptr_nonnull(strstr(buf_text(&dump), "\t\tauth_token = \"***\";\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&dump), "\t\tsecret_file = \"hook\";\n"));
	ck_assert_ptr_null(strstr(buf_text(&dump), "\t\tsecret = "));
	ck_assert_ptr_nonnull(strstr(buf_text(&dump), "\t\tport = 25;\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&dump), "\nmax_body = \"1025\";\n"));
	buf_release(&dump);
}
END_TEST

/* Takes the comment sign from what is commented out: "#name", but not from "# text". */
static void
uncomment(struct str sample, struct buf *ret)
{
	struct str line;

	while (str_cut(&sample, '\n', &line)) {
		size_t at = str_index(line, '#');

		if (at < line.len && !str_starts(str_slice(line, at, line.len), STR("# "))) {
			buf_add(ret, str_slice(line, 0, at));
			line = str_slice(line, at + 1, line.len);
		}
		buf_add(ret, line);
		buf_add_char(ret, '\n');
	}
}

START_TEST(conf_sample_with_nothing_commented_out_says_the_defaults)
{
	struct buf sample = BUF_INIT(TEXT_MAX), all = BUF_INIT(TEXT_MAX), dump = BUF_INIT(TEXT_MAX),
	           standard = BUF_INIT(TEXT_MAX);
	const char *gateways;
	size_t len;

	conf_sample(&sample);
	check_round_trip("", &standard);
	check_round_trip(buf_text(&sample), &dump);
	check_same(buf_str(&dump), buf_str(&standard));
	buf_reset(&dump);
	uncomment(buf_str(&sample), &all);
	buf_reset(&standard);
	check_round_trip(COUNTRIES, &standard);
	(void)scratch_file("countries.conf", COUNTRIES, 0600);
	ck_assert_int_eq(setenv("AFFO_EXTRA_CONF", scratch_path("countries.conf"), 1), 0);
	check_round_trip(buf_text(&all), &dump);
	ck_assert_int_eq(unsetenv("AFFO_EXTRA_CONF"), 0);
	gateways = strstr(buf_text(&standard), "\ngateways: (");
	ck_assert_ptr_nonnull(gateways);
	len = (size_t)(gateways - buf_text(&standard));
	check_same(str_slice(buf_str(&dump), 0, len), str_slice(buf_str(&standard), 0, len));
	ck_assert_ptr_nonnull(strstr(buf_text(&dump), "type = \"sendmail\""));
	buf_release(&sample);
	buf_release(&all);
	buf_release(&dump);
	buf_release(&standard);
}
END_TEST

START_TEST(conf_sample_is_the_file_that_is_installed)
{
	struct buf file = BUF_INIT(TEXT_MAX), sample = BUF_INIT(TEXT_MAX);

	text_file_read("builddir", "affo-userd.conf.sample", &file);
	conf_sample(&sample);
	check_same(buf_str(&file), buf_str(&sample));
	buf_release(&file);
	buf_release(&sample);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_dump");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, conf_dump_is_parsed_to_the_same);
	tcase_add_test(tests, conf_sample_with_nothing_commented_out_says_the_defaults);
	tcase_add_test(tests, conf_sample_is_the_file_that_is_installed);
	return suite_run();
}
