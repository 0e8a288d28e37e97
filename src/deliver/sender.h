/* The sender's side: one gateway, one letter at a time. */
#ifndef AFFO_DELIVER_SENDER_H
#define AFFO_DELIVER_SENDER_H

/* Reads the gateway's settings from the socket, enters the sandbox that this kind of gateway
 * needs, then answers each letter with its result until the queue closes its end: 0. Anything
 * else than that, logged: 1. */
int sender_run(int fd);

#endif
