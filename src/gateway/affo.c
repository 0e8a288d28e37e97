/*
 * The AFFO SMS and e-mail services. They are given byte for byte what release 1.0.4 gave
 * them. Both name what failed in a JSON object; the e-mail service has templates of its own.
 */
#include <stdlib.h>

#include "base/json.h"
#include "gateway/http_client.h"
#include "gateway/kinds.h"

enum { AFFO_BODY_MAX = 65536 };

struct affo {
	struct http_client *client;
	struct buf url; /* of the one route that is called */
};

static enum rc
affo_open(struct gateway *gateway, struct buf *errors)
{
	struct str root = conf_gateway_get(gateway->conf, "url");
	struct affo *affo;

	if (root.len == 0)
		return gateway_refuse(gateway, errors, "the setting \"url\" is missing");
	if (!http_client_is_url(root.ptr) || str_contains(root, STR("?")))
		return gateway_refuse(gateway, errors,
		    "url \"%s\" is not the http or https address of an AFFO service", root.ptr);
	if ((affo = calloc(1, sizeof(*affo))) == NULL)
		return RC_SYSTEM;
	affo->url = BUF_INIT(HTTP_CLIENT_URL_MAX + 64);
	buf_add(&affo->url, root);
	if (!str_ends(root, STR("/")))
		buf_add_char(&affo->url, '/');
	buf_add(&affo->url, gateway->conf->channel == CHANNEL_SMS
	                        ? STR("sms/")
	                        : STR("template/password_reset/send/"));
	if (!buf_ok(&affo->url) || http_client_new(&affo->client) != RC_OK) {
		buf_release(&affo->url);
		free(affo);
		return RC_SYSTEM;
	}
	gateway->state = affo;
	return RC_OK;
}

static void
affo_close(struct gateway *gateway)
{
	struct affo *affo = gateway->state;

	http_client_free(affo->client);
	buf_release(&affo->url);
	free(affo);
}

static void
write_sms(struct buf *body, const struct letter *letter, const struct conf_gateway *conf)
{
	struct str from = conf_gateway_get(conf, "from");
	struct str service_id = conf_gateway_get(conf, "service_id");
	struct json_out out = json_out_to(body);

	json_out_object(&out, NULL);
	json_out_string(&out, "from", from.len == 0 ? letter->sender : from);
	json_out_string(&out, "message", letter->text);
	json_out_string(&out, "phone", letter->recipient);
	json_out_bool(&out, "retry", letter->is_resend);
	json_out_string(&out, "service_id", service_id.len == 0 ? STR("user-service") : service_id);
	json_out_string(&out, "user_id", STR(""));
	json_out_end(&out);
}

static void
write_mail(struct buf *body, const struct letter *letter)
{
	struct json_out out = json_out_to(body);

	json_out_object(&out, NULL);
	json_out_string(&out, "from_", letter->sender);
	json_out_array(&out, "to");
	json_out_string(&out, NULL, letter->recipient);
	json_out_end(&out);
	json_out_string(&out, "subject", letter->subject);
	json_out_object(&out, "variables");
	json_out_string(&out, "name", letter->first_name);
	json_out_string(&out, "password_reset_url", letter->url);
	json_out_end(&out);
	json_out_string(&out, "tag", STR("password_reset"));
	json_out_end(&out);
}

static bool
member_is(const struct json *object, const char *name, struct str text)
{
	const struct json *value = json_member(object, name);

	return value != NULL && json_type(value) == JSON_STRING &&
	       str_equal(json_string(value), text);
}

/* Takes a status for what it says only with a body that one of these services would write: some
 * other server at this address may say 200 to everything. */
static void
read_reply(const struct http_reply *reply, struct delivery *ret)
{
	struct json *doc = NULL;
	bool is_object = json_parse(reply->body, &doc) == RC_OK && json_type(doc) == JSON_OBJECT;
	bool is_success = reply->status >= 200 && reply->status <= 299;

	if (is_success && is_object && member_is(doc, "status", STR("SKIPPED")))
		gateway_result(ret, DELIVERY_PERMANENT, "skipped: the recipient has unsubscribed");
	else if (reply->status == 201 || (is_success && (is_object || reply->body.len == 0)))
		gateway_result(ret, DELIVERY_OK, "status %ld", reply->status);
	else if (reply->status == 400 && is_object && member_is(doc, "code", STR("InvalidPhone")))
		gateway_result(ret, DELIVERY_BAD_RECIPIENT, "InvalidPhone");
	else
		http_client_failed(reply, ret);
	json_free(doc);
}

static void
affo_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct affo *affo = gateway->state;
	struct buf body = BUF_INIT(AFFO_BODY_MAX);
	const struct http_header headers[] = {
		{ "Content-Type", STR("application/json") },
		{ "Accept", STR("application/json") },
		{ "Idempotency-Key", letter->id },
	};
	struct http_call call = {
		.method = "POST",
		.url = buf_text(&affo->url),
		.headers = headers,
		.n_headers = sizeof(headers) / sizeof(headers[0]),
		.timeout_ms = gateway->timeout_ms,
	};
	struct http_reply reply;

	if (letter->channel == CHANNEL_SMS) {
		write_sms(&body, letter, gateway->conf);
	} else if (letter->kind == MESSAGE_PASSWORD_RESET) {
		write_mail(&body, letter);
	} else {
		gateway_result(ret, DELIVERY_MISCONFIGURED, "no template for %s",
		    message_kind_name(letter->kind));
		goto out;
	}
	if (!buf_ok(&body)) {
		gateway_result(
		    ret, DELIVERY_PERMANENT, "not UTF-8, or over %d bytes", AFFO_BODY_MAX);
		goto out;
	}
	call.body = buf_str(&body);
	if (http_client_call(affo->client, &call, &reply, ret) == RC_OK)
		read_reply(&reply, ret);
out:
	buf_release(&body);
}

const struct gateway_kind affo_gateway = {
	.type = "affo",
	.channels = GATEWAY_SMS | GATEWAY_EMAIL,
	.needs = GATEWAY_NEEDS_NETWORK,
	.open = affo_open,
	.send = affo_send,
	.close = affo_close,
};
