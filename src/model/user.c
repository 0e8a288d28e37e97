#include "model/user.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void
user_drop_password(struct user *user)
{
	if (user->password != NULL)
		sodium_memzero(user->password, strlen(user->password));
	free(user->password);
	user->password = NULL;
}

void
user_release(struct user *user)
{
	if (user == NULL)
		return;
	free(user->email);
	free(user->phone);
	free(user->first_name);
	free(user->last_name);
	free(user->roles);
	user_drop_password(user);
	*user = (struct user){ 0 };
}

bool
roles_have(struct str roles, struct str role)
{
	struct str one;

	while (str_cut(&roles, ',', &one))
		if (one.len > 0 && str_equal(one, role))
			return true;
	return false;
}
