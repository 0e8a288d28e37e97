#include "ctl/ctl_password.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "support/suite.h"

/* Reads a password where standard input is a pipe with that text. */
static enum rc
read_from(struct str input, struct buf *ret)
{
	int ends[2], saved = dup(STDIN_FILENO);
	enum rc rc;

	log_use_fd(-1);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], input.ptr, input.len), (ssize_t)input.len);
	ck_assert_int_eq(close(ends[1]), 0);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(close(ends[0]), 0);
	rc = ctl_password_read(ret);
	if (saved >= 0) {
		ck_assert_int_eq(dup2(saved, STDIN_FILENO), STDIN_FILENO);
		ck_assert_int_eq(close(saved), 0);
	}
	return rc;
}

START_TEST(ctl_password_is_the_first_line_of_standard_input)
{
	static const struct {
		const char *input, *password;
	} good[] = { { "secret\n", "secret" }, { "secret", "secret" }, { "one\ntwo\n", "one" },
		{ " a b \t\n", " a b \t" }, { "\xc3\xa4\r\n", "\xc3\xa4\r" }, { "\n", "" } };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct buf password = BUF_INIT(CTL_PASSWORD_MAX);

		ck_assert_rc(read_from(str_from(good[i].input), &password), RC_OK);
		ck_assert_text(buf_str(&password), good[i].password);
		buf_release(&password);
	}
}
END_TEST

START_TEST(ctl_password_must_be_there_and_not_too_long)
{
	struct buf password = BUF_INIT(CTL_PASSWORD_MAX);
	char *text = malloc(CTL_PASSWORD_MAX + 2);

	ck_assert_ptr_nonnull(text);
	ck_assert_rc(read_from(STR(""), &password), RC_NONE);
	for (size_t i = 0; i <= CTL_PASSWORD_MAX; i++)
		text[i] = 'x';
	text[CTL_PASSWORD_MAX] = '\n';
	ck_assert_rc(read_from((struct str){ text, CTL_PASSWORD_MAX + 1 }, &password), RC_OK);
	ck_assert_uint_eq(password.len, CTL_PASSWORD_MAX);
	buf_reset(&password);
	text[CTL_PASSWORD_MAX] = 'x';
	text[CTL_PASSWORD_MAX + 1] = '\n';
	ck_assert_rc(read_from((struct str){ text, CTL_PASSWORD_MAX + 2 }, &password), RC_NONE);
	buf_release(&password);
	free(text);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("ctl_password");

	tcase_add_test(tests, ctl_password_is_the_first_line_of_standard_input);
	tcase_add_test(tests, ctl_password_must_be_there_and_not_too_long);
	return suite_run();
}
