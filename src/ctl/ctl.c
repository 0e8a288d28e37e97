#include "ctl/ctl.h"

#include <errno.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf_value.h"
#include "base/log.h"
#include "base/proc.h"
#include "config.h"
#include "domain/users.h"

#define PROGRAM "affo-userctl"
#define COMMAND(group, name) PROGRAM " " group " " name, group, name

enum { PRINT_MAX = 4096 };

static const struct ctl_command commands[] = {
	{ COMMAND("user", "add"),
	    "EMAIL [--role ROLE]... [--phone PHONE] [--first-name NAME] [--last-name NAME] "
	    "[--no-password] [--json]",
	    "adds a user; asks for the password", ctl_user_add },
	{ COMMAND("user", "show"), "ID|EMAIL [--json]", "shows a user", ctl_user_show },
	{ COMMAND("user", "list"), "[--json]", "lists all users", ctl_user_list },
	{ COMMAND("user", "passwd"), "ID|EMAIL", "sets a password and ends the user's logins",
	    ctl_user_passwd },
	{ COMMAND("user", "role"), "ID|EMAIL [ROLE... | --none]",
	    "shows the roles of a user, or replaces them", ctl_user_role },
	{ COMMAND("user", "disable"), "ID|EMAIL", "lets a user in no more and ends the logins",
	    ctl_user_disable },
	{ COMMAND("user", "enable"), "ID|EMAIL", "lets a user in again", ctl_user_enable },
	{ COMMAND("session", "list"), "ID|EMAIL [--json]", "lists the logins of a user",
	    ctl_session_list },
	{ COMMAND("session", "end"), "ID|EMAIL SESSION | ID|EMAIL --all",
	    "ends a login of a user, or all", ctl_session_end },
	{ COMMAND("key", "generate"), "[token|verification|outbox|all|next]",
	    "makes the key files that are not there yet, or the next key of token.key_dir",
	    ctl_key_generate },
	{ COMMAND("key", "list"), "[--json]", "lists the keys of token.key_dir", ctl_key_list },
	{ COMMAND("key", "rotate"), "[--now]", "lets the next key sign tokens", ctl_key_rotate },
	{ COMMAND("key", "retire"), "KID [--now]", "takes a key away that signs no more",
	    ctl_key_retire },
	{ COMMAND("db", "init"), "", "creates the database", ctl_db_init },
	{ COMMAND("db", "migrate"), "", "brings the database to this program's schema",
	    ctl_db_migrate },
	{ COMMAND("db", "check"), "", "looks for damage", ctl_db_check },
	{ COMMAND("outbox", "list"), "[--json]", "lists messages on their way", ctl_outbox_list },
	{ COMMAND("outbox", "show"), "ID [--json]", "shows a message, but not what it says",
	    ctl_outbox_show },
	{ COMMAND("outbox", "retry"), "[ID]", "sends waiting messages now", ctl_outbox_retry },
	{ COMMAND("outbox", "hold"), "ID", "keeps a waiting message from being sent",
	    ctl_outbox_hold },
	{ COMMAND("outbox", "release"), "ID", "sends a held message", ctl_outbox_release },
	{ COMMAND("outbox", "cancel"), "ID", "ends a waiting message, unsent", ctl_outbox_cancel },
	{ COMMAND("outbox", "stats"), "[--json]", "counts messages, and what gateways did",
	    ctl_outbox_stats },
	{ COMMAND("gateway", "list"), "[--json]", "lists the gateways and their state",
	    ctl_gateway_list },
	{ COMMAND("gateway", "test"), "NAME RECIPIENT [--json]",
	    "sends one message through a gateway, now", ctl_gateway_test },
	{ COMMAND("gateway", "enable"), "NAME", "has the queue use a gateway again",
	    ctl_gateway_enable },
	{ COMMAND("gateway", "disable"), "NAME", "has the queue pass a gateway over",
	    ctl_gateway_disable },
	{ COMMAND("check", "nginx"),
	    "URL [--ca FILE] [--insecure] [--protected PATH] [--no-limits] [--json]",
	    "asks a site what careless and hostile clients ask", ctl_check_nginx },
	{ PROGRAM " nginx-snippet", NULL, "nginx-snippet", "[--dir DIR] [NAME]",
	    "prints a file for nginx, or the files' names", ctl_snippet },
};
enum { COMMANDS_N = sizeof(commands) / sizeof(commands[0]) };

static void
print_help(FILE *to)
{
	(void)fprintf(to, "usage: " PROGRAM " [-hV] [-c FILE] COMMAND ...\n\n");
	for (size_t i = 0; i < COMMANDS_N; i++)
		(void)fprintf(to, "  %s%s%s\n      %s\n", commands[i].title + sizeof(PROGRAM),
		    *commands[i].args == '\0' ? "" : " ", commands[i].args, commands[i].help);
	(void)fprintf(to, "\nSee " PROGRAM "(8).\n");
}

enum ctl_status
ctl_usage(const struct ctl *ctl)
{
	(void)fprintf(stderr, "usage: %s%s%s\n", ctl->command->title,
	    *ctl->command->args == '\0' ? "" : " ", ctl->command->args);
	return CTL_USAGE;
}

enum ctl_status
ctl_refuse(enum rc rc, const struct faults *faults)
{
	switch ((int)rc) {
	case RC_OK:
		return CTL_OK;
	case RC_SYSTEM:
	case RC_UNAVAILABLE:
		break; /* logged by whoever met it */
	case RC_CONFIG:
		return CTL_CONFIG;
	case RC_ALREADY_EXISTS:
		log_error("another user has this e-mail address or phone number");
		break;
	case RC_NO_SUCH_USER:
		log_error("there is no such user");
		break;
	case RC_VALIDATION:
		for (size_t i = 0; faults != NULL && i < faults->n; i++) {
			const char *pointer = faults->list[i].pointer;

			log_error("%s%s%s", *pointer == '/' ? pointer + 1 : pointer,
			    *pointer == '\0' ? "" : ": ", faults->list[i].detail);
		}
		break;
	default:
		log_error("failed: %s", rc_name(rc));
	}
	return CTL_FAILED;
}

enum ctl_status
ctl_print(struct buf *text)
{
	bool ok = buf_ok(text) && fwrite(buf_text(text), 1, text->len, stdout) == text->len &&
	          fflush(stdout) == 0;

	buf_reset(text);
	if (ok)
		return CTL_OK;
	log_error("standard output cannot be written: %s", strerror(errno));
	return CTL_FAILED;
}

void
ctl_add_time(struct json_out *out, const char *name, int64_t at)
{
	char text[CLOCK_TEXT_MAX + 1];

	clock_format(at, true, text);
	json_out_string(out, name, at == 0 ? STR_NULL : str_from(text));
}

int
ctl_option(struct ctl *ctl, int argc, char **argv, const struct option *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) == 'j')
		ctl->is_json = true;
	return c;
}

enum ctl_status
ctl_open_conf(struct ctl *ctl, enum conf_check check)
{
	conf_free(ctl->conf);
	ctl->conf = NULL;
	switch ((int)conf_open(ctl->conf_path, check, &ctl->conf)) {
	case RC_OK:
		return CTL_OK;
	case RC_CONFIG:
		return CTL_CONFIG;
	default:
		return CTL_FAILED;
	}
}

/* The name of the account that the database's files belong to; NULL in *ret: stay who we are. */
static enum ctl_status
find_owner(const struct conf *conf, const char **ret)
{
	struct buf dir = BUF_INIT(PRINT_MAX);
	const char *slash = strrchr(conf->database, '/');
	const struct passwd *account;
	enum ctl_status status = CTL_FAILED;
	struct stat st;

	*ret = conf->user;
	buf_add_bytes(
	    &dir, conf->database, slash == conf->database ? 1 : (size_t)(slash - conf->database));
	if (stat(buf_text(&dir), &st) < 0) {
		log_error("the database's directory %s: %s", buf_text(&dir), strerror(errno));
	} else if (st.st_uid == 0) {
		status = CTL_OK;
	} else if ((account = getpwuid(st.st_uid)) == NULL) {
		log_error("the database's directory %s belongs to uid %u, which has no name",
		    buf_text(&dir), (unsigned)st.st_uid);
	} else {
		*ret = account->pw_name; /* static: until the next call */
		status = CTL_OK;
	}
	buf_release(&dir);
	return status;
}

enum ctl_status
ctl_become_owner(struct ctl *ctl)
{
	enum ctl_status status = ctl_open_conf(ctl, CONF_CHECK_SYNTAX);
	const char *owner = NULL;
	char *name;

	if (status != CTL_OK || geteuid() != 0)
		return status;
	if ((status = find_owner(ctl->conf, &owner)) != CTL_OK || owner == NULL)
		return status;
	if ((name = strdup(owner)) == NULL || proc_become(name) != RC_OK)
		status = CTL_FAILED;
	free(name);
	return status;
}

enum ctl_status
ctl_open_service(struct ctl *ctl)
{
	enum ctl_status status = ctl_become_owner(ctl);

	return status == CTL_OK ? ctl_refuse(admin_open(ctl->conf, &ctl->service), NULL) : status;
}

enum ctl_status
ctl_find_user(struct ctl *ctl, const char *id_or_email, struct user *ret)
{
	enum ctl_status status = ctl_open_service(ctl);
	enum rc rc;

	if (status != CTL_OK)
		return status;
	rc = users_find(ctl->service, str_from(id_or_email), ret);
	if (rc == RC_NO_SUCH_USER) {
		log_error("no user has the id or e-mail address \"%.300s\"", id_or_email);
		return CTL_FAILED;
	}
	return ctl_refuse(rc, NULL);
}

static enum ctl_status
refuse_command(const char *kind, const char *word, const char *group)
{
	const char *nearest = NULL;
	size_t distance = 3; /* farther is no slip of the finger */

	for (size_t i = 0; i < COMMANDS_N; i++) {
		const char *name = group != NULL || commands[i].group == NULL ? commands[i].name
		                                                              : commands[i].group;
		size_t d = conf_value_distance(str_from(word), str_from(name));

		if ((group == NULL || str_equal(str_from(commands[i].group), str_from(group))) &&
		    d < distance) {
			distance = d;
			nearest = name;
		}
	}
	log_error("unknown %s \"%.60s\"%s%s%s; " PROGRAM " -h lists all", kind, word,
	    nearest == NULL ? "" : ", did you mean \"", nearest == NULL ? "" : nearest,
	    nearest == NULL ? "" : "\"?");
	return CTL_USAGE;
}

/* Finds the command and runs it. */
static enum ctl_status
run_command(struct ctl *ctl, int argc, char **argv)
{
	const char *group = NULL;
	int words;

	for (size_t i = 0; i < COMMANDS_N; i++) {
		const struct ctl_command *command = &commands[i];

		words = command->group == NULL ? 1 : 2;
		if (command->group != NULL) {
			if (strcmp(command->group, argv[0]) != 0)
				continue;
			group = command->group;
		}
		if (argc < words || strcmp(command->name, argv[words - 1]) != 0)
			continue;
		ctl->command = command;
		argv += words - 1;
		argc -= words - 1;
		/* getopt names the program so; it doesn't write to it. */
		argv[0] = (char *)(uintptr_t)command->title;
		optind = 0;
		return command->run(ctl, argc, argv);
	}
	if (group == NULL)
		return refuse_command("command", argv[0], NULL);
	if (argc > 1)
		return refuse_command("command", argv[1], group);
	log_error("%s what? " PROGRAM " -h lists all commands", group);
	return CTL_USAGE;
}

/* An answer that nobody gets is no success. */
static enum ctl_status
finish(enum ctl_status status)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	if (status != CTL_OK)
		return status;
	log_error("standard output cannot be written: %s", strerror(errno));
	return CTL_FAILED;
}

enum ctl_status
ctl_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct ctl ctl = { 0 };
	enum ctl_status status;
	int c;

	(void)setlocale(LC_CTYPE, "");
	log_open(PROGRAM);
	log_use_plain();
	/* The service says its warnings; here they would be in the way. */
	log_set_level(LOG_LEVEL_ERROR);
	clock_open();
	while ((c = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1)
		switch (c) {
		case 'c':
			ctl.conf_path = optarg;
			break;
		case 'h':
			print_help(stdout);
			return finish(CTL_OK);
		case 'V':
			(void)puts(PROGRAM " " PACKAGE_VERSION);
			return finish(CTL_OK);
		default:
			(void)fprintf(stderr, "usage: " PROGRAM " [-hV] [-c FILE] COMMAND ...\n");
			return CTL_USAGE;
		}
	if (optind == argc) {
		print_help(stderr);
		return CTL_USAGE;
	}
	status = run_command(&ctl, argc - optind, argv + optind);
	/* A checkpoint where it is due: many commands may run while no worker does. */
	if (ctl.service != NULL)
		db_after_answer(ctl.service->db);
	service_close(ctl.service);
	conf_free(ctl.conf);
	return finish(status);
}
