/*
 * The smsbox of Kannel 1.4.5, with everything but the text in headers: so no password gets into an
 * access log, and no parameter is decoded twice.
 */
#include "base/gsm.h"
#include "gateway/endpoint.h"
#include "gateway/kinds.h"

static enum rc
kannel_open(struct gateway *gateway, struct buf *errors)
{
	static const char *const needed[] = { "username", "password" };
	enum rc rc = endpoint_require(gateway, errors, needed, 2);

	if (rc != RC_OK)
		return rc;
	return endpoint_open(gateway, errors, "");
}

/* Kannel takes a blank, and with some settings other characters, for "and also to". */
static bool
is_one_number(struct str recipient)
{
	struct str digits = endpoint_digits(recipient);

	for (size_t i = 0; i < digits.len; i++)
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			return false;
	return digits.len > 0;
}

static void
read_reply(const struct http_reply *reply, struct delivery *ret)
{
	static const struct str denied = STR("denied by white- and/or black-lists");

	switch (reply->status) {
	case 202:
		gateway_result(ret, DELIVERY_OK, "status 202");
		break;
	case 400:
		if (str_contains(reply->body, denied))
			gateway_result(
			    ret, DELIVERY_BAD_RECIPIENT, "Kannel's lists deny the number");
		else
			gateway_result(
			    ret, DELIVERY_PERMANENT, "Kannel says that the request is bad");
		break;
	case 403:
		gateway_result(ret, DELIVERY_MISCONFIGURED,
		    "Kannel refuses username and password, or this machine's address");
		break;
	case 503:
		gateway_result(ret, DELIVERY_LATER, "Kannel cannot send now");
		break;
	default:
		http_client_failed(reply, ret);
	}
}

static void
kannel_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct str from = conf_gateway_get(gateway->conf, "from");
	/* A coding outside of the text's need makes Kannel send UCS-2, at 70 characters a part. */
	bool is_plain = gsm_is_plain(letter->text);
	struct http_call call = endpoint_call(gateway, "POST");
	const struct http_header headers[] = {
		/* Without the charset 1.4.5 takes the text for its own default, Latin 1. */
		{ "Content-Type", STR("text/plain; charset=UTF-8") },
		{ "X-Kannel-Username", conf_gateway_get(gateway->conf, "username") },
		{ "X-Kannel-Password", conf_gateway_get(gateway->conf, "password") },
		{ "X-Kannel-From", from.len > 0 ? from : letter->sender },
		{ "X-Kannel-To", letter->recipient },
		{ "X-Kannel-Coding", is_plain ? STR_NULL : STR("2") },
		{ "X-Kannel-Charset", is_plain ? STR_NULL : STR("UTF-8") },
	};
	struct http_reply reply;

	if (!is_one_number(letter->recipient)) {
		gateway_result(ret, DELIVERY_BAD_RECIPIENT, "not one phone number");
		return;
	}
	call.headers = headers;
	call.n_headers = sizeof(headers) / sizeof(headers[0]);
	call.body = letter->text;
	if (endpoint_perform(gateway, &call, &reply, ret) == RC_OK)
		read_reply(&reply, ret);
}

const struct gateway_kind kannel_gateway = {
	.type = "kannel",
	.channels = GATEWAY_SMS,
	.needs = GATEWAY_NEEDS_NETWORK,
	.open = kannel_open,
	.send = kannel_send,
	.close = endpoint_close,
};
