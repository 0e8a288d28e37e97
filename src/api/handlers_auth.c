#include "api/credential.h"
#include "api/handlers.h"
#include "api/input.h"
#include "api/render.h"
#include "domain/sessions.h"
#include "http/cookie.h"

/* Whether the answer may set the cookie that was asked for. Another site's page could otherwise
 * have its visitors logged in as somebody whom it chose. */
static enum rc
may_set_cookie(struct call *call, bool is_wanted)
{
	const struct conf *conf = call->api->conf;

	if (is_wanted && conf->cookie.origins.n == 0)
		faults_add(&call->faults, "/cookie",
		    "There are no cookies here: the setting cookie.origins is empty.");
	if (call->faults.n > 0)
		return RC_VALIDATION;
	if (is_wanted && call->request->origin.ptr != NULL &&
	    !credential_has_origin(call->request, conf))
		return RC_ORIGIN_DENIED;
	return RC_OK;
}

/* As a member of the object that is open; or as the cookie, and then as that alone: scripts are not
 * to see it. */
static void
give_token(struct call *call, struct json_out *out, struct str token, bool is_cookie)
{
	if (is_cookie)
		cookie_set(&call->response->headers, token,
		    call->api->conf->token.refresh_lifetime_ms / 1000);
	else
		json_out_string(out, "access_token", token);
}

enum rc
handlers_login(struct call *call)
{
	struct input input = input_from(call->body, &call->faults);
	struct str email = input_string(&input, "email");
	struct str password = input_string(&input, "password");
	bool wants_cookie = input_bool(&input, "cookie");
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct user user = { 0 };
	struct json_out out;
	enum rc rc;

	if ((rc = may_set_cookie(call, wants_cookie)) != RC_OK)
		goto out;
	rc = sessions_login(
	    call->api->service, &call->client, email, password, &user, &token, &call->faults);
	if (rc != RC_OK)
		goto out;
	out = call_answer(call, 200);
	json_out_object(&out, NULL);
	render_user(&out, call->api->conf, &user);
	give_token(call, &out, buf_str(&token), wants_cookie);
	json_out_end(&out);
out:
	user_release(&user);
	buf_release(&token);
	return rc;
}

enum rc
handlers_refresh(struct call *call)
{
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct json_out out;
	enum rc rc;

	rc = sessions_refresh(call->api->service, &call->client, call->token, &token);
	if (rc == RC_OK) {
		out = call_answer(call, 200);
		json_out_object(&out, NULL);
		give_token(call, &out, buf_str(&token), call->is_by_cookie);
		json_out_end(&out);
	}
	buf_release(&token);
	return rc;
}

enum rc
handlers_verify_token(struct call *call)
{
	struct json_out out = call_answer(call, 200);

	json_out_object(&out, NULL);
	render_claims(&out, &call->principal);
	json_out_end(&out);
	return RC_OK;
}

enum rc
handlers_public_keys(struct call *call)
{
	struct json_out out = call_answer(call, 200);

	/* The same for all. A key is published for longer than this before it signs. */
	call->response->cache_control = "public, max-age=300";
	service_add_public_keys(call->api->service, &out);
	return RC_OK;
}
