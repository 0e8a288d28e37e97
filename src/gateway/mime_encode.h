/* The encodings of mail: folded headers, encoded words (RFC 2047), quoted-printable (RFC 2045). */
#ifndef AFFO_GATEWAY_MIME_ENCODE_H
#define AFFO_GATEWAY_MIME_ENCODE_H

#include "base/buf.h"

/* All of these take valid UTF-8; what goes into a header has no control characters. */

/* "NAME: TEXT" and CRLF: an unstructured header (RFC 5322, 2.2.1), folded before column 77. */
void mime_encode_header(struct buf *to, const char *name, struct str text);
/* "NAME: DISPLAY <ADDRESS>" or, without a display name, "NAME: ADDRESS", and CRLF. The address is
 * ASCII. */
void mime_encode_mailbox(struct buf *to, const char *name, struct str display, struct str address);
/* A text as quoted-printable lines that end in CRLF, the last one too; its own lines end in LF or
 * CRLF. No line starts with a dot or "From ", which some transports would change. */
void mime_encode_quoted_printable(struct buf *to, struct str text);

#endif
