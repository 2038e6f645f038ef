/* tests/sim: the face of the disks that SQLite sees. One connection a file at
 * a time, as the loop thread has it; locks are therefore always granted and
 * the WAL's shared memory is ordinary memory, gone with the process. */
#include "tests/sim/disk_internal.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/clock.h"

#define SHM_REGIONS 64

struct handle {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file;
    void *shm[SHM_REGIONS];
};

static int on_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;

    for (size_t i = 0; i < SHM_REGIONS; i++) {
        free(handle->shm[i]);
        handle->shm[i] = NULL;
    }
    return SQLITE_OK;
}

static int on_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
    struct disk_file *file = ((struct handle *)base)->file;
    size_t wanted = (size_t)len;
    size_t have = (size_t)at < file->size ? file->size - (size_t)at : 0;

    have = have < wanted ? have : wanted;
    if (have > 0) {
        memcpy(out, file->bytes + at, have);
    }
    if (have < wanted) {
        memset((unsigned char *)out + have, 0, wanted - have);
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

static int on_write(sqlite3_file *base, const void *bytes, int len,
                    sqlite3_int64 at)
{
    struct handle *handle = (struct handle *)base;
    bool grows = (size_t)at + (size_t)len > handle->file->size;
    bool full = handle->disk->fault == DISK_FULL;

    if (!disk_operate(handle->disk, grows)) {
        return full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    file_write(handle->file, (size_t)at, bytes, (size_t)len);
    return SQLITE_OK;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)base;

    if (!disk_operate(handle->disk, false)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    file_truncate(handle->file, (size_t)size);
    return SQLITE_OK;
}

static int on_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;

    (void)flags;
    if (!disk_operate(handle->disk, false)) {
        return SQLITE_IOERR_FSYNC;
    }
    file_sync(handle->file);
    return SQLITE_OK;
}

static int on_size(sqlite3_file *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct handle *)base)->file->size;
    return SQLITE_OK;
}

static int on_lock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int on_reserved(sqlite3_file *base, int *out)
{
    (void)base;
    *out = 0;
    return SQLITE_OK;
}

static int on_control(sqlite3_file *base, int what, void *argument)
{
    (void)base;
    if (what == SQLITE_FCNTL_HAS_MOVED) {
        *(int *)argument = 0;
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int on_traits(sqlite3_file *base)
{
    (void)base;
    return 0;
}

static int on_shm_map(sqlite3_file *base, int region, int size, int extend,
                      void volatile **out)
{
    struct handle *handle = (struct handle *)base;

    assert(region < SHM_REGIONS);
    if (handle->shm[region] == NULL && extend != 0) {
        handle->shm[region] = calloc(1, (size_t)size);
    }
    *out = handle->shm[region];
    return SQLITE_OK;
}

static int on_shm_lock(sqlite3_file *base, int from, int len, int flags)
{
    (void)base;
    (void)from;
    (void)len;
    (void)flags;
    return SQLITE_OK;
}

static void on_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int on_shm_unmap(sqlite3_file *base, int erase)
{
    (void)erase;
    return on_close(base);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_lock,
    .xCheckReservedLock = on_reserved,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_traits,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

/* ---- files by name ---- */

/* ".../n111/store.db-wal": the node and the name in its folder. */
static struct disk *path_split(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash;

    assert(slash != NULL);
    while (folder > path && folder[-1] != '/') {
        folder--;
    }
    assert(folder[0] == 'n');
    *name = slash + 1;
    return disk_of((uint32_t)strtoul(folder + 1, NULL, 10));
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base,
                    int flags, int *out_flags)
{
    struct handle *handle = (struct handle *)base;
    const char *name = NULL;

    (void)vfs;
    memset(handle, 0, sizeof(*handle));
    if (path == NULL) {
        return SQLITE_CANTOPEN; /* temporary files live in memory */
    }
    handle->disk = path_split(path, &name);
    handle->file =
        disk_find(handle->disk, name, (flags & SQLITE_OPEN_CREATE) != 0);
    if (handle->file == NULL) {
        return SQLITE_CANTOPEN;
    }
    handle->base.pMethods = &methods;
    if (out_flags != NULL) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    const char *name = NULL;
    struct disk *disk = path_split(path, &name);
    struct disk_file *file = disk_find(disk, name, false);

    (void)vfs;
    (void)sync;
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    (void)disk_operate(disk, false);
    file_release(file);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    const char *name = NULL;
    struct disk *disk = path_split(path, &name);
    struct disk_file *file = disk_find(disk, name, false);

    (void)vfs;
    (void)flags;
    *out = file != NULL && file->size > 0;
    return SQLITE_OK;
}

static int vfs_full(sqlite3_vfs *vfs, const char *path, int len, char *out)
{
    (void)vfs;
    (void)snprintf(out, (size_t)len, "%s", path);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int len, char *out)
{
    static struct dice dice = {77};

    (void)vfs;
    for (int i = 0; i < len; i++) {
        out[i] = (char)dice_next(&dice);
    }
    return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = 210866760000000LL + (sqlite3_int64)clock_now_ms();
    return SQLITE_OK;
}

static int vfs_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    if (len > 0) {
        out[0] = '\0';
    }
    return 0;
}

void disk_install(void)
{
    static sqlite3_vfs vfs = {.iVersion = 2,
                              .szOsFile = sizeof(struct handle),
                              .mxPathname = 512,
                              .zName = "sim",
                              .xOpen = vfs_open,
                              .xDelete = vfs_delete,
                              .xAccess = vfs_access,
                              .xFullPathname = vfs_full,
                              .xRandomness = vfs_random,
                              .xSleep = vfs_sleep,
                              .xGetLastError = vfs_error,
                              .xCurrentTimeInt64 = vfs_time};
    int rc = sqlite3_vfs_register(&vfs, 1);

    assert(rc == SQLITE_OK);
}
