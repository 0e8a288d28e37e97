/* A directory of its own for each test, below $TMPDIR or /tmp; gone at scratch_remove(). */
#ifndef AFFO_TESTS_SUPPORT_SCRATCH_H
#define AFFO_TESTS_SUPPORT_SCRATCH_H

/* Makes it, mode 0700; borrowed until scratch_remove(). For tcase_add_checked_fixture(). */
void scratch_make(void);
void scratch_remove(void);
const char *scratch_dir(void);
/* "DIR/name", in a ring of 16 static buffers. */
const char *scratch_path(const char *name);
/* Writes a file of that mode; returns its path as above. */
const char *scratch_file(const char *name, const char *text, unsigned mode);

#endif
