/* Room: node. Owns the round through the attached files: each one held is read
 * whole once a day and after each start, a piece in an idle turn; and the sum
 * of what they take, counted by folder when a file comes or goes. It mends
 * nothing itself: what is wrong is engine_file_suspect's. Next: attach_erase.c,
 * mend.c (the same for what the store holds). */
#include "node/engine_internal.h"

#include "node/clock.h"
#include "node/log.h"
#include "store/attachment.h"

#define FIRST_MS 2000u     /* after the start */
#define STEP_MS 250u       /* between two pieces: 4 MiB a second at most */
#define STEP_BYTES 1048576 /* some milliseconds of hashing */
#define ROUND_MS 86400000u /* a round a day */
#define COUNT_MS 50u       /* between two folders */
#define HOLD_MS 30000u     /* what could not be noted: a full disk, say */

/* ---- what they take ---- */

static void folder_count(struct engine *engine, unsigned folder)
{
    struct files_round *round = &engine->round;

    engine->files_bytes -= round->in_folder[folder];
    round->in_folder[folder] = store_files_bytes(engine->config->dir, folder);
    engine->files_bytes += round->in_folder[folder];
}

void attach_recount(struct engine *engine, const struct hash *file)
{
    folder_count(engine, file->bytes[0]);
}

void attach_recount_all(struct engine *engine)
{
    uint64_t soon_ms = clock_steady_ms() + COUNT_MS;

    if (engine->round.folder >= STORE_FILE_FOLDERS) {
        engine->round.folder = 0;
        engine->round.count_ms = soon_ms;
    }
    if (engine->round.count_ms > soon_ms) {
        engine->round.count_ms = soon_ms; /* not tomorrow */
    }
}

static void count_next(struct engine *engine)
{
    struct files_round *round = &engine->round;
    uint64_t now_ms = clock_steady_ms();

    if (round->folder < STORE_FILE_FOLDERS && now_ms >= round->count_ms) {
        folder_count(engine, round->folder++);
        round->count_ms = now_ms + COUNT_MS;
    }
}

/* ---- the round ---- */

/* Before anything is served: the only time that all folders are read at once.
 */
void attach_round_open(struct engine *engine)
{
    engine->round =
        (struct files_round){.look = {.fd = -1},
                             .step_ms = clock_steady_ms() + FIRST_MS,
                             .folder = STORE_FILE_FOLDERS};
    engine->files_bytes = 0;
    for (unsigned i = 0; i < STORE_FILE_FOLDERS; i++) {
        folder_count(engine, i);
    }
}

void attach_round_close(struct engine *engine)
{
    store_file_look_end(&engine->round.look);
}

uint64_t attach_round_deadline_ms(const struct engine *engine)
{
    const struct files_round *round = &engine->round;
    uint64_t now_ms = clock_steady_ms();
    uint64_t due_ms = round->step_ms;

    if (round->folder < STORE_FILE_FOLDERS && round->count_ms < due_ms) {
        due_ms = round->count_ms;
    }
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

/* The next file that should be here; false at the end of the round. */
static bool next_file(struct engine *engine, struct hash *file, int *rc,
                      struct error *err)
{
    struct store_attachment held;

    *rc = store_attachment_next_held(engine->store, engine->round.row, &held,
                                     err);
    if (*rc != 0) {
        return false;
    }
    engine->round.row = held.row;
    *file = held.file;
    return true;
}

/* One piece. ERR_CORRUPT, ERR_NOTFOUND: *file is not what it should be. */
static int piece(struct engine *engine, struct hash *file, struct error *err)
{
    struct files_round *round = &engine->round;
    bool done = false;
    int rc;

    if (round->look.fd < 0) {
        if (!next_file(engine, file, &rc, err)) {
            if (rc == ERR_NOTFOUND) {
                log_line(LOG_INFO, "attach", "round_done", "files=%llu",
                         (unsigned long long)round->files);
            }
            round->row = 0;
            round->files = 0;
            round->step_ms = clock_steady_ms() + ROUND_MS;
            if (round->folder >= STORE_FILE_FOLDERS) {
                round->folder = 0; /* tomorrow, too */
                round->count_ms = round->step_ms;
            }
            return rc == ERR_NOTFOUND ? 0 : rc;
        }
        round->files++;
        rc =
            store_file_look_begin(&round->look, engine->config->dir, file, err);
        if (rc != 0) {
            return rc;
        }
    }
    *file = round->look.file;
    rc = store_file_look_step(&round->look, STEP_BYTES, &done, err);
    if (rc != 0 || done) {
        store_file_look_end(&round->look);
    }
    return rc;
}

void attach_round(struct engine *engine)
{
    struct error err = {0};
    struct hash file = {{0}};
    int rc;

    if (store_in_transaction(engine->store)) {
        return;
    }
    count_next(engine);
    if (engine->round.step_ms > clock_steady_ms()) {
        return;
    }
    engine->round.step_ms = clock_steady_ms() + STEP_MS;
    rc = piece(engine, &file, &err);
    if (engine->round.row > 0 && (rc == ERR_CORRUPT || rc == ERR_NOTFOUND)) {
        engine_file_suspect(engine, &file);
        if (engine_commit(engine, &err) != 0) {
            engine->round.step_ms = clock_steady_ms() + HOLD_MS;
        }
    } else if (rc != 0) {
        engine_react(engine, "attach", "round", &err);
    }
}
