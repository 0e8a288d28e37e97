#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/ctl.h"

enum { REPORT_MAX = 1024 * 1024 };

/* These commands take no arguments. */
static enum ctl_status
begin(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };

	if (ctl_option(ctl, argc, argv, options) != -1 || argc != optind)
		return ctl_usage(ctl);
	return ctl_become_owner(ctl);
}

enum ctl_status
ctl_db_init(struct ctl *ctl, int argc, char **argv)
{
	enum ctl_status status = begin(ctl, argc, argv);
	enum rc rc;

	if (status != CTL_OK)
		return status;
	if ((rc = db_init(ctl->conf->database)) == RC_TAKEN) {
		log_error("%s exists already: nothing was done", ctl->conf->database);
		return CTL_FAILED;
	}
	if ((status = ctl_refuse(rc, NULL)) == CTL_OK)
		(void)printf("%s made\n", ctl->conf->database);
	return status;
}

enum ctl_status
ctl_db_migrate(struct ctl *ctl, int argc, char **argv)
{
	enum ctl_status status = begin(ctl, argc, argv);
	int from = 0, to = 0;

	if (status != CTL_OK)
		return status;
	status =
	    ctl_refuse(db_migrate(ctl->conf->database, ctl->conf->db_timeout_ms, &from, &to), NULL);
	if (status == CTL_OK && from == to)
		(void)printf("%s has schema %d, which is current\n", ctl->conf->database, to);
	else if (status == CTL_OK)
		(void)printf("%s: from schema %d to %d\n", ctl->conf->database, from, to);
	return status;
}

enum ctl_status
ctl_db_check(struct ctl *ctl, int argc, char **argv)
{
	struct buf report = BUF_INIT(REPORT_MAX);
	enum ctl_status status = begin(ctl, argc, argv);
	enum rc rc;

	if (status != CTL_OK)
		return status;
	rc = db_check(ctl->conf->database, ctl->conf->db_timeout_ms, &report);
	/* As much of it as there is. */
	(void)fwrite(buf_text(&report), 1, report.len, stdout);
	buf_release(&report);
	if (rc == RC_LIMIT) {
		log_error("there is more to report than %d bytes", REPORT_MAX);
		return CTL_FAILED;
	}
	return ctl_refuse(rc, NULL);
}
