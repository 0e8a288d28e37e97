#include "domain/limits.h"

#include "base/address.h"

enum rc
limits_take(struct service *service, enum limit_kind kind, struct str key,
    const struct limit *limit, struct faults *reterr)
{
	int64_t wait_ms = 0;
	enum rc rc;

	rc = shm_limit_take(service->shm, kind, key, limit, &wait_ms);
	if (rc == RC_LIMITED)
		reterr->retry_after_s = wait_ms <= 0 ? 1 : (wait_ms + 999) / 1000;
	return rc;
}

enum rc
limits_take_address(struct service *service, enum limit_kind kind, const struct client *client,
    const struct limit *limit, struct faults *reterr)
{
	char key[ADDRESS_KEY_MAX + 1];

	address_key(client->address, key);
	return limits_take(service, kind, str_from(key), limit, reterr);
}

enum rc
limits_take_send(struct service *service, const struct client *client, struct str recipient,
    struct faults *reterr)
{
	const struct limit *by_address = &service->conf->limits.send_address;
	const struct limit *by_recipient = &service->conf->limits.recipient;
	char key[ADDRESS_KEY_MAX + 1];
	enum rc rc;

	/* The address first: one that is over its limit must not use up what is a stranger's. */
	address_key(client->address, key);
	rc = limits_take(service, LIMIT_SEND_ADDRESS, str_from(key), by_address, reterr);
	if (rc != RC_OK)
		return rc;
	rc = limits_take(service, LIMIT_RECIPIENT, recipient, by_recipient, reterr);
	if (rc == RC_LIMITED)
		shm_limit_return(service->shm, LIMIT_SEND_ADDRESS, str_from(key), by_address);
	return rc;
}
