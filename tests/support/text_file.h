/* Whole files, for tests. */
#ifndef AFFO_TESTS_SUPPORT_TEXT_FILE_H
#define AFFO_TESTS_SUPPORT_TEXT_FILE_H

#include "base/buf.h"

/* Appends the text of "DIR/name", DIR being the value of that environment variable: srcdir or
 * builddir; "." without it. Fails the test when it cannot be read. */
void text_file_read(const char *variable, const char *name, struct buf *ret);

#endif
