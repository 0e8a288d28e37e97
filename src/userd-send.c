/*
 * affo-userd-send: one gateway, one letter at a time; started by affo-userd with a socket to the
 * queue as its standard input. It has no configuration, no database and no keys.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/proc.h"
#include "deliver/sender.h"

int
main(int argc, char **argv)
{
	struct stat st;

	if (argc > 1 || fstat(STDIN_FILENO, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		(void)fprintf(stderr,
		    "%s: affo-userd starts this program, with a socket to affo-userd-queue as its "
		    "standard input; see affo-userd-queue(8)\n",
		    argv[0]);
		return EXIT_FAILURE;
	}
	log_open("affo-userd-send");
	/* It has no configuration to see that in. */
	if (getenv("AFFO_LOG") != NULL)
		log_use_syslog();
	clock_open();
	proc_harden();
	/* It ends when the queue closes its end, and not in the middle of a letter: a message that
	 * was cut off would have to be sent again. */
	proc_on_signal(SIGTERM, SIG_IGN);
	proc_on_signal(SIGQUIT, SIG_IGN);
	proc_on_signal(SIGINT, SIG_IGN);
	proc_on_signal(SIGHUP, SIG_IGN);
	proc_on_signal(SIGUSR1, SIG_IGN);
	proc_on_signal(SIGPIPE, SIG_IGN);
	return sender_run(STDIN_FILENO);
}
