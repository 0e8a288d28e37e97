/* From a message of the outbox to the letter that a gateway gets. */
#ifndef AFFO_DELIVER_RENDER_H
#define AFFO_DELIVER_RENDER_H

#include "base/json.h"
#include "base/templates.h"
#include "model/message.h"

enum { RENDER_TEXT_MAX = 64 * 1024 };

struct render {
	struct json *variables; /* what the letter's texts partly stand in */
	struct buf subject, text, html;
	struct letter letter;
};

/*
 * variables: the unsealed JSON. The text is in the language that the message's recipient wished,
 * if there is one for it, else in English; a subject or SMS text that the configuration sets is
 * the same in all. has_own_texts: the gateway has templates of its own (affo mail), so ours, the
 * subject above all, stay in English. The letter borrows from conf, message and *ret, which the
 * caller releases. RC_SYNTAX: not the variables of such a message. RC_LIMIT: the text is too long.
 */
MUST_USE enum rc render_letter(const struct conf *conf, const struct templates *templates,
    const struct message *message, struct str variables, bool has_own_texts, struct render *ret);
void render_release(struct render *render); /* wipes; accepts what is zero */

#endif
