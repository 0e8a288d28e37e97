/* One letter through a gateway of any kind, for the tests of the kinds. */
#ifndef AFFO_TESTS_SUPPORT_SENDING_H
#define AFFO_TESTS_SUPPORT_SENDING_H

#include "gateway/gateway.h"
#include "support/http_peer.h"

enum { SENDING_SETTINGS_MAX = 16, SENDING_PATIENCE_MS = 60000 };

/* Settings end with a NULL name. A value of NULL is left out. */
struct sending_setting {
	const char *name, *value;
};

/* A phone code to +17775550100, and a reset mail to u@example.com. */
extern const struct letter sending_sms, sending_mail;

/* What became of it. Fails the test when the gateway can't be opened. */
struct delivery sending_try(const char *type, const struct sending_setting *settings,
    const struct letter *letter, int64_t timeout_ms);
/* The same to a peer of that URL: "url" before the other settings. */
struct delivery sending_try_url(const char *type, const char *url,
    const struct sending_setting *settings, const struct letter *letter, int64_t timeout_ms);
/* Fails the test unless opening is refused with a sentence that has this text. */
void sending_assert_refused(const char *type, enum channel channel,
    const struct sending_setting *settings, const char *sentence);

struct sending_row {
	int status;
	const char *body;
	enum delivery_result result;
};

/* Each answer leads to its result. path: of the URL at the peer. */
void sending_assert_rows(const char *type, const struct sending_setting *settings,
    const struct letter *letter, const struct sending_row *rows, size_t n);
/* What all kinds that speak HTTP have in common: a peer that refuses, resets, hangs, drips,
 * redirects, floods, or answers 200 with garbage. */
void sending_assert_failures(
    const char *type, const struct sending_setting *settings, const struct letter *letter);

#endif
