/*
 * Vonage's (once Nexmo's) SMS API. It answers 200 whatever happened; each part of the message has
 * a status of its own.
 */
#include "gateway/endpoint.h"
#include "gateway/kinds.h"

enum { VONAGE_BODY_MAX = 65536 };

static const struct endpoint_answer answers[] = {
	{ 0, DELIVERY_OK, "accepted" },
	{ 1, DELIVERY_LATER, "too many requests" },
	{ 5, DELIVERY_LATER, "an error at the provider" },
	{ 10, DELIVERY_LATER, "too many connections" },
	{ 6, DELIVERY_BAD_RECIPIENT, "the number cannot be reached" },
	{ 7, DELIVERY_BAD_RECIPIENT, "the number is barred" },
	{ 4, DELIVERY_MISCONFIGURED, "api_key or api_secret is wrong" },
	{ 8, DELIVERY_MISCONFIGURED, "the account is barred" },
	{ 9, DELIVERY_MISCONFIGURED, "the account has no credit" },
	{ 11, DELIVERY_MISCONFIGURED, "the account may not use this interface" },
	{ 14, DELIVERY_MISCONFIGURED, "the signature is wrong" },
};

static enum rc
vonage_open(struct gateway *gateway, struct buf *errors)
{
	static const char *const needed[] = { "api_key", "api_secret" };
	enum rc rc = endpoint_require(gateway, errors, needed, 2);

	if (rc != RC_OK)
		return rc;
	return endpoint_open(gateway, errors, "/sms/json");
}

/* The first part that failed decides, or all are well. */
static void
read_reply(const struct http_reply *reply, struct delivery *ret)
{
	const struct endpoint_answer *answer;
	const struct json *part = NULL, *parts;
	struct json *doc = NULL;
	int64_t status = 0;

	if (reply->status == 200 && json_parse(reply->body, &doc) == RC_OK) {
		parts = json_member(doc, "messages");
		part = parts != NULL && json_type(parts) == JSON_ARRAY ? json_first(parts) : NULL;
	}
	if (part == NULL) {
		http_client_failed(reply, ret);
		goto out;
	}
	for (; part != NULL && status == 0; part = json_next(part)) {
		if (!endpoint_code(json_member(part, "status"), &status)) {
			gateway_result(ret, DELIVERY_LATER, "a part of the answer has no status");
			goto out;
		}
	}
	answer = endpoint_find(answers, sizeof(answers) / sizeof(answers[0]), status);
	if (answer == NULL)
		gateway_result(ret, DELIVERY_PERMANENT, "status %d", (int)status);
	else
		gateway_result(ret, answer->result, "status %d: %s", (int)status, answer->meaning);
out:
	json_free(doc);
}

static void
vonage_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct str from = conf_gateway_get(gateway->conf, "from");
	struct http_call call = endpoint_call(gateway, "POST");
	struct buf body = BUF_INIT(VONAGE_BODY_MAX);
	const struct http_header headers[] = {
		{ "Content-Type", STR("application/x-www-form-urlencoded") },
		{ "Accept", STR("application/json") },
	};
	struct http_reply reply;

	endpoint_add_field(&body, "from", from.len > 0 ? from : letter->sender);
	/* At most 15 characters: there is no room for a "+". */
	endpoint_add_field(&body, "to", endpoint_digits(letter->recipient));
	endpoint_add_field(&body, "text", letter->text);
	endpoint_add_field(&body, "type", STR("unicode"));
	call.headers = headers;
	call.n_headers = sizeof(headers) / sizeof(headers[0]);
	call.user = conf_gateway_get(gateway->conf, "api_key");
	call.password = conf_gateway_get(gateway->conf, "api_secret");
	call.body = buf_str(&body);
	if (!buf_ok(&body))
		gateway_result(ret, DELIVERY_PERMANENT, "over %d bytes", VONAGE_BODY_MAX);
	else if (endpoint_perform(gateway, &call, &reply, ret) == RC_OK)
		read_reply(&reply, ret);
	buf_release(&body);
}

const struct gateway_kind vonage_gateway = {
	.type = "vonage",
	.channels = GATEWAY_SMS,
	.needs = GATEWAY_NEEDS_NETWORK,
	.open = vonage_open,
	.send = vonage_send,
	.close = endpoint_close,
};
