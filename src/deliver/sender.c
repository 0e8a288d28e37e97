#include "deliver/sender.h"

#include "base/log.h"
#include "base/sandbox.h"
#include "deliver/frame.h"
#include "deliver/wire.h"
#include "gateway/gateway.h"

struct sender {
	struct wire wire;
	struct frame_settings settings;
	struct gateway *gateway; /* NULL: its settings are of no use; errors says why */
	struct buf errors;
};

/* RC_NONE: the queue is gone. A gateway that can't be opened answers "misconfigured" from then on,
 * so that the queue knows why; RC_OK as well. */
static enum rc
begin(struct sender *sender, struct buf *frame)
{
	enum rc rc;

	if ((rc = wire_receive(&sender->wire, frame)) != RC_OK)
		return rc;
	if ((rc = frame_read_settings(buf_str(frame), &sender->settings)) != RC_OK) {
		log_error("the gateway's settings came malformed (%s)", rc_name(rc));
		return rc;
	}
	rc = gateway_open(&sender->settings.gateway, &sender->gateway, &sender->errors);
	if (rc == RC_OK)
		sender->gateway->timeout_ms = sender->settings.timeout_ms;
	else if (rc != RC_CONFIG)
		return rc;
	if (sender->gateway != NULL)
		return gateway_enter_sandbox(sender->gateway);
	return sandbox_enter(SANDBOX_SEND, NULL);
}

/* The first of the sentences, without its newline. */
static void
refuse(const struct buf *errors, struct delivery *ret)
{
	struct str sentence = buf_str(errors);

	sentence.len = str_index(sentence, '\n');
	gateway_result(ret, DELIVERY_MISCONFIGURED, STR_FMT, STR_ARG(sentence));
}

static enum rc
serve_one(struct sender *sender, struct buf *frame)
{
	struct delivery delivery;
	struct json *doc = NULL;
	struct letter letter;
	enum rc rc;

	if ((rc = wire_receive(&sender->wire, frame)) != RC_OK)
		return rc;
	if ((rc = frame_read_letter(buf_str(frame), &doc, &letter)) != RC_OK) {
		log_error("a letter came malformed (%s)", rc_name(rc));
		return rc;
	}
	if (sender->gateway != NULL)
		gateway_send(sender->gateway, &letter, &delivery);
	else
		refuse(&sender->errors, &delivery);
	buf_reset(frame);
	frame_add_result(frame, letter.id, &delivery);
	rc = buf_ok(frame) ? wire_send(&sender->wire, buf_str(frame)) : RC_SYSTEM;
	json_free(doc);
	return rc;
}

int
sender_run(int fd)
{
	struct sender sender = { .errors = BUF_INIT(4096) };
	struct buf frame = BUF_INIT(WIRE_FRAME_MAX);
	enum rc rc;

	wire_open(&sender.wire, fd);
	rc = begin(&sender, &frame);
	while (rc == RC_OK)
		rc = serve_one(&sender, &frame);
	gateway_close(sender.gateway);
	frame_settings_release(&sender.settings);
	buf_release(&sender.errors);
	buf_release(&frame);
	wire_close(&sender.wire);
	return rc == RC_NONE ? 0 : 1;
}
