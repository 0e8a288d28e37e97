/*
 * affo-userctl: the admin's commands. ctl.c has the table of commands and what they share; one
 * file for each group of commands. The rules are the domain's.
 */
#ifndef AFFO_CTL_CTL_H
#define AFFO_CTL_CTL_H

#include <getopt.h>

#include "base/json.h"
#include "domain/admin.h"

/* What the program exits with. */
enum ctl_status {
	CTL_OK = 0,
	CTL_FAILED = 1, /* the reason was printed */
	CTL_USAGE = 2,
	CTL_CONFIG = 78, /* EX_CONFIG; all errors of the files were printed */
};

struct ctl;

struct ctl_command {
	const char *title; /* "affo-userctl user add": for usage and as argv[0] of getopt */
	const char *group; /* "user"; NULL: the command is one word */
	const char *name;  /* "add" */
	const char *args;  /* as in the usage */
	const char *help;
	/* argv[0] is the title. */
	enum ctl_status (*run)(struct ctl *ctl, int argc, char **argv);
};

struct ctl {
	const char *conf_path; /* NULL: the default */
	const struct ctl_command *command;
	struct conf *conf;       /* after ctl_open_conf() */
	struct service *service; /* after ctl_open_service() */
	bool is_json;
};

/* The whole program. */
enum ctl_status ctl_run(int argc, char **argv);

/* For commands ------------------------------------------------------------------------------- */

/* Reads the configuration, again where it was read before; errors are printed. CTL_OK, CTL_CONFIG,
 * CTL_FAILED. */
MUST_USE enum ctl_status ctl_open_conf(struct ctl *ctl, enum conf_check check);
/* The same; then, as root, becomes the owner of the database's directory, or the configured user
 * where that is root's: nothing that the service cannot write may be left there. */
MUST_USE enum ctl_status ctl_become_owner(struct ctl *ctl);
/* The same; then opens the database. */
MUST_USE enum ctl_status ctl_open_service(struct ctl *ctl);
/* The same; then finds the user of that id or e-mail address. */
MUST_USE enum ctl_status ctl_find_user(struct ctl *ctl, const char *id_or_email, struct user *ret);
/* Prints the command's usage to standard error. */
MUST_USE enum ctl_status ctl_usage(const struct ctl *ctl);
/* Parses options: "json" sets ctl->is_json, 'v' of any other one is given back, -1 at the end, '?'
 * when it is unknown (which was said). optind is left at the first operand. */
MUST_USE int ctl_option(struct ctl *ctl, int argc, char **argv, const struct option *options);
/* Says what rc means for an admin, with the faults; nothing for what was logged already. */
MUST_USE enum ctl_status ctl_refuse(enum rc rc, const struct faults *faults);
/* Writes the buffer to standard output and empties it. CTL_FAILED: it could not be written. */
MUST_USE enum ctl_status ctl_print(struct buf *text);

/* A time, as the API says it; 0: null. */
void ctl_add_time(struct json_out *out, const char *name, int64_t at);

/* ctl_user.c, ctl_user_show.c, ctl_session.c, ctl_key.c, ctl_key_rotate.c, ctl_db.c, ctl_outbox.c,
 * ctl_outbox_change.c, ctl_outbox_stats.c, ctl_gateway.c, ctl_gateway_test.c, ctl_check_nginx.c,
 * ctl_snippet.c */
enum ctl_status ctl_user_add(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_user_passwd(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_user_role(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_user_disable(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_user_enable(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_user_show(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_user_list(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_session_list(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_session_end(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_key_generate(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_key_list(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_key_rotate(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_key_retire(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_db_init(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_db_migrate(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_db_check(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_outbox_list(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_outbox_show(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_outbox_retry(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_outbox_hold(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_outbox_release(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_outbox_cancel(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_outbox_stats(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_gateway_list(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_gateway_test(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_gateway_enable(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_gateway_disable(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_check_nginx(struct ctl *ctl, int argc, char **argv);
enum ctl_status ctl_snippet(struct ctl *ctl, int argc, char **argv);

/* ctl_user_show.c: one user, as --json says it or as lines. */
MUST_USE enum ctl_status ctl_user_show_one(const struct ctl *ctl, const struct user *user);

#endif
