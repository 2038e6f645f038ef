/* tests/sim: the disks. Owns the bytes of every store; knows files, writes and
 * syncs, never what they say. A file keeps what would be undone if the power
 * went now. Read next: disk_vfs.c, which SQLite calls. */
#include "tests/sim/disk_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct disk_image {
    struct disk_file files[DISK_FILES];
};

static struct disk disks[DISKS];

struct disk *disk_of(uint32_t node)
{
    struct disk *unused = NULL;

    for (size_t i = 0; i < DISKS; i++) {
        if (disks[i].used && disks[i].node == node) {
            return &disks[i];
        }
        if (!disks[i].used && unused == NULL) {
            unused = &disks[i];
        }
    }
    assert(unused != NULL);
    unused->used = true;
    unused->node = node;
    return unused;
}

struct disk_file *disk_find(struct disk *disk, const char *name, bool make)
{
    struct disk_file *unused = NULL;

    for (size_t i = 0; i < DISK_FILES; i++) {
        struct disk_file *file = &disk->files[i];

        if (file->exists && strcmp(file->name, name) == 0) {
            return file;
        }
        if (!file->exists && unused == NULL) {
            unused = file;
        }
    }
    if (!make) {
        return NULL;
    }
    assert(unused != NULL && strlen(name) < sizeof(unused->name));
    memset(unused, 0, sizeof(*unused));
    unused->exists = true;
    memcpy(unused->name, name, strlen(name) + 1);
    return unused;
}

/* ---- bytes ---- */

static void file_resize(struct disk_file *file, size_t size)
{
    if (size > file->room) {
        size_t room = size + size / 2 + 4096;

        file->bytes = realloc(file->bytes, room);
        assert(file->bytes != NULL);
        file->room = room;
    }
    if (size > file->size) {
        memset(file->bytes + file->size, 0, size - file->size);
    }
    file->size = size;
}

static void undo_note(struct disk_file *file, size_t at, size_t len)
{
    struct disk_undo *undo = calloc(1, sizeof(*undo) + len);
    size_t have = at < file->size ? file->size - at : 0;

    assert(undo != NULL);
    undo->at = at;
    undo->size = file->size;
    undo->len = have < len ? have : len;
    if (undo->len > 0) {
        memcpy(undo->old, file->bytes + at, undo->len);
    }
    undo->older = file->undo;
    file->undo = undo;
    file->undos++;
}

void file_write(struct disk_file *file, size_t at, const void *bytes,
                size_t len)
{
    undo_note(file, at, len);
    if (at + len > file->size) {
        file_resize(file, at + len);
    }
    if (len > 0) {
        memcpy(file->bytes + at, bytes, len);
    }
}

void file_truncate(struct disk_file *file, size_t size)
{
    if (size < file->size) {
        undo_note(file, size, file->size - size);
    } else {
        undo_note(file, size, 0);
    }
    file_resize(file, size);
}

void file_sync(struct disk_file *file)
{
    while (file->undo != NULL) {
        struct disk_undo *undo = file->undo;

        file->undo = undo->older;
        free(undo);
    }
    file->undos = 0;
}

void file_release(struct disk_file *file)
{
    file_sync(file);
    free(file->bytes);
    memset(file, 0, sizeof(*file));
}

static void file_copy(struct disk_file *to, const struct disk_file *from)
{
    memset(to, 0, sizeof(*to));
    to->exists = from->exists;
    memcpy(to->name, from->name, sizeof(to->name));
    file_resize(to, from->size);
    if (from->size > 0) {
        memcpy(to->bytes, from->bytes, from->size);
    }
}

/* ---- power ---- */

/* What the disk will show: the last `lost` unsynced writes never were. */
static void file_survive(const struct disk_file *file, size_t lost,
                         struct disk_file *out)
{
    const struct disk_undo *undo = file->undo;

    file_copy(out, file);
    for (size_t i = 0; i < lost; i++, undo = undo->older) {
        file_resize(out, out->size > undo->size ? out->size : undo->size);
        if (undo->len > 0) {
            memcpy(out->bytes + undo->at, undo->old, undo->len);
        }
        file_resize(out, undo->size);
    }
}

void disk_cut(uint32_t node, bool power, struct dice *dice)
{
    struct disk *disk = disk_of(node);

    if (disk->cut) {
        return;
    }
    disk->cut = true;
    disk->countdown = 0;
    for (size_t i = 0; i < DISK_FILES; i++) {
        struct disk_file *file = &disk->files[i];
        size_t lost = power ? (size_t)dice_from_to(dice, 0, file->undos) : 0;

        if (file->exists) {
            file_survive(file, lost, &disk->kept[i]);
        }
    }
}

void disk_start(uint32_t node)
{
    struct disk *disk = disk_of(node);

    for (size_t i = 0; disk->cut && i < DISK_FILES; i++) {
        file_release(&disk->files[i]);
        disk->files[i] = disk->kept[i];
        memset(&disk->kept[i], 0, sizeof(disk->kept[i]));
    }
    disk->cut = false;
    disk->countdown = 0;
    disk->fault = DISK_WELL;
}

void disk_cut_after(uint32_t node, uint64_t operations, bool power,
                    struct dice *dice)
{
    struct disk *disk = disk_of(node);

    disk->countdown = operations;
    disk->power = power;
    disk->dice = dice;
}

bool disk_is_cut(uint32_t node)
{
    return disk_of(node)->cut;
}

uint64_t disk_operations(uint32_t node)
{
    return disk_of(node)->operations;
}

void disk_fault_set(uint32_t node, enum disk_fault fault)
{
    disk_of(node)->fault = fault;
}

bool disk_operate(struct disk *disk, bool grows)
{
    disk->operations++;
    if (disk->countdown > 0 && --disk->countdown == 0) {
        disk_cut(disk->node, disk->power, disk->dice);
    }
    if (disk->fault == DISK_BROKEN) {
        disk->fault = DISK_WELL;
        return false;
    }
    return disk->fault != DISK_FULL || !grows;
}

/* ---- images ---- */

void disk_wipe(uint32_t node)
{
    struct disk *disk = disk_of(node);

    for (size_t i = 0; i < DISK_FILES; i++) {
        file_release(&disk->files[i]);
        file_release(&disk->kept[i]);
    }
    disk->cut = false;
}

struct disk_image *disk_image_take(uint32_t node)
{
    struct disk *disk = disk_of(node);
    struct disk_image *image = calloc(1, sizeof(*image));

    assert(image != NULL);
    for (size_t i = 0; i < DISK_FILES; i++) {
        if (disk->files[i].exists) {
            file_copy(&image->files[i], &disk->files[i]);
        }
    }
    return image;
}

void disk_image_put(uint32_t node, const struct disk_image *image)
{
    struct disk *disk = disk_of(node);

    disk_wipe(node);
    for (size_t i = 0; i < DISK_FILES; i++) {
        if (image->files[i].exists) {
            file_copy(&disk->files[i], &image->files[i]);
        }
    }
}

size_t disk_image_size(const struct disk_image *image)
{
    size_t sum = 0;

    for (size_t i = 0; i < DISK_FILES; i++) {
        sum += image->files[i].size;
    }
    return sum;
}

void disk_image_free(struct disk_image *image)
{
    for (size_t i = 0; image != NULL && i < DISK_FILES; i++) {
        file_release(&image->files[i]);
    }
    free(image);
}
