#include "http/params.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"

enum variable {
	VARIABLE_METHOD,
	VARIABLE_URI,
	VARIABLE_REMOTE_ADDR,
	VARIABLE_CONTENT_TYPE,
	VARIABLE_CONTENT_LENGTH,
	VARIABLE_AUTHORIZATION,
	VARIABLE_CONTENT_ENCODING,
	VARIABLE_ORIGIN,
	VARIABLE_COOKIE,
	VARIABLE_HOST,
	VARIABLE_REQUEST_ID,
	VARIABLE_AFFO_AT,
	VARIABLE_AFFO_METHOD,
	VARIABLE_AFFO_URL,
	VARIABLE_USER_AGENT,
	VARIABLE_ACCEPT_LANGUAGE,
	VARIABLE__MAX
};

enum { MANDATORY = 1, MAY_REPEAT = 2 /* decides nothing; the first is taken */ };

#define TEXT(literal)                                                                              \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

static const struct {
	struct str name;
	unsigned flags;
} variables[VARIABLE__MAX] = {
	[VARIABLE_METHOD] = { TEXT("REQUEST_METHOD"), MANDATORY },
	[VARIABLE_URI] = { TEXT("REQUEST_URI"), MANDATORY },
	[VARIABLE_REMOTE_ADDR] = { TEXT("REMOTE_ADDR"), MANDATORY },
	[VARIABLE_CONTENT_TYPE] = { TEXT("CONTENT_TYPE"), 0 },
	[VARIABLE_CONTENT_LENGTH] = { TEXT("CONTENT_LENGTH"), 0 },
	[VARIABLE_AUTHORIZATION] = { TEXT("HTTP_AUTHORIZATION"), 0 },
	[VARIABLE_CONTENT_ENCODING] = { TEXT("HTTP_CONTENT_ENCODING"), 0 },
	[VARIABLE_ORIGIN] = { TEXT("HTTP_ORIGIN"), 0 },
	[VARIABLE_COOKIE] = { TEXT("HTTP_COOKIE"), 0 },
	[VARIABLE_HOST] = { TEXT("HTTP_HOST"), 0 },
	[VARIABLE_REQUEST_ID] = { TEXT("REQUEST_ID"), 0 },
	[VARIABLE_AFFO_AT] = { TEXT("AFFO_AT"), 0 },
	[VARIABLE_AFFO_METHOD] = { TEXT("AFFO_METHOD"), 0 },
	[VARIABLE_AFFO_URL] = { TEXT("AFFO_URL"), 0 },
	[VARIABLE_USER_AGENT] = { TEXT("HTTP_USER_AGENT"), MAY_REPEAT },
	[VARIABLE_ACCEPT_LANGUAGE] = { TEXT("HTTP_ACCEPT_LANGUAGE"), MAY_REPEAT },
};

static const struct {
	struct str name;
	enum method method;
} methods[] = {
	{ TEXT("GET"), METHOD_GET },
	{ TEXT("HEAD"), METHOD_HEAD },
	{ TEXT("POST"), METHOD_POST },
	{ TEXT("PUT"), METHOD_PUT },
	{ TEXT("PATCH"), METHOD_PATCH },
	{ TEXT("DELETE"), METHOD_DELETE },
	{ TEXT("OPTIONS"), METHOD_OPTIONS },
};

static enum method
method_from(struct str name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_equal(name, methods[i].name))
			return methods[i].method;
	return METHOD_OTHER;
}

static enum rc
refuse(struct params *params, enum variable variable, const char *reason)
{
	params->wrong = variables[variable].name.ptr;
	params->reason = reason;
	return RC_BAD_REQUEST;
}

/* Sorts the variables into value[]; an empty one counts as absent, as some fronts send all. */
static enum rc
collect(const char *const *envp, struct str value[static VARIABLE__MAX], struct params *params)
{
	enum rc rc = RC_OK;
	bool was_seen[VARIABLE__MAX] = { false };

	for (; *envp != NULL; envp++) {
		struct str rest = str_from(*envp), name = STR_NULL;

		(void)str_cut(&rest, '=', &name);
		for (enum variable v = 0; v < VARIABLE__MAX; v++) {
			if (!str_equal(name, variables[v].name))
				continue;
			if (was_seen[v] && (variables[v].flags & MAY_REPEAT) == 0)
				rc = refuse(params, v, "came twice");
			else if (!was_seen[v] && rest.len > 0)
				value[v] = rest;
			was_seen[v] = true;
			break;
		}
	}
	for (enum variable v = 0; rc == RC_OK && v < VARIABLE__MAX; v++)
		if ((variables[v].flags & MANDATORY) != 0 && value[v].ptr == NULL)
			rc = refuse(params, v, "is missing");
	return rc;
}

/* The web server's id for the request, when it looks like one; else our own. */
static void
read_id(struct str value, char ret[static REQUEST_ID_MAX + 1])
{
	static const char allowed[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "._-";

	_Static_assert((int)RANDOM_ID_LEN <= (int)REQUEST_ID_MAX, "our own id is one, too");
	if (value.len >= 8 && value.len <= REQUEST_ID_MAX &&
	    strspn(value.ptr, allowed) == value.len) {
		memcpy(ret, value.ptr, value.len);
		ret[value.len] = '\0';
		return;
	}
	random_id(ret);
}

/* "1764560000.123" in milliseconds, -1 when it isn't that. */
static int64_t
read_at(struct str value)
{
	struct str seconds = STR_NULL;
	uint64_t whole, thousandths = 0;

	if (!str_cut(&value, '.', &seconds) ||
	    str_to_u64(seconds, INT64_MAX / 2000, &whole) != RC_OK)
		return -1;
	if (value.ptr != NULL) {
		if (value.len != 3)
			return -1;
		for (size_t i = 0; i < value.len; i++) {
			if (value.ptr[i] < '0' || value.ptr[i] > '9')
				return -1;
			thousandths = thousandths * 10 + (uint64_t)(value.ptr[i] - '0');
		}
	}
	return (int64_t)(whole * 1000 + thousandths);
}

/* The web server measures with the machine's clock: tests don't move that one. */
static int64_t
deadline_from(struct str at, int64_t hash_deadline_ms)
{
	int64_t began = read_at(at), age = 0, deadline;

	if (hash_deadline_ms <= 0)
		return 0;
	if (began >= 0 && clock_real_ms() > began)
		age = clock_real_ms() - began;
	/* However old: 0 would mean that there is none. */
	if (age > hash_deadline_ms)
		age = hash_deadline_ms + 1;
	deadline = clock_monotonic_ms() + hash_deadline_ms - age;
	return deadline > 0 ? deadline : 1;
}

enum rc
params_read(const char *const *envp, int64_t hash_deadline_ms, struct request *ret,
    struct params *ret_params)
{
	struct str value[VARIABLE__MAX] = { STR_NULL };
	uint64_t length;
	enum rc rc;

	*ret_params = (struct params){ .content_length = -1 };
	rc = collect(envp, value, ret_params);
	ret->method = method_from(value[VARIABLE_METHOD]);
	ret->uri = value[VARIABLE_URI];
	ret->remote_addr = value[VARIABLE_REMOTE_ADDR];
	ret->content_type = value[VARIABLE_CONTENT_TYPE];
	ret->authorization = value[VARIABLE_AUTHORIZATION];
	ret->content_encoding = value[VARIABLE_CONTENT_ENCODING];
	ret->origin = value[VARIABLE_ORIGIN];
	ret->cookie = value[VARIABLE_COOKIE];
	ret->host = value[VARIABLE_HOST];
	ret->user_agent = value[VARIABLE_USER_AGENT];
	ret->accept_language = value[VARIABLE_ACCEPT_LANGUAGE];
	ret->outer_method = METHOD_GET;
	if (value[VARIABLE_AFFO_METHOD].ptr != NULL)
		ret->outer_method = method_from(value[VARIABLE_AFFO_METHOD]);
	ret->outer_url = value[VARIABLE_AFFO_URL];
	ret->hash_deadline_ms = deadline_from(value[VARIABLE_AFFO_AT], hash_deadline_ms);
	read_id(value[VARIABLE_REQUEST_ID], ret->id);
	/* -1 is what Caddy writes for a length that it doesn't know. */
	if (rc != RC_OK || value[VARIABLE_CONTENT_LENGTH].ptr == NULL ||
	    str_equal(value[VARIABLE_CONTENT_LENGTH], STR("-1")))
		return rc;
	if (str_to_u64(value[VARIABLE_CONTENT_LENGTH], INT64_MAX, &length) != RC_OK)
		return refuse(ret_params, VARIABLE_CONTENT_LENGTH, "is no number");
	ret_params->content_length = (int64_t)length;
	return RC_OK;
}
