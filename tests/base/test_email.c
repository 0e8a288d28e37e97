#include "base/email.h"

#include <string.h>

#include "support/suite.h"

START_TEST(email_key_is_the_address_in_small_letters_and_a_labels)
{
	static const char *const pairs[][2] = {
		{ "a@b.cd", "a@b.cd" },
		{ "User.Name+Tag@Example.COM", "user.name+tag@example.com" },
		{ "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com" },
		{ "1@2.3x", "1@2.3x" },
		{ "a@1.2.example", "a@1.2.example" },
		{ "a@x--y.r3---sn.example", "a@x--y.r3---sn.example" },
		{ "a@b\xc3\xbc"
		  "cher.example",
		    "a@xn--bcher-kva.example" },
		{ "a@xn--bcher-kva.example", "a@xn--bcher-kva.example" },
		{ "a@XN--Bcher-KVA.example", "a@xn--bcher-kva.example" },
		{ "a@fa\xc3\x9f.de", "a@xn--fa-hia.de" }, /* sharp s: not "fass" */
		{ "a@\xe6\x97\xa5\xe6\x9c\xac.jp", "a@xn--wgv71a.jp" },
		{ "a@\xd7\x90\xd7\x91.example", "a@xn--4dbc.example" },
		{ "a@example.\xd1\x80\xd1\x84", "a@example.xn--p1ai" },
		{ "a@col\xc2\xb7lab.example", "a@xn--collab-dla.example" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct buf key = BUF_INIT(EMAIL_MAX);
		enum rc rc = email_key(str_from(pairs[i][0]), &key);

		ck_assert_msg(rc == RC_OK, "refused: %s", pairs[i][0]);
		ck_assert_text(buf_str(&key), pairs[i][1]);
		buf_release(&key);
	}
}
END_TEST

START_TEST(email_key_refuses_what_is_no_address)
{
	static const char *const bad[] = {
		/* The whole. */
		"",
		"@",
		"a",
		"a@",
		"@b.cd",
		"a@b",
		"a@b@c.de",
		"a@@b.cd",
		" a@b.cd",
		"a@b.cd ",
		"a@b.cd\n",
		"a b@c.de",
		"a@b .cd",
		"<a@b.cd>",
		"A <a@b.cd>",
		"a@b.cd,c@d.ef",
		"mailto:a@b.cd@",
		/* Local part: quotes, comments, dots, control characters, other scripts. */
		"\"a\"@b.cd",
		"\"a b\"@c.de",
		"(c)a@b.cd",
		"a(c)@b.cd",
		".a@b.cd",
		"a.@b.cd",
		"a..b@c.de",
		"a\\@b.cd",
		"a,b@c.de",
		"a;b@c.de",
		"a:b@c.de",
		"a[b@c.de",
		"a\x01@b.cd",
		"a\x7f@b.cd",
		"\xc3\xa4@b.cd",
		"a\tb@c.de",
		"a\r\nBcc: x@y.zz@b.cd",
		/* Domain: literals, numbers, hyphens, dots, underscores. */
		"a@[127.0.0.1]",
		"a@[IPv6:::1]",
		"a@127.0.0.1",
		"a@1.2",
		"a@example.123",
		"a@.b.cd",
		"a@b..cd",
		"a@b.cd.",
		"a@-b.cd",
		"a@b-.cd",
		"a@b.-cd",
		"a@b_c.de",
		"a@b.c d",
		"a@b,cd",
		"a@b/c.de",
		"a@b.cd(c)",
		"a@b%40c.de",
		"a@b.cd:25",
		"a@b.cd\xff",
		/* What a mapping would make something of. */
		"a@b\xe3\x80\x82"
		"cd",
		"a@b\xef\xbc\x8e"
		"cd",
		"a@b\xef\xbd\xa1"
		"cd",
		"a@b.c\xef\xbc\x8e"
		"de", /* full-width and ideographic dots */
		"a@\xe2\x84\xaa"
		"elvin.example",                      /* the Kelvin sign */
		"a@\xc5\xbf.example",                 /* long s */
		"a@\xef\xbd\x86\xef\xbd\x95.example", /* full-width letters */
		"a@B\xc3\xbc"
		"cher.example",
		"a@b\xc3\x9c"
		"cher.example",        /* capitals beside a U-label */
		"a@e\xcc\x81.example", /* not composed */
		"a@\xef\xac\x81.example",
		"a@\xe2\x84\xa2.example",
		"a@\xc2\xbd.example",
		"a@b\xc2\xad"
		"c.example",
		"a@b\xe2\x80\x8b"
		"c.example",
		"a@b\xef\xbb\xbf"
		"c.example",
		"a@\xf0\x9f\x92\xa9.example",
		"a@\xe2\x98\x83.example",
		/* Against the rules for U-labels. */
		"a@-\xc3\xbc.example",
		"a@\xc3\xbc-.example",
		"a@ab--\xc3\xbc.example",
		"a@\xcc\x81"
		"a.example",
		"a@a\xe2\x80\x8d"
		"b.example",
		"a@a\xc2\xb7"
		"b.example",
		"a@1\xd7\x90.example",
		"a@\xd7\x90"
		"a.example",
		"a@xn--b\xc3\xbc"
		"cher.example",
		"a@\xcd\xb8.example",
		"a@b\xc3.example",
		"a@\xed\xa0\x80.example",
		/* A-labels of nothing. */
		"a@xn--.example",
		"a@xn--a.example",
		"a@xn--abc-.example",
		"a@xn--n3h.example",
		"a@xn--0000h.example",
		"a@xn--9999999999999.example",
		"a@example.xn--zzzzzz9999999999",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf key = BUF_INIT(EMAIL_MAX);

		ck_assert_msg(email_key(str_from(bad[i]), &key) == RC_SYNTAX, "taken: %s", bad[i]);
		ck_assert_msg(key.len == 0 && buf_ok(&key), "left behind: %s", bad[i]);
		buf_release(&key);
	}
}
END_TEST

START_TEST(email_key_refuses_a_nul_byte_anywhere)
{
	struct buf key = BUF_INIT(EMAIL_MAX);

	ck_assert_rc(email_key((struct str){ "a\0@b.cd", 7 }, &key), RC_SYNTAX);
	ck_assert_rc(email_key((struct str){ "a@b\0.cd", 7 }, &key), RC_SYNTAX);
	ck_assert_rc(email_key((struct str){ "a@b.cd\0", 7 }, &key), RC_SYNTAX);
	ck_assert_rc(email_key((struct str){ "a@\xc3\xbc\0.cd", 8 }, &key), RC_SYNTAX);
	ck_assert_rc(email_key(STR_NULL, &key), RC_SYNTAX);
	buf_release(&key);
}
END_TEST

/* A local part and a first label of those lengths, then labels until all is total bytes long. */
static enum rc
key_of_lengths(size_t local, size_t label, size_t total)
{
	struct buf email = BUF_INIT(1024), key = BUF_INIT(1024);
	enum rc rc;

	for (size_t i = 0; i < local; i++)
		buf_add_char(&email, 'a');
	buf_add_char(&email, '@');
	for (size_t i = 0; i < label; i++)
		buf_add_char(&email, 'b');
	while (email.len + 3 < total) {
		size_t left = total - email.len - 3, n = left > 60 ? 50 : left;

		buf_add_char(&email, '.');
		for (size_t i = 1; i < n; i++)
			buf_add_char(&email, 'c');
	}
	buf_add(&email, STR(".dd"));
	rc = email_key(buf_str(&email), &key);
	ck_assert(rc != RC_OK || key.len == email.len);
	buf_release(&email);
	buf_release(&key);
	return rc;
}

START_TEST(email_key_holds_each_length_to_its_limit)
{
	struct buf text = BUF_INIT(1024), key = BUF_INIT(1024);

	ck_assert_rc(key_of_lengths(64, 10, 0), RC_OK);
	ck_assert_rc(key_of_lengths(65, 10, 0), RC_SYNTAX);
	ck_assert_rc(key_of_lengths(1, 63, 0), RC_OK);
	ck_assert_rc(key_of_lengths(1, 64, 0), RC_SYNTAX);
	ck_assert_rc(key_of_lengths(10, 40, 254), RC_OK);
	ck_assert_rc(key_of_lengths(10, 40, 255), RC_SYNTAX);
	/* Short as typed, too long with A-labels: 60 labels "xn--4ca". */
	buf_add(&text, STR("a@"));
	for (int i = 0; i < 60; i++)
		buf_add(&text, STR("\xc3\xa4."));
	buf_add(&text, STR("dd"));
	ck_assert_uint_le(text.len, EMAIL_MAX);
	ck_assert_rc(email_key(buf_str(&text), &key), RC_SYNTAX);
	/* One U-label whose A-label is over 63 bytes. */
	buf_reset(&text);
	buf_add(&text, STR("a@"));
	for (int i = 0; i < 60; i++)
		buf_add(&text, i % 2 == 0 ? STR("\xc3\xa4") : STR("\xd1\x84"));
	buf_add(&text, STR(".dd"));
	ck_assert_rc(email_key(buf_str(&text), &key), RC_SYNTAX);
	buf_release(&text);
	buf_release(&key);
}
END_TEST

START_TEST(email_lookup_key_takes_anything)
{
	static const char *const pairs[][2] = {
		{ "User@B\xc3\xbc"
		  "cher.example",
		    "user@b\xc3\xbc"
		    "cher.example" },
		{ "User@b\xc3\xbc"
		  "cher.example",
		    "user@xn--bcher-kva.example" },
		{ "\"Old Style\"@LOCALHOST", "\"old style\"@localhost" },
		{ "", "" },
		{ "ADMIN", "admin" },
	};
	struct buf key = BUF_INIT(1024), small = BUF_INIT(3);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		buf_reset(&key);
		ck_assert_rc(email_lookup_key(str_from(pairs[i][0]), &key), RC_OK);
		ck_assert_text(buf_str(&key), pairs[i][1]);
	}
	ck_assert_rc(email_lookup_key(STR("abcd"), &small), RC_SYSTEM);
	buf_release(&key);
	buf_release(&small);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("email");

	tcase_add_test(tests, email_key_is_the_address_in_small_letters_and_a_labels);
	tcase_add_test(tests, email_key_refuses_what_is_no_address);
	tcase_add_test(tests, email_key_refuses_a_nul_byte_anywhere);
	tcase_add_test(tests, email_key_holds_each_length_to_its_limit);
	tcase_add_test(tests, email_lookup_key_takes_anything);
	return suite_run();
}
