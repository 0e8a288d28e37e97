#include "http/percent.h"
#include "http/request.h"

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
		if (!percent_add_decoded(storage, segment) || !buf_ok(storage)) {
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
		if (is_there || !percent_add_decoded(ret, value))
			return RC_BAD_REQUEST;
		is_there = true;
	}
	if (!is_there)
		return RC_NONE;
	return buf_ok(ret) ? RC_OK : RC_LIMIT;
}
