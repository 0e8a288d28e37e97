/*
 * All kinds of gateways, each in the file of its name. A new one needs: that file, a line here and
 * one in gateway.c's table, and its settings in base/conf_gateway.c.
 */
#ifndef AFFO_GATEWAY_KINDS_H
#define AFFO_GATEWAY_KINDS_H

#include "gateway/gateway.h"

extern const struct gateway_kind affo_gateway;
extern const struct gateway_kind clickatell_gateway;
extern const struct gateway_kind file_gateway;
extern const struct gateway_kind http_gateway;
extern const struct gateway_kind kannel_gateway;
extern const struct gateway_kind sendmail_gateway;
extern const struct gateway_kind smtp_gateway;
extern const struct gateway_kind twilio_gateway;
extern const struct gateway_kind vonage_gateway;

#endif
