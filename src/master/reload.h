/* From one generation of configuration, log and children to the next. */
#ifndef AFFO_MASTER_RELOAD_H
#define AFFO_MASTER_RELOAD_H

#include "master/state.h"

/* Points standard error at the log of conf, where the children find it, too. RC_SYSTEM: logged
 * where the log was. */
MUST_USE enum rc reload_open_log(struct master *master, const struct conf *conf);
/* HUP: reads the configuration anew; a bad one is logged and changes nothing. */
void reload_all(struct master *master, int64_t now);
/* USR1: opens the log anew; a new generation of children writes to it. */
void reload_log(struct master *master, int64_t now);

#endif
