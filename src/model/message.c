#include "model/message.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

const char *
message_kind_name(enum message_kind kind)
{
	static const char *const names[MESSAGE_KIND__MAX] = {
		[MESSAGE_PASSWORD_RESET] = "password_reset",
		[MESSAGE_PHONE_CODE] = "phone_code",
		[MESSAGE_ALERT] = "alert",
	};

	return names[kind];
}

const char *
message_state_name(enum message_state state)
{
	static const char *const names[MESSAGE_STATE__MAX] = {
		[MESSAGE_PENDING] = "pending",
		[MESSAGE_SENT] = "sent",
		[MESSAGE_REJECTED] = "rejected",
		[MESSAGE_EXPIRED] = "expired",
		[MESSAGE_HELD] = "held",
		[MESSAGE_CANCELLED] = "cancelled",
		[MESSAGE_VOID] = "void",
	};

	return names[state];
}

const char *
delivery_result_name(enum delivery_result result)
{
	static const char *const names[DELIVERY__MAX] = {
		[DELIVERY_OK] = "ok",
		[DELIVERY_BAD_RECIPIENT] = "bad_recipient",
		[DELIVERY_PERMANENT] = "permanent",
		[DELIVERY_LATER] = "later",
		[DELIVERY_MISCONFIGURED] = "misconfigured",
	};

	return names[result];
}

void
message_release(struct message *message)
{
	if (message == NULL)
		return;
	free(message->recipient);
	free(message->language);
	if (message->sealed != NULL)
		sodium_memzero(message->sealed, strlen(message->sealed));
	free(message->sealed);
	free(message->gateway);
	free(message->result);
	*message = (struct message){ 0 };
}
