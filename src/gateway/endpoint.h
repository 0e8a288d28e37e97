/* What the kinds that call one address of a provider share: the address, and reading its answers.
 */
#ifndef AFFO_GATEWAY_ENDPOINT_H
#define AFFO_GATEWAY_ENDPOINT_H

#include "base/json.h"
#include "gateway/http_client.h"

struct endpoint {
	struct http_client *client;
	struct buf url;
};

/* Makes the gateway's state of its setting "url" with path behind it; "": as it is. For a kind's
 * open: RC_CONFIG with a sentence in *errors, RC_SYSTEM. */
MUST_USE enum rc endpoint_open(struct gateway *gateway, struct buf *errors, const char *path);
/* For a kind's open: RC_OK, or RC_CONFIG when one of the n settings is missing or empty. */
MUST_USE enum rc endpoint_require(
    const struct gateway *gateway, struct buf *errors, const char *const *names, size_t n);
/* A kind's close. */
void endpoint_close(struct gateway *gateway);

/* A call there by this method, with no more than the time that the gateway has. */
struct http_call endpoint_call(const struct gateway *gateway, const char *method);
MUST_USE enum rc endpoint_perform(const struct gateway *gateway, const struct http_call *call,
    struct http_reply *ret_reply, struct delivery *ret);

/* A row of a provider's table of answers. */
struct endpoint_answer {
	int64_t code;
	enum delivery_result result;
	const char *meaning; /* for the log: ours, never the peer's text */
};

/* NULL: the table has no such code. */
const struct endpoint_answer *endpoint_find(
    const struct endpoint_answer *answers, size_t n, int64_t code);
/* A code, which providers write as a number or as a text of digits. False: neither, or absent. */
bool endpoint_code(const struct json *value, int64_t *ret);

/* Adds text as a value, or name, of application/x-www-form-urlencoded; a blank becomes %20. */
void endpoint_add_escaped(struct buf *to, struct str text);
/* Adds "name=value", with a "&" before it if there is something already. */
void endpoint_add_field(struct buf *to, const char *name, struct str value);

/* A phone without its "+", as some providers want it. */
struct str endpoint_digits(struct str phone);

#endif
