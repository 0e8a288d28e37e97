/* One composer of mail for all kinds that hand over a whole message. */
#ifndef AFFO_GATEWAY_MIME_H
#define AFFO_GATEWAY_MIME_H

#include "model/message.h"

enum { MIME_MAX = 256 * 1024 }; /* what a buffer for a mail should hold */

/*
 * A whole mail (RFC 5322, 2045 to 2047): quoted-printable text/plain, or multipart/alternative
 * when html is there; Date and Message-ID are those of the letter, so that sending it again sends
 * the same. Lines end in CRLF, no line starts with a dot. Domains become A-labels. RC_SYNTAX: an
 * address that is none, text that is not UTF-8, or a control character in what goes into a header
 * (nobody adds headers of their own). RC_LIMIT: longer than *ret may become.
 */
MUST_USE enum rc mime_compose(const struct letter *letter, struct buf *ret);
/* The bare address of "Name <address>" or "address", its domain as A-labels: what SMTP and
 * sendmail call the envelope. RC_SYNTAX, RC_LIMIT. */
MUST_USE enum rc mime_address(struct str mailbox, struct buf *ret);

#endif
