/* A location behind affo-user-protect.conf: nobody gets in without a token, in whatever way. */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl_check.h"

enum { LARGE = 100 << 10, PATH_MAX_LEN = 1024, TEXT_MAX = 512 };

#define TEXT(literal)                                                                              \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

static char body[LARGE];

/* The path is that of --protected with `path` appended. */
static const struct ctl_check_case cases[] = {
	{ .name = "protected",
	    .method = "GET",
	    .path = "",
	    .status = 401,
	    .rule = "nobody without a token gets in",
	    .advice =
	        "the location must include affo-user-protect.conf, and may have no `return` "
	        "and no `satisfy any`; error_page of the site must not turn a 401 into a "
	        "page; what auth_request asks must be the /_affo_user/check of affo-user.conf, "
	        "with REQUEST_METHOD GET and without fastcgi_params beside its own" },
	{ .name = "protected", .method = "HEAD", .path = "", .status = 401 },
	{ .name = "protected", .method = "PUT", .path = "", .status = 401 },
	{ .name = "protected", .method = "DELETE", .path = "", .status = 401 },
	{ .name = "protected", .method = "GET", .path = "?role=&access_token=x", .status = 401 },

	{ .name = "protected-token",
	    .method = "GET",
	    .path = "",
	    .status = 401,
	    .headers = { { "Authorization", TEXT("Bearer affo-userctl") } },
	    .rule = "nobody with a false token gets in",
	    .advice = "what auth_request asks must be the /_affo_user/check of affo-user.conf" },
	{ .name = "protected-token",
	    .method = "GET",
	    .path = "",
	    .status = 400,
	    .or_status = 401,
	    .headers = { { "Authorization", TEXT("Bearer a") },
	        { "Authorization", TEXT("Bearer b") } } },

	{ .name = "protected-spoof",
	    .method = "GET",
	    .path = "",
	    .status = 401,
	    .headers = { { "X-Auth-User", TEXT("1") }, { "X-Auth-Roles", TEXT("admin") },
	        { "X-Auth-Email", TEXT("admin@example.com") }, { "X-Auth-Session", TEXT("a") },
	        { "X-Original-URL", TEXT("/") }, { "X-Rewrite-URL", TEXT("/") },
	        { "X-HTTP-Method-Override", TEXT("OPTIONS") } },
	    .rule = "X-Auth headers of clients let nobody in",
	    .advice = "only what auth_request_set has read from the service's answer may decide" },

	{ .name = "protected-post",
	    .method = "POST",
	    .path = "",
	    .status = 401,
	    .headers = { { "Content-Type", TEXT("application/x-www-form-urlencoded") } },
	    .body = TEXT("a=b"),
	    .rule = "requests with a body are asked about like others",
	    .advice = "what auth_request asks must be the /_affo_user/check of affo-user.conf: "
	              "REQUEST_METHOD GET, CONTENT_LENGTH \"\", fastcgi_pass_request_body off, "
	              "client_max_body_size 0" },
	{ .name = "protected-post",
	    .method = "POST",
	    .path = "",
	    .status = 401,
	    .headers = { { "Content-Type", TEXT("application/x-www-form-urlencoded") } },
	    .body = { body, LARGE } },
	{ .name = "protected-post",
	    .method = "POST",
	    .path = "",
	    .status = 401,
	    .headers = { { "Content-Type", TEXT("application/json") },
	        { "Transfer-Encoding", TEXT("chunked") } },
	    .body = TEXT("{}") },

	{ .name = "protected-files",
	    .method = "GET",
	    .path = "affo-check.php",
	    .status = 401,
	    .rule = "no kind of file goes another way",
	    .advice =
	        "a location with a regular expression takes this away from the protected one: "
	        "write `location ^~ ...`, and put that one inside" },
	{ .name = "protected-files", .method = "GET", .path = "affo-check.css", .status = 401 },
	{ .name = "protected-files", .method = "GET", .path = "affo-check.js", .status = 401 },
	{ .name = "protected-files", .method = "GET", .path = "affo-check.jpg", .status = 401 },
	{ .name = "protected-files", .method = "GET", .path = "affo-check.html", .status = 401 },
	{ .name = "protected-files", .method = "GET", .path = ".affo-check", .status = 401 },
};
enum { CASES_N = sizeof(cases) / sizeof(cases[0]) };

/* Other spellings of the path may lead elsewhere, but to nothing that is there. */
static void
check_spellings(struct ctl_check *check)
{
	const char *path = check->protected;
	char spellings[4][PATH_MAX_LEN + 16];

	(void)snprintf(spellings[0], sizeof(spellings[0]), "/%%%02x%s", (unsigned char)path[1],
	    path[1] == '\0' ? "" : path + 2);
	(void)snprintf(spellings[1], sizeof(spellings[1]), "/%s", path);
	(void)snprintf(spellings[2], sizeof(spellings[2]), "/.%s", path);
	(void)snprintf(spellings[3], sizeof(spellings[3]), "/affo-check/..%s", path);
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct ctl_check_case what = {
			.method = "GET", .path = spellings[i], .is_from_root = true
		};

		if (ctl_check_ask(check, &what) && check->reply.status >= 400)
			continue;
		ctl_check_say(check, "protected-path", false,
		    "GET %.60s: answered with %ld; another spelling of the path goes round the "
		    "protected location: leave merge_slashes on, and rewrite nothing before it",
		    spellings[i], check->reply.status);
		return;
	}
	ctl_check_say(
	    check, "protected-path", true, "no other spelling of the path leads round it");
}

void
ctl_check_protected(struct ctl_check *check)
{
	struct ctl_check_case mine[CASES_N];
	char paths[CASES_N][PATH_MAX_LEN + 32];
	size_t n_first = 0;

	memset(body, 'a', LARGE);
	memcpy(mine, cases, sizeof(mine));
	for (size_t i = 0; i < CASES_N; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "%s%s", check->protected, cases[i].path);
		mine[i].path = paths[i];
		mine[i].is_from_root = true;
	}
	while (n_first < CASES_N && strcmp(mine[n_first].name, mine[0].name) == 0)
		n_first++;
	ctl_check_all(check, mine, n_first);
	/* Where anybody gets in, or nobody can be asked about, the others have no more to say. */
	if (check->n_lines == 0 || !check->lines[check->n_lines - 1].is_ok)
		return;
	ctl_check_all(check, mine + n_first, CASES_N - n_first);
	check_spellings(check);
}
