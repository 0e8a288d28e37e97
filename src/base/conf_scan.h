/* What is looked for in a file's text before libconfig reads it. */
#ifndef AFFO_BASE_CONF_SCAN_H
#define AFFO_BASE_CONF_SCAN_H

#include "base/buf.h"

/*
 * libconfig takes numbers over 32 bits modulo 2^32, doesn't count line breaks inside quotes, and
 * follows @include (which the snapshot wouldn't hold). All three are refused here, each as
 * "MESSAGE in PATH:LINE"; RC_CONFIG then.
 */
MUST_USE enum rc conf_scan(const char *path, struct str text, struct buf *errors);

#endif
