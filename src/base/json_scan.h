/* The strict look at a JSON text before cJSON sees it. For json.c only. */
#ifndef AFFO_BASE_JSON_SCAN_H
#define AFFO_BASE_JSON_SCAN_H

#include "base/str.h"

/* RC_OK: one value by the grammar of RFC 8259 and nothing but blanks around it; valid UTF-8, no
 * U+0000, no lone surrogate, depth to JSON_DEPTH_MAX, numbers to JSON_NUMBER_MAX bytes. Else
 * RC_SYNTAX. Duplicate members are not looked for. */
MUST_USE enum rc json_scan(struct str text);

#endif
