#include "ctl/ctl_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
	URL_MAX = 16 << 10,
	TEXT_MAX = 1024,
	JSON_MAX = 64 << 10,
	CODE_MAX = 40,
};

bool
ctl_check_ask(struct ctl_check *check, const struct ctl_check_case *what)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct delivery delivery = { 0 };
	struct http_call call = {
		.method = what->method,
		.headers = what->headers,
		.body = what->body,
		.timeout_ms = CTL_CHECK_TIMEOUT_MS,
		.probe = &check->probe,
	};
	enum rc rc = RC_SYSTEM;

	check->reply = (struct http_reply){ 0 };
	while (call.n_headers < CTL_CHECK_HEADERS_MAX && what->headers[call.n_headers].name != NULL)
		call.n_headers++;
	buf_add_bytes(&url, check->url, what->is_from_root ? check->root_len : strlen(check->url));
	buf_add(&url, str_from(what->path));
	call.url = buf_text(&url);
	(void)snprintf(check->trouble, sizeof(check->trouble), "out of memory");
	if (check->requests >= CTL_CHECK_REQUESTS_MAX) {
		(void)snprintf(check->trouble, sizeof(check->trouble), "too many requests");
	} else if (buf_ok(&url)) {
		check->requests++;
		rc = http_client_call(check->client, &call, &check->reply, &delivery);
		(void)snprintf(check->trouble, sizeof(check->trouble), "%s",
		    rc == RC_OK ? "" : delivery.detail);
	}
	buf_release(&url);
	return rc == RC_OK;
}

/* The body's member of that name, when the body is JSON and says so; else absent. Into ret. */
static struct str
read_member(const struct http_reply *reply, const char *name, char ret[static CODE_MAX + 1])
{
	struct str kind = http_client_header(reply, STR("Content-Type")), text = STR_NULL;
	const struct json *member;
	struct json *doc = NULL;

	if ((!str_starts(kind, STR("application/json")) &&
	        !str_starts(kind, STR("application/problem+json"))) ||
	    json_parse(reply->body, &doc) != RC_OK)
		return STR_NULL;
	if (json_type(doc) == JSON_OBJECT && (member = json_member(doc, name)) != NULL &&
	    json_type(member) == JSON_STRING)
		text = json_string(member);
	if (text.ptr != NULL && text.len <= CODE_MAX) {
		memcpy(ret, text.ptr, text.len);
		ret[text.len] = '\0';
		text = (struct str){ ret, text.len };
	} else {
		text = STR_NULL;
	}
	json_free(doc);
	return text;
}

bool
ctl_check_is_error(const struct ctl_check *check, int status, const char *code)
{
	char text[CODE_MAX + 1];

	return check->reply.status == status &&
	       str_equal(read_member(&check->reply, "code", text), str_from(code));
}

/* A stranger's words: not into a terminal as they are. */
static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'z'))
			return false;
	return s.len > 0;
}

void
ctl_check_describe(const struct ctl_check *check, struct buf *to)
{
	char text[CODE_MAX + 1];
	struct str code = read_member(&check->reply, "code", text);

	if (check->trouble[0] != '\0') {
		buf_printf(to, "no answer: ");
		for (const char *c = check->trouble; *c != '\0'; c++)
			buf_add_char(to, *c >= ' ' && *c <= '~' ? *c : '?');
	} else if (is_word(code)) {
		buf_printf(to, "%ld " STR_FMT, check->reply.status, STR_ARG(code));
	} else if (check->reply.status >= 400) {
		buf_printf(to, "%ld without a body of the service's", check->reply.status);
	} else {
		buf_printf(to, "%ld", check->reply.status);
	}
}

void
ctl_check_say(struct ctl_check *check, const char *name, bool is_ok, const char *fmt, ...)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct ctl_check_line *line = &check->lines[check->n_lines];
	va_list args;

	va_start(args, fmt);
	buf_vprintf(&text, fmt, args);
	va_end(args);
	if (check->n_lines == CTL_CHECK_LINES_MAX || (line->text = buf_detach(&text)) == NULL) {
		check->has_failed = true;
	} else {
		line->name = name;
		line->is_ok = is_ok;
		check->n_lines++;
		if (!check->is_json)
			(void)printf("%-4s %-15s %s\n", is_ok ? "ok" : "bad", name, line->text);
	}
	buf_release(&text);
}

static bool
is_as_it_must_be(struct ctl_check *check, const struct ctl_check_case *what)
{
	if (!ctl_check_ask(check, what) ||
	    (check->reply.status != what->status && check->reply.status != what->or_status))
		return false;
	return what->code == NULL ||
	       ctl_check_is_error(check, (int)check->reply.status, what->code);
}

static void
say_bad(struct ctl_check *check, const struct ctl_check_case *what, const char *advice)
{
	struct buf came = BUF_INIT(TEXT_MAX);

	ctl_check_describe(check, &came);
	ctl_check_say(check, what->name, false, "%s %.60s%s: %s, not %d%s%s; %s", what->method,
	    what->path, strlen(what->path) > 60 ? "..." : "", buf_text(&came), what->status,
	    what->code == NULL ? "" : " ", what->code == NULL ? "" : what->code, advice);
	buf_release(&came);
}

void
ctl_check_all(struct ctl_check *check, const struct ctl_check_case *cases, size_t n)
{
	for (size_t first = 0, next; first < n; first = next) {
		size_t bad = n;

		for (next = first; next < n && strcmp(cases[next].name, cases[first].name) == 0;
		     next++)
			if (bad == n && !is_as_it_must_be(check, &cases[next])) {
				bad = next;
				say_bad(check, &cases[bad], cases[first].advice);
			}
		if (bad == n)
			ctl_check_say(check, cases[first].name, true, "%s", cases[first].rule);
	}
}

enum ctl_status
ctl_check_print(const struct ctl_check *check)
{
	struct buf text = BUF_INIT(JSON_MAX);
	struct json_out out = json_out_to(&text);
	enum ctl_status status;

	json_out_object(&out, NULL);
	json_out_string(&out, "url", str_from(check->url));
	json_out_int(&out, "requests", check->requests);
	json_out_array(&out, "checks");
	for (size_t i = 0; i < check->n_lines; i++) {
		json_out_object(&out, NULL);
		json_out_string(&out, "name", str_from(check->lines[i].name));
		json_out_bool(&out, "ok", check->lines[i].is_ok);
		json_out_string(&out, "text", str_from(check->lines[i].text));
		json_out_end(&out);
	}
	json_out_end(&out);
	json_out_end(&out);
	buf_add_char(&text, '\n');
	status = ctl_print(&text);
	buf_release(&text);
	return status;
}

void
ctl_check_release(struct ctl_check *check)
{
	for (size_t i = 0; i < check->n_lines; i++)
		free(check->lines[i].text);
	check->n_lines = 0;
	http_client_free(check->client);
	check->client = NULL;
}
