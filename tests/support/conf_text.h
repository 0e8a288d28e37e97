/* Configurations from texts, for tests. */
#ifndef AFFO_TESTS_SUPPORT_CONF_TEXT_H
#define AFFO_TESTS_SUPPORT_CONF_TEXT_H

#include "base/conf.h"

struct conf_text {
	enum rc rc;
	struct conf *conf; /* NULL unless RC_OK */
	struct buf errors, warnings;
};

/* Parses the text as the file main.conf of the scratch directory. */
struct conf_text conf_text_parse(const char *text, enum conf_check check);
/* The same for whatever stands there now. */
struct conf_text conf_text_parse_files(enum conf_check check);
void conf_text_release(struct conf_text *parsed);
/* Refused, with exactly these lines; "DIR" stands for the scratch directory. */
void conf_text_refused(const char *text, const char *errors);
void conf_text_says(struct str found, const char *expected);

#endif
