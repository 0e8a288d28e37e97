#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "gateway/gateway.h"
#include "support/scratch.h"
#include "support/suite.h"

static struct letter
letter_to(enum channel channel, struct str recipient)
{
	return (struct letter){ .id = STR("MDEyMzQ1Njc4OWFiY2Rl-_"),
		.kind = channel == CHANNEL_SMS ? MESSAGE_PHONE_CODE : MESSAGE_PASSWORD_RESET,
		.channel = channel,
		.recipient = recipient,
		.sender = STR("AFFO <no-reply@example.com>"),
		.subject = STR("Hello"),
		.text = STR("Your code: 1234"),
		.created_at = 1795350672345 };
}

static enum rc
open_in(const char *directory, enum channel channel, struct gateway **ret)
{
	static struct conf_setting setting;
	static struct conf_gateway conf;
	static char value[512], name[] = "one";
	struct buf errors = BUF_INIT(1000);
	enum rc rc;

	(void)snprintf(value, sizeof(value), "%s", directory);
	setting = (struct conf_setting){ "directory", value };
	conf = (struct conf_gateway){ .name = name,
		.type = "file",
		.channel = channel,
		.enabled = true,
		.n_settings = 1,
		.settings = &setting };
	rc = gateway_open(&conf, ret, &errors);
	ck_assert(rc == RC_OK || str_contains(buf_str(&errors), STR("gateway one: ")));
	buf_release(&errors);
	return rc;
}

static enum delivery_result
send_one(const struct letter *letter)
{
	struct gateway *gateway;
	struct delivery delivery;

	ck_assert_rc(open_in(scratch_dir(), letter->channel, &gateway), RC_OK);
	gateway_send(gateway, letter, &delivery);
	gateway_close(gateway);
	return delivery.result;
}

/* The whole file, below the scratch directory. */
static const char *
content(const char *name)
{
	static char text[4096];
	FILE *file = fopen(scratch_path(name), "r");
	size_t len;

	ck_assert_msg(file != NULL, "%s is missing", name);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

static size_t
count_in(const char *name)
{
	DIR *dir = opendir(scratch_path(name));
	struct dirent *entry;
	size_t n = 0;

	ck_assert_msg(dir != NULL, "%s is missing", name);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			n++;
	(void)closedir(dir);
	return n;
}

START_TEST(file_writes_an_sms_as_its_text_alone)
{
	struct letter letter = letter_to(CHANNEL_SMS, STR("+17775550100"));

	ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
	ck_assert_str_eq(
	    content("sms/+17775550100/20261122T123112.345Z-MDEyMzQ1Njc4OWFiY2Rl-_.txt"),
	    "Your code: 1234");
	/* Nothing else is left. */
	ck_assert_uint_eq(count_in("sms/+17775550100"), 1);
}
END_TEST

START_TEST(file_writes_a_mail_whole)
{
	struct letter letter = letter_to(CHANNEL_EMAIL, STR("u@example.com"));
	const char *mail;

	ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
	mail = content("email/u@example.com/20261122T123112.345Z-MDEyMzQ1Njc4OWFiY2Rl-_.eml");
	ck_assert_ptr_eq(strstr(mail, "From: AFFO <no-reply@example.com>\r\n"), mail);
	ck_assert_ptr_nonnull(strstr(mail, "\r\n\r\nYour code: 1234\r\n"));
}
END_TEST

START_TEST(file_leaves_one_file_when_a_message_is_sent_again)
{
	struct letter letter = letter_to(CHANNEL_SMS, STR("+17775550100"));

	ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
	ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
	ck_assert_uint_eq(count_in("sms/+17775550100"), 1);
}
END_TEST

START_TEST(file_names_no_recipient_out_of_its_directory)
{
	static const struct {
		struct str recipient;
		const char *name;
	} rows[] = {
		{ { "..", 2 }, "%2E%2E" },
		{ { ".", 1 }, "%2E" },
		{ { "../../x", 7 }, "..%2F..%2Fx" },
		{ { "/etc", 4 }, "%2Fetc" },
		{ { "a\0b", 3 }, "a%00b" },
		{ { "\xc3\xbc%41~", 6 }, "%C3%BC%2541%7E" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct letter letter = letter_to(CHANNEL_SMS, rows[i].recipient);
		char name[64];

		ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
		(void)snprintf(name, sizeof(name), "sms/%s", rows[i].name);
		ck_assert_uint_eq(count_in(name), 1);
	}
	ck_assert_uint_eq(count_in("sms"), sizeof(rows) / sizeof(rows[0]));
	ck_assert_uint_eq(count_in("."), 1);
}
END_TEST

START_TEST(file_shortens_names_over_255_bytes_and_keeps_them_apart)
{
	char recipient[257], name[300];
	struct letter letter = letter_to(CHANNEL_SMS, (struct str){ recipient, 255 });

	memset(recipient, 'a', sizeof(recipient));
	ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
	(void)snprintf(name, sizeof(name), "sms/%.255s", recipient);
	ck_assert_uint_eq(count_in(name), 1);
	letter.recipient.len = 256;
	ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
	recipient[255] = 'b';
	ck_assert_int_eq(send_one(&letter), DELIVERY_OK);
	ck_assert_uint_eq(count_in("sms"), 3);
}
END_TEST

START_TEST(file_says_when_it_cannot_write)
{
	struct letter letter = letter_to(CHANNEL_SMS, STR("+17775550100"));

	(void)scratch_file("sms", "in the way", 0600);
	ck_assert_int_eq(send_one(&letter), DELIVERY_LATER);
}
END_TEST

START_TEST(file_ends_what_can_never_be_written)
{
	struct letter nobody = letter_to(CHANNEL_SMS, STR(""));
	struct letter bad_id = letter_to(CHANNEL_SMS, STR("+17775550100"));
	struct letter bad_mail = letter_to(CHANNEL_EMAIL, STR("no address"));

	bad_id.id = STR("../x");
	ck_assert_int_eq(send_one(&nobody), DELIVERY_PERMANENT);
	ck_assert_int_eq(send_one(&bad_id), DELIVERY_PERMANENT);
	ck_assert_int_eq(send_one(&bad_mail), DELIVERY_PERMANENT);
	ck_assert_uint_eq(count_in("."), 0);
}
END_TEST

START_TEST(file_refuses_to_open_what_is_no_directory)
{
	struct gateway *gateway;

	ck_assert_rc(open_in("", CHANNEL_SMS, &gateway), RC_CONFIG);
	ck_assert_rc(open_in(scratch_path("missing"), CHANNEL_SMS, &gateway), RC_CONFIG);
	ck_assert_rc(open_in(scratch_file("file", "", 0600), CHANNEL_SMS, &gateway), RC_CONFIG);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("file");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, file_writes_an_sms_as_its_text_alone);
	tcase_add_test(tests, file_writes_a_mail_whole);
	tcase_add_test(tests, file_leaves_one_file_when_a_message_is_sent_again);
	tcase_add_test(tests, file_names_no_recipient_out_of_its_directory);
	tcase_add_test(tests, file_shortens_names_over_255_bytes_and_keeps_them_apart);
	tcase_add_test(tests, file_says_when_it_cannot_write);
	tcase_add_test(tests, file_ends_what_can_never_be_written);
	tcase_add_test(tests, file_refuses_to_open_what_is_no_directory);
	return suite_run();
}
