/* tests/fault: the VFS through which SQLite works on a disk in memory. The
 * store opens through the default VFS and knows nothing of it.
 *
 * One thread. Locks are kept between connections of this process. Must count
 * every call that a real disk may fail. Read next: disk.h.
 */
#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/disk.h"

#define SHM_REGIONS 64

struct shm {
    char name[256];
    struct disk *disk;
    int users;
    void *regions[SHM_REGIONS];
    int shared[SQLITE_SHM_NLOCK];
    int exclusive[SQLITE_SHM_NLOCK];
};

struct handle {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file;
    int lock;
    bool new_entry; /* its first sync makes the directory entry safe */
    bool passing;   /* deleted on close */
    struct shm *shm;
    unsigned shared, exclusive;
    struct handle *next;
};

static struct disk *current;
static struct handle *handles;
static struct shm shms[8];
static sqlite3_vfs *beneath;

static int close_file(sqlite3_file *base);
static int unlock_file(sqlite3_file *base, int level);
static int unmap(sqlite3_file *base, int remove);

static int read_file(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
    struct handle *h = (struct handle *)base;
    size_t have;

    if (disk_fails(h->disk, false)) {
        return SQLITE_IOERR_READ;
    }
    have = (size_t)at < h->file->len ? h->file->len - (size_t)at : 0;
    have = have < (size_t)len ? have : (size_t)len;
    if (have > 0) {
        memcpy(out, h->file->bytes + at, have);
    }
    memset((uint8_t *)out + have, 0, (size_t)len - have);
    return have == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *base, const void *bytes, int len,
                      sqlite3_int64 at)
{
    struct handle *h = (struct handle *)base;

    if (disk_fails(h->disk, true)) {
        /* A failed write may have come half way. */
        disk_write(h->disk, h->file, (uint64_t)at, bytes, (size_t)len / 2);
        return h->disk->full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    disk_write(h->disk, h->file, (uint64_t)at, bytes, (size_t)len);
    return SQLITE_OK;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 len)
{
    struct handle *h = (struct handle *)base;

    if (disk_fails(h->disk, false)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    disk_truncate(h->disk, h->file, (uint64_t)len);
    return SQLITE_OK;
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct handle *h = (struct handle *)base;
    bool fails = disk_fails(h->disk, false);

    (void)flags;
    disk_sync(h->disk, h->file, fails);
    if (fails) {
        return SQLITE_IOERR_FSYNC;
    }
    if (h->new_entry) {
        disk_sync_dir(h->disk);
        h->new_entry = false;
    }
    return SQLITE_OK;
}

static int size_of(sqlite3_file *base, sqlite3_int64 *out)
{
    struct handle *h = (struct handle *)base;

    if (disk_fails(h->disk, false)) {
        return SQLITE_IOERR_FSTAT;
    }
    *out = (sqlite3_int64)h->file->len;
    return SQLITE_OK;
}

static bool others_hold(const struct handle *me, int level)
{
    const struct handle *h;

    for (h = handles; h != NULL; h = h->next) {
        if (h != me && h->file == me->file && h->lock >= level) {
            return true;
        }
    }
    return false;
}

static int lock_file(sqlite3_file *base, int level)
{
    struct handle *h = (struct handle *)base;
    int against = level == SQLITE_LOCK_SHARED      ? SQLITE_LOCK_PENDING
                  : level == SQLITE_LOCK_EXCLUSIVE ? SQLITE_LOCK_SHARED
                                                   : SQLITE_LOCK_RESERVED;

    if (h->lock >= level) {
        return SQLITE_OK;
    }
    if (others_hold(h, against)) {
        return SQLITE_BUSY;
    }
    h->lock = level;
    return SQLITE_OK;
}

static int unlock_file(sqlite3_file *base, int level)
{
    struct handle *h = (struct handle *)base;

    h->lock = h->lock > level ? level : h->lock;
    return SQLITE_OK;
}

static int reserved(sqlite3_file *base, int *out)
{
    struct handle *h = (struct handle *)base;

    *out =
        h->lock >= SQLITE_LOCK_RESERVED || others_hold(h, SQLITE_LOCK_RESERVED);
    return SQLITE_OK;
}

static int control(sqlite3_file *base, int op, void *arg)
{
    (void)base;
    if (op == SQLITE_FCNTL_HAS_MOVED) {
        *(int *)arg = 0;
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int sector(sqlite3_file *base)
{
    (void)base;
    return 4096; /* as Debian's unix VFS says */
}

static int traits(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as Debian's unix VFS says */
}

/* ---- shared memory ---- */

static struct shm *shm_of(struct handle *h)
{
    struct shm *room = NULL;
    size_t i;

    for (i = 0; i < sizeof(shms) / sizeof(shms[0]); i++) {
        if (shms[i].users > 0 && shms[i].disk == h->disk &&
            strcmp(shms[i].name, h->file->name) == 0) {
            return &shms[i];
        }
        if (shms[i].users == 0) {
            room = &shms[i];
        }
    }
    assert(room != NULL);
    memset(room, 0, sizeof(*room));
    room->disk = h->disk;
    strcpy(room->name, h->file->name);
    return room;
}

static int map(sqlite3_file *base, int region, int size, int extend,
               void volatile **out)
{
    struct handle *h = (struct handle *)base;

    *out = NULL;
    if (disk_fails(h->disk, extend != 0)) {
        return SQLITE_IOERR_SHMMAP;
    }
    if (h->shm == NULL) {
        h->shm = shm_of(h);
        h->shm->users++;
    }
    assert(region < SHM_REGIONS);
    if (h->shm->regions[region] == NULL && extend) {
        h->shm->regions[region] = memory_own(NULL, (size_t)size);
    }
    *out = h->shm->regions[region];
    return SQLITE_OK;
}

static int shm_lock(sqlite3_file *base, int first, int n, int flags)
{
    struct handle *h = (struct handle *)base;
    unsigned mask = ((1u << n) - 1u) << first;
    int i;

    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        for (i = first; i < first + n; i++) {
            h->shm->shared[i] -= (h->shared >> i & 1u) != 0;
            h->shm->exclusive[i] -= (h->exclusive >> i & 1u) != 0;
        }
        h->shared &= ~mask;
        h->exclusive &= ~mask;
        return SQLITE_OK;
    }
    for (i = first; i < first + n; i++) {
        bool mine = (h->shared >> i & 1u) != 0;

        if (h->shm->exclusive[i] > 0 || ((flags & SQLITE_SHM_EXCLUSIVE) != 0 &&
                                         h->shm->shared[i] > (mine ? 1 : 0))) {
            return SQLITE_BUSY;
        }
    }
    for (i = first; i < first + n; i++) {
        if ((flags & SQLITE_SHM_EXCLUSIVE) != 0) {
            h->shm->exclusive[i]++;
            h->exclusive |= 1u << i;
        } else if ((h->shared >> i & 1u) == 0) {
            h->shm->shared[i]++;
            h->shared |= 1u << i;
        }
    }
    return SQLITE_OK;
}

static void barrier(sqlite3_file *base)
{
    (void)base;
}

static int unmap(sqlite3_file *base, int remove)
{
    struct handle *h = (struct handle *)base;
    size_t i;

    (void)remove;
    if (h->shm == NULL) {
        return SQLITE_OK;
    }
    if (--h->shm->users == 0) {
        for (i = 0; i < SHM_REGIONS; i++) {
            free(h->shm->regions[i]);
            h->shm->regions[i] = NULL;
        }
    }
    h->shm = NULL;
    h->shared = h->exclusive = 0;
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = reserved,
    .xFileControl = control,
    .xSectorSize = sector,
    .xDeviceCharacteristics = traits,
    .xShmMap = map,
    .xShmLock = shm_lock,
    .xShmBarrier = barrier,
    .xShmUnmap = unmap,
};

static int close_file(sqlite3_file *base)
{
    struct handle *h = (struct handle *)base;
    struct handle **at = &handles;

    (void)unmap(base, 0);
    while (*at != NULL && *at != h) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = h->next;
    }
    if (h->passing && !h->file->dead) {
        disk_unlink(h->disk, h->file);
    }
    return SQLITE_OK;
}

/* ---- names ---- */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base,
                     int flags, int *out_flags)
{
    struct handle *h = (struct handle *)base;
    struct disk_file *file;

    (void)vfs;
    memset(h, 0, sizeof(*h));
    if (disk_fails(current, false)) {
        return SQLITE_CANTOPEN;
    }
    name = name == NULL ? "passing" : name;
    file = disk_find(current, name);
    if (file == NULL && (flags & SQLITE_OPEN_CREATE) == 0) {
        return SQLITE_CANTOPEN;
    }
    if (file == NULL) {
        file = disk_make(current, name);
        h->new_entry =
            (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL |
                      SQLITE_OPEN_WAL)) != 0;
    }
    h->base.pMethods = &methods;
    h->disk = current;
    h->file = file;
    h->passing = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    h->next = handles;
    handles = h;
    if (out_flags != NULL) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    struct disk_file *file = disk_find(current, name);

    (void)vfs;
    if (disk_fails(current, false)) {
        return SQLITE_IOERR_DELETE;
    }
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    disk_unlink(current, file);
    if (sync_dir) {
        disk_sync_dir(current);
    }
    return SQLITE_OK;
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct disk_file *file = disk_find(current, name);

    (void)vfs;
    if (disk_fails(current, false)) {
        return SQLITE_IOERR_ACCESS;
    }
    /* An empty file counts as absent, as in SQLite's unix VFS. */
    *out = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->len > 0);
    return SQLITE_OK;
}

static int full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int draw(sqlite3_vfs *vfs, int len, char *out)
{
    static uint64_t seed;
    int i;

    (void)vfs;
    for (i = 0; i < len; i++) {
        out[i] = (char)disk_random(&seed);
    }
    return SQLITE_OK;
}

static int nap(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int what_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2460000.5;
    return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    (void)len;
    (void)out;
    return 0;
}

void disk_use(struct disk *disk)
{
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct handle),
        .mxPathname = 200,
        .zName = "memory-disk",
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = access_file,
        .xFullPathname = full_name,
        .xRandomness = draw,
        .xSleep = nap,
        .xCurrentTime = what_time,
        .xGetLastError = last_error,
    };

    current = disk;
    if (beneath == NULL) {
        beneath = sqlite3_vfs_find(NULL);
        assert(beneath != NULL);
        assert(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
    }
}
