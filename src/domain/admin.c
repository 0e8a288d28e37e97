#include "domain/admin.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "cred/secret.h"
#include "cred/token_key.h"
#include "store/rows.h"

enum { KEY_BYTES = 32, WHY_MAX = 256 };

enum rc
admin_open(const struct conf *conf, struct service **ret)
{
	struct service *service = calloc(1, sizeof(*service));
	enum rc rc;

	if (service == NULL) {
		log_error("out of memory");
		return RC_SYSTEM;
	}
	service->conf = conf;
	service->wake_fd = service->keys_fd = -1;
	if ((rc = secret_init()) == RC_OK &&
	    (rc = db_open(conf->database, conf->db_timeout_ms, &service->db)) == RC_OK) {
		*ret = service;
		return RC_OK;
	}
	service_close(service);
	return rc;
}

enum rc
admin_list_messages(
    struct service *service, struct str after_id, size_t max, struct message *ret, size_t *ret_n)
{
	enum rc rc;

	if ((rc = db_begin_read(service->db)) != RC_OK)
		return rc;
	rc = outbox_row_list(service->db, after_id, max, ret, ret_n);
	db_rollback(service->db);
	return rc;
}

enum rc
admin_retry_messages(struct service *service, struct str id, size_t *ret_n)
{
	enum rc rc;

	if ((rc = db_begin_write(service->db)) != RC_OK)
		return rc;
	rc = outbox_row_retry(service->db, id, clock_now_ms(), ret_n);
	if (rc == RC_OK)
		rc = db_commit(service->db);
	db_rollback(service->db);
	return rc;
}

static enum rc
made(const struct buf *key)
{
	if (buf_ok(key))
		return RC_OK;
	log_error("out of memory for a key");
	return RC_SYSTEM;
}

enum rc
admin_make_key(struct buf *ret)
{
	unsigned char bytes[KEY_BYTES];

	random_bytes(bytes, sizeof(bytes));
	base64_add_url(ret, bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
	return made(ret);
}

enum rc
admin_token_key_id(enum key_alg alg, struct str text, char ret_kid[static KEY_ID_MAX + 1])
{
	struct buf why = BUF_INIT(WHY_MAX);
	struct token_key *key = NULL;
	enum rc rc;

	if ((rc = secret_init()) == RC_OK &&
	    (rc = token_key_new(alg, text, &key, &why)) == RC_CONFIG)
		log_error("the token key %s", buf_text(&why));
	if (rc == RC_OK)
		(void)snprintf(ret_kid, KEY_ID_MAX + 1, "%s", token_key_id(key));
	token_key_free(key);
	buf_release(&why);
	return rc;
}

enum rc
admin_make_token_key(enum key_alg alg, struct buf *ret_text, char ret_kid[static KEY_ID_MAX + 1])
{
	enum rc rc;

	if ((rc = secret_init()) == RC_OK)
		rc = token_key_make(alg, ret_text);
	return rc == RC_OK ? admin_token_key_id(alg, buf_str(ret_text), ret_kid) : rc;
}

enum rc
admin_make_pair(struct buf *ret_public, struct buf *ret_secret)
{
	char public[SEAL_KEY_TEXT_LEN + 1], secret[SEAL_KEY_TEXT_LEN + 1];
	enum rc rc;

	if ((rc = secret_init()) != RC_OK)
		return rc;
	seal_keypair(public, secret);
	buf_add(ret_public, str_from(public));
	buf_add(ret_secret, str_from(secret));
	sodium_memzero(secret, sizeof(secret));
	return (rc = made(ret_public)) == RC_OK ? made(ret_secret) : rc;
}

enum rc
admin_public_key(struct str secret, struct buf *ret)
{
	char public[SEAL_KEY_TEXT_LEN + 1];
	enum rc rc;

	if ((rc = secret_init()) != RC_OK || (rc = seal_public(secret, public)) != RC_OK)
		return rc;
	buf_add(ret, str_from(public));
	return made(ret);
}
