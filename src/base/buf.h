/*
 * A growing buffer with a hard maximum. A call that would pass the maximum, or finds no memory,
 * leaves the buffer as it was and sets the failed flag, which stays: so a row of adds is followed
 * by one look at buf_ok(). What a buffer held is wiped when it grows or is released, since
 * buffers carry tokens and codes.
 */
#ifndef AFFO_BASE_BUF_H
#define AFFO_BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
	char *ptr; /* NUL-ended whenever not NULL */
	size_t len;
	size_t cap; /* bytes allocated */
	size_t max; /* the most that len may become */
	bool failed;
};

/* An empty buffer that may grow to max bytes; allocates nothing. */
#define BUF_INIT(max_len) ((struct buf){ NULL, 0, 0, (max_len), false })
/* Wipes and frees; the buffer is empty again with the same maximum. Accepts NULL. */
void buf_release(struct buf *buf);
/* Empties without freeing, and clears failed. */
void buf_reset(struct buf *buf);
/* Cuts to len bytes; longer than it is does nothing. */
void buf_truncate(struct buf *buf, size_t len);
void buf_add(struct buf *buf, struct str s);
void buf_add_bytes(struct buf *buf, const void *bytes, size_t len);
void buf_add_char(struct buf *buf, char c);
PRINTF(2, 3) void buf_printf(struct buf *buf, const char *fmt, ...);
PRINTF(2, 0) void buf_vprintf(struct buf *buf, const char *fmt, va_list args);
/* False once any add has failed. */
bool buf_ok(const struct buf *buf);
/* Borrowed until the buffer changes; "" and not absent when empty. */
struct str buf_str(const struct buf *buf);
/* The same as NUL-ended text. */
const char *buf_text(const struct buf *buf);
/* Hands the text over to the caller, who frees it; NULL when failed. The buffer is empty then. */
char *buf_detach(struct buf *buf);

#endif
