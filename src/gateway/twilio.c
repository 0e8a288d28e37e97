/*
 * Twilio's Programmable Messaging, API of 2010-04-01. It answers 201, or an error with a JSON
 * object that has a code of its own list.
 */
#include <stdio.h>

#include "gateway/endpoint.h"
#include "gateway/kinds.h"

enum { TWILIO_BODY_MAX = 65536 };

static const struct endpoint_answer answers[] = {
	{ 21211, DELIVERY_BAD_RECIPIENT, "no valid number" },
	{ 21610, DELIVERY_BAD_RECIPIENT, "the recipient has unsubscribed" },
	{ 21612, DELIVERY_BAD_RECIPIENT, "the number cannot be reached" },
	{ 21614, DELIVERY_BAD_RECIPIENT, "no mobile number" },
	{ 20003, DELIVERY_MISCONFIGURED, "account_sid or auth_token is wrong" },
	{ 20404, DELIVERY_MISCONFIGURED, "no such account" },
	{ 21212, DELIVERY_MISCONFIGURED, "\"from\" is no valid number" },
	{ 21606, DELIVERY_MISCONFIGURED, "\"from\" is not the account's" },
	{ 21659, DELIVERY_MISCONFIGURED, "\"from\" is not the account's" },
	{ 21703, DELIVERY_MISCONFIGURED, "the messaging service has no sender" },
	{ 20429, DELIVERY_LATER, "too many requests" },
};

static bool
is_sid(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z'))
			return false;
	}
	return text.len > 0 && text.len <= 64;
}

static enum rc
twilio_open(struct gateway *gateway, struct buf *errors)
{
	static const char *const needed[] = { "account_sid", "auth_token" };
	struct str sid = conf_gateway_get(gateway->conf, "account_sid");
	enum rc rc = endpoint_require(gateway, errors, needed, 2);
	char path[128];

	if (rc != RC_OK)
		return rc;
	if (!is_sid(sid))
		return gateway_refuse(gateway, errors,
		    "account_sid is not the SID of an account: letters and digits");
	(void)snprintf(
	    path, sizeof(path), "/2010-04-01/Accounts/" STR_FMT "/Messages.json", STR_ARG(sid));
	return endpoint_open(gateway, errors, path);
}

/* Of an error: its code decides, if it has one. */
static void
read_error(const struct http_reply *reply, struct delivery *ret)
{
	const struct endpoint_answer *answer;
	struct json *doc = NULL;
	int64_t code = 0;
	bool has_code;

	has_code = json_parse(reply->body, &doc) == RC_OK &&
	           endpoint_code(json_member(doc, "code"), &code);
	json_free(doc);
	answer = endpoint_find(answers, sizeof(answers) / sizeof(answers[0]), code);
	if (!has_code || reply->status < 400)
		http_client_failed(reply, ret);
	else if (reply->status == 401)
		gateway_result(ret, DELIVERY_MISCONFIGURED, "status 401, code %d", (int)code);
	else if (reply->status == 429 || reply->status >= 500)
		gateway_result(
		    ret, DELIVERY_LATER, "status %ld, code %d", reply->status, (int)code);
	else if (answer != NULL)
		gateway_result(ret, answer->result, "code %d: %s", (int)code, answer->meaning);
	else
		gateway_result(
		    ret, DELIVERY_PERMANENT, "status %ld, code %d", reply->status, (int)code);
}

static void
twilio_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct str service = conf_gateway_get(gateway->conf, "messaging_service_sid");
	struct str from = conf_gateway_get(gateway->conf, "from");
	struct http_call call = endpoint_call(gateway, "POST");
	struct buf body = BUF_INIT(TWILIO_BODY_MAX);
	const struct http_header headers[] = {
		{ "Content-Type", STR("application/x-www-form-urlencoded") },
		{ "Accept", STR("application/json") },
	};
	struct http_reply reply;

	endpoint_add_field(&body, "To", letter->recipient);
	if (service.len > 0)
		endpoint_add_field(&body, "MessagingServiceSid", service);
	else
		endpoint_add_field(&body, "From", from.len > 0 ? from : letter->sender);
	endpoint_add_field(&body, "Body", letter->text);
	call.headers = headers;
	call.n_headers = sizeof(headers) / sizeof(headers[0]);
	call.user = conf_gateway_get(gateway->conf, "account_sid");
	call.password = conf_gateway_get(gateway->conf, "auth_token");
	call.body = buf_str(&body);
	if (!buf_ok(&body))
		gateway_result(ret, DELIVERY_PERMANENT, "over %d bytes", TWILIO_BODY_MAX);
	else if (endpoint_perform(gateway, &call, &reply, ret) == RC_OK) {
		if (reply.status == 201)
			gateway_result(ret, DELIVERY_OK, "status 201");
		else
			read_error(&reply, ret);
	}
	buf_release(&body);
}

const struct gateway_kind twilio_gateway = {
	.type = "twilio",
	.channels = GATEWAY_SMS,
	.needs = GATEWAY_NEEDS_NETWORK,
	.open = twilio_open,
	.send = twilio_send,
	.close = endpoint_close,
};
