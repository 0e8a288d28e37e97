/* A login of a user of its own, and what its holder does with the token. */
#ifndef AFFO_TESTS_SUPPORT_LOGIN_H
#define AFFO_TESTS_SUPPORT_LOGIN_H

#include "support/suite.h"

#include "base/buf.h"

/* service_set_up() and the user; service_tear_down() ends both. */
void login_set_up(void);
/* A new login; buf_release() the token. */
struct buf login_start(void);
enum rc login_use(const struct buf *token);
/* *ret, which may be the same buffer, gets the new token. */
enum rc login_refresh(const struct buf *token, struct buf *ret);
/* How often a copy was noticed. */
int64_t login_audits(void);

#endif
