/* A user, as stored and as shown. */
#ifndef AFFO_MODEL_USER_H
#define AFFO_MODEL_USER_H

#include "base/buf.h"

enum {
	USER_NAME_MAX = 64,  /* code points */
	USER_ROLES_MAX = 16, /* roles of one user */
	USER_ROLE_MAX = 64,  /* code points of one */
	PASSWORD_MAX = 1024, /* bytes, where one is set */
};

struct user {
	int64_t id;
	char *email;
	char *phone;      /* "+DIGITS", or what was imported; NULL: none */
	char *first_name; /* NULL: none */
	char *last_name;
	char *roles; /* joined with ",", "" for none */
	bool is_active;
	bool phone_verified;
	int64_t last_login_at;
	int64_t created_at;
	int64_t updated_at;
	char *password; /* the hash, only where the query asked for it; NULL: none */
};

/* Frees the contents and zeroes; wipes the hash. Accepts NULL. */
void user_release(struct user *user);
/* Wipes and frees the hash, for whoever needs it no more. */
void user_drop_password(struct user *user);
/* Whether the comma-joined list has exactly this role. */
bool roles_have(struct str roles, struct str role);

#endif
