#include "gateway/http_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "gateway/transfer.h"

struct http_client {
	struct transfer transfer;
	struct buf head; /* of a probe's answer */
};

enum rc
http_client_new(struct http_client **ret)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return RC_SYSTEM;
	client->head = BUF_INIT(HTTP_CLIENT_HEAD_MAX);
	if (transfer_open(&client->transfer) != RC_OK) {
		http_client_free(client);
		return RC_SYSTEM;
	}
	*ret = client;
	return RC_OK;
}

void
http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	transfer_release(&client->transfer);
	buf_release(&client->head);
	free(client);
}

/* A byte that would end a header line, or that a peer may take for its end (RFC 9110, 5.5). */
static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
			return true;
	return false;
}

/* Adds "NAME: VALUE" to *list. RC_SYNTAX, RC_LIMIT, RC_SYSTEM. */
static enum rc
add_header(struct curl_slist **list, const char *name, struct str value)
{
	struct buf line = BUF_INIT(HTTP_CLIENT_HEADER_MAX);
	struct curl_slist *longer;
	enum rc rc = RC_OK;

	if (has_control(value))
		return RC_SYNTAX;
	/* libcurl's own syntax: "NAME;" sends an empty header, "NAME:" would leave it out. */
	if (value.len == 0)
		buf_printf(&line, "%s;", name);
	else
		buf_printf(&line, "%s: " STR_FMT, name, STR_ARG(value));
	if (!buf_ok(&line))
		rc = RC_LIMIT;
	else if ((longer = curl_slist_append(*list, buf_text(&line))) == NULL)
		rc = RC_SYSTEM;
	else
		*list = longer;
	buf_release(&line);
	return rc;
}

static enum rc
add_headers(struct curl_slist **list, const struct http_call *call)
{
	enum rc rc = RC_OK;

	/* Never wait for a 100 Continue. */
	if ((*list = curl_slist_append(NULL, "Expect:")) == NULL)
		return RC_SYSTEM;
	if (call->n_headers > HTTP_CLIENT_HEADERS_MAX)
		return RC_LIMIT;
	for (size_t i = 0; i < call->n_headers && rc == RC_OK; i++)
		if (call->headers[i].value.ptr != NULL)
			rc = add_header(list, call->headers[i].name, call->headers[i].value);
	return rc;
}

static enum rc
set_credentials(CURL *curl, const struct http_call *call)
{
	char *user = str_dup(call->user), *password = str_dup(call->password);
	enum rc rc = RC_SYSTEM;

	if (user != NULL && password != NULL &&
	    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_USERNAME, user) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PASSWORD, password) == CURLE_OK)
		rc = RC_OK;
	free(user);
	if (password != NULL)
		explicit_bzero(password, call->password.len);
	free(password);
	return rc;
}

/* The body stays the caller's: libcurl reads it during the transfer. */
static enum rc
set_options(CURL *curl, const struct http_call *call, struct curl_slist *headers)
{
	if (call->body.ptr == NULL) {
		if (curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) != CURLE_OK)
			return RC_SYSTEM;
	} else if (curl_easy_setopt(curl, CURLOPT_POST, 1L) != CURLE_OK ||
	           curl_easy_setopt(
	               curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len) != CURLE_OK ||
	           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.ptr) != CURLE_OK) {
		return RC_SYSTEM;
	}
	if (curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK)
		return RC_SYSTEM;
	return call->user.ptr == NULL ? RC_OK : set_credentials(curl, call);
}

/* Takes one line of the answer's head: a status line begins a new one. What is over the maximum is
 * left out. */
static size_t
keep_line(char *bytes, size_t size, size_t n, void *context)
{
	struct buf *head = context;
	struct str line = { bytes, size * n };

	if (str_starts(line, STR("HTTP/")))
		buf_reset(head);
	else if (head->len + line.len <= head->max)
		buf_add(head, line);
	return size * n;
}

static enum rc
set_tls(CURL *curl, enum http_tls tls)
{
	static const long versions[] = {
		[HTTP_TLS_ANY] = CURL_SSLVERSION_DEFAULT,
		[HTTP_TLS_1_0] = CURL_SSLVERSION_TLSv1_0 | CURL_SSLVERSION_MAX_TLSv1_0,
		[HTTP_TLS_1_1] = CURL_SSLVERSION_TLSv1_1 | CURL_SSLVERSION_MAX_TLSv1_1,
		[HTTP_TLS_1_2] = CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2,
		[HTTP_TLS_1_3] = CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_3,
	};

	if (tls == HTTP_TLS_ANY)
		return RC_OK;
	/* OpenSSL 3 offers nothing of the old versions by itself: their signatures are too weak. */
	if (tls < HTTP_TLS_1_2 &&
	    curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "DEFAULT@SECLEVEL=0") != CURLE_OK)
		return RC_SYSTEM;
	if (curl_easy_setopt(curl, CURLOPT_SSLVERSION, versions[tls]) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) != CURLE_OK)
		return RC_SYSTEM;
	return RC_OK;
}

static enum rc
set_probe(struct http_client *client, const struct http_call *call)
{
	const struct http_probe *probe = call->probe;
	CURL *curl = client->transfer.curl;
	long is_head = strcmp(call->method, "HEAD") == 0;

	if (curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_NOBODY, is_head) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_line) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &client->head) != CURLE_OK ||
	    (probe->ca_file != NULL &&
	        curl_easy_setopt(curl, CURLOPT_CAINFO, probe->ca_file) != CURLE_OK) ||
	    (probe->is_insecure &&
	        (curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L) != CURLE_OK ||
	            curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L) != CURLE_OK)))
		return RC_SYSTEM;
	return set_tls(curl, probe->tls);
}

struct str
http_client_header(const struct http_reply *reply, struct str name)
{
	struct str rest = reply->head, line, field;

	while (str_cut(&rest, '\n', &line))
		if (str_cut(&line, ':', &field) && line.ptr != NULL &&
		    str_equal_nocase(field, name)) {
			if (str_ends(line, STR("\r")))
				line.len--;
			return str_trim(line);
		}
	return STR_NULL;
}

enum rc
http_client_call(struct http_client *client, const struct http_call *call,
    struct http_reply *ret_reply, struct delivery *ret)
{
	struct transfer *transfer = &client->transfer;
	struct curl_slist *headers = NULL;
	enum rc rc;

	if ((rc = add_headers(&headers, call)) != RC_OK)
		goto out;
	rc = transfer_begin(transfer, call->url, "http,https", call->timeout_ms);
	if (rc == RC_OK)
		rc = set_options(transfer->curl, call, headers);
	buf_reset(&client->head);
	if (rc == RC_OK && call->probe != NULL)
		rc = set_probe(client, call);
	if (rc != RC_OK)
		goto out;
	rc = transfer_perform(transfer, &ret_reply->status, ret);
	ret_reply->body = buf_str(&transfer->reply);
	ret_reply->head = buf_str(&client->head);
	/* The list and the body go away now: the handle must not point at them. */
	(void)curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDS, NULL);
out:
	curl_slist_free_all(headers);
	if (rc == RC_SYNTAX || rc == RC_LIMIT)
		gateway_result(ret, DELIVERY_PERMANENT, "a header of the call is %s",
		    rc == RC_LIMIT ? "too long, or one too many"
		                   : "not allowed: it holds a control character");
	else if (rc == RC_SYSTEM)
		gateway_result(ret, DELIVERY_LATER, "out of memory for the call");
	return rc == RC_OK ? RC_OK : RC_UNAVAILABLE;
}

void
http_client_failed(const struct http_reply *reply, struct delivery *ret)
{
	static const long configuration[] = { 401, 403, 404, 405, 407, 410 };
	enum delivery_result result = DELIVERY_LATER;

	if (reply->status >= 300 && reply->status <= 399)
		result = DELIVERY_MISCONFIGURED;
	for (size_t i = 0; i < sizeof(configuration) / sizeof(configuration[0]); i++)
		if (reply->status == configuration[i])
			result = DELIVERY_MISCONFIGURED;
	gateway_result(ret, result, "unexpected answer with status %ld", reply->status);
}

bool
http_client_is_url(const char *text)
{
	static const CURLUPart unwanted[] = { CURLUPART_USER, CURLUPART_PASSWORD,
		CURLUPART_FRAGMENT };
	CURLU *url = NULL;
	char *part = NULL;
	bool ok = false;

	if (strlen(text) > HTTP_CLIENT_URL_MAX || (url = curl_url()) == NULL ||
	    curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &part, 0) != CURLUE_OK)
		goto out;
	ok = strcmp(part, "http") == 0 || strcmp(part, "https") == 0;
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]) && ok; i++) {
		curl_free(part);
		part = NULL;
		ok = curl_url_get(url, unwanted[i], &part, 0) != CURLUE_OK;
	}
out:
	curl_free(part);
	curl_url_cleanup(url);
	return ok;
}
