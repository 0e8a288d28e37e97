#include "base/conf_gateway.h"

#include <string.h>

#define SMS [CHANNEL_SMS] = true
#define EMAIL [CHANNEL_EMAIL] = true

const struct conf_gateway_kind conf_gateway_kinds[] = {
	{ "file", { SMS, EMAIL },
	    "Writes each message into a file of a directory. For tests, and for programs that "
	    "fetch them." },
	{ "affo", { SMS, EMAIL }, "An AFFO SMS service or AFFO e-mail service." },
	{ "twilio", { SMS }, "SMS through Twilio." },
	{ "clickatell", { SMS }, "SMS through Clickatell." },
	{ "vonage", { SMS }, "SMS through Vonage (Nexmo)." },
	{ "kannel", { SMS }, "SMS through the smsbox of Kannel." },
	{ "http", { SMS, EMAIL },
	    "Any service that takes a message in one HTTP request. In body, url and headers stand "
	    "{to}, {from}, {subject}, {text} and {id} for the message's parts." },
	{ "smtp", { EMAIL }, "Mail through an SMTP server." },
	{ "sendmail", { EMAIL }, "Mail through the sendmail program of this machine." },
};
const size_t conf_gateway_kinds_n = sizeof(conf_gateway_kinds) / sizeof(conf_gateway_kinds[0]);

static const char *const clickatell_apis[] = { "v1", "legacy", NULL };
static const char *const smtp_tls[] = { "starttls", "tls", "none", NULL };
static const char *const http_methods[] = { "POST", "PUT", "GET", NULL };

#define TEXT CONF_GATEWAY_TEXT
#define SECRET(name) name, .file_name = name "_file", .value = CONF_GATEWAY_SECRET
#define URL CONF_GATEWAY_URL

const struct conf_gateway_row conf_gateway_rows[] = {
	{ "file", "directory", .value = CONF_GATEWAY_PATH, .is_required = true,
	    .example = "/var/spool/affo-user", .help = "Where the files are put." },

	{ "affo", "url", .value = URL, .is_required = true,
	    .example = "https://sms.example.com/api/v1.0/", .help = "The root of the service." },
	{ "affo", "from", .value = TEXT, .standard = "AFFO", .help = "SMS: the sender." },
	{ "affo", "service_id", .value = TEXT, .standard = "user-service",
	    .help = "SMS: what this service is called there." },

	{ "twilio", "account_sid", .value = TEXT, .is_required = true,
	    .example = "AC0123456789abcdef", .help = "The account." },
	{ "twilio", SECRET("auth_token"), .is_required = true, .example = "twilio.secret",
	    .help = "Its secret." },
	{ "twilio", "from", .value = TEXT, .instead = "messaging_service_sid",
	    .example = "+12025550123", .help = "The sender." },
	{ "twilio", "messaging_service_sid", .value = TEXT, .instead = "from",
	    .help = "The messaging service that chooses the sender." },
	{ "twilio", "url", .value = URL, .standard = "https://api.twilio.com",
	    .help = "The root of the service." },

	{ "clickatell", SECRET("api_key"), .is_required = true, .example = "clickatell.secret",
	    .help = "The key." },
	{ "clickatell", "api", .value = CONF_GATEWAY_WORD, .standard = "v1",
	    .words = clickatell_apis,
	    .help = "The interface: v1 is One API, legacy the one of release 1.0.4." },
	{ "clickatell", "url", .value = URL, .standard = "https://platform.clickatell.com",
	    .help = "The root of the service." },

	{ "vonage", "api_key", .value = TEXT, .is_required = true, .example = "0123abcd",
	    .help = "The account." },
	{ "vonage", SECRET("api_secret"), .is_required = true, .example = "vonage.secret",
	    .help = "Its secret." },
	{ "vonage", "from", .value = TEXT, .is_required = true, .example = "AFFO",
	    .help = "The sender." },
	{ "vonage", "url", .value = URL, .standard = "https://rest.nexmo.com",
	    .help = "The root of the service." },

	{ "kannel", "url", .value = URL, .standard = "http://127.0.0.1:13013/cgi-bin/sendsms",
	    .help = "The sendsms of the smsbox." },
	{ "kannel", "username", .value = TEXT, .is_required = true, .example = "affo",
	    .help = "The sendsms-user." },
	{ "kannel", SECRET("password"), .is_required = true, .example = "kannel.secret",
	    .help = "Its password." },
	{ "kannel", "from", .value = TEXT, .example = "12345", .help = "The sender." },

	{ "http", "url", .value = URL, .is_required = true,
	    .example = "https://sms.example.com/send", .help = "Where the request goes." },
	{ "http", "method", .value = CONF_GATEWAY_WORD, .standard = "POST", .words = http_methods,
	    .help = "Its method." },
	{ "http", "headers", .value = CONF_GATEWAY_LIST, .help = "Headers, each \"Name: value\"." },
	{ "http", "body", .value = TEXT, .example = "{\"to\":\"{to}\",\"text\":\"{text}\"}",
	    .help = "The body; the message's parts are escaped as content_type asks for." },
	{ "http", "content_type", .value = TEXT, .standard = "application/json",
	    .help = "The body's type: application/json, application/x-www-form-urlencoded or "
	            "text/plain." },
	{ "http", "success", .value = TEXT,
	    .help = "Text that the answer must contain. None: any status 2xx will do." },
	{ "http", "bad_recipient", .value = TEXT,
	    .help = "Text that says, in an answer, that the recipient is bad." },
	{ "http", SECRET("secret"),
	    .help = "Signs the request as Standard Webhooks does: \"whsec_\" and base64, or any "
	            "text." },

	{ "smtp", "host", .value = TEXT, .is_required = true, .example = "mail.example.com",
	    .help = "The server." },
	{ "smtp", "port", .value = CONF_GATEWAY_PORT,
	    .help = "Its port. None: 465 with tls, 587 with starttls, 25 without." },
	{ "smtp", "tls", .value = CONF_GATEWAY_WORD, .standard = "starttls", .words = smtp_tls,
	    .help = "starttls and tls need a valid certificate; none is for this machine only." },
	{ "smtp", "ca_file", .value = CONF_GATEWAY_PATH,
	    .help = "Certificates (PEM) to trust instead of the system's." },
	{ "smtp", "user", .value = TEXT, .together = "password", .example = "affo",
	    .help = "The user to log in as. None: no login." },
	{ "smtp", SECRET("password"), .together = "user", .example = "smtp.secret",
	    .help = "The user's password." },
	{ "smtp", "from", .value = TEXT,
	    .help = "Envelope sender. None: the address in reset.sender." },

	{ "sendmail", "path", .value = CONF_GATEWAY_PATH, .standard = "/usr/sbin/sendmail",
	    .help = "The program." },
	{ "sendmail", "from", .value = TEXT,
	    .help = "Envelope sender. None: the address in reset.sender." },
};
const size_t conf_gateway_rows_n = sizeof(conf_gateway_rows) / sizeof(conf_gateway_rows[0]);

const char *
conf_gateway_type_name(enum conf_gateway_type type)
{
	static const char *const names[CONF_GATEWAY_TYPE__MAX] = {
		[CONF_GATEWAY_TEXT] = "text",
		[CONF_GATEWAY_URL] = "URL",
		[CONF_GATEWAY_PATH] = "path",
		[CONF_GATEWAY_PORT] = "number",
		[CONF_GATEWAY_WORD] = "word",
		[CONF_GATEWAY_SECRET] = "secret",
		[CONF_GATEWAY_LIST] = "list of texts",
	};

	return names[type];
}

const struct conf_gateway_kind *
conf_gateway_kind(struct str type)
{
	for (size_t i = 0; i < conf_gateway_kinds_n; i++)
		if (str_equal(str_from(conf_gateway_kinds[i].type), type))
			return &conf_gateway_kinds[i];
	return NULL;
}

const struct conf_gateway_row *
conf_gateway_row(const char *type, struct str name)
{
	for (size_t i = 0; i < conf_gateway_rows_n; i++) {
		const struct conf_gateway_row *row = &conf_gateway_rows[i];

		if (strcmp(row->type, type) == 0 &&
		    (str_equal(str_from(row->name), name) ||
		        (row->file_name != NULL && str_equal(str_from(row->file_name), name))))
			return row;
	}
	return NULL;
}

unsigned
conf_gateway_channels(const struct conf_gateway_kind *kind, enum channel *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CHANNEL__MAX; i++)
		if (kind->takes[i]) {
			*ret = (enum channel)i;
			n++;
		}
	return n;
}
