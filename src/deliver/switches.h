/* Says in the log when an admin disables a gateway, or enables it again. That the queue obeys is
 * gateway_is_live()'s doing, for every single message. */
#ifndef AFFO_DELIVER_SWITCHES_H
#define AFFO_DELIVER_SWITCHES_H

#include "base/conf.h"

enum { SWITCHES_LOOK_MS = 500 }; /* no sooner than this after the last look */

struct db;
struct switches;

/* conf and db are borrowed. RC_SYSTEM (logged). */
MUST_USE enum rc switches_new(const struct conf *conf, struct db *db, struct switches **ret);
void switches_free(struct switches *switches); /* accepts NULL */
/* Looks whether anything has changed since the last time; at first, what is disabled. */
void switches_look(struct switches *switches);

#endif
