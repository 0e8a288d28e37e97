#include "base/conf_table.h"

#include <string.h>

#include "base/conf_rules.h"

/* clang-format off */
enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY ((int64_t)24 * HOUR)
enum { KIB = 1024, MIB = 1024 * KIB };
/* sun_path holds 108 bytes with the NUL; run_dir leaves room for "/hash.sock". */
enum { SOCKET_PATH_MAX = 107, RUN_DIR_MAX = 90, PATH_LENGTH_MAX = 480 };
/* clang-format on */

#define AT(field) .offset = offsetof(struct conf, field)
#define RANGE(from, to) .min = (from), .max = (to)

static const char *const time_formats[] = { "rfc3339", "original", NULL };
static const char *const algorithms[] = { "HS256", "ES256", "RS256", NULL };

const struct conf_row conf_table[] = {
	{ NULL, "listen", CONF_PATH, AT(listen), .in_run_dir = "fcgi.sock",
	    RANGE(2, SOCKET_PATH_MAX), .is_optional = true,
	    .help = "Unix socket of the fast pool: all routes that hash no password. Empty: "
	            "affo-userd starts no workers, since a web server does." },
	{ NULL, "listen_hash", CONF_PATH, AT(listen_hash), .in_run_dir = "hash.sock",
	    RANGE(2, SOCKET_PATH_MAX), .is_optional = true,
	    .help = "Unix socket of the hashing pool: the routes that hash a password. Empty: "
	            "there is one pool, which does everything." },
	{ NULL, "base_path", CONF_TEXT, AT(base_path), .standard = "/api/v1.0", RANGE(2, 128),
	    .check = conf_rule_base_path,
	    .help = "The path that all routes begin with, without a slash at its end." },
	{ NULL, "max_body", CONF_SIZE, AT(max_body), .standard = "64k", RANGE(KIB, 128 * KIB),
	    .help = "The largest body of a request. nginx's client_max_body_size should be the "
	            "same." },
	{ NULL, "database", CONF_PATH, AT(database),
	    .standard = LOCALSTATEDIR "/lib/affo-user/users.db", RANGE(2, PATH_LENGTH_MAX),
	    .help = "The SQLite file. Its directory belongs to the service's user; no one else may "
	            "write there." },
	{ NULL, "run_dir", CONF_PATH, AT(run_dir), .standard = "/run/affo-user",
	    RANGE(2, RUN_DIR_MAX),
	    .help = "Directory of the sockets, of the pid file and of what the processes share." },
	{ NULL, "db_timeout", CONF_DURATION, AT(db_timeout_ms), .standard = "5s",
	    RANGE(100, MINUTE),
	    .help = "How long a request waits for its turn to write before it is answered 503." },
	{ NULL, "time_format", CONF_CHOICE, AT(time_format), .standard = "rfc3339",
	    .words = time_formats,
	    .help = "Times in answers: rfc3339 ends them with a Z; original leaves it out as "
	            "release 1.0.4 did." },
	{ NULL, "log", CONF_TEXT, AT(log), .standard = "stderr", RANGE(2, PATH_LENGTH_MAX),
	    .check = conf_rule_log,
	    .help = "Where the log goes: stderr, syslog, or the path of a file." },
	{ NULL, "user", CONF_TEXT, AT(user), RANGE(1, 32), .is_optional = true,
	    .check = conf_rule_account,
	    .help = "Started as root: the user that the service becomes. None: affo-user." },
	{ NULL, "group", CONF_TEXT, AT(group), RANGE(1, 32), .is_optional = true,
	    .check = conf_rule_account,
	    .help = "Group of the sockets: the web server's. None: the user's." },
	{ NULL, "hash_deadline", CONF_DURATION, AT(hash_deadline_ms), .standard = "10s",
	    RANGE(100, MINUTE),
	    .help = "A request that has waited longer than this for its password to be hashed is "
	            "answered 503." },

	{ NULL, "alert_to", CONF_TEXT, AT(alert_to), RANGE(5, 254), .is_optional = true,
	    .check = conf_rule_email,
	    .help = "Who gets a mail when something needs an admin: a cap of sms was reached, a "
	            "gateway is misconfigured. One mail a day for each. None: the log alone." },
	{ NULL, "audit_keep", CONF_DURATION, AT(audit_keep_ms), .standard = "365d",
	    RANGE(DAY, 36500 * DAY),
	    .help = "How long what happened is remembered: the rows of the audit table." },

	{ "workers", "fast", CONF_INTEGER, AT(workers.fast), .standard = "0", RANGE(0, 256),
	    .help = "Workers of the fast pool. 0: as many as there are processors." },
	{ "workers", "hash", CONF_INTEGER, AT(workers.hash), .standard = "0", RANGE(0, 256),
	    .help = "Workers of the hashing pool, and passwords hashed at once. 0: as many as "
	            "there are processors; more would only slow each other down." },
	{ "workers", "max_requests", CONF_INTEGER, AT(workers.max_requests), .standard = "0",
	    RANGE(0, 1000000000),
	    .help = "A worker is replaced after so many requests. 0: never." },

	{ "token", "algorithm", CONF_WORD, AT(token.algorithm), .standard = "HS256",
	    .words = algorithms,
	    .help = "How access tokens are signed: the kind of the keys that affo-userctl makes. "
	            "All but HS256 need key_dir." },
	{ "token", "access_lifetime", CONF_DURATION, AT(token.access_lifetime_ms),
	    .standard = "15m", RANGE(SECOND, DAY),
	    .help = "How long an access token opens routes." },
	{ "token", "refresh_lifetime", CONF_DURATION, AT(token.refresh_lifetime_ms),
	    .standard = "30d", RANGE(MINUTE, 400 * DAY),
	    .help = "How long a login can be refreshed, counted from the login." },
	{ "token", "sessions_max", CONF_INTEGER, AT(token.sessions_max), .standard = "20",
	    RANGE(1, CONF_SESSIONS_MAX),
	    .help = "Logins that a user may have at once; one more ends the one that was idle "
	            "longest." },
	{ "token", "key_file", CONF_KEY_FILE, AT(token.key_file),
	    .standard = SYSCONFDIR "/affo-user/token.key", RANGE(1, PATH_LENGTH_MAX),
	    .help = "File of the key that signs tokens: 32 bytes at least. Another key ends all "
	            "logins." },
	{ "token", "key_dir", CONF_PATH, AT(token.key_dir), RANGE(2, PATH_LENGTH_MAX),
	    .is_optional = true,
	    .help = "Directory of the keys that tokens are signed and checked with, one after the "
	            "other; affo-userctl key fills it. None: the key of key_file alone." },

	{ "cookie", "origins", CONF_LIST, AT(cookie.origins), RANGE(8, 300),
	    .check = conf_rule_origin,
	    .help = "The sites whose pages may log in by cookie and write by it, scheme, host and "
	            "port as browsers send them in Origin: [ \"https://example.com\" ]. None: "
	            "there are no cookies, and the Authorization header alone counts." },

	{ "password", "min", CONF_INTEGER, AT(password.min), .standard = "8", RANGE(1, 128),
	    .help = "The shortest password that can be set, in bytes." },
	{ "password", "memory", CONF_SIZE, AT(password.memory), .standard = "19m",
	    RANGE(8 * KIB, 1024 * (int64_t)MIB),
	    .help = "Memory that hashing a password takes (Argon2id). Stored hashes are made anew "
	            "at the next login." },
	{ "password", "passes", CONF_INTEGER, AT(password.passes), .standard = "2", RANGE(1, 16),
	    .help = "Passes over that memory." },

	{ "reset", "url_prefixes", CONF_LIST, AT(reset.url_prefixes), RANGE(9, 1024),
	    .check = conf_rule_url_prefix,
	    .help = "What the url_template of a password reset may begin with: scheme, host and at "
	            "least a slash, https://example.com/. None: only the bare {token} is taken." },
	{ "reset", "lifetime", CONF_DURATION, AT(reset.lifetime_ms), .standard = "1h",
	    RANGE(MINUTE, DAY), .help = "How long the link of a password reset works." },
	{ "reset", "sender", CONF_TEXT, AT(reset.sender), .standard = "no-reply@localhost",
	    RANGE(3, 320), .check = conf_rule_mail_sender,
	    .help = "From of the mail: an address, or \"Name <address>\"." },
	{ "reset", "subject", CONF_TEXT, AT(reset.subject), RANGE(1, 200), .is_optional = true,
	    .help = "Subject of the mail, the same in all languages. None: the template's." },

	{ "verification", "code_length", CONF_INTEGER, AT(verification.code_length),
	    .standard = "6", RANGE(4, 10), .help = "Digits of a code." },
	{ "verification", "lifetime", CONF_DURATION, AT(verification.lifetime_ms),
	    .standard = "10m", RANGE(MINUTE, DAY), .help = "How long a code works." },
	{ "verification", "key_file", CONF_KEY_FILE, AT(verification.key_file),
	    .standard = SYSCONFDIR "/affo-user/verification.key", RANGE(1, PATH_LENGTH_MAX),
	    .help = "File of the key that codes are derived from: 32 bytes at least." },
	{ "verification", "test_recipients", CONF_LIST, AT(verification.test_recipients),
	    RANGE(7, 32), .check = conf_rule_phone,
	    .help = "Phone numbers that get no message and whose code is test_code: for the tests "
	            "of client programs." },
	{ "verification", "test_code", CONF_TEXT, AT(verification.test_code), RANGE(4, 10),
	    .is_optional = true, .check = conf_rule_digits,
	    .help = "The code of the test_recipients." },
	{ "verification", "sender", CONF_TEXT, AT(verification.sender), .standard = "AFFO",
	    RANGE(1, 16),
	    .help = "Sender of the SMS, for gateways without a setting of their own." },
	{ "verification", "text", CONF_TEXT, AT(verification.text), RANGE(6, 480),
	    .is_optional = true, .check = conf_rule_code_text,
	    .help = "Text of the SMS, the same in all languages; {code} stands for the code. None: "
	            "the template's." },
	{ "verification", "bad_recipient_time", CONF_DURATION, AT(verification.bad_recipient_ms),
	    .standard = "1d", RANGE(0, 365 * DAY),
	    .help = "How long a number that a gateway called bad is remembered: whoever asks for a "
	            "code for it is told InvalidPhone. 0s: not at all." },

	{ "templates", "directory", CONF_PATH, AT(templates.directory), RANGE(2, PATH_LENGTH_MAX),
	    .is_optional = true,
	    .help = "Directory of message texts of your own, KIND.LANGUAGE.PART such as "
	            "password_reset.de.html; each goes over the one that is compiled in." },
	{ "templates", "language", CONF_TEXT, AT(templates.language), .standard = "en",
	    RANGE(2, 35), .check = conf_rule_language,
	    .help = "Language of messages to whoever wished none that there is." },

	{ "sms", "countries", CONF_LIST, AT(sms.countries), RANGE(2, 16),
	    .check = conf_rule_phone_prefix,
	    .help = "Where SMS may go: how the numbers begin, [ \"+49\", \"+43\" ]. A number from "
	            "elsewhere gets none, and whoever asked gets the same answer. Gateways for SMS "
	            "other than file and affo want this list." },
	{ "sms", "per_number", CONF_INTEGER, AT(sms.per_number), .standard = "10",
	    RANGE(1, 1000000), .help = "SMS to a number in a day (UTC)." },
	{ "sms", "per_account", CONF_INTEGER, AT(sms.per_account), .standard = "10",
	    RANGE(1, 1000000), .help = "SMS in a day to the numbers that one account has had." },
	{ "sms", "per_address", CONF_INTEGER, AT(sms.per_address), .standard = "50",
	    RANGE(1, 1000000), .help = "SMS that an address (IPv6: its /64) asks for in a day." },
	{ "sms", "per_prefix", CONF_INTEGER, AT(sms.per_prefix), .standard = "300",
	    RANGE(1, 10000000),
	    .help = "SMS in a day to all numbers with the same first four digits: what somebody "
	            "who is paid for traffic to a network would use." },
	{ "sms", "per_day", CONF_INTEGER, AT(sms.per_day), .standard = "1000", RANGE(1, 10000000),
	    .help = "SMS in a day in all: the budget." },

	{ "outbox", "key_file", CONF_KEY_FILE, AT(outbox.key_file),
	    .standard = SYSCONFDIR "/affo-user/outbox.key", RANGE(1, PATH_LENGTH_MAX),
	    .help = "File of the secret key that opens queued messages; read by affo-userd-queue "
	            "alone." },
	{ "outbox", "public_key_file", CONF_KEY_FILE, AT(outbox.public_key_file),
	    .standard = SYSCONFDIR "/affo-user/outbox.pub", RANGE(1, PATH_LENGTH_MAX),
	    .help = "File of the public key that the workers seal messages with." },

	{ "limits", "login_account", CONF_LIMIT, AT(limits.login_account), .standard = "10/15m",
	    RANGE(1, 1000000), .help = "Failed logins of an account." },
	{ "limits", "login_address", CONF_LIMIT, AT(limits.login_address), .standard = "50/15m",
	    RANGE(1, 1000000), .help = "Failed logins from an address (IPv6: from its /64)." },
	{ "limits", "register_address", CONF_LIMIT, AT(limits.register_address),
	    .standard = "60/1h", RANGE(1, 1000000), .help = "Registrations from an address." },
	{ "limits", "recipient", CONF_LIMIT, AT(limits.recipient), .standard = "5/1h",
	    RANGE(1, 1000000), .help = "Mails and SMS to a recipient." },
	{ "limits", "send_address", CONF_LIMIT, AT(limits.send_address), .standard = "30/1h",
	    RANGE(1, 1000000), .help = "Mails and SMS that an address asks for." },
};
const size_t conf_table_n = sizeof(conf_table) / sizeof(conf_table[0]);

const char *
conf_type_name(enum conf_type type)
{
	static const char *const names[CONF_TYPE__MAX] = {
		[CONF_INTEGER] = "number",
		[CONF_SIZE] = "size",
		[CONF_DURATION] = "duration",
		[CONF_LIMIT] = "limit",
		[CONF_TEXT] = "text",
		[CONF_WORD] = "word",
		[CONF_CHOICE] = "word",
		[CONF_PATH] = "path",
		[CONF_KEY_FILE] = "key file",
		[CONF_LIST] = "list of texts",
	};

	return names[type];
}

void
conf_row_name(const struct conf_row *row, struct buf *ret)
{
	buf_printf(ret, "%s%s%s", row->group == NULL ? "" : row->group,
	    row->group == NULL ? "" : ".", row->name);
}

const struct conf_row *
conf_row_find(struct str group, struct str name)
{
	for (size_t i = 0; i < conf_table_n; i++)
		if (str_equal(str_from(conf_table[i].group), group) &&
		    str_equal(str_from(conf_table[i].name), name))
			return &conf_table[i];
	return NULL;
}

void *
conf_row_at(struct conf *conf, const struct conf_row *row)
{
	return (char *)conf + row->offset;
}

const void *
conf_row_in(const struct conf *conf, const struct conf_row *row)
{
	return (const char *)conf + row->offset;
}

bool
conf_row_standard(const struct conf_row *row, const char *run_dir, struct buf *ret)
{
	if (row->in_run_dir != NULL)
		buf_printf(ret, "%s/%s", run_dir, row->in_run_dir);
	else if (row->standard != NULL)
		buf_add(ret, str_from(row->standard));
	else
		return false;
	return true;
}
