/* Password hashing within the machine's slots: never inside a transaction. */
#ifndef AFFO_DOMAIN_HASHING_H
#define AFFO_DOMAIN_HASHING_H

#include "domain/service.h"

/* One of the service's hash slots, waiting until the client's deadline. RC_BUSY: none came free,
 * or the deadline is over already. */
MUST_USE enum rc hashing_begin(struct service *service, const struct client *client, int *ret_slot);
void hashing_end(struct service *service, int slot);

/* A hash of conf's cost for password, made within a slot. client NULL: the admin's command, which
 * takes none and never waits. RC_BUSY, RC_SYSTEM. */
MUST_USE enum rc hashing_make(struct service *service, const struct client *client,
    struct str password, struct buf *ret_hash);

enum { HASHING_TEXT_MAX = 512 }; /* the max for that buffer */

#endif
