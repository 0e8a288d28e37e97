/*
 * Any service that takes a message in one HTTP request. Where {to} {from} {subject} {text} {id}
 * stand in the url, the headers and the body, the letter's parts are put, escaped for the place;
 * any other brace stays what it is. With a secret the request is signed as Standard Webhooks says.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/hmac.h"
#include "base/utf8.h"
#include "gateway/endpoint.h"
#include "gateway/kinds.h"

enum {
	HTTP_BODY_MAX = 512 * 1024,
	HTTP_SECRET_MAX = 1024,
	HTTP_OWN_HEADERS = 4, /* the type, and three of the signature */
	HTTP_HEADERS_MAX = HTTP_CLIENT_HEADERS_MAX - HTTP_OWN_HEADERS,
};

enum escape { ESCAPE_NONE, ESCAPE_JSON, ESCAPE_FORM };

/* One request, with all its texts. */
struct request {
	struct buf url, body, signature;
	char timestamp[24];
	struct buf names[HTTP_HEADERS_MAX], values[HTTP_HEADERS_MAX];
	struct http_header headers[HTTP_CLIENT_HEADERS_MAX];
	size_t n_own, n_headers;
};

static void
add_json(struct buf *to, struct str text)
{
	struct buf quoted = BUF_INIT(HTTP_BODY_MAX);
	struct json_out out = json_out_to(&quoted);

	json_out_string(&out, NULL, text.ptr == NULL ? STR("") : text);
	if (buf_ok(&quoted))
		buf_add(to, str_slice(buf_str(&quoted), 1, quoted.len - 1));
	else
		to->failed = true;
	buf_release(&quoted);
}

static void
add_escaped(struct buf *to, struct str text, enum escape escape)
{
	switch (escape) {
	case ESCAPE_NONE:
		buf_add(to, text);
		break;
	case ESCAPE_JSON:
		add_json(to, text);
		break;
	case ESCAPE_FORM:
		endpoint_add_escaped(to, text);
		break;
	}
}

/* Adds the template with the letter's parts in it. What was put in is not looked at again. */
static void
fill(struct buf *to, struct str template, const struct letter *letter, enum escape escape)
{
	const struct {
		struct str mark, value;
	} parts[] = {
		{ STR("{to}"), letter->recipient },
		{ STR("{from}"), letter->sender },
		{ STR("{subject}"), letter->subject },
		{ STR("{text}"), letter->text },
		{ STR("{id}"), letter->id },
	};
	const size_t n = sizeof(parts) / sizeof(parts[0]);
	size_t i;

	while (template.len > 0) {
		size_t brace = str_index(template, '{');

		buf_add(to, str_slice(template, 0, brace));
		template = str_slice(template, brace, template.len);
		for (i = 0; i < n && !str_starts(template, parts[i].mark); i++)
			;
		if (i < n) {
			add_escaped(to, parts[i].value, escape);
			template = str_slice(template, parts[i].mark.len, template.len);
		} else if (template.len > 0) {
			buf_add_char(to, '{');
			template = str_slice(template, 1, template.len);
		}
	}
}

static enum escape
escape_of(struct str content_type)
{
	struct str type = STR_NULL;

	if (!str_cut(&content_type, ';', &type))
		return ESCAPE_NONE;
	type = str_trim(type);
	if (str_equal_nocase(type, STR("application/x-www-form-urlencoded")))
		return ESCAPE_FORM;
	/* "+json" too: application/vnd.example+json. */
	if (str_equal_nocase(type, STR("application/json")) || str_ends(type, STR("+json")))
		return ESCAPE_JSON;
	return ESCAPE_NONE;
}

/* A token of RFC 9110, 5.6.2, near enough: no blank, no control character, no separator. */
static bool
is_header_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    c != '-' && c != '_')
			return false;
	}
	return name.len > 0;
}

/* The key: what "whsec_" encodes, or the text itself. RC_SYNTAX. */
static enum rc
secret_key(struct str secret, unsigned char ret[static HTTP_SECRET_MAX], size_t *ret_len)
{
	static const struct str prefix = STR("whsec_");

	if (str_starts(secret, prefix))
		return base64_decode_std(
		    str_slice(secret, prefix.len, secret.len), HTTP_SECRET_MAX, ret, ret_len);
	if (secret.len > HTTP_SECRET_MAX)
		return RC_LIMIT;
	for (size_t i = 0; i < secret.len; i++)
		ret[i] = (unsigned char)secret.ptr[i];
	*ret_len = secret.len;
	return RC_OK;
}

static enum rc
http_open(struct gateway *gateway, struct buf *errors)
{
	struct str headers = conf_gateway_get(gateway->conf, "headers"), line, name;
	unsigned char key[HTTP_SECRET_MAX];
	size_t n = 0, key_len;
	enum rc rc;

	while (str_cut(&headers, '\n', &line)) {
		struct str rest = line;

		if (line.len == 0)
			continue;
		if (!str_cut(&rest, ':', &name) || rest.ptr == NULL || !is_header_name(name))
			return gateway_refuse(gateway, errors,
			    "header \"" STR_FMT "\" is not \"Name: value\"", STR_ARG(line));
		if (n++ == HTTP_HEADERS_MAX)
			return gateway_refuse(
			    gateway, errors, "more than %d headers", HTTP_HEADERS_MAX);
	}
	rc = secret_key(conf_gateway_get(gateway->conf, "secret"), key, &key_len);
	sodium_memzero(key, sizeof(key));
	if (rc != RC_OK)
		return gateway_refuse(gateway, errors,
		    "secret is neither \"whsec_\" and base64 nor a text of at most %d bytes",
		    HTTP_SECRET_MAX);
	return endpoint_open(gateway, errors, "");
}

static void
add_header(struct request *request, const char *name, struct str value)
{
	request->headers[request->n_headers++] = (struct http_header){ name, value };
}

/* The configured headers, filled. */
static void
add_own_headers(struct request *request, struct str lines, const struct letter *letter)
{
	struct str line, name = STR_NULL;

	while (str_cut(&lines, '\n', &line) && request->n_own < HTTP_HEADERS_MAX) {
		struct buf *to = &request->names[request->n_own];
		struct buf *value = &request->values[request->n_own];

		if (line.len == 0 || !str_cut(&line, ':', &name))
			continue;
		*to = BUF_INIT(HTTP_CLIENT_HEADER_MAX);
		*value = BUF_INIT(HTTP_CLIENT_HEADER_MAX);
		request->n_own++;
		buf_add(to, name);
		fill(value, str_trim(line), letter, ESCAPE_NONE);
		add_header(request, buf_text(to), buf_str(value));
	}
}

/* Standard Webhooks 1.0.0: a MAC over id, time and body. */
static void
add_signature(struct request *request, struct str secret, const struct letter *letter)
{
	struct buf content = BUF_INIT(HTTP_BODY_MAX + 256);
	unsigned char key[HTTP_SECRET_MAX], mac[HMAC_LEN];
	size_t key_len;

	(void)snprintf(
	    request->timestamp, sizeof(request->timestamp), "%" PRId64, clock_now_ms() / 1000);
	buf_printf(&content, STR_FMT ".%s.", STR_ARG(letter->id), request->timestamp);
	buf_add(&content, buf_str(&request->body));
	buf_add(&request->signature, STR("v1,"));
	if (buf_ok(&content) && secret_key(secret, key, &key_len) == RC_OK) {
		hmac_sha256((struct str){ (const char *)key, key_len }, buf_str(&content), mac);
		base64_add_std(&request->signature, mac, sizeof(mac));
		sodium_memzero(key, sizeof(key));
	} else {
		request->signature.failed = true;
	}
	buf_release(&content);
	add_header(request, "webhook-id", letter->id);
	add_header(request, "webhook-timestamp", str_from(request->timestamp));
	add_header(request, "webhook-signature", buf_str(&request->signature));
}

static bool
is_request_ok(const struct request *request)
{
	for (size_t i = 0; i < request->n_own; i++)
		if (!buf_ok(&request->names[i]) || !buf_ok(&request->values[i]))
			return false;
	return buf_ok(&request->url) && buf_ok(&request->body) && buf_ok(&request->signature);
}

static void
request_release(struct request *request)
{
	for (size_t i = 0; i < request->n_own; i++) {
		buf_release(&request->names[i]);
		buf_release(&request->values[i]);
	}
	buf_release(&request->url);
	buf_release(&request->body);
	buf_release(&request->signature);
}

static void
read_reply(const struct gateway *gateway, const struct http_reply *reply, struct delivery *ret)
{
	struct str success = conf_gateway_get(gateway->conf, "success");
	struct str bad = conf_gateway_get(gateway->conf, "bad_recipient");
	bool is_success = reply->status >= 200 && reply->status <= 299;

	if (bad.len > 0 && str_contains(reply->body, bad))
		gateway_result(ret, DELIVERY_BAD_RECIPIENT,
		    "status %ld, the answer has the text of bad_recipient", reply->status);
	else if (is_success && (success.len == 0 || str_contains(reply->body, success)))
		gateway_result(ret, DELIVERY_OK, "status %ld", reply->status);
	else if (is_success)
		gateway_result(ret, DELIVERY_LATER,
		    "status %ld, but the answer lacks the text of success", reply->status);
	else
		http_client_failed(reply, ret);
}

static void
http_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct str method = conf_gateway_get(gateway->conf, "method");
	struct str type = conf_gateway_get(gateway->conf, "content_type");
	struct str secret = conf_gateway_get(gateway->conf, "secret");
	struct http_call call = endpoint_call(gateway, method.len == 0 ? "POST" : method.ptr);
	bool has_body = !str_equal(method, STR("GET"));
	struct request request = {
		.url = BUF_INIT(HTTP_CLIENT_URL_MAX * 4),
		.body = BUF_INIT(HTTP_BODY_MAX),
		.signature = BUF_INIT(64),
	};
	struct http_reply reply;

	if (type.len == 0)
		type = STR("application/json");
	fill(&request.url, str_from(call.url), letter, ESCAPE_FORM);
	if (has_body) {
		fill(&request.body, conf_gateway_get(gateway->conf, "body"), letter,
		    escape_of(type));
		call.body = buf_str(&request.body);
		add_header(&request, "Content-Type", type);
	}
	add_own_headers(&request, conf_gateway_get(gateway->conf, "headers"), letter);
	if (secret.len > 0)
		add_signature(&request, secret, letter);
	call.url = buf_text(&request.url);
	call.headers = request.headers;
	call.n_headers = request.n_headers;
	if (!is_request_ok(&request))
		gateway_result(
		    ret, DELIVERY_PERMANENT, "not UTF-8, or too long for one of its places");
	else if (endpoint_perform(gateway, &call, &reply, ret) == RC_OK)
		read_reply(gateway, &reply, ret);
	request_release(&request);
}

const struct gateway_kind http_gateway = {
	.type = "http",
	.channels = GATEWAY_SMS | GATEWAY_EMAIL,
	.needs = GATEWAY_NEEDS_NETWORK,
	.open = http_open,
	.send = http_send,
	.close = endpoint_close,
};
