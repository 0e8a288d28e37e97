/* The life of the keys in token.key_dir after they were made. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/key_use.h"
#include "base/log.h"
#include "ctl/ctl_keyring.h"
#include "ctl/ctl_table.h"

enum {
	PUBLISHED_MS = 300000, /* the max-age of the public keys */
	LATE_MS = 86400000,    /* how late after a rotation the service may be reloaded */
	LIST_TEXT_MAX = 65536,
};

/* Whether some worker has read an index that doesn't say of the key what this one says. */
static enum ctl_status
wait_for_workers(const struct ctl_keyring *ring, const struct key_entry *entry)
{
	bool is_older = false;

	if (key_use_is_older(ring->conf->run_dir, entry->serial, &is_older) != RC_OK)
		return CTL_FAILED;
	if (!is_older)
		return CTL_OK;
	log_error("a worker is running that doesn't know yet that %s is %s: affo-userd -s reload, "
	          "and try again when the old workers are gone, which takes up to half a minute",
	    entry->kid, key_state_name(entry->state));
	return CTL_FAILED;
}

static bool
read_now(struct ctl *ctl, int argc, char **argv, int n_operands, bool *ret_now)
{
	static const struct option options[] = { { "now", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 } };
	int c;

	*ret_now = false;
	while ((c = ctl_option(ctl, argc, argv, options)) == 'n')
		*ret_now = true;
	return c == -1 && argc - optind == n_operands;
}

enum ctl_status
ctl_key_rotate(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_keyring ring;
	struct key_entry *active = NULL, *next = NULL;
	char text[CLOCK_TEXT_MAX + 1];
	enum ctl_status status;
	bool is_now;

	if (!read_now(ctl, argc, argv, 0, &is_now))
		return ctl_usage(ctl);
	if ((status = ctl_keyring_open_index(ctl, &ring)) != CTL_OK)
		goto out;
	for (size_t i = 0; i < ring.index.n; i++)
		if (ring.index.entry[i].state == KEY_ACTIVE)
			active = &ring.index.entry[i];
		else if (ring.index.entry[i].state == KEY_NEXT)
			next = &ring.index.entry[i];
	status = CTL_FAILED;
	if (active == NULL || next == NULL) {
		log_error("there is no next key: affo-userctl key generate next makes one");
		goto out;
	}
	if ((status = wait_for_workers(&ring, next)) != CTL_OK)
		goto out;
	if (!is_now && next->alg != KEY_HS256 && clock_now_ms() - next->made_at < PUBLISHED_MS) {
		clock_format(next->made_at + PUBLISHED_MS, true, text);
		log_error("%s is too new: other programs may keep the public keys that they have "
		          "for five minutes; wait until %s, or use --now",
		    next->kid, text);
		status = CTL_FAILED;
		goto out;
	}
	ring.index.serial++;
	ctl_keyring_set_state(&ring, active, KEY_RETIRED);
	ctl_keyring_set_state(&ring, next, KEY_ACTIVE);
	if ((status = ctl_keyring_save(&ring)) == CTL_OK) {
		(void)printf("active: %s, %s\nretired: %s, %s\n", next->kid,
		    key_alg_name(next->alg), active->kid, key_alg_name(active->alg));
		ctl_keyring_say_reload("puts it into effect");
	}
out:
	ctl_keyring_close(&ring);
	return status;
}

/* When the last token that a retired key has signed is dead. */
static int64_t
dead_at(const struct key_entry *entry)
{
	return entry->retired_at + entry->lifetime_ms + LATE_MS;
}

static enum ctl_status
judge_retire(
    const struct ctl_keyring *ring, const struct key_entry *entry, const char *kid, bool is_now)
{
	char text[CLOCK_TEXT_MAX + 1];
	enum ctl_status status;

	if (entry == NULL) {
		log_error("there is no key \"%.80s\": affo-userctl key list shows all", kid);
		return CTL_FAILED;
	}
	if (entry->state == KEY_ACTIVE) {
		log_error("%s is the active key: rotate another one in first", kid);
		return CTL_FAILED;
	}
	if (entry->state == KEY_NEXT)
		return CTL_OK;
	/* One that signs with it still would give out tokens that nobody takes. */
	if ((status = wait_for_workers(ring, entry)) != CTL_OK)
		return status;
	if (is_now || clock_now_ms() >= dead_at(entry))
		return CTL_OK;
	clock_format(dead_at(entry), true, text);
	log_error("logins may have tokens of %s until %s; --now ends those that have", kid, text);
	return CTL_FAILED;
}

enum ctl_status
ctl_key_retire(struct ctl *ctl, int argc, char **argv)
{
	const struct key_entry *entry;
	struct key_entry gone;
	struct ctl_keyring ring;
	char name[KEY_FILE_NAME_MAX + 1];
	enum ctl_status status;
	const char *kid;
	bool is_now;
	size_t at;

	if (!read_now(ctl, argc, argv, 1, &is_now))
		return ctl_usage(ctl);
	kid = argv[optind];
	if ((status = ctl_keyring_open_index(ctl, &ring)) != CTL_OK)
		goto out;
	entry = key_index_find(&ring.index, str_from(kid));
	if ((status = judge_retire(&ring, entry, kid, is_now)) != CTL_OK)
		goto out;
	gone = *entry;
	at = (size_t)(entry - ring.index.entry);
	ring.index.n--;
	memmove(
	    &ring.index.entry[at], &ring.index.entry[at + 1], (ring.index.n - at) * sizeof(gone));
	ring.index.serial++;
	/* First the index: what it lists must be there. */
	if ((status = ctl_keyring_save(&ring)) != CTL_OK)
		goto out;
	key_entry_file(&gone, name);
	if (gone.is_key_file) {
		(void)printf("%s is gone; %s is used no more: remove it\n", gone.kid,
		    ring.conf->token.key_file);
	} else if (unlinkat(ring.place.dir_fd, name, 0) == 0) {
		(void)printf("%s is gone\n", gone.kid);
	} else {
		log_error(
		    "%s/%s cannot be removed: %s", ring.conf->token.key_dir, name, strerror(errno));
		status = CTL_FAILED;
	}
	ctl_keyring_say_reload("puts it into effect");
out:
	ctl_keyring_close(&ring);
	return status;
}

static void
add_time(struct json_out *out, const char *name, int64_t at)
{
	char text[CLOCK_TEXT_MAX + 1];

	clock_format(at, true, text);
	json_out_string(out, name, at == 0 ? STR_NULL : str_from(text));
}

static void
list_json(const struct key_index *index, struct buf *to)
{
	struct json_out out = json_out_to(to);

	json_out_array(&out, NULL);
	for (size_t i = 0; i < index->n; i++) {
		const struct key_entry *entry = &index->entry[i];

		json_out_object(&out, NULL);
		json_out_string(&out, "kid", str_from(entry->kid));
		json_out_string(&out, "alg", str_from(key_alg_name(entry->alg)));
		json_out_string(&out, "state", str_from(key_state_name(entry->state)));
		json_out_bool(&out, "in_key_file", entry->is_key_file);
		add_time(&out, "made_at", entry->made_at);
		add_time(&out, "active_at", entry->active_at);
		add_time(&out, "retired_at", entry->retired_at);
		add_time(&out, "needed_until", entry->state == KEY_RETIRED ? dead_at(entry) : 0);
		json_out_end(&out);
	}
	json_out_end(&out);
	buf_add_char(to, '\n');
}

static enum rc
list_table(const struct key_index *index)
{
	static const struct ctl_column columns[] = { { "KID", false }, { "ALGORITHM", false },
		{ "STATE", false }, { "SINCE", false }, { "NEEDED UNTIL", false } };
	struct ctl_table *table = NULL;
	enum rc rc;

	rc = ctl_table_new(columns, sizeof(columns) / sizeof(columns[0]), true, &table);
	for (size_t i = 0; rc == RC_OK && i < index->n; i++) {
		const struct key_entry *entry = &index->entry[i];
		char since[CLOCK_TEXT_MAX + 1], until[CLOCK_TEXT_MAX + 1] = "";

		clock_format(entry->state == KEY_NEXT     ? entry->made_at
		             : entry->state == KEY_ACTIVE ? entry->active_at
		                                          : entry->retired_at,
		    true, since);
		if (entry->state == KEY_RETIRED)
			clock_format(dead_at(entry), true, until);
		rc = ctl_table_add(
		    table, (const char *const[]){ entry->kid, key_alg_name(entry->alg),
		               key_state_name(entry->state), since, until });
	}
	if (rc == RC_OK)
		rc = ctl_table_print(table);
	ctl_table_free(table);
	return rc;
}

enum ctl_status
ctl_key_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 } };
	struct buf text = BUF_INIT(LIST_TEXT_MAX);
	struct ctl_keyring ring;
	enum ctl_status status;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc != optind)
		return ctl_usage(ctl);
	status = ctl_keyring_open_index(ctl, &ring);
	if (status == CTL_OK && ctl->is_json) {
		list_json(&ring.index, &text);
		status = ctl_print(&text);
	} else if (status == CTL_OK) {
		status = ctl_refuse(list_table(&ring.index), NULL);
	}
	ctl_keyring_close(&ring);
	buf_release(&text);
	return status;
}
