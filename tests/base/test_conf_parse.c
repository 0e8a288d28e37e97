#include "base/conf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf_table.h"
#include "base/conf_value.h"
#include "support/conf_text.h"
#include "support/scratch.h"
#include "support/suite.h"

START_TEST(conf_parse_of_nothing_gives_the_defaults)
{
	struct conf_text parsed = conf_text_parse("", CONF_CHECK_SYNTAX);
	const struct conf *conf = parsed.conf;

	conf_text_says(buf_str(&parsed.errors), "");
	ck_assert_rc(parsed.rc, RC_OK);
	ck_assert_str_eq(conf->listen, "/run/affo-user/fcgi.sock");
	ck_assert_str_eq(conf->listen_hash, "/run/affo-user/hash.sock");
	ck_assert_str_eq(conf->base_path, "/api/v1.0");
	ck_assert_uint_eq(conf->max_body, 65536);
	ck_assert_int_eq(conf->db_timeout_ms, 5000);
	ck_assert_int_eq(conf->time_format, CONF_TIME_RFC3339);
	ck_assert_ptr_null(conf->user);
	ck_assert_int_eq(conf->token.access_lifetime_ms, 900000);
	ck_assert_int_eq(conf->token.refresh_lifetime_ms, INT64_C(2592000000));
	ck_assert_int_eq(conf->token.sessions_max, 20);
	ck_assert_int_eq(conf->password.min, 8);
	ck_assert_uint_eq(conf->password.memory, 19 << 20);
	ck_assert_int_eq(conf->verification.code_length, 6);
	ck_assert_ptr_null(conf->verification.text);
	ck_assert_int_eq(conf->verification.bad_recipient_ms, 86400000);
	ck_assert_str_eq(conf->templates.language, "en");
	ck_assert_ptr_null(conf->templates.directory);
	ck_assert_uint_eq(conf->reset.url_prefixes.n, 0);
	ck_assert_uint_eq(conf->limits.login_account.count, 10);
	ck_assert_int_eq(conf->limits.login_account.window_ms, 900000);
	ck_assert_uint_eq(conf->n_gateways, 0);
	conf_text_says(buf_str(&parsed.warnings),
	    "no gateway is in use: mails and SMS wait in the outbox until they expire in "
	    "DIR/main.conf\n");
	conf_text_release(&parsed);
}
END_TEST

START_TEST(conf_parse_reads_every_type)
{
	struct conf_text parsed =
	    conf_text_parse("run_dir = \"/srv/run\"; listen_hash = \"\";\n"
	                    "max_body = \"1k\"; time_format = \"original\";\n"
	                    "user = \"www-data\";\n"
	                    "workers: { fast = 3; };\n"
	                    "token: { access_lifetime = \"90s\"; };\n"
	                    "reset: { url_prefixes = ( \"https://a.example/\","
	                    " \"http://[::1]:8080/x\" ); };\n"
	                    "verification: { test_recipients = [ \"+1234567890\" ];"
	                    " test_code = \"1234\"; };\n"
	                    "limits: { recipient = \"7/2h\"; };\n",
	        CONF_CHECK_SYNTAX);
	const struct conf *conf = parsed.conf;

	conf_text_says(buf_str(&parsed.errors), "");
	ck_assert_str_eq(conf->listen, "/srv/run/fcgi.sock");
	ck_assert_ptr_null(conf->listen_hash);
	ck_assert_uint_eq(conf->max_body, 1024);
	ck_assert_int_eq(conf->time_format, CONF_TIME_ORIGINAL);
	ck_assert_str_eq(conf->user, "www-data");
	ck_assert_int_eq(conf->workers.fast, 3);
	ck_assert_int_eq(conf->token.access_lifetime_ms, 90000);
	ck_assert_uint_eq(conf->reset.url_prefixes.n, 2);
	ck_assert_str_eq(conf->reset.url_prefixes.item[1], "http://[::1]:8080/x");
	ck_assert_str_eq(conf->verification.test_recipients.item[0], "+1234567890");
	ck_assert_uint_eq(conf->limits.recipient.count, 7);
	conf_text_release(&parsed);
}
END_TEST

/* One fault each: {text, what is said}. */
static const struct {
	const char *text, *errors;
} faults[] = {
	{ "lsiten = \"/a\";",
	    "unknown setting \"lsiten\", did you mean \"listen\"? in DIR/main.conf:1\n" },
	{ "\ntoken: { acces_lifetime = \"1m\"; };",
	    "unknown setting \"token.acces_lifetime\", did you mean \"access_lifetime\"? in "
	    "DIR/main.conf:2\n" },
	{ "access_lifetime = \"1m\";",
	    "unknown setting \"access_lifetime\": \"access_lifetime\" stands in \"token\" in "
	    "DIR/main.conf:1\n" },
	{ "token: { listen = \"/a\"; };",
	    "unknown setting \"token.listen\": \"listen\" stands at the top level in "
	    "DIR/main.conf:1\n" },
	{ "zzz = 1;", "unknown setting \"zzz\" in DIR/main.conf:1\n" },
	{ "gateway: ( );",
	    "unknown setting \"gateway\", did you mean \"gateways\"? in DIR/main.conf:1\n" },
	{ "tokens: { };",
	    "unknown setting \"tokens\", did you mean \"token\"? in DIR/main.conf:1\n" },
	{ "token = 3;", "\"token\" must be a group: token: { ... }; in DIR/main.conf:1\n" },
	{ "listen = 3;", "\"listen\" must be a text in quotes in DIR/main.conf:1\n" },
	{ "listen = \"fcgi.sock\";",
	    "\"listen\" must be an absolute path, beginning with a slash, not \"fcgi.sock\" in "
	    "DIR/main.conf:1\n" },
	{ "run_dir = \"/run/\";",
	    "\"run_dir\" must not end with a slash, not \"/run/\" in DIR/main.conf:1\n" },
	{ "max_body = 65536;",
	    "\"max_body\" must be a size in quotes, such as \"64k\" in DIR/main.conf:1\n" },
	{ "max_body = \"64kb\";",
	    "\"max_body\" must be a number of bytes with or without a unit (k, m, g), such as "
	    "\"64k\", not \"64kb\" in DIR/main.conf:1\n" },
	{ "max_body = \"129k\";",
	    "\"max_body\" must be from 1k to 128k, not \"129k\" in DIR/main.conf:1\n" },
	{ "db_timeout = 5;",
	    "\"db_timeout\" must be a duration in quotes, such as \"15m\" in DIR/main.conf:1\n" },
	{ "db_timeout = \"5\";",
	    "\"db_timeout\" must be a number and a unit (ms, s, m, h, d), such as \"15m\", not "
	    "\"5\" in DIR/main.conf:1\n" },
	{ "workers: { fast = \"4\"; };",
	    "\"workers.fast\" must be a number without quotes in DIR/main.conf:1\n" },
	{ "workers: { fast = 4.0; };",
	    "\"workers.fast\" must be a number without quotes in DIR/main.conf:1\n" },
	{ "workers: { fast = -1; };",
	    "\"workers.fast\" must be from 0 to 256, not -1 in DIR/main.conf:1\n" },
	{ "workers: { fast = 4294967296; };",
	    "the number 4294967296 is too large: the most is 2147483647 in DIR/main.conf:1\n" },
	{ "workers: { fast = 2147483648L; };",
	    "the number 2147483648L is too large: the most is 2147483647 in DIR/main.conf:1\n" },
	{ "workers: { fast = -3000000000; };",
	    "the number 3000000000 is too large: the most is 2147483647 in DIR/main.conf:1\n" },
	{ "workers: { fast = 0x80000000; };",
	    "the number 0x80000000 is too large: the most is 2147483647 in DIR/main.conf:1\n" },
	{ "time_format = \"iso\";", "\"time_format\" must be \"rfc3339\" or \"original\", not "
	                            "\"iso\" in DIR/main.conf:1\n" },
	{ "token: { algorithm = \"none\"; };",
	    "\"token.algorithm\" must be \"HS256\", \"ES256\" or \"RS256\", not \"none\" in "
	    "DIR/main.conf:1\n" },
	{ "token: { algorithm = \"ES256\"; };",
	    "\"token.algorithm\": ES256 needs \"token.key_dir\", where its keys are in "
	    "DIR/main.conf:1\n" },
	{ "limits: { recipient = 5; };",
	    "\"limits.recipient\" must be a limit in quotes, such as \"10/15m\" in "
	    "DIR/main.conf:1\n" },
	{ "limits: { recipient = \"5\"; };",
	    "\"limits.recipient\" must be a number, a slash and a time, such as \"10/15m\", not "
	    "\"5\" in DIR/main.conf:1\n" },
	{ "reset: { url_prefixes = \"https://a.example/\"; };",
	    "\"reset.url_prefixes\" must be a list of texts, such as [ \"...\", \"...\" ] in "
	    "DIR/main.conf:1\n" },
	{ "reset: { url_prefixes = ( 3 ); };",
	    "\"reset.url_prefixes\" must be a list of texts, such as [ \"...\", \"...\" ] in "
	    "DIR/main.conf:1\n" },
	{ "reset: { url_prefixes = [ \"https://a.example\" ]; };",
	    "\"reset.url_prefixes\" must go on with a slash after the host: without it, other "
	    "hosts "
	    "that begin so would match, too, not \"https://a.example\" in DIR/main.conf:1\n" },
	{ "reset: { sender = \"Nobody\"; };",
	    "\"reset.sender\" must be an address, or \"Name <address>\", not \"Nobody\" in "
	    "DIR/main.conf:1\n" },
	{ "reset: { subject = \"a\\nb\"; };",
	    "\"reset.subject\" must not contain control characters or line breaks, not \"a\nb\" in "
	    "DIR/main.conf:1\n" },
	{ "reset: { subject = \"\\xff\"; };",
	    "\"reset.subject\" must be UTF-8, not \"\xff\" in DIR/main.conf:1\n" },
	{ "verification: { text = \"{code} {code}\"; };",
	    "\"verification.text\" must contain {code} exactly once, not \"{code} {code}\" in "
	    "DIR/main.conf:1\n" },
	{ "verification: { test_recipients = [ \"11111x1\" ]; };",
	    "\"verification.test_recipients\" must be a phone number such as \"+12025550123\", not "
	    "\"11111x1\" in DIR/main.conf:1\n" },
	{ "\nverification: { test_recipients = [ \"+1234567890\" ]; };",
	    "\"verification.test_recipients\" needs \"verification.test_code\", too in "
	    "DIR/main.conf:2\n" },
	{ "verification: { test_code = \"12a4\"; };", "\"verification.test_code\" must be made of "
	                                              "digits, not \"12a4\" in DIR/main.conf:1\n" },
	{ "user = \"a b\";",
	    "\"user\" must be the name of an account, not \"a b\" in DIR/main.conf:1\n" },
	{ "log = \"file.log\";",
	    "\"log\" must be \"stderr\", \"syslog\" or the absolute path of a file, not "
	    "\"file.log\" in DIR/main.conf:1\n" },
	{ "token: { refresh_lifetime = \"10m\"; };",
	    "\"token.refresh_lifetime\" must not be shorter than \"token.access_lifetime\" in "
	    "DIR/main.conf:1\n" },
	{ "listen = \"/a\"; listen_hash = \"/a\";",
	    "\"listen_hash\" must not be the same as \"listen\": leave it empty (\"\") for one "
	    "pool "
	    "in DIR/main.conf:1\n" },
	{ "outbox: { key_file = \"/a\";\npublic_key_file = \"/a\"; };",
	    "\"outbox.public_key_file\" must not be the same as \"outbox.key_file\" in "
	    "DIR/main.conf:2\n" },
	/* Syntax. */
	{ "listen = \"/a\";\nlisten = \"/b\";",
	    "a setting stands twice in this file in DIR/main.conf:2\n" },
	{ "token: { };\n\ntoken: { };",
	    "a setting stands twice in this file in DIR/main.conf:3\n" },
	{ "listen = ;",
	    "syntax error (or the line before lacks its comma, semicolon or bracket) in "
	    "DIR/main.conf:1\n" },
	{ "log = \"stderr;\nlisten = 3;", "a closing quote is missing in DIR/main.conf:1\n" },
	{ "\n/* never\n", "the comment that begins here is never closed in DIR/main.conf:2\n" },
	{ "@include \"other.conf\"",
	    "@include is not taken: put the file into conf.d in DIR/main.conf:1\n" },
	{ "reset: { url_prefixes = [ \"a\", 3 ]; };",
	    "mismatched element type in array in DIR/main.conf:1\n" },
};

START_TEST(conf_parse_says_what_is_wrong_and_where)
{
	conf_text_refused(faults[_i].text, faults[_i].errors);
}
END_TEST

START_TEST(conf_parse_reports_all_errors_of_all_files)
{
	ck_assert_int_eq(mkdir(scratch_path("conf.d"), 0700), 0);
	(void)scratch_file("conf.d/b.conf", "\nbase_path = \"xx\";\nlisten = = ;\n", 0600);
	(void)scratch_file("conf.d/a.conf", "workers: { fast = 257; hsh = 1; };", 0600);
	(void)scratch_file("conf.d/ignored", "nonsense", 0600);
	(void)scratch_file("conf.d/.hidden.conf", "nonsense", 0600);
	conf_text_refused("max_body = \"1\";\ndatabase = 3;\n",
	    "\"max_body\" must be from 1k to 128k, not \"1\" in DIR/main.conf:1\n"
	    "\"database\" must be a text in quotes in DIR/main.conf:2\n"
	    "\"workers.fast\" must be from 0 to 256, not 257 in DIR/conf.d/a.conf:1\n"
	    "unknown setting \"workers.hsh\", did you mean \"hash\"? in DIR/conf.d/a.conf:1\n"
	    "\"base_path\" must begin with a slash and must not end with one, not \"xx\" in "
	    "DIR/conf.d/b.conf:2\n"
	    "syntax error (or the line before lacks its comma, semicolon or bracket) in "
	    "DIR/conf.d/b.conf:3\n");
}
END_TEST

START_TEST(conf_parse_lets_a_later_file_win_setting_by_setting)
{
	struct conf_text parsed;

	ck_assert_int_eq(mkdir(scratch_path("conf.d"), 0700), 0);
	(void)scratch_file("conf.d/10.conf",
	    "workers: { hash = 5; }; reset: { url_prefixes = [ \"https://b.example/\" ]; };\n"
	    "gateways: ( { name = \"b\"; type = \"file\"; channel = \"sms\"; directory = \"/b\"; } "
	    ");",
	    0600);
	(void)scratch_file("conf.d/20.conf", "workers: { max_requests = 6; };", 0600);
	(void)scratch_file("extra.conf", "workers: { max_requests = 7; };", 0600);
	ck_assert_int_eq(setenv("AFFO_EXTRA_CONF", scratch_path("extra.conf"), 1), 0);
	parsed = conf_text_parse(
	    "workers: { fast = 3; hash = 4; };\n"
	    "reset: { url_prefixes = [ \"https://a.example/\", \"https://c.example/\" ]; };\n"
	    "gateways: ( { name = \"a\"; type = \"file\"; channel = \"sms\";"
	    " directory = \"/a\"; }, { name = \"c\"; type = \"sendmail\"; } );",
	    CONF_CHECK_SYNTAX);
	conf_text_says(buf_str(&parsed.errors), "");
	ck_assert_int_eq(parsed.conf->workers.fast, 3);
	ck_assert_int_eq(parsed.conf->workers.hash, 5);
	ck_assert_int_eq(parsed.conf->workers.max_requests, 7);
	ck_assert_uint_eq(parsed.conf->reset.url_prefixes.n, 1);
	ck_assert_str_eq(parsed.conf->reset.url_prefixes.item[0], "https://b.example/");
	ck_assert_uint_eq(parsed.conf->n_gateways, 1);
	ck_assert_str_eq(parsed.conf->gateways[0].name, "b");
	conf_text_release(&parsed);
	ck_assert_int_eq(unsetenv("AFFO_EXTRA_CONF"), 0);
}
END_TEST

/* The row's value as it stands in a file, for a bound. */
static void
parse_bound(const struct conf_row *row, int64_t bound, enum rc expected)
{
	struct buf value = BUF_INIT(4096), text = BUF_INIT(8192);
	struct conf_text parsed;
	bool quoted = row->type != CONF_INTEGER;

	if (row->type == CONF_DURATION)
		buf_printf(&value, "%" PRId64 "ms", bound);
	else if (row->type == CONF_LIMIT)
		buf_printf(&value, "%" PRId64 "/1h", bound);
	else
		buf_printf(&value, "%" PRId64, bound);
	/* access_lifetime must not pass refresh_lifetime: out of its way. */
	if (row->group != NULL)
		buf_printf(&text, "%s: { ", row->group);
	if (strcmp(row->name, "refresh_lifetime") == 0)
		buf_add(&text, STR("access_lifetime = \"1s\"; "));
	buf_printf(&text, "%s = %s%s%s;%s\n", row->name, quoted ? "\"" : "", buf_text(&value),
	    quoted ? "\"" : "", row->group != NULL ? " };" : "");
	parsed = conf_text_parse(buf_text(&text), CONF_CHECK_SYNTAX);
	ck_assert_msg(parsed.rc == expected, "%s%s", buf_text(&text), buf_text(&parsed.errors));
	conf_text_release(&parsed);
	buf_release(&value);
	buf_release(&text);
}

START_TEST(conf_parse_holds_both_ends_of_every_range)
{
	for (size_t i = 0; i < conf_table_n; i++) {
		const struct conf_row *row = &conf_table[i];

		if (row->type != CONF_INTEGER && row->type != CONF_SIZE &&
		    row->type != CONF_DURATION && row->type != CONF_LIMIT)
			continue;
		ck_assert_int_lt(row->min, row->max);
		parse_bound(row, row->min, RC_OK);
		parse_bound(row, row->max, RC_OK);
		parse_bound(row, row->min - 1, RC_CONFIG);
		parse_bound(row, row->max + 1, RC_CONFIG);
	}
}
END_TEST

START_TEST(conf_parse_holds_both_ends_of_a_limits_window)
{
	static const char *const good[] = { "1/1s", "1/7d", NULL }, *const bad[] = { "1/999ms",
		"1/604800001ms", NULL };
	struct buf text = BUF_INIT(256);

	for (int is_good = 0; is_good < 2; is_good++)
		for (const char *const *value = is_good ? good : bad; *value != NULL; value++) {
			struct conf_text parsed;

			buf_reset(&text);
			buf_printf(&text, "limits: { recipient = \"%s\"; };", *value);
			parsed = conf_text_parse(buf_text(&text), CONF_CHECK_SYNTAX);
			ck_assert_rc(parsed.rc, is_good ? RC_OK : RC_CONFIG);
			conf_text_release(&parsed);
		}
	buf_release(&text);
}
END_TEST

/* A text of exactly len bytes that keeps the row's rule. */
static void
add_text(const struct conf_row *row, int64_t len, struct buf *to)
{
	const char *begin = row->type == CONF_PATH || strcmp(row->name, "log") == 0 ||
	                            strcmp(row->name, "base_path") == 0
	                        ? "/"
	                    : strcmp(row->name, "sender") == 0 && strcmp(row->group, "reset") == 0
	                        ? "a@"
	                    : strcmp(row->name, "text") == 0     ? "{code}"
	                    : strcmp(row->name, "language") == 0 ? "ab"
	                    : strcmp(row->name, "alert_to") == 0 ? "a@b.c"
	                                                         : "";
	bool has_parts = strcmp(row->name, "language") == 0 || strcmp(row->name, "alert_to") == 0;
	char separator = strcmp(row->name, "language") == 0 ? '-' : '.';
	size_t start = to->len;

	buf_add(to, str_from(begin));
	/* Labels and subtags of eight characters at most, the last perhaps of nine. */
	for (size_t n = separator == '-' ? 2 : 1; to->len - start < (size_t)len; n++) {
		bool is_last = to->len - start + 1 == (size_t)len;
		bool is_full = has_parts && n == 8 && !is_last;

		buf_add_char(to, is_full ? separator : has_parts ? 'a' : '1');
		n = is_full ? (size_t)-1 : n;
	}
	buf_truncate(to, start + (size_t)len);
}

START_TEST(conf_parse_holds_both_ends_of_every_length)
{
	for (size_t i = 0; i < conf_table_n; i++) {
		const struct conf_row *row = &conf_table[i];
		const int64_t lengths[] = { row->min, row->max, row->min - 1, row->max + 1 };

		if (row->type != CONF_TEXT && row->type != CONF_PATH && row->type != CONF_KEY_FILE)
			continue;
		for (size_t j = 0; j < 4; j++) {
			struct buf text = BUF_INIT(8192);
			struct conf_text parsed;
			enum rc expected = j < 2 ? RC_OK : RC_CONFIG;

			if (lengths[j] == 0 && row->is_optional)
				expected = RC_OK;
			buf_printf(&text, "%s%s%s = \"", row->group == NULL ? "" : row->group,
			    row->group == NULL ? "" : ": { ", row->name);
			add_text(row, lengths[j], &text);
			buf_printf(&text, "\";%s\n", row->group == NULL ? "" : " };");
			parsed = conf_text_parse(buf_text(&text), CONF_CHECK_SYNTAX);
			ck_assert_msg(parsed.rc == expected, "%s (%d): %s%s", row->name, (int)j,
			    buf_text(&text), buf_text(&parsed.errors));
			conf_text_release(&parsed);
			buf_release(&text);
		}
	}
}
END_TEST

START_TEST(conf_parse_bounds_lists)
{
	for (int n = CONF_LIST_MAX; n <= CONF_LIST_MAX + 1; n++) {
		struct buf text = BUF_INIT(8192);
		struct conf_text parsed;

		buf_add(&text, STR("reset: { url_prefixes = [ \"https://a.example/\""));
		for (int i = 1; i < n; i++)
			buf_printf(&text, ", \"https://a%d.example/\"", i);
		buf_add(&text, STR(" ]; };"));
		parsed = conf_text_parse(buf_text(&text), CONF_CHECK_SYNTAX);
		ck_assert_rc(parsed.rc, n == CONF_LIST_MAX ? RC_OK : RC_CONFIG);
		conf_text_release(&parsed);
		buf_release(&text);
	}
}
END_TEST

START_TEST(conf_parse_warns_of_cheap_hashes)
{
	struct conf_text parsed =
	    conf_text_parse("password: { memory = \"8k\"; };", CONF_CHECK_SYNTAX);

	ck_assert_rc(parsed.rc, RC_OK);
	ck_assert(str_starts(buf_str(&parsed.warnings),
	    STR("\"password.memory\" is less than 7m: stolen hashes are guessed easily in ")));
	conf_text_release(&parsed);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_parse");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, conf_parse_of_nothing_gives_the_defaults);
	tcase_add_test(tests, conf_parse_reads_every_type);
	tcase_add_loop_test(tests, conf_parse_says_what_is_wrong_and_where, 0,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tests, conf_parse_reports_all_errors_of_all_files);
	tcase_add_test(tests, conf_parse_lets_a_later_file_win_setting_by_setting);
	tcase_add_test(tests, conf_parse_holds_both_ends_of_every_range);
	tcase_add_test(tests, conf_parse_holds_both_ends_of_a_limits_window);
	tcase_add_test(tests, conf_parse_holds_both_ends_of_every_length);
	tcase_add_test(tests, conf_parse_bounds_lists);
	tcase_add_test(tests, conf_parse_warns_of_cheap_hashes);
	return suite_run();
}
