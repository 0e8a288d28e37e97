#include "base/key_index.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/conf.h"
#include "base/json.h"

static const char *const alg_names[KEY_ALG__MAX] = {
	[KEY_HS256] = "HS256", [KEY_ES256] = "ES256", [KEY_RS256] = "RS256"
};
static const char *const state_names[KEY_STATE__MAX] = {
	[KEY_NEXT] = "next", [KEY_ACTIVE] = "active", [KEY_RETIRED] = "retired"
};

const char *
key_alg_name(enum key_alg alg)
{
	return alg_names[alg];
}

const char *
key_state_name(enum key_state state)
{
	return state_names[state];
}

/* The index of name among names, or n. */
static unsigned
find_name(const char *const *names, unsigned n, struct str name)
{
	unsigned i = 0;

	while (i < n && !str_equal(name, str_from(names[i])))
		i++;
	return i;
}

enum rc
key_alg_find(struct str name, enum key_alg *ret)
{
	unsigned i = find_name(alg_names, KEY_ALG__MAX, name);

	if (i == KEY_ALG__MAX)
		return RC_NONE;
	*ret = (enum key_alg)i;
	return RC_OK;
}

const struct key_entry *
key_index_in_state(const struct key_index *index, enum key_state state)
{
	for (size_t i = 0; i < index->n; i++)
		if (index->entry[i].state == state)
			return &index->entry[i];
	return NULL;
}

const struct key_entry *
key_index_find(const struct key_index *index, struct str kid)
{
	for (size_t i = 0; i < index->n; i++)
		if (str_equal(str_from(index->entry[i].kid), kid))
			return &index->entry[i];
	return NULL;
}

void
key_index_checksum(struct str text, char ret[static KEY_CHECKSUM_LEN + 1])
{
	unsigned char digest[32];

	(void)crypto_generichash(
	    digest, sizeof(digest), (const unsigned char *)text.ptr, text.len, NULL, 0);
	base64_write_url(ret, digest, sizeof(digest));
}

void
key_entry_file(const struct key_entry *entry, char ret[static KEY_FILE_NAME_MAX + 1])
{
	(void)snprintf(ret, KEY_FILE_NAME_MAX + 1, "%s.%s", entry->kid,
	    entry->alg == KEY_HS256 ? "key" : "pem");
}

/* What a member of an entry is. */
static bool
read_text(const struct json *object, const char *name, struct str *ret)
{
	const struct json *value = json_member(object, name);

	if (value == NULL || json_type(value) != JSON_STRING)
		return false;
	*ret = json_string(value);
	return true;
}

static bool
read_number(const struct json *object, const char *name, int64_t *ret)
{
	const struct json *value = json_member(object, name);

	return value != NULL && json_int(value, ret) == RC_OK && *ret >= 0;
}

static bool
read_bool(const struct json *object, const char *name, bool *ret)
{
	const struct json *value = json_member(object, name);

	if (value == NULL || json_type(value) != JSON_BOOL)
		return false;
	*ret = json_bool(value);
	return true;
}

/* A file is named by it, so what isn't base64url never gets further. */
static bool
is_kid(struct str text)
{
	if (text.len == 0 || text.len > KEY_ID_MAX || text.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool
parse_entry(const struct json *object, struct key_entry *ret)
{
	struct str kid, alg, state, checksum;
	unsigned state_at;

	*ret = (struct key_entry){ .kid = "" };
	if (!read_text(object, "kid", &kid) || !is_kid(kid) || !read_text(object, "alg", &alg) ||
	    key_alg_find(alg, &ret->alg) != RC_OK || !read_text(object, "state", &state) ||
	    !read_bool(object, "in_key_file", &ret->is_key_file) ||
	    !read_number(object, "serial", &ret->serial) ||
	    !read_number(object, "made_at", &ret->made_at) ||
	    !read_number(object, "active_at", &ret->active_at) ||
	    !read_number(object, "retired_at", &ret->retired_at) ||
	    !read_number(object, "lifetime_ms", &ret->lifetime_ms) ||
	    !read_text(object, "checksum", &checksum) || checksum.len != KEY_CHECKSUM_LEN ||
	    (ret->is_key_file && ret->alg != KEY_HS256))
		return false;
	state_at = find_name(state_names, KEY_STATE__MAX, state);
	if (state_at == KEY_STATE__MAX)
		return false;
	ret->state = (enum key_state)state_at;
	memcpy(ret->kid, kid.ptr, kid.len);
	memcpy(ret->checksum, checksum.ptr, checksum.len);
	return true;
}

/* What all of the entries together must be; the sentence of what they aren't, NULL: nothing. */
static const char *
judge(const struct key_index *index)
{
	size_t in_state[KEY_STATE__MAX] = { 0 }, in_key_file = 0;

	for (size_t i = 0; i < index->n; i++) {
		const struct key_entry *entry = &index->entry[i];

		in_state[entry->state]++;
		in_key_file += entry->is_key_file;
		if (key_index_find(index, str_from(entry->kid)) != entry)
			return "lists a key twice";
		if (entry->serial > index->serial)
			return "lists a key of a later serial";
	}
	if (in_state[KEY_ACTIVE] != 1)
		return "must list exactly one active key";
	if (in_state[KEY_NEXT] > 1)
		return "lists more than one next key";
	return in_key_file > 1 ? "lists more than one key of token.key_file" : NULL;
}

enum rc
key_index_parse(struct str text, struct key_index *ret, struct buf *why)
{
	struct key_index index = { .n = 0 };
	const char *fault = "is not an index that affo-userctl key wrote";
	const struct json *keys;
	struct json *doc = NULL;
	enum rc rc;

	if ((rc = json_parse(text, &doc)) == RC_SYSTEM)
		return rc;
	keys = json_member(doc, "keys");
	if (rc != RC_OK || keys == NULL || json_type(keys) != JSON_ARRAY ||
	    json_count(keys) > KEY_INDEX_KEYS_MAX || !read_number(doc, "serial", &index.serial) ||
	    index.serial < 1)
		goto out;
	for (const struct json *at = json_first(keys); at != NULL; at = json_next(at))
		if (!parse_entry(at, &index.entry[index.n++]))
			goto out;
	fault = judge(&index);
	if (fault == NULL)
		*ret = index;
out:
	json_free(doc);
	if (fault == NULL)
		return RC_OK;
	buf_add(why, str_from(fault));
	return RC_CONFIG;
}

void
key_index_render(const struct key_index *index, struct buf *to)
{
	struct json_out out = json_out_to(to);

	json_out_object(&out, NULL);
	json_out_int(&out, "serial", index->serial);
	json_out_array(&out, "keys");
	for (size_t i = 0; i < index->n; i++) {
		const struct key_entry *entry = &index->entry[i];

		json_out_object(&out, NULL);
		json_out_string(&out, "kid", str_from(entry->kid));
		json_out_string(&out, "alg", str_from(key_alg_name(entry->alg)));
		json_out_string(&out, "state", str_from(key_state_name(entry->state)));
		json_out_bool(&out, "in_key_file", entry->is_key_file);
		json_out_int(&out, "serial", entry->serial);
		json_out_int(&out, "made_at", entry->made_at);
		json_out_int(&out, "active_at", entry->active_at);
		json_out_int(&out, "retired_at", entry->retired_at);
		json_out_int(&out, "lifetime_ms", entry->lifetime_ms);
		json_out_string(&out, "checksum", str_from(entry->checksum));
		json_out_end(&out);
	}
	json_out_end(&out);
	json_out_end(&out);
}

enum rc
key_index_read(const char *dir, struct key_index *ret, struct buf *why)
{
	struct buf path = BUF_INIT(PATH_MAX), text = BUF_INIT(KEY_INDEX_TEXT_MAX),
	           fault = BUF_INIT(256);
	enum rc rc = RC_CONFIG;

	buf_printf(&path, "%s/" KEY_INDEX_FILE, dir);
	if (!buf_ok(&path)) {
		buf_printf(why, "the path \"%.60s...\" is too long", dir);
		goto out;
	}
	if (access(buf_text(&path), F_OK) < 0 && errno == ENOENT) {
		rc = RC_NONE;
		goto out;
	}
	rc = secret_file_read(buf_text(&path), 1, KEY_INDEX_TEXT_MAX, &text, why);
	if (rc == RC_OK && (rc = key_index_parse(buf_str(&text), ret, &fault)) == RC_CONFIG)
		buf_printf(why, "\"%s\" %s: bring it back from a backup", buf_text(&path),
		    buf_text(&fault));
out:
	buf_release(&path);
	buf_release(&text);
	buf_release(&fault);
	return rc;
}

enum rc
key_index_read_key(const struct key_entry *entry, const char *dir, const char *key_file,
    struct buf *ret, struct buf *why)
{
	char name[KEY_FILE_NAME_MAX + 1], checksum[KEY_CHECKSUM_LEN + 1];
	struct buf path = BUF_INIT(PATH_MAX), text = BUF_INIT(KEY_FILE_MAX);
	enum rc rc = RC_CONFIG;

	key_entry_file(entry, name);
	if (entry->is_key_file)
		buf_add(&path, str_from(key_file));
	else
		buf_printf(&path, "%s/%s", dir, name);
	if (!buf_ok(&path)) {
		buf_printf(why, "the path \"%.60s...\" is too long", dir);
		goto out;
	}
	rc = secret_file_read(buf_text(&path), KEY_SECRET_MIN, KEY_FILE_MAX, &text, why);
	if (rc != RC_OK)
		goto out;
	key_index_checksum(buf_str(&text), checksum);
	if (strcmp(checksum, entry->checksum) != 0) {
		buf_printf(why,
		    "\"%s\" is not the key that the index lists: bring it back from a backup",
		    buf_text(&path));
		rc = RC_CONFIG;
		goto out;
	}
	buf_add(ret, buf_str(&text));
	rc = buf_ok(ret) ? RC_OK : RC_SYSTEM;
out:
	buf_release(&path);
	buf_release(&text);
	return rc;
}
