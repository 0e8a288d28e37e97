#include "master/command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/proc.h"
#include "master/pid_file.h"
#include "master/setup.h"

static void
print_lines(struct str text)
{
	struct str line;

	while (str_cut(&text, '\n', &line))
		if (line.len > 0)
			(void)fprintf(stderr, "affo-userd: " STR_FMT "\n", STR_ARG(line));
}

/* With errors and warnings on standard error. */
static enum rc
read_setup(
    const struct master_options *options, enum conf_check check, bool is_quiet, struct setup *ret)
{
	struct buf errors = BUF_INIT(SETUP_MESSAGES_MAX), warnings = BUF_INIT(SETUP_MESSAGES_MAX);
	enum rc rc = setup_read(options, check, ret, &errors, &warnings);

	print_lines(buf_str(&errors));
	if (!is_quiet)
		print_lines(buf_str(&warnings));
	buf_release(&errors);
	buf_release(&warnings);
	return rc;
}

/* The files alone first: they say who will look at the rest. */
static enum rc
test_as_service(const struct master_options *options, bool is_quiet, struct setup *ret)
{
	struct setup first = { NULL, NULL };
	enum rc rc = read_setup(options, CONF_CHECK_SYNTAX, true, &first);

	if (rc == RC_OK)
		rc = proc_become(setup_user(first.conf));
	setup_release(&first);
	return rc == RC_OK ? read_setup(options, CONF_CHECK_START, is_quiet, ret) : rc;
}

static int
dump(const struct conf *conf)
{
	struct buf text = BUF_INIT(SETUP_MESSAGES_MAX);
	int status = EXIT_FAILURE;

	conf_dump(conf, &text);
	if (buf_ok(&text) && fputs(buf_text(&text), stdout) >= 0 && fflush(stdout) == 0)
		status = EXIT_SUCCESS;
	else
		(void)fprintf(stderr, "affo-userd: the settings cannot be written to standard "
		                      "output\n");
	buf_release(&text);
	return status;
}

int
command_test(const struct master_options *options, bool is_dump, bool is_quiet)
{
	struct setup setup = { NULL, NULL };
	enum rc rc = test_as_service(options, is_quiet, &setup);
	int status = rc == RC_CONFIG ? EX_CONFIG : EXIT_FAILURE;

	if (rc != RC_OK) {
		(void)fprintf(
		    stderr, "affo-userd: configuration file %s test failed\n", options->conf_path);
		return status;
	}
	if (!is_quiet)
		(void)fprintf(stderr,
		    "affo-userd: the configuration file %s syntax is ok\n"
		    "affo-userd: configuration file %s test is successful\n",
		    options->conf_path, options->conf_path);
	status = is_dump ? dump(setup.conf) : EXIT_SUCCESS;
	setup_release(&setup);
	return status;
}

static int
send_signal(const char *run_dir, const char *word, int signo)
{
	struct buf path = BUF_INIT(PATH_MAX);
	int status = EXIT_FAILURE, error;
	pid_t pid = 0;

	pid_file_path(run_dir, &path);
	switch (pid_file_find(run_dir, &pid)) {
	case PID_FILE_RUNNING:
		if (kill(pid, signo) == 0)
			status = EXIT_SUCCESS;
		else
			(void)fprintf(stderr, "affo-userd: cannot signal process %d: %s\n",
			    (int)pid, strerror(errno));
		break;
	case PID_FILE_ELSEWHERE:
		(void)fprintf(stderr,
		    "affo-userd: cannot %s: the affo-userd that holds %s runs in another container "
		    "(or process namespace)\n",
		    word, buf_text(&path));
		break;
	case PID_FILE_MISSING:
		(void)fprintf(
		    stderr, "affo-userd: nothing to %s: no affo-userd runs in %s\n", word, run_dir);
		break;
	case PID_FILE_STALE:
		(void)fprintf(stderr,
		    "affo-userd: nothing to %s: the affo-userd that wrote %s has ended\n", word,
		    buf_text(&path));
		break;
	case PID_FILE_UNREADABLE:
		error = errno;
		(void)fprintf(
		    stderr, "affo-userd: cannot read %s: %s\n", buf_text(&path), strerror(error));
		break;
	}
	buf_release(&path);
	return status;
}

int
command_signal(const struct master_options *options, const char *word)
{
	static const struct {
		const char *word;
		int signo;
	} words[] = { { "stop", SIGTERM }, { "quit", SIGQUIT }, { "reload", SIGHUP },
		{ "reopen", SIGUSR1 } };
	struct setup setup = { NULL, NULL };
	size_t i = 0;
	int status;
	enum rc rc;

	while (i < sizeof(words) / sizeof(words[0]) && strcmp(words[i].word, word) != 0)
		i++;
	if (i == sizeof(words) / sizeof(words[0])) {
		(void)fprintf(
		    stderr, "affo-userd: -s %s: it takes stop, quit, reload or reopen\n", word);
		return EX_USAGE;
	}
	if ((rc = read_setup(options, CONF_CHECK_SYNTAX, true, &setup)) != RC_OK)
		return rc == RC_CONFIG ? EX_CONFIG : EXIT_FAILURE;
	status = send_signal(setup.conf->run_dir, word, words[i].signo);
	setup_release(&setup);
	return status;
}
