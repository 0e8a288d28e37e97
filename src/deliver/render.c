#include "deliver/render.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Absent when it isn't there or no text. */
static struct str
variable(const struct render *render, const char *name)
{
	const struct json *value = json_member(render->variables, name);

	return value != NULL && json_type(value) == JSON_STRING ? json_string(value) : STR_NULL;
}

/*
 * Whoever registers an address chooses the name that its owner is greeted with in a mail of ours,
 * so what a mail program might show as a link or as markup is not a name.
 */
static bool
is_greetable(struct str name)
{
	if (name.len == 0 || utf8_has_control(name))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		bool is_last = i + 1 == name.len;

		if (strchr("/\\:@<>[]", name.ptr[i]) != NULL)
			return false;
		if (name.ptr[i] == '.' && !is_last && name.ptr[i + 1] != ' ')
			return false;
	}
	return true;
}

static struct str
language_of(
    const struct conf *conf, const struct templates *templates, const struct message *message)
{
	const char *kind = message_kind_name(message->kind);
	/* English is compiled in: there is always a text. */
	struct str standard =
	    templates_language(templates, kind, str_from(conf->templates.language), STR("en"));

	return templates_language(templates, kind, str_from(message->language), standard);
}

static void
set_minutes(struct template_value *value, char text[static 24], int64_t ms)
{
	(void)snprintf(text, 24, "%lld", (long long)(ms / 60000));
	*value = (struct template_value){ "minutes", str_from(text) };
}

static enum rc
render_reset(const struct conf *conf, const struct templates *templates, struct str language,
    struct render *render)
{
	const char *kind = message_kind_name(MESSAGE_PASSWORD_RESET);
	struct letter *letter = &render->letter;
	struct str html = templates_get(templates, kind, language, "html");
	struct str subject = templates_get(templates, kind, language, "subject");
	struct template_value values[3];
	char minutes[24];
	enum rc rc;

	letter->sender = str_from(conf->reset.sender);
	letter->first_name = variable(render, "first_name");
	letter->url = variable(render, "url");
	if (letter->url.len == 0)
		return RC_SYNTAX;
	values[0] = (struct template_value){ "name",
		is_greetable(letter->first_name) ? letter->first_name : STR_NULL };
	values[1] = (struct template_value){ "url", letter->url };
	set_minutes(&values[2], minutes, conf->reset.lifetime_ms);
	rc = template_render(templates_get(templates, kind, language, "txt"), values, 3,
	    TEMPLATE_TEXT, &render->text);
	if (rc == RC_OK && html.ptr != NULL) {
		rc = template_render(html, values, 3, TEMPLATE_HTML, &render->html);
		letter->html = buf_str(&render->html);
	}
	if (conf->reset.subject != NULL) {
		letter->subject = str_from(conf->reset.subject);
	} else if (rc == RC_OK) {
		rc = template_render(subject, values, 3, TEMPLATE_LINE, &render->subject);
		letter->subject = buf_str(&render->subject);
	}
	return rc;
}

/* The admin's own text: {code} stands for the code. */
static void
render_own_code(struct str rest, struct str code, struct buf *to)
{
	const struct str mark = STR("{code}");

	while (rest.len > 0) {
		bool is_mark = str_starts(rest, mark);

		buf_add(to, is_mark ? code : str_slice(rest, 0, 1));
		rest = str_slice(rest, is_mark ? mark.len : 1, rest.len);
	}
}

static enum rc
render_code(const struct conf *conf, const struct templates *templates, struct str language,
    struct render *render)
{
	struct str code = variable(render, "code"), own = str_from(conf->verification.text);
	struct template_value values[2];
	char minutes[24];

	if (code.len == 0)
		return RC_SYNTAX;
	render->letter.sender = str_from(conf->verification.sender);
	if (own.ptr != NULL) {
		render_own_code(own, code, &render->text);
		return RC_OK;
	}
	values[0] = (struct template_value){ "code", code };
	set_minutes(&values[1], minutes, conf->verification.lifetime_ms);
	return template_render(
	    templates_get(templates, message_kind_name(MESSAGE_PHONE_CODE), language, "txt"),
	    values, 2, TEMPLATE_TEXT, &render->text);
}

static enum rc
render_alert(const struct conf *conf, const struct templates *templates, struct str language,
    struct render *render)
{
	const char *kind = message_kind_name(MESSAGE_ALERT);
	const struct template_value value = { "text", variable(render, "text") };
	enum rc rc;

	if (value.value.len == 0)
		return RC_SYNTAX;
	render->letter.sender = str_from(conf->reset.sender);
	rc = template_render(templates_get(templates, kind, language, "txt"), &value, 1,
	    TEMPLATE_TEXT, &render->text);
	if (rc == RC_OK)
		rc = template_render(templates_get(templates, kind, language, "subject"), &value, 1,
		    TEMPLATE_LINE, &render->subject);
	render->letter.subject = buf_str(&render->subject);
	return rc;
}

enum rc
render_letter(const struct conf *conf, const struct templates *templates,
    const struct message *message, struct str variables, bool has_own_texts, struct render *ret)
{
	struct render render = { .variables = NULL,
		.subject = BUF_INIT(RENDER_TEXT_MAX),
		.text = BUF_INIT(RENDER_TEXT_MAX),
		.html = BUF_INIT(RENDER_TEXT_MAX) };
	struct str language = has_own_texts ? STR("en") : language_of(conf, templates, message);
	enum rc rc;

	render.letter = (struct letter){ .id = str_from(message->id),
		.kind = message->kind,
		.channel = message->channel,
		.recipient = str_from(message->recipient),
		.is_resend = message->is_resend,
		.created_at = message->created_at };
	if ((rc = json_parse(variables, &render.variables)) != RC_OK)
		return rc;
	switch (message->kind) {
	case MESSAGE_PASSWORD_RESET:
		rc = render_reset(conf, templates, language, &render);
		break;
	case MESSAGE_PHONE_CODE:
		rc = render_code(conf, templates, language, &render);
		break;
	case MESSAGE_ALERT:
		rc = render_alert(conf, templates, language, &render);
		break;
	case MESSAGE_KIND__MAX:
		rc = RC_SYNTAX;
		break;
	}
	if (rc == RC_OK &&
	    (!buf_ok(&render.subject) || !buf_ok(&render.text) || !buf_ok(&render.html)))
		rc = RC_LIMIT;
	if (rc != RC_OK) {
		render_release(&render);
		return rc;
	}
	render.letter.text = buf_str(&render.text);
	*ret = render;
	return RC_OK;
}

void
render_release(struct render *render)
{
	json_free(render->variables);
	buf_release(&render->subject);
	buf_release(&render->text);
	buf_release(&render->html);
	*render = (struct render){ 0 };
}
