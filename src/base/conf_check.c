/* What settings ask of each other, and of the machine. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/conf_parse.h"
#include "base/conf_value.h"
#include "base/key_index.h"
#include "base/secret_file.h"
#include "base/templates.h"

/* The lengths that cred/ asks of its keys; it has them for itself, too. */
enum { KEY_MIN = 32, KEY_MAX = 4096, SEAL_KEY_LEN = 32, SEAL_KEY_TEXT_LEN = 43 };
/* OWASP's least for Argon2id. */
enum { MEMORY_ADVISED = 7 * 1024 * 1024 };

/* Workers may open files there after their sandbox: SQLite's. */
static bool
is_in_database_directory(const struct conf *conf, const char *path)
{
	struct str dir = { conf->database,
		(size_t)(strrchr(conf->database, '/') - conf->database) };
	struct str rest = str_from(path);

	if (!str_starts(rest, dir))
		return false;
	rest = str_slice(rest, dir.len, rest.len);
	return rest.len == 0 || rest.ptr[0] == '/';
}

static void
check_token(struct conf_parser *parser)
{
	const struct conf *conf = parser->conf;

	if (conf->token.refresh_lifetime_ms < conf->token.access_lifetime_ms)
		conf_parse_error(parser, conf_parse_source(parser, "token", "refresh_lifetime"),
		    "\"token.refresh_lifetime\" must not be shorter than "
		    "\"token.access_lifetime\"");
	if (conf->token.key_dir == NULL && strcmp(conf->token.algorithm, "HS256") != 0)
		conf_parse_error(parser, conf_parse_source(parser, "token", "algorithm"),
		    "\"token.algorithm\": %s needs \"token.key_dir\", where its keys are",
		    conf->token.algorithm);
	if (conf->token.key_dir != NULL && is_in_database_directory(conf, conf->token.key_dir))
		conf_parse_error(parser, conf_parse_source(parser, "token", "key_dir"),
		    "\"token.key_dir\" must not be in the directory of \"database\"");
}

static void
check_relations(struct conf_parser *parser)
{
	const struct conf *conf = parser->conf;

	check_token(parser);
	if (conf->listen != NULL && conf->listen_hash != NULL &&
	    strcmp(conf->listen, conf->listen_hash) == 0)
		conf_parse_error(parser, conf_parse_source(parser, "", "listen_hash"),
		    "\"listen_hash\" must not be the same as \"listen\": leave it empty (\"\") for "
		    "one pool");
	if (strcmp(conf->outbox.key_file, conf->outbox.public_key_file) == 0)
		conf_parse_error(parser, conf_parse_source(parser, "outbox", "public_key_file"),
		    "\"outbox.public_key_file\" must not be the same as \"outbox.key_file\"");
	if (conf->verification.test_recipients.n > 0 && conf->verification.test_code == NULL)
		conf_parse_error(parser,
		    conf_parse_source(parser, "verification", "test_recipients"),
		    "\"verification.test_recipients\" needs \"verification.test_code\", too");
	if (conf->password.memory < MEMORY_ADVISED)
		conf_parse_warning(parser, conf_parse_source(parser, "password", "memory"),
		    "\"password.memory\" is less than 7m: stolen hashes are guessed easily");
}

static void
check_gateways(struct conf_parser *parser)
{
	const struct conf *conf = parser->conf;
	struct conf_source source = parser->gateways_source;
	bool has[CHANNEL__MAX] = { false };

	for (size_t i = 0; i < conf->n_gateways; i++) {
		const struct conf_gateway *gateway = &conf->gateways[i];

		if (!gateway->enabled)
			continue;
		has[gateway->channel] = true;
		if (gateway->channel == CHANNEL_EMAIL && strcmp(gateway->type, "file") != 0 &&
		    conf_parse_source(parser, "reset", "sender").path == NULL)
			conf_parse_error(parser, parser->gateway_sources[i],
			    "gateway \"%s\" needs \"reset.sender\": whom its mails are from",
			    gateway->name);
	}
	if (!has[CHANNEL_SMS] && !has[CHANNEL_EMAIL]) {
		conf_parse_warning(parser, source,
		    "no gateway is in use: mails and SMS wait in the outbox until they expire");
		return;
	}
	if (!has[CHANNEL_SMS])
		conf_parse_warning(parser, source,
		    "no gateway for SMS is in use: they wait in the outbox until they expire");
	if (!has[CHANNEL_EMAIL])
		conf_parse_warning(parser, source,
		    "no gateway for mail is in use: mails wait in the outbox until they expire");
}

/* key: what `affo-userctl key generate` calls it; seal: a key of the outbox, base64url. */
static void
check_key(struct conf_parser *parser, const char *group, const char *name, const char *path,
    const char *key, bool is_seal, bool is_public)
{
	struct buf text = BUF_INIT(KEY_MAX), why = BUF_INIT(4096 + 256);
	unsigned char bytes[SEAL_KEY_LEN];
	size_t min = is_seal ? SEAL_KEY_TEXT_LEN : KEY_MIN;
	size_t max = is_seal ? SEAL_KEY_TEXT_LEN : KEY_MAX, len = 0;
	enum rc rc = is_public ? secret_file_read_public(path, min, max, &text, &why)
	                       : secret_file_read(path, min, max, &text, &why);

	bool is_missing =
	    rc != RC_OK && path[0] == '/' && access(path, F_OK) != 0 && errno == ENOENT;

	if (rc != RC_OK)
		conf_parse_error(parser, conf_parse_source(parser, group, name),
		    "\"%s.%s\": %s%s%s%s", group, name, buf_text(&why),
		    is_missing ? " (affo-userctl key generate " : "", is_missing ? key : "",
		    is_missing ? " makes it)" : "");
	else if (is_seal &&
	         (base64_decode_url(buf_str(&text), sizeof(bytes), bytes, &len) != RC_OK ||
	             len != sizeof(bytes)))
		conf_parse_error(parser, conf_parse_source(parser, group, name),
		    "\"%s.%s\": \"%s\" is not a key that affo-userctl key generate %s made", group,
		    name, path, key);
	explicit_bzero(bytes, sizeof(bytes));
	buf_release(&text);
	buf_release(&why);
}

/* What a directory must be besides being there. */
enum { IS_PRIVATE = 1, IS_WRITABLE = 2 };

/* Root may write everywhere: what the service's user may is seen once we are that user. */
static void
check_writable(
    struct conf_parser *parser, struct conf_source source, const char *label, const char *directory)
{
	if (access(directory, W_OK | X_OK) != 0)
		conf_parse_error(parser, source,
		    "%s: the service's user (uid %u) cannot write to the directory %s: choose one "
		    "that belongs to that user, or chown it",
		    label, (unsigned)geteuid(), directory);
}

static void
check_directory(struct conf_parser *parser, struct conf_source source, const char *label,
    const char *path, unsigned flags)
{
	struct stat st;

	if (stat(path, &st) < 0)
		conf_parse_error(parser, source,
		    errno == ENOENT
		        ? "%s: the directory %s does not exist: create it, owned by the "
		          "service's user"
		        : "%s: the directory %s cannot be reached",
		    label, path);
	else if (!S_ISDIR(st.st_mode))
		conf_parse_error(parser, source, "%s: %s is not a directory", label, path);
	else if ((flags & IS_PRIVATE) != 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		conf_parse_error(parser, source,
		    "%s: others could write to the directory %s (mode %04o): chmod go-w %s", label,
		    path, (unsigned)st.st_mode & 07777, path);
	else if ((flags & IS_WRITABLE) != 0)
		check_writable(parser, source, label, path);
}

/* The directory that a file is in; the path begins with a slash. */
static void
directory_of(const char *path, struct buf *ret)
{
	const char *slash = strrchr(path, '/');

	buf_reset(ret);
	buf_add_bytes(ret, path, slash == path ? 1 : (size_t)(slash - path));
}

/* Each key that the index lists is there, whole. What it is worth only the workers can tell; but
 * affo-userctl made it, and its text is the one that was made. */
static void
check_keyring(struct conf_parser *parser)
{
	const struct conf *conf = parser->conf;
	struct conf_source source = conf_parse_source(parser, "token", "key_dir");
	struct buf why = BUF_INIT(4096), text = BUF_INIT(KEY_FILE_MAX);
	const char *dir = conf->token.key_dir;
	struct key_index index = { .n = 0 };
	enum rc rc;

	if ((rc = key_index_read(dir, &index, &why)) == RC_NONE)
		conf_parse_error(parser, source,
		    "\"token.key_dir\": %s has no index (affo-userctl key generate token makes it)",
		    dir);
	else if (rc != RC_OK)
		conf_parse_error(parser, source, "\"token.key_dir\": %s", buf_text(&why));
	else
		check_directory(parser, source, "\"token.key_dir\"", dir, IS_PRIVATE);
	for (size_t i = 0; i < index.n; i++) {
		buf_reset(&why);
		buf_reset(&text);
		if (key_index_read_key(&index.entry[i], dir, conf->token.key_file, &text, &why) !=
		    RC_OK)
			conf_parse_error(parser, source, "\"token.key_dir\": %s", buf_text(&why));
	}
	buf_release(&why);
	buf_release(&text);
}

/* The texts of messages; their errors name their own files and lines. */
static void
check_templates(struct conf_parser *parser)
{
	const char *directory = parser->conf->templates.directory;
	struct templates *templates = NULL;
	enum rc rc;

	if (directory != NULL && access(directory, R_OK | X_OK) != 0) {
		conf_parse_error(parser, conf_parse_source(parser, "templates", "directory"),
		    "\"templates.directory\": cannot read the directory %s: %s", directory,
		    strerror(errno));
		return;
	}

	rc = templates_open(directory, &templates, parser->errors, parser->warnings);
	if (rc == RC_CONFIG && parser->rc != RC_SYSTEM)
		parser->rc = rc;
	else if (rc != RC_OK)
		conf_parse_fail(parser);
	templates_close(templates);
}

static void
check_machine(struct conf_parser *parser)
{
	const struct conf *conf = parser->conf;
	const struct {
		const char *name, *path;
	} sockets[] = { { "listen", conf->listen }, { "listen_hash", conf->listen_hash } };
	struct buf dir = BUF_INIT(1024), label = BUF_INIT(128);

	if (conf->token.key_dir != NULL)
		check_keyring(parser);
	else
		check_key(parser, "token", "key_file", conf->token.key_file, "token", false, false);
	check_key(parser, "verification", "key_file", conf->verification.key_file, "verification",
	    false, false);
	check_key(parser, "outbox", "key_file", conf->outbox.key_file, "outbox", true, false);
	check_key(parser, "outbox", "public_key_file", conf->outbox.public_key_file, "outbox", true,
	    true);
	directory_of(conf->database, &dir);
	check_directory(parser, conf_parse_source(parser, "", "database"), "\"database\"",
	    buf_text(&dir), IS_PRIVATE | IS_WRITABLE);
	check_directory(parser, conf_parse_source(parser, "", "run_dir"), "\"run_dir\"",
	    conf->run_dir, IS_PRIVATE | IS_WRITABLE);
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		if (sockets[i].path == NULL)
			continue;
		buf_reset(&label);
		buf_printf(&label, "\"%s\"", sockets[i].name);
		directory_of(sockets[i].path, &dir);
		/* Root may make them where the service's user couldn't. */
		check_directory(parser, conf_parse_source(parser, "", sockets[i].name),
		    buf_text(&label), buf_text(&dir), 0);
	}
	if (conf->log[0] == '/' && access(conf->log, W_OK) != 0) {
		directory_of(conf->log, &dir);
		check_directory(parser, conf_parse_source(parser, "", "log"), "\"log\"",
		    buf_text(&dir), IS_WRITABLE);
	}
	for (size_t i = 0; i < conf->n_gateways; i++) {
		const struct conf_gateway *gateway = &conf->gateways[i];
		struct str path = conf_gateway_get(gateway, "directory");

		if (!gateway->enabled || path.ptr == NULL)
			continue;
		buf_reset(&label);
		buf_printf(&label, "gateway \"%s\"", gateway->name);
		check_directory(
		    parser, parser->gateway_sources[i], buf_text(&label), path.ptr, IS_WRITABLE);
	}
	conf_ring_read_secrets(parser);
	check_templates(parser);
	buf_release(&dir);
	buf_release(&label);
}

/* SMS cost money: without a list of where they may go only kinds that send none themselves are
 * taken. */
static void
check_countries(struct conf_parser *parser)
{
	const struct conf *conf = parser->conf;

	for (size_t i = 0; i < conf->n_gateways && conf->sms.countries.n == 0; i++) {
		const struct conf_gateway *gateway = &conf->gateways[i];

		if (gateway->enabled && gateway->channel == CHANNEL_SMS &&
		    strcmp(gateway->type, "file") != 0 && strcmp(gateway->type, "affo") != 0)
			conf_parse_error(parser, parser->gateway_sources[i],
			    "gateway \"%s\": SMS cost money, so say where they may go: sms: { "
			    "countries = [ \"+49\" ]; };",
			    gateway->name);
	}
}

void
conf_check_all(struct conf_parser *parser)
{
	check_relations(parser);
	check_gateways(parser);
	check_countries(parser);
	/* Of a machine only a configuration that holds together can be asked. */
	if (parser->rc == RC_SYSTEM)
		return;
	if (parser->check == CONF_CHECK_START)
		check_machine(parser);
	else if (parser->check == CONF_CHECK_GATEWAYS)
		conf_ring_read_secrets(parser);
}
