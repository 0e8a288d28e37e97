/* Children that have ended. */
#ifndef AFFO_MASTER_REAP_H
#define AFFO_MASTER_REAP_H

#include "master/state.h"

/* Waits for all that have ended, logs how, and plans the next where there is to be one. */
void reap_all(struct master *master, int64_t now);

#endif
