/* What a user's members may be, the same for registering, changing and the admin's command:
 * affo-user-api(7), "Members". */
#ifndef AFFO_DOMAIN_USER_RULES_H
#define AFFO_DOMAIN_USER_RULES_H

#include "base/email.h"
#include "base/phone.h"
#include "domain/users.h"
#include "store/rows.h"

/* What an input changes, in normal forms. user_fields_release() it. */
struct user_fields {
	bool changes_email, changes_phone, changes_first_name, changes_last_name;
	struct buf email_key;
	char phone[PHONE_TEXT_MAX + 1]; /* "": none */
};

/*
 * Judges the members of input that are given; all faults are added to *faults with the pointers
 * "/email", "/phone", ... stored, when not NULL, is the user as it is now: a member equal to its
 * own is no change, and fine whatever the rules say. stored NULL: every given member is a change.
 * The password isn't looked at. RC_SYSTEM; else RC_OK, faults or not.
 */
MUST_USE enum rc user_rules_judge(const struct user_input *input, const struct user *stored,
    struct user_fields *ret, struct faults *faults);
void user_fields_release(struct user_fields *fields);

/* Writes the changed members into *user, phone_verified with them. RC_SYSTEM. */
MUST_USE enum rc user_rules_apply(
    const struct user_input *input, const struct user_fields *fields, struct user *user);
/* The keys for user_row_insert and _update; borrowed from fields. */
struct user_keys user_rules_keys(const struct conf *conf, const struct user_fields *fields);

/* Judges names of roles: faults point to prefix + "/0", "/1", ... RC_OK: *ret_roles has them added,
 * joined with ",". RC_VALIDATION, RC_SYSTEM. */
MUST_USE enum rc user_rules_roles(const struct str *roles, size_t n, const char *prefix,
    struct buf *ret_roles, struct faults *faults);
/* The max for that buffer: 4 bytes a code point, and the commas. */
enum { ROLES_TEXT_MAX = USER_ROLES_MAX * (4 * USER_ROLE_MAX + 1) };

#endif
