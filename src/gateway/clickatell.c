/*
 * Clickatell's platform, by one of its two interfaces: "v1" (One API) and "legacy", which release
 * 1.0.4 used. Both take many messages and give a result each; we send one.
 */
#include "gateway/endpoint.h"
#include "gateway/kinds.h"

enum { CLICKATELL_BODY_MAX = 65536 };

static const struct endpoint_answer legacy_answers[] = {
	{ 652, DELIVERY_BAD_RECIPIENT, "no valid number" },
};

static const struct endpoint_answer v1_answers[] = {
	{ 25, DELIVERY_BAD_RECIPIENT, "no valid number" },
	{ 26, DELIVERY_PERMANENT, "the message was not accepted" },
	{ 27, DELIVERY_PERMANENT, "the message was not accepted" },
	{ 28, DELIVERY_PERMANENT, "the message was not accepted" },
	{ 1, DELIVERY_MISCONFIGURED, "api_key is wrong, or its account not active" },
	{ 2, DELIVERY_MISCONFIGURED, "api_key is wrong, or its account not active" },
	{ 3, DELIVERY_MISCONFIGURED, "api_key is wrong, or its account not active" },
	{ 7, DELIVERY_MISCONFIGURED, "the account may not do this" },
	{ 20, DELIVERY_MISCONFIGURED, "the account may not do this" },
	{ 18, DELIVERY_LATER, "an error at the provider" },
	{ 19, DELIVERY_LATER, "an error at the provider" },
	{ 43, DELIVERY_LATER, "an error at the provider" },
};

static bool
is_legacy(const struct gateway *gateway)
{
	return str_equal(conf_gateway_get(gateway->conf, "api"), STR("legacy"));
}

static enum rc
clickatell_open(struct gateway *gateway, struct buf *errors)
{
	static const char *const needed[] = { "api_key" };
	enum rc rc = endpoint_require(gateway, errors, needed, 1);

	if (rc != RC_OK)
		return rc;
	return endpoint_open(gateway, errors, is_legacy(gateway) ? "/messages" : "/v1/message");
}

static void
write_legacy(struct buf *body, const struct letter *letter)
{
	struct json_out out = json_out_to(body);

	json_out_object(&out, NULL);
	json_out_string(&out, "content", letter->text);
	json_out_array(&out, "to");
	json_out_string(&out, NULL, letter->recipient);
	json_out_end(&out);
	json_out_end(&out);
}

static void
write_v1(struct buf *body, const struct letter *letter)
{
	struct json_out out = json_out_to(body);

	json_out_object(&out, NULL);
	json_out_array(&out, "messages");
	json_out_object(&out, NULL);
	json_out_string(&out, "channel", STR("sms"));
	json_out_string(&out, "to", endpoint_digits(letter->recipient));
	json_out_string(&out, "content", letter->text);
	json_out_end(&out);
	json_out_end(&out);
	json_out_end(&out);
}

/* The code of what went wrong: legacy has it in the message itself, v1 in an "error" of the message
 * or, when the whole was refused, of the answer. */
static bool
find_code(bool is_of_legacy, const struct json *doc, const struct json *message, int64_t *ret)
{
	if (is_of_legacy)
		return endpoint_code(json_member(message, "errorCode"), ret);
	return endpoint_code(json_member(json_member(message, "error"), "code"), ret) ||
	       endpoint_code(json_member(json_member(doc, "error"), "code"), ret);
}

static void
read_reply(bool is_of_legacy, const struct http_reply *reply, struct delivery *ret)
{
	const struct endpoint_answer *answer = NULL;
	const struct json *message = NULL, *messages, *accepted;
	bool is_success = reply->status >= 200 && reply->status <= 299;
	struct json *doc = NULL;
	int64_t code = 0;

	if (json_parse(reply->body, &doc) == RC_OK) {
		messages = json_member(doc, "messages");
		if (messages != NULL && json_type(messages) == JSON_ARRAY)
			message = json_first(messages);
		if (find_code(is_of_legacy, doc, message, &code))
			answer = is_of_legacy
			             ? endpoint_find(legacy_answers,
			                   sizeof(legacy_answers) / sizeof(legacy_answers[0]), code)
			             : endpoint_find(v1_answers,
			                   sizeof(v1_answers) / sizeof(v1_answers[0]), code);
	}
	accepted = json_member(message, "accepted");
	if (is_success && accepted != NULL && json_type(accepted) == JSON_BOOL &&
	    json_bool(accepted))
		gateway_result(ret, DELIVERY_OK, "status %ld, accepted", reply->status);
	else if (answer != NULL)
		gateway_result(ret, answer->result, "code %d: %s", (int)code, answer->meaning);
	else if (is_success && accepted != NULL)
		gateway_result(ret, DELIVERY_LATER, "not accepted, code %d", (int)code);
	else
		http_client_failed(reply, ret);
	json_free(doc);
}

static void
clickatell_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	bool is_of_legacy = is_legacy(gateway);
	struct http_call call = endpoint_call(gateway, "POST");
	struct buf body = BUF_INIT(CLICKATELL_BODY_MAX);
	const struct http_header headers[] = {
		{ "Content-Type", STR("application/json") },
		{ "Accept", STR("application/json") },
		/* The key alone: no scheme before it. */
		{ "Authorization", conf_gateway_get(gateway->conf, "api_key") },
		{ "X-Version", is_of_legacy ? STR("1") : STR_NULL },
	};
	struct http_reply reply;

	if (is_of_legacy)
		write_legacy(&body, letter);
	else
		write_v1(&body, letter);
	call.headers = headers;
	call.n_headers = sizeof(headers) / sizeof(headers[0]);
	call.body = buf_str(&body);
	if (!buf_ok(&body))
		gateway_result(
		    ret, DELIVERY_PERMANENT, "not UTF-8, or over %d bytes", CLICKATELL_BODY_MAX);
	else if (endpoint_perform(gateway, &call, &reply, ret) == RC_OK)
		read_reply(is_of_legacy, &reply, ret);
	buf_release(&body);
}

const struct gateway_kind clickatell_gateway = {
	.type = "clickatell",
	.channels = GATEWAY_SMS,
	.needs = GATEWAY_NEEDS_NETWORK,
	.open = clickatell_open,
	.send = clickatell_send,
	.close = endpoint_close,
};
