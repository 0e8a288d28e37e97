/*
 * A gateway takes one letter and says what became of it. One file per kind; libcurl lives here.
 * Each kind's file has what its provider's answers mean.
 */
#ifndef AFFO_GATEWAY_GATEWAY_H
#define AFFO_GATEWAY_GATEWAY_H

#include "base/conf.h"
#include "model/message.h"

struct gateway; /* an open gateway: its settings, its curl handle */

enum gateway_needs { GATEWAY_NEEDS_NETWORK, GATEWAY_NEEDS_DIRECTORY, GATEWAY_NEEDS_EXEC };

enum { GATEWAY_SMS = 1U << CHANNEL_SMS, GATEWAY_EMAIL = 1U << CHANNEL_EMAIL };

struct gateway_kind {
	const char *type;
	unsigned channels;        /* GATEWAY_SMS, GATEWAY_EMAIL, or both */
	enum gateway_needs needs; /* which sandbox */
	/* RC_CONFIG with a sentence in *errors. state is the kind's own. */
	enum rc (*open)(struct gateway *gateway, struct buf *errors);
	void (*send)(struct gateway *gateway, const struct letter *letter, struct delivery *ret);
	void (*close)(struct gateway *gateway);
};

struct gateway {
	const struct gateway_kind *kind;
	const struct conf_gateway *conf;
	int64_t timeout_ms; /* of one attempt: GATEWAY_ATTEMPT_MAX_MS; tests set less */
	void *state;
};

enum { GATEWAY_ATTEMPT_MAX_MS = 10000, GATEWAY_CONNECT_MAX_MS = 3000, GATEWAY_REPLY_MAX = 65536 };

/* RC_CONFIG: unknown type or bad settings, *errors says which. conf outlives the gateway. */
MUST_USE enum rc gateway_open(
    const struct conf_gateway *conf, struct gateway **ret, struct buf *errors);
void gateway_close(struct gateway *gateway);
/* At most GATEWAY_ATTEMPT_MAX_MS. Never fails: a failure is a result. */
void gateway_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret);
/* The sandbox that this kind of gateway can work in; before anything comes from outside. */
MUST_USE enum rc gateway_enter_sandbox(const struct gateway *gateway);
const struct gateway_kind *gateway_kind_find(const char *type);
/* For kinds: the result and its line for the log, cut to DELIVERY_DETAIL_MAX bytes. */
PRINTF(3, 4)
void gateway_result(struct delivery *ret, enum delivery_result result, const char *fmt, ...);
/* For kinds' open: appends "gateway NAME: SENTENCE" and a newline; gives RC_CONFIG. */
PRINTF(3, 4)
enum rc gateway_refuse(const struct gateway *gateway, struct buf *errors, const char *fmt, ...);

#endif
