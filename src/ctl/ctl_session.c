#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/ctl.h"
#include "ctl/ctl_table.h"
#include "domain/sessions.h"

enum { TEXT_MAX = 1024 * 1024 };

static void
add_time(struct json_out *out, const char *name, int64_t at)
{
	char text[CLOCK_TEXT_MAX + 1];

	clock_format(at, true, text);
	json_out_string(out, name, str_from(text));
}

static void
add_text(struct json_out *out, const char *name, const char *text)
{
	json_out_string(out, name, text[0] == '\0' ? STR_NULL : str_from(text));
}

/* The members of the API, but for `current`: there is none. */
static enum ctl_status
print_json(const struct session_list *sessions)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct json_out out = json_out_to(&text);
	enum ctl_status status;

	json_out_array(&out, NULL);
	for (size_t i = 0; i < sessions->n; i++) {
		const struct session_info *info = &sessions->list[i];

		json_out_object(&out, NULL);
		json_out_string(&out, "id", str_from(info->session.jti));
		add_time(&out, "created_at", info->session.created_at);
		add_time(&out, "last_seen", info->session.last_seen_at);
		add_text(&out, "ip", info->address);
		add_text(&out, "user_agent", info->user_agent);
		json_out_end(&out);
	}
	json_out_end(&out);
	buf_add_char(&text, '\n');
	status = ctl_print(&text);
	buf_release(&text);
	return status;
}

static enum ctl_status
print_table(const struct session_list *sessions)
{
	static const struct ctl_column columns[] = { { "ID", false }, { "CREATED", false },
		{ "LAST SEEN", false }, { "ADDRESS", false }, { "USER AGENT", false } };
	char created[CLOCK_TEXT_MAX + 1], seen[CLOCK_TEXT_MAX + 1];
	struct ctl_table *table = NULL;
	enum rc rc;

	rc = ctl_table_new(columns, sizeof(columns) / sizeof(columns[0]), true, &table);
	for (size_t i = 0; rc == RC_OK && i < sessions->n; i++) {
		const struct session_info *info = &sessions->list[i];

		clock_format(info->session.created_at, true, created);
		clock_format(info->session.last_seen_at, true, seen);
		rc = ctl_table_add(table, (const char *const[]){ info->session.jti, created, seen,
		                              info->address, info->user_agent });
	}
	if (rc == RC_OK)
		rc = ctl_table_print(table);
	ctl_table_free(table);
	return ctl_refuse(rc, NULL);
}

enum ctl_status
ctl_session_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct session_list sessions = { 0 };
	struct user user = { 0 };
	enum ctl_status status;

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind != 1)
		return ctl_usage(ctl);
	status = ctl_find_user(ctl, argv[optind], &user);
	if (status == CTL_OK)
		status = ctl_refuse(sessions_admin_list(ctl->service, user.id, &sessions), NULL);
	if (status == CTL_OK)
		status = ctl->is_json ? print_json(&sessions) : print_table(&sessions);
	sessions_list_release(&sessions);
	user_release(&user);
	return status;
}

enum ctl_status
ctl_session_end(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	struct user user = { 0 };
	enum ctl_status status;
	bool is_all = false;
	const char *id;
	size_t n = 0;
	enum rc rc;
	int c;

	while ((c = ctl_option(ctl, argc, argv, options)) == 'a')
		is_all = true;
	/* All of them only for who says so. */
	if (c != -1 || argc - optind != (is_all ? 1 : 2))
		return ctl_usage(ctl);
	id = is_all ? NULL : argv[optind + 1];
	if ((status = ctl_find_user(ctl, argv[optind], &user)) != CTL_OK)
		goto out;
	rc = sessions_admin_end(ctl->service, user.id, str_from(id), &n);
	if (rc == RC_NOT_FOUND) {
		log_error("user %" PRId64 " (%s) has no login \"%.60s\"", user.id, user.email, id);
		status = CTL_FAILED;
		goto out;
	}
	status = ctl_refuse(rc, NULL);
	if (status == CTL_OK)
		(void)printf("%zu login%s of user %" PRId64 " (%s) ended\n", n, n == 1 ? "" : "s",
		    user.id, user.email);
out:
	user_release(&user);
	return status;
}
