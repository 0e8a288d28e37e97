/*
 * One libcurl transfer with the options that every kind shares: bounded in time and in what is
 * kept of the answer, no redirects, no proxy or credentials from the environment, TLS verified.
 * http_client builds on it; smtp sets its own options between begin and perform.
 */
#ifndef AFFO_GATEWAY_TRANSFER_H
#define AFFO_GATEWAY_TRANSFER_H

#include <curl/curl.h>

#include "gateway/gateway.h"

struct transfer {
	CURL *curl;
	struct buf reply; /* what the peer answered; refilled by each transfer */
	char error[CURL_ERROR_SIZE];
};

/* Zero-initialise. RC_SYSTEM: libcurl or memory. */
MUST_USE enum rc transfer_open(struct transfer *transfer);
void transfer_release(struct transfer *transfer); /* accepts what was never opened */
/* Forgets the last transfer's options and reply, keeps its connection, and sets the shared
 * options. url: with one of the schemes of `protocols` ("http,https"). RC_SYSTEM. */
MUST_USE enum rc transfer_begin(
    struct transfer *transfer, const char *url, const char *protocols, int64_t timeout_ms);
/* *ret_status: the last response code, 0 when there was none. RC_OK: the transfer was whole.
 * Else RC_UNAVAILABLE and *ret says why, later or misconfigured; where the protocol's own code
 * decides (SMTP), look at *ret_status first. */
MUST_USE enum rc transfer_perform(
    struct transfer *transfer, long *ret_status, struct delivery *ret);

#endif
