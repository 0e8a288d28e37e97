/* The supervisor; affo-userd(8). */
#include "config.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "master/master.h"

static const char usage[] =
    "usage: affo-userd [-c FILE]              run in the foreground\n"
    "       affo-userd -t [-q] [-c FILE]      check the configuration\n"
    "       affo-userd -T [-c FILE]           check it and print all settings\n"
    "       affo-userd -s SIGNAL [-c FILE]    stop, quit, reload or reopen the running one\n"
    "       affo-userd -h | -v | -V\n";

static int
signal_number(const char *word)
{
	static const struct {
		const char *word;
		int signo;
	} words[] = { { "stop", SIGTERM }, { "quit", SIGQUIT }, { "reload", SIGHUP },
		{ "reopen", SIGUSR1 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].signo;
	return 0;
}

/* -t and -T: as the daemon would at its start, but for what was said. */
static int
check(const char *conf_path, bool is_dumped, bool is_quiet)
{
	struct buf text = BUF_INIT(1 << 20);
	struct conf *conf = NULL;
	enum rc rc = conf_open(conf_path, CONF_CHECK_START, &conf);
	int status = rc == RC_OK ? EXIT_SUCCESS : rc == RC_CONFIG ? EX_CONFIG : EXIT_FAILURE;

	if (!is_quiet)
		(void)fprintf(stderr, "affo-userd: the configuration %s %s\n", conf_path,
		    rc == RC_OK ? "is good" : "is bad");
	if (rc == RC_OK && is_dumped) {
		conf_dump(conf, &text);
		if (fputs(buf_text(&text), stdout) < 0 || fflush(stdout) != 0)
			status = EXIT_FAILURE;
	}
	buf_release(&text);
	conf_free(conf);
	return status;
}

/* -s: run_dir is all that is needed, so that a configuration that went bad can be stopped. */
static int
tell(const char *conf_path, int signo)
{
	struct conf *conf = NULL;
	int status = EXIT_FAILURE;

	if (conf_open(conf_path, CONF_CHECK_SYNTAX, &conf) != RC_OK)
		return EX_CONFIG;
	if (master_signal(conf->run_dir, signo) == RC_OK)
		status = EXIT_SUCCESS;
	conf_free(conf);
	return status;
}

static int
print_version(bool is_long)
{
	return printf("affo-userd " PACKAGE_VERSION "\n") < 0 ||
	       (is_long && printf("configuration: %s/affo-user/affo-userd.conf\n"
	                          "programs: %s\ndata: %s\n",
	                       SYSCONFDIR, PKGLIBEXECDIR, PKGDATADIR) < 0);
}

int
main(int argc, char **argv)
{
	bool is_checked = false, is_dumped = false, is_quiet = false;
	struct buf conf_path = BUF_INIT(PATH_MAX);
	int option, signo = 0, status;

	log_open("affo-userd");
	conf_default_path(&conf_path);
	while ((option = getopt(argc, argv, "c:s:tTqvVh")) != -1) {
		switch (option) {
		case 'c':
			buf_reset(&conf_path);
			buf_add(&conf_path, str_from(optarg));
			break;
		case 's':
			if ((signo = signal_number(optarg)) == 0) {
				(void)fprintf(stderr, "affo-userd: -s %.40s: unknown signal\n%s",
				    optarg, usage);
				return EX_USAGE;
			}
			break;
		case 't':
			is_checked = true;
			break;
		case 'T':
			is_checked = is_dumped = true;
			break;
		case 'q':
			is_quiet = true;
			break;
		case 'v':
		case 'V':
			return print_version(option == 'V');
		default:
			(void)fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? EXIT_SUCCESS : EX_USAGE;
		}
	}
	if (optind < argc || !buf_ok(&conf_path)) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	if (signo != 0)
		status = tell(buf_text(&conf_path), signo);
	else if (is_checked)
		status = check(buf_text(&conf_path), is_dumped, is_quiet);
	else
		status = master_run(buf_text(&conf_path));
	buf_release(&conf_path);
	return status;
}
