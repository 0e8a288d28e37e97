#include "config.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct {
	int64_t fixed_ms;             /* 0: the real time */
	int64_t advanced_ms;          /* by clock_advance, for the monotonic clock */
	const volatile int64_t *file; /* NULL: none */
} test_clock;

void
clock_open(void)
{
	/* gmtime_r(3) opens /etc/localtime at its first use, which the sandbox kills. */
	tzset();
#ifdef WITH_TEST_CLOCK
	const char *name = getenv("AFFO_CLOCK_FILE");
	void *map;
	int fd;

	if (name == NULL || (fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		test_clock.file = map;
	(void)close(fd);
#endif
}

static int64_t
offset_ms(void)
{
	return test_clock.file == NULL ? 0 : *test_clock.file;
}

static int64_t
read_ms(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_now_ms(void)
{
	if (test_clock.fixed_ms != 0)
		return test_clock.fixed_ms;
	return read_ms(CLOCK_REALTIME) + offset_ms();
}

int64_t
clock_real_ms(void)
{
	return test_clock.fixed_ms != 0 ? test_clock.fixed_ms : read_ms(CLOCK_REALTIME);
}

int64_t
clock_monotonic_ms(void)
{
	return read_ms(CLOCK_MONOTONIC) + test_clock.advanced_ms + offset_ms();
}

void
clock_fix(int64_t at_ms)
{
	test_clock.fixed_ms = at_ms;
	test_clock.advanced_ms = 0;
}

void
clock_advance(int64_t ms)
{
	test_clock.fixed_ms += ms;
	test_clock.advanced_ms += ms;
}

void
clock_format(int64_t at_ms, bool with_z, char ret[static CLOCK_TEXT_MAX + 1])
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;

	if (at_ms < 0 && at_ms % 1000 != 0)
		seconds--;
	memset(&tm, 0, sizeof(tm));
	(void)gmtime_r(&seconds, &tm);
	if (strftime(ret, CLOCK_TEXT_MAX + 1, with_z ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S",
	        &tm) == 0)
		ret[0] = '\0';
}
