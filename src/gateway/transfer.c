#include "gateway/transfer.h"

#include "config.h"

/* Keeps at most GATEWAY_REPLY_MAX bytes; more ends the transfer with CURLE_WRITE_ERROR. */
static size_t
keep(char *bytes, size_t size, size_t n, void *context)
{
	struct buf *reply = context;

	buf_add_bytes(reply, bytes, size * n);
	return buf_ok(reply) ? size * n : 0;
}

enum rc
transfer_open(struct transfer *transfer)
{
	transfer->reply = BUF_INIT(GATEWAY_REPLY_MAX);
	transfer->curl = curl_easy_init();
	return transfer->curl == NULL ? RC_SYSTEM : RC_OK;
}

void
transfer_release(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->curl);
	transfer->curl = NULL;
	buf_release(&transfer->reply);
}

enum rc
transfer_begin(
    struct transfer *transfer, const char *url, const char *protocols, int64_t timeout_ms)
{
	CURL *curl = transfer->curl;
	int64_t connect_ms =
	    timeout_ms < GATEWAY_CONNECT_MAX_MS ? timeout_ms : GATEWAY_CONNECT_MAX_MS;

	curl_easy_reset(curl);
	buf_reset(&transfer->reply);
	transfer->error[0] = '\0';
	if (curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer->reply) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION) != CURLE_OK)
		return RC_SYSTEM;
	return RC_OK;
}

/* What no second attempt mends is a fault of the configuration; all else may pass. */
static enum delivery_result
classify(CURLcode code)
{
	static const CURLcode configuration[] = {
		CURLE_UNSUPPORTED_PROTOCOL, /* also: the peer speaks no HTTP */
		CURLE_URL_MALFORMAT,
		CURLE_NOT_BUILT_IN,
		CURLE_REMOTE_ACCESS_DENIED,
		CURLE_SSL_CERTPROBLEM,
		CURLE_SSL_CIPHER,
		CURLE_PEER_FAILED_VERIFICATION,
		CURLE_USE_SSL_FAILED,
		CURLE_LOGIN_DENIED,
		CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_ISSUER_ERROR,
	};

	for (size_t i = 0; i < sizeof(configuration) / sizeof(configuration[0]); i++)
		if (code == configuration[i])
			return DELIVERY_MISCONFIGURED;
	return DELIVERY_LATER;
}

enum rc
transfer_perform(struct transfer *transfer, long *ret_status, struct delivery *ret)
{
	CURLcode code = curl_easy_perform(transfer->curl);

	*ret_status = 0;
	(void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, ret_status);
	if (code == CURLE_OK)
		return RC_OK;
	if (!buf_ok(&transfer->reply))
		gateway_result(ret, DELIVERY_LATER, "answer over %d bytes, status %ld",
		    GATEWAY_REPLY_MAX, *ret_status);
	else
		gateway_result(ret, classify(code), "%s (curl error %d)",
		    transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code),
		    (int)code);
	return RC_UNAVAILABLE;
}
