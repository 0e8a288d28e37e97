#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/rows.h"
#include "support/database.h"
#include "support/suite.h"

static char phone[] = "+1777", language[] = "de", sealed[] = "c2VhbGVk", gateway[] = "g1";
static char result[] = "fine";

static struct message
text(const char *id)
{
	struct message message = {
		.kind = MESSAGE_PHONE_CODE,
		.channel = CHANNEL_SMS,
		.state = MESSAGE_PENDING,
		.recipient = phone,
		.language = language,
		.sealed = sealed,
		.is_resend = true,
		.created_at = 100,
		.expires_at = 700,
		.retry_at = 100,
	};

	(void)snprintf(message.id, sizeof(message.id), "%s", id);
	return message;
}

static void
add(struct message message)
{
	ck_assert_rc(outbox_row_insert(database_db(), &message), RC_OK);
}

/* Claims as the queue does; the caller releases. */
static size_t
claim(int64_t now, size_t max, struct message *ret)
{
	size_t n = 99;

	ck_assert_rc(outbox_row_claim(database_db(), now, now + 60, max, ret, &n), RC_OK);
	return n;
}

/* As the queue does with what it claimed; frees it. */
static enum rc
finish(struct message *message, enum message_state state, int64_t retry_at, int64_t now)
{
	enum rc rc;

	message->state = state;
	message->retry_at = retry_at;
	free(message->gateway);
	message->gateway = strdup(gateway);
	free(message->result);
	message->result = strdup(result);
	rc = outbox_row_finish(database_db(), message, now);
	message_release(message);
	return rc;
}

static void
begin(void)
{
	database_make();
	ck_assert_rc(db_begin_write(database_db()), RC_OK);
}

static void
end(void)
{
	ck_assert_rc(db_commit(database_db()), RC_OK);
	database_remove();
}

START_TEST(outbox_row_keeps_every_member)
{
	struct message got;

	add(text("m1"));
	ck_assert_rc(outbox_row_get(database_db(), STR("m1"), &got), RC_OK);
	ck_assert_str_eq(got.id, "m1");
	ck_assert(got.kind == MESSAGE_PHONE_CODE && got.channel == CHANNEL_SMS);
	ck_assert(got.state == MESSAGE_PENDING && got.is_resend);
	ck_assert_str_eq(got.recipient, phone);
	ck_assert_str_eq(got.language, "de");
	ck_assert_str_eq(got.sealed, sealed);
	ck_assert(got.created_at == 100 && got.expires_at == 700 && got.retry_at == 100);
	ck_assert(got.lease_until == 0 && got.attempts == 0);
	ck_assert_ptr_null(got.gateway);
	ck_assert_ptr_null(got.result);
	message_release(&got);
	ck_assert_rc(outbox_row_get(database_db(), STR("m2"), &got), RC_NONE);
	ck_assert_rc(
	    outbox_row_insert(database_db(), &(struct message){ .id = "m1", .recipient = phone }),
	    RC_TAKEN);
}
END_TEST

START_TEST(outbox_row_claim_gives_each_due_row_to_one_until_its_lease_is_over)
{
	struct message first[4], second[4], later = text("m3");
	size_t i;

	later.retry_at = 101;
	add(text("m1"));
	add(text("m2"));
	add(later);
	ck_assert_uint_eq(claim(99, 4, first), 0);
	ck_assert_uint_eq(claim(100, 1, first), 1);
	ck_assert_str_eq(first[0].id, "m1");
	ck_assert_int_eq(first[0].lease_until, 160);
	message_release(&first[0]);
	ck_assert_uint_eq(claim(101, 4, first), 2);
	ck_assert_str_eq(first[0].id, "m2");
	ck_assert_str_eq(first[1].id, "m3");
	/* The lease of m1 is over at 160, the others' at 161. */
	ck_assert_uint_eq(claim(159, 4, second), 0);
	ck_assert_uint_eq(claim(160, 4, second), 1);
	ck_assert_str_eq(second[0].id, "m1");
	message_release(&second[0]);
	ck_assert_uint_eq(claim(161, 4, second), 2);
	/* Who lost the lease may not finish any more. */
	ck_assert_rc(finish(&first[0], MESSAGE_SENT, 0, 162), RC_NONE);
	message_release(&first[1]);
	for (i = 0; i < 2; i++)
		ck_assert_rc(finish(&second[i], MESSAGE_SENT, 0, 162), RC_OK);
}
END_TEST

START_TEST(outbox_row_claim_takes_the_oldest_first_and_in_order)
{
	static const char *const ids[] = { "c", "a", "b" };
	struct message message, got[3];
	size_t i;

	for (i = 0; i < 3; i++) {
		message = text(ids[i]);
		message.created_at = message.retry_at = 10 + (int64_t)i;
		add(message);
	}
	ck_assert_uint_eq(claim(50, 2, got), 2);
	for (i = 0; i < 2; i++) {
		ck_assert_str_eq(got[i].id, ids[i]);
		message_release(&got[i]);
	}
}
END_TEST

START_TEST(outbox_row_next_at_is_when_a_row_or_a_lease_is_due)
{
	struct message message = text("m1"), got[2];
	int64_t at = -1;

	ck_assert_rc(outbox_row_next_at(database_db(), &at), RC_NONE);
	add(message);
	message = text("m2");
	message.retry_at = 130;
	add(message);
	ck_assert_rc(outbox_row_next_at(database_db(), &at), RC_OK);
	ck_assert_int_eq(at, 100);
	ck_assert_uint_eq(claim(100, 1, got), 1);
	ck_assert_rc(outbox_row_next_at(database_db(), &at), RC_OK);
	ck_assert_int_eq(at, 130);
	ck_assert_uint_eq(claim(130, 1, &got[1]), 1);
	ck_assert_rc(outbox_row_next_at(database_db(), &at), RC_OK);
	ck_assert_int_eq(at, 160);
	ck_assert_rc(finish(&got[0], MESSAGE_SENT, 0, 135), RC_OK);
	ck_assert_rc(finish(&got[1], MESSAGE_EXPIRED, 0, 135), RC_OK);
	ck_assert_rc(outbox_row_next_at(database_db(), &at), RC_NONE);
}
END_TEST

START_TEST(outbox_row_finish_erases_what_is_done_and_keeps_what_is_not)
{
	struct message got[1];

	add(text("m1"));
	ck_assert_uint_eq(claim(100, 1, got), 1);
	got[0].attempts = 1;
	ck_assert_rc(finish(&got[0], MESSAGE_PENDING, 105, 101), RC_OK);
	ck_assert_rc(outbox_row_get(database_db(), STR("m1"), &got[0]), RC_OK);
	ck_assert(got[0].attempts == 1 && got[0].retry_at == 105 && got[0].lease_until == 0);
	ck_assert_str_eq(got[0].sealed, sealed);
	ck_assert_str_eq(got[0].gateway, gateway);
	ck_assert_str_eq(got[0].result, result);
	message_release(&got[0]);
	ck_assert_uint_eq(claim(104, 1, got), 0);
	ck_assert_uint_eq(claim(105, 1, got), 1);
	ck_assert_rc(finish(&got[0], MESSAGE_REJECTED, 105, 106), RC_OK);
	ck_assert_rc(outbox_row_get(database_db(), STR("m1"), &got[0]), RC_OK);
	ck_assert_ptr_null(got[0].sealed);
	ck_assert_int_eq(got[0].state, MESSAGE_REJECTED);
	/* Done is done. */
	ck_assert_rc(finish(&got[0], MESSAGE_SENT, 0, 107), RC_NONE);
}
END_TEST

START_TEST(outbox_row_list_pages_from_the_newest_without_void_rows)
{
	struct db *db = database_db();
	struct message got[4], message = text("v1");
	size_t n = 9;

	add(text("m1"));
	add(text("m2"));
	message.state = MESSAGE_VOID;
	add(message);
	add(text("m3"));
	ck_assert_rc(outbox_row_list(db, STR_NULL, 2, got, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(got[0].id, "m3");
	ck_assert_str_eq(got[1].id, "m2");
	message_release(&got[0]);
	message_release(&got[1]);
	ck_assert_rc(outbox_row_list(db, STR("m2"), 2, got, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(got[0].id, "m1");
	message_release(&got[0]);
	ck_assert_rc(outbox_row_list(db, STR("nope"), 2, got, &n), RC_NONE);
	/* The queue does see it, and leaves it as it is: once. */
	ck_assert_uint_eq(claim(1000, 4, got), 4);
	for (n = 0; n < 4; n++) {
		bool is_void = strcmp(got[n].id, "v1") == 0;

		ck_assert_int_eq(got[n].state, is_void ? MESSAGE_VOID : MESSAGE_PENDING);
		if (is_void) {
			ck_assert_rc(outbox_row_finish(db, &got[n], 1000), RC_OK);
			ck_assert_rc(outbox_row_finish(db, &got[n], 1000), RC_NONE);
		}
		message_release(&got[n]);
	}
	ck_assert_uint_eq(claim(2000, 4, got), 3);
	for (n = 0; n < 3; n++)
		message_release(&got[n]);
	ck_assert_rc(outbox_row_purge(db, 1001, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(outbox_row_retry_makes_rows_due_but_not_those_on_their_way)
{
	struct db *db = database_db();
	struct message message = text("m1"), got[3];
	size_t n = 9;

	message.retry_at = 500;
	add(message);
	(void)snprintf(message.id, sizeof(message.id), "m2");
	add(message);
	add(text("m3"));
	ck_assert_uint_eq(claim(100, 3, got), 1);
	ck_assert_rc(outbox_row_retry(db, STR_NULL, 110, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_rc(outbox_row_retry(db, STR("m3"), 110, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	message_release(&got[0]);
	ck_assert_uint_eq(claim(110, 3, got), 2);
	ck_assert_rc(finish(&got[0], MESSAGE_HELD, 0, 111), RC_OK);
	ck_assert_rc(finish(&got[1], MESSAGE_SENT, 0, 111), RC_OK);
	ck_assert_rc(outbox_row_retry(db, STR_NULL, 120, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(outbox_row_retry(db, STR("m2"), 120, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(outbox_row_retry(db, STR("m1"), 120, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(claim(120, 3, got), 1);
	ck_assert_str_eq(got[0].id, "m1");
	ck_assert_str_eq(got[0].sealed, sealed);
	message_release(&got[0]);
}
END_TEST

START_TEST(outbox_row_change_keeps_what_a_message_says_until_it_is_done)
{
	struct db *db = database_db();
	struct message row = text("m1"), got;

	add(row);
	row.state = MESSAGE_HELD;
	row.retry_at = 300;
	row.result = result;
	ck_assert_rc(outbox_row_change(db, &row, 200), RC_OK);
	ck_assert_rc(outbox_row_get(db, STR("m1"), &got), RC_OK);
	ck_assert(got.state == MESSAGE_HELD && got.retry_at == 300);
	ck_assert_str_eq(got.sealed, sealed);
	ck_assert_str_eq(got.result, result);
	message_release(&got);
	ck_assert_uint_eq(claim(1000, 1, &got), 0);
	row.state = MESSAGE_CANCELLED;
	ck_assert_rc(outbox_row_change(db, &row, 200), RC_OK);
	ck_assert_rc(outbox_row_get(db, STR("m1"), &got), RC_OK);
	ck_assert_int_eq(got.state, MESSAGE_CANCELLED);
	ck_assert_ptr_null(got.sealed);
	message_release(&got);
	row = text("m2");
	ck_assert_rc(outbox_row_change(db, &row, 200), RC_NONE);
}
END_TEST

START_TEST(outbox_row_depth_is_by_channel_and_state)
{
	struct outbox_depth depth[CHANNEL__MAX][MESSAGE_STATE__MAX];
	const struct outbox_depth *pending = &depth[CHANNEL_SMS][MESSAGE_PENDING];
	struct message row = text("m2"), got[2];

	add(text("m1"));
	row.created_at = 90;
	row.retry_at = 90;
	add(row);
	row = text("m3");
	row.channel = CHANNEL_EMAIL;
	row.state = MESSAGE_SENT;
	add(row);
	row = text("v1");
	row.state = MESSAGE_VOID;
	add(row);
	ck_assert_uint_eq(claim(99, 1, got), 1);
	message_release(&got[0]);
	ck_assert_rc(outbox_row_depth(database_db(), 158, depth), RC_OK);
	ck_assert(pending->n == 2 && pending->leased == 1 && pending->oldest_at == 90);
	ck_assert_rc(outbox_row_depth(database_db(), 159, depth), RC_OK);
	ck_assert_int_eq(pending->leased, 0);
	ck_assert_int_eq(depth[CHANNEL_EMAIL][MESSAGE_SENT].n, 1);
	ck_assert_int_eq(depth[CHANNEL_EMAIL][MESSAGE_PENDING].n, 0);
	ck_assert_int_eq(depth[CHANNEL_SMS][MESSAGE_VOID].n, 0);
}
END_TEST

START_TEST(outbox_row_last_gateway_is_of_that_recipient_and_channel)
{
	struct db *db = database_db();
	struct buf got = BUF_INIT(100);
	struct message message = text("m1");
	char other[] = "g2";

	ck_assert_rc(outbox_row_last_gateway(db, CHANNEL_SMS, STR("+1777"), &got), RC_NONE);
	add(message);
	ck_assert_rc(outbox_row_last_gateway(db, CHANNEL_SMS, STR("+1777"), &got), RC_NONE);
	message = text("m2");
	message.gateway = gateway;
	add(message);
	message = text("m3");
	message.gateway = other;
	add(message);
	add(text("m4"));
	ck_assert_rc(outbox_row_last_gateway(db, CHANNEL_SMS, STR("+1777"), &got), RC_OK);
	ck_assert_text(buf_str(&got), "g2");
	ck_assert_rc(outbox_row_last_gateway(db, CHANNEL_EMAIL, STR("+1777"), &got), RC_NONE);
	ck_assert_rc(outbox_row_last_gateway(db, CHANNEL_SMS, STR("+1778"), &got), RC_NONE);
	buf_release(&got);
}
END_TEST

START_TEST(outbox_row_purge_takes_what_was_done_long_ago_in_portions)
{
	struct db *db = database_db();
	struct message got[3];
	size_t n = 9, i;

	add(text("m1"));
	add(text("m2"));
	add(text("m3"));
	add(text("m4"));
	ck_assert_uint_eq(claim(100, 3, got), 3);
	for (i = 0; i < 3; i++)
		ck_assert_rc(finish(&got[i], MESSAGE_SENT, 0, 200), RC_OK);
	ck_assert_rc(outbox_row_purge(db, 200, 10, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(outbox_row_purge(db, 201, 2, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_rc(outbox_row_purge(db, 201, 2, &n), RC_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_rc(outbox_row_get(db, STR("m4"), &got[0]), RC_OK);
	message_release(&got[0]);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("outbox_row");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, outbox_row_keeps_every_member);
	tcase_add_test(tests, outbox_row_claim_gives_each_due_row_to_one_until_its_lease_is_over);
	tcase_add_test(tests, outbox_row_claim_takes_the_oldest_first_and_in_order);
	tcase_add_test(tests, outbox_row_next_at_is_when_a_row_or_a_lease_is_due);
	tcase_add_test(tests, outbox_row_finish_erases_what_is_done_and_keeps_what_is_not);
	tcase_add_test(tests, outbox_row_list_pages_from_the_newest_without_void_rows);
	tcase_add_test(tests, outbox_row_retry_makes_rows_due_but_not_those_on_their_way);
	tcase_add_test(tests, outbox_row_change_keeps_what_a_message_says_until_it_is_done);
	tcase_add_test(tests, outbox_row_depth_is_by_channel_and_state);
	tcase_add_test(tests, outbox_row_last_gateway_is_of_that_recipient_and_channel);
	tcase_add_test(tests, outbox_row_purge_takes_what_was_done_long_ago_in_portions);
	return suite_run();
}
