#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/scratch.h"
#include "support/sending.h"
#include "support/suite.h"

/* A mailer that is a shell script. Its directory is in $HOME, which mailers are given. */
static struct delivery
send_by(const char *script, const char *from, const struct letter *letter, int64_t timeout_ms)
{
	struct buf text = BUF_INIT(4096);
	struct sending_setting settings[3] = { { "path", NULL }, { "from", from }, { NULL, NULL } };
	struct delivery delivery;

	ck_assert_int_eq(setenv("HOME", scratch_dir(), 1), 0);
	buf_printf(&text, "#!/bin/sh\n%s\n", script);
	settings[0].value = scratch_file("mailer", buf_text(&text), 0755);
	buf_release(&text);
	delivery = sending_try("sendmail", settings, letter, timeout_ms);
	return delivery;
}

static void
read_file(const char *name, char *to, size_t max)
{
	FILE *file = fopen(scratch_path(name), "r");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(to, 1, max - 1, file);
	to[n] = '\0';
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(sendmail_gives_the_mail_and_each_address_as_an_argument)
{
	static const char record[] =
	    "for a in \"$@\"; do echo \"[$a]\"; done >\"$HOME/arguments\"; cat >\"$HOME/mail\"";
	struct letter letter = sending_mail;
	char text[4096];

	ck_assert_int_eq(
	    send_by(record, NULL, &sending_mail, SENDING_PATIENCE_MS).result, DELIVERY_OK);
	read_file("arguments", text, sizeof(text));
	ck_assert_str_eq(text, "[-i]\n[-f]\n[no-reply@example.com]\n[--]\n[u@example.com]\n");
	read_file("mail", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "\nTo: u@example.com\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nSubject: Password reset required\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n\nHello\n"));
	ck_assert_ptr_null(strchr(text, '\r'));
	/* Addresses are data, whatever they look like. */
	letter.recipient = STR("-oQ/tmp@b\xc3\xbc"
	                       "cher.example");
	ck_assert_int_eq(
	    send_by(record, "bounce+`id`@example.com", &letter, SENDING_PATIENCE_MS).result,
	    DELIVERY_OK);
	read_file("arguments", text, sizeof(text));
	ck_assert_str_eq(
	    text, "[-i]\n[-f]\n[bounce+`id`@example.com]\n[--]\n[-oQ/tmp@xn--bcher-kva.example]\n");
}
END_TEST

START_TEST(sendmail_reads_every_exit_status)
{
	static const struct {
		int status;
		enum delivery_result result;
	} rows[] = { { 0, DELIVERY_OK }, { 64, DELIVERY_PERMANENT }, { 65, DELIVERY_PERMANENT },
		{ 66, DELIVERY_PERMANENT }, { 67, DELIVERY_PERMANENT }, { 68, DELIVERY_PERMANENT },
		{ 69, DELIVERY_LATER }, { 70, DELIVERY_LATER }, { 71, DELIVERY_LATER },
		{ 75, DELIVERY_LATER }, { 76, DELIVERY_LATER }, { 77, DELIVERY_MISCONFIGURED },
		{ 78, DELIVERY_MISCONFIGURED }, { 1, DELIVERY_LATER }, { 127, DELIVERY_LATER },
		{ 255, DELIVERY_LATER } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char script[64];
		struct delivery delivery;

		(void)snprintf(script, sizeof(script), "exit %d", rows[i].status);
		delivery = send_by(script, NULL, &sending_mail, SENDING_PATIENCE_MS);
		ck_assert_msg(delivery.result == rows[i].result, "%s: %s (%s)", script,
		    delivery_result_name(delivery.result), delivery.detail);
	}
	ck_assert_int_eq(
	    send_by("kill -9 $$", NULL, &sending_mail, SENDING_PATIENCE_MS).result, DELIVERY_LATER);
}
END_TEST

START_TEST(sendmail_logs_the_first_line_that_the_mailer_said)
{
	struct delivery delivery = send_by("echo 'no such account' >&2; echo second; exit 78", NULL,
	    &sending_mail, SENDING_PATIENCE_MS);

	ck_assert_str_eq(delivery.detail, "exit status 78: no such account");
	/* One that talks without an end, and one that doesn't listen, are no trouble. */
	delivery = send_by("head -c 1000000 /dev/zero | tr '\\0' x; exit 75", NULL, &sending_mail,
	    SENDING_PATIENCE_MS);
	ck_assert_int_eq(delivery.result, DELIVERY_LATER);
	ck_assert(str_starts(str_from(delivery.detail), STR("exit status 75: xxx")));
	ck_assert_int_eq(
	    send_by("exec <&-", NULL, &sending_mail, SENDING_PATIENCE_MS).result, DELIVERY_OK);
}
END_TEST

START_TEST(sendmail_ends_a_mailer_that_hangs_with_all_that_it_started)
{
	struct pollfd alive = { .events = POLLIN };
	char c;

	/* Each of them holds the FIFO open while it lives. */
	ck_assert_int_eq(mkfifo(scratch_path("alive"), 0600), 0);
	alive.fd = open(scratch_path("alive"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(alive.fd, 0);
	ck_assert_int_eq(
	    send_by("exec 3>\"$HOME/alive\"; sleep 600 & sleep 600", NULL, &sending_mail, 500)
	        .result,
	    DELIVERY_LATER);
	/* Had a slow machine not come to open it by then: no end to wait for, none is left. */
	if (poll(&alive, 1, 0) == 0 && read(alive.fd, &c, 1) < 0 && errno == EAGAIN)
		ck_assert_int_eq(poll(&alive, 1, SENDING_PATIENCE_MS), 1);
	ck_assert_int_eq(read(alive.fd, &c, 1), 0);
	ck_assert_int_eq(close(alive.fd), 0);
}
END_TEST

START_TEST(sendmail_gives_the_mailer_no_file_and_no_blocked_signal_of_ours)
{
	int fd = open("/dev/null", O_RDONLY); /* on purpose not O_CLOEXEC */
	sigset_t all;
	char script[128];

	ck_assert_int_gt(fd, 2);
	(void)sigfillset(&all);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	(void)snprintf(script, sizeof(script),
	    "[ ! -e /proc/self/fd/%d ] && grep -q '^SigBlk:.0*$' /proc/self/status || exit 65", fd);
	ck_assert_int_eq(
	    send_by(script, NULL, &sending_mail, SENDING_PATIENCE_MS).result, DELIVERY_OK);
	(void)close(fd);
}
END_TEST

START_TEST(sendmail_refuses_what_cannot_be_sent)
{
	struct letter letter = sending_mail;

	letter.recipient = STR("nobody");
	ck_assert_int_eq(
	    send_by("exit 0", NULL, &letter, SENDING_PATIENCE_MS).result, DELIVERY_BAD_RECIPIENT);
	letter = sending_mail;
	letter.subject = STR("a\r\nBcc: x@example.com");
	ck_assert_int_eq(
	    send_by("exit 0", NULL, &letter, SENDING_PATIENCE_MS).result, DELIVERY_PERMANENT);
	letter = sending_mail;
	letter.sender = STR("AFFO");
	ck_assert_int_eq(
	    send_by("exit 0", NULL, &letter, SENDING_PATIENCE_MS).result, DELIVERY_MISCONFIGURED);
}
END_TEST

START_TEST(sendmail_refuses_settings_that_cannot_work)
{
	const struct sending_setting relative[] = { { "path", "sendmail" }, { NULL, NULL } };
	const struct sending_setting missing[] = { { "path", "/no/such/sendmail" },
		{ NULL, NULL } };
	const struct sending_setting from[] = { { "path", "/bin/true" }, { "from", "nobody" },
		{ NULL, NULL } };
	const struct sending_setting text[] = {
		{ "path", scratch_file("not-executable", "#!/bin/sh\n", 0644) }, { NULL, NULL }
	};

	sending_assert_refused("sendmail", CHANNEL_EMAIL, relative, "no absolute path");
	sending_assert_refused("sendmail", CHANNEL_EMAIL, missing, "cannot be run");
	sending_assert_refused("sendmail", CHANNEL_EMAIL, text, "cannot be run");
	sending_assert_refused("sendmail", CHANNEL_EMAIL, from, "from \"nobody\" is no address");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("sendmail");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, sendmail_gives_the_mail_and_each_address_as_an_argument);
	tcase_add_test(tests, sendmail_reads_every_exit_status);
	tcase_add_test(tests, sendmail_logs_the_first_line_that_the_mailer_said);
	tcase_add_test(tests, sendmail_ends_a_mailer_that_hangs_with_all_that_it_started);
	tcase_add_test(tests, sendmail_gives_the_mailer_no_file_and_no_blocked_signal_of_ours);
	tcase_add_test(tests, sendmail_refuses_what_cannot_be_sent);
	tcase_add_test(tests, sendmail_refuses_settings_that_cannot_work);
	return suite_run();
}
