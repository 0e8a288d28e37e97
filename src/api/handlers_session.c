#include "api/handlers.h"
#include "api/input.h"
#include "api/render.h"
#include "domain/sessions.h"
#include "http/cookie.h"

enum { SCOPE_MAX = 16 }; /* bytes; longer is no scope that we know */

/* Without a body, and with one that says nothing of a scope, it is the login that asks. */
static enum rc
read_logout(struct call *call, enum session_scope *ret)
{
	struct input input;
	struct str word;
	bool is_given;

	*ret = SESSION_SCOPE_LOCAL;
	if (call->body == NULL || json_type(call->body) == JSON_NULL)
		return RC_OK;
	input = input_from(call->body, &call->faults);
	input_optional_string(&input, "scope", true, &is_given, &word);
	if (word.ptr != NULL && sessions_read_scope(word, ret) != RC_OK)
		faults_add(&call->faults, "/scope", "\"local\", \"others\" or \"all\" is needed.");
	return call->faults.n > 0 ? RC_VALIDATION : RC_OK;
}

enum rc
handlers_logout(struct call *call)
{
	enum session_scope scope;
	enum rc rc = read_logout(call, &scope);

	if (rc == RC_OK)
		rc = sessions_logout(call->api->service, &call->client, &call->principal, scope);
	if (rc == RC_OK)
		call_answer_empty(call, 204);
	if (rc == RC_OK && call->is_by_cookie && scope != SESSION_SCOPE_OTHERS)
		cookie_clear(&call->response->headers);
	return rc;
}

enum rc
handlers_list_sessions(struct call *call)
{
	struct str own = str_from(call->principal.claims.jti);
	struct session_list sessions = { 0 };
	struct json_out out;
	enum rc rc;

	rc = sessions_list(call->api->service, &call->principal, call->user_id, &sessions);
	if (rc == RC_OK) {
		out = call_answer(call, 200);
		json_out_array(&out, NULL);
		for (size_t i = 0; i < sessions.n; i++)
			render_session(&out, call->api->conf, &sessions.list[i], own);
		json_out_end(&out);
	}
	sessions_list_release(&sessions);
	return rc;
}

enum rc
handlers_end_session(struct call *call)
{
	enum rc rc = sessions_end(
	    call->api->service, &call->client, &call->principal, call->user_id, call->session_id);

	if (rc == RC_OK)
		call_answer_empty(call, 204);
	return rc;
}

/* There is no default: whoever forgets the scope must not end more than was meant. */
static enum rc
read_scope(struct call *call, enum session_scope *ret)
{
	struct buf word = BUF_INIT(SCOPE_MAX);
	enum rc rc = request_query_value(call->request->query, STR("scope"), &word);

	if (rc == RC_OK)
		rc = sessions_read_scope(buf_str(&word), ret);
	buf_release(&word);
	if (rc == RC_OK && *ret != SESSION_SCOPE_LOCAL)
		return RC_OK;
	faults_add(&call->faults, "/scope", "The query needs scope=others or scope=all.");
	return RC_VALIDATION;
}

enum rc
handlers_end_sessions(struct call *call)
{
	enum session_scope scope;
	enum rc rc = read_scope(call, &scope);

	if (rc == RC_OK)
		rc = sessions_end_many(
		    call->api->service, &call->client, &call->principal, call->user_id, scope);
	if (rc == RC_OK)
		call_answer_empty(call, 204);
	return rc;
}
