/* The hostile relay's hand: changes what a stopped node forwards.
 *
 *   tamper DIR leaf|text|note
 *
 * In the first segment of the record log of node 12: "leaf" flips a byte of
 * the first leaf's facts, "text" one of a text body, "note" signs the
 * checkpoint anew with this node's own log key. All else stays as it was, as
 * far as a liar can keep it: hashes and head are those of the lie. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/keys.h"
#include "protocol/base/arena.h"
#include "protocol/link/segment.h"

#define LOG_ORIGIN "thu/12/e1"

static struct arena arena;

static void stop(const char *what)
{
    fprintf(stderr, "tamper: %s\n", what);
    exit(1);
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        stop(sqlite3_errmsg(db));
    }
    return statement;
}

static struct span column(sqlite3_stmt *row, int i)
{
    return arena_copy(&arena, span_make(sqlite3_column_blob(row, i),
                                        (size_t)sqlite3_column_bytes(row, i)));
}

/* Takes the segment apart, changes one byte, puts it together again. */
static void rebuild(struct segment *segment, bool text)
{
    struct segment_codec *codec = NULL;
    struct segment_view *view = arena_alloc(&arena, sizeof(*view));
    struct segment_item *items =
        arena_array(&arena, BATCH_EVENTS_MAX, sizeof(*items));
    struct segment made;
    struct error err = {0};

    if (segment_codec_new(&codec, &err) != 0 ||
        segment_open(codec, segment, &arena, view, &err) != 0) {
        stop(err.text);
    }
    for (uint32_t i = 0; i < view->count; i++) {
        struct body *bodies = arena_array(&arena, BODIES_MAX, sizeof(*bodies));

        items[i].leaf = view->leaves[i];
        items[i].bodies = bodies;
        for (size_t j = 0; j < view->bodies_len; j++) {
            if (view->bodies[j].index == i) {
                bodies[items[i].bodies_len++] = view->bodies[j];
            }
        }
    }
    for (uint32_t i = 0; i < view->count; i++) {
        struct body *bodies = (struct body *)(uintptr_t)items[i].bodies;
        struct span *bytes = text ? &bodies[0].bytes : &items[i].leaf;
        struct span changed;

        if (text &&
            (items[i].bodies_len == 0 || bodies[0].slot != AUDIENCE_OF_TEXT)) {
            continue;
        }
        changed = arena_copy(&arena, *bytes);
        ((uint8_t *)(uintptr_t)changed.ptr)[changed.len - 1] ^= 1;
        *bytes = changed;
        break;
    }
    if (segment_build(codec, items, view->count, segment->first, segment->note,
                      &arena, &made, &err) != 0) {
        stop(err.text);
    }
    segment->leaves_z = made.leaves_z;
    segment->texts_z = made.texts_z;
    segment_codec_free(codec);
}

/* The same text, signed by a key that is not the log's. */
static void sign_anew(struct segment *segment, const char *dir)
{
    static struct keys keys;
    uint8_t *space = arena_alloc(&arena, CHECKPOINT_NOTE_MAX);
    struct buf note = buf_over(space, CHECKPOINT_NOTE_MAX);
    struct note parsed;
    struct checkpoint checkpoint;
    struct vkey key;
    struct error err = {0};

    if (keys_load(&keys, dir, &err) != 0 ||
        note_parse(segment->note, &parsed, &err) != 0 ||
        checkpoint_parse(parsed.text, &checkpoint, &err) != 0 ||
        vkey_make(checkpoint.origin, VKEY_ED25519, &keys.log.pub, &key, &err) !=
            0 ||
        checkpoint_sign(&checkpoint, &key, &keys.log.sec, &note, &err) != 0) {
        stop(err.text);
    }
    segment->note = buf_span(&note);
}

static void blob(sqlite3_stmt *statement, int i, struct span bytes)
{
    sqlite3_bind_blob(statement, i,
                      bytes.len == 0 ? (const void *)"" : bytes.ptr,
                      (int)bytes.len, SQLITE_STATIC);
}

int main(int argc, char **argv)
{
    char path[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *row;
    sqlite3_stmt *change;
    struct segment segment = {0};
    struct error err = {0};
    int64_t id;

    if (argc != 3 || crypto_start(&err) != 0 ||
        arena_new(&arena, 16u << 20, &err) != 0) {
        stop("usage: tamper DIR leaf|text|note");
    }
    snprintf(path, sizeof(path), "%s/store.db", argv[1]);
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        stop(sqlite3_errmsg(db));
    }
    row = prepared(db,
                   "SELECT s.id, s.count, s.note, s.leaves_z, s.texts_z, "
                   "s.privates, s.absent FROM segments s JOIN logs l "
                   "ON s.id = (l.id << 40) WHERE l.origin = '" LOG_ORIGIN "'");
    if (sqlite3_step(row) != SQLITE_ROW) {
        stop("no segment of " LOG_ORIGIN);
    }
    id = sqlite3_column_int64(row, 0);
    segment.count = (uint32_t)sqlite3_column_int(row, 1);
    segment.note = column(row, 2);
    segment.leaves_z = column(row, 3);
    segment.texts_z = column(row, 4);
    segment.privates = column(row, 5);
    segment.absent = column(row, 6);
    sqlite3_finalize(row);
    if (strcmp(argv[2], "note") == 0) {
        sign_anew(&segment, argv[1]);
    } else {
        rebuild(&segment, strcmp(argv[2], "text") == 0);
    }
    change = prepared(db, "UPDATE segments SET note = ?, leaves_z = ?, "
                          "texts_z = ? WHERE id = ?");
    blob(change, 1, segment.note);
    blob(change, 2, segment.leaves_z);
    blob(change, 3, segment.texts_z);
    sqlite3_bind_int64(change, 4, id);
    if (sqlite3_step(change) != SQLITE_DONE || sqlite3_changes(db) != 1) {
        stop(sqlite3_errmsg(db));
    }
    sqlite3_finalize(change);
    sqlite3_close(db);
    arena_release(&arena);
    return 0;
}
