/*
 * The messages that the queue has claimed, each on its way round the ring: waiting for a sender,
 * under way with one, or ended and to be written down. affo-userd-queue(8) has the
 * rules.
 */
#ifndef AFFO_DELIVER_JOBS_H
#define AFFO_DELIVER_JOBS_H

#include "base/templates.h"
#include "deliver/senders.h"
#include "domain/outbox.h"

enum {
	JOBS_MAX = 128,
	JOBS_FRESH_MAX = 8,       /* claimed ahead of what the senders can take at once */
	JOBS_PATIENCE_MS = 1000,  /* a sender busy for longer is passed over for a free one */
	JOBS_WAIT_MAX_MS = 20000, /* without any free sender; then the message comes back later */
	JOBS_VOID_MS = 50,        /* a void message's time, before a mail has shown what it is */
	JOBS_VOID_MAX_MS = 1000,  /* at most */
	JOBS_RETRY_MS = 1000,     /* after the database refused */
};

struct jobs;

struct jobs_setup {
	const struct conf *conf;
	const struct templates *templates;
	struct db *db;                     /* open, warm; may be unavailable */
	struct str secret_key, public_key; /* of the sealed boxes, base64url */
};

/* All of setup is borrowed. RC_SYSTEM. */
MUST_USE enum rc jobs_new(const struct jobs_setup *setup, struct jobs **ret);
void jobs_free(struct jobs *jobs); /* accepts NULL */

/* Claims what there is room for. RC_OK, or what the database said. */
MUST_USE enum rc jobs_claim(struct jobs *jobs, size_t *ret_n);
/* Whether jobs_claim() would have room. */
bool jobs_has_room(const struct jobs *jobs);
/* Gives waiting messages to free senders, writes down what ended; gives the milliseconds until it
 * should be called again, at most max_ms. */
int64_t jobs_advance(struct jobs *jobs, struct senders *senders, int64_t max_ms);
/* senders_done(): context is the struct jobs. */
void jobs_done(void *context, size_t i, const struct delivery *delivery);
/* From now on what isn't under way goes back into the outbox, and nothing is started. */
void jobs_stop(struct jobs *jobs);
size_t jobs_count(const struct jobs *jobs);

#endif
