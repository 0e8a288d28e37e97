#include "domain/admin_outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/rows.h"
#include "support/service.h"

#define ID STR("m1")
enum { LEASE = 60000 };

static char phone[] = "+4915112345678", sealed[] = "c2VhbGVk", no_language[] = "";

static void
put(enum message_state state, int64_t lease_until)
{
	struct message message = {
		.id = "m1",
		.kind = MESSAGE_PHONE_CODE,
		.channel = CHANNEL_SMS,
		.state = state,
		.recipient = phone,
		.language = no_language,
		.sealed = sealed,
		.created_at = SERVICE_NOW,
		.expires_at = SERVICE_NOW + 600000,
		.retry_at = SERVICE_NOW + 5000,
		.lease_until = lease_until,
	};

	service_execute("DELETE FROM outbox");
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(outbox_row_insert(service->db, &message), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
}

/* In what state it is; whether what it says is still there. */
static bool
is(enum message_state state, bool is_readable)
{
	struct message row;
	bool is_so;

	ck_assert_rc(db_begin_read(service->db), RC_OK);
	ck_assert_rc(outbox_row_get(service->db, ID, &row), RC_OK);
	db_rollback(service->db);
	is_so = row.state == state && (row.sealed != NULL) == is_readable;
	message_release(&row);
	return is_so;
}

START_TEST(get_gives_a_message_without_what_it_says)
{
	struct message message = { 0 };

	ck_assert_rc(admin_outbox_get(service, ID, &message), RC_NONE);
	put(MESSAGE_PENDING, 0);
	ck_assert_rc(admin_outbox_get(service, ID, &message), RC_OK);
	ck_assert_str_eq(message.recipient, phone);
	ck_assert_ptr_null(message.sealed);
	ck_assert_int_eq(message.done_at, 0);
	message_release(&message);
	put(MESSAGE_SENT, 0);
	ck_assert_rc(admin_outbox_get(service, ID, &message), RC_OK);
	ck_assert_int_eq(message.done_at, SERVICE_NOW);
	message_release(&message);
	put(MESSAGE_VOID, 0);
	ck_assert_rc(admin_outbox_get(service, ID, &message), RC_NONE);
}
END_TEST

START_TEST(held_messages_are_not_claimed_until_they_are_released)
{
	enum message_state was = MESSAGE_VOID;
	struct message row;
	size_t n = 9;

	put(MESSAGE_PENDING, 0);
	ck_assert_rc(admin_outbox_hold(service, ID, &was), RC_OK);
	ck_assert_int_eq(was, MESSAGE_PENDING);
	ck_assert_rc(admin_outbox_hold(service, ID, &was), RC_OK);
	ck_assert_int_eq(was, MESSAGE_HELD);
	ck_assert(is(MESSAGE_HELD, true));
	clock_advance(5000);
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(outbox_row_claim(service->db, clock_now_ms(), 1, 1, &row, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	db_rollback(service->db);
	ck_assert_rc(admin_outbox_release(service, ID, &was), RC_OK);
	ck_assert_int_eq(was, MESSAGE_HELD);
	ck_assert(is(MESSAGE_PENDING, true));
	ck_assert_int_eq(service_query("SELECT retry_at FROM outbox"), SERVICE_NOW + 5000);
	ck_assert_rc(admin_outbox_release(service, ID, &was), RC_TAKEN);
	ck_assert_int_eq(was, MESSAGE_PENDING);
	ck_assert_int_eq(service_query("SELECT count(*) FROM audit WHERE detail = 'm1' AND event IN"
	                               " ('outbox.hold', 'outbox.release')"),
	    2);
}
END_TEST

START_TEST(cancelled_messages_say_nothing_any_more)
{
	enum message_state was;

	put(MESSAGE_PENDING, 0);
	ck_assert_rc(admin_outbox_cancel(service, ID, &was), RC_OK);
	ck_assert_int_eq(was, MESSAGE_PENDING);
	ck_assert(is(MESSAGE_CANCELLED, false));
	ck_assert_int_eq(service_query("SELECT done_at FROM outbox"), SERVICE_NOW);
	ck_assert_rc(admin_outbox_cancel(service, ID, &was), RC_OK);
	put(MESSAGE_HELD, 0);
	ck_assert_rc(admin_outbox_cancel(service, ID, &was), RC_OK);
	ck_assert_int_eq(was, MESSAGE_HELD);
	ck_assert(is(MESSAGE_CANCELLED, false));
	/* Once an admin has cancelled it, twice over no more. */
	ck_assert_int_eq(
	    service_query("SELECT count(*) FROM audit WHERE event = 'outbox.cancel'"), 2);
}
END_TEST

START_TEST(messages_that_are_under_way_have_ended_or_are_void_stay_as_they_are)
{
	static const enum message_state done[] = { MESSAGE_SENT, MESSAGE_REJECTED, MESSAGE_EXPIRED,
		MESSAGE_CANCELLED };
	enum message_state was;

	put(MESSAGE_PENDING, SERVICE_NOW + LEASE);
	ck_assert_rc(admin_outbox_hold(service, ID, &was), RC_BUSY);
	ck_assert_rc(admin_outbox_cancel(service, ID, &was), RC_BUSY);
	/* Whose lease is over, is nobody's. */
	clock_advance(LEASE);
	ck_assert_rc(admin_outbox_hold(service, ID, &was), RC_OK);
	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		put(done[i], 0);
		ck_assert_rc(admin_outbox_hold(service, ID, &was), RC_TAKEN);
		ck_assert_int_eq(was, done[i]);
		ck_assert_rc(admin_outbox_release(service, ID, &was), RC_TAKEN);
		ck_assert_rc(admin_outbox_cancel(service, ID, &was),
		    done[i] == MESSAGE_CANCELLED ? RC_OK : RC_TAKEN);
	}
	put(MESSAGE_VOID, 0);
	ck_assert_rc(admin_outbox_hold(service, ID, &was), RC_NONE);
	ck_assert_rc(admin_outbox_cancel(service, ID, &was), RC_NONE);
	ck_assert_rc(admin_outbox_release(service, STR("gone"), &was), RC_NONE);
}
END_TEST

START_TEST(depth_counts_by_channel_and_state)
{
	struct outbox_depth depth[CHANNEL__MAX][MESSAGE_STATE__MAX];

	put(MESSAGE_PENDING, SERVICE_NOW + LEASE);
	ck_assert_rc(admin_outbox_depth(service, depth), RC_OK);
	ck_assert_int_eq(depth[CHANNEL_SMS][MESSAGE_PENDING].n, 1);
	ck_assert_int_eq(depth[CHANNEL_SMS][MESSAGE_PENDING].leased, 1);
	ck_assert_int_eq(depth[CHANNEL_SMS][MESSAGE_PENDING].oldest_at, SERVICE_NOW);
	ck_assert_int_eq(depth[CHANNEL_EMAIL][MESSAGE_PENDING].n, 0);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("admin_outbox");

	tcase_add_checked_fixture(tests, service_set_up, service_tear_down);
	tcase_add_test(tests, get_gives_a_message_without_what_it_says);
	tcase_add_test(tests, held_messages_are_not_claimed_until_they_are_released);
	tcase_add_test(tests, cancelled_messages_say_nothing_any_more);
	tcase_add_test(tests, messages_that_are_under_way_have_ended_or_are_void_stay_as_they_are);
	tcase_add_test(tests, depth_counts_by_channel_and_state);
	return suite_run();
}
