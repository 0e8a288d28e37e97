/*
 * A VFS around SQLite's own, which becomes the default: its calls can be made to fail, and syncs
 * be watched. Syncs themselves do nothing: no machine is switched off here.
 */
#ifndef AFFO_TESTS_SUPPORT_SHIM_VFS_H
#define AFFO_TESTS_SUPPORT_SHIM_VFS_H

#include <stdbool.h>

/* Once, in main(), before SQLite is used. */
bool shim_vfs_install(void);
/* Asked before each call that may fail; NULL: none does. */
extern bool (*shim_vfs_fails)(void);
/* Told the file's name at each sync that doesn't fail; NULL: nobody is. */
extern void (*shim_vfs_synced)(const char *name);

#endif
