#include "gateway/envelope.h"

#include "gateway/mime.h"

enum { ENVELOPE_ADDRESS_MAX = 320 };

enum rc
envelope_check(const struct gateway *gateway, struct buf *errors)
{
	struct str from = conf_gateway_get(gateway->conf, "from");
	struct buf address = BUF_INIT(ENVELOPE_ADDRESS_MAX);
	enum rc rc = RC_OK;

	if (from.len > 0 && mime_address(from, &address) != RC_OK)
		rc = gateway_refuse(
		    gateway, errors, "from \"" STR_FMT "\" is no address", STR_ARG(from));
	buf_release(&address);
	return rc;
}

enum rc
envelope_make(const struct gateway *gateway, const struct letter *letter,
    struct envelope *ret_envelope, struct delivery *ret)
{
	struct str from = conf_gateway_get(gateway->conf, "from");

	*ret_envelope = (struct envelope){
		.from = BUF_INIT(ENVELOPE_ADDRESS_MAX),
		.to = BUF_INIT(ENVELOPE_ADDRESS_MAX),
		.mail = BUF_INIT(MIME_MAX),
	};
	if (mime_address(from.len > 0 ? from : letter->sender, &ret_envelope->from) != RC_OK)
		gateway_result(ret, DELIVERY_MISCONFIGURED, "the sender is no address");
	else if (mime_address(letter->recipient, &ret_envelope->to) != RC_OK)
		gateway_result(ret, DELIVERY_BAD_RECIPIENT, "the recipient is no address");
	else if (mime_compose(letter, &ret_envelope->mail) != RC_OK)
		gateway_result(ret, DELIVERY_PERMANENT, "not a mail that can be composed");
	else
		return RC_OK;
	return RC_SYNTAX;
}

void
envelope_release(struct envelope *envelope)
{
	buf_release(&envelope->from);
	buf_release(&envelope->to);
	buf_release(&envelope->mail);
}
