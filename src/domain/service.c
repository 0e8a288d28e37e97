#include "domain/service.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/key_use.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "cred/keyring.h"
#include "cred/secret.h"
#include "cred/token_key.h"
#include "domain/last_seen.h"
#include "domain/login_cache.h"
#include "domain/outbox.h"

enum {
	ERRORS_MAX = 4096,
	PATH_MAX_LEN = 4096,
	TOKEN_CACHE_ENTRIES = 4096, /* of at most 8 KiB each, mostly 400 bytes */
	LOGIN_CACHE_ENTRIES = 4096,
	PURGE_EVERY_MS = 60000,
};

typedef enum rc reader(
    const char *path, size_t min, size_t max, struct buf *ret, struct buf *errors);

/* Reads the key that a setting names; the log says which setting was wrong, and why. */
static enum rc
read_key(
    reader *read, const char *setting, const char *path, size_t min, size_t max, struct buf *ret)
{
	struct buf errors = BUF_INIT(ERRORS_MAX);
	enum rc rc = RC_CONFIG;

	if (path == NULL) {
		log_error("%s is not set: affo-userctl key makes the keys", setting);
		return RC_CONFIG;
	}
	if ((rc = read(path, min, max, ret, &errors)) != RC_OK)
		log_error("%s: %s", setting, buf_text(&errors));
	buf_release(&errors);
	return rc;
}

static enum rc
open_keyring(struct service *service)
{
	const struct conf *conf = service->conf;
	struct buf secret = BUF_INIT(TOKEN_KEY_MAX);
	int reading_fd = -1;
	enum rc rc;

	/* While it reads, it counts as one that knows nothing. */
	if ((rc = key_use_hold(conf->run_dir, 0, &reading_fd)) != RC_OK)
		return rc;
	if (conf->token.key_dir != NULL) {
		rc = keyring_open(conf->token.key_dir, conf->token.key_file, &service->keyring);
	} else {
		rc = read_key(secret_file_read, "token.key_file", conf->token.key_file,
		    TOKEN_KEY_MIN, TOKEN_KEY_MAX, &secret);
		if (rc == RC_OK)
			rc = keyring_of_secret(buf_str(&secret), &service->keyring);
	}
	if (rc == RC_OK)
		rc = key_use_hold(
		    conf->run_dir, keyring_serial(service->keyring), &service->keys_fd);
	(void)close(reading_fd);
	buf_release(&secret);
	return rc;
}

static enum rc
open_keys(struct service *service)
{
	const struct conf *conf = service->conf;
	struct buf box = BUF_INIT(ERRORS_MAX);
	enum rc rc;

	if ((rc = open_keyring(service)) != RC_OK ||
	    (rc = read_key(secret_file_read, "verification.key_file", conf->verification.key_file,
	         CODE_KEY_MIN, CODE_KEY_MAX, &service->code_key)) != RC_OK ||
	    (rc = read_key(secret_file_read_public, "outbox.public_key_file",
	         conf->outbox.public_key_file, SEAL_KEY_TEXT_LEN, SEAL_KEY_TEXT_LEN,
	         &service->outbox_public_key)) != RC_OK)
		goto out;
	rc = seal_box(buf_str(&service->outbox_public_key), STR("probe"), &box);
	if (rc == RC_SYNTAX) {
		log_error("outbox.public_key_file \"%s\" holds no public key: affo-userctl key "
		          "makes one",
		    conf->outbox.public_key_file);
		rc = RC_CONFIG;
	}
out:
	buf_release(&box);
	return rc;
}

static enum rc
open_shared_map(struct service *service)
{
	struct buf path = BUF_INIT(PATH_MAX_LEN);
	enum rc rc = RC_SYSTEM;

	buf_printf(&path, "%s/shared", service->conf->run_dir);
	if (buf_ok(&path))
		rc = shm_open_file(buf_text(&path), &service->shm);
	else
		log_error("run_dir \"%.100s...\" is too long a path", service->conf->run_dir);
	buf_release(&path);
	return rc;
}

static enum rc
open_database(struct service *service)
{
	enum rc rc;

	rc = db_open(service->conf->database, service->conf->db_timeout_ms, &service->db);
	/* Also when it cannot be used now: no file may be opened later on. */
	if (rc == RC_OK || rc == RC_UNAVAILABLE)
		rc = db_warm(service->db);
	return rc == RC_UNAVAILABLE && service->db != NULL ? RC_OK : rc;
}

enum rc
service_open(const struct conf *conf, int wake_fd, struct service **ret)
{
	struct service *service = calloc(1, sizeof(*service));
	enum rc rc = RC_SYSTEM;

	if (service == NULL) {
		log_error("no memory to start");
		return RC_SYSTEM;
	}
	service->conf = conf;
	service->wake_fd = wake_fd;
	service->keys_fd = -1;
	service->hash_slots = conf->workers.hash > 0 ? (unsigned)conf->workers.hash : proc_cores();
	service->code_key = BUF_INIT(CODE_KEY_MAX);
	service->outbox_public_key = BUF_INIT(SEAL_KEY_TEXT_LEN);
	/* Not all at the same moment, when many workers were started at one. */
	service->purge_at =
	    clock_monotonic_ms() + PURGE_EVERY_MS + (int64_t)random_below(PURGE_EVERY_MS);
	if ((rc = secret_init()) == RC_OK && (rc = open_keys(service)) == RC_OK &&
	    (rc = token_cache_new(TOKEN_CACHE_ENTRIES, &service->token_cache)) == RC_OK &&
	    (rc = login_cache_new(LOGIN_CACHE_ENTRIES, &service->login_cache)) == RC_OK &&
	    (rc = last_seen_new(&service->last_seen)) == RC_OK &&
	    (rc = open_shared_map(service)) == RC_OK && (rc = open_database(service)) == RC_OK) {
		(void)malloc_trim(0); /* what starting has left behind, in each of many processes */
		*ret = service;
		return RC_OK;
	}
	service_close(service);
	return rc;
}

void
service_close(struct service *service)
{
	enum rc dropped;

	if (service == NULL)
		return;
	if (service->last_seen != NULL && service->db != NULL) {
		/* What went wrong was logged. */
		dropped = last_seen_flush(service->last_seen, service->db);
		(void)dropped;
	}
	last_seen_free(service->last_seen);
	db_close(service->db);
	if (service->shm != NULL)
		shm_close(service->shm);
	login_cache_free(service->login_cache);
	token_cache_free(service->token_cache);
	keyring_free(service->keyring);
	if (service->keys_fd >= 0)
		(void)close(service->keys_fd);
	buf_release(&service->code_key);
	buf_release(&service->outbox_public_key);
	free(service);
}

void
service_after_answer(struct service *service)
{
	int64_t now = clock_monotonic_ms();
	enum rc dropped;

	if (now >= service->purge_at) {
		service->purge_at = now + PURGE_EVERY_MS;
		/* What went wrong was logged; the next minute tries again. */
		dropped = outbox_purge(service->db, service->conf);
		(void)dropped;
	}
	if (last_seen_due_ms(service->last_seen) == 0) {
		dropped = last_seen_flush(service->last_seen, service->db);
		(void)dropped;
	}
	db_after_answer(service->db);
}

int64_t
service_watch_ms(const struct service *service)
{
	int64_t seen_ms = last_seen_due_ms(service->last_seen), db_ms = db_watch_ms(service->db);

	if (seen_ms < 0 || (db_ms >= 0 && db_ms < seen_ms))
		return db_ms;
	return seen_ms;
}

void
service_add_public_keys(const struct service *service, struct json_out *out)
{
	keyring_add_jwks(service->keyring, out);
}
