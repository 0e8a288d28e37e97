/* Where a key file is to stand, and writing it there: whole or not at all. */
#ifndef AFFO_CTL_CTL_PLACE_H
#define AFFO_CTL_CTL_PLACE_H

#include <sys/stat.h>

#include "ctl/ctl.h"

struct ctl_place {
	const char *path;
	const char *name; /* the last part of path */
	int dir_fd;       /* -1: not open */
	struct stat dir;
};

/* Opens the directory of path, which stays the caller's. Faults are printed with the setting. */
MUST_USE enum ctl_status ctl_place_open(
    const char *setting, const char *path, struct ctl_place *ret);
void ctl_place_close(struct ctl_place *place);
bool ctl_place_is_taken(const struct ctl_place *place);
/*
 * Writes the text and a newline. A file that is there is an error, unless it is to be replaced.
 * The service's user can read it: made by root in a directory of root's by its group, with mode
 * 0640 instead of 0600; in another's directory it belongs to that other one. Faults are printed.
 */
MUST_USE enum ctl_status ctl_place_write(const struct conf *conf, const struct ctl_place *place,
    struct str text, mode_t mode, bool may_replace);
/* Makes a directory there, mode 0700 or 0750 by the same rule; one that is there is left. */
MUST_USE enum ctl_status ctl_place_make_dir(const struct conf *conf, const struct ctl_place *place);

#endif
