/*
 * The set of message texts: those that are compiled in (src/templates/), and over them those of a
 * directory that the admin may fill file by file. A file is KIND.LANGUAGE.PART:
 * password_reset.de.html, phone_code.en.txt.
 */
#ifndef AFFO_BASE_TEMPLATES_H
#define AFFO_BASE_TEMPLATES_H

#include "base/language.h"
#include "base/template.h"

enum {
	TEMPLATE_FILE_MAX = 64 * 1024, /* bytes of one file */
	TEMPLATES_LANGUAGES_MAX = 64,
	TEMPLATES_MAX = 512, /* texts in all */
};

struct templates;

/*
 * directory NULL: those compiled in alone. Every text is checked: names that its kind has
 * (template_check), valid UTF-8, one line for a subject. RC_CONFIG: a sentence for each fault in
 * *errors, "MESSAGE in FILE:LINE". *warnings: file names that mean nothing, and an SMS that takes
 * more than one segment.
 */
MUST_USE enum rc templates_open(
    const char *directory, struct templates **ret, struct buf *errors, struct buf *warnings);
void templates_close(struct templates *templates);

/* The language to write a message of that kind in: one that has its text. */
struct str templates_language(
    const struct templates *templates, const char *kind, struct str wishes, struct str fallback);
/* Borrowed; absent when there is no such text. part: "subject", "txt", "html". */
struct str templates_get(
    const struct templates *templates, const char *kind, struct str language, const char *part);

#endif
