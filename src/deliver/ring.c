#include "deliver/ring.h"

bool
ring_takes(const struct conf_gateway *gateway, enum channel channel, struct str recipient)
{
	if (!gateway->enabled || gateway->channel != channel)
		return false;
	if (channel != CHANNEL_SMS || gateway->prefixes.n == 0)
		return true;
	for (size_t i = 0; i < gateway->prefixes.n; i++)
		if (str_starts(recipient, str_from(gateway->prefixes.item[i])))
			return true;
	return false;
}

size_t
ring_start(const struct conf *conf, struct str last)
{
	for (size_t i = 0; i < conf->n_gateways; i++)
		if (str_equal(str_from(conf->gateways[i].name), last))
			return (i + 1) % conf->n_gateways;
	return 0;
}

int
ring_next(const struct conf *conf, enum channel channel, struct str recipient, size_t start,
    const bool *is_out)
{
	for (size_t n = 0; n < conf->n_gateways; n++) {
		size_t i = (start + n) % conf->n_gateways;

		if (!is_out[i] && ring_takes(&conf->gateways[i], channel, recipient))
			return (int)i;
	}
	return RING_END;
}
