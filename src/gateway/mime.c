#include "gateway/mime.h"

#include <string.h>
#include <time.h>

#include "base/email.h"
#include "base/utf8.h"
#include "gateway/mime_encode.h"

static bool
is_header_text(struct str text)
{
	return utf8_is_valid(text) && !utf8_has_control(text);
}

/* Splits "Name <address>", "\"Na\\\"me\" <address>" or "address"; the display name, without its
 * quotes, is added to *ret_display. */
static void
split_mailbox(struct str mailbox, struct buf *ret_display, struct str *ret_address)
{
	struct str display;
	size_t at;

	mailbox = str_trim(mailbox);
	at = str_index(mailbox, '<');
	if (at == mailbox.len || mailbox.ptr[mailbox.len - 1] != '>') {
		*ret_address = mailbox;
		return;
	}
	*ret_address = str_trim(str_slice(mailbox, at + 1, mailbox.len - 1));
	display = str_trim(str_slice(mailbox, 0, at));
	if (display.len < 2 || display.ptr[0] != '"' || display.ptr[display.len - 1] != '"') {
		buf_add(ret_display, display);
		return;
	}
	display = str_slice(display, 1, display.len - 1);
	for (size_t i = 0; i < display.len; i++) {
		if (display.ptr[i] == '\\' && i + 1 < display.len)
			i++;
		buf_add_char(ret_display, display.ptr[i]);
	}
}

/* What email_key() refuses but mail systems take, such as an imported address or a sender at a
 * host without a dot: printable ASCII in one piece on both sides of one "@". */
static bool
is_plain_address(struct str address)
{
	size_t at = str_index(address, '@');

	if (at == 0 || at + 1 >= address.len || address.len > EMAIL_MAX ||
	    str_index(str_slice(address, at + 1, address.len), '@') != address.len - at - 1)
		return false;
	for (size_t i = 0; i < address.len; i++) {
		unsigned char c = (unsigned char)address.ptr[i];

		if (c <= ' ' || c >= 0x7f || strchr("()<>[]:;\\,\"", c) != NULL)
			return false;
	}
	return true;
}

/* RFC 5321 and 5322 take no U-labels without SMTPUTF8, and A-labels reach everyone. */
static enum rc
add_address(struct buf *to, struct str address)
{
	struct buf key = BUF_INIT(4L * EMAIL_MAX);
	struct str domain;
	enum rc rc = email_key(address, &key);

	if (rc == RC_OK) {
		domain = buf_str(&key);
		domain = str_slice(domain, str_index(domain, '@'), domain.len);
		buf_add(to, str_slice(address, 0, str_index(address, '@')));
		buf_add(to, domain);
	} else if (rc == RC_SYNTAX && is_plain_address(address)) {
		buf_add(to, address);
		rc = RC_OK;
	}
	buf_release(&key);
	if (rc != RC_OK)
		return rc;
	return buf_ok(to) ? RC_OK : RC_LIMIT;
}

enum rc
mime_address(struct str mailbox, struct buf *ret)
{
	struct buf display = BUF_INIT(mailbox.len);
	struct str address;

	split_mailbox(mailbox, &display, &address);
	buf_release(&display);
	return add_address(ret, address);
}

/* The header From; its bare address goes to *ret_address. */
static enum rc
add_from(struct buf *to, struct str mailbox, struct buf *ret_address)
{
	struct buf display = BUF_INIT(mailbox.len);
	struct str address;
	enum rc rc = RC_SYNTAX;

	if (!is_header_text(mailbox))
		goto out;
	split_mailbox(mailbox, &display, &address);
	if ((rc = add_address(ret_address, address)) != RC_OK)
		goto out;
	mime_encode_mailbox(to, "From", buf_str(&display), buf_str(ret_address));
	rc = buf_ok(&display) ? RC_OK : RC_LIMIT;
out:
	buf_release(&display);
	return rc;
}

/* RFC 5322, 3.3; English names whatever the locale is. */
static void
add_date(struct buf *to, int64_t at_ms)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	buf_printf(to, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The id is base64url: it stands in Message-ID and in the boundary as it is. */
static bool
is_id(struct str id)
{
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
		    c != '-' && c != '_')
			return false;
	}
	return id.len > 0 && id.len <= 40;
}

static void
add_part(struct buf *to, const char *subtype, struct str text)
{
	buf_printf(to,
	    "Content-Type: text/%s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    subtype);
	mime_encode_quoted_printable(to, text);
}

/* "=_" occurs in no quoted-printable text, so in no part. */
static void
add_body(struct buf *to, const struct letter *letter)
{
	struct str id = letter->id;

	if (letter->html.ptr == NULL) {
		add_part(to, "plain", letter->text);
		return;
	}
	buf_printf(to,
	    "Content-Type: multipart/alternative; boundary=\"=_" STR_FMT "\"\r\n\r\n"
	    "--=_" STR_FMT "\r\n",
	    STR_ARG(id), STR_ARG(id));
	add_part(to, "plain", letter->text);
	buf_printf(to, "\r\n--=_" STR_FMT "\r\n", STR_ARG(id));
	add_part(to, "html", letter->html);
	buf_printf(to, "\r\n--=_" STR_FMT "--\r\n", STR_ARG(id));
}

enum rc
mime_compose(const struct letter *letter, struct buf *ret)
{
	struct buf from = BUF_INIT(EMAIL_MAX), to = BUF_INIT(EMAIL_MAX);
	struct str domain;
	enum rc rc = RC_SYNTAX;

	if (!is_id(letter->id) || !is_header_text(letter->subject) ||
	    !utf8_is_valid(letter->text) || !utf8_is_valid(letter->html))
		goto out;
	if ((rc = add_from(ret, letter->sender, &from)) != RC_OK ||
	    (rc = add_address(&to, letter->recipient)) != RC_OK)
		goto out;
	mime_encode_mailbox(ret, "To", STR_NULL, buf_str(&to));
	domain = buf_str(&from);
	domain = str_slice(domain, str_index(domain, '@'), domain.len);
	mime_encode_header(ret, "Subject", letter->subject);
	add_date(ret, letter->created_at);
	buf_printf(
	    ret, "Message-ID: <" STR_FMT STR_FMT ">\r\n", STR_ARG(letter->id), STR_ARG(domain));
	buf_add(ret, STR("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"));
	add_body(ret, letter);
	rc = buf_ok(ret) ? RC_OK : RC_LIMIT;
out:
	buf_release(&from);
	buf_release(&to);
	return rc;
}
