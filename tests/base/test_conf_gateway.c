#include "base/conf_gateway.h"

#include <stdlib.h>
#include <string.h>

#include "support/conf_text.h"
#include "support/scratch.h"
#include "support/suite.h"

#define FILE_GATEWAY "name = \"a\"; type = \"file\"; channel = \"sms\"; directory = \"/d\"; "

START_TEST(conf_gateway_keeps_the_order_and_the_defaults)
{
	struct conf_text parsed = conf_text_parse(
	    "reset: { sender = \"a@b.example\"; };\n"
	    "gateways: (\n"
	    "{ name = \"z\"; type = \"clickatell\"; api_key = \"k\"; prefixes = [ \"+49\", \"+1\" "
	    "]; },\n"
	    "{ name = \"a\"; type = \"smtp\"; host = \"h\"; port = 2525; enabled = false; },\n"
	    "{ name = \"h\"; type = \"http\"; channel = \"email\"; url = "
	    "\"http://[::1]:81/x?y=1\";\n"
	    "  headers = ( \"A: b\", \"C: d:e\" ); } );\n"
	    "sms: { countries = [ \"+49\" ]; };\n",
	    CONF_CHECK_SYNTAX);
	const struct conf_gateway *gateway;

	conf_text_says(buf_str(&parsed.errors), "");
	ck_assert_uint_eq(parsed.conf->n_gateways, 3);
	gateway = &parsed.conf->gateways[0];
	ck_assert_str_eq(gateway->name, "z");
	ck_assert_str_eq(gateway->type, "clickatell");
	ck_assert_int_eq(gateway->channel, CHANNEL_SMS);
	ck_assert(gateway->enabled);
	ck_assert_uint_eq(gateway->prefixes.n, 2);
	ck_assert_str_eq(gateway->prefixes.item[0], "+49");
	ck_assert_text(conf_gateway_get(gateway, "api_key"), "k");
	ck_assert_text(conf_gateway_get(gateway, "api"), "v1");
	ck_assert_text(conf_gateway_get(gateway, "url"), "https://platform.clickatell.com");
	ck_assert_ptr_null(conf_gateway_get(gateway, "host").ptr);
	gateway = conf_gateway_find(parsed.conf, STR("a"));
	ck_assert(!gateway->enabled);
	ck_assert_int_eq(gateway->channel, CHANNEL_EMAIL);
	ck_assert_text(conf_gateway_get(gateway, "port"), "2525");
	ck_assert_text(conf_gateway_get(gateway, "tls"), "starttls");
	ck_assert_text(
	    conf_gateway_get(conf_gateway_find(parsed.conf, STR("h")), "headers"), "A: b\nC: d:e");
	ck_assert_ptr_null(conf_gateway_find(parsed.conf, STR("none")));
	conf_text_release(&parsed);
}
END_TEST

/* The list's only member, in line 2, and what is said of it. */
static const struct {
	const char *text, *error;
} faults[] = {
	{ "3", "a gateway must be a group: { name = \"...\"; type = \"...\"; }" },
	{ "{ }", "gateway: \"name\" is missing" },
	{ "{ name = \"A\"; }", "gateway: \"name\" must be 1 to 32 of a-z, 0-9, \"_\" and \"-\"" },
	{ "{ name = \"a23456789012345678901234567890123\"; }",
	    "gateway: \"name\" must be 1 to 32 of a-z, 0-9, \"_\" and \"-\"" },
	{ "{ name = \"a\"; }", "gateway \"a\": \"type\" is missing" },
	{ "{ name = \"a\"; type = \"twillio\"; }",
	    "gateway \"a\": unknown type \"twillio\", did you mean \"twilio\"?" },
	{ "{ name = \"a\"; type = \"pigeon\"; }", "gateway \"a\": unknown type \"pigeon\"" },
	{ "{ name = \"a\"; type = \"file\"; directory = \"/d\"; }",
	    "gateway \"a\": \"channel\" is missing: it must be \"sms\" or \"email\"" },
	{ "{ name = \"a\"; type = \"file\"; directory = \"/d\"; channel = \"fax\"; }",
	    "gateway \"a\": type \"file\" has no channel \"fax\"" },
	{ "{ name = \"a\"; type = \"sendmail\"; channel = \"sms\"; }",
	    "gateway \"a\": type \"sendmail\" has no channel \"sms\"" },
	{ "{ name = \"a\"; type = \"file\"; channel = \"sms\"; }",
	    "gateway \"a\": \"directory\" is missing" },
	{ "{ " FILE_GATEWAY "}, { " FILE_GATEWAY "}",
	    "gateway \"a\": there is another one of this name" },
	{ "{ " FILE_GATEWAY "dir = \"/d\"; }",
	    "gateway \"a\": unknown setting \"dir\" of type \"file\"" },
	{ "{ " FILE_GATEWAY "enable = true; }", "gateway \"a\": unknown setting \"enable\" of type "
	                                        "\"file\", did you mean \"enabled\"?" },
	{ "{ " FILE_GATEWAY "enabled = 1; }", "gateway \"a\": \"enabled\" must be true or false" },
	{ "{ " FILE_GATEWAY "prefixes = [ \"49\" ]; }",
	    "gateway \"a\": each of \"prefixes\" must be the begin of a phone number, \"+\" and "
	    "digits, such as \"+49\"" },
	{ "{ " FILE_GATEWAY "prefixes = \"+49\"; }",
	    "gateway \"a\": \"prefixes\" must be a list of at most 64 texts, such as [ \"+49\" ]" },
	{ "{ name = \"a\"; type = \"file\"; channel = \"email\"; directory = \"/d\";"
	  " prefixes = [ \"+49\" ]; }",
	    "gateway \"a\": only gateways for SMS have \"prefixes\"" },
	{ "{ name = \"a\"; type = \"file\"; channel = \"sms\"; directory = \"d\"; }",
	    "gateway \"a\": \"directory\" must be an absolute path, beginning with a slash, not "
	    "\"d\"" },
	{ "{ name = \"a\"; type = \"file\"; channel = \"sms\"; directory = 3; }",
	    "gateway \"a\": \"directory\" must be a text in quotes" },
	{ "{ name = \"a\"; type = \"affo\"; channel = \"sms\"; url = \"ftp://x/\"; }",
	    "gateway \"a\": \"url\" must begin with https:// or http://, not \"ftp://x/\"" },
	{ "{ name = \"a\"; type = \"affo\"; channel = \"sms\"; url = \"http:///x\"; }",
	    "gateway \"a\": \"url\" must have a host name or an address after \"://\", not "
	    "\"http:///x\"" },
	{ "{ name = \"a\"; type = \"affo\"; channel = \"sms\"; url = \"http://u:p@x/\"; }",
	    "gateway \"a\": \"url\" must have a port from 1 to 65535 after the host's colon, not "
	    "\"http://u:p@x/\"" },
	{ "{ name = \"a\"; type = \"clickatell\"; }",
	    "gateway \"a\": \"api_key\" or \"api_key_file\" is missing" },
	{ "{ name = \"a\"; type = \"clickatell\"; api_key = \"x\"; api_key_file = \"y\"; }",
	    "gateway \"a\": \"api_key\" and \"api_key_file\": only one of them" },
	{ "{ name = \"a\"; type = \"clickatell\"; api_key = \"\"; }",
	    "gateway \"a\": \"api_key\" must be 1 to 1024 bytes long" },
	{ "{ name = \"a\"; type = \"clickatell\"; api_key = \"tell\\nno\"; }",
	    "gateway \"a\": \"api_key\" must not contain control characters or line breaks" },
	{ "{ name = \"a\"; type = \"clickatell\"; api_key = \"x\"; api = \"v2\"; }",
	    "gateway \"a\": \"api\" must be \"v1\" or \"legacy\", not \"v2\"" },
	{ "{ name = \"a\"; type = \"twilio\"; account_sid = \"A\"; auth_token = \"x\"; }",
	    "gateway \"a\": \"from\" or \"messaging_service_sid\" is missing" },
	{ "{ name = \"a\"; type = \"smtp\"; host = \"h\"; port = 0; }",
	    "gateway \"a\": \"port\" must be a number from 1 to 65535" },
	{ "{ name = \"a\"; type = \"smtp\"; host = \"h\"; port = 65536; }",
	    "gateway \"a\": \"port\" must be a number from 1 to 65535" },
	{ "{ name = \"a\"; type = \"smtp\"; host = \"h\"; user = \"u\"; }",
	    "gateway \"a\": \"user\" needs \"password\", too" },
	{ "{ name = \"a\"; type = \"smtp\"; host = \"h\"; password_file = \"p\"; }",
	    "gateway \"a\": \"password\" needs \"user\", too" },
	{ "{ name = \"a\"; type = \"http\"; channel = \"sms\"; url = \"http://h/\"; headers = [ "
	  "\"x\" ]; }",
	    "gateway \"a\": each of \"headers\" must be \"Name: value\", without control "
	    "characters" },
	{ "{ name = \"a\"; type = \"http\"; channel = \"sms\"; url = \"http://h/\"; headers = \"A: "
	  "b\"; }",
	    "gateway \"a\": \"headers\" must be a list of texts, such as [ \"...\", \"...\" ]" },
};

START_TEST(conf_gateway_says_what_is_wrong_and_where)
{
	struct buf text = BUF_INIT(4096), expected = BUF_INIT(4096);

	buf_printf(&text,
	    "reset: { sender = \"a@b.example\"; }; gateways: (\n%s\n);\nsms: { countries = [ "
	    "\"+49\" ]; };",
	    faults[_i].text);
	buf_printf(&expected, "%s in DIR/main.conf:2\n", faults[_i].error);
	conf_text_refused(buf_text(&text), buf_text(&expected));
	buf_release(&text);
	buf_release(&expected);
}
END_TEST

START_TEST(conf_gateway_for_mail_needs_a_sender)
{
	conf_text_refused("gateways: ( { name = \"m\"; type = \"sendmail\"; } );",
	    "gateway \"m\" needs \"reset.sender\": whom its mails are from in DIR/main.conf:1\n");
}
END_TEST

START_TEST(conf_gateway_list_is_bounded)
{
	for (int n = CONF_GATEWAYS_MAX; n <= CONF_GATEWAYS_MAX + 1; n++) {
		struct buf text = BUF_INIT(8192);
		struct conf_text parsed;

		buf_add(&text, STR("gateways: ( "));
		for (int i = 0; i < n; i++)
			buf_printf(&text,
			    "%s{ name = \"g%d\"; type = \"file\"; channel = \"sms\"; directory = "
			    "\"/d\"; }",
			    i == 0 ? "" : ", ", i);
		buf_add(&text, STR(" );"));
		parsed = conf_text_parse(buf_text(&text), CONF_CHECK_SYNTAX);
		ck_assert_rc(parsed.rc, n == CONF_GATEWAYS_MAX ? RC_OK : RC_CONFIG);
		conf_text_release(&parsed);
		buf_release(&text);
	}
	conf_text_refused("gateways: { };",
	    "\"gateways\" must be a list of at most 32 groups: gateways: ( { ... }, { ... } ); in "
	    "DIR/main.conf:1\n");
}
END_TEST

START_TEST(conf_gateway_rows_hold_together)
{
	for (size_t i = 0; i < conf_gateway_rows_n; i++) {
		const struct conf_gateway_row *row = &conf_gateway_rows[i];

		ck_assert_ptr_nonnull(conf_gateway_kind(str_from(row->type)));
		ck_assert_ptr_eq(conf_gateway_row(row->type, str_from(row->name)), row);
		ck_assert((row->value == CONF_GATEWAY_SECRET) == (row->file_name != NULL));
		ck_assert((row->value == CONF_GATEWAY_WORD) == (row->words != NULL));
		ck_assert(!row->is_required || (row->standard == NULL && row->example != NULL));
		if (row->instead != NULL)
			ck_assert_str_eq(
			    conf_gateway_row(row->type, str_from(row->instead))->instead,
			    row->name);
		if (row->together != NULL)
			ck_assert_str_eq(
			    conf_gateway_row(row->type, str_from(row->together))->together,
			    row->name);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_gateway");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, conf_gateway_keeps_the_order_and_the_defaults);
	tcase_add_loop_test(tests, conf_gateway_says_what_is_wrong_and_where, 0,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tests, conf_gateway_for_mail_needs_a_sender);
	tcase_add_test(tests, conf_gateway_list_is_bounded);
	tcase_add_test(tests, conf_gateway_rows_hold_together);
	return suite_run();
}
