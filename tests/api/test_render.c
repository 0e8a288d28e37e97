#include "api/render.h"

#include "support/suite.h"

static struct buf text;

static void
setup(void)
{
	text = BUF_INIT(1 << 16);
}

static void
teardown(void)
{
	buf_release(&text);
}

static const char *
rendered(const struct conf *conf, const struct user *user)
{
	struct json_out out = json_out_to(&text);

	buf_reset(&text);
	json_out_object(&out, NULL);
	render_user(&out, conf, user);
	json_out_end(&out);
	return buf_text(&text);
}

START_TEST(render_user_shows_all_but_the_password)
{
	const struct conf conf = { .time_format = CONF_TIME_RFC3339 };
	char email[] = "u@example.com", roles[] = "admin,\xc3\xa4", hash[] = "$argon2id$secret";
	const struct user user = { .id = 3,
		.email = email,
		.roles = roles,
		.is_active = true,
		.last_login_at = 1795350672000,
		.created_at = 999,
		.updated_at = 1000,
		.password = hash };

	ck_assert_str_eq(rendered(&conf, &user),
	    "{\"id\":3,\"email\":\"u@example.com\",\"phone\":null,\"first_name\":null,"
	    "\"last_name\":null,\"is_active\":true,\"last_login\":\"2026-11-22T12:31:12Z\","
	    "\"roles\":[\"admin\",\"\xc3\xa4\"],\"updated_at\":\"1970-01-01T00:00:01Z\","
	    "\"created_at\":\"1970-01-01T00:00:00Z\",\"phone_verified\":false}");
}
END_TEST

START_TEST(render_user_leaves_the_z_out_for_clients_of_the_original)
{
	const struct conf conf = { .time_format = CONF_TIME_ORIGINAL };
	char none[] = "";
	const struct user user = { .roles = none };

	ck_assert(str_contains(str_from(rendered(&conf, &user)),
	    STR("\"roles\":[],\"updated_at\":\"1970-01-01T00:00:00\",")));
}
END_TEST

START_TEST(render_claims_gives_the_roles_of_now)
{
	char roles[] = "a,b";
	const struct principal principal = { .user_id = 3,
		.roles = roles,
		.claims = {
		    .jti = "j", .user_id = 3, .iat = 1, .exp = 2, .rf_exp = 4, .counter = 5 } };
	struct json_out out = json_out_to(&text);

	json_out_object(&out, NULL);
	render_claims(&out, &principal);
	json_out_end(&out);
	ck_assert_str_eq(buf_text(&text),
	    "{\"iat\":1,\"exp\":2,\"jti\":\"j\",\"id\":3,\"rls\":\"a,b\",\"rf_exp\":4,\"rc\":5}");
}
END_TEST

START_TEST(render_session_marks_the_one_that_asks)
{
	const struct conf conf = { .time_format = CONF_TIME_RFC3339 };
	char address[] = "2001:db8::1", agent[] = "a \"b\"", none[] = "";
	struct session_info info = {
		.session = { .jti = "abc", .created_at = 1000, .last_seen_at = 2999 },
		.address = address,
		.user_agent = agent,
	};
	struct json_out out = json_out_to(&text);

	json_out_array(&out, NULL);
	render_session(&out, &conf, &info, STR("abc"));
	info.address = info.user_agent = none;
	render_session(&out, &conf, &info, STR("ab"));
	json_out_end(&out);
	ck_assert_str_eq(buf_text(&text),
	    "[{\"id\":\"abc\",\"created_at\":\"1970-01-01T00:00:01Z\",\"last_seen\":"
	    "\"1970-01-01T00:00:02Z\",\"ip\":\"2001:db8::1\",\"user_agent\":\"a \\\"b\\\"\","
	    "\"current\":true},{\"id\":\"abc\",\"created_at\":\"1970-01-01T00:00:01Z\","
	    "\"last_seen\":\"1970-01-01T00:00:02Z\",\"ip\":null,\"user_agent\":null,"
	    "\"current\":false}]");
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("render");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, render_user_shows_all_but_the_password);
	tcase_add_test(tests, render_user_leaves_the_z_out_for_clients_of_the_original);
	tcase_add_test(tests, render_claims_gives_the_roles_of_now);
	tcase_add_test(tests, render_session_marks_the_one_that_asks);
	return suite_run();
}
