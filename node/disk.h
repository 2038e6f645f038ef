/* The disk guard: keeps the node from ever meeting a full disk.
 *
 * Below the low-water mark user writes and intake are refused early, with a
 * sentence; reading goes on. A ballast file is given up at that moment, so that
 * what must still be written (checkpoints, revocations from above) has room:
 * on a full disk SQLite cannot even delete (libraries.md B2.6). Everything goes
 * on by itself when there is space again.
 */
#ifndef QCDC_NODE_DISK_H
#define QCDC_NODE_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "node/config.h"
#include "protocol/base/error.h"

/* Free bytes for us in that folder; false: it cannot be told. */
typedef bool (*disk_measure_fn)(void *data, const char *dir, uint64_t *free);

struct disk {
    char dir[CONFIG_PATH_SIZE];
    char ballast[CONFIG_PATH_SIZE];
    uint64_t reserve; /* bytes; 0: no guard */
    uint64_t weight;  /* of the ballast */
    uint64_t free;    /* as last measured, the ballast given up not counted */
    uint64_t look_ms; /* steady: not before */
    disk_measure_fn measure;
    void *data;
    bool low;
    bool ballasted; /* the file is there */
};

/* `measure` NULL: statvfs. Makes the ballast if there is room; no room is no
 * failure. ERR_LIMIT: the path is too long. */
int disk_open(struct disk *disk, const struct config *config,
              disk_measure_fn measure, void *data, struct error *err) MUST_USE;
/* Looks, at most once a second; true if `low` changed. */
bool disk_look(struct disk *disk, uint64_t now_ms);
/* 0, or ERR_LIMIT with the sentence for whoever wants to write. */
int disk_refuse(const struct disk *disk, struct error *err) MUST_USE;

#endif
