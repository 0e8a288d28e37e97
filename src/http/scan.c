#include "http/scan.h"

enum { HEADER_LEN = 8, BEGIN_LEN = 8, VERSION = 1, ROLE_RESPONDER = 1 };
enum { TYPE_BEGIN = 1, TYPE_PARAMS = 4, TYPE_STDIN = 5 };

struct record {
	unsigned type, id;
	struct str content; /* what is there of it */
	size_t content_len; /* what was announced */
	size_t len;         /* of the whole record */
};

/* The walk over name-value pairs, which may begin and end anywhere in records. */
struct pairs {
	enum { NAME_LEN, VALUE_LEN, NAME, VALUE } state;
	unsigned missing;           /* bytes of a length still to come */
	size_t name_len, value_len; /* what is left of the pair's texts */
	size_t total, count;
};

static unsigned
byte_at(struct str s, size_t at)
{
	return (unsigned char)s.ptr[at];
}

/* The record at the beginning of bytes: RC_NONE, its header isn't whole; RC_SYNTAX. */
static enum rc
record_read(struct str bytes, struct record *ret)
{
	if (bytes.len > 0 && byte_at(bytes, 0) != VERSION)
		return RC_SYNTAX;
	if (bytes.len < HEADER_LEN)
		return RC_NONE;
	ret->type = byte_at(bytes, 1);
	ret->id = byte_at(bytes, 2) << 8 | byte_at(bytes, 3);
	ret->content_len = byte_at(bytes, 4) << 8 | byte_at(bytes, 5);
	ret->len = HEADER_LEN + ret->content_len + byte_at(bytes, 6);
	ret->content = str_slice(bytes, HEADER_LEN, HEADER_LEN + ret->content_len);
	/* Id 0 is for management records, which no web server sends here. */
	return ret->id == 0 ? RC_SYNTAX : RC_OK;
}

static bool
begin_is_ours(const struct record *record)
{
	if (record->type != TYPE_BEGIN || record->content_len != BEGIN_LEN)
		return false;
	return record->content.len < 2 ||
	       (byte_at(record->content, 0) << 8 | byte_at(record->content, 1)) == ROLE_RESPONDER;
}

/* One byte of a length: of one byte, or of four when the first has its high bit set. */
static bool
pairs_length(struct pairs *pairs, unsigned byte, size_t *len)
{
	if (pairs->missing == 0 && (byte & 0x80) != 0) {
		pairs->missing = 3;
		*len = byte & 0x7f;
		return false;
	}
	if (pairs->missing == 0) {
		*len = byte;
		return true;
	}
	*len = *len << 8 | byte;
	return --pairs->missing == 0;
}

static void
pairs_next(struct pairs *pairs)
{
	pairs->state = NAME_LEN;
	pairs->count++;
}

/* False: a length beyond the limit, an empty name, a forbidden byte. */
static bool
pairs_byte(struct pairs *pairs, unsigned byte)
{
	switch (pairs->state) {
	case NAME_LEN:
		if (!pairs_length(pairs, byte, &pairs->name_len))
			return true;
		pairs->state = VALUE_LEN;
		return pairs->name_len > 0 && pairs->name_len <= SCAN_PARAMS_MAX &&
		       pairs->count < SCAN_PARAMS_COUNT_MAX;
	case VALUE_LEN:
		if (!pairs_length(pairs, byte, &pairs->value_len))
			return true;
		pairs->state = NAME;
		return pairs->value_len <= SCAN_PARAMS_MAX;
	case NAME:
		if (--pairs->name_len == 0) {
			pairs->state = VALUE;
			if (pairs->value_len == 0)
				pairs_next(pairs);
		}
		return byte != '\0' && byte != '=';
	case VALUE:
		if (--pairs->value_len == 0)
			pairs_next(pairs);
		return byte != '\0';
	}
	return false;
}

static bool
pairs_feed(struct pairs *pairs, const struct record *record)
{
	pairs->total += record->content_len;
	if (pairs->total > SCAN_PARAMS_MAX)
		return false;
	for (size_t i = 0; i < record->content.len; i++)
		if (!pairs_byte(pairs, byte_at(record->content, i)))
			return false;
	return true;
}

static bool
pairs_are_whole(const struct pairs *pairs)
{
	return pairs->state == NAME_LEN && pairs->missing == 0;
}

enum scan
scan_request(struct str bytes, size_t max_body)
{
	enum { BEGIN, PARAMS, STDIN } stage = BEGIN;
	struct pairs pairs = { 0 };
	struct record record;
	unsigned id = 0;
	size_t body_len = 0;
	enum rc rc;

	for (;;) {
		if ((rc = record_read(bytes, &record)) != RC_OK)
			return rc == RC_NONE ? SCAN_INCOMPLETE : SCAN_BAD;
		if (stage != BEGIN && record.id != id)
			return SCAN_BAD;
		switch (stage) {
		case BEGIN:
			if (!begin_is_ours(&record))
				return SCAN_BAD;
			id = record.id;
			stage = PARAMS;
			break;
		case PARAMS:
			if (record.type != TYPE_PARAMS || !pairs_feed(&pairs, &record))
				return SCAN_BAD;
			if (record.content_len > 0)
				break;
			if (!pairs_are_whole(&pairs))
				return SCAN_BAD;
			stage = STDIN;
			break;
		case STDIN:
			if (record.type != TYPE_STDIN)
				return SCAN_BAD;
			body_len += record.content_len;
			if (body_len > max_body)
				return SCAN_TOO_LARGE;
			if (record.content_len > 0)
				break;
			/* libfcgi reads ahead and would lose the beginning of a next request. */
			if (bytes.len != record.len)
				return bytes.len < record.len ? SCAN_INCOMPLETE : SCAN_BAD;
			return SCAN_COMPLETE;
		}
		if (bytes.len < record.len)
			return SCAN_INCOMPLETE;
		bytes = str_slice(bytes, record.len, bytes.len);
	}
}
