#include "domain/reset_url.h"

#include <assert.h>
#include <string.h>

static const struct str placeholder = { "{token}", 7 };

/* Where the next {token} is, from `from` on; the length when there is none. */
static size_t
placeholder_at(struct str text, size_t from)
{
	struct str rest = str_slice(text, from, text.len);
	const char *at = NULL;

	if (rest.len > 0)
		at = memmem(rest.ptr, rest.len, placeholder.ptr, placeholder.len);
	return at == NULL ? text.len : (size_t)(at - text.ptr);
}

static bool
is_printable(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '!' || text.ptr[i] > '~')
			return false;
	return true;
}

/* Whether what stands before the {token} starts with an allowed prefix. */
static bool
is_allowed(const struct conf_list *prefixes, struct str before)
{
	for (size_t i = 0; i < prefixes->n; i++)
		if (str_starts(before, str_from(prefixes->item[i])))
			return true;
	return false;
}

void
reset_url_check(const struct conf *conf, struct str url_template, struct faults *faults)
{
	static const char pointer[] = "/url_template";
	size_t at = placeholder_at(url_template, 0);

	if (url_template.len > URL_TEMPLATE_MAX)
		faults_add(
		    faults, pointer, "A template has at most %d characters.", URL_TEMPLATE_MAX);
	else if (!is_printable(url_template))
		faults_add(faults, pointer, "A template is printable ASCII without blanks.");
	else if (at == url_template.len ||
	         placeholder_at(url_template, at + placeholder.len) != url_template.len)
		faults_add(faults, pointer, "A template has {token} exactly once.");
	else if (!str_equal(url_template, placeholder) &&
	         !is_allowed(&conf->reset.url_prefixes, str_slice(url_template, 0, at)))
		faults_add(faults, pointer,
		    "A template is {token} alone, or starts with an address that this service "
		    "allows.");
}

void
reset_url_add(struct buf *to, struct str url_template, struct str token)
{
	size_t at = placeholder_at(url_template, 0);

	assert(at < url_template.len);
	buf_add(to, str_slice(url_template, 0, at));
	buf_add(to, token);
	buf_add(to, str_slice(url_template, at + placeholder.len, url_template.len));
}
