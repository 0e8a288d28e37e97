/* send_one: reads {"type","channel","timeout_ms","settings":{...},"recipient","sender","subject",
 * "text"} from standard input, sends that letter from within the sandbox of its kind, and prints
 * "RESULT DETAIL". For tests that have a real peer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "gateway/gateway.h"

enum { SETTINGS_MAX = 16, INPUT_MAX = 1 << 20 };

static struct str
text_of(const struct json *doc, const char *name)
{
	const struct json *value = json_member(doc, name);

	return value == NULL || json_type(value) != JSON_STRING ? STR_NULL : json_string(value);
}

static int
send_one(const struct json *doc)
{
	struct conf_setting settings[SETTINGS_MAX];
	struct conf_gateway conf = { .name = (char[]){ "one" },
		.type = text_of(doc, "type").ptr,
		.channel =
		    str_equal(text_of(doc, "channel"), STR("email")) ? CHANNEL_EMAIL : CHANNEL_SMS,
		.enabled = true,
		.settings = settings };
	struct letter letter = { .id = STR("MDEyMzQ1Njc4OWFiY2RlZg"),
		.channel = conf.channel,
		.kind = conf.channel == CHANNEL_EMAIL ? MESSAGE_PASSWORD_RESET : MESSAGE_PHONE_CODE,
		.recipient = text_of(doc, "recipient"),
		.sender = text_of(doc, "sender"),
		.subject = text_of(doc, "subject"),
		.text = text_of(doc, "text"),
		.created_at = 1795350672345 };
	const struct json *member = json_first(json_member(doc, "settings"));
	struct buf errors = BUF_INIT(4096);
	struct gateway *gateway = NULL;
	struct delivery delivery;
	int status = 1;

	for (; member != NULL && conf.n_settings < SETTINGS_MAX; member = json_next(member)) {
		settings[conf.n_settings].name = json_name(member).ptr;
		settings[conf.n_settings].value = str_dup(json_string(member));
		conf.n_settings++;
	}
	if (gateway_open(&conf, &gateway, &errors) != RC_OK) {
		(void)printf("refused %s", buf_text(&errors));
		goto out;
	}
	if (json_int(json_member(doc, "timeout_ms"), &gateway->timeout_ms) != RC_OK ||
	    gateway_enter_sandbox(gateway) != RC_OK)
		goto out;
	gateway_send(gateway, &letter, &delivery);
	(void)printf("%s %s\n", delivery_result_name(delivery.result), delivery.detail);
	status = 0;
out:
	(void)fflush(stdout);
	gateway_close(gateway);
	for (size_t i = 0; i < conf.n_settings; i++)
		free(settings[i].value);
	buf_release(&errors);
	return status;
}

int
main(void)
{
	static char input[INPUT_MAX];
	size_t len = fread(input, 1, sizeof(input), stdin);
	struct json *doc = NULL;
	int status = 2;

	log_open("send_one");
	if (json_parse((struct str){ input, len }, &doc) == RC_OK)
		status = send_one(doc);
	json_free(doc);
	return status;
}
