/* Room: node. Owns the low-water mark and the ballast file. Must never refuse
 * what is read, nor hold more than one answer a second against the disk.
 * Next: engine.c, which asks before it records; intake.c. */
#include "node/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define LOOK_MS 1000u
#define MIB 1048576u

static bool measure_here(void *data, const char *dir, uint64_t *free)
{
    struct statvfs facts;

    (void)data;
    if (statvfs(dir, &facts) != 0) {
        return false;
    }
    *free = (uint64_t)facts.f_bavail * facts.f_frsize;
    return true;
}

static bool ballast_is_there(const struct disk *disk)
{
    struct stat facts;

    return stat(disk->ballast, &facts) == 0 &&
           (uint64_t)facts.st_size >= disk->weight;
}

/* Blocks of its own, not a hole. */
static void ballast_take(struct disk *disk)
{
    int fd;

    if (disk->weight == 0 || disk->ballasted) {
        return;
    }
    fd = open(disk->ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    disk->ballasted = posix_fallocate(fd, 0, (off_t)disk->weight) == 0;
    (void)close(fd);
    if (!disk->ballasted) {
        (void)unlink(disk->ballast);
    }
}

static void ballast_drop(struct disk *disk)
{
    if (disk->ballasted && unlink(disk->ballast) == 0) {
        disk->ballasted = false;
    }
}

int disk_open(struct disk *disk, const struct config *config,
              disk_measure_fn measure, void *data, struct error *err)
{
    int rc;

    memset(disk, 0, sizeof(*disk));
    disk->reserve = config->disk_reserve_mib * MIB;
    disk->weight = disk->reserve == 0 ? 0 : config->ballast_mib * MIB;
    disk->measure = measure != NULL ? measure : measure_here;
    disk->data = data;
    rc = config_path(config, "ballast", disk->ballast, err);
    if (rc != 0) {
        return rc;
    }
    memcpy(disk->dir, config->dir, sizeof(disk->dir));
    disk->ballasted = disk->weight > 0 && ballast_is_there(disk);
    (void)disk_look(disk, 0);
    disk->look_ms = 0;
    return 0;
}

/* The space that the ballast left is not there for anybody's writes. */
static uint64_t free_now(const struct disk *disk, uint64_t measured)
{
    uint64_t given = disk->ballasted ? 0 : disk->weight;

    return measured > given ? measured - given : 0;
}

bool disk_look(struct disk *disk, uint64_t now_ms)
{
    bool before = disk->low;
    uint64_t measured = 0;

    if (disk->reserve == 0 || now_ms < disk->look_ms ||
        !disk->measure(disk->data, disk->dir, &measured)) {
        return false;
    }
    disk->look_ms = now_ms + LOOK_MS;
    disk->free = free_now(disk, measured);
    /* An eighth more before it ends, so that it does not come and go. */
    disk->low =
        disk->free < disk->reserve + (disk->low ? disk->reserve / 8 : 0);
    if (disk->low) {
        ballast_drop(disk);
    } else {
        ballast_take(disk);
    }
    return disk->low != before;
}

int disk_refuse(const struct disk *disk, struct error *err)
{
    if (!disk->low) {
        return 0;
    }
    return error_set(err, ERR_LIMIT,
                     "the disk is nearly full (%llu MiB left, %llu needed): "
                     "nothing was recorded; free space and repeat",
                     (unsigned long long)(disk->free / MIB),
                     (unsigned long long)(disk->reserve / MIB));
}
