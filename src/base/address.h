/* The client's address as limits count it. */
#ifndef AFFO_BASE_ADDRESS_H
#define AFFO_BASE_ADDRESS_H

#include "base/str.h"

enum { ADDRESS_KEY_MAX = 48 };

/* REMOTE_ADDR as a counting key with a NUL: IPv4 (also mapped ::ffff:a.b.c.d) whole, IPv6 its
 * /64; anything else (a unix socket's "unix:") the same constant "-". */
void address_key(struct str remote_addr, char ret[static ADDRESS_KEY_MAX + 1]);

#endif
