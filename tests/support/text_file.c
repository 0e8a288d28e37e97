#include "support/text_file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

void
text_file_read(const char *variable, const char *name, struct buf *ret)
{
	struct buf path = BUF_INIT(4096);
	const char *dir = getenv(variable);
	char chunk[4096];
	size_t n;
	FILE *file;

	buf_printf(&path, "%s/%s", dir == NULL ? "." : dir, name);
	file = fopen(buf_text(&path), "r");
	ck_assert_msg(file != NULL, "cannot open %s", buf_text(&path));
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buf_add_bytes(ret, chunk, n);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert(buf_ok(ret));
	buf_release(&path);
}
