#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/ctl_table.h"
#include "domain/users.h"

enum { PAGE = 100, PAGE_TEXT_MAX = 1024 * 1024, NUMBER_MAX = 24 };

static void
add_time(struct json_out *out, const char *name, int64_t at)
{
	char text[CLOCK_TEXT_MAX + 1];

	clock_format(at, true, text);
	json_out_string(out, name, str_from(text));
}

/* The members of the API's user. */
static void
add_user(struct json_out *out, const struct user *user)
{
	struct str rest = str_from(user->roles), role;

	json_out_object(out, NULL);
	json_out_int(out, "id", user->id);
	json_out_string(out, "email", str_from(user->email));
	json_out_string(out, "phone", str_from(user->phone));
	json_out_bool(out, "phone_verified", user->phone_verified);
	json_out_string(out, "first_name", str_from(user->first_name));
	json_out_string(out, "last_name", str_from(user->last_name));
	json_out_bool(out, "is_active", user->is_active);
	json_out_array(out, "roles");
	while (rest.len > 0 && str_cut(&rest, ',', &role))
		json_out_string(out, NULL, role);
	json_out_end(out);
	add_time(out, "last_login", user->last_login_at);
	add_time(out, "updated_at", user->updated_at);
	add_time(out, "created_at", user->created_at);
	json_out_end(out);
}

static enum rc
add_line(struct ctl_table *table, const char *name, const char *value)
{
	return ctl_table_add(table, (const char *const[]){ name, value });
}

static enum rc
add_lines(struct ctl_table *table, const struct user *user)
{
	char id[NUMBER_MAX], login[CLOCK_TEXT_MAX + 1], updated[CLOCK_TEXT_MAX + 1],
	    created[CLOCK_TEXT_MAX + 1];
	const char *const lines[][2] = {
		{ "id", id },
		{ "email", user->email },
		{ "phone", user->phone },
		{ "phone verified", user->phone_verified ? "yes" : "no" },
		{ "first name", user->first_name },
		{ "last name", user->last_name },
		{ "active", user->is_active ? "yes" : "no" },
		{ "roles", user->roles },
		{ "last login", login },
		{ "updated", updated },
		{ "created", created },
	};
	enum rc rc = RC_OK;

	(void)snprintf(id, sizeof(id), "%" PRId64, user->id);
	clock_format(user->last_login_at, true, login);
	clock_format(user->updated_at, true, updated);
	clock_format(user->created_at, true, created);
	for (size_t i = 0; rc == RC_OK && i < sizeof(lines) / sizeof(lines[0]); i++)
		rc = add_line(table, lines[i][0], lines[i][1]);
	return rc;
}

enum ctl_status
ctl_user_show_one(const struct ctl *ctl, const struct user *user)
{
	static const struct ctl_column columns[] = { { "NAME", false }, { "VALUE", false } };
	struct buf text = BUF_INIT(PAGE_TEXT_MAX);
	struct ctl_table *table = NULL;
	enum ctl_status status;
	enum rc rc;

	if (ctl->is_json) {
		struct json_out out = json_out_to(&text);

		add_user(&out, user);
		buf_add_char(&text, '\n');
		status = ctl_print(&text);
	} else {
		if ((rc = ctl_table_new(columns, 2, false, &table)) == RC_OK &&
		    (rc = add_lines(table, user)) == RC_OK)
			rc = ctl_table_print(table);
		status = ctl_refuse(rc, NULL);
	}
	ctl_table_free(table);
	buf_release(&text);
	return status;
}

enum ctl_status
ctl_user_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct user user = { 0 };
	enum ctl_status status;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind != 1)
		return ctl_usage(ctl);
	if ((status = ctl_find_user(ctl, argv[optind], &user)) == CTL_OK)
		status = ctl_user_show_one(ctl, &user);
	user_release(&user);
	return status;
}

/* One page of users: into the table, or as JSON to standard output at once. */
static enum ctl_status
put_page(const struct ctl *ctl, const struct user *users, size_t n, struct ctl_table *table,
    struct json_out *out)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		char id[NUMBER_MAX], login[CLOCK_TEXT_MAX + 1];

		if (ctl->is_json) {
			add_user(out, &users[i]);
			continue;
		}
		(void)snprintf(id, sizeof(id), "%" PRId64, users[i].id);
		clock_format(users[i].last_login_at, true, login);
		rc = ctl_table_add(
		    table, (const char *const[]){ id, users[i].email, users[i].phone,
		               users[i].is_active ? "yes" : "no", login, users[i].roles });
	}
	if (rc != RC_OK)
		return CTL_FAILED;
	return ctl->is_json ? ctl_print(out->buf) : CTL_OK;
}

static enum ctl_status
list(struct ctl *ctl, struct ctl_table *table, struct json_out *out)
{
	struct user users[PAGE];
	enum ctl_status status = CTL_OK;
	int64_t after = 0;
	size_t n;

	do {
		n = 0;
		status = ctl_refuse(users_list(ctl->service, after, PAGE, users, &n), NULL);
		if (status != CTL_OK)
			return status;
		status = put_page(ctl, users, n, table, out);
		if (n > 0)
			after = users[n - 1].id;
		for (size_t i = 0; i < n; i++)
			user_release(&users[i]);
	} while (status == CTL_OK && n == PAGE);
	return status;
}

enum ctl_status
ctl_user_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_column columns[] = { { "ID", true }, { "EMAIL", false },
		{ "PHONE", false }, { "ACTIVE", false }, { "LAST LOGIN", false },
		{ "ROLES", false } };
	struct buf text = BUF_INIT(PAGE_TEXT_MAX);
	struct json_out out = json_out_to(&text);
	struct ctl_table *table = NULL;
	enum ctl_status status;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc != optind)
		return ctl_usage(ctl);
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		return status;
	if (ctl->is_json) {
		json_out_array(&out, NULL);
		status = list(ctl, NULL, &out);
		json_out_end(&out);
		buf_add_char(&text, '\n');
		if (status == CTL_OK)
			status = ctl_print(&text);
	} else if (ctl_table_new(columns, sizeof(columns) / sizeof(columns[0]), true, &table) !=
	           RC_OK) {
		status = CTL_FAILED;
	} else if ((status = list(ctl, table, &out)) == CTL_OK) {
		status = ctl_refuse(ctl_table_print(table), NULL);
	}
	ctl_table_free(table);
	buf_release(&text);
	return status;
}
