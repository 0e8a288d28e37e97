/* What an SMS costs: GSM 03.38 (3GPP TS 23.038) characters and segments. */
#ifndef AFFO_BASE_GSM_H
#define AFFO_BASE_GSM_H

#include "base/str.h"

/* Whether a valid UTF-8 text is in the default alphabet and its extension table. */
bool gsm_is_plain(struct str text);
/* How many messages an SMSC makes of it: 160 septets, or 153 each when there are more; outside
 * of the alphabet 70 UTF-16 units, or 67. 1 for an empty text. */
size_t gsm_segments(struct str text);

#endif
