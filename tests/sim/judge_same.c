/* tests/sim: sameness. Compares records and cells between the nodes that hold
 * the same events, and each node with what it would derive anew. */
#include "tests/sim/judge_same.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/duty/snapshot.h"
#include "protocol/event/facts.h"
#include "protocol/record/fold.h"
#include "protocol/record/shape.h"
#include "store/check.h"
#include "store/query.h"
#include "tests/sim/promise.h"
#include "tests/sim/realm.h"
#include "tests/sim/work.h"

/* ---- records ---- */

static bool record_of(struct machine *machine, const struct event_id *subject,
                      struct store_record *out)
{
    struct error err = {0};

    return store_record_find(engine_store(machine->engine), subject,
                             &world.arena, out, &err) == 0;
}

/* Is that machine's office a party of the record? "2111;2121" */
struct party_walk {
    uint32_t unit;
    bool found;
};

static int party_visit(void *ctx, const char *path, struct span value,
                       struct error *err)
{
    struct party_walk *walk = ctx;
    uint32_t unit = 0;

    (void)err;
    for (size_t i = 0; strncmp(path, "parties", 7) == 0 && i <= value.len;
         i++) {
        if (i < value.len && value.ptr[i] != ';') {
            unit = unit * 10 + (uint32_t)(value.ptr[i] - '0');
            continue;
        }
        walk->found = walk->found || unit == walk->unit;
        unit = 0;
    }
    return 0;
}

/* Who holds every event of it: parties, by deliveries, and nodes above all
 * that recorded some. */
static bool is_party(const struct work_case *one, const struct machine *machine,
                     const struct store_record *top)
{
    struct party_walk walk = {.unit = UNIT_OF(machine->node)};
    struct error ignored = {0};
    bool above = machine_is_above(machine, machine_of(one->opened_at));

    if (!machine->enrolled || machine->node == one->opened_at) {
        return machine->enrolled;
    }
    for (size_t i = 0; i < one->hands_len; i++) {
        const struct machine *hand = machine_of(one->hands[i]);

        above = above && (machine == hand || machine_is_above(machine, hand));
    }
    return above || (top != NULL &&
                     facts_visit_as(record_shape(RECORD_PETITION), top->bytes,
                                    party_visit, &walk, &ignored) == 0 &&
                     walk.found);
}

static void bytes_trace(const struct machine *machine,
                        const struct store_record *record)
{
    static char text[65536];

    if (record->bytes.len < sizeof(text) / 2) {
        hex_encode(record->bytes, text);
        world_trace("at %u: %s", machine->node, text);
    }
}

static void records_same(void)
{
    const struct work_case *cases;
    size_t len;

    cases = work_cases(&len);
    for (size_t i = 0; i < len && !world.failed; i++) {
        struct store_record top;
        char id[33];
        bool at_top;

        arena_reset(&world.arena);
        at_top = record_of(&world.machines[0], &cases[i].subject, &top);
        if (!at_top && promise_is_owed(&cases[i].subject)) {
            hex_encode(SPAN_OF(cases[i].subject), id);
            world_fail("petition %s was recorded and does not count", id);
        }
        for (size_t j = 1; j < MACHINES && !world.failed; j++) {
            struct machine *machine = &world.machines[j];
            struct store_record own = {.kind = 0};

            if (!is_party(&cases[i], machine, at_top ? &top : NULL)) {
                continue;
            }
            if ((record_of(machine, &cases[i].subject, &own) != at_top ||
                 (at_top && !span_equal(own.bytes, top.bytes))) &&
                promise_is_whole(&cases[i].subject)) {
                hex_encode(SPAN_OF(cases[i].subject), id);
                bytes_trace(machine, &own);
                bytes_trace(&world.machines[0], &top);
                world_fail("record %s is not the same at %u and at 1", id,
                           machine->node);
            }
        }
    }
}

/* What nobody signed is held, and counts nowhere. */
static void forgeries_shown(void)
{
    size_t len;
    const struct event_id *forged = work_forgeries(&len);

    for (size_t i = 0; i < len; i++) {
        for (size_t j = 0; j < MACHINES; j++) {
            struct machine *machine = &world.machines[j];
            struct store_event event;
            struct error err = {0};

            arena_reset(&world.arena);
            if (machine->enrolled &&
                store_event_find(engine_store(machine->engine), &forged[i],
                                 &world.arena, &event, &err) == 0 &&
                (event.signature_ok || event.standing == 0)) {
                world_fail("%u counts an event that nobody signed (signature "
                           "%s, standing %u)",
                           machine->node, event.signature_ok ? "good" : "bad",
                           event.standing);
            }
        }
    }
}

/* ---- cells ---- */

/* All machines look at the same moment, each by its own clock. */
static struct store_now moment(struct machine *machine)
{
    machine_enter(machine);
    return engine_store_now(machine->engine);
}

static void settle(struct machine *machine, struct store_now now)
{
    struct store_integrated done = {.more = true};
    struct error err = {0};
    int rc = engine_write(machine->engine, &err);

    while (rc == 0 && done.more) {
        rc = store_settle(engine_store(machine->engine), now, 0, &done, &err);
    }
    if (rc != 0) {
        world_fail("%u does not settle: %s", machine->node, err.text);
    }
    (void)machine_leave(machine);
}

#define ROW_UNIT 4u /* offset of the unit in a snapshot row, big-endian */

static uint32_t row_unit(const uint8_t *row)
{
    return (uint32_t)row[ROW_UNIT] << 24 | (uint32_t)row[ROW_UNIT + 1] << 16 |
           (uint32_t)row[ROW_UNIT + 2] << 8 | row[ROW_UNIT + 3];
}

/* An event of its that no disk holds any more may count at one level and not
 * at the other, as records_same allows: so may its unit's cells (seed 3843). */
static bool unit_is_whole(const uint8_t *row)
{
    uint32_t node = row_unit(row) - UNIT_OF(0);
    const struct work_case *cases;
    size_t len;

    cases = work_cases(&len);
    for (size_t i = 0; i < len; i++) {
        bool has = cases[i].opened_at == node;

        for (size_t j = 0; j < cases[i].hands_len && !has; j++) {
            has = cases[i].hands[j] == node;
        }
        if (has && !promise_is_whole(&cases[i].subject)) {
            return false;
        }
    }
    return true;
}

static bool row_counts(const struct machine *machine, const uint8_t *row)
{
    const struct machine *owner = machine_of(row_unit(row) - UNIT_OF(0));

    return owner != NULL && owner->enrolled &&
           (owner == machine || machine_is_above(machine, owner)) &&
           unit_is_whole(row);
}

struct snapshot {
    uint8_t *rows;
    size_t len;
};

static struct snapshot snapshot_of(struct machine *machine,
                                   struct store_now now)
{
    struct snapshot out = {NULL, 0};
    struct hash hash;
    struct error err = {0};

    if (store_snapshot(engine_store(machine->engine), now, NULL, &out.rows,
                       &out.len, &hash, &err) != 0) {
        world_fail("%u has no snapshot: %s", machine->node, err.text);
    }
    return out;
}

/* The rows of the machine's own subtree are those of the top node. */
static void rows_same(struct machine *machine, const struct snapshot *own,
                      const struct snapshot *top)
{
    size_t at = 0;

    for (size_t i = 0; i < own->len; i++) {
        const uint8_t *row = own->rows + i * SNAPSHOT_ROW_SIZE;
        char mine[2 * SNAPSHOT_ROW_SIZE + 1];
        char theirs[2 * SNAPSHOT_ROW_SIZE + 1] = "none";

        if (!row_counts(machine, row)) {
            continue;
        }
        while (at < top->len &&
               !row_counts(machine, top->rows + at * SNAPSHOT_ROW_SIZE)) {
            at++;
        }
        if (at < top->len && memcmp(row, top->rows + at * SNAPSHOT_ROW_SIZE,
                                    SNAPSHOT_ROW_SIZE) == 0) {
            at++;
            continue;
        }
        hex_encode(span_make(row, SNAPSHOT_ROW_SIZE), mine);
        if (at < top->len) {
            hex_encode(span_make(top->rows + at * SNAPSHOT_ROW_SIZE,
                                 SNAPSHOT_ROW_SIZE),
                       theirs);
        }
        world_fail("a cell of unit %u is %s at %u and %s at 1", row_unit(row),
                   mine, machine->node, theirs);
        return;
    }
}

static void cells_same(struct store_now now)
{
    struct snapshot top = snapshot_of(&world.machines[0], now);

    for (size_t i = 1; i < MACHINES && !world.failed; i++) {
        if (world.machines[i].enrolled) {
            struct snapshot own = snapshot_of(&world.machines[i], now);

            rows_same(&world.machines[i], &own, &top);
            free(own.rows);
        }
    }
    free(top.rows);
}

/* ---- derived anew ---- */

struct dump {
    char *text;
    size_t len, room;
};

static void dump_line(void *data, const char *text)
{
    struct dump *dump = data;
    size_t len = strlen(text);

    if (dump->len + len + 2 > dump->room) {
        dump->room = (dump->len + len + 2) * 2;
        dump->text = realloc(dump->text, dump->room);
    }
    memcpy(dump->text + dump->len, text, len);
    dump->text[dump->len + len] = '\n';
    dump->len += len + 1;
}

static struct dump dump_of(struct machine *machine)
{
    struct dump dump = {NULL, 0, 0};
    struct error err = {0};

    if (store_dump(engine_store(machine->engine), dump_line, &dump, &err) !=
        0) {
        world_fail("%u does not dump: %s", machine->node, err.text);
    }
    return dump;
}

/* "the private body of event 365321da... is not held ..." of an event whose
 * body no disk holds any more that should. */
static bool is_known_lost(const struct store_finding *found)
{
    static const char before[] = "the private body of event ";
    uint8_t id[4];
    struct error ignored = {0};

    return strcmp(found->what, "absent") == 0 &&
           strncmp(found->text, before, sizeof(before) - 1) == 0 &&
           hex_decode(span_make(found->text + sizeof(before) - 1, 8), id,
                      sizeof(id), &ignored) == 0 &&
           promise_is_bare(id);
}

static int finding(void *data, const struct store_finding *found)
{
    struct machine *machine = data;

    if (is_known_lost(found)) {
        return 0;
    }
    world_fail("check of %u: %s: %s", machine->node, found->what, found->text);
    return 1;
}

static void machine_sound(struct machine *machine, struct store_now now)
{
    struct store_check_options options = {
        .now = now, .visit = finding, .data = machine};
    struct store_rebuild_options rebuild = {.now = now, .no_search = true};
    struct store_integrated done = {0};
    struct dump before = {NULL, 0, 0};
    struct dump after = {NULL, 0, 0};
    uint64_t findings = 0;
    struct error err = {0};

    world.current = machine;
    if (store_check(engine_store(machine->engine), &options, &findings, &err) !=
        0) {
        world_fail("%u cannot be checked: %s", machine->node, err.text);
    }
    before = dump_of(machine);
    if (!world.failed && store_rebuild(engine_store(machine->engine), &rebuild,
                                       &done, &err) != 0) {
        world_fail("%u cannot be rebuilt: %s", machine->node, err.text);
    }
    after = dump_of(machine);
    if (before.len != after.len ||
        (before.len > 0 && memcmp(before.text, after.text, before.len) != 0)) {
        world_fail("a rebuild of %u gives other records or cells",
                   machine->node);
    }
    free(before.text);
    free(after.text);
    world.current = NULL;
}

void judge_same(void)
{
    struct store_now now = moment(&world.machines[0]);
    struct machine *any = &world.machines[dice_below(&world.dice, MACHINES)];

    for (size_t i = 0; i < MACHINES && !world.failed; i++) {
        if (world.machines[i].enrolled) {
            world.current = &world.machines[i];
            settle(&world.machines[i], now);
        }
    }
    if (!world.failed) {
        records_same();
    }
    if (!world.failed) {
        forgeries_shown();
    }
    if (!world.failed) {
        cells_same(now);
    }
    if (!world.failed && any->enrolled) {
        machine_sound(any, now);
    }
}
