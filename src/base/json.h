/*
 * Strict JSON (RFC 8259) in, and JSON out. The only home of cJSON. A text goes through our own
 * pre-scan first (grammar, UTF-8, depth, duplicate members, U+0000, lone surrogates, BOM, trailing
 * text), then through cJSON, which alone lets all of these pass.
 */
#ifndef AFFO_BASE_JSON_H
#define AFFO_BASE_JSON_H

#include "base/buf.h"

struct json; /* a value, borrowed from the document it is in */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
enum {
	JSON_DEPTH_MAX = 32,  /* arrays and objects in each other */
	JSON_NUMBER_MAX = 63, /* bytes of a number: what cJSON reads */
};

/* RC_SYNTAX: not JSON, or one of the things above. RC_SYSTEM: no memory (logged). The document is
 * the caller's: json_free(). */
MUST_USE enum rc json_parse(struct str text, struct json **ret);
void json_free(struct json *doc); /* wipes the strings; accepts NULL */

enum json_type json_type(const struct json *value);
/* The member of an object by its exact name; NULL when there is none or value isn't an object. */
const struct json *json_member(const struct json *value, const char *name);
/* The first element or member, and the next; NULL at the end. For arrays and objects. */
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *value);
/* The name of a member that json_first/next gave. */
struct str json_name(const struct json *member);
size_t json_count(const struct json *value);
/* Precondition: of that type. */
struct str json_string(const struct json *value);
bool json_bool(const struct json *value);
/* RC_SYNTAX when it isn't a number without fraction in +-(2^53 - 1): beyond, a double does not tell
 * neighbours apart (RFC 7493 section 2.2). 1.0 and 1e2 are such numbers. */
MUST_USE enum rc json_int(const struct json *value, int64_t *ret);

/*
 * Out: a writer that puts the commas. Names and strings are escaped by RFC 8259; strings must be
 * valid UTF-8 (else the buffer fails).
 *
 *	struct json_out out = json_out_to(&buf);
 *	json_out_object(&out, NULL);
 *	json_out_int(&out, "id", 3);
 *	json_out_array(&out, "roles");
 *	json_out_string(&out, NULL, STR("admin"));
 *	json_out_end(&out);
 *	json_out_end(&out);
 *
 * name is NULL inside arrays and for the outermost value.
 */
struct json_out {
	struct buf *buf;
	unsigned depth;
	uint64_t is_array; /* bit per depth */
	uint64_t has_items;
};

struct json_out json_out_to(struct buf *buf);
void json_out_object(struct json_out *out, const char *name);
void json_out_array(struct json_out *out, const char *name);
void json_out_end(struct json_out *out); /* closes the innermost object or array */
/* An absent string is written as null. */
void json_out_string(struct json_out *out, const char *name, struct str value);
void json_out_int(struct json_out *out, const char *name, int64_t value);
void json_out_bool(struct json_out *out, const char *name, bool value);
void json_out_null(struct json_out *out, const char *name);

#endif
