#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum { LOG_TEXT_MAX = 2000, LOG_LINE_MAX = 4 * LOG_TEXT_MAX + 128 };

static struct {
	const char *program;
	int fd;
	bool syslog;
	bool plain;
	enum log_level level;
} out = { "affo-user", STDERR_FILENO, false, false, LOG_LEVEL_INFO };

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void
log_open(const char *program)
{
	out.program = program;
}

void
log_use_fd(int fd)
{
	out.fd = fd;
	out.syslog = false;
	out.plain = false;
}

void
log_use_plain(void)
{
	log_use_fd(STDERR_FILENO);
	out.plain = true;
}

void
log_use_syslog(void)
{
	openlog(out.program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	out.syslog = true;
}

enum rc
log_use(const char *where)
{
	int fd;

	if (strcmp(where, "syslog") == 0) {
		log_use_syslog();
		return RC_OK;
	}
	if (strcmp(where, "stderr") == 0) {
		log_use_fd(STDERR_FILENO);
		return RC_OK;
	}
	fd = open(where, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0) {
		log_error("log \"%s\" cannot be opened: %s", where, strerror(errno));
		return RC_CONFIG;
	}
	log_use_fd(fd);
	return RC_OK;
}

void
log_set_level(enum log_level level)
{
	out.level = level;
}

/* Control characters become \xNN: a line stays a line, and a terminal stays itself. */
static size_t
escape(char *to, const char *from)
{
	static const char hex[] = "0123456789abcdef";
	char *start = to;

	for (; *from != '\0'; from++) {
		unsigned char c = (unsigned char)*from;

		if (c >= 0x20 && c != 0x7f) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return (size_t)(to - start);
}

PRINTF(2, 0)
static void
log_line(enum log_level level, const char *fmt, va_list args)
{
	static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
	char text[LOG_TEXT_MAX + 1], line[LOG_LINE_MAX], when[CLOCK_TEXT_MAX + 1];
	size_t len;

	if (level > out.level || (out.fd < 0 && !out.syslog))
		return;
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		return;
	if (out.syslog) {
		len = escape(line, text);
		line[len] = '\0';
		syslog(priorities[level], "%s", line);
		return;
	}
	if (out.plain) {
		len = (size_t)snprintf(line, 128, "%.40s: ", out.program);
	} else {
		clock_format(clock_now_ms(), true, when);
		len = (size_t)snprintf(line, 128, "%s %.40s[%d] %s: ", when, out.program,
		    (int)getpid(), level_names[level]);
	}
	len += escape(line + len, text);
	line[len++] = '\n';
	/* A log that cannot be written must not stop the service. */
	if (write(out.fd, line, len) < 0)
		return;
}

#define LOG_AT(level)                                                                              \
	do {                                                                                       \
		va_list args;                                                                      \
		va_start(args, fmt);                                                               \
		log_line((level), fmt, args);                                                      \
		va_end(args);                                                                      \
	} while (0)

void
log_error(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_ERROR);
}

void
log_warning(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_WARNING);
}

void
log_notice(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_NOTICE);
}

void
log_info(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_INFO);
}

void
log_debug(const char *fmt, ...)
{
	LOG_AT(LOG_LEVEL_DEBUG);
}
