#include "api/handlers.h"

#include <stdio.h>

#include "api/input.h"
#include "api/render.h"
#include "domain/user_rules.h"
#include "domain/users.h"

static void
answer_user(struct call *call, int status, const struct user *user, struct str token)
{
	struct json_out out = call_answer(call, status);

	json_out_object(&out, NULL);
	render_user(&out, call->api->conf, user);
	if (token.ptr != NULL)
		json_out_string(&out, "access_token", token);
	json_out_end(&out);
}

/* The members that registering and changing have in common. */
static void
read_members(const struct input *input, struct user_input *ret)
{
	input_optional_string(input, "email", false, &ret->email.is_given, &ret->email.value);
	input_optional_string(input, "phone", true, &ret->phone.is_given, &ret->phone.value);
	input_optional_string(
	    input, "first_name", true, &ret->first_name.is_given, &ret->first_name.value);
	input_optional_string(
	    input, "last_name", true, &ret->last_name.is_given, &ret->last_name.value);
}

enum rc
handlers_register(struct call *call)
{
	static const char *const names[] = { "email", "password", "phone", "first_name",
		"last_name", NULL };
	struct input input = input_from(call->body, &call->faults);
	struct user_input members = { 0 };
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct user user = { 0 };
	enum rc rc = RC_VALIDATION;

	if (input.object == NULL)
		goto out;
	input_only(&input, names);
	read_members(&input, &members);
	input_optional_string(
	    &input, "password", true, &members.password.is_given, &members.password.value);
	/* With faults, too: the domain adds its own and goes no further. */
	rc = users_register(
	    call->api->service, &call->client, &members, &user, &token, &call->faults);
	if (rc == RC_OK)
		answer_user(call, 201, &user, buf_str(&token));
out:
	user_release(&user);
	buf_release(&token);
	return rc;
}

enum rc
handlers_read_user(struct call *call)
{
	struct user user = { 0 };
	enum rc rc = users_read(call->api->service, &call->principal, call->user_id, &user);

	if (rc == RC_OK)
		answer_user(call, 200, &user, STR_NULL);
	user_release(&user);
	return rc;
}

enum rc
handlers_change_user(struct call *call)
{
	/* A client may send back what it has read: the rest of U is ignored. */
	static const char *const names[] = { "email", "phone", "first_name", "last_name", "id",
		"is_active", "last_login", "roles", "updated_at", "created_at", "phone_verified",
		NULL };
	struct input input = input_from(call->body, &call->faults);
	struct user_input members = { 0 };
	struct user user = { 0 };
	enum rc rc = RC_VALIDATION;

	if (input.object == NULL)
		goto out;
	input_only(&input, names);
	read_members(&input, &members);
	rc = users_change(
	    call->api->service, &call->principal, call->user_id, &members, &user, &call->faults);
	if (rc == RC_OK)
		answer_user(call, 200, &user, STR_NULL);
out:
	user_release(&user);
	return rc;
}

enum rc
handlers_deactivate_user(struct call *call)
{
	enum rc rc = users_deactivate(call->api->service, &call->principal, call->user_id);

	if (rc == RC_OK)
		call_answer_empty(call, 204);
	return rc;
}

static void
answer_roles(struct call *call, const struct buf *roles)
{
	struct json_out out = call_answer(call, 200);

	render_roles(&out, NULL, buf_str(roles));
}

enum rc
handlers_read_roles(struct call *call)
{
	struct buf roles = BUF_INIT(ROLES_TEXT_MAX);
	enum rc rc = users_read_roles(call->api->service, &call->principal, call->user_id, &roles);

	if (rc == RC_OK)
		answer_roles(call, &roles);
	buf_release(&roles);
	return rc;
}

/* The names in a JSON array; what isn't a string is a fault. One over the limit is taken along, for
 * the domain to see that there are too many. */
static size_t
read_roles(struct call *call, struct str ret[static USER_ROLES_MAX + 1])
{
	char pointer[FAULT_POINTER_MAX + 1];
	const struct json *item;
	size_t n = 0;

	if (json_type(call->body) != JSON_ARRAY) {
		faults_add(&call->faults, "", "An array is needed.");
		return 0;
	}
	for (item = json_first(call->body); item != NULL && n <= USER_ROLES_MAX;
	     item = json_next(item), n++) {
		if (json_type(item) == JSON_STRING) {
			ret[n] = json_string(item);
			continue;
		}
		(void)snprintf(pointer, sizeof(pointer), "/%zu", n);
		faults_add(&call->faults, pointer, "A string is needed.");
	}
	return n;
}

enum rc
handlers_replace_roles(struct call *call)
{
	struct str names[USER_ROLES_MAX + 1];
	struct buf roles = BUF_INIT(ROLES_TEXT_MAX);
	size_t n = read_roles(call, names);
	enum rc rc = RC_VALIDATION;

	if (call->faults.n > 0)
		goto out;
	rc = users_replace_roles(
	    call->api->service, &call->principal, call->user_id, names, n, &roles, &call->faults);
	if (rc == RC_OK)
		answer_roles(call, &roles);
out:
	buf_release(&roles);
	return rc;
}

enum rc
handlers_set_password(struct call *call)
{
	struct input input = input_from(call->body, &call->faults);
	struct str password = input_string(&input, "password");
	enum rc rc;

	if (call->faults.n > 0)
		return RC_VALIDATION;
	rc = users_set_password(call->api->service, &call->client, &call->principal, call->user_id,
	    password, &call->faults);
	if (rc == RC_OK)
		call_answer_empty(call, 200);
	return rc;
}
