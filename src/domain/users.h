/* Users and roles: affo-user-api(7), "Users". */
#ifndef AFFO_DOMAIN_USERS_H
#define AFFO_DOMAIN_USERS_H

#include "domain/service.h"

#define ROLE_ADMIN STR("admin")
#define ROLE_SERVICE STR("service")

/* What a client asked to set. A member that isn't `given` is unchanged; given and absent (ptr
 * NULL) is null. Types were checked by the caller. */
struct user_input {
	struct {
		bool is_given;
		struct str value;
	} email, password, phone, first_name, last_name;
};

/* Faults that *reterr brings along, of the caller's own checks, count in users_register and
 * users_change: those of the input are added to them, and nothing is written.
 *
 * RC_VALIDATION (all faults), RC_ALREADY_EXISTS, RC_LIMITED, RC_BUSY. One transaction with the
 * first login, whose token is signed once that is committed. */
MUST_USE enum rc users_register(struct service *service, const struct client *client,
    const struct user_input *input, struct user *ret_user, struct buf *ret_token,
    struct faults *reterr);
/* For the admin's command: no limit, no login, roles set. input->password may be absent. */
MUST_USE enum rc users_add(struct service *service, const struct user_input *input,
    struct str roles, struct user *ret_user, struct faults *reterr);

/* Access A: the caller is that user, or admin, or service; decided before existence. id 0: an id
 * that nobody has. RC_ACCESS_DENIED, RC_NO_SUCH_USER. */
MUST_USE enum rc users_read(
    struct service *service, const struct principal *principal, int64_t id, struct user *ret);
MUST_USE enum rc users_change(struct service *service, const struct principal *principal,
    int64_t id, const struct user_input *input, struct user *ret, struct faults *reterr);
/* Role admin (RC_ROLE_MISSING). Ends the logins, voids reset tokens. Again: RC_OK. */
MUST_USE enum rc users_deactivate(
    struct service *service, const struct principal *principal, int64_t id);
MUST_USE enum rc users_read_roles(struct service *service, const struct principal *principal,
    int64_t id, struct buf *ret_roles); /* joined with "," */
MUST_USE enum rc users_replace_roles(struct service *service, const struct principal *principal,
    int64_t id, const struct str *roles, size_t n, struct buf *ret_roles, struct faults *reterr);
/* Ends all of that user's logins but the principal's own, voids reset tokens. */
MUST_USE enum rc users_set_password(struct service *service, const struct client *client,
    const struct principal *principal, int64_t id, struct str password, struct faults *reterr);

/* For the admin's command, by id, without a principal. */
MUST_USE enum rc users_admin_set_password(
    struct service *service, int64_t id, struct str password, struct faults *reterr);
MUST_USE enum rc users_admin_set_roles(
    struct service *service, int64_t id, const struct str *roles, size_t n, struct faults *reterr);
MUST_USE enum rc users_admin_set_active(struct service *service, int64_t id, bool is_active);
/* By decimal id, or by e-mail. RC_NO_SUCH_USER. */
MUST_USE enum rc users_find(struct service *service, struct str id_or_email, struct user *ret);
MUST_USE enum rc users_list(
    struct service *service, int64_t after, size_t max, struct user *ret, size_t *ret_n);

/* Shared rules of one member each; a fault is added to *faults. */
void users_check_password(
    const struct conf *conf, struct str password, const char *pointer, struct faults *faults);

#endif
