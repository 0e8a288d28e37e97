#include "domain/admin_gateway.h"

#include "base/clock.h"
#include "support/service.h"

#define NAME STR("main")

static void
note(enum delivery_result result, int64_t took_ms)
{
	const struct delivery delivery = { .result = result };
	const struct attempt attempt = { NAME, &delivery, took_ms };

	ck_assert_rc(outbox_tried(service->db, &attempt), RC_OK);
}

static struct admin_gateway
get(void)
{
	struct admin_gateway gateway;

	ck_assert_rc(admin_gateway_get(service, NAME, &gateway), RC_OK);
	return gateway;
}

START_TEST(gateway_that_was_never_used_is_in_service)
{
	struct admin_gateway gateway = get();

	ck_assert_int_eq(gateway.service, GATEWAY_IN_SERVICE);
	ck_assert(gateway.n == 0 && gateway.last_at == 0 && gateway.average_ms == 0);
}
END_TEST

START_TEST(gateway_sums_up_its_results_and_times)
{
	struct admin_gateway gateway;

	note(DELIVERY_OK, 100);
	clock_advance(1);
	note(DELIVERY_LATER, 10000);
	clock_advance(1);
	note(DELIVERY_MISCONFIGURED, 20);
	clock_advance(1);
	note(DELIVERY_BAD_RECIPIENT, 40);
	/* The clock was moved back between start and end. */
	clock_advance(1);
	note(DELIVERY_OK, -5);
	gateway = get();
	ck_assert(gateway.n == 5 && gateway.failed == 2);
	ck_assert(gateway.average_ms == 2032 && gateway.max_ms == 10000);
	ck_assert(gateway.last_ms == 0 && gateway.last_result == DELIVERY_OK);
	ck_assert_int_eq(gateway.last_at, SERVICE_NOW + 4);
	ck_assert_int_eq(gateway.counts[DELIVERY_OK].n, 2);
	ck_assert_int_eq(gateway.counts[DELIVERY_PERMANENT].n, 0);
}
END_TEST

START_TEST(gateway_shows_where_its_circuit_breaker_is)
{
	bool is_live = false;

	for (int i = 0; i < GATEWAY_FAULTS_MAX; i++) {
		ck_assert_int_eq(get().service, GATEWAY_IN_SERVICE);
		note(DELIVERY_LATER, 1);
	}
	ck_assert_int_eq(get().service, GATEWAY_OUT);
	ck_assert_int_eq(get().state.out_until, SERVICE_NOW + GATEWAY_OUT_MIN_MS);
	clock_advance(GATEWAY_OUT_MIN_MS - 1);
	ck_assert_int_eq(get().service, GATEWAY_OUT);
	clock_advance(1);
	ck_assert_int_eq(get().service, GATEWAY_PROBE);
	/* Looking at it doesn't use the probe up. */
	ck_assert_rc(gateway_is_live(service->db, NAME, &is_live), RC_OK);
	ck_assert(is_live);
	ck_assert_int_eq(get().service, GATEWAY_PROBE);
	note(DELIVERY_LATER, 1);
	ck_assert_int_eq(get().service, GATEWAY_OUT);
}
END_TEST

START_TEST(gateway_is_disabled_until_it_is_enabled_and_begins_anew_then)
{
	bool is_live = true;

	for (int i = 0; i < GATEWAY_FAULTS_MAX; i++)
		note(DELIVERY_LATER, 1);
	ck_assert_rc(admin_gateway_switch(service, NAME, true), RC_OK);
	ck_assert_int_eq(get().service, GATEWAY_DISABLED);
	ck_assert_rc(gateway_is_live(service->db, NAME, &is_live), RC_OK);
	ck_assert(!is_live);
	ck_assert_rc(admin_gateway_switch(service, NAME, false), RC_OK);
	ck_assert_int_eq(get().service, GATEWAY_IN_SERVICE);
	ck_assert_int_eq(get().counts[DELIVERY_LATER].n, GATEWAY_FAULTS_MAX);
	ck_assert_int_eq(
	    service_query("SELECT count(*) FROM audit WHERE detail = 'main' AND event IN"
	                  " ('gateway.disable', 'gateway.enable')"),
	    2);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("admin_gateway");

	tcase_add_checked_fixture(tests, service_set_up, service_tear_down);
	tcase_add_test(tests, gateway_that_was_never_used_is_in_service);
	tcase_add_test(tests, gateway_sums_up_its_results_and_times);
	tcase_add_test(tests, gateway_shows_where_its_circuit_breaker_is);
	tcase_add_test(tests, gateway_is_disabled_until_it_is_enabled_and_begins_anew_then);
	return suite_run();
}
