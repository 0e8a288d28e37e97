#include "support/asking.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

struct api asking_api;
struct response answer;
char ann_token[TOKEN_MAX], admin_token[TOKEN_MAX];
int64_t ann;
static char *const base_path = (char[]){ "/api/v1.0" };

/* Gives the status; the answer stays in answer. */
int
asking_ask(struct ask ask)
{
	struct buf storage = BUF_INIT(REQUEST_URI_MAX);
	char header[TOKEN_MAX + 16], cookie[TOKEN_MAX + 64];
	struct request request = {
		.method = ask.method,
		.id = "the-request",
		.remote_addr = STR("192.0.2.1"),
		.content_type = ask.type == NULL ? STR("application/json") : str_from(ask.type),
		.content_encoding = str_from(ask.encoding),
		.body = str_from(ask.body),
		.is_body_too_large = ask.is_too_large,
		.origin = str_from(ask.origin),
		.outer_method = ask.outer_method,
		.outer_url = str_from(ask.outer_url),
	};

	if (ask.token != NULL) {
		(void)snprintf(header, sizeof(header), "Bearer %s", ask.token);
		request.authorization = str_from(header);
	}
	if (ask.cookie != NULL) {
		(void)snprintf(cookie, sizeof(cookie), "a=b; __Host-affo=%s", ask.cookie);
		request.cookie = str_from(cookie);
	}
	buf_reset(&answer.body);
	buf_reset(&answer.headers);
	answer.content_type = NULL;
	answer.cache_control = NULL;
	request_split_path(&request, str_from(ask.uri), &storage);
	api_handle(&asking_api, &request, &answer);
	buf_release(&storage);
	ck_assert(buf_ok(&answer.body) && buf_ok(&answer.headers));
	return answer.status;
}

bool
answer_says(const char *text)
{
	return str_contains(buf_str(&answer.body), str_from(text));
}

void
asking_log_in(const char *email, char ret_token[static TOKEN_MAX])
{
	char body[256];
	struct json *doc = NULL;
	struct str text;

	(void)snprintf(
	    body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", email, PEOPLE_PASSWORD);
	ck_assert_status(200, METHOD_POST, "/api/v1.0/auth/login/", .body = body);
	ck_assert_rc(json_parse(buf_str(&answer.body), &doc), RC_OK);
	text = json_string(json_member(doc, "access_token"));
	ck_assert_uint_lt(text.len, TOKEN_MAX);
	memcpy(ret_token, text.ptr, text.len);
	ret_token[text.len] = '\0';
	json_free(doc);
}

/* A user with a password who has just logged in. */
static int64_t
add_with_login(const char *email, const char *roles, char ret_token[static TOKEN_MAX])
{
	int64_t id = people_add(email, roles);

	people_set_password(id, PEOPLE_PASSWORD);
	asking_log_in(email, ret_token);
	return id;
}

void
asking_setup(void)
{
	people_setup();
	service_conf.base_path = base_path;
	service_conf.time_format = CONF_TIME_RFC3339;
	asking_api = (struct api){ .service = service, .conf = &service_conf };
	answer = (struct response){ .body = BUF_INIT(RESPONSE_BODY_MAX),
		.headers = BUF_INIT(RESPONSE_HEADERS_MAX) };
	ann = add_with_login("ann@example.com", "", ann_token);
	(void)add_with_login("root@example.com", "admin", admin_token);
}

void
asking_teardown(void)
{
	buf_release(&answer.body);
	buf_release(&answer.headers);
	service_conf.base_path = NULL;
	people_teardown();
}
