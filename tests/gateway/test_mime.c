#include "gateway/mime.h"

#include <stdio.h>

#include "gateway/mime_encode.h"
#include "support/suite.h"

static const struct letter plain = {
	.id = { "MDEyMzQ1Njc4OWFiY2RlZg", 22 },
	.channel = CHANNEL_EMAIL,
	.recipient = { "U.ser@Example.com", 17 },
	.sender = { "AFFO <no-reply@example.com>", 27 },
	.subject = { "Password reset required", 23 },
	.text = { "Hello\nworld", 11 },
	.created_at = 1795350672345,
};

static void
assert_refused(struct letter letter)
{
	struct buf mail = BUF_INIT(MIME_MAX);

	ck_assert_rc(mime_compose(&letter, &mail), RC_SYNTAX);
	buf_release(&mail);
}

START_TEST(mime_compose_writes_a_plain_mail)
{
	struct buf mail = BUF_INIT(MIME_MAX);

	ck_assert_rc(mime_compose(&plain, &mail), RC_OK);
	ck_assert_text(buf_str(&mail), "From: AFFO <no-reply@example.com>\r\n"
	                               "To: U.ser@example.com\r\n"
	                               "Subject: Password reset required\r\n"
	                               "Date: Sun, 22 Nov 2026 12:31:12 +0000\r\n"
	                               "Message-ID: <MDEyMzQ1Njc4OWFiY2RlZg@example.com>\r\n"
	                               "Auto-Submitted: auto-generated\r\n"
	                               "MIME-Version: 1.0\r\n"
	                               "Content-Type: text/plain; charset=utf-8\r\n"
	                               "Content-Transfer-Encoding: quoted-printable\r\n"
	                               "\r\n"
	                               "Hello\r\nworld\r\n");
	buf_release(&mail);
}
END_TEST

START_TEST(mime_compose_lets_nobody_add_a_header)
{
	static const char *const evil[] = { "a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\tb",
		"a\x7f" };

	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		struct letter subject = plain, sender = plain, recipient = plain, id = plain;
		char text[64];

		subject.subject = str_from(evil[i]);
		assert_refused(subject);
		id.id = str_from(evil[i]);
		assert_refused(id);
		(void)snprintf(text, sizeof(text), "%s <a@example.com>", evil[i]);
		sender.sender = str_from(text);
		assert_refused(sender);
		(void)snprintf(text, sizeof(text), "%s@example.com", evil[i]);
		recipient.recipient = str_from(text);
		assert_refused(recipient);
	}
}
END_TEST

START_TEST(mime_compose_refuses_what_is_no_address_or_no_text)
{
	static const char *const bad[] = { "", "user", "@example.com", "user@", "a@b@c.example",
		"a b@example.com", "a,b@example.com", "<a@example.com>", "A <a@example.com>" };
	struct letter letter = plain;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		letter.recipient = str_from(bad[i]);
		assert_refused(letter);
	}
	letter = plain;
	letter.text = STR("\xff");
	assert_refused(letter);
	letter = plain;
	letter.html = STR("\xff");
	assert_refused(letter);
	letter = plain;
	letter.subject = STR("\xc3");
	assert_refused(letter);
	letter = plain;
	letter.id = STR("");
	assert_refused(letter);
}
END_TEST

START_TEST(mime_compose_gives_RC_LIMIT_when_the_mail_is_too_long)
{
	struct buf whole = BUF_INIT(MIME_MAX), mail;

	ck_assert_rc(mime_compose(&plain, &whole), RC_OK);
	mail = BUF_INIT(whole.len);
	ck_assert_rc(mime_compose(&plain, &mail), RC_OK);
	buf_release(&mail);
	mail = BUF_INIT(whole.len - 1);
	ck_assert_rc(mime_compose(&plain, &mail), RC_LIMIT);
	buf_release(&mail);
	buf_release(&whole);
}
END_TEST

START_TEST(mime_address_gives_the_envelope)
{
	static const struct {
		const char *mailbox, *address;
	} rows[] = {
		{ "a@example.com", "a@example.com" },
		{ "AFFO <a@example.com>", "a@example.com" },
		{ "\"A, \\\"B\\\"\" <a@example.com>", "a@example.com" },
		{ "A@b\xc3\xbc"
		  "cher.example",
		    "A@xn--bcher-kva.example" },
		{ "root@localhost", "root@localhost" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf address = BUF_INIT(1000);

		ck_assert_rc(mime_address(str_from(rows[i].mailbox), &address), RC_OK);
		ck_assert_text(buf_str(&address), rows[i].address);
		buf_release(&address);
	}
}
END_TEST

/* No line is over 76 bytes, each ends in CRLF, and no bare CR or LF is there. */
static void
assert_lines(struct str text)
{
	struct str line;

	ck_assert(str_ends(text, STR("\r\n")));
	text.len--;
	while (str_cut(&text, '\n', &line)) {
		ck_assert(line.len > 0 && line.ptr[line.len - 1] == '\r');
		ck_assert_uint_le(line.len - 1, 76);
		ck_assert_uint_eq(str_index(line, '\r'), line.len - 1);
	}
}

START_TEST(mime_encode_header_keeps_every_line_within_76_columns)
{
	struct buf text = BUF_INIT(4000), header = BUF_INIT(16000);

	/* From 0 to 200 code points of one to three bytes, with a word's end now and then. */
	for (size_t i = 0; i < 600; i++) {
		static const char *const pieces[] = { "a", "\xc3\xbc", "\xe2\x82\xac" };
		size_t kind = i / 200;

		if (i % 200 == 0)
			buf_reset(&text);
		buf_reset(&header);
		buf_add(&text, str_from(i % 9 == 8 ? " " : pieces[kind]));
		mime_encode_header(&header, "Subject", buf_str(&text));
		assert_lines(buf_str(&header));
	}
	buf_release(&text);
	buf_release(&header);
}
END_TEST

static void
assert_printable(const char *text, const char *expected)
{
	struct buf out = BUF_INIT(4000);

	mime_encode_quoted_printable(&out, str_from(text));
	ck_assert_text(buf_str(&out), expected);
	buf_release(&out);
}

START_TEST(mime_encode_quoted_printable_keeps_what_transports_change)
{
	assert_printable("", "");
	assert_printable("a=b", "a=3Db\r\n");
	assert_printable("\xc3\xbc", "=C3=BC\r\n");
	assert_printable("a \nb\t\r\n", "a=20\r\nb=09\r\n");
	assert_printable("a ", "a=20\r\n");
	assert_printable(".\n..\na.", "=2E\r\n=2E.\r\na.\r\n");
	assert_printable("From me\n>From", "=46rom me\r\n>From\r\n");
	assert_printable("a\rb", "a=0Db\r\n");
	assert_printable("\n\n", "\r\n\r\n");
}
END_TEST

START_TEST(mime_encode_quoted_printable_breaks_lines_before_column_77)
{
	struct buf text = BUF_INIT(4000), out = BUF_INIT(16000);

	for (size_t i = 0; i < 300; i++) {
		buf_add(&text, str_from(i % 7 == 6 ? "\xc3\xbc" : i % 5 == 0 ? "." : "b"));
		buf_reset(&out);
		mime_encode_quoted_printable(&out, buf_str(&text));
		assert_lines(buf_str(&out));
		ck_assert(!str_contains(buf_str(&out), STR("\n.")));
	}
	buf_release(&text);
	buf_release(&out);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("mime");

	tcase_add_test(tests, mime_compose_writes_a_plain_mail);
	tcase_add_test(tests, mime_compose_lets_nobody_add_a_header);
	tcase_add_test(tests, mime_compose_refuses_what_is_no_address_or_no_text);
	tcase_add_test(tests, mime_compose_gives_RC_LIMIT_when_the_mail_is_too_long);
	tcase_add_test(tests, mime_address_gives_the_envelope);
	tcase_add_test(tests, mime_encode_header_keeps_every_line_within_76_columns);
	tcase_add_test(tests, mime_encode_quoted_printable_keeps_what_transports_change);
	tcase_add_test(tests, mime_encode_quoted_printable_breaks_lines_before_column_77);
	return suite_run();
}
