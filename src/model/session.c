#include "model/session.h"

#include <stdlib.h>

#include "model/user.h"

void
session_info_release(struct session_info *info)
{
	if (info == NULL)
		return;
	free(info->address);
	free(info->user_agent);
	*info = (struct session_info){ 0 };
}

void
principal_release(struct principal *principal)
{
	if (principal == NULL)
		return;
	free(principal->roles);
	free(principal->email);
	*principal = (struct principal){ 0 };
}

bool
principal_has_role(const struct principal *principal, struct str role)
{
	return roles_have(str_from(principal->roles), role);
}
