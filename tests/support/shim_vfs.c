#include "support/shim_vfs.h"

#include <sqlite3.h>
#include <stddef.h>

struct shim {
	sqlite3_file base;
	const char *name;
	sqlite3_file *real; /* lies behind */
};

bool (*shim_vfs_fails)(void);
void (*shim_vfs_synced)(const char *name);

static sqlite3_vfs *real_vfs;

static bool
has_failed(void)
{
	return shim_vfs_fails != NULL && shim_vfs_fails();
}

static sqlite3_file *
real_of(sqlite3_file *file)
{
	return ((struct shim *)file)->real;
}

static int
shim_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int
shim_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	return has_failed() ? SQLITE_IOERR_READ
	                    : real_of(file)->pMethods->xRead(real_of(file), to, n, at);
}

static int
shim_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	return has_failed() ? SQLITE_FULL
	                    : real_of(file)->pMethods->xWrite(real_of(file), from, n, at);
}

static int
shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return has_failed() ? SQLITE_IOERR_TRUNCATE
	                    : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int
shim_sync(sqlite3_file *file, int flags)
{
	(void)flags;
	if (has_failed())
		return SQLITE_IOERR_FSYNC;
	if (shim_vfs_synced != NULL)
		shim_vfs_synced(((struct shim *)file)->name);
	return SQLITE_OK;
}

static int
shim_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return has_failed() ? SQLITE_IOERR_FSTAT
	                    : real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int
shim_lock(sqlite3_file *file, int level)
{
	return has_failed() ? SQLITE_IOERR_LOCK
	                    : real_of(file)->pMethods->xLock(real_of(file), level);
}

static int
shim_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int
shim_reserved(sqlite3_file *file, int *ret)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int
shim_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int
shim_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
shim_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int
shim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
	return has_failed()
	           ? SQLITE_IOERR_SHMMAP
	           : real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}

static int
shim_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
	/* Giving a lock back doesn't fail. */
	if ((flags & SQLITE_SHM_LOCK) != 0 && has_failed())
		return SQLITE_IOERR_SHMLOCK;
	return real_of(file)->pMethods->xShmLock(real_of(file), at, n, flags);
}

static void
shim_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int
shim_shm_unmap(sqlite3_file *file, int is_delete)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), is_delete);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_reserved,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_characteristics,
	.xShmMap = shim_shm_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_shm_barrier,
	.xShmUnmap = shim_shm_unmap,
};

static int
shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct shim *shim = (struct shim *)file;
	int code;

	(void)vfs;
	shim->base.pMethods = NULL;
	shim->name = name; /* SQLite keeps it as long as the file is open */
	shim->real = (sqlite3_file *)(void *)(shim + 1);
	if (has_failed())
		return SQLITE_CANTOPEN;
	code = real_vfs->xOpen(real_vfs, name, shim->real, flags, ret_flags);
	if (code == SQLITE_OK)
		shim->base.pMethods = &shim_methods;
	return code;
}

bool
shim_vfs_install(void)
{
	static sqlite3_vfs shim;

	if ((real_vfs = sqlite3_vfs_find(NULL)) == NULL)
		return false;
	shim = *real_vfs;
	shim.zName = "shim";
	shim.pNext = NULL;
	shim.szOsFile = (int)sizeof(struct shim) + real_vfs->szOsFile;
	shim.xOpen = shim_open;
	return sqlite3_vfs_register(&shim, 1) == SQLITE_OK;
}
