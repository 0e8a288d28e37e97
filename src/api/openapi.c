#include "api/handlers.h"
#include "base/embed.h"
#include <string.h>

/* The document's own server, to be replaced where base_path is another. */
#define DOCUMENT_BASE "\"/api/v1.0\""

static enum rc
serve(struct call *call, const char *content_type)
{
	struct str text = str_from(embedded_openapi[0].text), base = STR(DOCUMENT_BASE);
	const char *at = strstr(text.ptr, base.ptr);
	struct response *response = call->response;
	size_t before = at == NULL ? text.len : (size_t)(at - text.ptr);

	response->status = 200;
	response->content_type = content_type;
	/* The same for all, and changed by nothing but an upgrade. */
	response->cache_control = "public, max-age=3600";
	buf_add(&response->body, str_slice(text, 0, before));
	if (at != NULL) {
		buf_printf(&response->body, "\"%s\"", call->api->conf->base_path);
		buf_add(&response->body, str_slice(text, before + base.len, text.len));
	}
	return RC_OK;
}

enum rc
handlers_openapi_json(struct call *call)
{
	return serve(call, "application/json");
}

enum rc
handlers_openapi_yaml(struct call *call)
{
	/* RFC 9512. Every JSON text is YAML. */
	return serve(call, "application/yaml");
}
