#include "domain/user_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "domain/verification.h"

static bool
has_nul(struct str text)
{
	return text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL;
}

/* Texts from JSON are valid already; those of the admin's command are not. */
static bool
is_text(struct str text)
{
	return !has_nul(text) && utf8_is_valid(text);
}

void
users_check_password(
    const struct conf *conf, struct str password, const char *pointer, struct faults *faults)
{
	if (password.len < (size_t)conf->password.min)
		faults_add(faults, pointer, "A password has at least %lld bytes.",
		    (long long)conf->password.min);
	else if (password.len > PASSWORD_MAX)
		faults_add(faults, pointer, "A password has at most %d bytes.", PASSWORD_MAX);
	else if (!is_text(password))
		faults_add(faults, pointer, "A password is UTF-8 text without U+0000.");
}

static enum rc
judge_email(struct str email, struct buf *ret_key, struct faults *faults)
{
	enum rc rc;

	if (email.ptr == NULL) {
		faults_add(faults, "/email", "An e-mail address is needed.");
		return RC_OK;
	}
	rc = email_key(email, ret_key);
	if (rc == RC_SYNTAX || rc == RC_LIMIT) {
		faults_add(faults, "/email", "This is not an e-mail address.");
		rc = RC_OK;
	}
	return rc;
}

static void
judge_phone(struct str phone, char ret[static PHONE_TEXT_MAX + 1], struct faults *faults)
{
	ret[0] = '\0';
	if (phone.len > 0 && phone_normalize(phone, ret) != RC_OK)
		faults_add(faults, "/phone",
		    "This is not a phone number: 7 to 15 digits with the country code first.");
}

static void
judge_name(struct str name, const char *pointer, struct faults *faults)
{
	if (!is_text(name))
		faults_add(faults, pointer, "A name is UTF-8 text without U+0000.");
	else if (utf8_count(name) > USER_NAME_MAX)
		faults_add(faults, pointer, "A name has at most %d characters.", USER_NAME_MAX);
}

static bool
is_same(struct str value, const struct user *stored, const char *own)
{
	return stored != NULL && str_equal(value, str_from(own));
}

enum rc
user_rules_judge(const struct user_input *input, const struct user *stored, struct user_fields *ret,
    struct faults *faults)
{
	struct str phone = input->phone.value;
	enum rc rc = RC_OK;

	*ret = (struct user_fields){ .email_key = BUF_INIT(2 * EMAIL_MAX) };
	if (phone.len == 0)
		phone = STR_NULL;
	ret->changes_email = input->email.is_given && !is_same(input->email.value, stored,
	                                                  stored == NULL ? NULL : stored->email);
	ret->changes_phone =
	    input->phone.is_given && !is_same(phone, stored, stored == NULL ? NULL : stored->phone);
	ret->changes_first_name =
	    input->first_name.is_given &&
	    !is_same(input->first_name.value, stored, stored == NULL ? NULL : stored->first_name);
	ret->changes_last_name =
	    input->last_name.is_given &&
	    !is_same(input->last_name.value, stored, stored == NULL ? NULL : stored->last_name);

	if (ret->changes_email)
		rc = judge_email(input->email.value, &ret->email_key, faults);
	if (ret->changes_phone) {
		judge_phone(phone, ret->phone, faults);
		/* The stored number written another way. */
		if (ret->phone[0] != '\0' &&
		    is_same(str_from(ret->phone), stored, stored == NULL ? NULL : stored->phone))
			ret->changes_phone = false;
	}
	if (ret->changes_first_name)
		judge_name(input->first_name.value, "/first_name", faults);
	if (ret->changes_last_name)
		judge_name(input->last_name.value, "/last_name", faults);
	return rc;
}

void
user_fields_release(struct user_fields *fields)
{
	buf_release(&fields->email_key);
}

static enum rc
set_text(char **to, struct str text)
{
	char *copy = NULL;

	if (text.ptr != NULL && (copy = str_dup(text)) == NULL) {
		log_error("out of memory for a member of a user");
		return RC_SYSTEM;
	}
	free(*to);
	*to = copy;
	return RC_OK;
}

enum rc
user_rules_apply(
    const struct user_input *input, const struct user_fields *fields, struct user *user)
{
	enum rc rc = RC_OK;

	if (fields->changes_email)
		rc = set_text(&user->email, input->email.value);
	if (rc == RC_OK && fields->changes_phone) {
		rc = set_text(
		    &user->phone, fields->phone[0] == '\0' ? STR_NULL : str_from(fields->phone));
		user->phone_verified = false;
	}
	if (rc == RC_OK && fields->changes_first_name)
		rc = set_text(&user->first_name, input->first_name.value);
	if (rc == RC_OK && fields->changes_last_name)
		rc = set_text(&user->last_name, input->last_name.value);
	return rc;
}

struct user_keys
user_rules_keys(const struct conf *conf, const struct user_fields *fields)
{
	struct str phone = str_from(fields->phone);
	bool has_key = phone.len > 0 && !verification_is_test(conf, phone);

	return (struct user_keys){
		.email_key = buf_str(&fields->email_key),
		.phone_key = has_key ? phone : STR_NULL,
		.keeps_email_key = !fields->changes_email,
		.keeps_phone_key = !fields->changes_phone,
	};
}

/* NULL when it may be the name of a role. */
static const char *
fault_of_role(struct str role)
{
	if (!is_text(role))
		return "The name of a role is UTF-8 text.";
	if (role.len == 0 || utf8_count(role) > USER_ROLE_MAX)
		return "The name of a role has 1 to 64 characters.";
	if (str_index(role, ',') != role.len)
		return "The name of a role has no comma.";
	if (utf8_has_control(role))
		return "The name of a role has no control character.";
	if (role.ptr[0] == ' ' || role.ptr[role.len - 1] == ' ')
		return "The name of a role has no blank at its start or end.";
	return NULL;
}

enum rc
user_rules_roles(const struct str *roles, size_t n, const char *prefix, struct buf *ret_roles,
    struct faults *faults)
{
	size_t faults_before = faults->n;
	char pointer[FAULT_POINTER_MAX + 1];

	if (n > USER_ROLES_MAX) {
		faults_add(faults, prefix, "A user has at most %d roles.", USER_ROLES_MAX);
		return RC_VALIDATION;
	}
	for (size_t i = 0; i < n; i++) {
		const char *fault = fault_of_role(roles[i]);

		for (size_t before = 0; before < i && fault == NULL; before++)
			if (str_equal(roles[before], roles[i]))
				fault = "This role is named twice.";
		if (fault == NULL)
			continue;
		(void)snprintf(pointer, sizeof(pointer), "%s/%zu", prefix, i);
		faults_add(faults, pointer, "%s", fault);
	}
	if (faults->n > faults_before)
		return RC_VALIDATION;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(ret_roles, ',');
		buf_add(ret_roles, roles[i]);
	}
	if (!buf_ok(ret_roles)) {
		log_error("out of memory for the roles of a user");
		return RC_SYSTEM;
	}
	return RC_OK;
}
