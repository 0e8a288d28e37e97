/* Key files, for conf_check.c; secret_file_read() is in conf.h. */
#ifndef AFFO_BASE_SECRET_FILE_H
#define AFFO_BASE_SECRET_FILE_H

#include "base/buf.h"

/* As secret_file_read(), for a file that everybody may read, but not write. */
MUST_USE enum rc secret_file_read_public(
    const char *path, size_t min, size_t max, struct buf *ret, struct buf *errors);

#endif
