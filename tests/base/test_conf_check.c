#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_gateway.h"
#include "base/key_index.h"
#include "support/conf_text.h"
#include "support/scratch.h"
#include "support/suite.h"

#define KEY32 "0123456789abcdef0123456789abcdef"
#define SEAL "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* A machine as it should be. */
static void
machine_make(void)
{
	scratch_make();
	(void)scratch_file("token.key", KEY32 "\n", 0600);
	(void)scratch_file("verification.key", KEY32, 0640);
	(void)scratch_file("outbox.key", SEAL "\n", 0600);
	(void)scratch_file("outbox.pub", SEAL "\n", 0644);
	ck_assert_int_eq(mkdir(scratch_path("data"), 0755), 0);
}

/* Parses settings for that machine, and what is added. */
static struct conf_text
start(const char *more)
{
	struct buf text = BUF_INIT(8192);
	const char *dir = scratch_dir();
	struct conf_text parsed;

	buf_printf(&text,
	    "run_dir = \"%s\"; database = \"%s/data/users.db\";\n"
	    "token: { key_file = \"%s/token.key\"; };\n"
	    "verification: { key_file = \"%s/verification.key\"; };\n"
	    "outbox: { key_file = \"%s/outbox.key\"; public_key_file = \"%s/outbox.pub\"; };\n%s",
	    dir, dir, dir, dir, dir, dir, more);
	parsed = conf_text_parse(buf_text(&text), CONF_CHECK_START);
	buf_release(&text);
	return parsed;
}

static void
refused(const char *more, const char *errors)
{
	struct conf_text parsed = start(more);

	conf_text_says(buf_str(&parsed.errors), errors);
	ck_assert_rc(parsed.rc, *errors == '\0' ? RC_OK : RC_CONFIG);
	conf_text_release(&parsed);
}

START_TEST(conf_check_takes_a_machine_as_it_should_be)
{
	refused("", "");
}
END_TEST

START_TEST(conf_check_looks_at_modes_and_lengths_of_keys)
{
	(void)scratch_file("token.key", KEY32, 0644);
	(void)scratch_file("verification.key", "0123456789abcdef0123456789abcde", 0600);
	(void)scratch_file("outbox.key", SEAL "A", 0600);
	(void)scratch_file("outbox.pub", SEAL, 0664);
	refused("",
	    "\"token.key_file\": \"DIR/token.key\" has mode 0644, others could read it: chmod 0600 "
	    "DIR/token.key in DIR/main.conf:2\n"
	    "\"verification.key_file\": \"DIR/verification.key\" holds 31 bytes, at least 32 are "
	    "needed: put a longer one there in DIR/main.conf:3\n"
	    "\"outbox.key_file\": \"DIR/outbox.key\" holds more than 43 bytes: put a shorter one "
	    "there in DIR/main.conf:4\n"
	    "\"outbox.public_key_file\": \"DIR/outbox.pub\" has mode 0664, others could write it: "
	    "chmod 0644 DIR/outbox.pub in DIR/main.conf:4\n");
}
END_TEST

START_TEST(conf_check_says_how_to_make_missing_keys)
{
	ck_assert_int_eq(unlink(scratch_path("token.key")), 0);
	(void)scratch_file("outbox.pub", "not base64url, but of the right length: 43.", 0644);
	refused("",
	    "\"token.key_file\": \"DIR/token.key\" does not exist (affo-userctl key generate "
	    "token makes it) in DIR/main.conf:2\n"
	    "\"outbox.public_key_file\": \"DIR/outbox.pub\" is not a key that affo-userctl key "
	    "generate outbox made in DIR/main.conf:4\n");
	/* Not one that is there and cannot be opened. */
	(void)scratch_file("outbox.pub", SEAL, 0644);
	ck_assert_int_eq(symlink("token.key", scratch_path("token.key")), 0);
	refused("",
	    "\"token.key_file\": cannot open \"DIR/token.key\": Too many levels of symbolic "
	    "links in DIR/main.conf:2\n");
}
END_TEST

START_TEST(conf_check_looks_at_directories)
{
	ck_assert_int_eq(chmod(scratch_path("data"), 0775), 0);
	refused("gateways: ( { name = \"f\"; type = \"file\"; channel = \"sms\";\n"
	        "directory = \"/nonexistent/x\"; } );",
	    "\"database\": others could write to the directory DIR/data (mode 0775): chmod go-w "
	    "DIR/data in DIR/main.conf:1\n"
	    "gateway \"f\": the directory /nonexistent/x does not exist: create it, owned by the "
	    "service's user in DIR/main.conf:5\n");
	ck_assert_int_eq(rmdir(scratch_path("data")), 0);
	refused("", "\"database\": the directory DIR/data does not exist: create it, owned by the "
	            "service's user in DIR/main.conf:1\n");
	(void)scratch_file("data", "", 0600);
	refused("", "\"database\": DIR/data is not a directory in DIR/main.conf:1\n");
}
END_TEST

START_TEST(conf_check_refuses_directories_that_the_service_cannot_write_to)
{
	static const struct {
		const char *label, *name;
		int line;
	} places[] = { { "\"database\"", "data", 1 }, { "\"log\"", "log", 5 },
		{ "gateway \"f\"", "mail", 6 } };
	struct buf text = BUF_INIT(4096), expected = BUF_INIT(4096);
	const char *dir = scratch_dir();

	ck_assert_int_eq(mkdir(scratch_path("log"), 0755), 0);
	ck_assert_int_eq(mkdir(scratch_path("mail"), 0755), 0);
	buf_printf(&text,
	    "log = \"%s/log/x.log\";\ngateways: ( { name = \"f\"; type = \"file\"; "
	    "channel = \"email\"; directory = \"%s/mail\"; } );",
	    dir, dir);
	refused(buf_text(&text), "");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		ck_assert_int_eq(chmod(scratch_path(places[i].name), 0555), 0);
		buf_printf(&expected,
		    "%s: the service's user (uid %u) cannot write to the directory DIR/%s: choose "
		    "one that belongs to that user, or chown it in DIR/main.conf:%d\n",
		    places[i].label, (unsigned)geteuid(), places[i].name, places[i].line);
	}
	/* Root can. */
	refused(buf_text(&text), geteuid() == 0 ? "" : buf_text(&expected));
	buf_release(&text);
	buf_release(&expected);
}
END_TEST

START_TEST(conf_check_asks_for_the_directories_of_the_sockets)
{
	refused("listen = \"/nonexistent/a.sock\"; listen_hash = \"/nonexistent/b.sock\";",
	    "\"listen\": the directory /nonexistent does not exist: create it, owned by the "
	    "service's user in DIR/main.conf:5\n"
	    "\"listen_hash\": the directory /nonexistent does not exist: create it, owned by the "
	    "service's user in DIR/main.conf:5\n");
	refused("listen = \"\";", "");
}
END_TEST

START_TEST(conf_check_asks_for_the_logs_directory_and_takes_a_log_that_is_there)
{
	refused("log = \"/nonexistent/x.log\";",
	    "\"log\": the directory /nonexistent does not exist: create it, owned by the "
	    "service's user in DIR/main.conf:5\n");
	refused("log = \"/dev/null\";", "");
}
END_TEST

START_TEST(conf_check_reads_the_secrets_of_gateways)
{
	struct conf_text parsed;

	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", scratch_dir(), 1), 0);
	(void)scratch_file("vonage", "tell nobody\n", 0600);
	parsed =
	    start("gateways: ( { name = \"v\"; type = \"vonage\"; api_key = \"k\"; from = \"A\";\n"
	          "api_secret_file = \"vonage\"; },\n"
	          "{ name = \"off\"; type = \"clickatell\"; api_key_file = \"none\";"
	          " enabled = false; } ); sms: { countries = [ \"+49\" ]; };");
	conf_text_says(buf_str(&parsed.errors), "");
	ck_assert_text(conf_gateway_get(&parsed.conf->gateways[0], "api_secret"), "tell nobody");
	ck_assert_text(conf_gateway_get(&parsed.conf->gateways[0], "api_secret_file"), "vonage");
	conf_text_release(&parsed);
	refused("gateways: ( { name = \"c\"; type = \"clickatell\"; api_key_file = \"none\"; } );"
	        "sms: { countries = [ \"+49\" ]; };",
	    "gateway \"c\": \"api_key_file\": \"DIR/none\" does not exist in DIR/main.conf:5\n");
	(void)scratch_file("two", "one\ntwo\n", 0600);
	refused("gateways: ( { name = \"c\"; type = \"clickatell\"; api_key_file = \"two\"; } );"
	        "sms: { countries = [ \"+49\" ]; };",
	    "gateway \"c\": the secret in \"api_key_file\" must not contain control characters or "
	    "line breaks in DIR/main.conf:5\n");
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}
END_TEST

START_TEST(conf_check_wants_to_know_where_paid_sms_may_go)
{
	struct conf_text parsed;

	refused("gateways: ( { name = \"c\"; type = \"clickatell\"; api_key = \"k\"; } );",
	    "gateway \"c\": SMS cost money, so say where they may go: sms: { countries = [ "
	    "\"+49\" ]; }; in DIR/main.conf:5\n");
	parsed = start("gateways: ( { name = \"a\"; type = \"affo\"; channel = \"sms\"; url = "
	               "\"http://[::1]/\"; } );");
	ck_assert_rc(parsed.rc, RC_OK);
	conf_text_release(&parsed);
}
END_TEST

START_TEST(conf_check_reads_the_templates)
{
	struct conf_text parsed;

	parsed = start("templates: { directory = \"/nowhere/at/all\"; };");
	ck_assert_rc(parsed.rc, RC_CONFIG);
	conf_text_says(buf_str(&parsed.errors),
	    "\"templates.directory\": cannot read the directory /nowhere/at/all: No such file or "
	    "directory in DIR/main.conf:5\n");
	conf_text_release(&parsed);
}
END_TEST

START_TEST(conf_check_warns_of_secrets_that_everybody_can_read)
{
	const char *text =
	    "gateways: (\n{ name = \"c\"; type = \"clickatell\"; api_key = \"k\"; } );"
	    "sms: { countries = [ \"+49\" ]; };";
	struct conf_text parsed;

	(void)scratch_file("extra.conf", text, 0644);
	ck_assert_int_eq(setenv("AFFO_EXTRA_CONF", scratch_path("extra.conf"), 1), 0);
	parsed = start("");
	ck_assert_int_eq(unsetenv("AFFO_EXTRA_CONF"), 0);
	ck_assert_rc(parsed.rc, RC_OK);
	conf_text_says(buf_str(&parsed.warnings),
	    "gateway \"c\": everybody can read \"api_key\": take the right to read this file from "
	    "others (chmod o-r), or use \"api_key_file\" in DIR/extra.conf:2\n"
	    "no gateway for mail is in use: mails wait in the outbox until they expire in "
	    "DIR/extra.conf:1\n");
	conf_text_release(&parsed);
}
END_TEST

/* What a file that is read after the main one adds. */
static void
extra_refused(const char *more, const char *errors)
{
	struct buf text = BUF_INIT(4096);
	struct str rest = str_from(more), part;

	for (const char *dir = ""; str_cut(&rest, '@', &part); dir = scratch_dir()) {
		buf_add(&text, str_from(dir));
		buf_add(&text, part);
	}
	(void)scratch_file("extra.conf", buf_text(&text), 0600);
	ck_assert_int_eq(setenv("AFFO_EXTRA_CONF", scratch_path("extra.conf"), 1), 0);
	refused("", errors);
	ck_assert_int_eq(unsetenv("AFFO_EXTRA_CONF"), 0);
	buf_release(&text);
}

START_TEST(conf_check_reads_the_directory_of_keys_instead_of_the_key_file)
{
	struct key_index index = { .serial = 1,
		.n = 1,
		.entry = {
		    { .kid = "a", .alg = KEY_ES256, .state = KEY_ACTIVE, .checksum = "" } } };
	struct buf text = BUF_INIT(KEY_INDEX_TEXT_MAX);

	ck_assert_int_eq(unlink(scratch_path("token.key")), 0);
	ck_assert_int_eq(mkdir(scratch_path("keys"), 0700), 0);
	extra_refused("token: { key_dir = \"@/keys\"; };",
	    "\"token.key_dir\": DIR/keys has no index (affo-userctl key generate token makes it) "
	    "in "
	    "DIR/extra.conf:1\n");
	key_index_checksum(STR(KEY32), index.entry[0].checksum);
	key_index_render(&index, &text);
	(void)scratch_file("keys/index", buf_text(&text), 0600);
	extra_refused("token: { key_dir = \"@/keys\"; };",
	    "\"token.key_dir\": \"DIR/keys/a.pem\" does not exist in DIR/extra.conf:1\n");
	(void)scratch_file("keys/a.pem", KEY32 "\n", 0600);
	extra_refused("token: { key_dir = \"@/keys\"; algorithm = \"ES256\"; };", "");
	ck_assert_int_eq(chmod(scratch_path("keys"), 0770), 0);
	extra_refused("token: { key_dir = \"@/keys\"; };",
	    "\"token.key_dir\": others could write to the directory DIR/keys (mode 0770): chmod "
	    "go-w DIR/keys in DIR/extra.conf:1\n");
	(void)scratch_file("keys/index", "{}", 0600);
	extra_refused("token: { key_dir = \"@/keys\"; };",
	    "\"token.key_dir\": \"DIR/keys/index\" is not an index that affo-userctl key wrote: "
	    "bring it back from a backup in DIR/extra.conf:1\n");
	buf_release(&text);
}
END_TEST

START_TEST(conf_check_keeps_the_directory_of_keys_out_of_the_databases)
{
	static const char refusal[] = "\"token.key_dir\" must not be in the directory of "
	                              "\"database\" in DIR/main.conf:1\n";

	conf_text_refused(
	    "database = \"/a/b/x.db\"; token: { key_dir = \"/a/b/keys\"; };", refusal);
	conf_text_refused("database = \"/a/b/x.db\"; token: { key_dir = \"/a/b\"; };", refusal);
	conf_text_refused("database = \"/x.db\"; token: { key_dir = \"/a\"; };", refusal);
	for (size_t i = 0; i < 2; i++) {
		struct conf_text parsed = conf_text_parse(
		    i == 0 ? "database = \"/a/b/x.db\"; token: { key_dir = \"/a/bb\"; };"
		           : "database = \"/a/b/x.db\"; token: { key_dir = \"/a\"; };",
		    CONF_CHECK_SYNTAX);

		ck_assert_rc(parsed.rc, RC_OK);
		conf_text_release(&parsed);
	}
}
END_TEST

static enum rc
read_secret(const char *path, size_t min, size_t max, const char *text)
{
	struct buf secret = BUF_INIT(8192), why = BUF_INIT(8192);
	enum rc rc = secret_file_read(path, min, max, &secret, &why);

	if (rc == RC_OK)
		ck_assert_text(buf_str(&secret), text);
	ck_assert((rc == RC_OK) == (why.len == 0));
	buf_release(&secret);
	buf_release(&why);
	return rc;
}

START_TEST(secret_file_read_holds_its_lengths_without_the_newline)
{
	const char *path = scratch_file("secret", "12345\n", 0440);

	ck_assert_rc(read_secret(path, 5, 5, "12345"), RC_OK);
	ck_assert_rc(read_secret(path, 6, 9, ""), RC_CONFIG);
	ck_assert_rc(read_secret(path, 1, 4, ""), RC_CONFIG);
	path = scratch_file("two", "12345\n\n", 0600);
	ck_assert_rc(read_secret(path, 6, 6, "12345\n"), RC_OK);
	path = scratch_file("empty", "", 0600);
	ck_assert_rc(read_secret(path, 0, 4, ""), RC_OK);
	ck_assert_rc(read_secret(path, 1, 4, ""), RC_CONFIG);
}
END_TEST

START_TEST(secret_file_read_refuses_what_others_may_read_or_write)
{
	static const struct {
		unsigned mode;
		enum rc rc;
	} modes[] = { { 0600, RC_OK }, { 0400, RC_OK }, { 0640, RC_OK }, { 0440, RC_OK },
		{ 0604, RC_CONFIG }, { 0602, RC_CONFIG }, { 0620, RC_CONFIG },
		{ 0666, RC_CONFIG } };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const char *path = scratch_file("secret", "12345", 0600);

		ck_assert_int_eq(chmod(path, (mode_t)modes[i].mode), 0);
		ck_assert_rc(read_secret(path, 1, 9, "12345"), modes[i].rc);
		ck_assert_int_eq(unlink(path), 0);
	}
	ck_assert_rc(read_secret(scratch_dir(), 1, 9, ""), RC_CONFIG);
	ck_assert_rc(read_secret(scratch_path("none"), 1, 9, ""), RC_CONFIG);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("conf_check");

	tcase_add_checked_fixture(tests, machine_make, scratch_remove);
	tcase_add_test(tests, conf_check_takes_a_machine_as_it_should_be);
	tcase_add_test(tests, conf_check_looks_at_modes_and_lengths_of_keys);
	tcase_add_test(tests, conf_check_says_how_to_make_missing_keys);
	tcase_add_test(tests, conf_check_looks_at_directories);
	tcase_add_test(tests, conf_check_refuses_directories_that_the_service_cannot_write_to);
	tcase_add_test(tests, conf_check_asks_for_the_directories_of_the_sockets);
	tcase_add_test(tests, conf_check_asks_for_the_logs_directory_and_takes_a_log_that_is_there);
	tcase_add_test(tests, conf_check_reads_the_secrets_of_gateways);
	tcase_add_test(tests, conf_check_wants_to_know_where_paid_sms_may_go);
	tcase_add_test(tests, conf_check_reads_the_templates);
	tcase_add_test(tests, conf_check_warns_of_secrets_that_everybody_can_read);
	tcase_add_test(tests, conf_check_reads_the_directory_of_keys_instead_of_the_key_file);
	tcase_add_test(tests, conf_check_keeps_the_directory_of_keys_out_of_the_databases);
	tcase_add_test(tests, secret_file_read_holds_its_lengths_without_the_newline);
	tcase_add_test(tests, secret_file_read_refuses_what_others_may_read_or_write);
	return suite_run();
}
