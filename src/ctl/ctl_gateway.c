#include "ctl/ctl_gateway.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/ctl_table.h"

enum { TEXT_MAX = 1024 * 1024, NUMBER_MAX = 24 };

const char *
ctl_gateway_service(const struct conf_gateway *conf, const struct admin_gateway *gateway)
{
	return conf->enabled ? gateway_service_name(gateway->service) : "not enabled";
}

const struct conf_gateway *
ctl_gateway_find(const struct ctl *ctl, const char *name)
{
	const struct conf_gateway *gateway = conf_gateway_find(ctl->conf, str_from(name));

	if (gateway == NULL)
		log_error("the configuration has no gateway \"%.60s\"; affo-userctl gateway list "
		          "shows all",
		    name);
	return gateway;
}

void
ctl_gateway_add(
    struct json_out *out, const struct conf_gateway *conf, const struct admin_gateway *gateway)
{
	json_out_object(out, NULL);
	json_out_string(out, "name", str_from(conf->name));
	json_out_string(out, "type", str_from(conf->type));
	json_out_string(out, "channel", str_from(channel_name(conf->channel)));
	json_out_string(out, "service", str_from(ctl_gateway_service(conf, gateway)));
	json_out_bool(out, "enabled", conf->enabled);
	json_out_bool(out, "disabled", gateway->state.is_off);
	json_out_int(out, "faults", gateway->state.faults);
	ctl_add_time(out, "out_until", gateway->state.out_until);
	json_out_int(out, "sent", gateway->counts[DELIVERY_OK].n);
	json_out_int(out, "failed", gateway->failed);
	json_out_object(out, "results");
	for (int i = 0; i < DELIVERY__MAX; i++)
		json_out_int(
		    out, delivery_result_name((enum delivery_result)i), gateway->counts[i].n);
	json_out_end(out);
	json_out_object(out, "latency_ms");
	if (gateway->n > 0) {
		json_out_int(out, "average", gateway->average_ms);
		json_out_int(out, "last", gateway->last_ms);
		json_out_int(out, "max", gateway->max_ms);
	} else {
		json_out_null(out, "average");
		json_out_null(out, "last");
		json_out_null(out, "max");
	}
	json_out_end(out);
	ctl_add_time(out, "last_at", gateway->last_at);
	if (gateway->n > 0)
		json_out_string(
		    out, "last_result", str_from(delivery_result_name(gateway->last_result)));
	else
		json_out_null(out, "last_result");
	json_out_end(out);
}

static enum rc
add_line(
    struct ctl_table *table, const struct conf_gateway *conf, const struct admin_gateway *gateway)
{
	char service[64], faults[NUMBER_MAX], sent[NUMBER_MAX], failed[NUMBER_MAX],
	    until[CLOCK_TEXT_MAX + 1], last[CLOCK_TEXT_MAX + 1];

	clock_format(gateway->state.out_until, true, until);
	clock_format(gateway->last_at, true, last);
	(void)snprintf(service, sizeof(service), "%s%s%s", ctl_gateway_service(conf, gateway),
	    conf->enabled && gateway->service == GATEWAY_OUT ? " until " : "",
	    conf->enabled && gateway->service == GATEWAY_OUT ? until : "");
	(void)snprintf(faults, sizeof(faults), "%" PRId64, gateway->state.faults);
	(void)snprintf(sent, sizeof(sent), "%" PRId64, gateway->counts[DELIVERY_OK].n);
	(void)snprintf(failed, sizeof(failed), "%" PRId64, gateway->failed);
	return ctl_table_add(
	    table, (const char *const[]){ conf->name, conf->type, channel_name(conf->channel),
	               service, faults, sent, failed, gateway->n == 0 ? NULL : last,
	               gateway->n == 0 ? NULL : delivery_result_name(gateway->last_result) });
}

/* Each into the table, or as JSON. */
static enum rc
list(struct ctl *ctl, struct ctl_table *table, struct json_out *out)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < ctl->conf->n_gateways; i++) {
		const struct conf_gateway *conf = &ctl->conf->gateways[i];
		struct admin_gateway gateway;

		rc = admin_gateway_get(ctl->service, str_from(conf->name), &gateway);
		if (rc == RC_OK && table != NULL)
			rc = add_line(table, conf, &gateway);
		else if (rc == RC_OK)
			ctl_gateway_add(out, conf, &gateway);
	}
	return rc;
}

enum ctl_status
ctl_gateway_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_column columns[] = { { "NAME", false }, { "TYPE", false },
		{ "CHANNEL", false }, { "SERVICE", false }, { "FAULTS", true }, { "SENT", true },
		{ "FAILED", true }, { "LAST USED", false }, { "LAST RESULT", false } };
	struct buf text = BUF_INIT(TEXT_MAX);
	struct json_out out = json_out_to(&text);
	struct ctl_table *table = NULL;
	enum ctl_status status;
	enum rc rc;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc != optind)
		return ctl_usage(ctl);
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		return status;
	if (ctl->is_json) {
		json_out_array(&out, NULL);
		rc = list(ctl, NULL, &out);
		json_out_end(&out);
		buf_add_char(&text, '\n');
		status = rc == RC_OK ? ctl_print(&text) : ctl_refuse(rc, NULL);
	} else {
		rc = ctl_table_new(columns, sizeof(columns) / sizeof(columns[0]), true, &table);
		if (rc == RC_OK && (rc = list(ctl, table, &out)) == RC_OK)
			rc = ctl_table_print(table);
		status = ctl_refuse(rc, NULL);
	}
	ctl_table_free(table);
	buf_release(&text);
	return status;
}

static enum ctl_status
set(struct ctl *ctl, int argc, char **argv, bool is_off)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	const struct conf_gateway *gateway;
	enum ctl_status status;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind != 1)
		return ctl_usage(ctl);
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		return status;
	if ((gateway = ctl_gateway_find(ctl, argv[optind])) == NULL)
		return CTL_FAILED;
	status =
	    ctl_refuse(admin_gateway_switch(ctl->service, str_from(gateway->name), is_off), NULL);
	if (status == CTL_OK)
		(void)printf("gateway %s is %s%s\n", gateway->name, is_off ? "disabled" : "enabled",
		    is_off || gateway->enabled ? "" : ", but not by the configuration");
	return status;
}

enum ctl_status
ctl_gateway_enable(struct ctl *ctl, int argc, char **argv)
{
	return set(ctl, argc, argv, false);
}

enum ctl_status
ctl_gateway_disable(struct ctl *ctl, int argc, char **argv)
{
	return set(ctl, argc, argv, true);
}
