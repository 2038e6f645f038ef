/* vectors: real logs. A folder of signed checkpoints with level-0 tiles and
 * entries (tlog-tiles, sizes below 256), and a witness's folder. */
#include "tests/vectors/vectors.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/buf.h"
#include "protocol/base/hex.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/note.h"

/* The one log that signed such folders; its key is in the vectors' README. */
static const char tiles_vkey[] = "example.com/log/testdata+33d7b496+"
                                 "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

static int tile_leaf(void *data, unsigned level, uint64_t index,
                     struct hash *hash, struct error *err)
{
    const struct span *tile = data;

    if (level != 0 || (index + 1) * 32 > tile->len) {
        return error_set(err, ERR_NOTFOUND, "no leaf %" PRIu64, index);
    }
    memcpy(hash->bytes, tile->ptr + index * 32, 32);
    return 0;
}

/* Entries are u16-length-prefixed leaves; their hashes are the tile. */
static bool entries_match(struct span entries, struct span tile)
{
    uint64_t index = 0;

    while (entries.len >= 2) {
        size_t len = read_u16(entries.ptr);
        struct hash hash;

        if (entries.len < 2 + len || (index + 1) * 32 > tile.len) {
            return false;
        }
        hash = merkle_leaf(span_make(entries.ptr + 2, len));
        if (memcmp(hash.bytes, tile.ptr + index * 32, 32) != 0) {
            return false;
        }
        entries = span_make(entries.ptr + 2 + len, entries.len - 2 - len);
        index++;
    }
    return entries.len == 0 && index * 32 == tile.len;
}

/* Every leaf is proved against the signed root, from the tile alone. */
static const char *proofs_check(struct run *run, struct span *tile,
                                const struct merkle_head *head)
{
    struct merkle_source source = {.subtree = tile_leaf, .data = tile};
    struct merkle_path path;
    struct merkle_head old_head;
    struct error err = {0};
    struct hash leaf;

    for (uint64_t i = 0; i < head->size; i++) {
        memcpy(leaf.bytes, tile->ptr + i * 32, 32);
        old_head.size = i + 1;
        if (merkle_prove_inclusion(&source, i, head->size, &path, &err) != 0 ||
            merkle_verify_inclusion(i, head, &leaf, &path, &err) != 0 ||
            merkle_root(&source, i + 1, &old_head.root, &err) != 0 ||
            merkle_prove_consistency(&source, i + 1, head->size, &path, &err) !=
                0 ||
            merkle_verify_consistency(&old_head, head, &path, &err) != 0) {
            return say(run, "leaf %" PRIu64 ": %s", i, err.text);
        }
    }
    return NULL;
}

static const char *tiles_check(struct run *run, const char *dir,
                               const char *name)
{
    const char *path = say(run, "%s/%s", dir, name);
    struct checkpoint c;
    struct vkey log;
    struct error err = {0};
    struct range range;
    struct span note;
    struct span tile = {NULL, 0};
    struct span entries = {NULL, 0};

    if (!file_read(run, path, &note) ||
        vkey_parse(span_str(tiles_vkey), &log, &err) != 0 ||
        checkpoint_open(note, &log, &c, &err) != 0) {
        return say(run, "refused: %s", err.text);
    }
    if (strcmp(say(run, "checkpoint.%" PRIu64, c.head.size), name) != 0) {
        return "of another size than its name says";
    }
    if (c.head.size > 0 &&
        (!file_read(run, say(run, "%s/tile/0/000.p/%" PRIu64, dir, c.head.size),
                    &tile) ||
         !file_read(
             run, say(run, "%s/tile/entries/000.p/%" PRIu64, dir, c.head.size),
             &entries))) {
        return "has no tile and entries of its size";
    }
    if (tile.len != c.head.size * 32 || !entries_match(entries, tile)) {
        return "entries do not hash to the tile";
    }
    range_init(&range);
    for (size_t i = 0; i < c.head.size; i++) {
        struct hash hash;

        memcpy(hash.bytes, tile.ptr + i * 32, 32);
        range_append_hash(&range, &hash);
    }
    struct hash root = range_root(&range);

    if (!hash_equal(&root, &c.head.root)) {
        return "the tile has another root";
    }
    return proofs_check(run, &tile, &c.head);
}

void log_tiles(struct run *run, const char *dir, const char *checkpoint)
{
    const char *why = tiles_check(run, dir, checkpoint);

    if (why == NULL) {
        report_pass(run);
    } else {
        report_fail(run, "", why);
    }
}

/* A folder named by SHA-256 of the origin, with the cosigned checkpoint. */
static const char *cosigned_check(struct run *run, const char *dir,
                                  const char *name, const struct vkey *keys,
                                  size_t count)
{
    struct note *note = arena_alloc(&run->arena, sizeof(*note));
    struct note_verified verified[NOTE_LINES_MAX];
    struct checkpoint c;
    struct error err = {0};
    struct span bytes;
    size_t found = 0;
    char hex[65];

    if (note == NULL ||
        !file_read(run, say(run, "%s/%s/checkpoint", dir, name), &bytes)) {
        return "has no checkpoint";
    }
    if (note_parse(bytes, note, &err) != 0 ||
        checkpoint_parse(note->text, &c, &err) != 0 ||
        note_verify(note, keys, count, verified, &found, &err) != 0) {
        return say(run, "refused: %s", err.text);
    }
    struct hash hash = hash_of(c.origin);

    hex_encode(SPAN_OF(hash.bytes), hex);
    if (strcmp(hex, name) != 0) {
        return "stands under another origin's name";
    }
    if (found != 1 || verified[0].time == 0) {
        return "not cosigned by this witness with a time";
    }
    return NULL;
}

void log_witness(struct run *run, const char *dir, const json_t *file)
{
    const json_t *list = json_object_get(file, "verifier_keys");
    size_t count = json_array_size(list);
    struct vkey *keys = arena_array(&run->arena, count + 1, sizeof(*keys));
    struct error err = {0};
    DIR *folder = opendir(dir);
    struct dirent *entry;
    unsigned ran = 0;

    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text == NULL || keys == NULL ||
            vkey_parse(span_str(text), &keys[i], &err) != 0) {
            report_fail(run, "verifier_keys", err.text);
            count = 0;
        }
    }
    while (count > 0 && folder != NULL && (entry = readdir(folder)) != NULL) {
        const char *why;

        if (strlen(entry->d_name) != 64) {
            continue;
        }
        why = cosigned_check(run, dir, entry->d_name, keys, count);
        ran++;
        if (why == NULL) {
            report_pass(run);
        } else {
            report_fail(run, entry->d_name, why);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    if (ran == 0) {
        report_fail(run, "", "no checkpoint beside this witness");
    }
}
