/* What affo-userd does besides running: testing the configuration, signalling the one that runs.
 * Both speak to whoever typed it, on the terminal and not in the log. */
#ifndef AFFO_MASTER_COMMAND_H
#define AFFO_MASTER_COMMAND_H

#include <stdbool.h>

#include "master/master.h"

/* -t, -T (is_dump: prints all settings with their values). As root it looks as the service's user.
 * Gives the exit status: 0, EX_CONFIG, or 1 when the test itself failed. */
int command_test(const struct master_options *options, bool is_dump, bool is_quiet);
/* -s: stop, quit, reload, reopen. Gives the exit status: EX_USAGE for any other word, 1 when
 * nothing runs there. */
int command_signal(const struct master_options *options, const char *word);

#endif
