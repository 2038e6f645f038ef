/* The disks of the simulated machines: a VFS in memory that SQLite uses in
 * place of the file system. A file belongs to the node whose folder its path
 * names (".../n111/store.db"). Writes are durable once synced; when the power
 * goes, of the rest only a part is there afterwards.
 */
#ifndef QCDC_TESTS_SIM_DISK_H
#define QCDC_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/dice.h"

/* Makes it SQLite's default. */
void disk_install(void);

/* Writes, truncations and syncs of a node's disk so far. */
uint64_t disk_operations(uint32_t node);

/* The machine stops in the middle of its `operations`-th further operation:
 * disk_is_cut is true from then on. 0: not at all. */
void disk_cut_after(uint32_t node, uint64_t operations, bool power,
                    struct dice *dice);
/* It stops now. power: what was not synced is lost in part (dice); else the
 * process alone died and all that was written is there. */
void disk_cut(uint32_t node, bool power, struct dice *dice);
bool disk_is_cut(uint32_t node);
/* The machine starts again with what the disk kept. */
void disk_start(uint32_t node);

enum disk_fault {
    DISK_WELL,
    DISK_FULL,  /* every growing write fails */
    DISK_BROKEN /* the next write or sync fails, once */
};
void disk_fault_set(uint32_t node, enum disk_fault fault);

/* All files as they are, as an image taken from the running system. */
struct disk_image;
struct disk_image *disk_image_take(uint32_t node);
void disk_image_put(uint32_t node, const struct disk_image *image);
void disk_image_free(struct disk_image *image);
size_t disk_image_size(const struct disk_image *image);
/* A new, empty disk. */
void disk_wipe(uint32_t node);

#endif
