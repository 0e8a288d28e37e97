/* What the database knows of a gateway, and of the outbox in sums. */
#ifndef AFFO_MODEL_GATEWAY_H
#define AFFO_MODEL_GATEWAY_H

#include "model/message.h"

struct gateway_state {
	bool is_off;       /* by an admin */
	int64_t faults;    /* in a row */
	int64_t out_until; /* no message before this time; 0: in service */
	int64_t out_ms;    /* how long it was put out last, for doubling */
};

/* The attempts that had one result. */
struct gateway_count {
	int64_t n;
	int64_t total_ms, max_ms, last_ms; /* that they took */
	int64_t last_at;                   /* 0: never */
};

/* The messages of one channel in one state. */
struct outbox_depth {
	int64_t n, leased;
	int64_t oldest_at; /* created_at of the oldest; 0: there is none */
};

#endif
