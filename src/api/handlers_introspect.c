/* Answers about tokens: in headers for a web server (nginx's auth_request), and by RFC 7662. */
#include <inttypes.h>

#include "api/handlers.h"
#include "api/render.h"
#include "domain/introspection.h"
#include "http/form.h"
#include "http/percent.h"

/* Names of parameters that we look for are short; the address to return to is for people. */
enum { NAME_MAX_LEN = 64, RETURN_MAX = 2048 };

/* The query may say role=NAME, once, and nothing else: with a slip of the pen a site would be open
 * to whoever has any token. RC_NONE: no role is asked for. */
static enum rc
read_role(struct call *call, struct buf *ret)
{
	struct buf name = BUF_INIT(NAME_MAX_LEN), value = BUF_INIT(REQUEST_URI_MAX);
	struct str rest = call->request->query;
	bool is_given = false, is_wrong = false;
	enum rc rc;

	while ((rc = form_next(&rest, FORM_QUERY, &name, &value)) == RC_OK) {
		is_wrong |= is_given || !str_equal(buf_str(&name), STR("role"));
		is_given = true;
		buf_add(ret, buf_str(&value));
	}
	buf_release(&name);
	buf_release(&value);
	if (rc == RC_NONE && !is_wrong)
		return is_given ? RC_OK : RC_NONE;
	faults_add(&call->faults, "", "The query may have role=NAME, once, and nothing else.");
	return RC_VALIDATION;
}

static void
add_header(struct buf *to, const char *name, struct str value)
{
	buf_printf(to, "%s: ", name);
	percent_add_header_value(to, value);
	buf_add(to, STR("\r\n"));
}

/* Each name encoded by itself, so that the divisions stay. */
static void
add_names(struct buf *to, struct str names, char division)
{
	struct str rest = names, name;

	while (names.len > 0 && str_cut(&rest, ',', &name)) {
		percent_add_header_value(to, name);
		if (rest.ptr != NULL)
			buf_add_char(to, division);
	}
}

enum rc
handlers_check(struct call *call)
{
	const struct principal *principal = &call->principal;
	struct buf role = BUF_INIT(REQUEST_URI_MAX), *to = &call->response->headers;
	enum rc rc = read_role(call, &role);

	if (rc == RC_OK)
		rc = introspection_require(principal, buf_str(&role), &call->faults);
	buf_release(&role);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	call_answer_empty(call, 200);
	buf_printf(to, "X-Auth-User: %" PRId64 "\r\n", principal->user_id);
	add_header(to, "X-Auth-Email", str_from(principal->email));
	buf_add(to, STR("X-Auth-Roles: "));
	add_names(to, str_from(principal->roles), ',');
	buf_add(to, STR("\r\n"));
	add_header(to, "X-Auth-Session", str_from(principal->claims.jti));
	return RC_OK;
}

void
handlers_explain_check(struct call *call, enum rc rc)
{
	struct buf encoded = BUF_INIT(RETURN_MAX), *to = &call->response->headers;

	/* nginx drops the body of such an answer, and can encode nothing itself. */
	buf_printf(to, "X-Auth-Error: %s\r\n", problem_code(rc));
	percent_add_encoded(&encoded, call->request->outer_url);
	if (buf_ok(&encoded) && encoded.len > 0)
		buf_printf(to, "X-Auth-Return: %s\r\n", buf_text(&encoded));
	buf_release(&encoded);
}

/* The token of the form; other parameters, such as token_type_hint, change nothing. */
static enum rc
read_token(struct call *call, struct buf *ret)
{
	size_t max = call->request->body.len;
	struct buf name = BUF_INIT(max), value = BUF_INIT(max);
	struct str rest = call->request->body;
	bool is_repeated = false;
	enum rc rc;

	while ((rc = form_next(&rest, FORM_BODY, &name, &value)) == RC_OK) {
		if (!str_equal(buf_str(&name), STR("token")))
			continue;
		is_repeated |= ret->len > 0;
		buf_add(ret, buf_str(&value));
	}
	buf_release(&name);
	buf_release(&value);
	if (rc != RC_NONE || is_repeated || !buf_ok(ret))
		return RC_BAD_REQUEST;
	if (ret->len > 0)
		return RC_OK;
	faults_add(&call->faults, "/token", "This parameter is needed.");
	return RC_VALIDATION;
}

/* RFC 7662, section 2.2. */
static void
render(struct json_out *out, const struct principal *principal)
{
	const struct claims *claims = &principal->claims;
	struct str roles = str_from(principal->roles);
	struct buf text = BUF_INIT(RESPONSE_HEADERS_MAX);

	json_out_bool(out, "active", true);
	buf_printf(&text, "%" PRId64, principal->user_id);
	json_out_string(out, "sub", buf_str(&text));
	json_out_string(out, "username", str_from(principal->email));
	json_out_string(out, "token_type", STR("Bearer"));
	json_out_int(out, "exp", claims->exp);
	json_out_int(out, "iat", claims->iat);
	json_out_string(out, "jti", str_from(claims->jti));
	buf_reset(&text);
	add_names(&text, roles, ' ');
	json_out_string(out, "scope", buf_str(&text));
	render_roles(out, "roles", roles);
	buf_release(&text);
}

enum rc
handlers_introspect(struct call *call)
{
	struct buf token = BUF_INIT(call->request->body.len);
	struct principal principal = { 0 };
	bool is_active = false;
	struct json_out out;
	enum rc rc;

	if ((rc = read_token(call, &token)) == RC_OK)
		rc = introspection_of(
		    call->api->service, &call->principal, buf_str(&token), &is_active, &principal);
	if (rc == RC_OK) {
		out = call_answer(call, 200);
		json_out_object(&out, NULL);
		if (is_active)
			render(&out, &principal);
		else
			json_out_bool(&out, "active", false);
		json_out_end(&out);
	}
	principal_release(&principal);
	buf_release(&token);
	return rc;
}
