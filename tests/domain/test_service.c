#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cred/secret.h"
#include "domain/outbox.h"
#include "store/rows.h"
#include "support/scratch.h"
#include "support/service.h"

static struct service *opened;

static enum rc
open_service(void)
{
	enum rc rc;

	opened = NULL;
	rc = service_open(&service_conf, -1, &opened);
	if (rc == RC_OK)
		ck_assert_ptr_nonnull(opened);
	service_close(opened);
	return rc;
}

START_TEST(service_open_opens_what_the_configuration_names)
{
	ck_assert_rc(open_service(), RC_OK);
	opened = service_another();
	ck_assert_uint_eq(opened->hash_slots, 2);
	ck_assert_text(buf_str(&opened->code_key), SERVICE_CODE_KEY);
	ck_assert_uint_eq(opened->outbox_public_key.len, SEAL_KEY_TEXT_LEN);
	service_close(opened);
	service_conf.workers.hash = 0;
	opened = service_another();
	ck_assert_uint_ge(opened->hash_slots, 1);
	service_close(opened);
	service_close(NULL);
}
END_TEST

START_TEST(service_open_refuses_keys_that_are_missing_or_too_short)
{
	char *const *paths[] = { &service_conf.token.key_file, &service_conf.verification.key_file,
		&service_conf.outbox.public_key_file };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *name = strrchr(*paths[i], '/') + 1;

		ck_assert_int_eq(rename(*paths[i], scratch_path("aside")), 0);
		ck_assert_rc(open_service(), RC_CONFIG);
		(void)scratch_file(name, "0123456789abcdef0123456789abcde", 0600);
		ck_assert_rc(open_service(), RC_CONFIG);
		ck_assert_int_eq(rename(scratch_path("aside"), *paths[i]), 0);
		ck_assert_rc(open_service(), RC_OK);
	}
}
END_TEST

START_TEST(service_open_refuses_a_public_key_that_is_none)
{
	(void)scratch_file("outbox.pub", "???????????????????????????????????????????", 0600);
	ck_assert_rc(open_service(), RC_CONFIG);
}
END_TEST

START_TEST(service_open_starts_without_a_database_and_is_back_with_it)
{
	ck_assert_int_eq(rename(service_conf.database, scratch_path("aside")), 0);
	ck_assert_rc(service_open(&service_conf, -1, &opened), RC_OK);
	ck_assert_rc(db_begin_read(opened->db), RC_UNAVAILABLE);
	service_after_answer(opened);
	ck_assert(!db_needs_restart(opened->db));
	/* A worker can open no file any more: it ends, and the next one has the database. */
	ck_assert_int_eq(rename(scratch_path("aside"), service_conf.database), 0);
	ck_assert(db_needs_restart(opened->db));
	service_close(opened);
	ck_assert_rc(service_open(&service_conf, -1, &opened), RC_OK);
	ck_assert_rc(db_begin_read(opened->db), RC_OK);
	db_rollback(opened->db);
	service_close(opened);
}
END_TEST

START_TEST(service_after_answer_purges_what_has_expired)
{
	struct session session = { .jti = "abc", .parent = -1, .expires_at = SERVICE_NOW + 1000 };

	service = opened = service_another();
	session.user_id = service_add_user("a@example.com", NULL, "");
	ck_assert_rc(db_begin_write(opened->db), RC_OK);
	ck_assert_rc(session_row_insert(opened->db, &session, STR(""), STR("")), RC_OK);
	ck_assert_rc(db_commit(opened->db), RC_OK);
	clock_advance(999);
	opened->purge_at = 0;
	service_after_answer(opened);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 1);
	/* Not at every answer. */
	clock_advance(1);
	service_after_answer(opened);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 1);
	clock_advance(OUTBOX_KEEP_LOGIN_MS);
	service_after_answer(opened);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 0);
	service_close(opened);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("service");

	tcase_add_checked_fixture(tests, service_set_up_files, service_tear_down_files);
	tcase_add_test(tests, service_open_opens_what_the_configuration_names);
	tcase_add_test(tests, service_open_refuses_keys_that_are_missing_or_too_short);
	tcase_add_test(tests, service_open_refuses_a_public_key_that_is_none);
	tcase_add_test(tests, service_open_starts_without_a_database_and_is_back_with_it);
	tcase_add_test(tests, service_after_answer_purges_what_has_expired);
	return suite_run();
}
