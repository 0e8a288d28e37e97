#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/log.h"

void
random_bytes(void *ret, size_t len)
{
	unsigned char *to = ret;

	while (len > 0) {
		ssize_t n = getrandom(to, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* Nobody could go on safely: a token would be guessable. */
			log_error("getrandom failed (errno %d): ending", errno);
			abort();
		}
		to += n;
		len -= (size_t)n;
	}
}

uint32_t
random_below(uint32_t below)
{
	/* 2^32 mod below: the values under it would make some results likelier than others. */
	uint32_t value, surplus = (uint32_t)-below % below;

	do
		random_bytes(&value, sizeof(value));
	while (value < surplus);
	return value % below;
}

void
random_id(char ret[static RANDOM_ID_LEN + 1])
{
	unsigned char bytes[16];

	/* Ids are pasted into commands, where a "-" would begin an option. */
	do {
		random_bytes(bytes, sizeof(bytes));
		base64_write_url(ret, bytes, sizeof(bytes));
	} while (ret[0] == '-');
}
