#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/log.h"

/* 2^53 - 1: beyond, two numbers of the text may become the same double (RFC 7493, 2.2). */
static const double int_max = 9007199254740991.0;

/* The names of objects up to this size are sorted on the stack. */
enum { JSON_FEW = 16 };

static const cJSON *
item_of(const struct json *value)
{
	return (const cJSON *)(const void *)value;
}

static const struct json *
value_of(const cJSON *item)
{
	return (const struct json *)(const void *)item;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* cJSON has resolved the escapes, and the scan let no U+0000 through: strcmp sees whole names.
 * RC_SYNTAX: a name is there twice. RC_SYSTEM. */
static enum rc
check_names(const cJSON *object)
{
	size_t n = 0, max = (size_t)cJSON_GetArraySize(object);
	const char *few[JSON_FEW], **names = few;
	const cJSON *member;
	enum rc rc = RC_OK;

	if (max > JSON_FEW && (names = calloc(max, sizeof(*names))) == NULL)
		return RC_SYSTEM;
	cJSON_ArrayForEach(member, object) names[n++] = member->string;
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 1; i < n; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			rc = RC_SYNTAX;
	if (names != few)
		free(names);
	return rc;
}

static enum rc
check_all_names(const cJSON *value)
{
	const cJSON *child;
	enum rc rc = cJSON_IsObject(value) ? check_names(value) : RC_OK;

	if (rc == RC_OK && (cJSON_IsObject(value) || cJSON_IsArray(value)))
		cJSON_ArrayForEach(child, value) if ((rc = check_all_names(child)) != RC_OK) break;
	return rc;
}

enum rc
json_parse(struct str text, struct json **ret)
{
	cJSON *doc = NULL;
	enum rc rc;

	if (json_scan(text) != RC_OK)
		return RC_SYNTAX;
	/* The scan has seen the end: cJSON need not look for a NUL behind it. */
	doc = cJSON_ParseWithLengthOpts(text.ptr, text.len, NULL, false);
	rc = doc == NULL ? RC_SYSTEM : check_all_names(doc);
	if (rc == RC_SYSTEM)
		log_error("out of memory for a JSON text of %zu bytes", text.len);
	if (rc == RC_OK)
		*ret = (struct json *)(void *)doc;
	else
		json_free((struct json *)(void *)doc);
	return rc;
}

static void
wipe(cJSON *value)
{
	cJSON *child;

	if (value->valuestring != NULL)
		sodium_memzero(value->valuestring, strlen(value->valuestring));
	cJSON_ArrayForEach(child, value) wipe(child);
}

void
json_free(struct json *doc)
{
	cJSON *root = (cJSON *)(void *)doc;

	if (root == NULL)
		return;
	wipe(root);
	cJSON_Delete(root);
}

enum json_type
json_type(const struct json *value)
{
	const cJSON *item = item_of(value);

	if (cJSON_IsString(item))
		return JSON_STRING;
	if (cJSON_IsNumber(item))
		return JSON_NUMBER;
	if (cJSON_IsBool(item))
		return JSON_BOOL;
	if (cJSON_IsArray(item))
		return JSON_ARRAY;
	return cJSON_IsObject(item) ? JSON_OBJECT : JSON_NULL;
}

const struct json *
json_member(const struct json *value, const char *name)
{
	if (value == NULL || json_type(value) != JSON_OBJECT)
		return NULL;
	return value_of(cJSON_GetObjectItemCaseSensitive(item_of(value), name));
}

const struct json *
json_first(const struct json *value)
{
	return value_of(item_of(value)->child);
}

const struct json *
json_next(const struct json *value)
{
	return value_of(item_of(value)->next);
}

struct str
json_name(const struct json *member)
{
	return str_from(item_of(member)->string);
}

size_t
json_count(const struct json *value)
{
	return (size_t)cJSON_GetArraySize(item_of(value));
}

struct str
json_string(const struct json *value)
{
	return str_from(item_of(value)->valuestring);
}

bool
json_bool(const struct json *value)
{
	return cJSON_IsTrue(item_of(value));
}

enum rc
json_int(const struct json *value, int64_t *ret)
{
	double number = item_of(value)->valuedouble;

	if (json_type(value) != JSON_NUMBER || !(fabs(number) <= int_max) ||
	    number != trunc(number))
		return RC_SYNTAX;
	*ret = (int64_t)number;
	return RC_OK;
}
