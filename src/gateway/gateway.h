/*
 * A gateway takes one letter and says what became of it. One file per kind; libcurl lives here.
 * FACTS section 3 has each provider's answers.
 */
#ifndef AFFO_GATEWAY_GATEWAY_H
#define AFFO_GATEWAY_GATEWAY_H

#include "base/conf.h"
#include "model/message.h"

struct gateway; /* an open gateway: its settings, its curl handle */

enum gateway_needs { GATEWAY_NEEDS_NETWORK, GATEWAY_NEEDS_DIRECTORY, GATEWAY_NEEDS_EXEC };

struct gateway_kind {
	const char *type;
	enum gateway_needs needs; /* which sandbox */
	/* RC_CONFIG with a sentence in *errors. state is the kind's own. */
	enum rc (*open)(struct gateway *gateway, struct buf *errors);
	void (*send)(struct gateway *gateway, const struct letter *letter, struct delivery *ret);
	void (*close)(struct gateway *gateway);
};

struct gateway {
	const struct gateway_kind *kind;
	const struct conf_gateway *conf;
	void *state;
};

enum { GATEWAY_ATTEMPT_MAX_MS = 10000, GATEWAY_CONNECT_MAX_MS = 3000, GATEWAY_REPLY_MAX = 65536 };

/* RC_CONFIG: unknown type or bad settings, *errors says which. conf outlives the gateway. */
MUST_USE enum rc gateway_open(
    const struct conf_gateway *conf, struct gateway **ret, struct buf *errors);
void gateway_close(struct gateway *gateway);
/* At most GATEWAY_ATTEMPT_MAX_MS. Never fails: a failure is a result. */
void gateway_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret);
const struct gateway_kind *gateway_kind_find(const char *type);

/* gateway/mime.c: a whole mail (RFC 5322, 2045-2047, multipart/alternative when html is there). */
MUST_USE enum rc mime_compose(const struct letter *letter, struct buf *ret);

#endif
