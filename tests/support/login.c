#include "support/login.h"

#include "domain/sessions.h"
#include "support/service.h"

static int64_t owner;

void
login_set_up(void)
{
	service_set_up();
	owner = service_add_user("owner@example.com", NULL, "admin");
}

struct buf
login_start(void)
{
	struct user user = { .id = owner, .roles = str_dup(STR("admin")) };
	struct buf token = BUF_INIT(TOKEN_MAX);
	struct claims claims;

	ck_assert_rc(db_begin_write(service->db), RC_OK);
	ck_assert_rc(sessions_start(service, &client, &user, &claims), RC_OK);
	ck_assert_rc(db_commit(service->db), RC_OK);
	ck_assert_rc(sessions_sign(service, &claims, str_from(user.roles), &token), RC_OK);
	user_release(&user);
	return token;
}

enum rc
login_use(const struct buf *token)
{
	struct principal principal = { 0 };
	enum rc rc = sessions_authenticate(service, buf_str(token), &principal);

	principal_release(&principal);
	return rc;
}

enum rc
login_refresh(const struct buf *token, struct buf *ret)
{
	struct buf next = BUF_INIT(TOKEN_MAX);
	enum rc rc = sessions_refresh(service, &client, buf_str(token), &next);

	ck_assert((rc == RC_OK) == (next.len > 0));
	if (rc == RC_OK) {
		buf_reset(ret);
		buf_add(ret, buf_str(&next));
	}
	buf_release(&next);
	return rc;
}

int64_t
login_audits(void)
{
	return service_query("SELECT count(*) FROM audit WHERE event = 'session.copied'");
}
