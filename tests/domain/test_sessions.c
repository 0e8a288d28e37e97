#include "domain/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/rows.h"
#include "support/service.h"

#define EMAIL STR("owner@example.com")
#define PASSWORD STR("correct horse")
#define WRONG STR("wrong horse")
#define BCRYPT "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"

static int64_t owner;
static struct buf token;

static void
set_up(void)
{
	service_set_up();
	owner = service_add_user("owner@example.com", service_hash("correct horse"), "admin,x");
	token = BUF_INIT(TOKEN_MAX);
}

static void
tear_down(void)
{
	buf_release(&token);
	service_tear_down();
}

static enum rc
login_as(struct service *at, const struct client *from, struct str email, struct str password)
{
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum rc rc;

	buf_reset(&token);
	rc = sessions_login(at, from, email, password, &user, &token, &faults);
	ck_assert(rc != RC_OK || (user.id > 0 && user.password == NULL && token.len > 0));
	ck_assert(rc == RC_OK || token.len == 0);
	ck_assert(rc != RC_LIMITED || faults.retry_after_s > 0);
	user_release(&user);
	return rc;
}

static enum rc
login(struct str email, struct str password)
{
	return login_as(service, &client, email, password);
}

static enum rc
authenticate_at(struct service *at, struct str text)
{
	struct principal principal = { 0 };
	enum rc rc = sessions_authenticate(at, text, &principal);

	principal_release(&principal);
	return rc;
}

static enum rc
authenticate(struct str text)
{
	return authenticate_at(service, text);
}

static enum rc
authenticate_any_time(struct str text)
{
	struct principal principal = { 0 };
	enum rc rc = sessions_authenticate_any_time(service, text, &principal);

	principal_release(&principal);
	return rc;
}

static enum rc
refresh(struct str text)
{
	struct buf next = BUF_INIT(TOKEN_MAX);
	enum rc rc = sessions_refresh(service, &client, text, &next);

	buf_release(&next);
	return rc;
}

static enum rc
logout(struct str text)
{
	struct principal principal = { 0 };
	enum rc rc = sessions_authenticate_any_time(service, text, &principal);

	if (rc == RC_OK)
		rc = sessions_logout(service, &client, &principal, SESSION_SCOPE_LOCAL);
	principal_release(&principal);
	return rc;
}

START_TEST(login_gives_the_user_and_a_token_that_opens)
{
	struct faults faults = { 0 };
	struct principal principal = { 0 };
	struct user user = { 0 };

	clock_advance(5000);
	ck_assert_rc(
	    sessions_login(service, &client, EMAIL, PASSWORD, &user, &token, &faults), RC_OK);
	ck_assert_int_eq(user.id, owner);
	ck_assert_str_eq(user.email, "owner@example.com");
	ck_assert_int_eq(user.last_login_at, SERVICE_NOW + 5000);
	ck_assert_int_eq(user.updated_at, SERVICE_NOW);
	ck_assert_ptr_null(user.password);
	ck_assert_int_eq(service_query("SELECT last_login_at FROM user"), SERVICE_NOW + 5000);
	ck_assert_rc(sessions_authenticate(service, buf_str(&token), &principal), RC_OK);
	ck_assert_int_eq(principal.user_id, owner);
	ck_assert_str_eq(principal.roles, "admin,x");
	ck_assert_int_eq(principal.claims.iat, SERVICE_NOW / 1000 + 5);
	ck_assert_int_eq(principal.claims.exp, SERVICE_NOW / 1000 + 5 + 900);
	ck_assert_int_eq(principal.claims.rf_exp, SERVICE_NOW / 1000 + 5 + 2592000);
	ck_assert_int_eq(principal.claims.counter, 0);
	ck_assert_uint_eq(strlen(principal.claims.jti), RANDOM_ID_LEN);
	principal_release(&principal);
	user_release(&user);
}
END_TEST

START_TEST(login_takes_every_spelling_of_the_email)
{
	ck_assert_rc(login(STR("OWNER@Example.COM"), PASSWORD), RC_OK);
	ck_assert_rc(login(STR("owner@example.org"), PASSWORD), RC_EMAIL_UNKNOWN);
}
END_TEST

START_TEST(login_refuses_with_a_cause_for_each)
{
	service_add_user("none@example.com", NULL, "");
	service_add_user("plain@example.com", "correct horse", "");
	service_add_user("off@example.com", service_hash("correct horse"), "");
	service_execute("UPDATE user SET is_active = 0 WHERE email = 'off@example.com'");
	ck_assert_rc(login(EMAIL, WRONG), RC_WRONG_PASSWORD);
	ck_assert_rc(login(EMAIL, STR("")), RC_WRONG_PASSWORD);
	ck_assert_rc(login(STR("nobody@example.com"), PASSWORD), RC_EMAIL_UNKNOWN);
	ck_assert_rc(login(STR("not an e-mail"), PASSWORD), RC_EMAIL_UNKNOWN);
	ck_assert_rc(login(STR(""), STR("")), RC_EMAIL_UNKNOWN);
	ck_assert_rc(login(STR("none@example.com"), STR("")), RC_NO_PASSWORD);
	ck_assert_rc(login(STR("plain@example.com"), PASSWORD), RC_NO_PASSWORD);
	ck_assert_rc(login(STR("off@example.com"), PASSWORD), RC_LOGIN_INACTIVE);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 0);
}
END_TEST

START_TEST(login_takes_longest_and_refuses_longer)
{
	static char password[LOGIN_PASSWORD_MAX + 2], email[LOGIN_EMAIL_MAX + 2];
	struct str whole;

	memset(password, 'p', sizeof(password) - 1);
	password[LOGIN_PASSWORD_MAX] = '\0';
	service_add_user("long@example.com", service_hash(password), "");
	whole = str_from(password);
	ck_assert_rc(login(STR("long@example.com"), whole), RC_OK);
	password[LOGIN_PASSWORD_MAX] = 'p';
	ck_assert_rc(login(STR("long@example.com"), str_from(password)), RC_EMAIL_UNKNOWN);
	memset(email, 'e', sizeof(email) - 1);
	email[LOGIN_EMAIL_MAX] = '\0';
	service_add_user(email, service_hash("correct horse"), "");
	ck_assert_rc(login(str_from(email), PASSWORD), RC_OK);
	email[LOGIN_EMAIL_MAX] = 'e';
	ck_assert_rc(login(str_from(email), PASSWORD), RC_EMAIL_UNKNOWN);
}
END_TEST

START_TEST(login_makes_a_stale_hash_anew_and_no_other)
{
	int64_t id = service_add_user("old@example.com", BCRYPT, "");
	struct user user = { 0 };
	char *first;

	ck_assert_rc(login(STR("old@example.com"), WRONG), RC_WRONG_PASSWORD);
	ck_assert_int_eq(service_query("SELECT count(*) FROM user WHERE password LIKE '$2b$%'"), 1);
	ck_assert_rc(login(STR("old@example.com"), PASSWORD), RC_OK);
	ck_assert_rc(db_begin_read(service->db), RC_OK);
	ck_assert_rc(user_row_get(service->db, id, &user), RC_OK);
	db_rollback(service->db);
	ck_assert(str_starts(str_from(user.password), STR("$argon2id$v=19$m=8,t=1,p=1$")));
	ck_assert_int_eq(user.updated_at, user.created_at);
	first = str_dup(str_from(user.password));
	user_release(&user);
	ck_assert_rc(login(STR("old@example.com"), PASSWORD), RC_OK);
	ck_assert_rc(db_begin_read(service->db), RC_OK);
	ck_assert_rc(user_row_get(service->db, id, &user), RC_OK);
	db_rollback(service->db);
	ck_assert_str_eq(user.password, first);
	user_release(&user);
	free(first);
}
END_TEST

START_TEST(login_counts_failures_by_account_over_all_spellings)
{
	static const char *const spellings[] = { "owner@example.com", "OWNER@example.com",
		"owner@EXAMPLE.com" };
	struct client other = client;
	struct str spelling;
	char address[16];

	for (int i = 0; i < 10; i++) {
		(void)snprintf(address, sizeof(address), "192.0.2.%d", i + 10);
		other.address = str_from(address);
		spelling = str_from(spellings[i % 3]);
		ck_assert_rc(login_as(service, &other, spelling, WRONG), RC_WRONG_PASSWORD);
	}
	ck_assert_rc(login(EMAIL, PASSWORD), RC_LIMITED);
	ck_assert_rc(login(STR("Owner@example.com"), PASSWORD), RC_LIMITED);
	/* Whether the account exists can't be told by its limit. */
	for (int i = 0; i < 10; i++)
		ck_assert_rc(login(STR("nobody@example.com"), WRONG), RC_EMAIL_UNKNOWN);
	ck_assert_rc(login(STR("nobody@example.com"), WRONG), RC_LIMITED);
	clock_advance(900001);
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
}
END_TEST

START_TEST(login_counts_failures_by_address)
{
	struct client other = client;
	char email[32];

	for (int i = 0; i < 50; i++) {
		(void)snprintf(email, sizeof(email), "u%d@example.com", i);
		ck_assert_rc(login(str_from(email), WRONG), RC_EMAIL_UNKNOWN);
	}
	ck_assert_rc(login(EMAIL, PASSWORD), RC_LIMITED);
	other.address = STR("192.0.2.2");
	ck_assert_rc(login_as(service, &other, EMAIL, PASSWORD), RC_OK);
}
END_TEST

START_TEST(login_gives_back_what_was_no_failure)
{
	for (int i = 0; i < 60; i++)
		ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	for (int i = 0; i < 9; i++)
		ck_assert_rc(login(EMAIL, WRONG), RC_WRONG_PASSWORD);
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	ck_assert_rc(login(EMAIL, WRONG), RC_WRONG_PASSWORD);
	ck_assert_rc(login(EMAIL, PASSWORD), RC_LIMITED);
}
END_TEST

/* Each of these would hash, and for as long as any: so none gets by without a slot. */
START_TEST(login_is_busy_after_the_clients_deadline_whoever_asks)
{
	static const char *const emails[] = { "owner@example.com", "nobody@example.com",
		"none@example.com", "off@example.com" };
	struct client late = client;

	service_add_user("none@example.com", NULL, "");
	service_add_user("off@example.com", service_hash("correct horse"), "");
	service_execute("UPDATE user SET is_active = 0 WHERE email = 'off@example.com'");
	late.deadline_ms = clock_monotonic_ms() - 1;
	for (size_t i = 0; i < 80; i++)
		ck_assert_rc(login_as(service, &late, str_from(emails[i / 20]), PASSWORD), RC_BUSY);
	/* And none was counted as a failure. */
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
}
END_TEST

START_TEST(login_keeps_as_many_logins_as_are_allowed_those_used_last)
{
	struct buf first = BUF_INIT(TOKEN_MAX), second = BUF_INIT(TOKEN_MAX);

	service_conf.token.sessions_max = 3;
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	buf_add(&first, buf_str(&token));
	clock_advance(1);
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	buf_add(&second, buf_str(&token));
	clock_advance(1);
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	ck_assert_rc(authenticate(buf_str(&first)), RC_OK);
	clock_advance(1);
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	ck_assert_rc(authenticate(buf_str(&first)), RC_SESSION_ENDED);
	ck_assert_rc(authenticate(buf_str(&second)), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 3);
	/* Lowered, it holds from the next login on. */
	service_conf.token.sessions_max = 1;
	ck_assert_rc(authenticate(buf_str(&second)), RC_OK);
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	ck_assert_rc(authenticate(buf_str(&second)), RC_SESSION_ENDED);
	ck_assert_rc(authenticate(buf_str(&token)), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session"), 1);
	buf_release(&first);
	buf_release(&second);
}
END_TEST

START_TEST(login_keeps_a_bounded_valid_user_agent)
{
	struct client other = client;
	char agent[400];

	memset(agent, 'a', sizeof(agent));
	memcpy(agent + 255, "\xc3\xa9", 2); /* would be cut in its middle */
	other.user_agent = (struct str){ agent, sizeof(agent) };
	ck_assert_rc(login_as(service, &other, EMAIL, PASSWORD), RC_OK);
	ck_assert_int_eq(service_query("SELECT max(length(user_agent)) FROM session"), 255);
	other.user_agent = STR("\xff");
	ck_assert_rc(login_as(service, &other, EMAIL, PASSWORD), RC_OK);
	other.user_agent = STR_NULL;
	ck_assert_rc(login_as(service, &other, EMAIL, PASSWORD), RC_OK);
	ck_assert_int_eq(service_query("SELECT count(*) FROM session WHERE user_agent = ''"), 2);
}
END_TEST

START_TEST(authenticate_checks_in_the_contracts_order)
{
	struct buf other = BUF_INIT(TOKEN_MAX);
	struct claims claims = { .jti = "unknown", .iat = SERVICE_NOW / 1000 };

	ck_assert_rc(authenticate(STR("x")), RC_TOKEN_BAD);
	ck_assert_rc(authenticate(STR("")), RC_TOKEN_BAD);
	/* No such user comes before no such login; that before the time. */
	claims.user_id = owner + 1000;
	ck_assert_rc(token_sign(service->keyring, &claims, STR(""), &other), RC_OK);
	ck_assert_rc(authenticate(buf_str(&other)), RC_TOKEN_USER_GONE);
	ck_assert_rc(authenticate_any_time(buf_str(&other)), RC_TOKEN_USER_GONE);
	ck_assert_rc(refresh(buf_str(&other)), RC_TOKEN_USER_GONE);
	buf_reset(&other);
	claims.user_id = owner;
	ck_assert_rc(token_sign(service->keyring, &claims, STR(""), &other), RC_OK);
	ck_assert_rc(authenticate(buf_str(&other)), RC_SESSION_ENDED);
	ck_assert_rc(authenticate_any_time(buf_str(&other)), RC_SESSION_ENDED);
	ck_assert_rc(refresh(buf_str(&other)), RC_SESSION_ENDED);
	buf_release(&other);
}
END_TEST

START_TEST(authenticate_refuses_the_login_of_another_user)
{
	int64_t thief = service_add_user("thief@example.com", NULL, "");
	struct buf other = BUF_INIT(TOKEN_MAX);
	struct claims claims;

	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	ck_assert_rc(
	    token_check(service->keyring, buf_str(&token), SERVICE_NOW / 1000, &claims), RC_OK);
	claims.user_id = thief;
	ck_assert_rc(token_sign(service->keyring, &claims, STR(""), &other), RC_OK);
	ck_assert_rc(authenticate(buf_str(&other)), RC_SESSION_ENDED);
	ck_assert_rc(logout(buf_str(&other)), RC_SESSION_ENDED);
	ck_assert_rc(authenticate(buf_str(&token)), RC_OK);
	buf_release(&other);
}
END_TEST

START_TEST(authenticate_opens_until_exp_and_refreshes_from_then_until_rf_exp)
{
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	clock_advance(899999);
	ck_assert_rc(authenticate(buf_str(&token)), RC_OK);
	ck_assert_rc(refresh(buf_str(&token)), RC_REFRESH_EARLY);
	clock_advance(1);
	ck_assert_rc(authenticate(buf_str(&token)), RC_ACCESS_EXPIRED);
	ck_assert_rc(authenticate_any_time(buf_str(&token)), RC_OK);
	clock_advance(INT64_C(2592000000) - 900000);
	ck_assert_rc(authenticate(buf_str(&token)), RC_ACCESS_EXPIRED);
	ck_assert_rc(refresh(buf_str(&token)), RC_REFRESH_EXPIRED);
	ck_assert_rc(authenticate_any_time(buf_str(&token)), RC_OK);
	clock_advance(-1);
	ck_assert_rc(refresh(buf_str(&token)), RC_OK);
}
END_TEST

START_TEST(authenticate_refuses_an_inactive_user_before_the_time)
{
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	service_execute("UPDATE user SET is_active = 0");
	ck_assert_rc(authenticate(buf_str(&token)), RC_USER_INACTIVE);
	ck_assert_rc(authenticate_any_time(buf_str(&token)), RC_USER_INACTIVE);
	ck_assert_rc(refresh(buf_str(&token)), RC_USER_INACTIVE);
	clock_advance(900000);
	ck_assert_rc(authenticate(buf_str(&token)), RC_USER_INACTIVE);
	ck_assert_rc(refresh(buf_str(&token)), RC_USER_INACTIVE);
}
END_TEST

START_TEST(logout_ends_that_login_only_and_takes_expired_tokens)
{
	struct buf first = BUF_INIT(TOKEN_MAX);

	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	buf_add(&first, buf_str(&token));
	ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
	ck_assert_rc(logout(buf_str(&first)), RC_OK);
	ck_assert_rc(authenticate(buf_str(&first)), RC_SESSION_ENDED);
	ck_assert_rc(logout(buf_str(&first)), RC_SESSION_ENDED);
	ck_assert_rc(authenticate(buf_str(&token)), RC_OK);
	clock_advance(2000000);
	ck_assert_rc(refresh(buf_str(&first)), RC_SESSION_ENDED);
	ck_assert_rc(logout(buf_str(&token)), RC_OK);
	ck_assert_rc(refresh(buf_str(&token)), RC_SESSION_ENDED);
	buf_release(&first);
}
END_TEST

/* The caches' rule, seen from outside: whatever another worker or an admin's shell committed
 * counts at the next check, and so does what we committed ourselves. */
START_TEST(authenticate_sees_every_commit_at_once)
{
	struct service *other = service_another();
	struct principal principal = { 0 };

	for (int i = 0; i < 3; i++) {
		ck_assert_rc(login(EMAIL, PASSWORD), RC_OK);
		ck_assert_rc(authenticate(buf_str(&token)), RC_OK);
		ck_assert_rc(authenticate_at(other, buf_str(&token)), RC_OK);
		ck_assert_rc(authenticate_at(other, buf_str(&token)), RC_OK);
		ck_assert_rc(logout(buf_str(&token)), RC_OK);
		ck_assert_rc(authenticate(buf_str(&token)), RC_SESSION_ENDED);
		ck_assert_rc(authenticate_at(other, buf_str(&token)), RC_SESSION_ENDED);
	}
	ck_assert_rc(login_as(other, &client, EMAIL, PASSWORD), RC_OK);
	ck_assert_rc(authenticate(buf_str(&token)), RC_OK);
	service_execute("UPDATE user SET roles = 'service'");
	ck_assert_rc(sessions_authenticate(service, buf_str(&token), &principal), RC_OK);
	ck_assert_str_eq(principal.roles, "service");
	principal_release(&principal);
	service_execute("DELETE FROM session");
	ck_assert_rc(authenticate(buf_str(&token)), RC_SESSION_ENDED);
	service_execute("DELETE FROM user");
	ck_assert_rc(authenticate(buf_str(&token)), RC_TOKEN_USER_GONE);
	ck_assert_rc(authenticate_at(other, buf_str(&token)), RC_TOKEN_USER_GONE);
	service_close(other);
}
END_TEST

START_TEST(sessions_start_is_undone_with_the_callers_transaction)
{
	struct user user = { 0 };
	struct claims claims;

	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(user_row_get(service->db, owner, &user), RC_OK);
	ck_assert_rc(sessions_start(service, &client, &user, &claims), RC_OK);
	db_rollback(service->db);
	ck_assert_rc(sessions_sign(service, &claims, STR(""), &token), RC_OK);
	ck_assert_rc(authenticate(buf_str(&token)), RC_SESSION_ENDED);
	buf_reset(&token);
	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(sessions_start(service, &client, &user, &claims), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	ck_assert_rc(sessions_sign(service, &claims, STR(""), &token), RC_OK);
	ck_assert_rc(authenticate(buf_str(&token)), RC_OK);
	user_release(&user);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("sessions");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, login_gives_the_user_and_a_token_that_opens);
	tcase_add_test(tests, login_takes_every_spelling_of_the_email);
	tcase_add_test(tests, login_refuses_with_a_cause_for_each);
	tcase_add_test(tests, login_takes_longest_and_refuses_longer);
	tcase_add_test(tests, login_makes_a_stale_hash_anew_and_no_other);
	tcase_add_test(tests, login_counts_failures_by_account_over_all_spellings);
	tcase_add_test(tests, login_counts_failures_by_address);
	tcase_add_test(tests, login_gives_back_what_was_no_failure);
	tcase_add_test(tests, login_is_busy_after_the_clients_deadline_whoever_asks);
	tcase_add_test(tests, login_keeps_as_many_logins_as_are_allowed_those_used_last);
	tcase_add_test(tests, login_keeps_a_bounded_valid_user_agent);
	tcase_add_test(tests, authenticate_checks_in_the_contracts_order);
	tcase_add_test(tests, authenticate_refuses_the_login_of_another_user);
	tcase_add_test(tests, authenticate_opens_until_exp_and_refreshes_from_then_until_rf_exp);
	tcase_add_test(tests, authenticate_refuses_an_inactive_user_before_the_time);
	tcase_add_test(tests, logout_ends_that_login_only_and_takes_expired_tokens);
	tcase_add_test(tests, authenticate_sees_every_commit_at_once);
	tcase_add_test(tests, sessions_start_is_undone_with_the_callers_transaction);
	return suite_run();
}
