/* tests/sim: images. Owns copies of disks and key files; never opens a store.
 * Next: promise.c, what the world may still expect of a machine set back. */
#include "tests/sim/image.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_FILES 2

struct image {
    uint64_t at_ms;
    struct disk_image *disk;
    char *keys[KEY_FILES]; /* heap */
    size_t keys_len[KEY_FILES];
};

static const char *const key_files[KEY_FILES] = {"node.keys", "units.keys"};

static void key_path(const struct machine *machine, size_t which, char *path,
                     size_t size)
{
    (void)snprintf(path, size, "%s/keys/%s", machine->dir, key_files[which]);
}

static void image_free(struct image *image)
{
    if (image == NULL) {
        return;
    }
    disk_image_free(image->disk);
    for (size_t i = 0; i < KEY_FILES; i++) {
        free(image->keys[i]);
    }
    free(image);
}

static void key_read(const char *path, char **out, size_t *len)
{
    FILE *file = fopen(path, "re");

    *out = calloc(1, 65536);
    assert(*out != NULL);
    *len = file == NULL ? 0 : fread(*out, 1, 65536, file);
    if (file != NULL) {
        (void)fclose(file);
    }
}

static void key_write(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "we");
    size_t written = file == NULL ? 0 : fwrite(bytes, 1, len, file);

    assert(file != NULL && written == len);
    (void)fclose(file);
    (void)chmod(path, 0600);
}

void image_take(struct machine *machine)
{
    struct image *image = calloc(1, sizeof(*image));

    assert(image != NULL);
    image->at_ms = world.now_ms;
    image->disk = disk_image_take(machine->disk);
    for (size_t i = 0; i < KEY_FILES; i++) {
        char path[160];

        key_path(machine, i, path, sizeof(path));
        key_read(path, &image->keys[i], &image->keys_len[i]);
    }
    image_free(machine->images[IMAGES - 1]);
    for (size_t i = IMAGES - 1; i > 0; i--) {
        machine->images[i] = machine->images[i - 1];
    }
    machine->images[0] = image;
    world_trace("%u image taken", machine->node);
}

bool image_put(const struct machine *from, uint32_t which,
               struct machine *other)
{
    const struct image *image;

    which %= IMAGES;
    while (which > 0 && from->images[which] == NULL) {
        which--;
    }
    image = from->images[which];
    if (image == NULL) {
        return false;
    }
    assert(!machine_is_on(other));
    disk_image_put(other->disk, image->disk);
    for (size_t i = 0; i < KEY_FILES; i++) {
        char path[160];

        key_path(other, i, path, sizeof(path));
        key_write(path, image->keys[i], image->keys_len[i]);
    }
    world_trace("%u has the image of %llu s ago on disk %u", from->node,
                (unsigned long long)(world.now_ms - image->at_ms) / 1000,
                other->disk);
    return true;
}

bool image_restore(struct machine *machine, uint32_t which)
{
    if (!image_put(machine, which, machine)) {
        return false;
    }
    machine->copy = ++machine->copies % COPIES;
    return true;
}

void image_drop(struct machine *machine)
{
    for (size_t i = 0; i < IMAGES; i++) {
        image_free(machine->images[i]);
        machine->images[i] = NULL;
    }
}
