#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/ctl_keyring.h"
#include "ctl/ctl_place.h"

enum { KEY_TEXT_MAX = 4096 };

static enum ctl_status
write_key(struct ctl *ctl, const struct ctl_place *place, struct str text, mode_t mode)
{
	enum ctl_status status = ctl_place_write(ctl->conf, place, text, mode, false);

	if (status == CTL_OK)
		(void)printf("%s made\n", place->path);
	return status;
}

static enum ctl_status
leave(const char *path)
{
	(void)printf("%s exists: left as it is\n", path);
	return CTL_OK;
}

static enum ctl_status
make_key(struct ctl *ctl, const char *setting, const char *path)
{
	struct buf key = BUF_INIT(KEY_TEXT_MAX);
	struct ctl_place place;
	enum ctl_status status = ctl_place_open(setting, path, &place);

	if (status == CTL_OK && ctl_place_is_taken(&place))
		status = leave(path);
	else if (status == CTL_OK && (status = ctl_refuse(admin_make_key(&key), NULL)) == CTL_OK)
		status = write_key(ctl, &place, buf_str(&key), 0600);
	ctl_place_close(&place);
	buf_release(&key);
	return status;
}

/* The public key that belongs to the secret one that is there. */
static enum ctl_status
public_of_file(const char *path, struct buf *ret_public)
{
	struct buf secret = BUF_INIT(KEY_TEXT_MAX), why = BUF_INIT(KEY_TEXT_MAX);
	enum ctl_status status = CTL_FAILED;
	enum rc rc;

	if (secret_file_read(path, 1, KEY_TEXT_MAX, &secret, &why) != RC_OK)
		log_error("outbox.key_file: %s", buf_text(&why));
	else if ((rc = admin_public_key(buf_str(&secret), ret_public)) == RC_SYNTAX)
		log_error("%s holds no key of the outbox: move it away, and run this again", path);
	else
		status = ctl_refuse(rc, NULL);
	buf_release(&secret);
	buf_release(&why);
	return status;
}

/* Both are there: do they belong together? */
static enum ctl_status
compare_pair(const struct conf *conf)
{
	struct buf public = BUF_INIT(KEY_TEXT_MAX), found = BUF_INIT(KEY_TEXT_MAX);
	FILE *file = fopen(conf->outbox.public_key_file, "re");
	enum ctl_status status = CTL_FAILED;
	int c;

	while (file != NULL && (c = getc(file)) != EOF && c != '\n')
		buf_add_char(&found, (char)c);
	if (file == NULL)
		log_error("%s: %s", conf->outbox.public_key_file, strerror(errno));
	else if ((status = public_of_file(conf->outbox.key_file, &public)) == CTL_OK &&
	         !str_equal(buf_str(&public), buf_str(&found))) {
		log_error("%s is not the public key of %s: move it away, and run this again",
		    conf->outbox.public_key_file, conf->outbox.key_file);
		status = CTL_FAILED;
	}
	if (file != NULL)
		(void)fclose(file);
	buf_release(&public);
	buf_release(&found);
	return status;
}

/* The secret key first: its public one can be had from it when the second step fails. */
static enum ctl_status
make_pair(struct ctl *ctl)
{
	const char *secret_path = ctl->conf->outbox.key_file;
	const char *public_path = ctl->conf->outbox.public_key_file;
	struct buf public = BUF_INIT(KEY_TEXT_MAX), secret = BUF_INIT(KEY_TEXT_MAX);
	struct ctl_place secret_place = { .dir_fd = -1 }, public_place = { .dir_fd = -1 };
	bool has_secret, has_public;
	enum ctl_status status;

	if ((status = ctl_place_open("outbox.key_file", secret_path, &secret_place)) != CTL_OK ||
	    (status = ctl_place_open("outbox.public_key_file", public_path, &public_place)) !=
	        CTL_OK)
		goto out;
	has_secret = ctl_place_is_taken(&secret_place);
	has_public = ctl_place_is_taken(&public_place);
	if (has_public && !has_secret) {
		log_error("%s is there, but not its secret key %s: bring that back, or move the "
		          "public one away",
		    public_path, secret_path);
		status = CTL_FAILED;
	} else if (has_public) {
		if ((status = compare_pair(ctl->conf)) == CTL_OK) {
			(void)leave(secret_path);
			(void)leave(public_path);
		}
	} else if (has_secret) {
		if ((status = public_of_file(secret_path, &public)) == CTL_OK)
			status = leave(secret_path);
	} else {
		status = ctl_refuse(admin_make_pair(&public, &secret), NULL);
		if (status == CTL_OK)
			status = write_key(ctl, &secret_place, buf_str(&secret), 0600);
	}
	if (status == CTL_OK && !has_public)
		status = write_key(ctl, &public_place, buf_str(&public), 0644);
out:
	ctl_place_close(&secret_place);
	ctl_place_close(&public_place);
	buf_release(&public);
	buf_release(&secret);
	return status;
}

/* The key of tokens: in a file, or the first one of a directory. */
static enum ctl_status
make_token_key(struct ctl *ctl)
{
	if (ctl->conf->token.key_dir != NULL)
		return ctl_keyring_begin(ctl);
	return make_key(ctl, "token.key_file", ctl->conf->token.key_file);
}

static enum ctl_status
make_verification_key(struct ctl *ctl)
{
	return make_key(ctl, "verification.key_file", ctl->conf->verification.key_file);
}

enum ctl_status
ctl_key_generate(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	static const struct {
		const char *name;
		enum ctl_status (*make)(struct ctl *ctl);
		bool is_of_all;
	} kinds[] = {
		{ "token", make_token_key, true },
		{ "verification", make_verification_key, true },
		{ "outbox", make_pair, true },
		{ "next", ctl_keyring_add_next, false },
	};
	enum ctl_status status, one;
	bool is_all, is_known = false;
	const char *which;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind > 1)
		return ctl_usage(ctl);
	which = optind < argc ? argv[optind] : "all";
	is_all = strcmp(which, "all") == 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		is_known |= is_all || strcmp(which, kinds[i].name) == 0;
	if (!is_known)
		return ctl_usage(ctl);
	if ((status = ctl_open_conf(ctl, CONF_CHECK_SYNTAX)) != CTL_OK)
		return status;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((is_all ? kinds[i].is_of_all : strcmp(which, kinds[i].name) == 0) &&
		    (one = kinds[i].make(ctl)) != CTL_OK)
			status = one;
	return status;
}
