#include "ctl/ctl_password.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"

enum { CONTROL_C = 3, CONTROL_Z = 26, CONTROL_BACKSLASH = 28 };

/* To the end of the line, without it. RC_NONE: the end of the input, or an interrupt key. */
static enum rc
read_line(struct buf *ret)
{
	size_t n = 0;
	ssize_t got;
	char c;

	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (c == CONTROL_C || c == CONTROL_Z || c == CONTROL_BACKSLASH)
			return RC_NONE;
		buf_add_char(ret, c);
		n++;
	}
	if (got < 0) {
		log_error("the password cannot be read: %s", strerror(errno));
		return RC_SYSTEM;
	}
	return got == 0 && n == 0 ? RC_NONE : RC_OK;
}

static enum rc
ask(const char *question, struct buf *ret)
{
	(void)fputs(question, stderr);
	return read_line(ret);
}

/* The interrupt keys are read as characters meanwhile, so that none of them ends the program with
 * the echo off. */
static enum rc
read_twice(struct buf *ret)
{
	struct buf again = BUF_INIT(CTL_PASSWORD_MAX);
	struct termios before, quiet;
	enum rc rc = RC_SYSTEM;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		goto out;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_lflag |= ECHONL | ICANON;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
		goto out;
	rc = ask("Password: ", ret);
	if (rc == RC_OK)
		rc = ask("Again: ", &again);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	if (rc == RC_NONE)
		log_error("no password was given: nothing is changed");
	if (rc == RC_OK && !str_equal(buf_str(ret), buf_str(&again))) {
		log_error("the two passwords differ: nothing is changed");
		rc = RC_NONE;
	}
out:
	buf_release(&again);
	return rc;
}

enum rc
ctl_password_read(struct buf *ret)
{
	enum rc rc;

	if (isatty(STDIN_FILENO)) {
		rc = read_twice(ret);
	} else if ((rc = read_line(ret)) == RC_NONE) {
		log_error("standard input has no password: its first line is the password");
	}
	if (rc == RC_OK && !buf_ok(ret)) {
		log_error("the password is longer than %d bytes", CTL_PASSWORD_MAX);
		rc = RC_NONE;
	}
	return rc;
}
