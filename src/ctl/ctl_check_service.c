/* Whether it is the service that answers, and whether nginx hands it on what the client has sent.
 */
#include <string.h>

#include "ctl/ctl_check.h"

enum { TEXT_MAX = 512 };

#define JSON_TYPE                                                                                  \
	{                                                                                          \
		"Content-Type",                                                                    \
		{                                                                                  \
			"application/json", 16                                                     \
		}                                                                                  \
	}
#define TEXT(literal)                                                                              \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

static bool
is_key_set(struct str body)
{
	struct json *doc = NULL;
	bool is = json_parse(body, &doc) == RC_OK && json_type(doc) == JSON_OBJECT &&
	          json_member(doc, "keys") != NULL;

	json_free(doc);
	return is;
}

/* What an answer to the first request says of what is the matter. */
static const char *
explain(const struct ctl_check *check)
{
	long status = check->reply.status;

	if (ctl_check_is_error(check, 400, "BadRequest"))
		return "the service refuses what nginx passes on: a parameter comes twice, or one "
		       "is missing; use affo-user-params.conf as it is, without fastcgi_params "
		       "beside it; the service's log names the parameter";
	if (ctl_check_is_error(check, 404, "NotFound"))
		return "the service answers, but has another base_path in affo-userd.conf; make "
		       "new files with nginx-snippet, or give the right URL";
	if (status == 502 || status == 503 || status == 504)
		return "nginx doesn't reach the service: is affo-userd running, is fastcgi_pass "
		       "its socket \"listen\", may nginx's user connect to it?";
	if (status >= 300 && status <= 399)
		return "the site sends clients elsewhere; give the URL where they end";
	if (status == 404)
		return "nginx has no location for this path: include affo-user.conf in the server "
		       "of this name; its base path must be that of the URL";
	return "that isn't the service";
}

bool
ctl_check_service(struct ctl_check *check)
{
	static const struct ctl_check_case keys = { .method = "GET",
		.path = "/.well-known/jwks.json" };
	struct buf came = BUF_INIT(TEXT_MAX);
	bool is = false;

	if (!ctl_check_ask(check, &keys)) {
		ctl_check_describe(check, &came);
		ctl_check_say(check, "service", false,
		    "%s; give the URL as clients do, and --ca FILE for certificates of an "
		    "authority of your own",
		    buf_text(&came));
	} else if (check->reply.status == 200 && is_key_set(check->reply.body)) {
		is = true;
		ctl_check_say(check, "service", true, "the service answers at this URL");
	} else {
		ctl_check_describe(check, &came);
		ctl_check_say(check, "service", false, "GET %s: %s; %s", keys.path, buf_text(&came),
		    explain(check));
	}
	buf_release(&came);
	return is;
}

static const struct ctl_check_case requests[] = {
	{ .name = "base",
	    .method = "GET",
	    .path = "",
	    .status = 404,
	    .code = "NotFound",
	    .rule = "the base path without its slash is the service's, too",
	    .advice =
	        "add `location = BASE_PATH` as affo-user.conf has it; else nginx sends clients "
	        "to a host of their own choosing" },

	{ .name = "paths",
	    .method = "GET",
	    .path = "//auth/verify_token/",
	    .status = 404,
	    .code = "NotFound",
	    .rule = "paths arrive as clients send them",
	    .advice = "REQUEST_URI must be $request_uri, and no proxy in front and no rewrite may "
	              "change the path" },
	{ .name = "paths",
	    .method = "GET",
	    .path = "/auth/./verify_token/",
	    .status = 404,
	    .code = "NotFound" },
	{ .name = "paths",
	    .method = "GET",
	    .path = "/user/x%2Fy/",
	    .status = 401,
	    .code = "MissingTokenHeader" },
	{ .name = "paths",
	    .method = "GET",
	    .path = "/user/%63urrent/",
	    .status = 401,
	    .code = "MissingTokenHeader" },

	{ .name = "methods",
	    .method = "OPTIONS",
	    .path = "/user/current/",
	    .status = 204,
	    .rule = "all methods reach the service",
	    .advice = "nothing in front may limit the methods (limit_except, if, a firewall)" },
	{ .name = "methods",
	    .method = "PATCH",
	    .path = "/user/current/",
	    .status = 401,
	    .code = "MissingTokenHeader" },
	{ .name = "methods",
	    .method = "DELETE",
	    .path = "/user/current/",
	    .status = 401,
	    .code = "MissingTokenHeader" },

	{ .name = "no-token",
	    .method = "GET",
	    .path = "/auth/verify_token/",
	    .status = 401,
	    .code = "MissingTokenHeader",
	    .rule = "nobody without a token gets in",
	    .advice = "nothing in front may add an Authorization header" },
	{ .name = "no-token",
	    .method = "GET",
	    .path = "/user/current/?access_token=x&token=x",
	    .status = 401,
	    .code = "MissingTokenHeader" },

	{ .name = "token",
	    .method = "GET",
	    .path = "/auth/verify_token/",
	    .status = 401,
	    .code = "InvalidTokenHeader",
	    .headers = { { "Authorization", TEXT("Bearer affo-userctl") } },
	    .rule = "the Authorization header reaches the service",
	    .advice =
	        "it must reach the service unchanged: no fastcgi_param HTTP_AUTHORIZATION, no "
	        "fastcgi_pass_request_headers off, no auth_basic; Apache needs CGIPassAuth On" },

	{ .name = "two-tokens",
	    .method = "GET",
	    .path = "/auth/verify_token/",
	    .status = 400,
	    .or_status = 401,
	    .headers = { { "Authorization", TEXT("Bearer a") },
	        { "Authorization", TEXT("Bearer b") } },
	    .rule = "two tokens in one request are refused",
	    .advice = "nothing in front may choose one of two Authorization headers" },

	{ .name = "spoofing",
	    .method = "GET",
	    .path = "/user/current/",
	    .status = 401,
	    .code = "MissingTokenHeader",
	    .headers = { { "X-Auth-User", TEXT("1") }, { "X-Auth-Roles", TEXT("admin") },
	        { "X-Auth-Email", TEXT("admin@example.com") }, { "Remote-User", TEXT("admin") } },
	    .rule = "X-Auth headers of clients let nobody in",
	    .advice = "nothing in front may turn these headers into a token" },

	{ .name = "bodies",
	    .method = "POST",
	    .path = "/verification/phone/confirm/",
	    .status = 400,
	    .code = "ValidationError",
	    .headers = { JSON_TYPE },
	    .body = TEXT("{}"),
	    .rule = "bodies arrive, those of unknown length too",
	    .advice =
	        "set fastcgi_request_buffering on, fastcgi_pass_request_body on, CONTENT_TYPE to "
	        "$content_type and CONTENT_LENGTH to $content_length" },
	{ .name = "bodies",
	    .method = "POST",
	    .path = "/verification/phone/confirm/",
	    .status = 400,
	    .code = "ValidationError",
	    .headers = { JSON_TYPE, { "Transfer-Encoding", TEXT("chunked") } },
	    .body = TEXT("{}") },

	/* A worker of the fast pool answers 503 before it looks at anything else. */
	{ .name = "hashing",
	    .method = "POST",
	    .path = "/auth/login/",
	    .status = 400,
	    .code = "ValidationError",
	    .headers = { JSON_TYPE },
	    .body = TEXT("{}"),
	    .rule = "the routes that hash passwords have a pool that does so",
	    .advice =
	        "they must go to the socket \"listen_hash\", and nothing else: affo-user.conf "
	        "has the location; or is the hashing pool not running?" },
	{ .name = "hashing",
	    .method = "POST",
	    .path = "/user/",
	    .status = 400,
	    .code = "ValidationError",
	    .headers = { JSON_TYPE },
	    .body = TEXT("{}") },
	{ .name = "hashing",
	    .method = "POST",
	    .path = "/user/current/set_password/",
	    .status = 401,
	    .code = "MissingTokenHeader",
	    .headers = { JSON_TYPE },
	    .body = TEXT("{}") },
	{ .name = "hashing",
	    .method = "POST",
	    .path = "/password/reset/confirm/",
	    .status = 400,
	    .code = "ValidationError",
	    .headers = { JSON_TYPE },
	    .body = TEXT("{}") },
	{ .name = "hashing",
	    .method = "POST",
	    .path = "/%61uth/login/",
	    .status = 400,
	    .code = "ValidationError",
	    .headers = { JSON_TYPE },
	    .body = TEXT("{}") },
};

/* The address must be a path: what the client has sent, and no host. */
static void
check_slash(struct ctl_check *check)
{
	static const struct ctl_check_case what = { .method = "POST",
		.path = "/auth/login?a=b%20c" };
	struct buf came = BUF_INIT(TEXT_MAX), wanted = BUF_INIT(4 * TEXT_MAX);
	struct str location = STR_NULL;

	buf_printf(&wanted, "%s/auth/login/?a=b%%20c", check->url + check->root_len);
	if (ctl_check_ask(check, &what))
		location = http_client_header(&check->reply, STR("Location"));
	if (check->reply.status == 308 && str_equal(location, buf_str(&wanted))) {
		ctl_check_say(check, "slash", true, "a missing slash is added, on the same host");
	} else {
		ctl_check_describe(check, &came);
		ctl_check_say(check, "slash", false,
		    "%s %s: %s%s, not 308 to the same path with a slash; nothing may change the "
		    "service's Location, nor the path on its way to the service",
		    what.method, what.path, buf_text(&came),
		    check->reply.status == 308 ? " to another address" : "");
	}
	buf_release(&came);
	buf_release(&wanted);
}

/* A page of nginx's that stands in for the service's answer may look like it, but lacks its
 * headers. */
static void
check_errors(struct ctl_check *check)
{
	static const struct ctl_check_case cases[] = {
		{ .method = "GET", .path = "/nothing/", .status = 404, .code = "NotFound" },
		{ .method = "GET",
		    .path = "/verification/phone/",
		    .status = 405,
		    .code = "MethodNotAllowed" },
	};
	struct buf came = BUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (ctl_check_ask(check, &cases[i]) &&
		    ctl_check_is_error(check, cases[i].status, cases[i].code) &&
		    (cases[i].status != 405 ||
		        http_client_header(&check->reply, STR("Allow")).len > 0))
			continue;
		ctl_check_describe(check, &came);
		ctl_check_say(check, "errors", false,
		    "%s %s: %s, and not the service's own %d %s; set fastcgi_intercept_errors off: "
		    "pages of the site must not stand in for the service's answers",
		    cases[i].method, cases[i].path, buf_text(&came), cases[i].status,
		    cases[i].code);
		goto out;
	}
	ctl_check_say(check, "errors", true, "the service's errors come through");
out:
	buf_release(&came);
}

void
ctl_check_requests(struct ctl_check *check)
{
	check_slash(check);
	check_errors(check);
	ctl_check_all(check, requests, sizeof(requests) / sizeof(requests[0]));
}
