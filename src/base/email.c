#include "base/email.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"

enum { EMAIL_DOMAIN_MAX = 253, EMAIL_LABEL_MAX = 63 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter_or_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 5322, 3.2.3. */
static bool
is_atext(char c)
{
	return is_letter_or_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_dot_atom(struct str text)
{
	struct str atom;

	while (str_cut(&text, '.', &atom)) {
		if (atom.len == 0)
			return false;
		for (size_t i = 0; i < atom.len; i++)
			if (!is_atext(atom.ptr[i]))
				return false;
	}
	return true;
}

/* Letters, digits, hyphens inside (RFC 5890, 2.3.1). */
static bool
is_ldh(struct str label)
{
	if (label.len == 0 || label.len > EMAIL_LABEL_MAX || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_letter_or_digit(label.ptr[i]) && label.ptr[i] != '-')
			return false;
	return true;
}

static void
add_lower(struct buf *to, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(to, text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'
		                     ? (char)(text.ptr[i] + ('a' - 'A'))
		                     : text.ptr[i]);
}

/*
 * The A-label of a U-label, to be released with idn2_free(); NULL: it is none. The checks are
 * those of registration (RFC 5891 section 4), which map nothing and know all context rules. The
 * way back must lead to the same bytes, whatever the library did on its way.
 */
static char *
to_a_label(const char *label)
{
	uint8_t *a_label = NULL;
	char *back = NULL;
	bool ok;

	ok = idn2_register_u8((const uint8_t *)label, NULL, &a_label, 0) == IDN2_OK &&
	     is_ldh(str_from((char *)a_label)) &&
	     str_starts(str_from((char *)a_label), STR("xn--")) &&
	     idn2_to_unicode_8z8z((char *)a_label, &back, IDN2_NO_TR46) == IDN2_OK &&
	     strcmp(back, label) == 0;
	idn2_free(back);
	if (ok)
		return (char *)a_label;
	idn2_free(a_label);
	return NULL;
}

/* Whether a label "xn--...", already in small letters, is what some U-label becomes. */
static bool
is_a_label(const char *label)
{
	char *u_label = NULL, *again = NULL;
	bool ok;

	ok = idn2_to_unicode_8z8z(label, &u_label, IDN2_NO_TR46) == IDN2_OK &&
	     (again = to_a_label(u_label)) != NULL && strcmp(again, label) == 0;
	idn2_free(again);
	idn2_free(u_label);
	return ok;
}

static enum rc
add_label(struct str label, struct buf *to)
{
	struct buf text = BUF_INIT(EMAIL_MAX);
	enum rc rc = RC_SYNTAX;
	char *a_label = NULL;

	add_lower(&text, label);
	if (!buf_ok(&text)) {
		rc = RC_SYSTEM;
	} else if (!str_is_ascii(label)) {
		/* As typed: a capital letter in a U-label is a mistake, not another spelling. */
		buf_reset(&text);
		buf_add(&text, label);
		if (memchr(label.ptr, '\0', label.len) == NULL && utf8_is_valid(label) &&
		    (a_label = to_a_label(buf_text(&text))) != NULL) {
			buf_add(to, str_from(a_label));
			rc = RC_OK;
		}
	} else if (is_ldh(label) &&
	           (!str_starts(buf_str(&text), STR("xn--")) || is_a_label(buf_text(&text)))) {
		buf_add(to, buf_str(&text));
		rc = RC_OK;
	}
	idn2_free(a_label);
	buf_release(&text);
	return rc;
}

/* No top-level domain is a number: what ends in one is an address. */
static bool
is_number(struct str label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!is_digit(label.ptr[i]))
			return false;
	return true;
}

static enum rc
add_domain(struct str domain, struct buf *to)
{
	size_t start = to->len;
	unsigned n = 0;
	struct str label = STR_NULL;
	enum rc rc;

	while (str_cut(&domain, '.', &label)) {
		if (n++ > 0)
			buf_add_char(to, '.');
		if ((rc = add_label(label, to)) != RC_OK)
			return rc;
	}
	if (n < 2 || is_number(label) || to->len - start > EMAIL_DOMAIN_MAX)
		return RC_SYNTAX;
	return RC_OK;
}

enum rc
email_key(struct str email, struct buf *ret_key)
{
	struct buf key = BUF_INIT((size_t)EMAIL_MAX * 4);
	struct str domain = email, local;
	enum rc rc = RC_SYNTAX;

	if (email.len > EMAIL_MAX || !str_cut(&domain, '@', &local) || domain.ptr == NULL ||
	    local.len > EMAIL_LOCAL_MAX || !is_dot_atom(local))
		goto out;
	add_lower(&key, local);
	buf_add_char(&key, '@');
	if ((rc = add_domain(domain, &key)) != RC_OK)
		goto out;
	/* It goes over the wire with A-labels, where RFC 5321 allows no more either. */
	rc = RC_SYNTAX;
	if (buf_ok(&key) && key.len > EMAIL_MAX)
		goto out;
	buf_add(ret_key, buf_str(&key));
	rc = buf_ok(&key) && buf_ok(ret_key) ? RC_OK : RC_SYSTEM;
out:
	if (rc == RC_SYSTEM)
		log_error("out of memory, or of room, for the key of an e-mail address");
	buf_release(&key);
	return rc;
}

enum rc
email_lookup_key(struct str email, struct buf *ret_key)
{
	enum rc rc = email_key(email, ret_key);

	if (rc != RC_SYNTAX)
		return rc;
	add_lower(ret_key, email);
	return buf_ok(ret_key) ? RC_OK : RC_SYSTEM;
}
