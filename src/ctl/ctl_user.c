#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/ctl.h"
#include "ctl/ctl_password.h"
#include "domain/users.h"

enum { ROLES_MAX = USER_ROLES_MAX + 1, LINE_MAX = 1024 };

/* What is given on the command line is given as it is; "" is no value. */
static void
give(const char *text, bool *ret_is_given, struct str *ret_value)
{
	*ret_is_given = true;
	*ret_value = *text == '\0' ? STR_NULL : str_from(text);
}

/* Joined for users_add(), which judges the names. A name with a comma would be two. */
static enum ctl_status
add_role(struct buf *roles, const char *role)
{
	if (*role == '\0' || strchr(role, ',') != NULL) {
		log_error("role \"%.60s\": the name of a role is not empty and has no comma", role);
		return CTL_FAILED;
	}
	buf_printf(roles, "%s%s", roles->len == 0 ? "" : ",", role);
	return CTL_OK;
}

static enum ctl_status
add(struct ctl *ctl, struct user_input *input, struct str roles, bool wants_password)
{
	struct buf password = BUF_INIT(CTL_PASSWORD_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum ctl_status status;

	if (wants_password) {
		if (ctl_password_read(&password) != RC_OK) {
			status = CTL_FAILED;
			goto out;
		}
		input->password.is_given = true;
		input->password.value = buf_str(&password);
	}
	if ((status = ctl_open_service(ctl)) != CTL_OK)
		goto out;
	status = ctl_refuse(users_add(ctl->service, input, roles, &user, &faults), &faults);
	if (status != CTL_OK)
		goto out;
	if (ctl->is_json)
		status = ctl_user_show_one(ctl, &user);
	else
		(void)printf("user %" PRId64 " (%s) added\n", user.id, user.email);
out:
	user_release(&user);
	buf_release(&password);
	return status;
}

enum ctl_status
ctl_user_add(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "role", required_argument, NULL, 'r' },
		{ "phone", required_argument, NULL, 'p' },
		{ "first-name", required_argument, NULL, 'f' },
		{ "last-name", required_argument, NULL, 'l' },
		{ "no-password", no_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct user_input input = { 0 };
	struct buf roles = BUF_INIT(ROLES_MAX * 4 * (USER_ROLE_MAX + 1));
	bool wants_password = true;
	enum ctl_status status = CTL_OK;
	int c;

	while ((c = ctl_option(ctl, argc, argv, options)) != -1 && status == CTL_OK) {
		if (c == 'r')
			status = add_role(&roles, optarg);
		else if (c == 'p')
			give(optarg, &input.phone.is_given, &input.phone.value);
		else if (c == 'f')
			give(optarg, &input.first_name.is_given, &input.first_name.value);
		else if (c == 'l')
			give(optarg, &input.last_name.is_given, &input.last_name.value);
		else if (c == 'n')
			wants_password = false;
		else
			status = ctl_usage(ctl);
	}
	if (status == CTL_OK && argc - optind != 1)
		status = ctl_usage(ctl);
	if (status == CTL_OK && !buf_ok(&roles)) {
		log_error("there are too many or too long roles");
		status = CTL_FAILED;
	}
	if (status == CTL_OK) {
		input.email.is_given = true;
		input.email.value = str_from(argv[optind]);
		status = add(ctl, &input, buf_str(&roles), wants_password);
	}
	buf_release(&roles);
	return status;
}

/* Commands of a user and nothing else. */
static enum ctl_status
find_only(struct ctl *ctl, int argc, char **argv, struct user *ret)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };

	if (ctl_option(ctl, argc, argv, options) != -1 || argc - optind != 1)
		return ctl_usage(ctl);
	return ctl_find_user(ctl, argv[optind], ret);
}

enum ctl_status
ctl_user_passwd(struct ctl *ctl, int argc, char **argv)
{
	struct buf password = BUF_INIT(CTL_PASSWORD_MAX);
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum ctl_status status = find_only(ctl, argc, argv, &user);

	if (status != CTL_OK)
		goto out;
	if (ctl_password_read(&password) != RC_OK) {
		status = CTL_FAILED;
		goto out;
	}
	status = ctl_refuse(
	    users_admin_set_password(ctl->service, user.id, buf_str(&password), &faults), &faults);
	if (status == CTL_OK)
		(void)printf("user %" PRId64 " (%s) has a new password\n", user.id, user.email);
out:
	user_release(&user);
	buf_release(&password);
	return status;
}

enum ctl_status
ctl_user_role(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "none", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	struct str roles[ROLES_MAX];
	struct faults faults = { 0 };
	struct user user = { 0 };
	enum ctl_status status;
	bool is_none = false;
	uint64_t number;
	size_t n = 0;
	enum rc rc;
	int c;

	while ((c = ctl_option(ctl, argc, argv, options)) == 'n')
		is_none = true;
	if (c != -1 || optind == argc || (is_none && argc - optind != 1))
		return ctl_usage(ctl);
	for (int i = optind + 1; i < argc && n < ROLES_MAX; i++)
		roles[n++] = str_from(argv[i]);
	if ((status = ctl_find_user(ctl, argv[optind], &user)) != CTL_OK)
		goto out;
	/* Only to look is the safer meaning of no roles: hence --none. */
	if (n == 0 && !is_none) {
		struct str rest = str_from(user.roles), role;

		while (user.roles[0] != '\0' && str_cut(&rest, ',', &role))
			(void)printf(STR_FMT "\n", STR_ARG(role));
		goto out;
	}
	rc = users_admin_set_roles(ctl->service, user.id, roles, n, &faults);
	/* "/0" points into an array that the admin hasn't seen. */
	for (size_t i = 0; i < faults.n; i++)
		if (str_to_u64(str_from(faults.list[i].pointer + 1), ROLES_MAX, &number) == RC_OK)
			(void)snprintf(faults.list[i].pointer, sizeof(faults.list[i].pointer),
			    "/role %u", (unsigned)number + 1);
	status = ctl_refuse(rc, &faults);
	if (status == CTL_OK)
		(void)printf("user %" PRId64 " (%s) has %zu role%s\n", user.id, user.email, n,
		    n == 1 ? "" : "s");
out:
	user_release(&user);
	return status;
}

static enum ctl_status
set_active(struct ctl *ctl, int argc, char **argv, bool is_active)
{
	struct user user = { 0 };
	enum ctl_status status = find_only(ctl, argc, argv, &user);

	if (status == CTL_OK)
		status = ctl_refuse(users_admin_set_active(ctl->service, user.id, is_active), NULL);
	if (status == CTL_OK)
		(void)printf("user %" PRId64 " (%s) is %s\n", user.id, user.email,
		    is_active ? "enabled" : "disabled");
	user_release(&user);
	return status;
}

enum ctl_status
ctl_user_disable(struct ctl *ctl, int argc, char **argv)
{
	return set_active(ctl, argc, argv, false);
}

enum ctl_status
ctl_user_enable(struct ctl *ctl, int argc, char **argv)
{
	return set_active(ctl, argc, argv, true);
}
