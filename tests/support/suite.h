/* One suite a program: runs it under check(3), speaking TAP. */
#ifndef AFFO_TESTS_SUPPORT_SUITE_H
#define AFFO_TESTS_SUPPORT_SUITE_H

#include <check.h>

#include "base/str.h"

/* A new suite with one case; tests are added with tcase_add_test(). */
TCase *suite_case(const char *name);
/* Runs all that suite_case() made; what main() returns. */
int suite_run(void);

#define ck_assert_rc(call, expected)                                                               \
	do {                                                                                       \
		enum rc rc_ = (call);                                                              \
		ck_assert_msg(rc_ == (expected), #call ": %s instead of %s", rc_name(rc_),         \
		    rc_name(expected));                                                            \
	} while (0)
/* s is a struct str, text a NUL-ended one. */
#define ck_assert_text(s, text)                                                                    \
	do {                                                                                       \
		struct str s_ = (s);                                                               \
		ck_assert_msg(str_equal(s_, str_from(text)),                                       \
		    #s ": \"" STR_FMT "\" instead of \"%s\"", STR_ARG(s_), (text));                \
	} while (0)

#endif
