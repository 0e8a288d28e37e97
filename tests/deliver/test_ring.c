#include "deliver/ring.h"

#include <string.h>

#include "support/suite.h"

#define US STR("+12025550100")
#define DE STR("+4930123456")

static char *us_prefix[] = { (char[]){ "+1" } };
static char *two_prefixes[] = { (char[]){ "+44" }, (char[]){ "+49" } };

/* a and d take every SMS, b those to +1, c those to +44 and +49; e is a mail gateway; f is off. */
static struct conf_gateway list[] = {
	{ .name = (char[]){ "a" }, .channel = CHANNEL_SMS, .enabled = true },
	{ .name = (char[]){ "b" },
	    .channel = CHANNEL_SMS,
	    .enabled = true,
	    .prefixes = { 1, us_prefix } },
	{ .name = (char[]){ "c" },
	    .channel = CHANNEL_SMS,
	    .enabled = true,
	    .prefixes = { 2, two_prefixes } },
	{ .name = (char[]){ "d" }, .channel = CHANNEL_SMS, .enabled = true },
	{ .name = (char[]){ "e" }, .channel = CHANNEL_EMAIL, .enabled = true },
	{ .name = (char[]){ "f" }, .channel = CHANNEL_SMS, .enabled = false },
};
static const struct conf conf = { .n_gateways = 6, .gateways = list };

/* The whole round from start, as the names in their order. */
static void
assert_round(enum channel channel, struct str recipient, size_t start, const char *expected)
{
	bool is_out[6] = { false };
	char round[7] = "";
	int i;

	while ((i = ring_next(&conf, channel, recipient, start, is_out)) != RING_END) {
		ck_assert(!is_out[i]);
		is_out[i] = true;
		round[strlen(round)] = list[i].name[0];
	}
	ck_assert_str_eq(round, expected);
}

START_TEST(ring_starts_at_the_first_gateway)
{
	ck_assert_uint_eq(ring_start(&conf, STR_NULL), 0);
	assert_round(CHANNEL_SMS, US, 0, "abd");
	assert_round(CHANNEL_SMS, DE, 0, "acd");
	assert_round(CHANNEL_EMAIL, STR("u@example.com"), 0, "e");
}
END_TEST

START_TEST(ring_starts_after_the_last_used_gateway_on_a_resend)
{
	assert_round(CHANNEL_SMS, US, ring_start(&conf, STR("a")), "bda");
	assert_round(CHANNEL_SMS, DE, ring_start(&conf, STR("a")), "cda");
	assert_round(CHANNEL_SMS, US, ring_start(&conf, STR("d")), "abd");
	/* The only one there is. */
	assert_round(CHANNEL_EMAIL, STR("u@example.com"), ring_start(&conf, STR("e")), "e");
}
END_TEST

START_TEST(ring_starts_at_the_first_when_the_last_one_is_gone)
{
	ck_assert_uint_eq(ring_start(&conf, STR("gone")), 0);
	ck_assert_uint_eq(ring_start(&conf, STR("f")), 0);
}
END_TEST

START_TEST(ring_passes_over_gateways_that_are_out)
{
	bool is_out[6] = { [0] = true, [3] = true };

	ck_assert_int_eq(ring_next(&conf, CHANNEL_SMS, US, 0, is_out), 1);
	is_out[1] = true;
	ck_assert_int_eq(ring_next(&conf, CHANNEL_SMS, US, 0, is_out), RING_END);
}
END_TEST

START_TEST(ring_takes_only_its_prefixes)
{
	ck_assert(ring_takes(&list[2], CHANNEL_SMS, STR("+49")));
	ck_assert(ring_takes(&list[2], CHANNEL_SMS, STR("+441")));
	ck_assert(!ring_takes(&list[2], CHANNEL_SMS, STR("+4")));
	ck_assert(!ring_takes(&list[2], CHANNEL_EMAIL, STR("+49")));
	ck_assert(!ring_takes(&list[5], CHANNEL_SMS, US));
}
END_TEST

START_TEST(ring_of_no_gateways_is_at_its_end)
{
	const struct conf empty = { .n_gateways = 0 };

	ck_assert_uint_eq(ring_start(&empty, STR("a")), 0);
	ck_assert_int_eq(ring_next(&empty, CHANNEL_SMS, US, 0, NULL), RING_END);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("ring");

	tcase_add_test(tests, ring_starts_at_the_first_gateway);
	tcase_add_test(tests, ring_starts_after_the_last_used_gateway_on_a_resend);
	tcase_add_test(tests, ring_starts_at_the_first_when_the_last_one_is_gone);
	tcase_add_test(tests, ring_passes_over_gateways_that_are_out);
	tcase_add_test(tests, ring_takes_only_its_prefixes);
	tcase_add_test(tests, ring_of_no_gateways_is_at_its_end);
	return suite_run();
}
