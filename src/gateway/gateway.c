#include "gateway/gateway.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sandbox.h"
#include "gateway/kinds.h"

static const struct gateway_kind *const kinds[] = {
	&affo_gateway,
	&clickatell_gateway,
	&file_gateway,
	&http_gateway,
	&kannel_gateway,
	&sendmail_gateway,
	&smtp_gateway,
	&twilio_gateway,
	&vonage_gateway,
};

const struct gateway_kind *
gateway_kind_find(const char *type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->type, type) == 0)
			return kinds[i];
	return NULL;
}

enum rc
gateway_open(const struct conf_gateway *conf, struct gateway **ret, struct buf *errors)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));
	enum rc rc;

	if (gateway == NULL)
		return RC_SYSTEM;
	gateway->conf = conf;
	gateway->timeout_ms = GATEWAY_ATTEMPT_MAX_MS;
	gateway->kind = gateway_kind_find(conf->type);
	if (gateway->kind == NULL) {
		rc = gateway_refuse(gateway, errors, "unknown type \"%s\"", conf->type);
		goto out;
	}
	if ((gateway->kind->channels & 1U << conf->channel) == 0) {
		rc = gateway_refuse(gateway, errors, "type \"%s\" does not send %s", conf->type,
		    channel_name(conf->channel));
		goto out;
	}
	if ((rc = gateway->kind->open(gateway, errors)) != RC_OK)
		goto out;
	*ret = gateway;
	gateway = NULL;
out:
	/* Not gateway_close: what open() refused it has released itself. */
	free(gateway);
	return rc;
}

void
gateway_close(struct gateway *gateway)
{
	if (gateway == NULL)
		return;
	gateway->kind->close(gateway);
	free(gateway);
}

/* sendmail alone may exec, file alone may write; the others read nothing of ours but a ca_file. */
enum rc
gateway_enter_sandbox(const struct gateway *gateway)
{
	struct str ca_file = conf_gateway_get(gateway->conf, "ca_file");

	switch (gateway->kind->needs) {
	case GATEWAY_NEEDS_NETWORK:
		break;
	case GATEWAY_NEEDS_DIRECTORY:
		return sandbox_enter(
		    SANDBOX_SEND_FILE, conf_gateway_get(gateway->conf, "directory").ptr);
	case GATEWAY_NEEDS_EXEC:
		return sandbox_enter(SANDBOX_SEND_EXEC, NULL);
	}
	return sandbox_enter(SANDBOX_SEND, ca_file.len > 0 ? ca_file.ptr : NULL);
}

void
gateway_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	gateway_result(ret, DELIVERY_LATER, "no result");
	if (letter->channel != gateway->conf->channel)
		gateway_result(ret, DELIVERY_MISCONFIGURED, "gateway %s does not send %s",
		    gateway->conf->name, channel_name(letter->channel));
	else
		gateway->kind->send(gateway, letter, ret);
}

void
gateway_result(struct delivery *ret, enum delivery_result result, const char *fmt, ...)
{
	va_list args;

	ret->result = result;
	va_start(args, fmt);
	(void)vsnprintf(ret->detail, sizeof(ret->detail), fmt, args);
	va_end(args);
}

enum rc
gateway_refuse(const struct gateway *gateway, struct buf *errors, const char *fmt, ...)
{
	va_list args;

	buf_printf(errors, "gateway %s: ", gateway->conf->name);
	va_start(args, fmt);
	buf_vprintf(errors, fmt, args);
	va_end(args);
	buf_add_char(errors, '\n');
	return RC_CONFIG;
}
