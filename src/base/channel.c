#include "base/conf.h"

const char *
channel_name(enum channel channel)
{
	static const char *const names[CHANNEL__MAX] = {
		[CHANNEL_SMS] = "sms",
		[CHANNEL_EMAIL] = "email",
	};

	return names[channel];
}
