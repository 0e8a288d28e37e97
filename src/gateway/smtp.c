/*
 * An SMTP server. libcurl's error says only that a transfer failed; what it means is in the code
 * of the last answer and in the command that it was the answer to: the same 550 says "you may not
 * use this server" after MAIL, which another gateway may mend, and "no such mailbox" after RCPT.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/envelope.h"
#include "gateway/kinds.h"
#include "gateway/transfer.h"

enum { SMTP_URL_MAX = 512 };

struct smtp {
	struct transfer transfer;
	struct buf url;
	bool is_about_mail; /* RCPT or DATA was sent: what is refused then is the mail */
	struct str rest;    /* of the mail, not yet read by libcurl */
};

static bool
is_host(struct str host)
{
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    c != '-' && c != '.' && c != '_' && c != ':')
			return false;
	}
	return host.len > 0;
}

static void
smtp_free(struct smtp *smtp)
{
	if (smtp == NULL)
		return;
	transfer_release(&smtp->transfer);
	buf_release(&smtp->url);
	free(smtp);
}

static enum rc
smtp_open(struct gateway *gateway, struct buf *errors)
{
	struct str host = conf_gateway_get(gateway->conf, "host");
	struct str port = conf_gateway_get(gateway->conf, "port");
	struct str tls = conf_gateway_get(gateway->conf, "tls");
	bool is_tls = str_equal(tls, STR("tls")), is_plain = str_equal(tls, STR("none"));
	bool is_ipv6 = str_index(host, ':') < host.len;
	struct smtp *smtp;
	uint64_t number;
	enum rc rc;

	if (!is_host(host))
		return gateway_refuse(gateway, errors,
		    "host \"" STR_FMT "\" is no name or address of a server", STR_ARG(host));
	if (port.len == 0)
		port = is_tls ? STR("465") : is_plain ? STR("25") : STR("587");
	if (str_to_u64(port, 65535, &number) != RC_OK || number == 0)
		return gateway_refuse(
		    gateway, errors, "port \"" STR_FMT "\" is no port", STR_ARG(port));
	if ((rc = envelope_check(gateway, errors)) != RC_OK)
		return rc;
	if ((smtp = calloc(1, sizeof(*smtp))) == NULL)
		return RC_SYSTEM;
	smtp->url = BUF_INIT(SMTP_URL_MAX);
	buf_printf(&smtp->url, "%s://%s" STR_FMT "%s:" STR_FMT, is_tls ? "smtps" : "smtp",
	    is_ipv6 ? "[" : "", STR_ARG(host), is_ipv6 ? "]" : "", STR_ARG(port));
	if (!buf_ok(&smtp->url) || transfer_open(&smtp->transfer) != RC_OK) {
		smtp_free(smtp);
		return RC_SYSTEM;
	}
	gateway->state = smtp;
	return RC_OK;
}

static void
smtp_close(struct gateway *gateway)
{
	smtp_free(gateway->state);
}

/* Gives libcurl the next piece of the mail. */
static size_t
read_mail(char *to, size_t size, size_t n, void *context)
{
	struct smtp *smtp = context;
	size_t len = size * n < smtp->rest.len ? size * n : smtp->rest.len;

	memcpy(to, smtp->rest.ptr, len);
	smtp->rest = str_slice(smtp->rest, len, smtp->rest.len);
	return len;
}

/* Sees each command that libcurl sends; keeps nothing of it. */
static int
watch(CURL *curl, curl_infotype type, char *bytes, size_t len, void *context)
{
	struct smtp *smtp = context;
	struct str command = { bytes, len };

	(void)curl;
	if (type == CURLINFO_HEADER_OUT &&
	    (str_starts(command, STR("RCPT ")) || str_starts(command, STR("DATA"))))
		smtp->is_about_mail = true;
	return 0;
}

/* RC_SYSTEM. recipients is the caller's. */
static enum rc
set_options(struct smtp *smtp, const struct gateway *gateway, const struct envelope *envelope,
    struct curl_slist *recipients)
{
	struct str tls = conf_gateway_get(gateway->conf, "tls");
	struct str user = conf_gateway_get(gateway->conf, "user");
	struct str password = conf_gateway_get(gateway->conf, "password");
	struct str ca_file = conf_gateway_get(gateway->conf, "ca_file");
	long use_ssl = str_equal(tls, STR("none")) ? CURLUSESSL_NONE : CURLUSESSL_ALL;
	CURL *curl = smtp->transfer.curl;

	if (curl_easy_setopt(curl, CURLOPT_USE_SSL, use_ssl) != CURLE_OK ||
	    /* For libcurl greeting and login belong to the connection, and servers greet late on
	     * purpose: 6 s is usual. */
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)gateway->timeout_ms) !=
	        CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, buf_text(&envelope->from)) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)envelope->mail.len) !=
	        CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_mail) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_READDATA, smtp) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp) != CURLE_OK ||
	    /* Servers end idle connections, and that answer would be taken for the next mail's. */
	    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) != CURLE_OK)
		return RC_SYSTEM;
	if (ca_file.len > 0 && curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.ptr) != CURLE_OK)
		return RC_SYSTEM;
	if (user.len > 0 && (curl_easy_setopt(curl, CURLOPT_USERNAME, user.ptr) != CURLE_OK ||
	                        curl_easy_setopt(curl, CURLOPT_PASSWORD,
	                            password.len > 0 ? password.ptr : "") != CURLE_OK))
		return RC_SYSTEM;
	return RC_OK;
}

/* The answers that decide by themselves, whatever libcurl's own error is. */
static void
classify(const struct smtp *smtp, long status, struct delivery *ret)
{
	/* Authentication, and STARTTLS, wanted or refused. */
	static const long configuration[] = { 530, 534, 535, 538 };

	for (size_t i = 0; i < sizeof(configuration) / sizeof(configuration[0]); i++)
		if (status == configuration[i]) {
			gateway_result(ret, DELIVERY_MISCONFIGURED,
			    "status %ld: the server refuses the login, or wants one", status);
			return;
		}
	if (status >= 400 && status <= 499)
		gateway_result(ret, DELIVERY_LATER, "status %ld", status);
	else if (status >= 500 && status <= 599 && smtp->is_about_mail)
		gateway_result(
		    ret, DELIVERY_PERMANENT, "status %ld: the server refuses the mail", status);
	else if (status >= 500 && status <= 599)
		gateway_result(ret, DELIVERY_MISCONFIGURED,
		    "status %ld: the server refuses this machine, or the sender", status);
}

static void
smtp_send(struct gateway *gateway, const struct letter *letter, struct delivery *ret)
{
	struct smtp *smtp = gateway->state;
	struct curl_slist *recipients = NULL;
	struct envelope envelope;
	long status = 0;
	enum rc rc;

	if (envelope_make(gateway, letter, &envelope, ret) != RC_OK)
		goto out;
	smtp->is_about_mail = false;
	smtp->rest = buf_str(&envelope.mail);
	recipients = curl_slist_append(NULL, buf_text(&envelope.to));
	rc = recipients == NULL ? RC_SYSTEM
	                        : transfer_begin(&smtp->transfer, buf_text(&smtp->url),
	                              "smtp,smtps", gateway->timeout_ms);
	if (rc == RC_OK)
		rc = set_options(smtp, gateway, &envelope, recipients);
	if (rc != RC_OK) {
		gateway_result(ret, DELIVERY_LATER, "out of memory for the mail");
		goto out;
	}
	if (transfer_perform(&smtp->transfer, &status, ret) == RC_OK)
		gateway_result(ret, DELIVERY_OK, "status %ld", status);
	else
		classify(smtp, status, ret);
	/* These go away now: the handle must not point at them. */
	(void)curl_easy_setopt(smtp->transfer.curl, CURLOPT_MAIL_RCPT, NULL);
	(void)curl_easy_setopt(smtp->transfer.curl, CURLOPT_READDATA, NULL);
out:
	smtp->rest = STR_NULL;
	curl_slist_free_all(recipients);
	envelope_release(&envelope);
}

const struct gateway_kind smtp_gateway = {
	.type = "smtp",
	.channels = GATEWAY_EMAIL,
	.needs = GATEWAY_NEEDS_NETWORK,
	.open = smtp_open,
	.send = smtp_send,
	.close = smtp_close,
};
