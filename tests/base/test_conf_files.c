#include "base/conf.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_files.h"
#include "base/log.h"
#include "support/conf_text.h"
#include "support/scratch.h"
#include "support/suite.h"

static struct conf_files *
read_files(const char *errors)
{
	struct conf_files *files = NULL;
	struct buf said = BUF_INIT(4096);
	enum rc rc = conf_files_read(scratch_path("main.conf"), &files, &said);

	conf_text_says(buf_str(&said), errors);
	ck_assert_rc(rc, *errors == '\0' ? RC_OK : RC_CONFIG);
	buf_release(&said);
	return files;
}

START_TEST(conf_files_are_main_then_conf_d_by_name_then_extra)
{
	struct conf_files *files;

	(void)scratch_file("main.conf", "main", 0600);
	ck_assert_int_eq(mkdir(scratch_path("conf.d"), 0700), 0);
	(void)scratch_file("conf.d/b.conf", "b", 0600);
	(void)scratch_file("conf.d/B.conf", "B", 0600);
	(void)scratch_file("conf.d/a.conf", "", 0604);
	(void)scratch_file("conf.d/a.conf~", "no", 0600);
	ck_assert_int_eq(setenv("AFFO_EXTRA_CONF", scratch_file("x", "extra", 0600), 1), 0);
	files = read_files("");
	ck_assert_int_eq(unsetenv("AFFO_EXTRA_CONF"), 0);
	ck_assert_uint_eq(files->n, 5);
	ck_assert_str_eq(files->list[0].text, "main");
	ck_assert_str_eq(files->list[1].text, "B");
	ck_assert_str_eq(files->list[2].text, "");
	ck_assert_str_eq(files->list[2].path, scratch_path("conf.d/a.conf"));
	ck_assert(files->list[2].is_readable_by_others && !files->list[1].is_readable_by_others);
	ck_assert_str_eq(files->list[3].text, "b");
	ck_assert_str_eq(files->list[4].text, "extra");
	conf_files_free(files);
}
END_TEST

START_TEST(conf_files_that_cannot_be_read_are_named_all)
{
	ck_assert_int_eq(mkdir(scratch_path("conf.d"), 0700), 0);
	ck_assert_int_eq(mkdir(scratch_path("conf.d/a.conf"), 0700), 0);
	ck_assert_int_eq(mkfifo(scratch_path("conf.d/b.conf"), 0700), 0);
	ck_assert_int_eq(setenv("AFFO_EXTRA_CONF", scratch_path("none"), 1), 0);
	ck_assert_ptr_null(
	    read_files("cannot open the file: No such file or directory in DIR/main.conf\n"
	               "is not a regular file: DIR/conf.d/a.conf\n"
	               "is not a regular file: DIR/conf.d/b.conf\n"
	               "cannot open the file: No such file or directory in DIR/none\n"));
	ck_assert_int_eq(unsetenv("AFFO_EXTRA_CONF"), 0);
}
END_TEST

START_TEST(conf_files_are_bounded)
{
	char *text = malloc(CONF_FILE_MAX + 2);

	ck_assert_ptr_nonnull(text);
	for (int i = 0; i <= CONF_FILE_MAX; i++)
		text[i] = '\n';
	text[CONF_FILE_MAX] = '\0';
	(void)scratch_file("main.conf", text, 0600);
	conf_files_free(read_files(""));
	text[CONF_FILE_MAX] = '\n';
	text[CONF_FILE_MAX + 1] = '\0';
	(void)scratch_file("main.conf", text, 0600);
	ck_assert_ptr_null(read_files("the file is longer than 262144 bytes: DIR/main.conf\n"));
	free(text);
}
END_TEST

START_TEST(conf_files_survive_being_passed_on_to_several_children)
{
	struct conf_files *files, *loaded = NULL;
	int fd = memfd_create("conf", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	(void)scratch_file("main.conf", "workers: { fast = 9; };", 0604);
	ck_assert_int_eq(mkdir(scratch_path("conf.d"), 0700), 0);
	(void)scratch_file("conf.d/a.conf", "", 0600);
	files = read_files("");
	ck_assert_rc(conf_files_save(files, fd), RC_OK);
	/* The file has changed since; each child sees what the master saw. */
	(void)scratch_file("main.conf", "nonsense", 0600);
	for (int child = 0; child < 2; child++) {
		ck_assert_rc(conf_files_load(fd, &loaded), RC_OK);
		ck_assert_uint_eq(loaded->n, 2);
		ck_assert_str_eq(loaded->list[0].text, "workers: { fast = 9; };");
		ck_assert_str_eq(loaded->list[0].path, files->list[0].path);
		ck_assert(loaded->list[0].is_readable_by_others);
		ck_assert_str_eq(loaded->list[1].text, "");
		conf_files_free(loaded);
	}
	conf_files_free(files);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(conf_files_that_are_damaged_are_refused)
{
	struct conf_files *files, *loaded = NULL;
	int fd = memfd_create("conf", MFD_CLOEXEC);
	struct stat st;

	log_use_fd(-1);
	(void)scratch_file("main.conf", "workers: { };", 0600);
	files = read_files("");
	ck_assert_rc(conf_files_save(files, fd), RC_OK);
	conf_files_free(files);
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (off_t len = st.st_size - 1; len >= 0; len--) {
		ck_assert_int_eq(ftruncate(fd, len), 0);
		ck_assert_rc(conf_files_load(fd, &loaded), RC_SYSTEM);
	}
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_files");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, conf_files_are_main_then_conf_d_by_name_then_extra);
	tcase_add_test(tests, conf_files_that_cannot_be_read_are_named_all);
	tcase_add_test(tests, conf_files_are_bounded);
	tcase_add_test(tests, conf_files_survive_being_passed_on_to_several_children);
	tcase_add_test(tests, conf_files_that_are_damaged_are_refused);
	return suite_run();
}
