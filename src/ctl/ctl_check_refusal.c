/* What nginx itself refuses has the service's shape, and what every answer carries. */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl_check.h"

enum {
	ROOMY = 8 << 10,    /* larger than any honest body */
	LARGE = 200 << 10,  /* larger than max_body can be */
	LONG_PATH = 12000,  /* nginx takes lines of 8k, other servers of up to 16k */
	LONG_HEADER = 4000, /* and CTL_CHECK_HEADERS_MAX of them */
	ID_MAX = 64,
	TEXT_MAX = 512,
};

#define TEXT(literal)                                                                              \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}
#define AS_IN_PARAMS "as affo-user-params.conf has it"

static char body[LARGE]; /* "{}" and blanks */

static const struct ctl_check_case refusals[] = {
	{ .name = "malformed",
	    .method = "GET",
	    .path = "/user/%zz/",
	    .status = 400,
	    .code = "BadRequest",
	    .rule = "malformed requests are refused in the service's shape",
	    .advice = "error_page 400 414 494 /_affo_user/400; and error_page 405 /_affo_user/405; "
	              "in the server, as affo-user.conf has them; never a named location (@...)" },
	{ .name = "malformed",
	    .method = "TRACE",
	    .path = "/user/current/",
	    .status = 405,
	    .code = "MethodNotAllowed" },

	{ .name = "roomy-body",
	    .method = "POST",
	    .path = "/verification/phone/confirm/",
	    .status = 400,
	    .code = "ValidationError",
	    .headers = { { "Content-Type", TEXT("application/json") } },
	    .body = { body, ROOMY },
	    .rule = "bodies of 8 KiB arrive",
	    .advice = "set client_max_body_size to max_body, " AS_IN_PARAMS },

	{ .name = "large-body",
	    .method = "POST",
	    .path = "/verification/phone/confirm/",
	    .status = 413,
	    .code = "BodyTooLarge",
	    .headers = { { "Content-Type", TEXT("application/json") } },
	    .body = { body, LARGE },
	    .rule = "too large a body is refused in the service's shape",
	    .advice = "error_page 413 /_affo_user/413; " AS_IN_PARAMS },

	{ .name = "huge-body",
	    .method = "POST",
	    .path = "/verification/phone/confirm/",
	    .status = 413,
	    .headers = { { "Content-Type", TEXT("application/json") },
	        { "Content-Length", TEXT("1073741824") } },
	    .rule = "a gigabyte is refused before it is sent",
	    .advice = "set client_max_body_size to max_body, " AS_IN_PARAMS
	              ": all of it would be kept on disk" },
};

static void
check_long_lines(struct ctl_check *check)
{
	static char path[LONG_PATH + 1];
	struct ctl_check_case cases[] = {
		{ .name = "long-lines",
		    .method = "GET",
		    .path = path,
		    .status = 400,
		    .or_status = 414,
		    .code = "BadRequest",
		    .rule = "lines that are too long are refused in the service's shape",
		    .advice = "error_page 400 414 494 /_affo_user/400; in the server, as "
		              "affo-user.conf has it" },
		{ .name = "long-lines",
		    .method = "GET",
		    .path = "/nothing/",
		    .status = 400,
		    .code = "BadRequest" },
	};

	memset(path, 'x', LONG_PATH);
	memcpy(path, "/user/", 6);
	for (size_t i = 0; i < CTL_CHECK_HEADERS_MAX; i++)
		cases[1].headers[i] = (struct http_header){ "X-Long", { path + 6, LONG_HEADER } };
	ctl_check_all(check, cases, sizeof(cases) / sizeof(cases[0]));
}

static void
fill_body(void)
{
	memset(body, ' ', LARGE);
	memcpy(body, "{}", 2);
}

void
ctl_check_refusals(struct ctl_check *check)
{
	fill_body();
	ctl_check_all(check, refusals, sizeof(refusals) / sizeof(refusals[0]));
	check_long_lines(check);
}

static bool
has_value(const struct ctl_check *check, struct str name, struct str value)
{
	return str_contains(http_client_header(&check->reply, name), value);
}

/* No version number in what names the server. */
static bool
names_no_version(const struct ctl_check *check)
{
	struct str server = http_client_header(&check->reply, STR("Server"));

	for (size_t i = 0; i < server.len; i++)
		if (server.ptr[i] == '/' || (server.ptr[i] >= '0' && server.ptr[i] <= '9'))
			return false;
	return http_client_header(&check->reply, STR("X-Powered-By")).ptr == NULL;
}

/* One answer of the service and one of nginx, which have different ways to their headers. */
static void
check_both(struct ctl_check *check, const char *name, bool (*is_fine)(const struct ctl_check *),
    const char *rule, const char *advice)
{
	static const struct ctl_check_case answers[] = {
		{ .method = "GET", .path = "/user/current/" },
		{ .method = "POST",
		    .path = "/verification/phone/confirm/",
		    .headers = { { "Content-Type", TEXT("application/json") } },
		    .body = { body, LARGE } },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (!ctl_check_ask(check, &answers[i]) || !is_fine(check)) {
			ctl_check_say(check, name, false, "%s %s%s: %s", answers[i].method,
			    answers[i].path, i == 0 ? "" : " with too large a body", advice);
			return;
		}
	ctl_check_say(check, name, true, "%s", rule);
}

static bool
is_uncached(const struct ctl_check *check)
{
	return has_value(check, STR("Cache-Control"), STR("no-store")) &&
	       has_value(check, STR("X-Content-Type-Options"), STR("nosniff")) &&
	       http_client_header(&check->reply, STR("X-Request-ID")).len > 0;
}

static bool
has_hsts(const struct ctl_check *check)
{
	return has_value(check, STR("Strict-Transport-Security"), STR("max-age=")) &&
	       !has_value(check, STR("Strict-Transport-Security"), STR("max-age=0"));
}

/* Two answers of the same request are two answers. */
static void
check_cache(struct ctl_check *check)
{
	static const struct ctl_check_case what = { .method = "GET",
		.path = "/.well-known/jwks.json" };
	char ids[2][ID_MAX + 1] = { "", "" };

	for (size_t i = 0; i < 2; i++)
		if (ctl_check_ask(check, &what))
			(void)snprintf(ids[i], sizeof(ids[i]), STR_FMT,
			    STR_ARG(http_client_header(&check->reply, STR("X-Request-ID"))));
	if (ids[0][0] != '\0' && ids[1][0] != '\0' && strcmp(ids[0], ids[1]) != 0)
		ctl_check_say(check, "cache", true, "every answer is a new one");
	else
		ctl_check_say(check, "cache", false,
		    "GET %s twice: the same answer twice; nothing in front may keep the service's "
		    "answers (fastcgi_cache, proxy_cache, a CDN)",
		    what.path);
}

void
ctl_check_headers(struct ctl_check *check)
{
	fill_body();
	check_both(check, "headers", is_uncached,
	    "answers are not to be kept, and have an X-Request-ID",
	    "Cache-Control: no-store, X-Content-Type-Options or X-Request-ID is missing; nothing "
	    "in "
	    "front may hide or change them, and nginx's own answers are the /_affo_user/ of "
	    "affo-user.conf");
	check_both(check, "version", names_no_version, "no version of a program is shown",
	    "Server or X-Powered-By shows a version; set server_tokens off");
	check_cache(check);
	if (str_starts(str_from(check->url), STR("https:")))
		check_both(check, "hsts", has_hsts, "browsers are told to use TLS only",
		    "no Strict-Transport-Security; set $affo_user_hsts and add_header ... always "
		    "in "
		    "the server as example-server.conf does; an add_header in a location takes "
		    "away "
		    "those of the server");
}
