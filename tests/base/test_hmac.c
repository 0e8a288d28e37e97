#include "base/hmac.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

START_TEST(hmac_sha256_gives_the_examples_of_rfc_4231)
{
	static char long_key[131];
	const struct {
		struct str key, message;
		const char *hex;
	} rows[] = {
		{ STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		      "\x0b"),
		    STR("Hi There"),
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ STR("Jefe"), STR("what do ya want for nothing?"),
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ { long_key, sizeof(long_key) },
		    STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	};

	memset(long_key, 0xaa, sizeof(long_key));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char mac[HMAC_LEN];
		char hex[2 * HMAC_LEN + 1];

		hmac_sha256(rows[i].key, rows[i].message, mac);
		for (size_t j = 0; j < HMAC_LEN; j++)
			(void)snprintf(hex + 2 * j, 3, "%02x", mac[j]);
		ck_assert_str_eq(hex, rows[i].hex);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("hmac");

	tcase_add_test(tests, hmac_sha256_gives_the_examples_of_rfc_4231);
	return suite_run();
}
