/* Messages on their way: affo-userd-queue(8). */
#ifndef AFFO_DOMAIN_OUTBOX_H
#define AFFO_DOMAIN_OUTBOX_H

#include "domain/service.h"
#include "model/gateway.h"

/* A message to be put. The variables are sealed to the queue's key; absent ones are left out. */
struct outbox_draft {
	enum message_kind kind;
	enum channel channel;
	struct str recipient;
	struct str language; /* Accept-Language as it came; absent: none */
	bool is_resend;
	bool is_void;       /* the same work and the same rows and commits, but never sent */
	int64_t expires_at; /* of what it carries */
	struct str first_name;
	struct str url;  /* MESSAGE_PASSWORD_RESET */
	struct str code; /* MESSAGE_PHONE_CODE */
	struct str text; /* MESSAGE_ALERT */
};

enum { OUTBOX_ALERT_LIFETIME_MS = 86400000 };

/* Inside the caller's write transaction. */
MUST_USE enum rc outbox_put(struct service *service, const struct outbox_draft *draft);
/* Inside a write transaction, also the queue's, which has no struct service: a mail with that text
 * to conf->alert_to, if it is set and there was none of this topic ("sms", "gateway NAME") today.
 */
MUST_USE enum rc outbox_put_alert(struct db *db, const struct conf *conf, struct str public_key,
    const char *topic, struct str text);
/* After COMMIT: wakes the queue; never blocks, never fails. */
void outbox_wake(struct service *service);

/* For the queue, which has no struct service: it has the database and its own key. */
enum {
	OUTBOX_LEASE_MS = 60000, /* claimed again after this */
	OUTBOX_BACKOFF_MIN_MS = 5000,
	OUTBOX_BACKOFF_MAX_MS = 300000,
	OUTBOX_KEEP_MS = 7 * 86400000, /* how long a done row stays, without its variables */
	/* A login that has expired is known for so long, but no longer than it lived: its tokens
	 * are too old, and not those of a login that somebody ended. */
	OUTBOX_KEEP_LOGIN_MS = 7 * 86400000,
};
/* Leases up to max messages that are due, oldest first; the caller releases each. Those that
 * expired are finished as such and not among them, so *ret_n may be 0 with more to come. What is
 * MESSAGE_VOID is for outbox_voided() alone. */
MUST_USE enum rc outbox_claim(struct db *db, size_t max, struct message *ret, size_t *ret_n);
/* Milliseconds until the next row is due, at most max_ms. */
int64_t outbox_wait_ms(struct db *db, int64_t max_ms);
/* Unseals; the JSON text of the variables goes to *ret_json. RC_SYNTAX: not ours. */
MUST_USE enum rc outbox_open(
    struct str secret_key, const struct message *message, struct buf *ret_json);
/* A message given to a gateway, and what that made of it. */
struct attempt {
	struct str gateway;
	const struct delivery *delivery;
	int64_t took_ms;
};
/* It failed: the gateway's record alone, for the message goes on to the next. */
MUST_USE enum rc outbox_tried(struct db *db, const struct attempt *attempt);
/* The end of a void message, which no gateway had: as many commits as a real one's. RC_NONE: the
 * lease was lost. */
MUST_USE enum rc outbox_voided(struct db *db, const struct message *message);
/* The end of the message, and the gateway's record, in one transaction. RC_NONE: the lease was
 * lost, another has the message; the record was written all the same. */
MUST_USE enum rc outbox_sent(
    struct db *db, const struct message *message, const struct attempt *attempt);
/* The same, by a gateway's word. An SMS recipient that is bad is remembered until then. */
MUST_USE enum rc outbox_rejected(struct db *db, const struct message *message,
    const struct attempt *attempt, int64_t remember_until);
/* All gateways failed, the last one tried (absent: none was) with that result: backs off (5 s
 * doubling to 5 min, +-20 %), or expires when the next try would come too late. RC_NONE as above.
 */
MUST_USE enum rc outbox_later(struct db *db, const struct message *message, struct str gateway,
    const struct delivery *delivery);

/* The gateway last used for the message's recipient; RC_NONE. */
MUST_USE enum rc outbox_last_gateway(struct db *db, const struct message *message, struct buf *ret);
/* Ends held messages that expired; purges done rows, expired sessions, tokens, codes, and what the
 * audit has told for conf->audit_keep_ms: short transactions, so many rows at most that it may be
 * called between two requests. */
MUST_USE enum rc outbox_purge(struct db *db, const struct conf *conf);

/* gateway_state.c: the admin's switch, and the circuit breaker of the ring. */
enum {
	GATEWAY_FAULTS_MAX = 3,     /* in a row, then it is out */
	GATEWAY_OUT_MIN_MS = 60000, /* doubling */
	GATEWAY_OUT_MAX_MS = 3600000,
	GATEWAY_PROBE_MS = 60000, /* what a probe may take before there is another */
};
/* Whether it may be used now; once its time out is over, one probe is let through at a time. */
MUST_USE enum rc gateway_is_live(struct db *db, struct str name, bool *ret);
/* Whether an admin has disabled it. */
MUST_USE enum rc gateway_is_off(struct db *db, struct str name, bool *ret);
/* What gateway_is_live() would say, and why, without letting a probe through. */
enum gateway_service {
	GATEWAY_IN_SERVICE,
	GATEWAY_OUT,   /* until state->out_until */
	GATEWAY_PROBE, /* the next message is one, or it is under way */
	GATEWAY_DISABLED,
	GATEWAY_SERVICE__MAX
};
enum gateway_service gateway_service(const struct gateway_state *state, int64_t now);
const char *gateway_service_name(enum gateway_service service); /* "in service", "out" ... */
/* Inside the caller's write transaction: counts the attempt, and tells the circuit breaker. A
 * refused recipient or message is no fault of the gateway's. */
MUST_USE enum rc gateway_note(struct db *db, const struct attempt *attempt);

#endif
