#include "api/render.h"

#include "base/clock.h"

static void
render_time(struct json_out *out, const struct conf *conf, const char *name, int64_t at_ms)
{
	char text[CLOCK_TEXT_MAX + 1];

	clock_format(at_ms, conf->time_format == CONF_TIME_RFC3339, text);
	json_out_string(out, name, str_from(text));
}

void
render_user(struct json_out *out, const struct conf *conf, const struct user *user)
{
	json_out_int(out, "id", user->id);
	json_out_string(out, "email", str_from(user->email));
	json_out_string(out, "phone", str_from(user->phone));
	json_out_string(out, "first_name", str_from(user->first_name));
	json_out_string(out, "last_name", str_from(user->last_name));
	json_out_bool(out, "is_active", user->is_active);
	render_time(out, conf, "last_login", user->last_login_at);
	render_roles(out, "roles", str_from(user->roles));
	render_time(out, conf, "updated_at", user->updated_at);
	render_time(out, conf, "created_at", user->created_at);
	json_out_bool(out, "phone_verified", user->phone_verified);
}

void
render_roles(struct json_out *out, const char *name, struct str roles)
{
	struct str rest = roles, role;

	json_out_array(out, name);
	while (roles.len > 0 && str_cut(&rest, ',', &role))
		json_out_string(out, NULL, role);
	json_out_end(out);
}

static struct str
null_if_empty(const char *text)
{
	return text[0] == '\0' ? STR_NULL : str_from(text);
}

void
render_session(
    struct json_out *out, const struct conf *conf, const struct session_info *info, struct str own)
{
	struct str id = str_from(info->session.jti);

	json_out_object(out, NULL);
	json_out_string(out, "id", id);
	render_time(out, conf, "created_at", info->session.created_at);
	render_time(out, conf, "last_seen", info->session.last_seen_at);
	json_out_string(out, "ip", null_if_empty(info->address));
	json_out_string(out, "user_agent", null_if_empty(info->user_agent));
	json_out_bool(out, "current", str_equal(id, own));
	json_out_end(out);
}

void
render_claims(struct json_out *out, const struct principal *principal)
{
	const struct claims *claims = &principal->claims;

	json_out_int(out, "iat", claims->iat);
	json_out_int(out, "exp", claims->exp);
	json_out_string(out, "jti", str_from(claims->jti));
	json_out_int(out, "id", claims->user_id);
	json_out_string(out, "rls", str_from(principal->roles));
	json_out_int(out, "rf_exp", claims->rf_exp);
	json_out_int(out, "rc", claims->counter);
}
