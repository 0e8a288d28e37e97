#include "deliver/switches.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/outbox.h"

struct switches {
	const struct conf *conf;
	struct db *db;
	int64_t look_at; /* monotonic */
	bool is_off[];   /* conf->n_gateways */
};

enum rc
switches_new(const struct conf *conf, struct db *db, struct switches **ret)
{
	struct switches *switches =
	    calloc(1, sizeof(*switches) + conf->n_gateways * sizeof(switches->is_off[0]));

	if (switches == NULL) {
		log_error("out of memory for the switches of %zu gateways", conf->n_gateways);
		return RC_SYSTEM;
	}
	switches->conf = conf;
	switches->db = db;
	*ret = switches;
	return RC_OK;
}

void
switches_free(struct switches *switches)
{
	free(switches);
}

void
switches_look(struct switches *switches)
{
	int64_t now = clock_monotonic_ms();

	/* Further away than it is ever put: the clock was moved back. */
	if (switches->look_at > now && switches->look_at <= now + SWITCHES_LOOK_MS)
		return;
	switches->look_at = now + SWITCHES_LOOK_MS;
	for (size_t i = 0; i < switches->conf->n_gateways; i++) {
		const char *name = switches->conf->gateways[i].name;
		bool is_off = false;

		/* Whoever met the failure has logged it. */
		if (gateway_is_off(switches->db, str_from(name), &is_off) != RC_OK)
			return;
		if (is_off != switches->is_off[i])
			log_notice(is_off
			               ? "gateway %s was disabled by an admin: it gets no message"
			               : "gateway %s was enabled by an admin",
			    name);
		switches->is_off[i] = is_off;
	}
}
