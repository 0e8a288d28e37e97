#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl_gateway.h"
#include "ctl/ctl_table.h"
#include "domain/admin_outbox.h"

enum { TEXT_MAX = 1024 * 1024, NUMBER_MAX = 24 };

struct stats {
	int64_t now;
	struct outbox_depth depth[CHANNEL__MAX][MESSAGE_STATE__MAX];
	struct outbox_depth waiting; /* pending, over the channels */
};

static enum ctl_status
get(struct ctl *ctl, struct stats *ret)
{
	enum ctl_status status;

	ret->now = clock_now_ms();
	status = ctl_refuse(admin_outbox_depth(ctl->service, ret->depth), NULL);
	for (int i = 0; status == CTL_OK && i < CHANNEL__MAX; i++) {
		const struct outbox_depth *depth = &ret->depth[i][MESSAGE_PENDING];

		ret->waiting.n += depth->n;
		ret->waiting.leased += depth->leased;
		if (depth->oldest_at != 0 &&
		    (ret->waiting.oldest_at == 0 || depth->oldest_at < ret->waiting.oldest_at))
			ret->waiting.oldest_at = depth->oldest_at;
	}
	return status;
}

/* In seconds; the clock may have been moved back since. */
static int64_t
age_s(const struct stats *stats, int64_t at)
{
	return at < stats->now ? (stats->now - at) / 1000 : 0;
}

static void
add_depth(struct json_out *out, const struct stats *stats, const struct outbox_depth *depth)
{
	json_out_int(out, "n", depth->n);
	json_out_int(out, "under_way", depth->leased);
	if (depth->n > 0)
		json_out_int(out, "oldest_s", age_s(stats, depth->oldest_at));
	else
		json_out_null(out, "oldest_s");
}

/* {"waiting":{...},"messages":[{"channel","state",...}],"gateways":[...]} */
static enum ctl_status
print_json(struct ctl *ctl, const struct stats *stats)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct json_out out = json_out_to(&text);
	enum ctl_status status;
	enum rc rc = RC_OK;

	json_out_object(&out, NULL);
	json_out_object(&out, "waiting");
	add_depth(&out, stats, &stats->waiting);
	json_out_end(&out);
	json_out_array(&out, "messages");
	for (int i = 0; i < CHANNEL__MAX; i++)
		for (int k = 0; k < MESSAGE_STATE__MAX; k++) {
			if (k == MESSAGE_VOID)
				continue;
			json_out_object(&out, NULL);
			json_out_string(&out, "channel", str_from(channel_name((enum channel)i)));
			json_out_string(
			    &out, "state", str_from(message_state_name((enum message_state)k)));
			add_depth(&out, stats, &stats->depth[i][k]);
			json_out_end(&out);
		}
	json_out_end(&out);
	json_out_array(&out, "gateways");
	for (size_t i = 0; rc == RC_OK && i < ctl->conf->n_gateways; i++) {
		const struct conf_gateway *conf = &ctl->conf->gateways[i];
		struct admin_gateway gateway;

		rc = admin_gateway_get(ctl->service, str_from(conf->name), &gateway);
		ctl_gateway_add(&out, conf, &gateway);
	}
	json_out_end(&out);
	json_out_end(&out);
	buf_add_char(&text, '\n');
	status = rc == RC_OK ? ctl_print(&text) : ctl_refuse(rc, NULL);
	buf_release(&text);
	return status;
}

static enum rc
print_messages(const struct stats *stats)
{
	static const struct ctl_column columns[] = { { "CHANNEL", false }, { "STATE", false },
		{ "MESSAGES", true }, { "UNDER WAY", true }, { "OLDEST S", true } };
	struct ctl_table *table = NULL;
	enum rc rc = ctl_table_new(columns, sizeof(columns) / sizeof(columns[0]), true, &table);

	for (int i = 0; i < CHANNEL__MAX; i++)
		for (int k = 0; rc == RC_OK && k < MESSAGE_STATE__MAX; k++) {
			const struct outbox_depth *depth = &stats->depth[i][k];
			char n[NUMBER_MAX], leased[NUMBER_MAX], oldest[NUMBER_MAX];

			if (depth->n == 0)
				continue;
			(void)snprintf(n, sizeof(n), "%" PRId64, depth->n);
			(void)snprintf(leased, sizeof(leased), "%" PRId64, depth->leased);
			(void)snprintf(
			    oldest, sizeof(oldest), "%" PRId64, age_s(stats, depth->oldest_at));
			rc = ctl_table_add(table,
			    (const char *const[]){ channel_name((enum channel)i),
			        message_state_name((enum message_state)k), n, leased, oldest });
		}
	if (rc == RC_OK)
		rc = ctl_table_print(table);
	ctl_table_free(table);
	return rc;
}

static enum rc
add_gateway(
    struct ctl_table *table, const struct conf_gateway *conf, const struct admin_gateway *gateway)
{
	enum { RESULTS = 2, TIMES = RESULTS + DELIVERY__MAX, CELLS = TIMES + 3 };
	const int64_t times[] = { gateway->average_ms, gateway->last_ms, gateway->max_ms };
	const char *cells[CELLS] = { conf->name, ctl_gateway_service(conf, gateway) };
	char numbers[CELLS][NUMBER_MAX];

	for (int i = RESULTS; i < CELLS; i++) {
		(void)snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64,
		    i < TIMES ? gateway->counts[i - RESULTS].n : times[i - TIMES]);
		cells[i] = i >= TIMES && gateway->n == 0 ? NULL : numbers[i];
	}
	return ctl_table_add(table, cells);
}

static enum rc
print_gateways(const struct ctl *ctl)
{
	/* The results in the order of enum delivery_result. */
	static const struct ctl_column columns[] = { { "GATEWAY", false }, { "SERVICE", false },
		{ "OK", true }, { "BAD RECIPIENT", true }, { "PERMANENT", true }, { "LATER", true },
		{ "MISCONFIGURED", true }, { "AVERAGE MS", true }, { "LAST MS", true },
		{ "MAX MS", true } };
	struct ctl_table *table = NULL;
	enum rc rc = ctl_table_new(columns, sizeof(columns) / sizeof(columns[0]), true, &table);

	for (size_t i = 0; rc == RC_OK && i < ctl->conf->n_gateways; i++) {
		const struct conf_gateway *conf = &ctl->conf->gateways[i];
		struct admin_gateway gateway;

		rc = admin_gateway_get(ctl->service, str_from(conf->name), &gateway);
		if (rc == RC_OK)
			rc = add_gateway(table, conf, &gateway);
	}
	if (rc == RC_OK)
		rc = ctl_table_print(table);
	ctl_table_free(table);
	return rc;
}

static enum ctl_status
print_tables(const struct ctl *ctl, const struct stats *stats)
{
	const struct outbox_depth *waiting = &stats->waiting;
	enum rc rc;

	if (waiting->n == 0)
		(void)printf("no message waits\n\n");
	else
		(void)printf("%" PRId64 " message%s, the oldest for %" PRId64 " s\n\n", waiting->n,
		    waiting->n == 1 ? " waits" : "s wait", age_s(stats, waiting->oldest_at));
	if ((rc = print_messages(stats)) == RC_OK) {
		(void)printf("\n");
		rc = print_gateways(ctl);
	}
	return ctl_refuse(rc, NULL);
}

enum ctl_status
ctl_outbox_stats(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct stats stats = { 0 };
	enum ctl_status status;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc != optind)
		return ctl_usage(ctl);
	if ((status = ctl_open_service(ctl)) != CTL_OK || (status = get(ctl, &stats)) != CTL_OK)
		return status;
	return ctl->is_json ? print_json(ctl, &stats) : print_tables(ctl, &stats);
}
