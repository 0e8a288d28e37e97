#include "base/hmac.h"

#include <sodium.h>

void
hmac_sha256(struct str key, struct str message, unsigned char ret[static HMAC_LEN])
{
	_Static_assert(crypto_auth_hmacsha256_BYTES == HMAC_LEN, "of SHA-256");
	crypto_auth_hmacsha256_state state;

	/* These cannot fail: they are int for the sake of other hashes. */
	(void)crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.ptr, key.len);
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)message.ptr, message.len);
	(void)crypto_auth_hmacsha256_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
}
