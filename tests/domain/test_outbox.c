#include "domain/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cred/secret.h"
#include "store/rows.h"
#include "support/people.h"

#define PHONE "+4930123456"

static struct outbox_draft
draft(void)
{
	return (struct outbox_draft){
		.kind = MESSAGE_PHONE_CODE,
		.channel = CHANNEL_SMS,
		.recipient = STR(PHONE),
		.expires_at = SERVICE_NOW + 600000,
		.code = STR("123456"),
	};
}

static void
put(const struct outbox_draft *message)
{
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(outbox_put(service, message), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
}

static size_t
claim(struct message *messages, size_t max)
{
	size_t n = 99;

	ck_assert_rc(outbox_claim(service->db, max, messages, &n), RC_OK);
	ck_assert_uint_le(n, max);
	return n;
}

/* Puts one and claims it. */
static struct message
claimed(void)
{
	struct outbox_draft message = draft();
	struct message row = { 0 };

	put(&message);
	ck_assert_uint_eq(claim(&row, 1), 1);
	return row;
}

/* The one row of the outbox. */
static struct message
only_row(void)
{
	struct messages messages = people_outbox();

	ck_assert_uint_eq(messages.n, 1);
	return messages.list[0];
}

static const struct delivery later = { DELIVERY_LATER, "no answer" };

START_TEST(put_seals_what_the_message_says)
{
	struct outbox_draft message = draft();
	struct buf text = BUF_INIT(8192);
	char public_key[SEAL_KEY_TEXT_LEN + 1], secret_key[SEAL_KEY_TEXT_LEN + 1];
	struct message row;

	message.first_name = STR("A\"\xc3\xa4\n");
	put(&message);
	row = only_row();
	ck_assert_ptr_null(strstr(row.sealed, "123456"));
	ck_assert_rc(outbox_open(str_from(people_outbox_key), &row, &text), RC_OK);
	ck_assert_text(buf_str(&text), "{\"first_name\":\"A\\\"\xc3\xa4\\n\",\"code\":\"123456\"}");
	seal_keypair(public_key, secret_key);
	buf_reset(&text);
	ck_assert_rc(outbox_open(str_from(secret_key), &row, &text), RC_SYNTAX);
	free(row.sealed);
	row.sealed = NULL;
	ck_assert_rc(outbox_open(str_from(people_outbox_key), &row, &text), RC_SYNTAX);
	message_release(&row);
	buf_release(&text);
}
END_TEST

START_TEST(put_keeps_the_languages_that_are_wished_for)
{
	struct outbox_draft message = draft();
	struct messages messages;

	message.language = STR("de;q=0.5, fr-CH");
	put(&message);
	message.language = STR("no language\n");
	put(&message);
	message.language = STR_NULL;
	put(&message);
	messages = people_outbox();
	ck_assert_uint_eq(messages.n, 3);
	ck_assert_str_eq(messages.list[0].language, "fr-ch,de");
	ck_assert_str_eq(messages.list[1].language, "");
	ck_assert_str_eq(messages.list[2].language, "");
	messages_release(&messages);
}
END_TEST

START_TEST(wake_never_blocks)
{
	char byte;

	for (int i = 0; i < 100000; i++)
		outbox_wake(service);
	ck_assert_int_eq(read(people_wake_fd, &byte, 1), 1);
	(void)close(service->wake_fd);
	service->wake_fd = -1;
	outbox_wake(service);
}
END_TEST

static enum rc
sent(const struct message *row, const char *gateway)
{
	const struct delivery ok = { .result = DELIVERY_OK };

	return outbox_sent(service->db, row, &(struct attempt){ str_from(gateway), &ok, 10 });
}

static enum rc
rejected(const struct message *row, const struct delivery *delivery, int64_t remember_until)
{
	return outbox_rejected(
	    service->db, row, &(struct attempt){ STR("a"), delivery, 10 }, remember_until);
}

START_TEST(claim_leases_what_is_due_oldest_first)
{
	struct outbox_draft message = draft();
	struct message rows[4] = { 0 }, again = { 0 };

	ck_assert_uint_eq(claim(rows, 4), 0);
	ck_assert_int_eq(outbox_wait_ms(service->db, 30000), 30000);
	for (int i = 0; i < 3; i++) {
		message.is_resend = i == 1;
		put(&message);
		clock_advance(10);
	}
	ck_assert_int_eq(outbox_wait_ms(service->db, 30000), 0);
	ck_assert_uint_eq(claim(rows, 2), 2);
	ck_assert_int_eq(rows[0].created_at, SERVICE_NOW);
	ck_assert(!rows[0].is_resend && rows[1].is_resend);
	ck_assert_str_eq(rows[0].recipient, PHONE);
	ck_assert_ptr_nonnull(rows[0].sealed);
	ck_assert_uint_eq(claim(&rows[2], 2), 1);
	ck_assert_int_eq(rows[2].created_at, SERVICE_NOW + 20);

	/* A lease that ended is claimed by another, and finishing it then is refused. */
	ck_assert_int_eq(outbox_wait_ms(service->db, 100000), OUTBOX_LEASE_MS);
	clock_advance(OUTBOX_LEASE_MS - 1);
	ck_assert_uint_eq(claim(&again, 1), 0);
	clock_advance(1);
	ck_assert_uint_eq(claim(&again, 1), 1);
	ck_assert_str_eq(again.id, rows[0].id);
	ck_assert_rc(sent(&rows[0], "a"), RC_NONE);
	ck_assert_rc(sent(&again, "a"), RC_OK);
	ck_assert_rc(sent(&again, "a"), RC_NONE);
	/* The gateway has sent it all the same, each time. */
	ck_assert_int_eq(service_query("SELECT n FROM gateway_result WHERE name = 'a'"), 3);
	for (int i = 0; i < 3; i++)
		message_release(&rows[i]);
	message_release(&again);
}
END_TEST

START_TEST(claim_expires_what_comes_too_late)
{
	struct outbox_draft message = draft();
	struct message row = { 0 };

	put(&message);
	clock_advance(600000);
	ck_assert_uint_eq(claim(&row, 1), 0);
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_EXPIRED);
	ck_assert_ptr_null(row.sealed);
	message_release(&row);
	ck_assert_int_eq(outbox_wait_ms(service->db, 1000), 1000);
}
END_TEST

/* Who watches the time of his own writes must not see a difference. */
START_TEST(void_messages_are_claimed_and_end_as_others_but_stay_void)
{
	struct outbox_draft message = draft();
	struct message row = { 0 };

	message.is_void = true;
	put(&message);
	ck_assert_int_eq(outbox_wait_ms(service->db, 1000), 0);
	ck_assert_uint_eq(claim(&row, 1), 1);
	ck_assert_int_eq(row.state, MESSAGE_VOID);
	ck_assert_int_eq(outbox_wait_ms(service->db, 100000), OUTBOX_LEASE_MS);
	ck_assert_rc(outbox_voided(service->db, &row), RC_OK);
	ck_assert_rc(outbox_voided(service->db, &row), RC_NONE);
	message_release(&row);
	ck_assert_int_eq(outbox_wait_ms(service->db, 100000), 100000);
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_VOID);
	ck_assert_ptr_null(row.sealed);
	ck_assert_ptr_null(row.gateway);
	message_release(&row);
	ck_assert_int_eq(service_query("SELECT done_at FROM outbox"), SERVICE_NOW);
	/* One that nobody claimed in time. */
	put(&message);
	clock_advance(600000);
	ck_assert_uint_eq(claim(&row, 1), 0);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox WHERE state = 'void'"
	                               " AND sealed IS NULL AND done_at IS NOT NULL"),
	    2);
	clock_advance(OUTBOX_KEEP_MS + 1);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox"), 0);
}
END_TEST

START_TEST(purge_ends_what_was_held_until_it_expired)
{
	struct message row = claimed();

	message_release(&row);
	service_execute("UPDATE outbox SET state = 'held', lease_until = 0");
	clock_advance(600000 - 1);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_HELD);
	message_release(&row);
	clock_advance(1);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_EXPIRED);
	ck_assert_ptr_null(row.sealed);
	message_release(&row);
	ck_assert_int_eq(service_query("SELECT done_at FROM outbox"), SERVICE_NOW + 600000);
}
END_TEST

START_TEST(sent_erases_what_the_message_said)
{
	struct message row = claimed(), last = { .channel = CHANNEL_SMS };
	struct buf gateway = BUF_INIT(64);

	ck_assert_rc(outbox_last_gateway(service->db, &row, &gateway), RC_NONE);
	ck_assert_rc(sent(&row, "main"), RC_OK);
	message_release(&row);
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_SENT);
	ck_assert_ptr_null(row.sealed);
	ck_assert_str_eq(row.gateway, "main");
	ck_assert_str_eq(row.result, "ok");
	ck_assert_rc(outbox_last_gateway(service->db, &row, &gateway), RC_OK);
	ck_assert_text(buf_str(&gateway), "main");
	message_release(&row);
	buf_reset(&gateway);
	last.recipient = strdup("+4930123457");
	ck_assert_rc(outbox_last_gateway(service->db, &last, &gateway), RC_NONE);
	message_release(&last);
	buf_release(&gateway);
}
END_TEST

static bool
is_bad(const char *recipient)
{
	enum rc rc;

	ck_assert_rc(db_begin_read(service->db), RC_OK);
	rc = bad_recipient_row_get(service->db, str_from(recipient), clock_now_ms());
	db_rollback(service->db);
	ck_assert(rc == RC_OK || rc == RC_NONE);
	return rc == RC_OK;
}

START_TEST(rejected_remembers_a_bad_number_but_no_bad_message)
{
	const struct delivery bad = { DELIVERY_BAD_RECIPIENT, "no such number" };
	const struct delivery permanent = { DELIVERY_PERMANENT, "" };
	struct message row = claimed();

	ck_assert_rc(rejected(&row, &permanent, SERVICE_NOW + 1000), RC_OK);
	ck_assert(!is_bad(PHONE));
	message_release(&row);
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_REJECTED);
	ck_assert_str_eq(row.result, "permanent");
	ck_assert_ptr_null(row.sealed);
	message_release(&row);

	/* A time of 0: not at all. */
	row = claimed();
	ck_assert_rc(rejected(&row, &bad, SERVICE_NOW), RC_OK);
	clock_advance(-1);
	ck_assert(!is_bad(PHONE));
	clock_advance(1);
	message_release(&row);

	row = claimed();
	ck_assert_rc(rejected(&row, &bad, SERVICE_NOW + 1000), RC_OK);
	ck_assert(is_bad(PHONE));
	message_release(&row);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox WHERE result = "
	                               "'bad_recipient: no such number'"),
	    2);
	clock_advance(1000);
	ck_assert(!is_bad(PHONE));
}
END_TEST

START_TEST(rejected_remembers_no_mail_address)
{
	const struct delivery bad = { DELIVERY_BAD_RECIPIENT, "" };
	struct outbox_draft message = draft();
	struct message row = { 0 };

	message.channel = CHANNEL_EMAIL;
	message.recipient = STR("ann@example.com");
	put(&message);
	ck_assert_uint_eq(claim(&row, 1), 1);
	ck_assert_rc(rejected(&row, &bad, SERVICE_NOW + 1000), RC_OK);
	ck_assert(!is_bad("ann@example.com"));
	message_release(&row);
}
END_TEST

START_TEST(later_backs_off_doubling_to_five_minutes)
{
	static const int64_t steps[] = { 5000, 10000, 20000, 40000, 80000, 160000, 300000, 300000 };
	struct outbox_draft message = draft();
	struct message row = { 0 };

	message.expires_at = SERVICE_NOW + 86400000;
	put(&message);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t wait_ms;

		ck_assert_uint_eq(claim(&row, 1), 1);
		ck_assert_int_eq(row.attempts, (int64_t)i);
		ck_assert_rc(outbox_later(service->db, &row, STR("b"), &later), RC_OK);
		message_release(&row);
		wait_ms = outbox_wait_ms(service->db, 86400000);
		ck_assert_int_ge(wait_ms, steps[i] * 8 / 10);
		ck_assert_int_le(wait_ms, steps[i] * 12 / 10);
		clock_advance(wait_ms - 1);
		ck_assert_uint_eq(claim(&row, 1), 0);
		clock_advance(1);
	}
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_PENDING);
	ck_assert_ptr_nonnull(row.sealed);
	ck_assert_str_eq(row.gateway, "b");
	ck_assert_str_eq(row.result, "later: no answer");
	message_release(&row);
}
END_TEST

START_TEST(later_expires_what_could_only_come_too_late)
{
	struct outbox_draft message = draft();
	struct message row = { 0 };

	message.expires_at = SERVICE_NOW + 6001;
	put(&message);
	ck_assert_uint_eq(claim(&row, 1), 1);
	ck_assert_rc(outbox_later(service->db, &row, STR_NULL, &later), RC_OK);
	message_release(&row);
	clock_advance(6000);
	ck_assert_uint_eq(claim(&row, 1), 1);
	ck_assert_ptr_null(row.gateway);
	ck_assert_rc(outbox_later(service->db, &row, STR("b"), &later), RC_OK);
	message_release(&row);
	row = only_row();
	ck_assert_int_eq(row.state, MESSAGE_EXPIRED);
	ck_assert_int_eq(row.attempts, 2);
	ck_assert_ptr_null(row.sealed);
	message_release(&row);
}
END_TEST

START_TEST(purge_takes_what_is_over_and_nothing_else)
{
	struct message row = claimed();
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_ann = people_login(ann);
	struct outbox_draft message = draft();

	ck_assert_rc(sent(&row, "a"), RC_OK);
	message_release(&row);
	message.expires_at = SERVICE_NOW + INT64_C(8640000000);
	put(&message);
	people_put_token(ann, "token");
	clock_advance(3600000);
	people_put_token(ann, "newer");
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox"), 2);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 1);
	ck_assert_int_eq(service_query("SELECT count(*) FROM one_time_token"), 1);
	clock_advance(OUTBOX_KEEP_MS);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM outbox"), 1);
	ck_assert_int_eq(service_query("SELECT count(*) FROM one_time_token"), 0);
	/* An hour and a week have passed: to the end of the login and of its being known. */
	clock_advance(service_conf.token.refresh_lifetime_ms - 3600001);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 1);
	clock_advance(1);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 0);
	principal_release(&as_ann);
}
END_TEST

START_TEST(purge_takes_from_the_audit_what_is_older_than_audit_keep)
{
	const char *count = "SELECT count(*) FROM audit";

	service_conf.audit_keep_ms = INT64_C(86400000);
	/* More than one transaction takes. */
	service_execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	                " WHERE i < 450) INSERT INTO audit (at, event, actor_id, user_id,"
	                " address, detail) SELECT 1764547200000, 'e', 0, 0, '', '' FROM n");
	clock_advance(1);
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(
	    audit_row_insert(service->db, clock_now_ms(), STR("newer"), 0, 0, STR_NULL, STR_NULL),
	    RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	clock_advance(86400000 - 1);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query(count), 451);
	clock_advance(1);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query(count), 1);
	clock_advance(1);
	ck_assert_rc(outbox_purge(service->db, &service_conf), RC_OK);
	ck_assert_int_eq(service_query(count), 0);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("outbox");

	tcase_add_checked_fixture(tests, people_setup, people_teardown);
	tcase_add_test(tests, put_seals_what_the_message_says);
	tcase_add_test(tests, put_keeps_the_languages_that_are_wished_for);
	tcase_add_test(tests, wake_never_blocks);
	tcase_add_test(tests, claim_leases_what_is_due_oldest_first);
	tcase_add_test(tests, claim_expires_what_comes_too_late);
	tcase_add_test(tests, void_messages_are_claimed_and_end_as_others_but_stay_void);
	tcase_add_test(tests, purge_ends_what_was_held_until_it_expired);
	tcase_add_test(tests, sent_erases_what_the_message_said);
	tcase_add_test(tests, rejected_remembers_a_bad_number_but_no_bad_message);
	tcase_add_test(tests, rejected_remembers_no_mail_address);
	tcase_add_test(tests, later_backs_off_doubling_to_five_minutes);
	tcase_add_test(tests, later_expires_what_could_only_come_too_late);
	tcase_add_test(tests, purge_takes_what_is_over_and_nothing_else);
	tcase_add_test(tests, purge_takes_from_the_audit_what_is_older_than_audit_keep);
	return suite_run();
}
