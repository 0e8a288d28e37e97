/* Values of settings as text, and back. */
#ifndef AFFO_BASE_CONF_VALUE_H
#define AFFO_BASE_CONF_VALUE_H

#include "base/buf.h"
#include "base/shm.h"

/* All: RC_SYNTAX, and RC_LIMIT when the number is too large for any setting. */

/* "500ms", "15s", "10m", "1h", "30d": digits and one unit. */
MUST_USE enum rc conf_value_duration(struct str text, int64_t *ret_ms);
/* "512", "64k", "19m", "1g": bytes, or units of 1024. */
MUST_USE enum rc conf_value_size(struct str text, size_t *ret);
/* "10/15m": so many within that time. */
MUST_USE enum rc conf_value_limit(struct str text, struct limit *ret);

/* In the largest unit that divides it. */
void conf_value_add_duration(struct buf *to, int64_t ms);
void conf_value_add_size(struct buf *to, size_t size);
void conf_value_add_limit(struct buf *to, struct limit limit);
/* Quoted and escaped as libconfig reads it. */
void conf_value_add_quoted(struct buf *to, struct str text);

/* The fewest inserted, deleted, changed or swapped letters that make a into b; texts over 40
 * bytes are all far. For the nearest known name. */
size_t conf_value_distance(struct str a, struct str b);

#endif
