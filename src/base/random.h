/* Random bytes of the kernel, and ids made of them. */
#ifndef AFFO_BASE_RANDOM_H
#define AFFO_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { RANDOM_ID_LEN = 22 }; /* 128 bits as base64url */

void random_bytes(void *ret, size_t len);
/* Uniform in [0, below); below > 0. Not for secrets' sake alone: without bias. */
uint32_t random_below(uint32_t below);
/* A 128-bit id as base64url with a NUL, that doesn't begin with "-". */
void random_id(char ret[static RANDOM_ID_LEN + 1]);

#endif
