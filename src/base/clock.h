/*
 * The only source of time. Unit tests fix it; end-to-end tests move running programs through a
 * file of one int64_t (milliseconds, native order) named by AFFO_CLOCK_FILE, which only builds
 * with --enable-test-clock look at.
 */
#ifndef AFFO_BASE_CLOCK_H
#define AFFO_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

enum { CLOCK_TEXT_MAX = 31 };

/* Maps the offset file of tests where this build has it; once, before the sandbox. */
void clock_open(void);
/* Milliseconds since 1970 UTC, plus the offset of tests. */
int64_t clock_now_ms(void);
/* Without the offset of tests: for comparing with times that other programs measured. */
int64_t clock_real_ms(void);
/* Monotonic milliseconds since boot, plus the offset of tests; for windows and timeouts. */
int64_t clock_monotonic_ms(void);
/* Tests fix the time: clock_now_ms() gives at_ms until clock_advance() moves it. 0: real again. */
void clock_fix(int64_t at_ms);
/* Moves the fixed time, and the monotonic one, by ms. */
void clock_advance(int64_t ms);
/* RFC 3339 UTC in seconds: "2026-11-22T12:31:12Z", or without the Z. */
void clock_format(int64_t at_ms, bool with_z, char ret[static CLOCK_TEXT_MAX + 1]);

#endif
