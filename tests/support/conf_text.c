#include "support/conf_text.h"

#include "support/scratch.h"
#include "support/suite.h"

struct conf_text
conf_text_parse_files(enum conf_check check)
{
	struct conf_text parsed = { RC_OK, NULL, BUF_INIT(65536), BUF_INIT(65536) };
	struct conf_files *files = NULL;

	parsed.rc = conf_files_read(scratch_path("main.conf"), &files, &parsed.errors);
	if (parsed.rc == RC_OK)
		parsed.rc =
		    conf_parse(files, check, &parsed.conf, &parsed.errors, &parsed.warnings);
	conf_files_free(files);
	return parsed;
}

struct conf_text
conf_text_parse(const char *text, enum conf_check check)
{
	(void)scratch_file("main.conf", text, 0600);
	return conf_text_parse_files(check);
}

void
conf_text_release(struct conf_text *parsed)
{
	conf_free(parsed->conf);
	buf_release(&parsed->errors);
	buf_release(&parsed->warnings);
}

void
conf_text_says(struct str found, const char *expected)
{
	struct buf text = BUF_INIT(65536);
	struct str rest = str_from(expected), mark = STR("DIR");

	while (rest.len > 0) {
		if (str_starts(rest, mark)) {
			buf_add(&text, str_from(scratch_dir()));
			rest = str_slice(rest, mark.len, rest.len);
			continue;
		}
		buf_add_char(&text, rest.ptr[0]);
		rest = str_slice(rest, 1, rest.len);
	}
	ck_assert_text(found, buf_text(&text));
	buf_release(&text);
}

void
conf_text_refused(const char *text, const char *errors)
{
	struct conf_text parsed = conf_text_parse(text, CONF_CHECK_SYNTAX);

	conf_text_says(buf_str(&parsed.errors), errors);
	ck_assert_rc(parsed.rc, RC_CONFIG);
	ck_assert_ptr_null(parsed.conf);
	conf_text_release(&parsed);
}
