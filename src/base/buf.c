#include "base/buf.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_CAP = 256 };

/* Makes room for more bytes and the NUL. */
static bool
buf_reserve(struct buf *buf, size_t more)
{
	size_t want, cap;
	char *grown;

	if (buf->failed || more > buf->max || buf->len > buf->max - more) {
		buf->failed = true;
		return false;
	}
	want = buf->len + more + 1;
	if (want <= buf->cap)
		return true;
	cap = buf->cap == 0 ? BUF_FIRST_CAP : buf->cap;
	while (cap < want)
		cap *= 2;
	/* Not realloc: it would leave the old text behind unwiped. */
	if ((grown = malloc(cap)) == NULL) {
		buf->failed = true;
		return false;
	}
	if (buf->ptr != NULL) {
		memcpy(grown, buf->ptr, buf->len);
		sodium_memzero(buf->ptr, buf->cap);
		free(buf->ptr);
	}
	grown[buf->len] = '\0';
	buf->ptr = grown;
	buf->cap = cap;
	return true;
}

void
buf_release(struct buf *buf)
{
	if (buf == NULL)
		return;
	if (buf->ptr != NULL)
		sodium_memzero(buf->ptr, buf->cap);
	free(buf->ptr);
	*buf = BUF_INIT(buf->max);
}

void
buf_reset(struct buf *buf)
{
	buf_truncate(buf, 0);
	buf->failed = false;
}

void
buf_truncate(struct buf *buf, size_t len)
{
	if (buf->ptr == NULL || len >= buf->len)
		return;
	sodium_memzero(buf->ptr + len, buf->len - len);
	buf->len = len;
}

void
buf_add(struct buf *buf, struct str s)
{
	buf_add_bytes(buf, s.ptr, s.len);
}

void
buf_add_bytes(struct buf *buf, const void *bytes, size_t len)
{
	if (len == 0 || !buf_reserve(buf, len))
		return;
	memcpy(buf->ptr + buf->len, bytes, len);
	buf->len += len;
	buf->ptr[buf->len] = '\0';
}

void
buf_add_char(struct buf *buf, char c)
{
	buf_add_bytes(buf, &c, 1);
}

void
buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	buf_vprintf(buf, fmt, args);
	va_end(args);
}

void
buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0) {
		buf->failed = true;
		return;
	}
	if (!buf_reserve(buf, (size_t)len))
		return;
	(void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, args);
	buf->len += (size_t)len;
}

bool
buf_ok(const struct buf *buf)
{
	return !buf->failed;
}

struct str
buf_str(const struct buf *buf)
{
	return (struct str){ buf->ptr == NULL ? "" : buf->ptr, buf->len };
}

const char *
buf_text(const struct buf *buf)
{
	return buf->ptr == NULL ? "" : buf->ptr;
}

char *
buf_detach(struct buf *buf)
{
	char *text;

	if (buf->failed || !buf_reserve(buf, 0))
		return NULL;
	text = buf->ptr;
	*buf = BUF_INIT(buf->max);
	return text;
}
