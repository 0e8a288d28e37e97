#include "domain/passwords.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cred/secret.h"
#include "domain/outbox.h"
#include "domain/users.h"
#include "support/people.h"

#define TEMPLATE "https://site.example/reset?t={token}"

static enum rc
request(const char *email, const char *template, struct faults *faults)
{

	faults->n = 0;
	return passwords_request_reset(
	    service, &client, str_from(email), str_from(template), faults);
}

static enum rc
confirm(const char *token, const char *password)
{
	struct faults faults = { 0 };

	return passwords_confirm_reset(
	    service, &client, str_from(token), str_from(password), &faults);
}

static enum rc
set_password(const struct principal *principal, int64_t id, const char *password)
{
	struct faults faults = { 0 };

	return users_set_password(service, &client, principal, id, str_from(password), &faults);
}

static bool
has_password(int64_t id, const char *password)
{
	struct user row = people_row(id);
	enum rc rc = hash_verify(str_from(row.password), str_from(password));

	user_release(&row);
	return rc == RC_OK;
}

/* Asks for a reset with the bare token as the link; free() it. */
static char *
mailed_token(const char *email)
{
	struct messages messages;
	struct faults faults;
	char *token;

	ck_assert_rc(request(email, "{token}", &faults), RC_OK);
	messages = people_outbox();
	ck_assert_uint_gt(messages.n, 0);
	token = people_variable(&messages.list[messages.n - 1], "url");
	ck_assert_ptr_nonnull(token);
	ck_assert_uint_eq(strlen(token), RESET_TOKEN_LEN);
	messages_release(&messages);
	return token;
}

START_TEST(set_password_ends_all_logins_but_the_one_that_asked)
{
	int64_t ann = people_add("ann@example.com", ""), bob = people_add("bob@example.com", "");
	struct principal as_ann = people_login(ann), other = people_login(ann);
	struct principal as_bob = people_login(bob);
	struct session session;

	people_put_token(ann, "token");
	ck_assert_rc(set_password(&as_ann, ann, PEOPLE_PASSWORD), RC_OK);
	ck_assert(has_password(ann, PEOPLE_PASSWORD));
	ck_assert(!has_password(ann, "something else"));
	ck_assert_int_eq(people_logins(ann), 1);
	ck_assert_int_eq(people_logins(bob), 1);
	ck_assert_rc(db_begin_read(service->db), RC_OK);
	ck_assert_rc(session_row_get(service->db, str_from(as_ann.claims.jti), &session), RC_OK);
	db_rollback(service->db);
	ck_assert(!people_has_token("token"));
	/* The login that was ended may not come back with a password of its own. */
	ck_assert_rc(set_password(&other, ann, "another password"), RC_SESSION_ENDED);
	ck_assert(has_password(ann, PEOPLE_PASSWORD));
	principal_release(&as_ann);
	principal_release(&other);
	principal_release(&as_bob);
}
END_TEST

START_TEST(set_password_by_another_ends_every_login)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_admin = people_login(people_add("root@example.com", "admin"));
	struct principal as_ann = people_login(ann);

	ck_assert_rc(set_password(&as_admin, ann, PEOPLE_PASSWORD), RC_OK);
	ck_assert_int_eq(people_logins(ann), 0);
	ck_assert_int_eq(people_logins(as_admin.user_id), 1);
	principal_release(&as_ann);
	principal_release(&as_admin);
}
END_TEST

START_TEST(set_password_follows_the_access_rules)
{
	int64_t ann = people_add("ann@example.com", ""), bob = people_add("bob@example.com", "");
	int64_t admin = people_add("root@example.com", "admin");
	struct principal as_ann = people_login(ann);
	struct principal as_service = people_login(people_add("svc@example.com", "service"));
	struct client self = client;
	struct faults faults = { 0 };

	ck_assert_rc(set_password(&as_ann, bob, PEOPLE_PASSWORD), RC_ACCESS_DENIED);
	ck_assert_rc(set_password(&as_ann, 999, PEOPLE_PASSWORD), RC_ACCESS_DENIED);
	ck_assert_rc(set_password(&as_service, 999, PEOPLE_PASSWORD), RC_NO_SUCH_USER);
	ck_assert_rc(set_password(&as_service, admin, PEOPLE_PASSWORD), RC_ACCESS_DENIED);
	ck_assert_rc(set_password(&as_service, bob, PEOPLE_PASSWORD), RC_OK);
	ck_assert_rc(set_password(&as_ann, bob, "1234567"), RC_VALIDATION);
	ck_assert_rc(set_password(&as_ann, ann, "12345678"), RC_OK);
	ck_assert_rc(
	    users_set_password(service, &self, &as_ann, ann, STR(""), &faults), RC_VALIDATION);
	ck_assert(faults_has(&faults, "/password"));
	/* No hash for those who may not, and none after the deadline. */
	faults.n = 0;
	self.deadline_ms = clock_monotonic_ms();
	ck_assert_rc(
	    users_set_password(service, &self, &as_ann, bob, STR(PEOPLE_PASSWORD), &faults),
	    RC_ACCESS_DENIED);
	ck_assert_rc(
	    users_set_password(service, &self, &as_ann, ann, STR(PEOPLE_PASSWORD), &faults),
	    RC_BUSY);
	ck_assert_rc(
	    users_admin_set_password(service, 999, STR(PEOPLE_PASSWORD), &faults), RC_NO_SUCH_USER);
	principal_release(&as_ann);
	principal_release(&as_service);
}
END_TEST

START_TEST(reset_mails_a_link_and_wakes_the_queue)
{
	struct user_input input = people_input("Ann@Example.com");
	struct client self = client;
	struct faults faults = { 0 };
	struct messages messages;
	struct user user = { 0 };
	char *url, *name, byte;

	input.first_name.is_given = true;
	input.first_name.value = STR("Ann \"A\" \xc3\x84");
	ck_assert_rc(users_add(service, &input, STR(""), &user, &faults), RC_OK);
	self.language = STR("de-CH,de;q=0.9");
	ck_assert_rc(passwords_request_reset(
	                 service, &self, STR("ann@EXAMPLE.com"), STR(TEMPLATE "#x"), &faults),
	    RC_OK);
	messages = people_outbox();
	ck_assert_uint_eq(messages.n, 1);
	ck_assert_int_eq(messages.list[0].kind, MESSAGE_PASSWORD_RESET);
	ck_assert_int_eq(messages.list[0].channel, CHANNEL_EMAIL);
	ck_assert_int_eq(messages.list[0].state, MESSAGE_PENDING);
	ck_assert_str_eq(messages.list[0].recipient, "Ann@Example.com");
	ck_assert_str_eq(messages.list[0].language, "de-ch,de");
	ck_assert_int_eq(messages.list[0].retry_at, SERVICE_NOW);
	ck_assert_int_eq(messages.list[0].expires_at, SERVICE_NOW + service_conf.reset.lifetime_ms);
	name = people_variable(&messages.list[0], "first_name");
	ck_assert_str_eq(name, "Ann \"A\" \xc3\x84");
	url = people_variable(&messages.list[0], "url");
	ck_assert_int_eq(strncmp(url, "https://site.example/reset?t=", 29), 0);
	ck_assert_uint_eq(strlen(url), 29 + RESET_TOKEN_LEN + 2);
	ck_assert_str_eq(url + 29 + RESET_TOKEN_LEN, "#x");
	url[29 + RESET_TOKEN_LEN] = '\0';
	ck_assert(people_has_token(url + 29));
	ck_assert_int_eq(read(people_wake_fd, &byte, 1), 1);
	free(url);
	free(name);
	messages_release(&messages);
	user_release(&user);
}
END_TEST

START_TEST(reset_writes_the_same_rows_for_nobody_and_the_inactive)
{
	int64_t ann = people_add("ann@example.com", "");
	struct message claimed[4] = { 0 };
	struct messages messages;
	struct faults faults;
	size_t n = 9;

	ck_assert_rc(users_admin_set_active(service, ann, false), RC_OK);
	ck_assert_rc(request("ann@example.com", TEMPLATE, &faults), RC_OK);
	ck_assert_rc(request("nobody@example.com", TEMPLATE, &faults), RC_OK);
	ck_assert_rc(request("nobody@example.com", TEMPLATE, &faults), RC_OK);
	messages = people_outbox();
	ck_assert_uint_eq(messages.n, 3);
	ck_assert_int_eq(service_query("SELECT count(*) FROM one_time_token"), 3);
	for (size_t i = 0; i < messages.n; i++) {
		char *url = people_variable(&messages.list[i], "url");

		ck_assert_int_eq(messages.list[i].state, MESSAGE_VOID);
		ck_assert(!people_has_token(url + 29));
		ck_assert_rc(confirm(url + 29, PEOPLE_PASSWORD), RC_RESET_TOKEN_INVALID);
		free(url);
	}
	messages_release(&messages);
	ck_assert_rc(outbox_claim(service->db, 4, claimed, &n), RC_OK);
	ck_assert_uint_eq(n, 3);
	while (n-- > 0) {
		ck_assert_int_eq(claimed[n].state, MESSAGE_VOID);
		message_release(&claimed[n]);
	}
}
END_TEST

START_TEST(reset_knows_imported_users_without_a_password)
{
	int64_t old = people_import("Old@Example.com", "old@example.com", NULL, NULL);
	char *token = mailed_token("OLD@example.com");

	ck_assert_rc(confirm(token, PEOPLE_PASSWORD), RC_OK);
	ck_assert(has_password(old, PEOPLE_PASSWORD));
	free(token);
}
END_TEST

START_TEST(reset_refuses_links_to_other_hosts)
{
	static const char *const good[] = { "{token}", "https://site.example/{token}",
		"https://other.example/reset/x/{token}/y?z={t}",
		"https://site.example/%7Btoken}{token}" };
	static const char *const bad[] = { "", "https://site.example/", "token",
		"https://evil.example/{token}", "https://site.example.evil/{token}",
		"https://other.example/{token}", "http://site.example/{token}",
		"HTTPS://SITE.EXAMPLE/{token}", "https://site.example/{token}{token}",
		"https://site.example/{TOKEN}", "{token}/https://site.example/",
		" https://site.example/{token}", "https://site.example/ {token}",
		"https://site.example/\n{token}", "https://site.example/\xc3\xa4{token}",
		"https://site.example/\x7f{token}", "{token} ", "x{token}" };
	struct faults faults;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_rc(request("nobody@example.com", good[i], &faults), RC_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_rc(request("nobody@example.com", bad[i], &faults), RC_VALIDATION);
		ck_assert(faults_has(&faults, "/url_template"));
	}
	ck_assert_rc(request("nobody", "x", &faults), RC_VALIDATION);
	ck_assert(faults_has(&faults, "/email") && faults_has(&faults, "/url_template"));
}
END_TEST

START_TEST(reset_takes_templates_of_2048_characters)
{
	static const char start[] = "https://site.example/{token}";
	char template[URL_TEMPLATE_MAX + 2];
	struct messages messages;
	struct faults faults;
	char *url;

	(void)people_add("ann@example.com", "");
	memset(template, 'x', sizeof(template));
	memcpy(template, start, sizeof(start) - 1);
	template[URL_TEMPLATE_MAX + 1] = '\0';
	ck_assert_rc(request("ann@example.com", template, &faults), RC_VALIDATION);
	template[URL_TEMPLATE_MAX] = '\0';
	ck_assert_rc(request("ann@example.com", template, &faults), RC_OK);
	messages = people_outbox();
	url = people_variable(&messages.list[0], "url");
	ck_assert_uint_eq(strlen(url), URL_TEMPLATE_MAX - 7 + RESET_TOKEN_LEN);
	free(url);
	messages_release(&messages);
}
END_TEST

START_TEST(reset_is_limited_by_recipient_known_or_not)
{
	static const char *const emails[] = { "ann@example.com", "nobody@example.com" };
	struct faults faults;
	char *token;

	(void)people_add("ann@example.com", "");
	service_conf.limits.recipient = (struct limit){ 2, 3600000 };
	token = mailed_token("ann@example.com");
	free(token);
	ck_assert_rc(request("nobody@example.com", "{token}", &faults), RC_OK);
	ck_assert_rc(request("NOBODY@example.com", "{token}", &faults), RC_OK);
	token = mailed_token("ann@example.com");
	for (int i = 0; i < 2; i++) {
		ck_assert_rc(request(emails[i], "{token}", &faults), RC_LIMITED);
		ck_assert_int_gt(faults.retry_after_s, 0);
	}
	/* Over the limit the last token stays good. */
	ck_assert(people_has_token(token));
	ck_assert_rc(confirm(token, PEOPLE_PASSWORD), RC_OK);
	free(token);
	clock_advance(3601000);
	ck_assert_rc(request("ann@example.com", "{token}", &faults), RC_OK);
}
END_TEST

START_TEST(reset_is_limited_by_address_and_a_refused_recipient_is_not_counted)
{
	struct client other = client;
	struct faults faults;

	service_conf.limits.recipient = (struct limit){ 1, 3600000 };
	service_conf.limits.send_address = (struct limit){ 2, 3600000 };
	ck_assert_rc(request("a@example.com", "{token}", &faults), RC_OK);
	for (int i = 0; i < 4; i++)
		ck_assert_rc(request("a@example.com", "{token}", &faults), RC_LIMITED);
	ck_assert_rc(request("b@example.com", "{token}", &faults), RC_OK);
	ck_assert_rc(request("c@example.com", "{token}", &faults), RC_LIMITED);
	/* What an address was refused for is still free for others. */
	other.address = STR("192.0.2.9");
	ck_assert_rc(
	    passwords_request_reset(service, &other, STR("c@example.com"), STR("{token}"), &faults),
	    RC_OK);
}
END_TEST

START_TEST(confirm_sets_the_password_once_and_ends_all_logins)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_ann = people_login(ann);
	char *token = mailed_token("ann@example.com");

	ck_assert_rc(confirm(token, "1234567"), RC_VALIDATION);
	ck_assert_int_eq(people_logins(ann), 1);
	ck_assert_rc(confirm(token, PEOPLE_PASSWORD), RC_OK);
	ck_assert(has_password(ann, PEOPLE_PASSWORD));
	ck_assert_int_eq(people_logins(ann), 0);
	ck_assert_rc(confirm(token, "another password"), RC_RESET_TOKEN_INVALID);
	ck_assert(has_password(ann, PEOPLE_PASSWORD));
	ck_assert_rc(confirm("", PEOPLE_PASSWORD), RC_RESET_TOKEN_INVALID);
	principal_release(&as_ann);
	free(token);
}
END_TEST

START_TEST(confirm_takes_the_newest_token_only)
{
	int64_t ann = people_add("ann@example.com", "");
	char *first = mailed_token("ann@example.com");
	char *second = mailed_token("ann@example.com");

	ck_assert_str_ne(first, second);
	ck_assert_rc(confirm(first, PEOPLE_PASSWORD), RC_RESET_TOKEN_INVALID);
	ck_assert_rc(confirm(second, PEOPLE_PASSWORD), RC_OK);
	ck_assert(has_password(ann, PEOPLE_PASSWORD));
	free(first);
	free(second);
}
END_TEST

START_TEST(confirm_takes_a_token_until_it_expires)
{
	char *token;

	(void)people_add("ann@example.com", "");
	token = mailed_token("ann@example.com");
	clock_advance(service_conf.reset.lifetime_ms);
	ck_assert_rc(confirm(token, PEOPLE_PASSWORD), RC_RESET_TOKEN_INVALID);
	free(token);
	token = mailed_token("ann@example.com");
	clock_advance(service_conf.reset.lifetime_ms - 1);
	ck_assert_rc(confirm(token, PEOPLE_PASSWORD), RC_OK);
	free(token);
}
END_TEST

START_TEST(confirm_looks_the_token_up_before_it_hashes)
{
	struct client self = client;
	struct faults faults = { 0 };
	char *token;

	(void)people_add("ann@example.com", "");
	token = mailed_token("ann@example.com");
	self.deadline_ms = clock_monotonic_ms();
	ck_assert_rc(
	    passwords_confirm_reset(service, &self, STR("x"), STR(PEOPLE_PASSWORD), &faults),
	    RC_RESET_TOKEN_INVALID);
	ck_assert_rc(
	    passwords_confirm_reset(service, &self, str_from(token), STR(PEOPLE_PASSWORD), &faults),
	    RC_BUSY);
	ck_assert_rc(passwords_confirm_reset(service, &self, str_from(token), STR(""), &faults),
	    RC_VALIDATION);
	ck_assert(faults_has(&faults, "/new_password"));
	/* Neither used it up. */
	ck_assert_rc(confirm(token, PEOPLE_PASSWORD), RC_OK);
	free(token);
}
END_TEST

START_TEST(token_dies_with_a_changed_password_and_deactivation)
{
	int64_t ann = people_add("ann@example.com", "");
	struct principal as_ann = people_login(ann);
	char *token = mailed_token("ann@example.com");

	ck_assert_rc(set_password(&as_ann, ann, PEOPLE_PASSWORD), RC_OK);
	ck_assert_rc(confirm(token, "another password"), RC_RESET_TOKEN_INVALID);
	free(token);
	token = mailed_token("ann@example.com");
	ck_assert_rc(users_admin_set_active(service, ann, false), RC_OK);
	ck_assert_rc(users_admin_set_active(service, ann, true), RC_OK);
	ck_assert_rc(confirm(token, "another password"), RC_RESET_TOKEN_INVALID);
	free(token);
	principal_release(&as_ann);
}
END_TEST

START_TEST(confirm_frees_an_account_that_failures_had_locked)
{
	const struct limit limit = { 1, 3600000 };
	int64_t wait_ms;
	char *token;

	(void)people_add("Ann@example.com", "");
	ck_assert_rc(shm_limit_take(service->shm, LIMIT_LOGIN_ACCOUNT, STR("ann@example.com"),
	                 &limit, &wait_ms),
	    RC_OK);
	token = mailed_token("ann@example.com");
	ck_assert_rc(confirm(token, PEOPLE_PASSWORD), RC_OK);
	ck_assert_rc(shm_limit_peek(service->shm, LIMIT_LOGIN_ACCOUNT, STR("ann@example.com"),
	                 &limit, &wait_ms),
	    RC_OK);
	free(token);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("passwords");

	tcase_add_checked_fixture(tests, people_setup, people_teardown);
	tcase_add_test(tests, set_password_ends_all_logins_but_the_one_that_asked);
	tcase_add_test(tests, set_password_by_another_ends_every_login);
	tcase_add_test(tests, set_password_follows_the_access_rules);
	tcase_add_test(tests, reset_mails_a_link_and_wakes_the_queue);
	tcase_add_test(tests, reset_writes_the_same_rows_for_nobody_and_the_inactive);
	tcase_add_test(tests, reset_knows_imported_users_without_a_password);
	tcase_add_test(tests, reset_refuses_links_to_other_hosts);
	tcase_add_test(tests, reset_takes_templates_of_2048_characters);
	tcase_add_test(tests, reset_is_limited_by_recipient_known_or_not);
	tcase_add_test(tests, reset_is_limited_by_address_and_a_refused_recipient_is_not_counted);
	tcase_add_test(tests, confirm_sets_the_password_once_and_ends_all_logins);
	tcase_add_test(tests, confirm_takes_the_newest_token_only);
	tcase_add_test(tests, confirm_takes_a_token_until_it_expires);
	tcase_add_test(tests, confirm_looks_the_token_up_before_it_hashes);
	tcase_add_test(tests, token_dies_with_a_changed_password_and_deactivation);
	tcase_add_test(tests, confirm_frees_an_account_that_failures_had_locked);
	return suite_run();
}
