#include "deliver/frame.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MAX_MS = 600000 };

void
frame_add_settings(struct buf *to, const struct conf_gateway *gateway, int64_t timeout_ms)
{
	struct json_out out = json_out_to(to);

	json_out_object(&out, NULL);
	json_out_string(&out, "name", str_from(gateway->name));
	json_out_string(&out, "type", str_from(gateway->type));
	json_out_string(&out, "channel", str_from(channel_name(gateway->channel)));
	json_out_int(&out, "timeout_ms", timeout_ms);
	json_out_object(&out, "settings");
	for (size_t i = 0; i < gateway->n_settings; i++)
		json_out_string(
		    &out, gateway->settings[i].name, str_from(gateway->settings[i].value));
	json_out_end(&out);
	json_out_end(&out);
}

/* A member that is a string; absent when it isn't there, or null. RC_SYNTAX: of another type. */
static enum rc
get_string(const struct json *object, const char *name, struct str *ret)
{
	const struct json *value = json_member(object, name);

	*ret = STR_NULL;
	if (value == NULL || json_type(value) == JSON_NULL)
		return RC_OK;
	if (json_type(value) != JSON_STRING)
		return RC_SYNTAX;
	*ret = json_string(value);
	return RC_OK;
}

/* The position of a name in a table that name_of gives; RC_SYNTAX when it has none. */
static enum rc
get_word(const struct json *object, const char *name, const char *(*name_of)(unsigned), unsigned n,
    unsigned *ret)
{
	struct str word;

	if (get_string(object, name, &word) != RC_OK)
		return RC_SYNTAX;
	for (unsigned i = 0; i < n; i++)
		if (str_equal(word, str_from(name_of(i)))) {
			*ret = i;
			return RC_OK;
		}
	return RC_SYNTAX;
}

static const char *
channel_of(unsigned i)
{
	return channel_name((enum channel)i);
}

static const char *
kind_of(unsigned i)
{
	return message_kind_name((enum message_kind)i);
}

static const char *
result_of(unsigned i)
{
	return delivery_result_name((enum delivery_result)i);
}

static enum rc
read_values(const struct json *object, struct conf_gateway *ret)
{
	size_t n = json_count(object);

	if (n == 0)
		return RC_OK;
	if ((ret->settings = calloc(n, sizeof(ret->settings[0]))) == NULL)
		return RC_SYSTEM;
	for (const struct json *one = json_first(object); one != NULL; one = json_next(one)) {
		struct conf_setting *setting = &ret->settings[ret->n_settings++];

		if (json_type(one) != JSON_STRING)
			return RC_SYNTAX;
		setting->name = str_dup(json_name(one));
		setting->value = str_dup(json_string(one));
		if (setting->name == NULL || setting->value == NULL)
			return RC_SYSTEM;
	}
	return RC_OK;
}

enum rc
frame_read_settings(struct str text, struct frame_settings *ret)
{
	struct frame_settings settings = { 0 };
	const struct json *values, *timeout;
	struct str name, type;
	struct json *doc;
	unsigned channel;
	enum rc rc;

	if ((rc = json_parse(text, &doc)) != RC_OK)
		return rc;
	rc = RC_SYNTAX;
	values = json_member(doc, "settings");
	timeout = json_member(doc, "timeout_ms");
	if (get_string(doc, "name", &name) != RC_OK || name.ptr == NULL ||
	    get_string(doc, "type", &type) != RC_OK || type.ptr == NULL ||
	    get_word(doc, "channel", channel_of, CHANNEL__MAX, &channel) != RC_OK ||
	    values == NULL || json_type(values) != JSON_OBJECT || timeout == NULL ||
	    json_type(timeout) != JSON_NUMBER || json_int(timeout, &settings.timeout_ms) != RC_OK ||
	    settings.timeout_ms < 1 || settings.timeout_ms > TIMEOUT_MAX_MS)
		goto out;
	settings.gateway.name = str_dup(name);
	settings.gateway.type = str_dup(type);
	settings.gateway.channel = (enum channel)channel;
	settings.gateway.enabled = true;
	if (settings.gateway.name == NULL || settings.gateway.type == NULL)
		rc = RC_SYSTEM;
	else
		rc = read_values(values, &settings.gateway);
	if (rc == RC_OK) {
		*ret = settings;
		settings = (struct frame_settings){ 0 };
	}
out:
	frame_settings_release(&settings);
	json_free(doc);
	return rc;
}

/* What conf.h holds as const was duplicated here. */
static void
free_text(const char *text)
{
	union {
		const char *in;
		char *out;
	} same = { text };

	if (text != NULL)
		sodium_memzero(same.out, strlen(text));
	free(same.out);
}

void
frame_settings_release(struct frame_settings *settings)
{
	struct conf_gateway *gateway = &settings->gateway;

	for (size_t i = 0; i < gateway->n_settings; i++) {
		free_text(gateway->settings[i].name);
		free_text(gateway->settings[i].value);
	}
	free(gateway->settings);
	free_text(gateway->name);
	free_text(gateway->type);
	*settings = (struct frame_settings){ 0 };
}

void
frame_add_letter(struct buf *to, const struct letter *letter)
{
	struct json_out out = json_out_to(to);

	json_out_object(&out, NULL);
	json_out_string(&out, "id", letter->id);
	json_out_string(&out, "kind", str_from(message_kind_name(letter->kind)));
	json_out_string(&out, "channel", str_from(channel_name(letter->channel)));
	json_out_string(&out, "recipient", letter->recipient);
	json_out_string(&out, "sender", letter->sender);
	json_out_string(&out, "subject", letter->subject);
	json_out_string(&out, "text", letter->text);
	json_out_string(&out, "html", letter->html);
	json_out_bool(&out, "is_resend", letter->is_resend);
	json_out_int(&out, "created_at", letter->created_at);
	json_out_string(&out, "first_name", letter->first_name);
	json_out_string(&out, "url", letter->url);
	json_out_end(&out);
}

enum rc
frame_read_letter(struct str text, struct json **ret_doc, struct letter *ret)
{
	const struct json *is_resend, *created_at;
	struct letter letter = { 0 };
	unsigned kind, channel;
	struct json *doc;
	enum rc rc;

	if ((rc = json_parse(text, &doc)) != RC_OK)
		return rc;
	is_resend = json_member(doc, "is_resend");
	created_at = json_member(doc, "created_at");
	if (get_string(doc, "id", &letter.id) != RC_OK || letter.id.ptr == NULL ||
	    get_word(doc, "kind", kind_of, MESSAGE_KIND__MAX, &kind) != RC_OK ||
	    get_word(doc, "channel", channel_of, CHANNEL__MAX, &channel) != RC_OK ||
	    get_string(doc, "recipient", &letter.recipient) != RC_OK ||
	    letter.recipient.ptr == NULL || get_string(doc, "sender", &letter.sender) != RC_OK ||
	    get_string(doc, "subject", &letter.subject) != RC_OK ||
	    get_string(doc, "text", &letter.text) != RC_OK ||
	    get_string(doc, "html", &letter.html) != RC_OK ||
	    get_string(doc, "first_name", &letter.first_name) != RC_OK ||
	    get_string(doc, "url", &letter.url) != RC_OK || is_resend == NULL ||
	    json_type(is_resend) != JSON_BOOL || created_at == NULL ||
	    json_type(created_at) != JSON_NUMBER ||
	    json_int(created_at, &letter.created_at) != RC_OK) {
		json_free(doc);
		return RC_SYNTAX;
	}
	letter.kind = (enum message_kind)kind;
	letter.channel = (enum channel)channel;
	letter.is_resend = json_bool(is_resend);
	*ret_doc = doc;
	*ret = letter;
	return RC_OK;
}

void
frame_add_result(struct buf *to, struct str id, const struct delivery *delivery)
{
	struct json_out out = json_out_to(to);
	char detail[DELIVERY_DETAIL_MAX + 1];
	size_t len = strnlen(delivery->detail, DELIVERY_DETAIL_MAX);

	/* It may repeat what a provider said, cut anywhere. */
	for (size_t i = 0; i < len; i++)
		detail[i] =
		    (char)((unsigned char)delivery->detail[i] < 0x80 ? delivery->detail[i] : '?');
	json_out_object(&out, NULL);
	json_out_string(&out, "id", id);
	json_out_string(&out, "result", str_from(delivery_result_name(delivery->result)));
	json_out_string(&out, "detail", (struct str){ detail, len });
	json_out_end(&out);
}

enum rc
frame_read_result(struct str text, struct str id, struct delivery *ret)
{
	struct str its_id, detail;
	enum rc rc = RC_SYNTAX;
	struct json *doc;
	unsigned result;

	if (json_parse(text, &doc) != RC_OK)
		return RC_SYNTAX;
	if (get_string(doc, "id", &its_id) == RC_OK && str_equal(its_id, id) &&
	    get_word(doc, "result", result_of, DELIVERY__MAX, &result) == RC_OK &&
	    get_string(doc, "detail", &detail) == RC_OK && detail.len <= DELIVERY_DETAIL_MAX) {
		ret->result = (enum delivery_result)result;
		if (detail.len > 0)
			memcpy(ret->detail, detail.ptr, detail.len);
		ret->detail[detail.len] = '\0';
		rc = RC_OK;
	}
	json_free(doc);
	return rc;
}
