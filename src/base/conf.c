#include "base/conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf_assign.h"
#include "base/conf_parse.h"

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < conf_table_n; i++) {
		void *at = conf_row_at(conf, &conf_table[i]);

		switch (conf_table[i].type) {
		case CONF_TEXT:
		case CONF_WORD:
		case CONF_PATH:
		case CONF_KEY_FILE:
			free(*(char **)at);
			break;
		case CONF_LIST:
			conf_list_release(at);
			break;
		case CONF_INTEGER:
		case CONF_SIZE:
		case CONF_DURATION:
		case CONF_LIMIT:
		case CONF_CHOICE:
		case CONF_TYPE__MAX:
			break;
		}
	}
	conf_ring_release(conf);
	free(conf);
}

struct str
conf_gateway_get(const struct conf_gateway *gateway, const char *name)
{
	for (size_t i = 0; i < gateway->n_settings; i++)
		if (strcmp(gateway->settings[i].name, name) == 0)
			return str_from(gateway->settings[i].value);
	return STR_NULL;
}

const struct conf_gateway *
conf_gateway_find(const struct conf *conf, struct str name)
{
	for (size_t i = 0; i < conf->n_gateways; i++)
		if (str_equal(str_from(conf->gateways[i].name), name))
			return &conf->gateways[i];
	return NULL;
}
