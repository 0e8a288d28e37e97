#include "http/request.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Adds s with each %XX once decoded; false: a bad escape, or %00. */
static bool
add_decoded(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		int high, low;

		if (s.ptr[i] != '%') {
			buf_add_char(to, s.ptr[i]);
			continue;
		}
		if (s.len - i < 3)
			return false;
		high = hex_value(s.ptr[i + 1]);
		low = hex_value(s.ptr[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		buf_add_char(to, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* RFC 3986 allows printable ASCII only; the path also goes into a Location header. */
static bool
is_printable(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e)
			return false;
	return true;
}

void
request_split_path(struct request *request, struct str uri, struct buf *storage)
{
	size_t end[REQUEST_SEGMENTS_MAX], from = 0;
	struct str path = STR_NULL, rest, segment;

	buf_reset(storage);
	request->uri = uri;
	request->n_segments = 0;
	rest = uri;
	if (!str_cut(&rest, '?', &path) || uri.len > REQUEST_URI_MAX || !is_printable(uri)) {
		request->query = STR_NULL;
		request->is_bad_path = true;
		return;
	}
	request->query = rest;
	request->is_bad_path = false;
	if (!str_starts(path, STR("/")))
		return;
	path = str_slice(path, 1, path.len);
	while (str_cut(&path, '/', &segment)) {
		if (!add_decoded(storage, segment) || !buf_ok(storage)) {
			request->is_bad_path = true;
			request->n_segments = 0;
			return;
		}
		/* One over the limit is counted, so that the path is known to be too long. */
		if (request->n_segments < REQUEST_SEGMENTS_MAX)
			end[request->n_segments] = storage->len;
		request->n_segments++;
	}
	if (request->n_segments > REQUEST_SEGMENTS_MAX)
		request->n_segments = 0;
	/* Only now: the storage may have moved while it grew. */
	for (size_t i = 0; i < request->n_segments; i++) {
		request->segment[i] = str_slice(buf_str(storage), from, end[i]);
		from = end[i];
	}
}

enum rc
request_query_value(struct str query, struct str name, struct buf *ret)
{
	struct str rest = query, value, key;
	bool is_there = false;

	buf_reset(ret);
	while (str_cut(&rest, '&', &value)) {
		(void)str_cut(&value, '=', &key);
		if (!str_equal(key, name))
			continue;
		if (is_there || !add_decoded(ret, value))
			return RC_BAD_REQUEST;
		is_there = true;
	}
	if (!is_there)
		return RC_NONE;
	return buf_ok(ret) ? RC_OK : RC_LIMIT;
}
