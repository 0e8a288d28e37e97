/* What each route does once all checks have passed: read the members, make one call of the domain,
 * render. RC_OK: the answer is in call->response. */
#ifndef AFFO_API_HANDLERS_H
#define AFFO_API_HANDLERS_H

#include "api/call.h"

/* handlers_auth.c */
MUST_USE enum rc handlers_login(struct call *call);
MUST_USE enum rc handlers_refresh(struct call *call);
MUST_USE enum rc handlers_verify_token(struct call *call);
MUST_USE enum rc handlers_public_keys(struct call *call);

/* handlers_introspect.c */
MUST_USE enum rc handlers_check(struct call *call);
MUST_USE enum rc handlers_introspect(struct call *call);
/* Adds to a problem, in headers, what a web server that asked needs to know: routes marked CHECKS.
 */
void handlers_explain_check(struct call *call, enum rc rc);

/* handlers_session.c */
MUST_USE enum rc handlers_logout(struct call *call);
MUST_USE enum rc handlers_list_sessions(struct call *call);
MUST_USE enum rc handlers_end_session(struct call *call);
MUST_USE enum rc handlers_end_sessions(struct call *call);

/* handlers_user.c */
MUST_USE enum rc handlers_register(struct call *call);
MUST_USE enum rc handlers_read_user(struct call *call);
MUST_USE enum rc handlers_change_user(struct call *call);
MUST_USE enum rc handlers_deactivate_user(struct call *call);
MUST_USE enum rc handlers_read_roles(struct call *call);
MUST_USE enum rc handlers_replace_roles(struct call *call);
MUST_USE enum rc handlers_set_password(struct call *call);

/* handlers_message.c */
MUST_USE enum rc handlers_request_reset(struct call *call);
MUST_USE enum rc handlers_confirm_reset(struct call *call);
MUST_USE enum rc handlers_request_code(struct call *call);
MUST_USE enum rc handlers_confirm_code(struct call *call);

/* openapi.c */
MUST_USE enum rc handlers_openapi_json(struct call *call);
MUST_USE enum rc handlers_openapi_yaml(struct call *call);

#endif
