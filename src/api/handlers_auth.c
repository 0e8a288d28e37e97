#include "api/handlers.h"
#include "api/input.h"
#include "api/render.h"
#include "domain/sessions.h"

enum rc
handlers_login(struct call *call)
{
	struct input input = input_from(call->body, &call->faults);
	struct str email = input_string(&input, "email");
	struct str password = input_string(&input, "password");
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct user user = { 0 };
	struct json_out out;
	enum rc rc = RC_VALIDATION;

	if (call->faults.n > 0)
		goto out;
	rc = sessions_login(
	    call->api->service, &call->client, email, password, &user, &token, &call->faults);
	if (rc != RC_OK)
		goto out;
	out = call_answer(call, 200);
	json_out_object(&out, NULL);
	render_user(&out, call->api->conf, &user);
	json_out_string(&out, "access_token", buf_str(&token));
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
		json_out_string(&out, "access_token", buf_str(&token));
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
