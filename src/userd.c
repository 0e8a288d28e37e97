/* The master: affo-userd(8). */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/log.h"
#include "config.h"
#include "master/command.h"
#include "master/master.h"

static const char usage[] =
    "usage: affo-userd [-hqTtVv] [-c FILE] [-p RUN_DIR] [-s stop|quit|reload|reopen]\n"
    "\n"
    "  -t          test the configuration and end\n"
    "  -T          test it, print all settings and end\n"
    "  -q          with -t and -T: print errors only\n"
    "  -c FILE     the configuration (default %s)\n"
    "  -p RUN_DIR  instead of the setting run_dir\n"
    "  -s SIGNAL   signal the one that runs: stop, quit, reload, reopen\n"
    "  -v, -V      print the version; with -V, how it was built, too\n"
    "\n"
    "It runs in the foreground. See affo-userd(8).\n";

struct command_line {
	struct master_options options;
	const char *signal;
	bool is_test, is_dump, is_quiet;
};

static int
print_version(bool is_long)
{
	(void)puts("affo-userd version: affo-userd/" PACKAGE_VERSION);
	if (is_long) {
#ifdef HAVE_SECCOMP
		(void)puts("system call filter: yes");
#else
		(void)puts("system call filter: no");
#endif
#ifdef HAVE_LINUX_LANDLOCK_H
		(void)puts("Landlock: yes");
#else
		(void)puts("Landlock: no");
#endif
#ifdef WITH_SANITIZERS
		(void)puts("sanitizers: yes");
#endif
#ifdef WITH_TEST_CLOCK
		(void)puts("clock for tests: yes");
#endif
		(void)puts("configuration below: " SYSCONFDIR);
		(void)puts("programs: " PKGLIBEXECDIR ", or beside this one");
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* An exit status, or -1: go on. */
static int
read_options(int argc, char **argv, struct command_line *ret)
{
	int option;

	while ((option = getopt(argc, argv, "c:hp:qs:TtVv")) != -1) {
		switch (option) {
		case 'c':
			ret->options.conf_path = optarg;
			break;
		case 'p':
			ret->options.run_dir = optarg;
			break;
		case 's':
			ret->signal = optarg;
			break;
		case 'q':
			ret->is_quiet = true;
			break;
		case 'T':
			ret->is_dump = true;
			__attribute__((fallthrough));
		case 't':
			ret->is_test = true;
			break;
		case 'V':
		case 'v':
			return print_version(option == 'V');
		default:
			(void)fprintf(
			    option == 'h' ? stdout : stderr, usage, ret->options.conf_path);
			return option == 'h' ? EXIT_SUCCESS : EX_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(
	    stderr, "affo-userd: what is \"%s\"? There are options only, see -h\n", argv[optind]);
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	struct buf standard = BUF_INIT(PATH_MAX);
	struct command_line line = { .signal = NULL };
	int status;

	log_open("affo-userd");
	conf_default_path(&standard);
	line.options.conf_path = buf_text(&standard);
	status = read_options(argc, argv, &line);
	if (status < 0 && line.is_test)
		status = command_test(&line.options, line.is_dump, line.is_quiet);
	else if (status < 0 && line.signal != NULL)
		status = command_signal(&line.options, line.signal);
	else if (status < 0)
		status = master_run(&line.options);
	buf_release(&standard);
	return status;
}
