/* The admin's view of a gateway, and her switch. */
#ifndef AFFO_DOMAIN_ADMIN_GATEWAY_H
#define AFFO_DOMAIN_ADMIN_GATEWAY_H

#include "domain/outbox.h"

struct admin_gateway {
	struct gateway_state state;
	enum gateway_service service; /* now */
	struct gateway_count counts[DELIVERY__MAX];
	/* Over all results. */
	int64_t n, failed; /* attempts; those that were the gateway's fault */
	int64_t average_ms, last_ms, max_ms;
	int64_t last_at; /* 0: never used */
	enum delivery_result last_result;
};

/* One that was never used is all zero, and in service. */
MUST_USE enum rc admin_gateway_get(
    struct service *service, struct str name, struct admin_gateway *ret);
/* From now on it gets no message; or, is_off false, it is in service, whatever its faults were. */
MUST_USE enum rc admin_gateway_switch(struct service *service, struct str name, bool is_off);

#endif
