#include "ctl/ctl_keyring.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/key_index.h"
#include "base/log.h"

enum { WHY_MAX = 8192 };

void
ctl_keyring_close(struct ctl_keyring *ring)
{
	ctl_place_close(&ring->place);
	buf_release(&ring->path);
}

/* Opens the directory and reads its index. */
static enum ctl_status
open_ring(const struct conf *conf, struct ctl_keyring *ret)
{
	struct buf why = BUF_INIT(WHY_MAX);
	enum ctl_status status;

	*ret = (struct ctl_keyring){ .conf = conf, .path = BUF_INIT(PATH_MAX), .place.dir_fd = -1 };
	if (conf->token.key_dir == NULL) {
		log_error("token.key_dir is not set: there is one key, in token.key_file");
		return CTL_FAILED;
	}
	buf_printf(&ret->path, "%s/" KEY_INDEX_FILE, conf->token.key_dir);
	status = ctl_place_open("token.key_dir", buf_text(&ret->path), &ret->place);
	if (status != CTL_OK)
		return status;
	if (flock(ret->place.dir_fd, LOCK_EX) != 0) {
		log_error("token.key_dir: %s: %s", conf->token.key_dir, strerror(errno));
		return CTL_FAILED;
	}
	switch ((int)key_index_read(conf->token.key_dir, &ret->index, &why)) {
	case RC_OK:
		ret->has_index = true;
		break;
	case RC_NONE:
		break;
	default:
		log_error("token.key_dir: %s", buf_text(&why));
		status = CTL_FAILED;
	}
	buf_release(&why);
	return status;
}

enum ctl_status
ctl_keyring_open_index(struct ctl *ctl, struct ctl_keyring *ret)
{
	enum ctl_status status = ctl_open_conf(ctl, CONF_CHECK_SYNTAX);

	*ret = (struct ctl_keyring){ .place.dir_fd = -1 };
	if (status == CTL_OK)
		status = open_ring(ctl->conf, ret);
	if (status == CTL_OK && !ret->has_index) {
		log_error("%s has no index: affo-userctl key generate token makes it",
		    ctl->conf->token.key_dir);
		status = CTL_FAILED;
	}
	return status;
}

enum ctl_status
ctl_keyring_save(const struct ctl_keyring *ring)
{
	struct buf text = BUF_INIT(KEY_INDEX_TEXT_MAX);
	enum ctl_status status;

	key_index_render(&ring->index, &text);
	status = ctl_place_write(ring->conf, &ring->place, buf_str(&text), 0600, true);
	buf_release(&text);
	return status;
}

void
ctl_keyring_say_reload(const char *what)
{
	(void)printf("affo-userd -s reload %s\n", what);
}

void
ctl_keyring_set_state(const struct ctl_keyring *ring, struct key_entry *entry, enum key_state state)
{
	int64_t now = clock_now_ms(), lifetime = ring->conf->token.refresh_lifetime_ms;

	entry->state = state;
	entry->serial = ring->index.serial;
	if (state == KEY_ACTIVE)
		entry->active_at = now;
	if (state == KEY_RETIRED)
		entry->retired_at = now;
	/* It may have been longer at either end of its time. */
	if (state != KEY_NEXT && entry->lifetime_ms < lifetime)
		entry->lifetime_ms = lifetime;
}

/* The key that stands in token.key_file goes on. */
static enum ctl_status
adopt(struct ctl_keyring *ring, struct key_entry *ret)
{
	struct buf text = BUF_INIT(KEY_FILE_MAX), why = BUF_INIT(WHY_MAX);
	enum ctl_status status = CTL_FAILED;

	*ret = (struct key_entry){ .alg = KEY_HS256, .is_key_file = true };
	if (secret_file_read(
	        ring->conf->token.key_file, KEY_SECRET_MIN, KEY_FILE_MAX, &text, &why) != RC_OK) {
		log_error("token.key_file: %s", buf_text(&why));
		goto out;
	}
	status = ctl_refuse(admin_token_key_id(ret->alg, buf_str(&text), ret->kid), NULL);
	key_index_checksum(buf_str(&text), ret->checksum);
out:
	buf_release(&text);
	buf_release(&why);
	return status;
}

/* A new key with its file; the caller lists it. */
static enum ctl_status
make_key(struct ctl_keyring *ring, struct key_entry *ret)
{
	struct buf text = BUF_INIT(KEY_FILE_MAX), path = BUF_INIT(PATH_MAX);
	struct ctl_place place = { .dir_fd = -1 };
	char name[KEY_FILE_NAME_MAX + 1];
	enum ctl_status status;

	*ret = (struct key_entry){ .kid = "" };
	if (key_alg_find(str_from(ring->conf->token.algorithm), &ret->alg) != RC_OK)
		return CTL_CONFIG;
	status = ctl_refuse(admin_make_token_key(ret->alg, &text, ret->kid), NULL);
	if (status != CTL_OK)
		goto out;
	key_index_checksum(buf_str(&text), ret->checksum);
	key_entry_file(ret, name);
	buf_printf(&path, "%s/%s", ring->conf->token.key_dir, name);
	status = ctl_place_open("token.key_dir", buf_text(&path), &place);
	if (status == CTL_OK)
		status = ctl_place_write(ring->conf, &place, buf_str(&text), 0600, false);
out:
	ctl_place_close(&place);
	buf_release(&text);
	buf_release(&path);
	return status;
}

/* Lists a key, in a new index. */
static enum ctl_status
list_key(struct ctl_keyring *ring, struct key_entry *entry, enum key_state state)
{
	ring->index.serial++;
	entry->made_at = clock_now_ms();
	ctl_keyring_set_state(ring, entry, state);
	ring->index.entry[ring->index.n++] = *entry;
	return ctl_keyring_save(ring);
}

static enum ctl_status
make_index(struct ctl_keyring *ring)
{
	const char *key_file = ring->conf->token.key_file;
	bool is_there = key_file[0] == '/' && access(key_file, F_OK) == 0;
	struct key_entry entry;
	enum ctl_status status;

	status = is_there ? adopt(ring, &entry) : make_key(ring, &entry);
	if (status != CTL_OK || (status = list_key(ring, &entry, KEY_ACTIVE)) != CTL_OK)
		return status;
	ring->has_index = true;
	(void)printf("%s made; active: %s, %s%s%s\n", buf_text(&ring->path), entry.kid,
	    key_alg_name(entry.alg), is_there ? ", of " : "", is_there ? key_file : "");
	return CTL_OK;
}

static enum ctl_status
make_dir(const struct conf *conf)
{
	struct ctl_place place;
	enum ctl_status status = ctl_place_open("token.key_dir", conf->token.key_dir, &place);

	if (status == CTL_OK)
		status = ctl_place_make_dir(conf, &place);
	ctl_place_close(&place);
	return status;
}

enum ctl_status
ctl_keyring_begin(struct ctl *ctl)
{
	struct ctl_keyring ring;
	enum ctl_status status;

	if ((status = make_dir(ctl->conf)) != CTL_OK)
		return status;
	status = open_ring(ctl->conf, &ring);
	if (status == CTL_OK && ring.has_index)
		(void)printf("%s exists: left as it is\n", buf_text(&ring.path));
	else if (status == CTL_OK)
		status = make_index(&ring);
	ctl_keyring_close(&ring);
	return status;
}

enum ctl_status
ctl_keyring_add_next(struct ctl *ctl)
{
	struct ctl_keyring ring = { .place.dir_fd = -1 };
	struct key_entry entry;
	const struct key_entry *next;
	enum ctl_status status = CTL_OK;

	if (ctl->conf->token.key_dir != NULL)
		status = make_dir(ctl->conf);
	if (status == CTL_OK)
		status = open_ring(ctl->conf, &ring);
	if (status == CTL_OK && !ring.has_index)
		status = make_index(&ring);
	if (status != CTL_OK)
		goto out;
	status = CTL_FAILED;
	if ((next = key_index_in_state(&ring.index, KEY_NEXT)) != NULL) {
		log_error("%s is the next key already: affo-userctl key rotate makes it the active "
		          "one, key retire takes it away",
		    next->kid);
	} else if (ring.index.n == KEY_INDEX_KEYS_MAX) {
		log_error("there are %d keys, which is the most: affo-userctl key retire takes old "
		          "ones away",
		    KEY_INDEX_KEYS_MAX);
	} else if ((status = make_key(&ring, &entry)) == CTL_OK &&
	           (status = list_key(&ring, &entry, KEY_NEXT)) == CTL_OK) {
		(void)printf("next: %s, %s\n", entry.kid, key_alg_name(entry.alg));
		ctl_keyring_say_reload("makes it known; five minutes later it can be rotated in");
	}
out:
	ctl_keyring_close(&ring);
	return status;
}
