#include "api/input.h"

#include <stdio.h>
#include <string.h>

struct input
input_from(const struct json *body, struct faults *faults)
{
	if (json_type(body) == JSON_OBJECT)
		return (struct input){ body, faults };
	faults_add(faults, "", "An object is needed.");
	return (struct input){ NULL, faults };
}

static const struct json *
find(const struct input *input, const char *name)
{
	return input->object == NULL ? NULL : json_member(input->object, name);
}

PRINTF(3, 4)
static void
fault(const struct input *input, const char *name, const char *fmt, ...)
{
	char pointer[FAULT_POINTER_MAX + 1], detail[FAULT_DETAIL_MAX + 1];
	va_list args;

	(void)snprintf(pointer, sizeof(pointer), "/%s", name);
	va_start(args, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	faults_add(input->faults, pointer, "%s", detail);
}

struct str
input_string(const struct input *input, const char *name)
{
	const struct json *member = find(input, name);

	if (input->object == NULL)
		return STR_NULL;
	if (member == NULL) {
		fault(input, name, "This member is needed.");
		return STR_NULL;
	}
	if (json_type(member) != JSON_STRING) {
		fault(input, name, "A string is needed.");
		return STR_NULL;
	}
	return json_string(member);
}

void
input_optional_string(const struct input *input, const char *name, bool may_be_null,
    bool *ret_is_given, struct str *ret)
{
	const struct json *member = find(input, name);

	*ret_is_given = false;
	*ret = STR_NULL;
	if (member == NULL)
		return;
	if (json_type(member) == JSON_STRING) {
		*ret_is_given = true;
		*ret = json_string(member);
	} else if (json_type(member) == JSON_NULL && may_be_null) {
		*ret_is_given = true;
	} else {
		fault(input, name,
		    may_be_null ? "A string or null is needed." : "A string is needed.");
	}
}

bool
input_bool(const struct input *input, const char *name)
{
	const struct json *member = find(input, name);

	if (member == NULL || json_type(member) == JSON_NULL)
		return false;
	if (json_type(member) != JSON_BOOL) {
		fault(input, name, "true, false or null is needed.");
		return false;
	}
	return json_bool(member);
}

/* The name as a JSON pointer (RFC 6901), cut between characters when it is too long. */
static void
point_to(struct str name, char ret[static FAULT_POINTER_MAX + 1])
{
	size_t len = 0, whole = 1;

	ret[len++] = '/';
	for (size_t i = 0; i < name.len && len + 2 <= FAULT_POINTER_MAX; i++) {
		/* A byte that continues no character begins one: up to here all are whole. */
		if (((unsigned char)name.ptr[i] & 0xc0) != 0x80)
			whole = len;
		if (name.ptr[i] == '~' || name.ptr[i] == '/') {
			ret[len++] = '~';
			ret[len++] = name.ptr[i] == '~' ? '0' : '1';
		} else {
			ret[len++] = name.ptr[i];
		}
		if (i + 1 == name.len)
			whole = len;
	}
	ret[name.len == 0 ? 1 : whole] = '\0';
}

void
input_only(const struct input *input, const char *const *names)
{
	char pointer[FAULT_POINTER_MAX + 1];
	const struct json *member;

	if (input->object == NULL)
		return;
	for (member = json_first(input->object); member != NULL; member = json_next(member)) {
		struct str name = json_name(member);
		size_t i = 0;

		while (names[i] != NULL && !str_equal(name, str_from(names[i])))
			i++;
		if (names[i] != NULL)
			continue;
		point_to(name, pointer);
		faults_add(input->faults, pointer, "This member cannot be set here.");
	}
}

static bool
is_pointed_to(const struct faults *faults, size_t n, const char *pointer)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(faults->list[i].pointer, pointer) == 0)
			return true;
	return false;
}

void
input_settle(struct faults *faults)
{
	size_t n = 0;

	for (size_t i = 0; i < faults->n; i++)
		if (!is_pointed_to(faults, n, faults->list[i].pointer))
			faults->list[n++] = faults->list[i];
	faults->n = n;
}
