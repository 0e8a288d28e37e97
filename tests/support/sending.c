#include "support/sending.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

const struct letter sending_sms = {
	.id = { "MDEyMzQ1Njc4OWFiY2RlZg", 22 },
	.kind = MESSAGE_PHONE_CODE,
	.channel = CHANNEL_SMS,
	.recipient = { "+17775550100", 12 },
	.sender = { "AFFO", 4 },
	.text = { "Your security code is: 8787", 27 },
	.created_at = 1795350672345,
};

const struct letter sending_mail = {
	.id = { "MDEyMzQ1Njc4OWFiY2RlZg", 22 },
	.kind = MESSAGE_PASSWORD_RESET,
	.channel = CHANNEL_EMAIL,
	.recipient = { "u@example.com", 13 },
	.sender = { "AFFO <no-reply@example.com>", 27 },
	.subject = { "Password reset required", 23 },
	.text = { "Hello\n.\nhttps://example.com/?t=abc\n", 35 },
	.created_at = 1795350672345,
	.url = { "https://example.com/?t=abc", 26 },
};

/* A gateway's configuration, to be released. */
static struct conf_gateway
make_conf(const char *type, enum channel channel, const struct sending_setting *settings)
{
	struct conf_gateway conf = {
		.name = (char[]){ "one" }, .type = type, .channel = channel, .enabled = true
	};

	conf.name = str_dup(STR("one"));
	conf.settings = calloc(SENDING_SETTINGS_MAX, sizeof(conf.settings[0]));
	ck_assert(conf.name != NULL && conf.settings != NULL);
	for (; settings->name != NULL; settings++) {
		if (settings->value == NULL)
			continue;
		ck_assert_uint_lt(conf.n_settings, SENDING_SETTINGS_MAX);
		conf.settings[conf.n_settings].name = settings->name;
		conf.settings[conf.n_settings].value = str_dup(str_from(settings->value));
		ck_assert_ptr_nonnull(conf.settings[conf.n_settings].value);
		conf.n_settings++;
	}
	return conf;
}

static void
release_conf(struct conf_gateway *conf)
{
	for (size_t i = 0; i < conf->n_settings; i++)
		free(conf->settings[i].value);
	free(conf->settings);
	free(conf->name);
}

struct delivery
sending_try(const char *type, const struct sending_setting *settings, const struct letter *letter,
    int64_t timeout_ms)
{
	struct conf_gateway conf = make_conf(type, letter->channel, settings);
	struct buf errors = BUF_INIT(1000);
	struct gateway *gateway = NULL;
	struct delivery delivery;
	enum rc rc = gateway_open(&conf, &gateway, &errors);

	ck_assert_msg(rc == RC_OK, "%s: %s", rc_name(rc), buf_text(&errors));
	gateway->timeout_ms = timeout_ms;
	gateway_send(gateway, letter, &delivery);
	gateway_close(gateway);
	buf_release(&errors);
	release_conf(&conf);
	return delivery;
}

struct delivery
sending_try_url(const char *type, const char *url, const struct sending_setting *settings,
    const struct letter *letter, int64_t timeout_ms)
{
	struct sending_setting with_url[SENDING_SETTINGS_MAX + 1] = { { "url", url } };

	for (size_t i = 0; settings[i].name != NULL; i++) {
		ck_assert_uint_lt(i + 2, SENDING_SETTINGS_MAX);
		with_url[i + 1] = settings[i];
	}
	return sending_try(type, with_url, letter, timeout_ms);
}

void
sending_assert_refused(const char *type, enum channel channel,
    const struct sending_setting *settings, const char *sentence)
{
	struct conf_gateway conf = make_conf(type, channel, settings);
	struct buf errors = BUF_INIT(1000);
	struct gateway *gateway = NULL;

	ck_assert_rc(gateway_open(&conf, &gateway, &errors), RC_CONFIG);
	ck_assert_ptr_null(gateway);
	ck_assert_msg(str_starts(buf_str(&errors), STR("gateway one: ")) &&
	                  str_contains(buf_str(&errors), str_from(sentence)),
	    "\"%s\" instead of \"%s\"", buf_text(&errors), sentence);
	buf_release(&errors);
	release_conf(&conf);
}

static void
assert_answer(const char *type, const struct sending_setting *settings, const struct letter *letter,
    const struct http_peer_answer *answer, int64_t timeout_ms, enum delivery_result expected)
{
	struct http_peer *peer =
	    answer == NULL ? http_peer_start_refusing() : http_peer_start(answer, 1);
	struct delivery delivery =
	    sending_try_url(type, http_peer_url(peer, "/"), settings, letter, timeout_ms);

	ck_assert_msg(delivery.result == expected, "answer %d %s: %s (%s) instead of %s",
	    answer == NULL ? -1 : answer->status,
	    answer == NULL || answer->body == NULL ? "" : answer->body,
	    delivery_result_name(delivery.result), delivery.detail, delivery_result_name(expected));
	ck_assert_msg(delivery.detail[0] != '\0' && strpbrk(delivery.detail, "\r\n") == NULL,
	    "no line for the log: \"%s\"", delivery.detail);
	/* Details are logged: nothing that the peer was told may be in them. */
	ck_assert_ptr_null(strstr(delivery.detail, "8787"));
	ck_assert_ptr_null(strstr(delivery.detail, "s3cret"));
	http_peer_stop(peer);
}

void
sending_assert_rows(const char *type, const struct sending_setting *settings,
    const struct letter *letter, const struct sending_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct http_peer_answer answer = { HTTP_PEER_ANSWER, rows[i].status, NULL,
			rows[i].body, 0 };

		assert_answer(type, settings, letter, &answer, SENDING_PATIENCE_MS, rows[i].result);
	}
}

void
sending_assert_failures(
    const char *type, const struct sending_setting *settings, const struct letter *letter)
{
	static const struct http_peer_answer later[] = {
		{ HTTP_PEER_CLOSE, 0, NULL, NULL, 0 },
		{ HTTP_PEER_RESET, 0, NULL, NULL, 0 },
		{ HTTP_PEER_ANSWER, 200, NULL, "", 10 << 20 },
		{ HTTP_PEER_ANSWER, 500, NULL, "<html>", 0 },
		{ HTTP_PEER_ANSWER, 503, NULL, NULL, 0 },
	};
	static const struct http_peer_answer silent[] = {
		{ HTTP_PEER_HANG, 0, NULL, NULL, 0 },
		{ HTTP_PEER_DRIP, 200, NULL, NULL, 0 },
	};
	static const struct http_peer_answer redirect = { HTTP_PEER_ANSWER, 302,
		"Location: /elsewhere\r\n", NULL, 0 };

	assert_answer(type, settings, letter, NULL, SENDING_PATIENCE_MS, DELIVERY_LATER);
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		assert_answer(
		    type, settings, letter, &later[i], SENDING_PATIENCE_MS, DELIVERY_LATER);
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		assert_answer(type, settings, letter, &silent[i], 300, DELIVERY_LATER);
	assert_answer(
	    type, settings, letter, &redirect, SENDING_PATIENCE_MS, DELIVERY_MISCONFIGURED);
}
