#include "http/response.h"

const char *
response_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 204:
		return "No Content";
	case 308:
		return "Permanent Redirect";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 429:
		return "Too Many Requests";
	case 500:
		return "Internal Server Error";
	case 503:
		return "Service Unavailable";
	default:
		return "";
	}
}

bool
response_head(const struct request *request, const struct response *response, struct buf *to)
{
	const char *cache_control = response->cache_control;

	if (!buf_ok(&response->body) || !buf_ok(&response->headers))
		return false;
	buf_printf(to, "Status: %d %s\r\n", response->status, response_reason(response->status));
	if (response->content_type != NULL)
		buf_printf(to, "Content-Type: %s\r\n", response->content_type);
	/* RFC 9110, section 8.6: none with 204. Elsewhere it spares the front a chunked body. */
	if (response->status != 204)
		buf_printf(to, "Content-Length: %zu\r\n",
		    response->content_type == NULL ? 0 : response->body.len);
	buf_printf(to,
	    "Cache-Control: %s\r\nX-Content-Type-Options: nosniff\r\nX-Request-ID: %s\r\n",
	    cache_control == NULL ? "no-store" : cache_control, request->id);
	buf_add(to, buf_str(&response->headers));
	buf_add(to, STR("\r\n"));
	return buf_ok(to);
}

struct str
response_body(const struct request *request, const struct response *response)
{
	if (request->method == METHOD_HEAD || response->content_type == NULL)
		return STR("");
	return buf_str(&response->body);
}
