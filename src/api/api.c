#include "api/api.h"

#include <string.h>

#include "api/call.h"
#include "api/credential.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "domain/sessions.h"

enum { COMPLAIN_EVERY_MS = 60000 };

struct json_out
call_answer(struct call *call, int status)
{
	call->response->status = status;
	call->response->content_type = "application/json";
	return json_out_to(&call->response->body);
}

void
call_answer_empty(struct call *call, int status)
{
	call->response->status = status;
	call->response->content_type = NULL;
}

/* RFC 9110, section 15.4.9: any method, and the same path with its slash. No host: that of the
 * request isn't ours to believe. */
static void
answer_redirect(struct call *call)
{
	const struct request *request = call->request;
	size_t path_len = str_index(request->uri, '?');
	struct buf *headers = &call->response->headers;

	call_answer_empty(call, 308);
	/* A URI may be longer than our headers may be. */
	if (request->uri.len + sizeof("Location: /\r\n") > RESPONSE_HEADERS_MAX) {
		problem_fill(call->response, RC_BAD_REQUEST, NULL, request, false, NULL);
		return;
	}
	buf_add(headers, STR("Location: "));
	buf_add(headers, str_slice(request->uri, 0, path_len));
	buf_add(headers, STR("/"));
	buf_add(headers, str_slice(request->uri, path_len, request->uri.len));
	buf_add(headers, STR("\r\n"));
}

/* A web server that sends a hashing route to the fast pool would bring all routes to a stand. */
static bool
is_misplaced(struct call *call, const struct route_match *match)
{
	int64_t now = clock_monotonic_ms();
	struct api *api = call->api;

	/* For an id that nobody has, nothing is hashed; and only so the web server, which matches
	 * the decoded path, and we agree on what a hashing route is. */
	if (!api->is_fast_only || (match->route->flags & ROUTE_HASHES) == 0 ||
	    (match->has_user_id && !match->is_current && match->user_id == 0))
		return false;
	if (api->complained_at == 0 || now - api->complained_at >= COMPLAIN_EVERY_MS) {
		api->complained_at = now;
		log_error("POST %s%s came to the socket `listen`, but hashes a password: the web "
		          "server must send it to `listen_hash`; see the location for such routes "
		          "in affo-user.conf",
		    api->conf->base_path, match->route->pattern);
	}
	return true;
}

static enum rc
authenticate(struct call *call, unsigned flags)
{
	struct service *service = call->api->service;
	struct credential credential;
	enum rc rc;

	if ((flags & ROUTE_PUBLIC) != 0)
		return RC_OK;
	if ((rc = credential_find(call->request, call->api->conf, &credential)) != RC_OK)
		return rc;
	call->token = credential.token;
	call->is_by_cookie = credential.is_cookie;
	if ((flags & ROUTE_BEARER) != 0)
		return sessions_authenticate(service, call->token, &call->principal);
	if ((flags & ROUTE_BEARER_ANY_TIME) != 0)
		return sessions_authenticate_any_time(service, call->token, &call->principal);
	return RC_OK;
}

static enum rc
check_body(const struct request *request, bool is_right_type)
{
	struct str encoding = request->content_encoding;

	if (request->body.len == 0)
		return RC_BAD_REQUEST;
	if (!is_right_type ||
	    (encoding.ptr != NULL && !str_equal_nocase(str_trim(encoding), STR("identity"))))
		return RC_MEDIA_TYPE;
	return RC_OK;
}

static enum rc
read_body(const struct request *request, struct json **ret)
{
	enum rc rc = check_body(request, media_is_json(request->content_type));

	if (rc == RC_OK && json_parse(request->body, ret) != RC_OK)
		rc = RC_BAD_REQUEST;
	return rc;
}

/* Where a body may be, but needn't: one that isn't even said to be JSON was never meant for us. */
static bool
wants_body(const struct route *route, const struct request *request)
{
	if ((route->flags & ROUTE_MAY_BODY) != 0)
		return request->body.len > 0 && media_is_json(request->content_type);
	return (route->flags & ROUTE_BODY) != 0;
}

/* The checks in the contract's order, then the handler. */
static enum rc
handle(struct call *call, const struct route_match *match)
{
	const struct route *route = match->route;
	struct json *body = NULL;
	enum rc rc;

	if (is_misplaced(call, match))
		return RC_BUSY;
	if (call->request->is_body_too_large)
		return RC_BODY_TOO_LARGE;
	if ((rc = authenticate(call, route->flags)) != RC_OK)
		return rc;
	if ((route->flags & ROUTE_FORM) != 0 &&
	    (rc = check_body(call->request, media_is_form(call->request->content_type))) != RC_OK)
		return rc;
	if (wants_body(route, call->request) && (rc = read_body(call->request, &body)) != RC_OK)
		return rc;
	call->body = body;
	call->user_id = match->is_current ? call->principal.user_id : match->user_id;
	call->session_id = match->session_id;
	rc = route->handle(call);
	json_free(body);
	return rc;
}

void
api_handle(void *arg, struct request *request, struct response *response)
{
	struct api *api = arg;
	struct route_match match = { .is_known = false };
	bool is_public = true;
	struct call call = {
		.api = api,
		.request = request,
		.response = response,
		.client = {
			.address = request->remote_addr,
			.user_agent = request->user_agent,
			.language = request->accept_language,
			.deadline_ms = request->hash_deadline_ms,
		},
	};
	enum rc rc = RC_OK;

	if (!request->is_bad_path)
		routes_find(str_from(api->conf->base_path), request, &match);
	if (request->is_bad_path) {
		rc = RC_BAD_REQUEST;
	} else if (!match.is_known) {
		rc = RC_NOT_FOUND;
	} else if (match.lacks_slash) {
		answer_redirect(&call);
	} else if (request->method == METHOD_OPTIONS) {
		call_answer_empty(&call, 204);
		buf_printf(&response->headers, "Allow: %s\r\n", match.allow);
	} else if (match.route == NULL) {
		rc = RC_METHOD_NOT_ALLOWED;
	} else {
		is_public = (match.route->flags & ROUTE_PUBLIC) != 0;
		rc = handle(&call, &match);
	}
	if (rc != RC_OK) {
		input_settle(&call.faults);
		problem_fill(response, rc, &call.faults, request,
		    !is_public && rc != RC_TOKEN_MISSING,
		    rc == RC_METHOD_NOT_ALLOWED ? match.allow : NULL);
		if (match.route != NULL && (match.route->flags & ROUTE_CHECKS) != 0)
			handlers_explain_check(&call, rc);
	}
	principal_release(&call.principal);
}
