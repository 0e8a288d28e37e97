#include "domain/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cred/keyring.h"
#include "cred/secret.h"
#include "domain/users.h"
#include "support/scratch.h"
#include "support/service.h"

static struct service *admin;

static void
set_up(void)
{
	service_set_up_files();
	admin = NULL;
	ck_assert_rc(admin_open(&service_conf, &admin), RC_OK);
}

static void
tear_down(void)
{
	service_close(admin);
	service_tear_down_files();
}

START_TEST(admin_needs_no_key_and_no_run_directory)
{
	struct user_input input = { .email = { true, { "a@example.com", 13 } },
		.password = { true, { "long enough", 11 } } };
	struct faults faults = { 0 };
	struct user user = { 0 }, found = { 0 };

	ck_assert_int_eq(unlink(service_conf.token.key_file), 0);
	ck_assert_int_eq(unlink(service_conf.verification.key_file), 0);
	ck_assert_int_eq(unlink(service_conf.outbox.public_key_file), 0);
	service_close(admin);
	ck_assert_rc(admin_open(&service_conf, &admin), RC_OK);
	ck_assert_rc(users_add(admin, &input, STR("admin"), &user, &faults), RC_OK);
	ck_assert_rc(users_find(admin, STR("A@example.com"), &found), RC_OK);
	ck_assert_int_eq(found.id, user.id);
	ck_assert_str_eq(found.roles, "admin");
	user_release(&user);
	user_release(&found);
	ck_assert_int_ne(access(scratch_path("shared"), F_OK), 0);
}
END_TEST

START_TEST(admin_open_is_refused_without_a_database)
{
	struct conf conf = service_conf;
	struct service *none = NULL;

	log_use_fd(-1);
	conf.database = strdup(scratch_path("none.db"));
	ck_assert_rc(admin_open(&conf, &none), RC_UNAVAILABLE);
	ck_assert_ptr_null(none);
	free(conf.database);
}
END_TEST

/* Messages "m1" to "mN" in that order, all pending but due only in an hour; m1 is done. */
static void
put_messages(int n)
{
	char sql[512];

	for (int i = 1; i <= n; i++) {
		(void)snprintf(sql, sizeof(sql),
		    "INSERT INTO outbox (id, kind, channel, state, recipient, language, sealed,"
		    " is_resend, created_at, expires_at, retry_at, lease_until, attempts)"
		    " VALUES ('m%d', 'phone_code', 'sms', 'pending', '+4915%d', '', 'x', 0, %lld,"
		    " %lld, %lld, 0, 1)",
		    i, i, (long long)SERVICE_NOW, (long long)SERVICE_NOW + 7200000,
		    (long long)SERVICE_NOW + 3600000);
		service_execute(sql);
	}
	service_execute("UPDATE outbox SET state = 'sent', sealed = NULL WHERE id = 'm1'");
}

START_TEST(admin_lists_messages_page_by_page_newest_first)
{
	struct message page[3] = { 0 };
	size_t n = 0;

	put_messages(5);
	ck_assert_rc(admin_list_messages(admin, STR_NULL, 3, page, &n), RC_OK);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(page[0].id, "m5");
	ck_assert_str_eq(page[2].id, "m3");
	for (size_t i = 0; i < n; i++)
		message_release(&page[i]);
	ck_assert_rc(admin_list_messages(admin, STR("m3"), 3, page, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(page[1].id, "m1");
	ck_assert_int_eq(page[1].state, MESSAGE_SENT);
	for (size_t i = 0; i < n; i++)
		message_release(&page[i]);
	ck_assert_rc(admin_list_messages(admin, STR("gone"), 3, page, &n), RC_NONE);
}
END_TEST

START_TEST(admin_retries_one_message_or_all_that_wait)
{
	size_t n = 0;

	put_messages(4);
	ck_assert_rc(admin_retry_messages(admin, STR("m3"), &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(service_query("SELECT retry_at FROM outbox WHERE id = 'm3'"), SERVICE_NOW);
	ck_assert_rc(admin_retry_messages(admin, STR("m1"), &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(admin_retry_messages(admin, STR("gone"), &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(admin_retry_messages(admin, STR_NULL, &n), RC_OK);
	/* m3 is due already. */
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(
	    service_query("SELECT count(*) FROM outbox WHERE state = 'pending' AND retry_at > 0"
	                  " AND retry_at <= 1764547200000"),
	    3);
}
END_TEST

START_TEST(admin_makes_keys_that_the_service_takes)
{
	struct buf one = BUF_INIT(128), two = BUF_INIT(128), secret = BUF_INIT(128),
	           box = BUF_INIT(1024), plain = BUF_INIT(1024);
	struct keyring *ring = NULL;

	ck_assert_rc(admin_make_key(&one), RC_OK);
	ck_assert_rc(admin_make_key(&two), RC_OK);
	ck_assert(!str_equal(buf_str(&one), buf_str(&two)));
	ck_assert_uint_ge(one.len, CODE_KEY_MIN);
	ck_assert_rc(keyring_of_secret(buf_str(&one), &ring), RC_OK);
	keyring_free(ring);
	buf_reset(&one);
	buf_reset(&two);
	ck_assert_rc(admin_make_pair(&one, &secret), RC_OK);
	ck_assert_rc(admin_public_key(buf_str(&secret), &two), RC_OK);
	ck_assert_str_eq(buf_text(&one), buf_text(&two));
	ck_assert_rc(seal_box(buf_str(&one), STR("text"), &box), RC_OK);
	ck_assert_rc(seal_open(buf_str(&secret), buf_str(&box), &plain), RC_OK);
	ck_assert_text(buf_str(&plain), "text");
	buf_reset(&two);
	ck_assert_rc(admin_public_key(STR("no key"), &two), RC_SYNTAX);
	buf_release(&one);
	buf_release(&two);
	buf_release(&secret);
	buf_release(&box);
	buf_release(&plain);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("admin");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, admin_needs_no_key_and_no_run_directory);
	tcase_add_test(tests, admin_open_is_refused_without_a_database);
	tcase_add_test(tests, admin_lists_messages_page_by_page_newest_first);
	tcase_add_test(tests, admin_retries_one_message_or_all_that_wait);
	tcase_add_test(tests, admin_makes_keys_that_the_service_takes);
	return suite_run();
}
