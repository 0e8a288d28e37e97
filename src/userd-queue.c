/*
 * affo-userd-queue: takes messages from the outbox, renders them and has them sent; started by
 * affo-userd, which starts its senders, too. It opens no connection, and after its start no file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sandbox.h"
#include "cred/secret.h"
#include "deliver/queue.h"

/* Logs each line of errors. */
static void
log_errors(const struct buf *errors)
{
	struct str rest = buf_str(errors), line;

	while (str_cut(&rest, '\n', &line))
		if (line.len > 0)
			log_error(STR_FMT, STR_ARG(line));
}

static enum rc
read_key(const struct conf *conf, struct buf *ret)
{
	struct buf errors = BUF_INIT(4096);
	enum rc rc = secret_file_read(
	    conf->outbox.key_file, SEAL_KEY_TEXT_LEN, SEAL_KEY_TEXT_LEN, ret, &errors);

	log_errors(&errors);
	buf_release(&errors);
	return rc;
}

static enum rc
open_templates(const struct conf *conf, struct templates **ret)
{
	struct buf errors = BUF_INIT(65536), warnings = BUF_INIT(65536);
	/* The warnings are those that the check of the configuration has given. */
	enum rc rc = templates_open(conf->templates.directory, ret, &errors, &warnings);

	log_errors(&errors);
	buf_release(&errors);
	buf_release(&warnings);
	return rc;
}

/* The directory is what stays writable: SQLite's files lie beside each other. */
static enum rc
enter_sandbox(const struct conf *conf)
{
	struct str path = str_from(conf->database);
	char *directory;
	enum rc rc;

	while (path.len > 1 && path.ptr[path.len - 1] != '/')
		path.len--;
	directory = str_dup(path.len == 0 || path.ptr[path.len - 1] != '/' ? STR(".") : path);
	if (directory == NULL)
		return RC_SYSTEM;
	rc = sandbox_enter(SANDBOX_QUEUE, directory);
	free(directory);
	return rc;
}

static int
run(const struct conf *conf, int wake_fd, int master_fd)
{
	struct buf key = BUF_INIT(SEAL_KEY_TEXT_LEN);
	struct queue_setup setup = {
		.jobs.conf = conf, .wake_fd = wake_fd, .master_fd = master_fd
	};
	char public_key[SEAL_KEY_TEXT_LEN + 1];
	struct templates *templates = NULL;
	int status = EXIT_FAILURE;
	enum rc rc;

	if (secret_init() != RC_OK)
		goto out;
	if (read_key(conf, &key) != RC_OK || open_templates(conf, &templates) != RC_OK) {
		status = EX_CONFIG;
		goto out;
	}
	if (seal_public(buf_str(&key), public_key) != RC_OK) {
		log_error("outbox.key_file: %s holds no key; affo-userctl key generate outbox "
		          "makes one",
		    conf->outbox.key_file);
		status = EX_CONFIG;
		goto out;
	}
	/* RC_UNAVAILABLE: messages wait until it is available. */
	rc = db_open(conf->database, conf->db_timeout_ms, &setup.jobs.db);
	if (rc == RC_OK || rc == RC_UNAVAILABLE)
		rc = db_warm(setup.jobs.db);
	if ((rc != RC_OK && rc != RC_UNAVAILABLE) || enter_sandbox(conf) != RC_OK)
		goto out;
	setup.jobs.templates = templates;
	setup.jobs.secret_key = buf_str(&key);
	setup.jobs.public_key = str_from(public_key);
	status = queue_run(&setup);
out:
	db_close(setup.jobs.db);
	templates_close(templates);
	buf_release(&key);
	return status;
}

int
main(int argc, char **argv)
{
	int master_fd, wake_fd, status;
	struct conf *conf;

	if (argc > 1 || (master_fd = proc_env_fd("AFFO_MASTER_FD")) < 0) {
		(void)fprintf(stderr,
		    "%s: affo-userd starts this program; see affo-userd-queue(8)\n", argv[0]);
		return EX_USAGE;
	}
	log_open("affo-userd-queue");
	clock_open();
	proc_harden();
	queue_catch_signals();
	wake_fd = proc_env_fd("AFFO_WAKE_FD");
	if (conf_open(NULL, CONF_CHECK_GATEWAYS, &conf) != RC_OK)
		return EX_CONFIG;
	/* The master has pointed standard error at its log. */
	if (strcmp(conf->log, "syslog") == 0 && log_use(conf->log) != RC_OK)
		status = EX_CONFIG;
	else
		status = run(conf, wake_fd, master_fd);
	conf_free(conf);
	return status;
}
