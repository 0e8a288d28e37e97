/* Passwords that are typed, or come from a program: never from the command line, which everybody
 * on the machine can read. */
#ifndef AFFO_CTL_CTL_PASSWORD_H
#define AFFO_CTL_CTL_PASSWORD_H

#include "base/buf.h"

enum { CTL_PASSWORD_MAX = 4096 };

/* From a terminal asked for twice, without echo; else the first line of standard input. RC_NONE:
 * there was none, or the two differ; that was said. */
MUST_USE enum rc ctl_password_read(struct buf *ret);

#endif
