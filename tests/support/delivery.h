/*
 * The real queue and the real senders over a fresh database, with the test as their master. Time
 * is the real one; the gateways are the test's. Fails the test (ck_assert) when anything in the
 * way fails.
 */
#ifndef AFFO_TESTS_SUPPORT_DELIVERY_H
#define AFFO_TESTS_SUPPORT_DELIVERY_H

#include <sys/types.h>

#include "model/message.h"
#include "support/database.h"
#include "support/http_peer.h"
#include "support/suite.h"

#define DELIVERY_PHONE "+17775550100"

/* For tcase_add_checked_fixture(): database, keys; and whatever runs is ended. */
void delivery_make(void);
void delivery_remove(void);

/* Starts the queue with these gateways (the text of the list) and settings. Again after its end. */
void delivery_start(const char *gateways, const char *settings);
/* A gateway of the list: type affo, channel sms, at the peer. In a ring of 8 buffers. */
const char *delivery_gateway(const char *name, const struct http_peer *peer);
void delivery_signal(int signo);
/* Waits for the end of the queue: its wait status. */
int delivery_end(void);
/* Whether the queue has ended by itself; its wait status then. */
bool delivery_has_ended(int *ret_status);
/* Closes the master's end. */
void delivery_leave(void);

/* Puts an SMS with that code into the outbox; the id, in a ring of 64 buffers. */
const char *delivery_put(const char *recipient, const char *code, bool is_resend);
/* Puts a password reset. */
const char *delivery_put_reset(const char *email, const char *url);
/* Puts a void one, whose variables can't be read: once in a test. */
const char *delivery_put_void(const char *email);
void delivery_wake(void);

/* Does the master's work until the condition holds, for two minutes at most. */
#define delivery_wait(condition)                                                                   \
	do {                                                                                       \
		int64_t end_ = delivery_now_ms() + 100000;                                         \
		while (!(condition)) {                                                             \
			delivery_turn();                                                           \
			ck_assert_msg(delivery_now_ms() < end_, "waited in vain for " #condition); \
		}                                                                                  \
	} while (0)
void delivery_turn(void);
int64_t delivery_now_ms(void);

/* The row as it is now; message_release() it. */
struct message delivery_row(const char *id);
enum message_state delivery_state(const char *id);
/* Makes a pending row due now, whoever has its lease. */
void delivery_make_due(const char *id);
/* The senders that were started and not yet waited for; the newest first. */
size_t delivery_senders(pid_t *ret, size_t max);

#endif
