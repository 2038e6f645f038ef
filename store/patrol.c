/* store: the patrol: a check in small steps, for idle turns, with the files of
 * `qcdc check` as its eyes.
 *
 * Reads only, remembers where it stands in memory: a round begins anew when
 * the node starts. Must never take work that is noted for damage. Read next:
 * mend.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/check_parts.h"
#include "store/directory.h"
#include "store/mend.h"

#define COSIGS_A_STEP 8u
#define RECORDS_A_STEP 16u

enum {
    PATROL_LOG_AFTER
};

static const char *const sql[] = {
    [PATROL_LOG_AFTER] = "SELECT id FROM logs WHERE id > ? AND size > 0 "
                         "ORDER BY id LIMIT 1",
};
const struct query_table patrol_queries = {sql, sizeof(sql) / sizeof(sql[0])};

enum patrol_phase {
    PATROL_SEGMENTS,
    PATROL_COSIGS,
    PATROL_RECORDS,
    PATROL_CELLS,
    PATROL_DONE
};

struct store_patrol {
    enum patrol_phase phase;
    uint32_t log;       /* in work; 0: none yet */
    struct range range; /* of its leaves that were looked at */
    struct range block;
    uint64_t cosig;
    int64_t record;
    size_t unit;
    struct store_damage *damage; /* of the present step */
    /* What is derived is told of at the end, and only where all that it is
     * derived from is sound. */
    struct store_damage derived;
    bool primary; /* something else was found in this round */
};

int store_patrol_new(struct store_patrol **out, struct error *err)
{
    struct store_patrol *patrol = calloc(1, sizeof(*patrol));

    if (patrol == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the patrol");
    }
    store_patrol_restart(patrol);
    *out = patrol;
    return 0;
}

void store_patrol_free(struct store_patrol *patrol)
{
    free(patrol);
}

static void next_log(struct store_patrol *patrol)
{
    patrol->phase = PATROL_SEGMENTS;
    range_init(&patrol->range);
    range_init(&patrol->block);
    patrol->cosig = 0;
}

void store_patrol_restart(struct store_patrol *patrol)
{
    memset(patrol, 0, sizeof(*patrol));
    next_log(patrol);
}

/* What a finding of check means here. */
static enum store_damage_kind kind_of(const char *what)
{
    static const char *const primary[] = {"segment", "hash", "root", "block",
                                          "checkpoint"};
    size_t i;

    for (i = 0; i < sizeof(primary) / sizeof(primary[0]); i++) {
        if (strcmp(what, primary[i]) == 0) {
            return STORE_DAMAGE_SEGMENT;
        }
    }
    return strcmp(what, "cosignature") == 0 ? STORE_DAMAGE_COSIG
                                            : STORE_DAMAGE_DERIVED;
}

/* The first finding of a step is told; the gravest kind is the least. */
static int keep_finding(void *data, const struct store_finding *finding)
{
    struct store_patrol *patrol = data;
    struct store_damage *damage = patrol->damage;
    enum store_damage_kind kind = kind_of(finding->what);

    if (damage->kind != STORE_DAMAGE_NONE && kind >= damage->kind) {
        return 0;
    }
    damage->kind = kind;
    damage->log = kind == STORE_DAMAGE_DERIVED ? 0 : patrol->log;
    damage->first = kind == STORE_DAMAGE_SEGMENT ? patrol->range.size
                    : kind == STORE_DAMAGE_COSIG
                        ? patrol->cosig
                        : strcmp(finding->what, "verdict") == 0;
    (void)snprintf(damage->text, sizeof(damage->text), "%.*s",
                   (int)sizeof(damage->text) - 1, finding->text);
    return 0;
}

static int begin_log(struct checking *c, struct store_patrol *patrol)
{
    sqlite3_stmt *q = query(c->store, OWNER_PATROL, PATROL_LOG_AFTER);
    int rc;

    bind_int(q, 1, patrol->log);
    if ((rc = query_row(c->store, q, c->err)) < 0) {
        return rc;
    }
    if (rc == 0) {
        patrol->phase = PATROL_RECORDS;
        return 0;
    }
    patrol->log = column_u32(q, 0);
    query_end(q);
    next_log(patrol);
    return 1;
}

static int step_segment(struct checking *c, struct store_patrol *patrol)
{
    struct store_log log;
    struct vkey vkey;
    int rc;

    if (patrol->log == 0 && (rc = begin_log(c, patrol)) != 1) {
        return rc;
    }
    rc = store_log_get(c->store, patrol->log, &log, c->err);
    rc = rc != 0 ? rc
                 : vkey_make(span_str(log.origin), VKEY_ED25519, &log.key,
                             &vkey, c->err);
    if (rc != 0) {
        return rc;
    }
    if (patrol->range.size >= log.head.size) {
        patrol->phase = PATROL_COSIGS;
        return 0;
    }
    c->block = patrol->block;
    rc = check_segment(c, &log, &vkey, &patrol->range);
    patrol->block = c->block;
    return rc < 0 ? rc : 0;
}

static int step_cosigs(struct checking *c, struct store_patrol *patrol)
{
    struct store_log log;
    unsigned i;
    int rc = store_log_get(c->store, patrol->log, &log, c->err);

    for (i = 0; rc == 0 && i < COSIGS_A_STEP; i++) {
        uint64_t next = patrol->cosig;

        rc = check_cosigs_from(c, &log, &next);
        if (rc == 0) {
            rc = begin_log(c, patrol);
            return rc < 0 ? rc : 0;
        }
        if (c->findings > 0) {
            return rc < 0 ? rc : 0;
        }
        patrol->cosig = next;
        rc = rc == 1 ? 0 : rc;
    }
    return rc;
}

static int step_records(struct checking *c, struct store_patrol *patrol)
{
    uint64_t ignored = 0;
    unsigned i;

    for (i = 0; i < RECORDS_A_STEP; i++) {
        int rc = check_record_after(c, &patrol->record, &ignored);

        if (rc != 1) {
            patrol->phase = PATROL_CELLS;
            return rc;
        }
    }
    return 0;
}

static int step_cells(struct checking *c, struct store_patrol *patrol)
{
    uint64_t ignored = 0;

    if (patrol->unit >= c->dir->units_len) {
        patrol->phase = PATROL_DONE;
        return 0;
    }
    return check_unit(c, c->dir->units[patrol->unit++].number, &ignored);
}

static int step(struct checking *c, struct store_patrol *patrol)
{
    switch (patrol->phase) {
    case PATROL_SEGMENTS:
        return step_segment(c, patrol);
    case PATROL_COSIGS:
        return step_cosigs(c, patrol);
    case PATROL_RECORDS:
        return step_records(c, patrol);
    case PATROL_CELLS:
        return step_cells(c, patrol);
    case PATROL_DONE:
        break;
    }
    return 0;
}

/* A damaged segment ends the walk through its log; a damaged cosignature is
 * stepped over; what is derived waits for the end of the round. */
static int after_finding(struct checking *c, struct store_patrol *patrol)
{
    struct store_damage *damage = patrol->damage;
    int rc = 0;

    switch (damage->kind) {
    case STORE_DAMAGE_SEGMENT:
        patrol->primary = true;
        rc = begin_log(c, patrol);
        break;
    case STORE_DAMAGE_COSIG:
        patrol->primary = true;
        patrol->cosig++;
        break;
    case STORE_DAMAGE_DERIVED:
        if (patrol->derived.kind == STORE_DAMAGE_NONE ||
            damage->first > patrol->derived.first) {
            patrol->derived = *damage;
        }
        memset(damage, 0, sizeof(*damage));
        break;
    case STORE_DAMAGE_NONE:
    case STORE_DAMAGE_HERE:
        break;
    }
    return rc < 0 ? rc : 0;
}

int store_patrol_step(struct store *store, struct store_patrol *patrol,
                      struct store_now now, struct store_damage *damage,
                      bool *ended, struct error *err)
{
    struct store_check_options options = {
        .now = now, .visit = keep_finding, .data = patrol};
    struct checking c = {.store = store, .options = &options, .err = err};
    bool unsettled = false;
    int rc = store_directory(store, &c.dir, err);

    memset(damage, 0, sizeof(*damage));
    patrol->damage = damage;
    rc = rc != 0 ? rc : check_unsettled(&c, &unsettled);
    rc = rc != 0 ? rc : step(&c, patrol);
    if (rc == 0 && store->fatal) {
        /* The file itself: no row of it can be trusted to be mended. */
        rc = error_set(err, ERR_CORRUPT,
                       "the database file is damaged: put a backup in its "
                       "place and start: the rest comes from the guard");
    }
    if (rc == 0 && damage->kind == STORE_DAMAGE_DERIVED && unsettled) {
        memset(damage, 0, sizeof(*damage)); /* integration is not through */
    }
    if (rc == 0 && damage->kind != STORE_DAMAGE_NONE) {
        rc = after_finding(&c, patrol);
    }
    patrol->damage = NULL;
    *ended = patrol->phase == PATROL_DONE;
    if (rc == 0 && *ended && !patrol->primary &&
        damage->kind == STORE_DAMAGE_NONE) {
        *damage = patrol->derived;
    }
    return rc;
}
