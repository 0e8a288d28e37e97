/* What several commands say of a gateway. */
#ifndef AFFO_CTL_CTL_GATEWAY_H
#define AFFO_CTL_CTL_GATEWAY_H

#include "ctl/ctl.h"
#include "domain/admin_gateway.h"

/* All of it, as an object. */
void ctl_gateway_add(
    struct json_out *out, const struct conf_gateway *conf, const struct admin_gateway *gateway);
/* "in service", "disabled" ...; "not enabled" by the configuration. */
const char *ctl_gateway_service(
    const struct conf_gateway *conf, const struct admin_gateway *gateway);
/* The configuration's gateway of that name; NULL, and it was said. */
const struct conf_gateway *ctl_gateway_find(const struct ctl *ctl, const char *name);

#endif
