#include "deliver/render.h"

#include <stdio.h>

#include "support/suite.h"

static struct templates *templates;
static struct conf conf;

static void
make(void)
{
	/* Literals that live on: the structs own theirs, so they are no constants. */
	static char sender[] = "AFFO <no-reply@example.com>", name[] = "AFFO";
	static char english[] = "en";
	struct buf errors = BUF_INIT(4096), warnings = BUF_INIT(4096);

	ck_assert_rc(templates_open(NULL, &templates, &errors, &warnings), RC_OK);
	buf_release(&errors);
	buf_release(&warnings);
	conf = (struct conf){ 0 };
	conf.reset.sender = sender;
	conf.templates.language = english;
	conf.reset.lifetime_ms = 3600000;
	conf.verification.sender = name;
	conf.verification.lifetime_ms = 600000;
}

static void
tear_down(void)
{
	templates_close(templates);
}

static struct message
code_message(const char *language)
{
	static char recipient[] = "+17775550100", wishes[64];

	(void)snprintf(wishes, sizeof(wishes), "%s", language);
	return (struct message){ .id = "MDEyMzQ1Njc4OWFiY2RlZg",
		.kind = MESSAGE_PHONE_CODE,
		.channel = CHANNEL_SMS,
		.recipient = recipient,
		.language = wishes,
		.is_resend = true,
		.created_at = 5 };
}

static struct message
reset_message(const char *language)
{
	static char recipient[] = "u@example.com";
	struct message message = code_message(language);

	message.kind = MESSAGE_PASSWORD_RESET;
	message.channel = CHANNEL_EMAIL;
	message.recipient = recipient;
	return message;
}

static struct render
render(const struct message *message, const char *variables, bool has_own_texts)
{
	struct render rendered;

	ck_assert_rc(
	    render_letter(&conf, templates, message, str_from(variables), has_own_texts, &rendered),
	    RC_OK);
	return rendered;
}

START_TEST(render_letter_writes_the_code_where_the_configuration_says)
{
	struct message message = code_message("");
	struct render rendered = render(&message, "{\"code\":\"8787\"}", false);

	ck_assert_text(rendered.letter.text, "Your security code is: 8787");
	ck_assert_text(rendered.letter.id, "MDEyMzQ1Njc4OWFiY2RlZg");
	ck_assert_text(rendered.letter.recipient, "+17775550100");
	ck_assert_text(rendered.letter.sender, "AFFO");
	ck_assert(rendered.letter.is_resend);
	ck_assert_int_eq(rendered.letter.created_at, 5);
	ck_assert_ptr_null(rendered.letter.html.ptr);
	render_release(&rendered);
	conf.verification.text = (char[]){ "{code}{{code}" };
	rendered = render(&message, "{\"code\":\"8787\"}", false);
	ck_assert_text(rendered.letter.text, "8787{8787");
	render_release(&rendered);
}
END_TEST

START_TEST(render_letter_writes_the_link_and_a_subject)
{
	struct message message = reset_message("");
	struct render rendered = render(&message,
	    "{\"url\":\"https://example.com/?a&t=1\",\"first_name\":\"Zo\xc3\xab\"}", false);
	struct letter *letter = &rendered.letter;

	ck_assert_text(letter->subject, "Password reset required");
	ck_assert_text(letter->sender, "AFFO <no-reply@example.com>");
	ck_assert_text(letter->url, "https://example.com/?a&t=1");
	ck_assert_text(letter->first_name, "Zo\xc3\xab");
	ck_assert(str_contains(letter->text, STR("\nhttps://example.com/?a&t=1\n")));
	ck_assert(str_contains(letter->text, STR("60 minutes")));
	ck_assert(str_contains(letter->html, STR("\"https://example.com/?a&amp;t=1\"")));
	render_release(&rendered);
}
END_TEST

START_TEST(render_letter_speaks_the_language_that_was_wished)
{
	struct message message = reset_message("xx,de-at");
	struct render rendered = render(&message, "{\"url\":\"https://example.com/\"}", false);

	ck_assert(str_contains(rendered.letter.text, STR("Passwort")));
	ck_assert(!str_equal(rendered.letter.subject, STR("Password reset required")));
	render_release(&rendered);
	/* A gateway that has its own texts gets the subject that goes with them. */
	rendered = render(&message, "{\"url\":\"https://example.com/\"}", true);
	ck_assert_text(rendered.letter.subject, "Password reset required");
	render_release(&rendered);
	message = code_message("de");
	rendered = render(&message, "{\"code\":\"8787\"}", false);
	ck_assert(str_contains(rendered.letter.text, STR("Sicherheitscode")));
	ck_assert(str_contains(rendered.letter.text, STR("8787")));
	render_release(&rendered);
}
END_TEST

START_TEST(render_letter_speaks_the_configured_language_when_none_was_wished)
{
	static const char *const wishes[] = { "", "xx" };

	conf.templates.language = (char[]){ "fr" };
	for (size_t i = 0; i < 2; i++) {
		struct message message = reset_message(wishes[i]);
		struct render rendered =
		    render(&message, "{\"url\":\"https://a.example/\"}", false);

		ck_assert(str_contains(rendered.letter.text, STR("mot de passe")));
		render_release(&rendered);
	}
}
END_TEST

START_TEST(render_letter_tells_the_admin)
{
	struct message message = reset_message("");
	struct render rendered;

	message.kind = MESSAGE_ALERT;
	rendered = render(&message, "{\"text\":\"Gateway one is misconfigured\"}", false);
	ck_assert(str_contains(rendered.letter.text, STR("Gateway one is misconfigured")));
	ck_assert_uint_gt(rendered.letter.subject.len, 0);
	ck_assert_text(rendered.letter.sender, "AFFO <no-reply@example.com>");
	render_release(&rendered);
}
END_TEST

START_TEST(render_letter_keeps_the_admins_own_texts_in_every_language)
{
	struct message message = reset_message("de");
	struct render rendered;

	conf.reset.subject = (char[]){ "Shop: new password" };
	conf.verification.text = (char[]){ "Shop: {code}" };
	rendered = render(&message, "{\"url\":\"https://example.com/\"}", false);
	ck_assert_text(rendered.letter.subject, "Shop: new password");
	render_release(&rendered);
	message = code_message("de");
	rendered = render(&message, "{\"code\":\"8787\"}", false);
	ck_assert_text(rendered.letter.text, "Shop: 8787");
	render_release(&rendered);
}
END_TEST

START_TEST(render_letter_refuses_variables_that_make_no_message)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"code\":1}", "{\"url\":null}",
		"{\"code\":\"\",\"url\":\"\"}" };
	struct message messages[] = { code_message(""), reset_message("") };
	struct render rendered;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t k = 0; k < 2; k++)
			ck_assert_rc(render_letter(&conf, templates, &messages[k], str_from(bad[i]),
			                 false, &rendered),
			    RC_SYNTAX);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("render");

	tcase_add_checked_fixture(tests, make, tear_down);
	tcase_add_test(tests, render_letter_writes_the_code_where_the_configuration_says);
	tcase_add_test(tests, render_letter_writes_the_link_and_a_subject);
	tcase_add_test(tests, render_letter_speaks_the_language_that_was_wished);
	tcase_add_test(tests, render_letter_speaks_the_configured_language_when_none_was_wished);
	tcase_add_test(tests, render_letter_tells_the_admin);
	tcase_add_test(tests, render_letter_keeps_the_admins_own_texts_in_every_language);
	tcase_add_test(tests, render_letter_refuses_variables_that_make_no_message);
	return suite_run();
}
