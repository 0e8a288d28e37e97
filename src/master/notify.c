#include "master/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/proc.h"

enum { NOTIFY_MAX = 256 };

void
notify_ready(void)
{
	proc_notify("READY=1");
}

void
notify_reloading(void)
{
	char text[NOTIFY_MAX];
	struct timespec now;

	/* The time tells systemd which reload a later READY=1 is the end of. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	proc_notify(text);
}

void
notify_stopping(void)
{
	proc_notify("STOPPING=1");
}

void
notify_status(const char *fmt, ...)
{
	static char last[NOTIFY_MAX];
	char text[NOTIFY_MAX];
	va_list args;
	int len = snprintf(text, sizeof(text), "STATUS=");

	va_start(args, fmt);
	(void)vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, args);
	va_end(args);
	if (strcmp(text, last) == 0)
		return;
	(void)snprintf(last, sizeof(last), "%s", text);
	proc_notify(text);
}

int64_t
notify_watchdog_ms(void)
{
	struct str usec = str_from(getenv("WATCHDOG_USEC")), pid = str_from(getenv("WATCHDOG_PID"));
	uint64_t number;

	if (pid.ptr != NULL &&
	    (str_to_u64(pid, INT32_MAX, &number) != RC_OK || (pid_t)number != getpid()))
		return 0;
	if (usec.ptr == NULL || str_to_u64(usec, INT64_MAX, &number) != RC_OK || number < 2000)
		return 0;
	return (int64_t)(number / 2000);
}

void
notify_alive(void)
{
	proc_notify("WATCHDOG=1");
}
