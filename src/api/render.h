/* What the domain gives, as JSON: affo-user-api(7). Each writes into an object that is open. */
#ifndef AFFO_API_RENDER_H
#define AFFO_API_RENDER_H

#include "base/json.h"
#include "domain/service.h"

/* The members of the user object U. */
void render_user(struct json_out *out, const struct conf *conf, const struct user *user);
/* An array of the names in a list joined with ","; name NULL: the outermost value. */
void render_roles(struct json_out *out, const char *name, struct str roles);
/* A login as an object; own: the jti of the login that asks. */
void render_session(
    struct json_out *out, const struct conf *conf, const struct session_info *info, struct str own);
/* The claims, `rls` as the database has it now. */
void render_claims(struct json_out *out, const struct principal *principal);

#endif
