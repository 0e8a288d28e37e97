#include "domain/hashing.h"

#include "base/clock.h"

enum rc
hashing_begin(struct service *service, const struct client *client, int *ret_slot)
{
	int64_t now = clock_monotonic_ms();
	int64_t deadline_ms = client->deadline_ms;

	if (deadline_ms == 0)
		deadline_ms = now + service->conf->hash_deadline_ms;
	/* Whoever asked has given up by then: hashing for nobody would make the queue worse. */
	if (now >= deadline_ms)
		return RC_BUSY;
	return shm_slot_take(service->shm, service->hash_slots, deadline_ms, ret_slot);
}

void
hashing_end(struct service *service, int slot)
{
	shm_slot_return(service->shm, slot);
}

enum rc
hashing_make(
    struct service *service, const struct client *client, struct str password, struct buf *ret_hash)
{
	struct hash_cost cost = {
		.memory = service->conf->password.memory,
		.passes = service->conf->password.passes,
	};
	enum rc rc;
	int slot;

	if (client == NULL)
		return hash_make(password, cost, ret_hash);
	if ((rc = hashing_begin(service, client, &slot)) != RC_OK)
		return rc;
	rc = hash_make(password, cost, ret_hash);
	hashing_end(service, slot);
	return rc;
}
