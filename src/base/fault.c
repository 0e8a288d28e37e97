#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

void
faults_add(struct faults *faults, const char *pointer, const char *fmt, ...)
{
	struct fault *fault;
	va_list args;

	if (faults->n == FAULTS_MAX)
		return;
	fault = &faults->list[faults->n++];
	(void)snprintf(fault->pointer, sizeof(fault->pointer), "%s", pointer);
	va_start(args, fmt);
	(void)vsnprintf(fault->detail, sizeof(fault->detail), fmt, args);
	va_end(args);
}
