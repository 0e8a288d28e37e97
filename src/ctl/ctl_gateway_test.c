/*
 * One letter through one gateway, past the outbox and the queue. The gateway works in the same
 * sandbox as in affo-userd-send: so what works here works there, and what it answers can't reach
 * more than there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/email.h"
#include "base/log.h"
#include "base/phone.h"
#include "base/proc.h"
#include "base/random.h"
#include "ctl/ctl_gateway.h"
#include "gateway/gateway.h"

enum { ERRORS_MAX = 4096, TEXT_MAX = 4096 };

/* Into ret, which is EMAIL_MAX + 1 bytes: a number in its normal form, an address as it is. */
static enum ctl_status
take_recipient(const struct conf_gateway *conf, const char *text, char *ret)
{
	struct buf key = BUF_INIT(4 * EMAIL_MAX);
	enum rc rc;

	if (conf->channel == CHANNEL_SMS) {
		rc = phone_normalize(str_from(text), ret);
	} else {
		rc = email_key(str_from(text), &key);
		if (rc == RC_OK)
			(void)snprintf(ret, EMAIL_MAX + 1, "%s", text);
	}
	buf_release(&key);
	if (rc == RC_OK)
		return CTL_OK;
	log_error("gateway %s sends %s: \"%.300s\" is no %s", conf->name,
	    channel_name(conf->channel), text,
	    conf->channel == CHANNEL_SMS ? "phone number" : "e-mail address");
	return CTL_FAILED;
}

/* With the secrets of its gateways, which only the service's user may read. */
static enum ctl_status
open_secrets(struct ctl *ctl)
{
	enum ctl_status status = ctl_become_owner(ctl);

	if (status != CTL_OK)
		return status;
	proc_harden();
	return ctl_open_conf(ctl, CONF_CHECK_GATEWAYS);
}

/* An AFFO mail service writes password resets only: it gets one whose link leads nowhere. */
static void
write_letter(const struct conf *conf, const struct conf_gateway *gateway, const char *id,
    const char *recipient, const char *text, struct letter *ret)
{
	bool is_affo_mail = gateway->channel == CHANNEL_EMAIL && strcmp(gateway->type, "affo") == 0;

	*ret = (struct letter){
		.id = str_from(id),
		.kind = is_affo_mail ? MESSAGE_PASSWORD_RESET : MESSAGE_ALERT,
		.channel = gateway->channel,
		.recipient = str_from(recipient),
		.sender = str_from(gateway->channel == CHANNEL_SMS ? conf->verification.sender
		                                                   : conf->reset.sender),
		.subject = STR("Test message"),
		.text = str_from(text),
		.created_at = clock_now_ms(),
		.url = STR("https://example.invalid/"),
	};
}

static enum ctl_status
send_letter(const struct conf *conf, const struct conf_gateway *conf_gateway, const char *recipient,
    struct delivery *ret, int64_t *ret_ms)
{
	struct buf errors = BUF_INIT(ERRORS_MAX);
	struct gateway *gateway = NULL;
	char id[RANDOM_ID_LEN + 1], text[160];
	struct letter letter;
	enum ctl_status status = CTL_FAILED;
	enum rc rc = gateway_open(conf_gateway, &gateway, &errors);

	if (rc == RC_CONFIG) {
		struct str sentence = buf_str(&errors);

		/* The first one, without its newline: what the queue would be told. */
		sentence.len = str_index(sentence, '\n');
		gateway_result(ret, DELIVERY_MISCONFIGURED, STR_FMT, STR_ARG(sentence));
		*ret_ms = 0;
		status = CTL_OK;
	}
	if (rc != RC_OK)
		goto out;
	random_id(id);
	(void)snprintf(
	    text, sizeof(text), "A test of gateway %s by an administrator.", conf_gateway->name);
	write_letter(conf, conf_gateway, id, recipient, text, &letter);
	if (gateway_enter_sandbox(gateway) != RC_OK)
		goto out;
	*ret_ms = clock_monotonic_ms();
	gateway_send(gateway, &letter, ret);
	*ret_ms = clock_monotonic_ms() - *ret_ms;
	status = CTL_OK;
out:
	gateway_close(gateway);
	buf_release(&errors);
	return status;
}

static enum ctl_status
print(const struct ctl *ctl, const struct conf_gateway *gateway, const char *recipient,
    struct delivery *delivery, int64_t ms)
{
	struct str result = str_from(delivery_result_name(delivery->result));
	struct buf text = BUF_INIT(TEXT_MAX);
	struct json_out out = json_out_to(&text);
	enum ctl_status status;

	/* A stranger's words: not into a terminal as they are. */
	for (char *at = delivery->detail; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			*at = '?';
	if (ctl->is_json) {
		json_out_object(&out, NULL);
		json_out_string(&out, "gateway", str_from(gateway->name));
		json_out_string(&out, "recipient", str_from(recipient));
		json_out_string(&out, "result", result);
		json_out_string(&out, "detail", str_from(delivery->detail));
		json_out_int(&out, "ms", ms);
		json_out_end(&out);
		buf_add_char(&text, '\n');
	} else {
		buf_printf(&text, STR_FMT "%s%s (%" PRId64 " ms)\n", STR_ARG(result),
		    delivery->detail[0] == '\0' ? "" : ": ", delivery->detail, ms);
	}
	status = ctl_print(&text);
	buf_release(&text);
	return status == CTL_OK && delivery->result != DELIVERY_OK ? CTL_FAILED : status;
}

enum ctl_status
ctl_gateway_test(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const struct conf_gateway *gateway;
	char recipient[EMAIL_MAX + 1];
	struct delivery delivery;
	enum ctl_status status;
	int64_t ms = 0;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind != 2)
		return ctl_usage(ctl);
	if ((status = open_secrets(ctl)) != CTL_OK)
		return status;
	if ((gateway = ctl_gateway_find(ctl, argv[optind])) == NULL)
		return CTL_FAILED;
	status = take_recipient(gateway, argv[optind + 1], recipient);
	if (status == CTL_OK)
		status = send_letter(ctl->conf, gateway, recipient, &delivery, &ms);
	return status == CTL_OK ? print(ctl, gateway, recipient, &delivery, ms) : status;
}
