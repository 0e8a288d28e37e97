#include <stdio.h>

#include "base/json.h"
#include "http/request.h"
#include "http/response.h"

/* Seconds until it is worth asking again, where the cause doesn't say. */
enum { RETRY_LIMITED_S = 60, RETRY_BUSY_S = 2, RETRY_UNAVAILABLE_S = 5 };

struct problem {
	int status;
	const char *code; /* the contract */
	bool is_new;      /* the original has no such code: application/problem+json */
	const char *text; /* for people */
};

/* affo-user-api(7), "Problems". No default, so that the compiler asks for each new code. */
static struct problem
problem_of(enum rc rc)
{
	switch (rc) {
	case RC_BAD_REQUEST:
		return (struct problem){ 400, "BadRequest", true, "The request is malformed." };
	case RC_VALIDATION:
		return (struct problem){ 400, "ValidationError", true,
			"The request has members that are missing or not valid." };
	case RC_NOT_FOUND:
		return (struct problem){ 404, "NotFound", true, "There is nothing at this path." };
	case RC_METHOD_NOT_ALLOWED:
		return (struct problem){ 405, "MethodNotAllowed", true,
			"This path doesn't take this method." };
	case RC_BODY_TOO_LARGE:
		return (struct problem){ 413, "BodyTooLarge", true, "The body is too large." };
	case RC_MEDIA_TYPE:
		return (struct problem){ 415, "UnsupportedMediaType", true,
			"The Content-Type or Content-Encoding is none that this path takes." };
	case RC_LIMITED:
		return (struct problem){ 429, "TooManyRequests", true,
			"Too many requests; try again later." };
	case RC_TOKEN_MISSING:
		return (struct problem){ 401, "MissingTokenHeader", false,
			"This needs a token in the Authorization header, or in the cookie." };
	case RC_TOKEN_BAD:
		return (struct problem){ 401, "InvalidTokenHeader", false,
			"The token is not one of this service." };
	case RC_CLAIM_MISSING:
		return (
		    struct problem){ 401, "MissingClaimError", false, "The token lacks a claim." };
	case RC_TOKEN_USER_GONE:
		return (struct problem){ 401, "MissingUserError", false,
			"The user of the token does not exist." };
	case RC_SESSION_ENDED:
		return (struct problem){ 403, "BlacklistedError", false,
			"The login of the token has ended." };
	case RC_USER_INACTIVE:
		return (struct problem){ 403, "InvalidUserError", false,
			"The user of the token is not active." };
	case RC_ACCESS_EXPIRED:
		return (struct problem){ 401, "ExpiredAccessError", false,
			"The token has expired; refresh it." };
	case RC_REFRESH_EARLY:
		return (struct problem){ 401, "EarlyRefreshError", false,
			"The token has not expired yet; it can be refreshed once it has." };
	case RC_REFRESH_EXPIRED:
		return (struct problem){ 401, "ExpiredRefreshError", false,
			"The token can be refreshed no more; log in again." };
	case RC_ACCESS_DENIED:
		return (struct problem){ 403, "AccessDenied", false,
			"The caller has no access to this user." };
	case RC_ROLE_MISSING:
		return (struct problem){ 403, "MissingRoleError", false,
			"The caller lacks the role that this needs." };
	case RC_ORIGIN_DENIED:
		return (struct problem){ 403, "OriginDenied", true,
			"A request by cookie that may change something must come from one of the "
			"service's own sites." };
	case RC_NO_SUCH_USER:
		return (struct problem){ 400, "NoSuchUser", false, "There is no such user." };
	case RC_ALREADY_EXISTS:
		return (struct problem){ 400, "AlreadyExists", false,
			"Another user has this e-mail or phone." };
	case RC_EMAIL_UNKNOWN:
	case RC_WRONG_PASSWORD:
	case RC_NO_PASSWORD:
	case RC_LOGIN_INACTIVE:
		/* One answer, so that nobody learns which e-mails have an account. */
		return (struct problem){ 401, "AuthFailure", false,
			"The e-mail or the password is wrong." };
	case RC_RESET_TOKEN_INVALID:
		return (struct problem){ 400, "InvalidToken", false,
			"The token is wrong, used up or too old." };
	case RC_PHONE_INVALID:
		return (struct problem){ 400, "InvalidPhone", false,
			"This phone number cannot receive messages." };
	case RC_CODE_INVALID:
		return (struct problem){ 400, "InvalidPhoneCode", false,
			"The code is wrong, used up or too old." };
	case RC_UNAVAILABLE:
	case RC_BUSY:
		return (struct problem){ 503, "Unavailable", true,
			"The service is not available just now; try again later." };
	case RC_SYSTEM:
	/* These never reach a client as such; that one did is our own fault. */
	case RC_OK:
	case RC_NONE:
	case RC_TAKEN:
	case RC_LIMIT:
	case RC_SYNTAX:
	case RC_CONFIG:
	case RC__MAX:
		break;
	}
	return (
	    struct problem){ 500, "InternalError", true, "Something went wrong in the service." };
}

const char *
problem_code(enum rc rc)
{
	return problem_of(rc).code;
}

static int64_t
retry_after_s(enum rc rc, const struct faults *faults)
{
	if (faults != NULL && faults->retry_after_s > 0)
		return faults->retry_after_s;
	if (rc == RC_LIMITED)
		return RETRY_LIMITED_S;
	return rc == RC_BUSY ? RETRY_BUSY_S : RETRY_UNAVAILABLE_S;
}

static void
add_headers(struct buf *to, enum rc rc, int status, const struct faults *faults,
    bool token_was_sent, const char *allow)
{
	/* RFC 6750, section 3. */
	if (status == 401)
		buf_printf(to, "WWW-Authenticate: Bearer realm=\"affo\"%s\r\n",
		    token_was_sent ? ", error=\"invalid_token\"" : "");
	if (status == 429 || status == 503)
		buf_printf(to, "Retry-After: %lld\r\n", (long long)retry_after_s(rc, faults));
	if (allow != NULL)
		buf_printf(to, "Allow: %s\r\n", allow);
}

static void
add_errors(struct json_out *out, const struct faults *faults)
{
	json_out_array(out, "errors");
	for (size_t i = 0; faults != NULL && i < faults->n; i++) {
		json_out_object(out, NULL);
		json_out_string(out, "pointer", str_from(faults->list[i].pointer));
		json_out_string(out, "detail", str_from(faults->list[i].detail));
		json_out_end(out);
	}
	json_out_end(out);
}

void
problem_fill(struct response *response, enum rc rc, const struct faults *faults,
    const struct request *request, bool token_was_sent, const char *allow)
{
	struct problem problem = problem_of(rc);
	struct json_out out;

	buf_reset(&response->headers);
	buf_reset(&response->body);
	response->status = problem.status;
	response->content_type = problem.is_new ? "application/problem+json" : "application/json";
	response->cache_control = NULL;
	add_headers(&response->headers, rc, problem.status, faults, token_was_sent, allow);
	out = json_out_to(&response->body);
	json_out_object(&out, NULL);
	json_out_string(&out, "type", STR("about:blank"));
	json_out_string(&out, "title", str_from(response_reason(problem.status)));
	json_out_int(&out, "status", problem.status);
	json_out_string(&out, "detail", str_from(problem.text));
	json_out_string(&out, "code", str_from(problem.code));
	json_out_string(&out, "description", str_from(problem.text));
	json_out_string(&out, "request_id", str_from(request->id));
	if (rc == RC_VALIDATION)
		add_errors(&out, faults);
	json_out_end(&out);
}
