/* tests/fault: the disk in memory: see disk.h. Must never decide by anything
 * but its seed. Read next: vfs.c, then test_power_cut.c.
 */
#include "tests/fault/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t disk_random(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

struct disk *disk_new(void)
{
    return memory_own(NULL, sizeof(struct disk));
}

void disk_free(struct disk *disk)
{
    size_t i;

    for (i = 0; disk != NULL && i < disk->files_len; i++) {
        free(disk->files[i].bytes);
    }
    for (i = 0; disk != NULL && i < disk->steps_len; i++) {
        free(disk->steps[i].bytes);
    }
    if (disk != NULL) {
        free(disk->steps);
    }
    free(disk);
}

static void room_for(struct disk_file *file, size_t len)
{
    if (len > file->size) {
        file->size = len * 2;
        file->bytes = memory_own(file->bytes, file->size);
    }
    if (len > file->len) {
        memset(file->bytes + file->len, 0, len - file->len);
        file->len = len;
    }
}

static void put(struct disk_file *file, uint64_t offset, const void *bytes,
                size_t len)
{
    room_for(file, (size_t)offset + len);
    if (len > 0 && file->bytes != NULL) {
        memcpy(file->bytes + offset, bytes, len);
    }
}

static void cut_to(struct disk_file *file, uint64_t len)
{
    if (len < file->len) {
        file->len = (size_t)len;
    } else {
        room_for(file, (size_t)len);
    }
}

struct disk *disk_copy(const struct disk *disk)
{
    struct disk *copy = disk_new();
    size_t i;

    copy->files_len = disk->files_len;
    for (i = 0; i < disk->files_len; i++) {
        copy->files[i] = disk->files[i];
        copy->files[i].bytes = NULL;
        copy->files[i].size = copy->files[i].len = 0;
        put(&copy->files[i], 0, disk->files[i].bytes, disk->files[i].len);
    }
    return copy;
}

static struct disk_step *note(struct disk *disk, enum disk_act act,
                              const struct disk_file *file)
{
    struct disk_step *step;

    if (!disk->traced) {
        return NULL;
    }
    if (disk->steps_len == disk->steps_size) {
        disk->steps_size = disk->steps_size == 0 ? 1024 : disk->steps_size * 2;
        disk->steps = memory_own(disk->steps, disk->steps_size * sizeof(*step));
    }
    step = &disk->steps[disk->steps_len++];
    memset(step, 0, sizeof(*step));
    step->act = act;
    step->file = file == NULL ? 0 : (uint32_t)(file - disk->files);
    return step;
}

static uint8_t *keep(const void *bytes, size_t len)
{
    uint8_t *copy = memory_own(NULL, len);

    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

struct disk_file *disk_find(struct disk *disk, const char *name)
{
    size_t i;

    for (i = 0; i < disk->files_len; i++) {
        if (!disk->files[i].dead && strcmp(disk->files[i].name, name) == 0) {
            return &disk->files[i];
        }
    }
    return NULL;
}

struct disk_file *disk_make(struct disk *disk, const char *name)
{
    struct disk_file *file = &disk->files[disk->files_len++];
    struct disk_step *step;

    assert(disk->files_len < DISK_FILES);
    assert(strlen(name) < sizeof(file->name));
    strcpy(file->name, name);
    if ((step = note(disk, DISK_LINK, file)) != NULL) {
        step->bytes = keep(name, strlen(name) + 1);
    }
    return file;
}

void disk_unlink(struct disk *disk, struct disk_file *file)
{
    (void)note(disk, DISK_UNLINK, file);
    file->dead = true;
}

void disk_write(struct disk *disk, struct disk_file *file, uint64_t offset,
                const void *bytes, size_t len)
{
    struct disk_step *step = note(disk, DISK_WRITE, file);

    if (step != NULL) {
        step->offset = offset;
        step->len = (uint32_t)len;
        step->bytes = keep(bytes, len);
    }
    put(file, offset, bytes, len);
}

void disk_truncate(struct disk *disk, struct disk_file *file, uint64_t len)
{
    struct disk_step *step = note(disk, DISK_TRUNCATE, file);

    if (step != NULL) {
        step->offset = len;
    }
    cut_to(file, len);
}

void disk_sync(struct disk *disk, struct disk_file *file, bool fails)
{
    if (!disk->lies) {
        (void)note(disk, fails ? DISK_LOST : DISK_SYNC, file);
    }
}

void disk_sync_dir(struct disk *disk)
{
    if (!disk->lies) {
        (void)note(disk, DISK_SYNC_DIR, NULL);
    }
}

void disk_mark(struct disk *disk, uint64_t what)
{
    struct disk_step *step = note(disk, DISK_MARK, NULL);

    if (step != NULL) {
        step->offset = what;
    }
}

bool disk_fails(struct disk *disk, bool room)
{
    uint64_t call;

    if (disk->full && !room) {
        return false;
    }
    call = ++disk->calls;
    if (disk->fail_at == 0 || call < disk->fail_at ||
        (call > disk->fail_at && !disk->fail_on)) {
        return false;
    }
    disk->fired++;
    return true;
}

/* ---- replay ---- */

void disk_replay_open(struct disk_replay *replay, const struct disk *start,
                      const struct disk *traced)
{
    size_t i;

    memset(replay, 0, sizeof(*replay));
    replay->traced = traced;
    replay->safe = disk_copy(start);
    replay->safe->files_len = traced->files_len;
    replay->done = memory_own(NULL, (traced->steps_len + 1) * sizeof(bool));
    for (i = 0; i < start->files_len; i++) {
        if (!start->files[i].dead) {
            strcpy(replay->names[i], start->files[i].name);
        }
    }
}

void disk_replay_close(struct disk_replay *replay)
{
    disk_free(replay->safe);
    free(replay->done);
}

static bool of_directory(const struct disk_step *step)
{
    return step->act == DISK_LINK || step->act == DISK_UNLINK;
}

static bool of_file(const struct disk_step *step)
{
    return step->act == DISK_WRITE || step->act == DISK_TRUNCATE;
}

/* A name has one file: the newer link takes it from the older. */
static void link_name(char names[DISK_FILES][256], const struct disk_step *step)
{
    size_t i;

    for (i = 0; step->act == DISK_LINK && i < DISK_FILES; i++) {
        if (strcmp(names[i], (const char *)step->bytes) == 0) {
            names[i][0] = '\0';
        }
    }
    if (step->act == DISK_LINK) {
        strcpy(names[step->file], (const char *)step->bytes);
    } else {
        names[step->file][0] = '\0';
    }
}

static void apply(struct disk_file *file, const struct disk_step *step)
{
    if (step->act == DISK_WRITE) {
        put(file, step->offset, step->bytes, step->len);
    } else {
        cut_to(file, step->offset);
    }
}

static void settle(struct disk_replay *replay, const struct disk_step *sync)
{
    const struct disk_step *steps = replay->traced->steps;
    size_t i;

    for (i = 0; i < replay->at; i++) {
        if (replay->done[i]) {
            continue;
        }
        if (sync->act == DISK_SYNC_DIR && of_directory(&steps[i])) {
            link_name(replay->names, &steps[i]);
            replay->done[i] = true;
        } else if (sync->act != DISK_SYNC_DIR && of_file(&steps[i]) &&
                   steps[i].file == sync->file) {
            if (sync->act == DISK_SYNC) {
                apply(&replay->safe->files[sync->file], &steps[i]);
            }
            replay->done[i] = true;
        }
    }
}

void disk_replay_to(struct disk_replay *replay, size_t at)
{
    assert(at >= replay->at && at <= replay->traced->steps_len);
    while (replay->at < at) {
        const struct disk_step *step = &replay->traced->steps[replay->at];

        if (step->act == DISK_SYNC || step->act == DISK_LOST ||
            step->act == DISK_SYNC_DIR) {
            settle(replay, step);
        } else if (step->act == DISK_MARK) {
            replay->told = step->offset;
        }
        replay->at++;
    }
}

/* Sectors of one write, each there or not, or rubbish. */
static void apply_torn(struct disk_file *file, const struct disk_step *step,
                       enum disk_left left, uint64_t *seed)
{
    uint64_t at = step->offset, end = step->offset + step->len;

    while (at < end) {
        uint64_t next = (at / DISK_SECTOR + 1) * DISK_SECTOR;
        uint64_t dice = disk_random(seed) % 8;
        size_t len;

        next = next < end ? next : end;
        len = (size_t)(next - at);
        if (dice < 4) {
            put(file, at, step->bytes + (at - step->offset), len);
        } else if (left == DISK_LEFT_ROT && dice == 4) {
            uint8_t rubbish[DISK_SECTOR];
            size_t i;

            for (i = 0; i < len; i++) {
                rubbish[i] = (uint8_t)disk_random(seed);
            }
            put(file, at, rubbish, len);
        }
        at = next;
    }
}

static size_t loose_steps(const struct disk_replay *replay)
{
    size_t i, count = 0;

    for (i = 0; i < replay->at; i++) {
        const struct disk_step *step = &replay->traced->steps[i];

        count += !replay->done[i] && (of_file(step) || of_directory(step));
    }
    return count;
}

/* 0 = the step left nothing, 1 = all of it, 2 = torn. */
static int fate(enum disk_left left, size_t number, size_t kept, uint64_t *seed)
{
    switch (left) {
    case DISK_LEFT_NOTHING:
        return 0;
    case DISK_LEFT_PREFIX:
        return number < kept ? 1 : number == kept ? 2 : 0;
    case DISK_LEFT_SUBSET:
    case DISK_LEFT_ROT:
        return (int)(disk_random(seed) % 3);
    case DISK_LEFT_ALL:
    case DISK_LEFT_COUNT:
        break;
    }
    return 1;
}

struct disk *disk_replay_cut(const struct disk_replay *replay,
                             enum disk_left left, uint64_t seed)
{
    struct disk *disk = disk_copy(replay->safe);
    size_t loose = loose_steps(replay), number = 0, i;
    size_t kept = loose == 0 ? 0 : (size_t)(disk_random(&seed) % (loose + 1));
    char names[DISK_FILES][256];

    memcpy(names, replay->names, sizeof(names));
    for (i = 0; i < replay->at; i++) {
        const struct disk_step *step = &replay->traced->steps[i];
        int how;

        if (replay->done[i] || (!of_file(step) && !of_directory(step))) {
            continue;
        }
        how = fate(left, number++, kept, &seed);
        if (how == 0) {
            continue;
        }
        if (of_directory(step)) {
            link_name(names, step);
        } else if (how == 1 || step->act == DISK_TRUNCATE) {
            apply(&disk->files[step->file], step);
        } else {
            apply_torn(&disk->files[step->file], step, left, &seed);
        }
    }
    for (i = 0; i < disk->files_len; i++) {
        strcpy(disk->files[i].name, names[i]);
        disk->files[i].dead = names[i][0] == '\0';
    }
    return disk;
}
