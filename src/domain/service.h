/*
 * What the rules work with, made once per process. Rules: no HTTP and no SQL here. All functions
 * of domain/ manage their own transactions; they are called outside of any.
 */
#ifndef AFFO_DOMAIN_SERVICE_H
#define AFFO_DOMAIN_SERVICE_H

#include "base/conf.h"
#include "base/fault.h"
#include "base/json.h"
#include "cred/hash.h"
#include "cred/token.h"
#include "model/session.h"
#include "model/user.h"
#include "store/db.h"

struct last_seen;   /* domain/last_seen.c */
struct login_cache; /* domain/login_cache.c: what verify reads, valid while db_version stays */

struct service {
	const struct conf *conf;
	struct db *db;
	struct shm *shm;
	struct keyring *keyring;
	struct token_cache *token_cache;
	struct login_cache *login_cache;
	struct last_seen *last_seen;
	struct buf code_key;          /* verification.key_file */
	struct buf outbox_public_key; /* base64url */
	int keys_fd;                  /* says which keys this process knows; -1: none */
	int wake_fd;                  /* one byte wakes the queue; -1: none */
	unsigned hash_slots;          /* hashes at once on this machine */
	int64_t purge_at;             /* monotonic: when expired rows are purged next */
};

/* Opens what conf names: keys, database (RC_UNAVAILABLE is not an error here: the service starts
 * and answers 503), shared map. RC_SYSTEM, RC_CONFIG (logged). conf and wake_fd outlive the
 * service. Has the libraries open all that they open late: call it before the sandbox. */
MUST_USE enum rc service_open(const struct conf *conf, int wake_fd, struct service **ret);
/* Writes when logins were used last, if the database can be had. */
void service_close(struct service *service);
/* After the answer is out: checkpoints, and now and then (once a minute at most) purges of expired
 * rows in short transactions, and when logins were used last in one. */
void service_after_answer(struct service *service);
/* After how many milliseconds to call it again though no request has come; -1: not needed. */
int64_t service_watch_ms(const struct service *service);

/* The public keys that tokens can be checked with, as a JWK Set (RFC 7517). */
void service_add_public_keys(const struct service *service, struct json_out *out);

/* Who is at the other end of this request. Borrowed texts. */
struct client {
	struct str address;    /* REMOTE_ADDR */
	struct str user_agent; /* absent: none */
	struct str language;   /* Accept-Language, absent: none */
	int64_t deadline_ms;   /* monotonic: a hash not begun by then is RC_BUSY; 0: none */
};

#endif
