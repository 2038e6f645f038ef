/* A disk in memory that remembers every write since the last sync, so that a
 * test can cut the power at any of them.
 *
 * What SQLite writes through the VFS of vfs.c goes into the live files at once
 * and, while a trace is kept, into the trace. A replay walks along the trace
 * and knows at every point what is safe (synced) and what is not; a cut there
 * makes a new disk that holds all that is safe and, as the seed says, any part
 * of the rest: writes torn at sectors, files and directory entries that never
 * came to be. Shared memory (-shm) does not live on the disk: nothing of it
 * outlives a cut, as on tmpfs after a reboot.
 */
#ifndef QCDC_TESTS_FAULT_DISK_H
#define QCDC_TESTS_FAULT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_SECTOR 512u
#define DISK_FILES 64u

struct disk_file {
    char name[256]; /* "" = no entry names it */
    uint8_t *bytes;
    size_t len, size;
    bool dead; /* unlinked; its number stays, the trace names it */
};

enum disk_act {
    DISK_WRITE,
    DISK_TRUNCATE,
    DISK_SYNC,
    DISK_LOST, /* a sync that failed: its writes will never reach the disk */
    DISK_LINK,
    DISK_UNLINK,
    DISK_SYNC_DIR,
    DISK_MARK /* something was told to somebody: offset = what */
};

struct disk_step {
    enum disk_act act;
    uint32_t file;
    uint64_t offset; /* or the new length */
    uint32_t len;
    uint8_t *bytes; /* of a write; of a link, the name */
};

struct disk {
    struct disk_file files[DISK_FILES];
    size_t files_len;
    bool traced;
    struct disk_step *steps;
    size_t steps_len, steps_size;
    /* Faults: the nth call from now on fails; 0 = none does. */
    uint64_t calls;
    uint64_t fail_at;
    bool fail_on;   /* every later one too */
    bool full;      /* as a full disk fails, else as a broken one */
    bool lies;      /* sync does nothing: a test of the test */
    uint64_t fired; /* calls that failed */
};

struct disk *disk_new(void);
void disk_free(struct disk *disk);
/* Files only, no trace. */
struct disk *disk_copy(const struct disk *disk);

struct disk_file *disk_find(struct disk *disk, const char *name);
struct disk_file *disk_make(struct disk *disk, const char *name);
void disk_unlink(struct disk *disk, struct disk_file *file);
void disk_write(struct disk *disk, struct disk_file *file, uint64_t offset,
                const void *bytes, size_t len);
void disk_truncate(struct disk *disk, struct disk_file *file, uint64_t len);
void disk_sync(struct disk *disk, struct disk_file *file, bool fails);
void disk_sync_dir(struct disk *disk);
void disk_mark(struct disk *disk, uint64_t what);
/* Is this call one that must fail? Counts it. A full disk only fails those
 * that ask for `room`. */
bool disk_fails(struct disk *disk, bool room);

/* What a power cut leaves of the writes that were not synced. */
enum disk_left {
    DISK_LEFT_NOTHING,
    DISK_LEFT_PREFIX, /* the first so many, the last of them torn */
    DISK_LEFT_SUBSET, /* any sectors of any of them */
    DISK_LEFT_ROT,    /* as subset; what is lost may read as rubbish */
    DISK_LEFT_ALL,
    DISK_LEFT_COUNT
};

/* Walks along a trace. `start` = the disk when the trace began. */
struct disk_replay {
    const struct disk *traced;
    struct disk *safe; /* as synced; files by the traced disk's numbers */
    char names[DISK_FILES][256]; /* entries as synced, by file */
    bool *done;                  /* steps that are safe or lost */
    size_t at;                   /* steps [0, at) have happened */
    uint64_t told;               /* the newest mark */
};
void disk_replay_open(struct disk_replay *replay, const struct disk *start,
                      const struct disk *traced);
void disk_replay_close(struct disk_replay *replay);
/* Onwards only. */
void disk_replay_to(struct disk_replay *replay, size_t at);
struct disk *disk_replay_cut(const struct disk_replay *replay,
                             enum disk_left left, uint64_t seed);

/* splitmix64: the seed goes on. */
uint64_t disk_random(uint64_t *seed);

/* ---- memory.c ---- */

/* Every allocation of the code under test and of SQLite is counted from
 * memory_arm on; the nth fails, and with `on` every later one. 0: none. */
void memory_arm(uint64_t nth, bool on);
/* Counted since, and how many of them failed; disarms. */
uint64_t memory_disarm(uint64_t *failed);
/* For the disk itself: never fails; new bytes of a new block are zero. */
void *memory_own(void *old, size_t size);
/* Before SQLite is used at all. */
void memory_watch_sqlite(void);

/* ---- vfs.c ---- */

/* From here on every sqlite3_open of this process is on `disk`. Registers the
 * VFS as default when first called. */
void disk_use(struct disk *disk);

#endif
