/*
 * The texts of the frames between queue and sender. The queue's first frame are the settings of the
 * gateway; each frame after it is a letter, answered by one result.
 */
#ifndef AFFO_DELIVER_FRAME_H
#define AFFO_DELIVER_FRAME_H

#include "base/json.h"
#include "model/message.h"

/* {"name","type","channel","timeout_ms","settings":{NAME:VALUE,...}}; timeout_ms is of an attempt.
 * A text that isn't UTF-8 fails the buffer, here and below. */
void frame_add_settings(struct buf *to, const struct conf_gateway *gateway, int64_t timeout_ms);
/* The caller releases *ret. RC_SYNTAX, RC_SYSTEM. */
struct frame_settings {
	struct conf_gateway gateway;
	int64_t timeout_ms;
};
MUST_USE enum rc frame_read_settings(struct str text, struct frame_settings *ret);
void frame_settings_release(struct frame_settings *settings);

void frame_add_letter(struct buf *to, const struct letter *letter);
/* The letter's texts stand in *ret_doc, which the caller frees with json_free(). RC_SYNTAX. */
MUST_USE enum rc frame_read_letter(struct str text, struct json **ret_doc, struct letter *ret);

/* {"id","result","detail"}; bytes of the detail that are no ASCII become "?". */
void frame_add_result(struct buf *to, struct str id, const struct delivery *delivery);
/* RC_SYNTAX: not the result of the letter with this id. */
MUST_USE enum rc frame_read_result(struct str text, struct str id, struct delivery *ret);

#endif
