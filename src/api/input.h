/* Typed members of a JSON object: every reader adds what is wrong to the faults and goes on, so
 * that an answer can name all of it. */
#ifndef AFFO_API_INPUT_H
#define AFFO_API_INPUT_H

#include "base/fault.h"
#include "base/json.h"

struct input {
	const struct json *object; /* NULL: the body is none */
	struct faults *faults;
};

/* A body that isn't an object is a fault; its members then all count as absent, without one. */
struct input input_from(const struct json *body, struct faults *faults);
/* A member that must be there as a string; STR_NULL after a fault. */
struct str input_string(const struct input *input, const char *name);
/* A string, or null where that is allowed; *ret_is_given: it is there and of a right type. A null
 * gives STR_NULL. */
void input_optional_string(const struct input *input, const char *name, bool may_be_null,
    bool *ret_is_given, struct str *ret);
/* true or false; absent or null is false. */
bool input_bool(const struct input *input, const char *name);
/* A fault for each member that isn't named in the list, which NULL ends. */
void input_only(const struct input *input, const char *const *names);
/* Keeps the first fault of each pointer: after that of the type, the others say nothing new. */
void input_settle(struct faults *faults);

#endif
