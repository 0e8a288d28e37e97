/* The half of sandbox.h that knows paths: Landlock. */
#ifndef AFFO_BASE_SANDBOX_FILES_H
#define AFFO_BASE_SANDBOX_FILES_H

#include "base/sandbox.h"

/* Extra: kernels without Landlock, or with it turned off, go on with the filter alone. path as for
 * sandbox_enter(). */
void sandbox_files_enter(enum sandbox_role role, const char *path);

#endif
