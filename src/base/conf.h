/*
 * The configuration as a plain struct. base/conf_table.c has one row per setting (name, type,
 * default, range, help) and drives parsing, checks, -T, the sample and the man page's test.
 * Durations are milliseconds here and "15m" in the file; sizes are bytes here and "64k" there.
 */
#ifndef AFFO_BASE_CONF_H
#define AFFO_BASE_CONF_H

#include "base/buf.h"
#include "base/shm.h"

enum conf_time_format { CONF_TIME_RFC3339, CONF_TIME_ORIGINAL };
enum channel { CHANNEL_SMS, CHANNEL_EMAIL, CHANNEL__MAX };
const char *channel_name(enum channel channel); /* "sms", "email" */

enum { CONF_SESSIONS_MAX = 250 }; /* so that a list of them all is a small answer */

struct conf_list {
	size_t n;
	char **item;
};

struct conf_setting {
	const char *name; /* from the table of the gateway's type */
	char *value;      /* numbers and booleans as their canonical text */
};

/* A secret that is given as NAME_file is read, and then found as NAME, too, with
 * CONF_CHECK_GATEWAYS and CONF_CHECK_START only: who doesn't send should not hold it. */
struct conf_gateway {
	char *name;       /* [a-z0-9_-]{1,32}, unique */
	const char *type; /* "file", "affo", ... a row of base/conf_gateway.c */
	enum channel channel;
	bool enabled;
	struct conf_list prefixes; /* SMS: only recipients that start so; empty: all */
	size_t n_settings;         /* those of its type, defaults too */
	struct conf_setting *settings;
};

struct conf {
	char *listen;      /* unix socket of the fast pool; NULL: others start the workers */
	char *listen_hash; /* of the hashing pool; NULL: one pool does everything */
	char *user;        /* as root: the user that the daemons become; NULL: "affo-user" */
	char *group;       /* group of the sockets (the web server's); NULL: the user's */
	char *base_path;   /* "/api/v1.0", no slash at the end */
	size_t max_body;   /* bytes; 1k..128k */
	char *database;    /* path of the SQLite file */
	char *run_dir;     /* sockets, shared map, pid file */
	int64_t db_timeout_ms;
	enum conf_time_format time_format;
	char *log; /* "stderr", "syslog" or a path */
	int64_t hash_deadline_ms;
	char *alert_to; /* who gets a mail when something needs an admin; NULL: the log alone */
	int64_t audit_keep_ms;

	struct {
		int64_t fast;         /* 0: the number of cores */
		int64_t hash;         /* 0: the number of cores */
		int64_t max_requests; /* a worker is replaced after so many; 0: never */
	} workers;
	struct {
		char *algorithm; /* "HS256": of the keys that are made; each key has its own */
		int64_t access_lifetime_ms;
		int64_t refresh_lifetime_ms;
		int64_t sessions_max; /* of one user; 1..CONF_SESSIONS_MAX */
		char *key_file;
		char *key_dir; /* NULL: there is key_file's key alone */
	} token;
	struct {
		struct conf_list origins; /* "https://example.com"; none: no cookies */
	} cookie;
	struct {
		int64_t min;   /* bytes */
		size_t memory; /* of Argon2id, bytes */
		int64_t passes;
	} password;
	struct {
		struct conf_list url_prefixes;
		int64_t lifetime_ms;
		char *sender;  /* From: of the mail */
		char *subject; /* of the mail in all languages; NULL: the template's */
	} reset;
	struct {
		int64_t code_length;
		int64_t lifetime_ms;
		char *key_file;
		struct conf_list test_recipients; /* normalized phones */
		char *test_code;
		char *sender;
		char *text; /* in all languages, with one {code}; NULL: the template's */
		int64_t bad_recipient_ms; /* how long a bad number is known as such; 0: not */
	} verification;
	struct {
		char *directory; /* texts that go over those compiled in; NULL: none */
		char *language;  /* for who wished none that there is */
	} templates;
	struct {
		struct conf_list countries; /* prefixes "+49"; none: all, by free gateways only */
		/* SMS a day (UTC). */
		int64_t per_number, per_account, per_address, per_prefix, per_day;
	} sms;
	struct {
		char *key_file; /* secret key of the sealed boxes: the queue alone reads it */
		char *public_key_file; /* what workers seal with */
	} outbox;
	struct {
		struct limit login_account;
		struct limit login_address;
		struct limit register_address;
		struct limit recipient;
		struct limit send_address;
	} limits;
	size_t n_gateways;
	struct conf_gateway *gateways; /* in the order of the file: the ring */
};

/* The files' texts, read once: main, then conf.d/ *.conf beside it in the order of their names,
 * then AFFO_EXTRA_CONF's. What the master read is what its children see, even when a file was
 * changed since: it passes the texts on in a memfd. */
struct conf_files;
MUST_USE enum rc conf_files_read(
    const char *main_path, struct conf_files **ret, struct buf *errors);
/* As if a file of that name, read last, had that text. */
MUST_USE enum rc conf_files_add(struct conf_files *files, const char *name, struct str text);
MUST_USE enum rc conf_files_save(const struct conf_files *files, int fd);
MUST_USE enum rc conf_files_load(int fd, struct conf_files **ret);
void conf_files_free(struct conf_files *files);

/* How deep to look. */
enum conf_check {
	CONF_CHECK_SYNTAX,   /* the files alone */
	CONF_CHECK_GATEWAYS, /* also the files that the gateways' secrets are in: for the queue */
	CONF_CHECK_START,    /* also what they name: key files, directories, modes */
};

/*
 * Parses and merges. All errors of all files go to *errors, one a line:
 * "MESSAGE in FILE:LINE"; warnings, if any, to *warnings. RC_CONFIG when there is an error.
 */
MUST_USE enum rc conf_parse(const struct conf_files *files, enum conf_check check,
    struct conf **ret, struct buf *errors, struct buf *warnings);
void conf_free(struct conf *conf); /* wipes secrets */

/* What programs call: from the memfd in AFFO_CONF_FD if that is set, else from path. Errors and
 * warnings are logged, each "MESSAGE in FILE:LINE". RC_CONFIG: exit with EX_CONFIG (78). */
MUST_USE enum rc conf_open(const char *path, enum conf_check check, struct conf **ret);
/* The default: SYSCONFDIR/affo-user/affo-userd.conf, or as an ordinary user
 * $XDG_CONFIG_HOME/affo-user/affo-userd.conf when that exists. */
void conf_default_path(struct buf *ret);

/* -T: every setting with its value in the syntax of the file, secrets as "***". */
void conf_dump(const struct conf *conf, struct buf *to);
/* The commented sample that is installed. */
void conf_sample(struct buf *to);

/* A gateway's setting; STR_NULL when the file has none and there is no default. */
struct str conf_gateway_get(const struct conf_gateway *gateway, const char *name);
const struct conf_gateway *conf_gateway_find(const struct conf *conf, struct str name);

/*
 * Reads a file that holds a secret: at most max bytes, a newline at its end is cut off. RC_CONFIG
 * and a sentence in *errors (without file and line) when it is missing, longer, shorter than min,
 * or may be read or written by others (group read is allowed). Relative names, where
 * $CREDENTIALS_DIRECTORY is set, are looked up there.
 */
MUST_USE enum rc secret_file_read(
    const char *path, size_t min, size_t max, struct buf *ret, struct buf *errors);

#endif
