#include "base/templates.h"

#include <string.h>
#include <sys/stat.h>

#include "support/scratch.h"
#include "support/suite.h"

static struct buf errors, warnings;

static enum rc
open_in(const char *directory, struct templates **ret)
{
	buf_release(&errors);
	buf_release(&warnings);
	errors = BUF_INIT(100000);
	warnings = BUF_INIT(100000);
	return templates_open(directory, ret, &errors, &warnings);
}

static void
tear_down(void)
{
	buf_release(&errors);
	buf_release(&warnings);
	scratch_remove();
}

START_TEST(templates_have_four_languages_of_each_kind)
{
	static const char *const languages[] = { "en", "de", "fr", "es" };
	struct templates *templates = NULL;

	ck_assert_rc(open_in(NULL, &templates), RC_OK);
	ck_assert_str_eq(buf_text(&warnings), "");
	for (size_t i = 0; i < 4; i++) {
		struct str language = str_from(languages[i]);

		ck_assert_text(
		    templates_language(templates, "phone_code", language, STR("en")), languages[i]);
		ck_assert_ptr_nonnull(templates_get(templates, "phone_code", language, "txt").ptr);
		ck_assert_ptr_nonnull(
		    templates_get(templates, "password_reset", language, "subject").ptr);
		ck_assert_ptr_nonnull(
		    templates_get(templates, "password_reset", language, "txt").ptr);
		ck_assert_ptr_nonnull(
		    templates_get(templates, "password_reset", language, "html").ptr);
	}
	ck_assert_ptr_null(templates_get(templates, "phone_code", STR("en"), "html").ptr);
	ck_assert_text(templates_get(templates, "phone_code", STR("en"), "txt"),
	    "Your security code is: {{ code }}");
	ck_assert_text(
	    templates_language(templates, "phone_code", STR("it,de-at"), STR("en")), "de");
	ck_assert_text(templates_language(templates, "phone_code", STR("it"), STR("fr")), "fr");
	templates_close(templates);
}
END_TEST

START_TEST(templates_of_the_directory_go_over_those_compiled_in)
{
	struct templates *templates = NULL;

	(void)scratch_file("phone_code.en.txt", "Mine: {{code}}\n", 0644);
	(void)scratch_file("phone_code.it.txt", "Codice: {{code}}", 0644);
	(void)scratch_file("phone_code.en.txt~", "{{", 0644);
	(void)scratch_file("notes", "x", 0644);
	ck_assert_rc(open_in(scratch_dir(), &templates), RC_OK);
	ck_assert_text(templates_get(templates, "phone_code", STR("en"), "txt"), "Mine: {{code}}");
	ck_assert_text(
	    templates_get(templates, "phone_code", STR("it"), "txt"), "Codice: {{code}}");
	ck_assert_ptr_nonnull(templates_get(templates, "phone_code", STR("de"), "txt").ptr);
	ck_assert_ptr_nonnull(strstr(buf_text(&warnings), "/notes:1\n"));
	templates_close(templates);
}
END_TEST

START_TEST(templates_that_are_wrong_are_refused_with_their_line)
{
	struct templates *templates = NULL;
	char large[TEMPLATE_FILE_MAX + 2];

	(void)scratch_file("phone_code.en.txt", "{{ code }}\n{{ name }}", 0644);
	(void)scratch_file("password_reset.en.subject", "two\nlines", 0644);
	(void)scratch_file("password_reset.de.txt", "\xff", 0644);
	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	(void)scratch_file("password_reset.fr.txt", large, 0644);
	ck_assert_int_eq(mkdir(scratch_path("password_reset.es.txt"), 0700), 0);
	ck_assert_rc(open_in(scratch_dir(), &templates), RC_CONFIG);
	ck_assert_ptr_nonnull(strstr(buf_text(&errors), "phone_code.en.txt:2\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&errors), "password_reset.en.subject:1\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&errors), "password_reset.de.txt:1\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&errors), "password_reset.fr.txt:1\n"));
	ck_assert_ptr_nonnull(strstr(buf_text(&errors), "password_reset.es.txt:1\n"));
	ck_assert_rc(open_in(scratch_path("missing"), &templates), RC_CONFIG);
}
END_TEST

START_TEST(templates_of_the_largest_size_are_taken)
{
	struct templates *templates = NULL;
	char large[TEMPLATE_FILE_MAX + 1];

	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	(void)scratch_file("password_reset.fr.txt", large, 0644);
	ck_assert_rc(open_in(scratch_dir(), &templates), RC_OK);
	templates_close(templates);
}
END_TEST

START_TEST(templates_warn_of_an_sms_that_is_paid_for_twice)
{
	struct templates *templates = NULL;

	(void)scratch_file("phone_code.ru.txt",
	    "Здравствуйте! Ваш код подтверждения для входа на наш новый сайт: {{ code }}", 0644);
	ck_assert_rc(open_in(scratch_dir(), &templates), RC_OK);
	ck_assert_ptr_nonnull(strstr(buf_text(&warnings), "takes 2 SMS"));
	templates_close(templates);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("templates");

	tcase_add_checked_fixture(tests, scratch_make, tear_down);
	tcase_add_test(tests, templates_have_four_languages_of_each_kind);
	tcase_add_test(tests, templates_of_the_directory_go_over_those_compiled_in);
	tcase_add_test(tests, templates_that_are_wrong_are_refused_with_their_line);
	tcase_add_test(tests, templates_of_the_largest_size_are_taken);
	tcase_add_test(tests, templates_warn_of_an_sms_that_is_paid_for_twice);
	return suite_run();
}
