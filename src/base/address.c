#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void
address_key(struct str remote_addr, char ret[static ADDRESS_KEY_MAX + 1])
{
	struct str bare = { remote_addr.ptr, str_index(remote_addr, '%') }; /* without a zone */
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	(void)snprintf(ret, ADDRESS_KEY_MAX + 1, "-");
	if (bare.len == 0 || bare.len >= sizeof(text) || memchr(bare.ptr, '\0', bare.len) != NULL)
		return;
	memcpy(text, bare.ptr, bare.len);
	text[bare.len] = '\0';
	if (inet_pton(AF_INET, text, &four) == 1) {
		(void)inet_ntop(AF_INET, &four, ret, ADDRESS_KEY_MAX + 1);
	} else if (inet_pton(AF_INET6, text, &six) == 1) {
		/* An IPv4 client of a socket that takes both. */
		if (IN6_IS_ADDR_V4MAPPED(&six)) {
			(void)inet_ntop(AF_INET, &six.s6_addr[12], ret, ADDRESS_KEY_MAX + 1);
			return;
		}
		/* Whoever has one address of a /64 usually has all 2^64. */
		memset(&six.s6_addr[8], 0, 8);
		(void)inet_ntop(AF_INET6, &six, text, sizeof(text));
		(void)snprintf(ret, ADDRESS_KEY_MAX + 1, "%.45s/64", text);
	}
}
