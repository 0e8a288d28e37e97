#include "base/address.h"

#include <string.h>

#include "support/suite.h"

START_TEST(address_key_counts_ipv4_whole_and_ipv6_by_its_64)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:c000:201", "192.0.2.1" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:DB8:1:2::", "2001:db8:1:2::/64" },
		{ "2001:db8:1:3::1", "2001:db8:1:3::/64" },
		{ "::1", "::/64" },
		{ "fe80::1%eth0", "fe80::/64" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff::/64" },
	};
	char key[ADDRESS_KEY_MAX + 1];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		address_key(str_from(pairs[i][0]), key);
		ck_assert_str_eq(key, pairs[i][1]);
	}
}
END_TEST

START_TEST(address_key_of_anything_else_is_one_constant)
{
	static const char *const other[] = { "", "unix:", "localhost", "192.0.2", "192.0.2.256",
		"192.0.2.1:80", "[::1]", "1:2", "192.0.2.1 ", "0x7f000001", "127.1", ":::" };
	char key[ADDRESS_KEY_MAX + 1], endless[400];

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		address_key(str_from(other[i]), key);
		ck_assert_msg(strcmp(key, "-") == 0, "%s gives %s", other[i], key);
	}
	address_key((struct str){ "1.2.3.4\0x", 9 }, key);
	ck_assert_str_eq(key, "-");
	memset(endless, '1', sizeof(endless));
	address_key((struct str){ endless, sizeof(endless) }, key);
	ck_assert_str_eq(key, "-");
	address_key(STR_NULL, key);
	ck_assert_str_eq(key, "-");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("address");

	tcase_add_test(tests, address_key_counts_ipv4_whole_and_ipv6_by_its_64);
	tcase_add_test(tests, address_key_of_anything_else_is_one_constant);
	return suite_run();
}
