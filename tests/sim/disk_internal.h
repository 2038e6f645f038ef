/* What disk.c and disk_vfs.c share. */
#ifndef QCDC_TESTS_SIM_DISK_INTERNAL_H
#define QCDC_TESTS_SIM_DISK_INTERNAL_H

#include "tests/sim/disk.h"

#ifndef DISKS /* sim_reform has more */
#define DISKS 32
#endif
#define DISK_FILES 6
#define DISK_NAME 48

/* What a write since the last sync replaced; newest first. */
struct disk_undo {
    struct disk_undo *older;
    size_t at;
    size_t size; /* of the file before */
    size_t len;
    unsigned char old[];
};

struct disk_file {
    bool exists;
    char name[DISK_NAME];
    unsigned char *bytes;
    size_t size, room;
    struct disk_undo *undo;
    size_t undos;
};

struct disk {
    struct disk_file files[DISK_FILES];
    struct disk_file kept[DISK_FILES]; /* when cut: what will be there */
    struct dice *dice;
    uint64_t countdown;
    uint64_t operations;
    uint32_t node;
    enum disk_fault fault;
    bool used;
    bool cut;
    bool power;
};

struct disk *disk_of(uint32_t node);
struct disk_file *disk_find(struct disk *disk, const char *name, bool make);
void file_write(struct disk_file *file, size_t at, const void *bytes,
                size_t len);
void file_truncate(struct disk_file *file, size_t size);
void file_sync(struct disk_file *file);
void file_release(struct disk_file *file);
/* Counts one operation; false if it is to fail. */
bool disk_operate(struct disk *disk, bool grows);

#endif
