/* A message on its way: a row of the outbox, and what a gateway is given. */
#ifndef AFFO_MODEL_MESSAGE_H
#define AFFO_MODEL_MESSAGE_H

#include "base/conf.h"
#include "base/random.h"

enum message_kind {
	MESSAGE_PASSWORD_RESET,
	MESSAGE_PHONE_CODE,
	MESSAGE_ALERT, /* to the admin */
	MESSAGE_KIND__MAX
};
const char *message_kind_name(enum message_kind kind); /* "password_reset", "phone_code" ... */

enum message_state {
	MESSAGE_PENDING, /* waits for retry_at, or leased */
	MESSAGE_SENT,
	MESSAGE_REJECTED, /* bad recipient or permanent */
	MESSAGE_EXPIRED,
	MESSAGE_HELD,      /* by the admin */
	MESSAGE_CANCELLED, /* by the admin, for good */
	/* Never sent: written, claimed and finished so that a reset for nobody takes as long, and
	 * writes as often, as a real one. */
	MESSAGE_VOID,
	MESSAGE_STATE__MAX
};
const char *message_state_name(enum message_state state);

/* A row. The id is the idempotency key with every gateway. */
struct message {
	char id[RANDOM_ID_LEN + 1];
	enum message_kind kind;
	enum channel channel;
	enum message_state state;
	char *recipient; /* phone or e-mail address */
	char *language;  /* "" for none */
	char *sealed;    /* variables as JSON in a sealed box, base64url; NULL once done */
	bool is_resend;  /* start after the gateway last used for this recipient */
	int64_t created_at, expires_at, retry_at, lease_until;
	int64_t attempts; /* rounds of the ring that failed */
	char *gateway;    /* last used; NULL: none yet */
	char *result;     /* last result, for people; NULL: none yet */
	int64_t done_at;  /* 0: it waits */
};

void message_release(struct message *message);

/* What one gateway is asked to deliver. Borrowed texts. */
struct letter {
	struct str id;
	enum message_kind kind;
	enum channel channel;
	struct str recipient;
	struct str sender;
	struct str subject; /* mail */
	struct str text;    /* the rendered text */
	struct str html;    /* mail; may be absent */
	bool is_resend;
	int64_t created_at;
	/* For gateways with templates of their own (affo mail): */
	struct str first_name; /* may be absent */
	struct str url;
};

enum delivery_result {
	DELIVERY_OK,
	DELIVERY_BAD_RECIPIENT,
	DELIVERY_PERMANENT,
	DELIVERY_LATER,
	DELIVERY_MISCONFIGURED,
	DELIVERY__MAX
};
const char *delivery_result_name(enum delivery_result result); /* "ok", "bad_recipient", ... */

enum { DELIVERY_DETAIL_MAX = 200 };

struct delivery {
	enum delivery_result result;
	char detail[DELIVERY_DETAIL_MAX + 1]; /* one line for the log; no secret */
};

#endif
