#include "base/conf_rules.h"
#include "base/email.h"
#include "base/language.h"

#include <string.h>

#include "base/phone.h"
#include "base/utf8.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
all_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.ptr[i]))
			return false;
	return true;
}

/* Only letters, digits and the characters of `more`. */
static bool
has_only(struct str s, const char *more)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alnum(s.ptr[i]) && (s.ptr[i] == '\0' || strchr(more, s.ptr[i]) == NULL))
			return false;
	return true;
}

static bool
refuse(struct buf *why, const char *sentence)
{
	buf_add(why, str_from(sentence));
	return false;
}

bool
conf_rule_plain(struct str value, struct buf *why)
{
	if (!utf8_is_valid(value))
		return refuse(why, "must be UTF-8");
	if (utf8_has_control(value))
		return refuse(why, "must not contain control characters or line breaks");
	return true;
}

bool
conf_rule_absolute(struct str value, struct buf *why)
{
	if (!str_starts(value, STR("/")))
		return refuse(why, "must be an absolute path, beginning with a slash");
	if (str_ends(value, STR("/")) && value.len > 1)
		return refuse(why, "must not end with a slash");
	return true;
}

bool
conf_rule_base_path(struct str value, struct buf *why)
{
	struct str rest = value, segment;

	if (!str_starts(value, STR("/")) || str_ends(value, STR("/")))
		return refuse(why, "must begin with a slash and must not end with one");
	rest = str_slice(rest, 1, rest.len);
	while (str_cut(&rest, '/', &segment))
		if (segment.len == 0 || !has_only(segment, "-._~") ||
		    str_equal(segment, STR(".")) || str_equal(segment, STR("..")))
			return refuse(why,
			    "must be made of segments of letters, digits and \"-._~\", such as "
			    "\"/api/v1.0\"");
	return true;
}

bool
conf_rule_log(struct str value, struct buf *why)
{
	if (str_equal(value, STR("stderr")) || str_equal(value, STR("syslog")) ||
	    (str_starts(value, STR("/")) && !str_ends(value, STR("/"))))
		return true;
	return refuse(why, "must be \"stderr\", \"syslog\" or the absolute path of a file");
}

bool
conf_rule_account(struct str value, struct buf *why)
{
	if (value.len > 0 && (is_alnum(value.ptr[0]) || value.ptr[0] == '_') &&
	    has_only(value, "_-."))
		return true;
	return refuse(why, "must be the name of an account");
}

/* "http://" or "https://", an authority of a host and perhaps a port, the rest in *ret_rest. */
static bool
url_cut(struct str value, struct str *ret_rest, struct buf *why)
{
	struct str rest, authority, host, port;
	size_t end, colon;
	uint64_t number;

	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] <= ' ' || value.ptr[i] >= 0x7f)
			return refuse(why, "must be printable ASCII without blanks");
	if (str_starts(value, STR("https://")))
		rest = str_slice(value, sizeof("https://") - 1, value.len);
	else if (str_starts(value, STR("http://")))
		rest = str_slice(value, sizeof("http://") - 1, value.len);
	else
		return refuse(why, "must begin with https:// or http://");
	end = 0;
	while (end < rest.len && strchr("/?#", rest.ptr[end]) == NULL)
		end++;
	authority = str_slice(rest, 0, end);
	*ret_rest = str_slice(rest, end, rest.len);
	if (str_starts(authority, STR("["))) {
		colon = str_index(authority, ']');
		host = str_slice(authority, 1, colon);
		port = str_slice(authority, colon + 1, authority.len);
		if (colon == authority.len || (port.len > 0 && port.ptr[0] != ':') ||
		    !has_only(host, ":."))
			host = STR("");
	} else {
		colon = str_index(authority, ':');
		host = str_slice(authority, 0, colon);
		port = str_slice(authority, colon, authority.len);
		if (!has_only(host, "-._"))
			host = STR("");
	}
	if (host.len == 0)
		return refuse(why, "must have a host name or an address after \"://\"");
	if (port.len > 0 &&
	    (str_to_u64(str_slice(port, 1, port.len), 65535, &number) != RC_OK || number == 0))
		return refuse(why, "must have a port from 1 to 65535 after the host's colon");
	return true;
}

bool
conf_rule_url(struct str value, struct buf *why)
{
	struct str rest;

	if (!url_cut(value, &rest, why))
		return false;
	if (str_index(rest, '#') != rest.len)
		return refuse(why, "must not contain \"#\"");
	return true;
}

bool
conf_rule_url_prefix(struct str value, struct buf *why)
{
	struct str rest;

	if (!url_cut(value, &rest, why))
		return false;
	if (!str_starts(rest, STR("/")))
		return refuse(why,
		    "must go on with a slash after the host: without it, other hosts that begin so "
		    "would match, too");
	if (str_contains(value, STR("{token}")))
		return refuse(why, "must end before the {token}");
	return true;
}

bool
conf_rule_origin(struct str value, struct buf *why)
{
	struct str rest;

	if (!url_cut(value, &rest, why))
		return false;
	if (rest.len > 0)
		return refuse(why,
		    "must end with the host or its port: an origin has no path, not even a slash");
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] >= 'A' && value.ptr[i] <= 'Z')
			return refuse(why, "must be in lower case, as browsers send it");
	if (str_starts(value, STR("https:")) ? str_ends(value, STR(":443"))
	                                     : str_ends(value, STR(":80")))
		return refuse(why, "must leave out the usual port, as browsers do");
	return true;
}

bool
conf_rule_phone(struct str value, struct buf *why)
{
	char normal[PHONE_TEXT_MAX + 1];

	if (phone_normalize(value, normal) == RC_OK)
		return true;
	return refuse(why, "must be a phone number such as \"+12025550123\"");
}

bool
conf_rule_phone_prefix(struct str value, struct buf *why)
{
	struct str digits = str_slice(value, 1, value.len);

	if (str_starts(value, STR("+")) && digits.len > 0 && digits.ptr[0] != '0' &&
	    all_digits(digits))
		return true;
	return refuse(
	    why, "must be the begin of a phone number, \"+\" and digits, such as \"+49\"");
}

bool
conf_rule_email(struct str value, struct buf *why)
{
	struct buf key = BUF_INIT(EMAIL_MAX + 64);
	bool is_email = email_key(value, &key) == RC_OK;

	buf_release(&key);
	return is_email ? true
	                : refuse(why, "must be an e-mail address, such as \"ops@example.com\"");
}

bool
conf_rule_language(struct str value, struct buf *why)
{
	return language_is_tag(value)
	           ? true
	           : refuse(why, "must be a language, such as \"en\" or \"pt-br\"");
}

bool
conf_rule_digits(struct str value, struct buf *why)
{
	return all_digits(value) ? true : refuse(why, "must be made of digits");
}

bool
conf_rule_code_text(struct str value, struct buf *why)
{
	const struct str mark = STR("{code}");
	size_t n = 0;

	for (size_t i = 0; i + mark.len <= value.len; i++)
		n += str_starts(str_slice(value, i, value.len), mark);
	if (n == 1)
		return true;
	return refuse(why, "must contain {code} exactly once");
}

bool
conf_rule_mail_sender(struct str value, struct buf *why)
{
	struct str address = value;
	size_t open = str_index(value, '<'), at;

	if (open < value.len) {
		if (!str_ends(value, STR(">")))
			return refuse(why, "must be an address, or \"Name <address>\"");
		address = str_slice(value, open + 1, value.len - 1);
	}
	at = str_index(address, '@');
	if (at == 0 || at + 1 >= address.len ||
	    !has_only(str_slice(address, 0, at), "!#$%&'*+-/=?^_`{|}~.") ||
	    !has_only(str_slice(address, at + 1, address.len), "-."))
		return refuse(why, "must be an address, or \"Name <address>\"");
	return true;
}

bool
conf_rule_gateway_name(struct str value, struct buf *why)
{
	for (size_t i = 0; i < value.len; i++)
		if (!(value.ptr[i] >= 'a' && value.ptr[i] <= 'z') && !is_digit(value.ptr[i]) &&
		    value.ptr[i] != '_' && value.ptr[i] != '-')
			value.len = 0;
	if (value.len >= 1 && value.len <= 32)
		return true;
	return refuse(why, "must be 1 to 32 of a-z, 0-9, \"_\" and \"-\"");
}
