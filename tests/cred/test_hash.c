#include "cred/hash.h"

#include <string.h>

#include "cred/secret.h"
#include "support/suite.h"

static const struct hash_cost cheap = { .memory = 8192, .passes = 1 };
static const struct hash_cost dearer = { .memory = 16384, .passes = 1 };
static const struct hash_cost longer = { .memory = 8192, .passes = 2 };

/* Made with libargon2, libsodium, libxcrypt and Python's hashlib; the password is the same. */
#define PASSWORD STR("correct horse")
static const char *const foreign[] = {
	"$argon2id$v=19$m=64,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$tXyYPZzDDAgADcHlSIFozQ",
	"$argon2i$v=19$m=8,t=3,p=1$FZkZJ7ZOZG6Jvj5YW/t/9Q$g592uKJOXz5vRclOe1MwLOF/"
	"j8M0D9jOuE+Yji4P3h4",
	"$argon2id$v=19$m=8,t=2,p=1$JraWdVSKY1RKmWeJDPtEPw$bhEkz+"
	"T1cnOw2zATBExhFmrRu1hoV0XkWud1YJGnJx"
	"0",
	"$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
	"$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
	"$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8",
	"$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi."
	"HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA"
	"4NOfU8BmqFPrpGqwA1",
	"$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/"
	"uamSo5z0",
	"$pbkdf2-sha256$1000$yMnKy8zNzs/Q0dLT1NXW1w$TwRueOdCB6KCbpfU0/4XAabBqcM.xth4i3zmIlph9.Q",
	"$pbkdf2-sha512$1000$yMnKy8zNzs/Q0dLT1NXW1w$4xPvOlNzcf4w83OeXLs00cDMTZ/"
	"Jcuh8hwgCDBR1y9KhNdPKj"
	"KCw1sE1hBb/KcVzJbfBhesdf0dIDnsHZEmvjw",
	"$pbkdf2-sha256$1$yMnKy8zNzs/Q0dLT1NXW1w$REQEiFY3fOnGgQn4s7xvMCbBBlxwqDLQ/ehXzh3hfJg",
	"$y$j75$abcdefgh12345678$nlbIarNDnfEiyC9MbGpYR1FFm1cIRIVkE5XBx.P15GA",
};
enum { FOREIGN_N = sizeof(foreign) / sizeof(foreign[0]) };

START_TEST(hash_make_gives_a_new_salted_argon2id_text_each_time)
{
	struct buf one = BUF_INIT(128), two = BUF_INIT(128);

	ck_assert_rc(hash_make(PASSWORD, cheap, &one), RC_OK);
	ck_assert_rc(hash_make(PASSWORD, cheap, &two), RC_OK);
	ck_assert(str_starts(buf_str(&one), STR("$argon2id$v=19$m=8,t=1,p=1$")));
	ck_assert(!str_equal(buf_str(&one), buf_str(&two)));
	ck_assert_rc(hash_verify(buf_str(&one), PASSWORD), RC_OK);
	ck_assert_rc(hash_verify(buf_str(&two), PASSWORD), RC_OK);
	ck_assert_rc(hash_verify(buf_str(&one), STR("correct horsf")), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(buf_str(&one), STR("correct hors")), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(buf_str(&one), STR("")), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(buf_str(&one), STR_NULL), RC_WRONG_PASSWORD);
	buf_release(&one);
	buf_release(&two);
}
END_TEST

START_TEST(hash_verify_takes_what_other_programs_made)
{
	struct str hash = str_from(foreign[_i]);

	ck_assert(hash_is_usable(hash));
	ck_assert_rc(hash_verify(hash, PASSWORD), RC_OK);
	ck_assert_rc(hash_verify(hash, STR("correct horse ")), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(hash, STR("Correct horse")), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(hash, STR("")), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(hash, STR("correct horse\0x")), RC_WRONG_PASSWORD);
}
END_TEST

START_TEST(hash_verify_refuses_a_changed_or_cut_hash)
{
	char text[256];
	size_t len = strlen(foreign[_i]);

	memcpy(text, foreign[_i], len + 1);
	text[len - 2] = text[len - 2] == 'A' ? 'B' : 'A';
	ck_assert_rc(hash_verify(str_from(text), PASSWORD), RC_WRONG_PASSWORD);
	ck_assert_rc(
	    hash_verify(str_slice(str_from(foreign[_i]), 0, len - 1), PASSWORD), RC_WRONG_PASSWORD);
}
END_TEST

START_TEST(hash_verify_never_takes_plain_text_or_nothing)
{
	static const char *const none[] = { "", "correct horse", "*", "!", "x", "*0", "*1",
		"$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "rEK1ecacw.7.c" /* DES */, "$6$saltsalt$",
		"$6$saltsalt", "$2b$05$", "$argon2id$", "$argon2d$v=19$m=64,t=2,p=8$c2FsdA$c2FsdA",
		"$argon2id$v=16$m=64,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$tXyYPZzDDAgADcHlSIFozQ",
		"$pbkdf2-sha512$25000$c2FsdA$c2FsdA", "$y$", "$y$j75$", "$y$j75$abcdefgh12345678" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		ck_assert_msg(!hash_is_usable(str_from(none[i])), "\"%s\" is usable", none[i]);
		ck_assert_rc(hash_verify(str_from(none[i]), PASSWORD), RC_WRONG_PASSWORD);
		ck_assert_rc(hash_verify(str_from(none[i]), str_from(none[i])), RC_WRONG_PASSWORD);
	}
	ck_assert(!hash_is_usable(STR_NULL));
	ck_assert_rc(hash_verify(STR_NULL, STR("")), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(STR_NULL, STR_NULL), RC_WRONG_PASSWORD);
	ck_assert_rc(hash_verify(STR(""), STR("")), RC_WRONG_PASSWORD);
}
END_TEST

START_TEST(hash_is_usable_refuses_costs_that_would_occupy_the_machine)
{
	ck_assert(hash_is_usable(STR("$argon2id$v=19$m=1048576,t=100,p=64$c2FsdA$c2FsdA")));
	ck_assert(!hash_is_usable(STR("$argon2id$v=19$m=1048577,t=1,p=1$c2FsdA$c2FsdA")));
	ck_assert(!hash_is_usable(STR("$argon2id$v=19$m=64,t=101,p=1$c2FsdA$c2FsdA")));
	ck_assert(!hash_is_usable(STR("$argon2id$v=19$m=64,t=1,p=65$c2FsdA$c2FsdA")));
	ck_assert(!hash_is_usable(STR("$argon2id$v=19$m=64,t=0,p=1$c2FsdA$c2FsdA")));
	ck_assert(hash_is_usable(STR("$6$rounds=10000000$salt$hash")));
	ck_assert(!hash_is_usable(STR("$6$rounds=10000001$salt$hash")));
	ck_assert(
	    hash_is_usable(STR("$2b$17$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2")));
	ck_assert(
	    !hash_is_usable(STR("$2b$18$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2")));
	ck_assert(hash_is_usable(STR("$y$jFT$salt$hash")));
	ck_assert(!hash_is_usable(STR("$y$jGT$salt$hash")));
	ck_assert(!hash_is_usable(STR("$y$jFU$salt$hash")));
	ck_assert(hash_is_usable(STR("$pbkdf2-sha256$5000000$yMnKy8zNzs/Q0dLT1NXW1w$"
	                             "REQEiFY3fOnGgQn4s7xvMCbBBlxwqDLQ/ehXzh3hfJg")));
	ck_assert(!hash_is_usable(STR("$pbkdf2-sha256$5000001$yMnKy8zNzs/Q0dLT1NXW1w$"
	                              "REQEiFY3fOnGgQn4s7xvMCbBBlxwqDLQ/ehXzh3hfJg")));
	ck_assert(!hash_is_usable(STR("$pbkdf2-sha256$0$yMnKy8zNzs/Q0dLT1NXW1w$"
	                              "REQEiFY3fOnGgQn4s7xvMCbBBlxwqDLQ/ehXzh3hfJg")));
	ck_assert(!hash_is_usable(STR("$pbkdf2-sha512$1000$yMnKy8zNzs/Q0dLT1NXW1w$"
	                              "REQEiFY3fOnGgQn4s7xvMCbBBlxwqDLQ/ehXzh3hfJg")));
}
END_TEST

START_TEST(hash_is_stale_unless_it_is_argon2id_of_this_cost)
{
	struct buf hash = BUF_INIT(128);

	ck_assert_rc(hash_make(PASSWORD, cheap, &hash), RC_OK);
	ck_assert(!hash_is_stale(buf_str(&hash), cheap));
	ck_assert(hash_is_stale(buf_str(&hash), dearer));
	ck_assert(hash_is_stale(buf_str(&hash), longer));
	for (size_t i = 0; i < FOREIGN_N; i++)
		ck_assert(hash_is_stale(str_from(foreign[i]), cheap));
	ck_assert(hash_is_stale(STR_NULL, cheap));
	buf_release(&hash);
}
END_TEST

START_TEST(hash_pretend_takes_any_likeness)
{
	for (size_t i = 0; i < FOREIGN_N; i++)
		hash_pretend(str_from(foreign[i]), PASSWORD, cheap);
	hash_pretend(STR_NULL, PASSWORD, cheap);
	hash_pretend(STR("plain"), STR_NULL, cheap);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("hash");

	if (secret_init() != RC_OK)
		return 1;
	tcase_add_test(tests, hash_make_gives_a_new_salted_argon2id_text_each_time);
	tcase_add_loop_test(tests, hash_verify_takes_what_other_programs_made, 0, FOREIGN_N);
	tcase_add_loop_test(tests, hash_verify_refuses_a_changed_or_cut_hash, 0, FOREIGN_N);
	tcase_add_test(tests, hash_verify_never_takes_plain_text_or_nothing);
	tcase_add_test(tests, hash_is_usable_refuses_costs_that_would_occupy_the_machine);
	tcase_add_test(tests, hash_is_stale_unless_it_is_argon2id_of_this_cost);
	tcase_add_test(tests, hash_pretend_takes_any_likeness);
	return suite_run();
}
