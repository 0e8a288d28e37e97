#include "base/conf_rules.h"

#include <stdlib.h>

#include "support/suite.h"

struct example {
	const char *value;
	bool is_good;
};

static void
check_all(bool (*rule)(struct str value, struct buf *why), const struct example *examples)
{
	for (; examples->value != NULL; examples++) {
		struct buf why = BUF_INIT(512);
		bool is_good = rule(str_from(examples->value), &why);

		ck_assert_msg(
		    is_good == examples->is_good, "\"%s\": %s", examples->value, buf_text(&why));
		ck_assert(is_good ? why.len == 0 : str_starts(buf_str(&why), STR("must ")));
		buf_release(&why);
	}
}

START_TEST(conf_rule_url_prefix_ends_after_the_authority)
{
	static const struct example examples[] = {
		{ "https://a.example/", true },
		{ "http://a.example/", true },
		{ "https://a.example:8443/reset?t=", true },
		{ "https://[2001:db8::1]/", true },
		{ "https://a.example", false },
		{ "https://a.example?x/", false },
		{ "https://a.example#/", false },
		{ "https:///", false },
		{ "https:/a.example/", false },
		{ "//a.example/", false },
		{ "ftp://a.example/", false },
		{ "javascript:alert(1)/", false },
		{ "https://good.example@evil.example/", false },
		{ "https://a.example\\@evil.example/", false },
		{ "https://a.example:0/", false },
		{ "https://a.example:65536/", false },
		{ "https://a.example:/", false },
		{ "https://[::1/", false },
		{ "https://a b.example/", false },
		{ "https://a.example/\x01", false },
		{ "https://\xc3\xa4.example/", false },
		{ "https://a.example/{token}", false },
		{ NULL, false },
	};

	check_all(conf_rule_url_prefix, examples);
}
END_TEST

START_TEST(conf_rule_origin_is_what_browsers_send)
{
	static const struct example examples[] = {
		{ "https://example.com", true },
		{ "https://example.com:8443", true },
		{ "http://localhost:80443", false },
		{ "http://localhost:8080", true },
		{ "https://[::1]:8443", true },
		{ "https://xn--bcher-kva.example", true },
		{ "https://example.com:80", true },
		{ "http://example.com:443", true },
		{ "https://example.com:443", false },
		{ "http://example.com:80", false },
		{ "https://example.com/", false },
		{ "https://example.com?", false },
		{ "https://example.com#", false },
		{ "https://Example.com", false },
		{ "HTTPS://example.com", false },
		{ "https://user@example.com", false },
		{ "https://b\xc3\xbc"
		  "cher.example",
		    false },
		{ "https://", false },
		{ "example.com", false },
		{ "null", false },
		{ "*", false },
		{ "https://*.example.com", false },
		{ NULL, false },
	};

	check_all(conf_rule_origin, examples);
}
END_TEST

START_TEST(conf_rule_url_needs_a_host_and_no_fragment)
{
	static const struct example examples[] = {
		{ "https://a.example", true },
		{ "http://127.0.0.1:13013/cgi-bin/sendsms?x=1", true },
		{ "https://a.example/#x", false },
		{ "", false },
		{ NULL, false },
	};

	check_all(conf_rule_url, examples);
}
END_TEST

START_TEST(conf_rule_base_path_is_plain_segments)
{
	static const struct example examples[] = {
		{ "/api/v1.0", true },
		{ "/a", true },
		{ "/", false },
		{ "", false },
		{ "api", false },
		{ "/api/", false },
		{ "/api//v1", false },
		{ "/api/../v1", false },
		{ "/./v1", false },
		{ "/a b", false },
		{ "/a%20b", false },
		{ "/a;b", false },
		{ "/\"$x", false },
		{ NULL, false },
	};

	check_all(conf_rule_base_path, examples);
}
END_TEST

START_TEST(conf_rules_know_their_texts)
{
	static const struct example prefixes[] = { { "+1", true }, { "+49", true }, { "49", false },
		{ "+", false }, { "+0", false }, { "+4a", false }, { NULL, false } };
	static const struct example names[] = { { "a", true }, { "sms-1_b", true },
		{ "01234567890123456789012345678901", true },
		{ "012345678901234567890123456789012", false }, { "A", false }, { "", false },
		{ "a.b", false }, { NULL, false } };
	static const struct example senders[] = { { "a@b.example", true },
		{ "The Service <a+x@b.example>", true }, { "a@localhost", true }, { "a", false },
		{ "@b", false }, { "a@", false }, { "X <a@b", false }, { "a b@c", false },
		{ "a@b@c", false }, { NULL, false } };
	static const struct example accounts[] = { { "www-data", true }, { "_apt", true },
		{ "-x", false }, { "a b", false }, { "a/b", false }, { NULL, false } };
	static const struct example texts[] = { { "{code}", true }, { "Code {code}!", true },
		{ "code", false }, { "{code}{code}", false }, { "", false }, { NULL, false } };
	static const struct example logs[] = { { "stderr", true }, { "syslog", true },
		{ "/var/log/x", true }, { "/var/log/", false }, { "x.log", false },
		{ NULL, false } };

	check_all(conf_rule_phone_prefix, prefixes);
	check_all(conf_rule_gateway_name, names);
	check_all(conf_rule_mail_sender, senders);
	check_all(conf_rule_account, accounts);
	check_all(conf_rule_code_text, texts);
	check_all(conf_rule_log, logs);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_rules");

	tcase_add_test(tests, conf_rule_url_prefix_ends_after_the_authority);
	tcase_add_test(tests, conf_rule_origin_is_what_browsers_send);
	tcase_add_test(tests, conf_rule_url_needs_a_host_and_no_fragment);
	tcase_add_test(tests, conf_rule_base_path_is_plain_segments);
	tcase_add_test(tests, conf_rules_know_their_texts);
	return suite_run();
}
