/* The index of token.key_dir while a command works on it. */
#ifndef AFFO_CTL_CTL_KEYRING_H
#define AFFO_CTL_CTL_KEYRING_H

#include "base/key_index.h"
#include "ctl/ctl_place.h"

struct ctl_keyring {
	const struct conf *conf;
	struct buf path;        /* of the index */
	struct ctl_place place; /* the same; its directory is locked, so that commands take turns */
	struct key_index index;
	bool has_index;
};

/* After ctl_open_conf(), both. Makes the directory and the index with its active key, where there
 * is none: that of token.key_file if it is there, so that nobody is logged out, else a new one. */
MUST_USE enum ctl_status ctl_keyring_begin(struct ctl *ctl);
/* The same; then makes the key that will be the active one next. */
MUST_USE enum ctl_status ctl_keyring_add_next(struct ctl *ctl);

/* Reads the configuration, and an index that must be there. ctl_keyring_close() it, also when it
 * failed, which was printed. */
MUST_USE enum ctl_status ctl_keyring_open_index(struct ctl *ctl, struct ctl_keyring *ret);
void ctl_keyring_close(struct ctl_keyring *ring);
/* Changes the state of one of the index's keys, as of now and of the index's serial. */
void ctl_keyring_set_state(
    const struct ctl_keyring *ring, struct key_entry *entry, enum key_state state);
/* Writes the index. */
MUST_USE enum ctl_status ctl_keyring_save(const struct ctl_keyring *ring);
/* "affo-userd -s reload WHAT" */
void ctl_keyring_say_reload(const char *what);

#endif
