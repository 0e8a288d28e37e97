#include "base/templates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/gsm.h"
#include "base/utf8.h"

struct text {
	const char *kind; /* of the table below */
	const char *part;
	char *language;
	char *text;
};

struct templates {
	size_t n;
	struct text text[TEMPLATES_MAX];
};

/* Which parts a kind has and which names stand for what; long values, so that the check of
 * segments is on the safe side. */
static const struct kind {
	const char *name;
	const char *parts[4];
	struct template_value values[5];
	size_t n_values;
} kinds[] = {
	{ "password_reset", { "subject", "txt", "html" },
	    { { "name", { "Bartholomew", 11 } }, { "url", { "https://example.com/", 20 } },
	        { "minutes", { "1440", 4 } } },
	    3 },
	{ "alert", { "subject", "txt" }, { { "text", { "...", 3 } } }, 1 },
	{ "phone_code", { "txt" },
	    { { "code", { "1234567890", 10 } }, { "minutes", { "1440", 4 } } }, 2 },
};

static const struct kind *
find_kind(struct str name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(str_from(kinds[i].name), name))
			return &kinds[i];
	return NULL;
}

static const char *
find_part(const struct kind *kind, struct str name)
{
	for (size_t i = 0; kind->parts[i] != NULL; i++)
		if (str_equal(str_from(kind->parts[i]), name))
			return kind->parts[i];
	return NULL;
}

/* The index of a text, n when there is none. */
static size_t
find_text(
    const struct templates *templates, const char *kind, struct str language, const char *part)
{
	size_t i;

	for (i = 0; i < templates->n; i++) {
		const struct text *text = &templates->text[i];

		if (strcmp(text->kind, kind) == 0 && strcmp(text->part, part) == 0 &&
		    str_equal(str_from(text->language), language))
			break;
	}
	return i;
}

/* An SMS of more than one segment is paid for more than once. */
static void
warn_of_segments(const struct kind *kind, const char *file, struct str text, struct buf *warnings)
{
	struct buf rendered = BUF_INIT(TEMPLATE_FILE_MAX);

	if (template_render(text, kind->values, kind->n_values, TEMPLATE_TEXT, &rendered) ==
	        RC_OK &&
	    buf_ok(&rendered) && gsm_segments(buf_str(&rendered)) > 1)
		buf_printf(warnings,
		    "this text takes %zu SMS, each of which is paid for (160 characters of GSM "
		    "03.38 fit "
		    "into one, or 70 of any other) in %s:1\n",
		    gsm_segments(buf_str(&rendered)), file);
	buf_release(&rendered);
}

/* Takes one text in, over one of the same name. Faults go to *errors; RC_SYSTEM: no memory. */
static enum rc
add_text(struct templates *templates, const char *name, const char *file, struct str content,
    struct buf *errors, struct buf *warnings)
{
	struct str rest = str_from(name), kind_name = STR_NULL, language = STR_NULL;
	const struct kind *kind;
	const char *part;
	unsigned line = 1;
	char *copy;
	size_t at;

	if (!str_cut(&rest, '.', &kind_name) || !str_cut(&rest, '.', &language) ||
	    (kind = find_kind(kind_name)) == NULL || !language_is_tag(language) ||
	    (part = find_part(kind, rest)) == NULL) {
		buf_printf(warnings,
		    "this file is not read: its name is not KIND.LANGUAGE.PART as in "
		    "password_reset.en.txt in %s:1\n",
		    file);
		return RC_OK;
	}
	/* The newline at the end of a file is none of an SMS's or a subject's. */
	while (content.len > 0 && content.ptr[content.len - 1] == '\n' &&
	       (strcmp(part, "subject") == 0 || strcmp(kind->name, "phone_code") == 0))
		content.len--;
	if (!utf8_is_valid(content) || memchr(content.ptr, '\0', content.len) != NULL) {
		buf_printf(errors, "the text is not UTF-8 in %s:1\n", file);
		return RC_OK;
	}
	if (template_check(content, kind->values, kind->n_values, &line) != RC_OK) {
		buf_add(errors, STR("\"{{\" is not followed by one of the names"));
		for (size_t i = 0; i < kind->n_values; i++)
			buf_printf(errors, "%s %s", i == 0 ? "" : ",", kind->values[i].name);
		buf_printf(errors, " and \"}}\" in %s:%u\n", file, line);
		return RC_OK;
	}
	if (strcmp(part, "subject") == 0 &&
	    (content.len == 0 || str_index(content, '\n') < content.len)) {
		buf_printf(errors, "a subject is one line in %s:1\n", file);
		return RC_OK;
	}
	if (strcmp(kind->name, "phone_code") == 0)
		warn_of_segments(kind, file, content, warnings);
	if ((copy = str_dup(content)) == NULL)
		return RC_SYSTEM;
	at = find_text(templates, kind->name, language, part);
	if (at < templates->n) {
		free(templates->text[at].text);
		templates->text[at].text = copy;
		return RC_OK;
	}
	if (at == TEMPLATES_MAX) {
		free(copy);
		buf_printf(errors, "there are more than %d texts in %s:1\n", TEMPLATES_MAX, file);
		return RC_OK;
	}
	templates->text[at] = (struct text){ kind->name, part, str_dup(language), copy };
	if (templates->text[at].language == NULL) {
		free(copy);
		return RC_SYSTEM;
	}
	templates->n++;
	return RC_OK;
}

static enum rc
add_file(struct templates *templates, int dir, const char *directory, const char *name,
    struct buf *errors, struct buf *warnings)
{
	struct buf path = BUF_INIT(4096), content = BUF_INIT(TEMPLATE_FILE_MAX);
	enum rc rc = RC_OK;
	char piece[4096];
	ssize_t n = 0;
	int fd;

	buf_printf(&path, "%s/%s", directory, name);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
		buf_add_bytes(&content, piece, (size_t)n);
	if (fd < 0 || n < 0)
		buf_printf(errors, "cannot read this file: %s in %s:1\n", strerror(errno),
		    buf_text(&path));
	else if (!buf_ok(&content))
		buf_printf(errors, "the file is larger than %d bytes in %s:1\n", TEMPLATE_FILE_MAX,
		    buf_text(&path));
	else
		rc =
		    add_text(templates, name, buf_text(&path), buf_str(&content), errors, warnings);
	if (fd >= 0)
		(void)close(fd);
	buf_release(&path);
	buf_release(&content);
	return rc;
}

static enum rc
add_directory(
    struct templates *templates, const char *directory, struct buf *errors, struct buf *warnings)
{
	struct dirent *entry;
	DIR *dir = opendir(directory);
	enum rc rc = RC_OK;

	if (dir == NULL) {
		buf_printf(errors, "cannot read the directory of templates: %s in %s\n",
		    strerror(errno), directory);
		return RC_OK;
	}
	while (rc == RC_OK && (entry = readdir(dir)) != NULL)
		/* Not editors' backups and hidden files. */
		if (entry->d_name[0] != '.' && !str_ends(str_from(entry->d_name), STR("~")))
			rc = add_file(
			    templates, dirfd(dir), directory, entry->d_name, errors, warnings);
	(void)closedir(dir);
	return rc;
}

enum rc
templates_open(
    const char *directory, struct templates **ret, struct buf *errors, struct buf *warnings)
{
	size_t errors_before = errors->len;
	struct templates *templates;
	enum rc rc = RC_OK;

	if ((templates = calloc(1, sizeof(*templates))) == NULL)
		return RC_SYSTEM;
	for (const struct embedded *file = embedded_templates; rc == RC_OK && file->name != NULL;
	     file++)
		rc = add_text(
		    templates, file->name, file->name, str_from(file->text), errors, warnings);
	if (rc == RC_OK && directory != NULL)
		rc = add_directory(templates, directory, errors, warnings);
	if (rc == RC_OK && errors->len != errors_before)
		rc = RC_CONFIG;
	if (rc != RC_OK) {
		templates_close(templates);
		return rc;
	}
	*ret = templates;
	return RC_OK;
}

void
templates_close(struct templates *templates)
{
	if (templates == NULL)
		return;
	for (size_t i = 0; i < templates->n; i++) {
		free(templates->text[i].language);
		free(templates->text[i].text);
	}
	free(templates);
}

struct str
templates_language(
    const struct templates *templates, const char *kind, struct str wishes, struct str fallback)
{
	struct str available[TEMPLATES_LANGUAGES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < templates->n && n < TEMPLATES_LANGUAGES_MAX; i++)
		if (strcmp(templates->text[i].kind, kind) == 0 &&
		    strcmp(templates->text[i].part, "txt") == 0)
			available[n++] = str_from(templates->text[i].language);
	return language_pick(wishes, available, n, fallback);
}

struct str
templates_get(
    const struct templates *templates, const char *kind, struct str language, const char *part)
{
	size_t at = find_text(templates, kind, language, part);

	return at == templates->n ? STR_NULL : str_from(templates->text[at].text);
}
