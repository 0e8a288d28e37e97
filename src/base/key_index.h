/*
 * Which keys sign and check tokens: the file "index" in token.key_dir, which affo-userctl alone
 * writes, under another name and then renamed. A key's text stands beside it in KID.pem (ES256,
 * RS256) or KID.key (HS256); that of a key which was there before the directory in token.key_file.
 * Workers read all of it before their sandbox, so a change counts from the next reload on.
 */
#ifndef AFFO_BASE_KEY_INDEX_H
#define AFFO_BASE_KEY_INDEX_H

#include "base/buf.h"

enum key_alg { KEY_HS256, KEY_ES256, KEY_RS256, KEY_ALG__MAX };
const char *key_alg_name(enum key_alg alg); /* "HS256": JWA's name (RFC 7518) and the setting's */
/* RC_NONE: no such algorithm; names are told apart by case. */
MUST_USE enum rc key_alg_find(struct str name, enum key_alg *ret);

enum key_state {
	KEY_NEXT,    /* published, so that all know it before it signs */
	KEY_ACTIVE,  /* signs */
	KEY_RETIRED, /* signs no more; checks until the last token signed with it is dead */
	KEY_STATE__MAX
};
const char *key_state_name(enum key_state state);

enum {
	KEY_ID_MAX = 64,
	KEY_CHECKSUM_LEN = 43, /* BLAKE2b-256 as base64url */
	KEY_SECRET_MIN = 32,   /* bytes of an HS256 key */
	KEY_FILE_MAX = 4096,   /* bytes of a key's text; RSA of 4096 bits has 3272 */
	KEY_FILE_NAME_MAX = KEY_ID_MAX + 4,
	KEY_INDEX_KEYS_MAX = 16,
	KEY_INDEX_TEXT_MAX = 16384,
};
#define KEY_INDEX_FILE "index"

struct key_entry {
	char kid[KEY_ID_MAX + 1]; /* [A-Za-z0-9_-], no "-" first */
	enum key_alg alg;
	enum key_state state;
	/* HS256 in token.key_file; tokens without a kid are its. At most one key. */
	bool is_key_file;
	int64_t serial; /* of the index that gave it this state */
	/* Milliseconds since 1970; 0: not yet. */
	int64_t made_at, active_at, retired_at;
	/* The longest life of a token that it has signed: token.refresh_lifetime. */
	int64_t lifetime_ms;
	char checksum[KEY_CHECKSUM_LEN + 1]; /* of its text: the file is whole, and the right one */
};

struct key_index {
	int64_t serial; /* one more with each change */
	size_t n;
	struct key_entry entry[KEY_INDEX_KEYS_MAX];
};

/* RC_CONFIG and a sentence in *why: not an index that key_index_render() wrote; or not exactly one
 * active key, more than one next one. */
MUST_USE enum rc key_index_parse(struct str text, struct key_index *ret, struct buf *why);
void key_index_render(const struct key_index *index, struct buf *to);
/* The key in that state, the first of them; NULL: none. */
const struct key_entry *key_index_in_state(const struct key_index *index, enum key_state state);
const struct key_entry *key_index_find(const struct key_index *index, struct str kid);
void key_index_checksum(struct str text, char ret[static KEY_CHECKSUM_LEN + 1]);
/* "KID.pem": the file in token.key_dir. */
void key_entry_file(const struct key_entry *entry, char ret[static KEY_FILE_NAME_MAX + 1]);

/* Reads DIR/index. RC_NONE: there is none; RC_CONFIG with *why: it isn't one. */
MUST_USE enum rc key_index_read(const char *dir, struct key_index *ret, struct buf *why);
/* Reads the text of one key. RC_CONFIG with *why: missing, of a wrong mode or length, or another
 * text than the index is about. */
MUST_USE enum rc key_index_read_key(const struct key_entry *entry, const char *dir,
    const char *key_file, struct buf *ret, struct buf *why);

#endif
