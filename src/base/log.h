/*
 * The log: one line a call, "TIME PROGRAM[PID] LEVEL: TEXT", in one write(2) so that processes
 * sharing a file never mix lines. Control characters in TEXT are escaped as \xNN. Secrets never
 * come here; texts from outside only with their length bounded by the caller ("%.*s").
 */
#ifndef AFFO_BASE_LOG_H
#define AFFO_BASE_LOG_H

#include "base/rc.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Names the program; until log_use_* the log goes to standard error. */
void log_open(const char *program);
/* From now on to fd, which the log doesn't own (-1: nowhere). */
void log_use_fd(int fd);
/* From now on as "PROGRAM: TEXT" to standard error: for commands that people type. */
void log_use_plain(void);
/* From now on to syslog(3), facility daemon; lines without time and name of their own. */
void log_use_syslog(void);
/* As the setting `log` says: "stderr", "syslog", or a path, which is appended to and stays open.
 * RC_CONFIG (logged): it cannot be opened. */
MUST_USE enum rc log_use(const char *where);
/* Lines above this level are dropped; LOG_LEVEL_INFO at first. */
void log_set_level(enum log_level level);

PRINTF(1, 2) void log_error(const char *fmt, ...);
PRINTF(1, 2) void log_warning(const char *fmt, ...);
PRINTF(1, 2) void log_notice(const char *fmt, ...);
PRINTF(1, 2) void log_info(const char *fmt, ...);
PRINTF(1, 2) void log_debug(const char *fmt, ...);

#endif
