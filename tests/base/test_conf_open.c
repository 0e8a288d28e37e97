#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "support/conf_text.h"
#include "support/scratch.h"
#include "support/suite.h"

/* What goes to the log meanwhile, added to *ret; plain lines. */
static enum rc
open_logged(const char *path, struct conf **ret_conf, struct buf *ret)
{
	int log = memfd_create("log", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	char text[4096];
	ssize_t len;
	enum rc rc;

	ck_assert_int_eq(dup2(log, STDERR_FILENO), STDERR_FILENO);
	log_open("test");
	log_use_plain();
	rc = conf_open(path, CONF_CHECK_SYNTAX, ret_conf);
	ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	len = pread(log, text, sizeof(text), 0);
	ck_assert_int_ge(len, 0);
	buf_add_bytes(ret, text, (size_t)len);
	ck_assert_int_eq(close(log), 0);
	ck_assert_int_eq(close(saved), 0);
	return rc;
}

START_TEST(conf_open_logs_each_error_on_a_line)
{
	struct buf said = BUF_INIT(8192);
	struct conf *conf = NULL;

	ck_assert_rc(
	    open_logged(scratch_file("c", "a = 1;\nb = 1;", 0600), &conf, &said), RC_CONFIG);
	ck_assert_ptr_null(conf);
	conf_text_says(buf_str(&said),
	    "test: unknown setting \"a\" in DIR/c:1\ntest: unknown setting \"b\" in DIR/c:2\n"
	    "test: no gateway is in use: mails and SMS wait in the outbox until they expire in "
	    "DIR/c\n");
	buf_release(&said);
}
END_TEST

START_TEST(conf_open_takes_what_the_master_has_read_and_is_silent_of_its_warnings)
{
	struct buf said = BUF_INIT(8192), errors = BUF_INIT(8192);
	struct conf_files *files = NULL;
	struct conf *conf = NULL;
	int fd = memfd_create("conf", 0);
	char number[16];

	(void)scratch_file("c", "max_body = \"2k\";", 0600);
	ck_assert_rc(conf_files_read(scratch_path("c"), &files, &errors), RC_OK);
	ck_assert_rc(conf_files_save(files, fd), RC_OK);
	conf_files_free(files);
	(void)scratch_file("c", "max_body = \"3k\";", 0600);
	(void)snprintf(number, sizeof(number), "%d", fd);
	ck_assert_int_eq(setenv("AFFO_CONF_FD", number, 1), 0);
	ck_assert_rc(open_logged(scratch_path("c"), &conf, &said), RC_OK);
	ck_assert_int_eq(unsetenv("AFFO_CONF_FD"), 0);
	ck_assert_uint_eq(conf->max_body, 2048);
	ck_assert_text(buf_str(&said), "");
	conf_free(conf);
	ck_assert_rc(open_logged(scratch_path("c"), &conf, &said), RC_OK);
	ck_assert_uint_eq(conf->max_body, 3072);
	ck_assert(str_starts(buf_str(&said), STR("test: no gateway is in use")));
	conf_free(conf);
	ck_assert_int_eq(close(fd), 0);
	buf_release(&said);
	buf_release(&errors);
}
END_TEST

START_TEST(conf_default_path_is_an_ordinary_users_own_where_there_is_one)
{
	const char *usual = SYSCONFDIR "/affo-user/affo-userd.conf";
	struct buf path = BUF_INIT(4096);
	bool is_root = geteuid() == 0;

	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", scratch_dir(), 1), 0);
	conf_default_path(&path);
	ck_assert_text(buf_str(&path), usual);
	ck_assert_int_eq(mkdir(scratch_path("affo-user"), 0700), 0);
	(void)scratch_file("affo-user/affo-userd.conf", "", 0600);
	buf_reset(&path);
	conf_default_path(&path);
	ck_assert_text(buf_str(&path), is_root ? usual : scratch_path("affo-user/affo-userd.conf"));
	ck_assert_int_eq(unsetenv("XDG_CONFIG_HOME"), 0);
	ck_assert_int_eq(setenv("HOME", scratch_dir(), 1), 0);
	ck_assert_int_eq(mkdir(scratch_path(".config"), 0700), 0);
	ck_assert_int_eq(rename(scratch_path("affo-user"), scratch_path(".config/affo-user")), 0);
	buf_reset(&path);
	conf_default_path(&path);
	ck_assert_text(
	    buf_str(&path), is_root ? usual : scratch_path(".config/affo-user/affo-userd.conf"));
	buf_release(&path);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_open");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, conf_open_logs_each_error_on_a_line);
	tcase_add_test(
	    tests, conf_open_takes_what_the_master_has_read_and_is_silent_of_its_warnings);
	tcase_add_test(tests, conf_default_path_is_an_ordinary_users_own_where_there_is_one);
	return suite_run();
}
