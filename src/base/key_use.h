/*
 * Which index of keys the running workers have read. Each holds a lock on the byte of its serial in
 * run_dir/keys.lock, which the kernel gives up when it dies; so nobody has to be asked whether a
 * key is known to all before it signs, or signs no more before it goes.
 */
#ifndef AFFO_BASE_KEY_USE_H
#define AFFO_BASE_KEY_USE_H

#include "base/rc.h"
#include <stdbool.h>
#include <stdint.h>

/* Says so until *ret_fd is closed; serial 0: no index. RC_SYSTEM (logged). */
MUST_USE enum rc key_use_hold(const char *run_dir, int64_t serial, int *ret_fd);
/* Whether somebody holds a serial below this one. RC_SYSTEM (logged). */
MUST_USE enum rc key_use_is_older(const char *run_dir, int64_t serial, bool *ret);

#endif
