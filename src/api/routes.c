#include "api/routes.h"

#include <stdio.h>
#include <string.h>

#include "api/handlers.h"

static const struct route table[] = {
	/* clang-format off */
	{ METHOD_POST, "/auth/login/", ROUTE_PUBLIC | ROUTE_HASHES | ROUTE_BODY, handlers_login },
	{ METHOD_POST, "/auth/refresh/", ROUTE_REFRESH, handlers_refresh },
	{ METHOD_POST, "/auth/logout/", ROUTE_BEARER_ANY_TIME | ROUTE_MAY_BODY, handlers_logout },
	{ METHOD_GET, "/auth/verify_token/", ROUTE_BEARER, handlers_verify_token },
	{ METHOD_GET, "/auth/introspect/", ROUTE_BEARER | ROUTE_CHECKS, handlers_check },
	{ METHOD_POST, "/auth/introspect/", ROUTE_BEARER | ROUTE_FORM, handlers_introspect },
	{ METHOD_POST, "/user/", ROUTE_PUBLIC | ROUTE_HASHES | ROUTE_BODY, handlers_register },
	{ METHOD_GET, "/user/{user_id}/", ROUTE_BEARER, handlers_read_user },
	{ METHOD_PATCH, "/user/{user_id}/", ROUTE_BEARER | ROUTE_BODY, handlers_change_user },
	{ METHOD_DELETE, "/user/{user_id}/", ROUTE_BEARER, handlers_deactivate_user },
	{ METHOD_GET, "/user/{user_id}/role/", ROUTE_BEARER, handlers_read_roles },
	{ METHOD_PATCH, "/user/{user_id}/role/", ROUTE_BEARER | ROUTE_BODY,
	    handlers_replace_roles },
	{ METHOD_GET, "/user/{user_id}/session/", ROUTE_BEARER, handlers_list_sessions },
	{ METHOD_DELETE, "/user/{user_id}/session/", ROUTE_BEARER, handlers_end_sessions },
	{ METHOD_DELETE, "/user/{user_id}/session/{session_id}/", ROUTE_BEARER,
	    handlers_end_session },
	{ METHOD_POST, "/user/{user_id}/set_password/", ROUTE_BEARER | ROUTE_HASHES | ROUTE_BODY,
	    handlers_set_password },
	{ METHOD_POST, "/password/reset/", ROUTE_PUBLIC | ROUTE_BODY, handlers_request_reset },
	{ METHOD_POST, "/password/reset/confirm/", ROUTE_PUBLIC | ROUTE_HASHES | ROUTE_BODY,
	    handlers_confirm_reset },
	{ METHOD_POST, "/verification/phone/", ROUTE_PUBLIC | ROUTE_BODY, handlers_request_code },
	{ METHOD_POST, "/verification/phone/confirm/", ROUTE_PUBLIC | ROUTE_BODY,
	    handlers_confirm_code },
	{ METHOD_GET, "/.well-known/jwks.json", ROUTE_PUBLIC, handlers_public_keys },
	{ METHOD_GET, "/openapi.json", ROUTE_PUBLIC, handlers_openapi_json },
	{ METHOD_GET, "/openapi.yaml", ROUTE_PUBLIC, handlers_openapi_yaml },
	/* clang-format on */
};

const struct route *
routes_table(size_t *ret_n)
{
	*ret_n = sizeof(table) / sizeof(table[0]);
	return table;
}

/* Skips the segments of the base path; false when the path isn't below it. */
static bool
skip_base(struct str base_path, const struct request *request, size_t *ret_at)
{
	struct str rest = base_path, segment;

	*ret_at = 0;
	if (base_path.len == 0)
		return true;
	if (!str_cut(&rest, '/', &segment) || segment.len > 0)
		return false;
	while (str_cut(&rest, '/', &segment)) {
		if (*ret_at == request->n_segments ||
		    !str_equal(request->segment[*ret_at], segment))
			return false;
		++*ret_at;
	}
	return true;
}

static void
read_user_id(struct str segment, struct route_match *match)
{
	uint64_t id;

	match->has_user_id = true;
	match->is_current = str_equal(segment, STR("current"));
	match->user_id = 0;
	if (str_to_u64(segment, INT64_MAX, &id) == RC_OK)
		match->user_id = (int64_t)id;
}

/* Whether the segments from `at` on are those of the pattern; *ret gets what the path says. */
static bool
pattern_matches(
    const char *pattern, const struct request *request, size_t at, struct route_match *ret)
{
	struct str rest = str_from(pattern + 1), segment;

	ret->has_user_id = false;
	ret->session_id = STR_NULL;
	ret->lacks_slash = false;
	while (str_cut(&rest, '/', &segment)) {
		if (at == request->n_segments) {
			/* Only the slash at the end is missing. */
			ret->lacks_slash = segment.len == 0 && rest.ptr == NULL;
			return ret->lacks_slash;
		}
		if (str_equal(segment, STR("{user_id}")) && request->segment[at].len > 0)
			read_user_id(request->segment[at], ret);
		else if (str_equal(segment, STR("{session_id}")) && request->segment[at].len > 0)
			ret->session_id = request->segment[at];
		else if (!str_equal(segment, request->segment[at]))
			return false;
		at++;
	}
	return at == request->n_segments;
}

static bool
method_serves(enum method served, enum method asked)
{
	return served == asked || (served == METHOD_GET && asked == METHOD_HEAD);
}

static void
add_allow(char allow[static ROUTE_ALLOW_MAX + 1], enum method method)
{
	static const char *const names[] = {
		[METHOD_GET] = "GET, HEAD, ",
		[METHOD_POST] = "POST, ",
		[METHOD_PATCH] = "PATCH, ",
		[METHOD_DELETE] = "DELETE, ",
		[METHOD_OPTIONS] = "OPTIONS",
	};
	size_t len = strlen(allow);

	(void)snprintf(allow + len, ROUTE_ALLOW_MAX + 1 - len, "%s", names[method]);
}

void
routes_find(struct str base_path, const struct request *request, struct route_match *ret)
{
	struct route_match match = { .is_known = false };
	size_t at;

	*ret = (struct route_match){ .is_known = false };
	if (request->n_segments == 0 || !skip_base(base_path, request, &at))
		return;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!pattern_matches(table[i].pattern, request, at, &match))
			continue;
		ret->is_known = true;
		ret->lacks_slash = match.lacks_slash;
		ret->has_user_id = match.has_user_id;
		ret->session_id = match.session_id;
		if (match.has_user_id) {
			ret->is_current = match.is_current;
			ret->user_id = match.user_id;
		}
		if (method_serves(table[i].method, request->method))
			ret->route = &table[i];
		add_allow(ret->allow, table[i].method);
	}
	if (ret->is_known)
		add_allow(ret->allow, METHOD_OPTIONS);
}
