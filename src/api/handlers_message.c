#include "api/handlers.h"
#include "api/input.h"
#include "domain/passwords.h"
#include "domain/verification.h"

/* What all four have in common: an empty 200. */
static enum rc
answer(struct call *call, enum rc rc)
{
	if (rc == RC_OK)
		call_answer_empty(call, 200);
	return rc;
}

enum rc
handlers_request_reset(struct call *call)
{
	struct input input = input_from(call->body, &call->faults);
	struct str email = input_string(&input, "email");
	struct str url_template = input_string(&input, "url_template");

	if (call->faults.n > 0)
		return RC_VALIDATION;
	return answer(call, passwords_request_reset(call->api->service, &call->client, email,
	                        url_template, &call->faults));
}

enum rc
handlers_confirm_reset(struct call *call)
{
	struct input input = input_from(call->body, &call->faults);
	struct str token = input_string(&input, "token");
	struct str new_password = input_string(&input, "new_password");

	if (call->faults.n > 0)
		return RC_VALIDATION;
	return answer(call, passwords_confirm_reset(call->api->service, &call->client, token,
	                        new_password, &call->faults));
}

enum rc
handlers_request_code(struct call *call)
{
	struct input input = input_from(call->body, &call->faults);
	struct str phone = input_string(&input, "phone");
	bool is_resend = input_bool(&input, "resend");

	if (call->faults.n > 0)
		return RC_VALIDATION;
	return answer(call, verification_request(call->api->service, &call->client, phone,
	                        is_resend, &call->faults));
}

enum rc
handlers_confirm_code(struct call *call)
{
	struct input input = input_from(call->body, &call->faults);
	struct str phone = input_string(&input, "phone");
	struct str code = input_string(&input, "code");

	if (call->faults.n > 0)
		return RC_VALIDATION;
	return answer(call, verification_confirm(call->api->service, &call->client, phone, code));
}
