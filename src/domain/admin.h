/*
 * What only the admin's command does, beside users_add(), users_admin_*, db_init() and the like.
 */
#ifndef AFFO_DOMAIN_ADMIN_H
#define AFFO_DOMAIN_ADMIN_H

#include "base/key_index.h"
#include "domain/service.h"
#include "model/message.h"

/* A service of the database alone: no keys, no shared map; for users_add(), users_find(),
 * users_list(), users_admin_* and what is here. RC_UNAVAILABLE, RC_SYSTEM (logged). service_close()
 * it; conf outlives it. */
MUST_USE enum rc admin_open(const struct conf *conf, struct service **ret);

/* Up to max messages of the outbox, newest first; after_id absent: from the newest on. The caller
 * releases each. RC_NONE: there is no after_id. */
MUST_USE enum rc admin_list_messages(
    struct service *service, struct str after_id, size_t max, struct message *ret, size_t *ret_n);
/* Due at once: the message of that id, held ones too; id absent: all that wait. *ret_n of them. */
MUST_USE enum rc admin_retry_messages(struct service *service, struct str id, size_t *ret_n);

/* A key for tokens or codes: 256 random bits as base64url. */
MUST_USE enum rc admin_make_key(struct buf *ret);
/* A key of token.key_dir: its file's text and its name. RC_SYSTEM (logged). */
MUST_USE enum rc admin_make_token_key(
    enum key_alg alg, struct buf *ret_text, char ret_kid[static KEY_ID_MAX + 1]);
/* The name of the key with that text. RC_CONFIG (logged): it is none. */
MUST_USE enum rc admin_token_key_id(
    enum key_alg alg, struct str text, char ret_kid[static KEY_ID_MAX + 1]);
/* The pair of keys of the outbox, base64url. */
MUST_USE enum rc admin_make_pair(struct buf *ret_public, struct buf *ret_secret);
/* The public key of a secret one. RC_SYNTAX: it is none. */
MUST_USE enum rc admin_public_key(struct str secret, struct buf *ret);

#endif
