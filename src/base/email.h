/* E-mail addresses as the service takes them: affo-user-api(7), "Members". The only home
 * of libidn2. */
#ifndef AFFO_BASE_EMAIL_H
#define AFFO_BASE_EMAIL_H

#include "base/buf.h"

enum { EMAIL_MAX = 254, EMAIL_LOCAL_MAX = 64 };

/*
 * Dot-atom ASCII local part (RFC 5322) to 64, one "@", a domain of at least two labels, each LDH
 * or a valid IDNA 2008 U-label without any mapping; 254 bytes in all, as typed and as key. A label
 * "xn--..." must be what a U-label becomes; the last label is no number (that would be an address).
 * On RC_OK *ret_key has the normal form added: A-Z as a-z, U-labels as A-labels. RC_SYNTAX;
 * RC_SYSTEM (logged): memory, or *ret_key may not become long enough.
 */
MUST_USE enum rc email_key(struct str email, struct buf *ret_key);
/* The key for looking up what somebody typed at login: as above when valid, else the text with
 * A-Z as a-z (imported addresses get in). Never fails but for memory and room (RC_SYSTEM). */
MUST_USE enum rc email_lookup_key(struct str email, struct buf *ret_key);

#endif
