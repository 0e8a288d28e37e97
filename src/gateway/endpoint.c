#include "gateway/endpoint.h"

#include <stdlib.h>

enum { ENDPOINT_PATH_MAX = 256, ENDPOINT_CODE_MAX = 1000000 };

static void
endpoint_free(struct endpoint *endpoint)
{
	if (endpoint == NULL)
		return;
	http_client_free(endpoint->client);
	buf_release(&endpoint->url);
	free(endpoint);
}

enum rc
endpoint_require(
    const struct gateway *gateway, struct buf *errors, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (conf_gateway_get(gateway->conf, names[i]).len == 0)
			return gateway_refuse(
			    gateway, errors, "the setting \"%s\" is missing", names[i]);
	return RC_OK;
}

enum rc
endpoint_open(struct gateway *gateway, struct buf *errors, const char *path)
{
	static const char *const needed[] = { "url" };
	struct str url = conf_gateway_get(gateway->conf, "url");
	struct endpoint *endpoint = NULL;
	enum rc rc = endpoint_require(gateway, errors, needed, 1);

	if (rc != RC_OK)
		return rc;
	/* A query could only be cut off by the path behind it. */
	if (!http_client_is_url(url.ptr) || (path[0] != '\0' && str_contains(url, STR("?"))))
		return gateway_refuse(
		    gateway, errors, "url \"%s\" is not an http or https address", url.ptr);
	if ((endpoint = calloc(1, sizeof(*endpoint))) == NULL)
		return RC_SYSTEM;
	endpoint->url = BUF_INIT(HTTP_CLIENT_URL_MAX + ENDPOINT_PATH_MAX);
	while (path[0] != '\0' && str_ends(url, STR("/")))
		url.len--;
	buf_add(&endpoint->url, url);
	buf_add(&endpoint->url, str_from(path));
	if (!buf_ok(&endpoint->url) || http_client_new(&endpoint->client) != RC_OK) {
		endpoint_free(endpoint);
		return RC_SYSTEM;
	}
	gateway->state = endpoint;
	return RC_OK;
}

void
endpoint_close(struct gateway *gateway)
{
	endpoint_free(gateway->state);
}

struct http_call
endpoint_call(const struct gateway *gateway, const char *method)
{
	const struct endpoint *endpoint = gateway->state;

	return (struct http_call){
		.method = method,
		.url = buf_text(&endpoint->url),
		.timeout_ms = gateway->timeout_ms,
	};
}

enum rc
endpoint_perform(const struct gateway *gateway, const struct http_call *call,
    struct http_reply *ret_reply, struct delivery *ret)
{
	const struct endpoint *endpoint = gateway->state;

	return http_client_call(endpoint->client, call, ret_reply, ret);
}

const struct endpoint_answer *
endpoint_find(const struct endpoint_answer *answers, size_t n, int64_t code)
{
	for (size_t i = 0; i < n; i++)
		if (answers[i].code == code)
			return &answers[i];
	return NULL;
}

bool
endpoint_code(const struct json *value, int64_t *ret)
{
	uint64_t code;

	if (value == NULL)
		return false;
	if (json_type(value) == JSON_NUMBER)
		return json_int(value, ret) == RC_OK;
	if (json_type(value) != JSON_STRING ||
	    str_to_u64(json_string(value), ENDPOINT_CODE_MAX, &code) != RC_OK)
		return false;
	*ret = (int64_t)code;
	return true;
}

void
endpoint_add_escaped(struct buf *to, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~')
			buf_add_char(to, c);
		else
			buf_printf(to, "%%%02X", (unsigned)(unsigned char)c);
	}
}

void
endpoint_add_field(struct buf *to, const char *name, struct str value)
{
	if (to->len > 0)
		buf_add_char(to, '&');
	endpoint_add_escaped(to, str_from(name));
	buf_add_char(to, '=');
	endpoint_add_escaped(to, value);
}

struct str
endpoint_digits(struct str phone)
{
	return str_starts(phone, STR("+")) ? str_slice(phone, 1, phone.len) : phone;
}
