/* tests/sim/reform: the verdict on what is held. Owns no state; reads the
 * stores of all machines when the world has come to rest. Next: figures.c. */
#include "tests/sim/reform/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/peers.h"
#include "protocol/base/hex.h"
#include "protocol/duty/snapshot.h"
#include "protocol/record/directory.h"
#include "store/check.h"
#include "store/delivery.h"
#include "store/log.h"
#include "store/query.h"
#include "store/spool.h"
#include "tests/sim/reform/decree.h"
#include "tests/sim/reform/watch.h"

#define STEP_MS (3 * MINUTE_MS)
#define STEPS_AN_HOUR 20u

/* Why the world is not at rest; "" when it is. */
static char waiting[256];

static bool waits(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static bool waits(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(waiting, sizeof(waiting), fmt, args);
    va_end(args);
    return true;
}

/* ---- rest ---- */

bool judge_is_with_top(const struct machine *machine)
{
    const struct peers *peers = machine->engine->peers;

    for (size_t i = 0; i < peers->len; i++) {
        if (peers->all[i].used && peers->all[i].up) {
            return peers->all[i].node == TOP && !peers->all[i].detour &&
                   peers->all[i].announced;
        }
    }
    return false;
}

static bool own_log(struct machine *at, uint32_t node, bool dir,
                    struct store_log *out)
{
    struct error ignored = {0};

    memset(out, 0, sizeof(*out));
    return store_log_of(engine_store(at->engine), node, dir, out, &ignored) ==
           0;
}

/* Its log is whole, guarded and counted, here and at the province. */
static bool log_waits(struct machine *machine, bool dir)
{
    struct store_log own;
    struct store_log held;

    if (!own_log(machine, machine->node, dir, &own) || own.head.size == 0) {
        return false;
    }
    (void)own_log(tree_top(), machine->node, dir, &held);
    return (own.frozen[0] != '\0' || held.frozen[0] != '\0' ||
            own.guarded != own.head.size || own.integrated != own.head.size ||
            held.head.size != own.head.size || held.guarded != own.guarded ||
            held.integrated != held.head.size || held.cosigs != own.cosigs) &&
           waits("%s has %llu events, guarded %llu, counted %llu; at the "
                 "province %llu, %llu, %llu (%llu and %llu cosignatures) %s%s",
                 own.origin, (unsigned long long)own.head.size,
                 (unsigned long long)own.guarded,
                 (unsigned long long)own.integrated,
                 (unsigned long long)held.head.size,
                 (unsigned long long)held.guarded,
                 (unsigned long long)held.integrated,
                 (unsigned long long)own.cosigs,
                 (unsigned long long)held.cosigs, own.frozen, held.frozen);
}

static bool dir_waits(struct machine *machine)
{
    struct store_log top;
    struct store_log held;

    return own_log(tree_top(), TOP, true, &top) &&
           (!own_log(machine, TOP, true, &held) ||
            held.head.size != top.head.size ||
            held.integrated != top.head.size) &&
           waits("%u has %llu of %llu orders, %llu of them understood",
                 machine->node, (unsigned long long)held.head.size,
                 (unsigned long long)top.head.size,
                 (unsigned long long)held.integrated);
}

static bool deliveries_wait(struct machine *machine)
{
    struct error ignored = {0};
    uint64_t acked = 0;
    uint64_t newest = 0;

    return store_delivery_acked(engine_store(tree_top()->engine), machine->node,
                                &acked, &newest, &ignored) == 0 &&
           acked != newest &&
           waits("deliveries to %u: %llu of %llu taken", machine->node,
                 (unsigned long long)acked, (unsigned long long)newest);
}

static bool machine_waits(struct machine *machine, bool moved)
{
    struct error err = {0};
    bool spooled = true;

    if (!machine_is_on(machine)) {
        return waits("%u is off", machine->node);
    }
    if (store_spool_any(engine_store(machine->engine), &spooled, &err) != 0 ||
        spooled) {
        return waits("the spool of %u is not empty", machine->node);
    }
    if (machine->parent == 0) {
        return false;
    }
    return log_waits(machine, false) || log_waits(machine, true) ||
           dir_waits(machine) ||
           (moved &&
            ((!judge_is_with_top(machine) &&
              waits("%u is not linked to the province", machine->node)) ||
             deliveries_wait(machine)));
}

void judge_settle(unsigned hours, bool moved)
{
    for (unsigned i = 0; i < hours * STEPS_AN_HOUR && !world.failed; i++) {
        bool wait = false;

        world_run(world.now_ms + STEP_MS);
        for (uint32_t m = 0; m < tree_machines() && !wait && !world.failed;
             m++) {
            wait = machine_waits(&world.machines[m], moved);
        }
        if (!wait) {
            return;
        }
    }
    if (!world.failed) {
        world_fail("stuck for %u hours: %s", hours, waiting);
    }
}

/* ---- what was recorded ---- */

static void event_held(struct machine *at, const struct kept *kept)
{
    struct store_event event;
    struct error err = {0};
    struct hash leaf;
    char id[33];

    arena_reset(&world.arena);
    hex_encode(SPAN_OF(kept->id), id);
    if (store_event_find(engine_store(at->engine), &kept->id, &world.arena,
                         &event, &err) != 0) {
        world_fail("event %s of node %u is not held at %u: %s", id,
                   world.machines[kept->machine].node, at->node, err.text);
        return;
    }
    leaf = merkle_leaf(event.leaf);
    if (!hash_equal(&leaf, &kept->leaf)) {
        world_fail("event %s has other bytes at %u", id, at->node);
    } else if (event.log == 0 || !event.signature_ok || event.standing != 0 ||
               event.upper_s == 0) {
        world_fail("event %s of node %u does not count at %u: log %u, "
                   "signature %d, standing %u, bound %lld",
                   id, world.machines[kept->machine].node, at->node, event.log,
                   event.signature_ok, event.standing,
                   (long long)event.upper_s);
    }
}

/* What a superior vouched for is the history that both hold. */
static void vouched_held(struct machine *machine, bool dir)
{
    const struct watched *seen = watch_log(machine, dir);
    struct machine *const at[] = {machine, tree_top()};

    for (size_t i = 0; i < 2 && seen->cosigned.size > 0; i++) {
        struct store_log log;
        struct hash root;
        struct error err = {0};

        if (!own_log(at[i], machine->node, dir, &log) ||
            log.head.size < seen->cosigned.size ||
            store_log_root_at(engine_store(at[i]->engine), log.id,
                              seen->cosigned.size, &root, &err) != 0 ||
            !hash_equal(&root, &seen->cosigned.root)) {
            world_fail("%u events of node %u were cosigned, and %u does not "
                       "hold that history",
                       (unsigned)seen->cosigned.size, machine->node,
                       at[i]->node);
        }
    }
}

void judge_held(const struct facts *facts)
{
    for (size_t i = 0; i < office.kept_len && !world.failed; i++) {
        event_held(&world.machines[office.kept[i].machine], &office.kept[i]);
        event_held(tree_top(), &office.kept[i]);
    }
    for (uint32_t m = 1; m < tree_machines() && !world.failed; m++) {
        vouched_held(&world.machines[m], false);
        vouched_held(&world.machines[m], true);
    }
    for (uint32_t k = 0; k < facts->news_len && !world.failed; k++) {
        struct machine *host = tree_commune(facts->news[k].host);
        struct store_log log;

        if (!judge_is_with_top(host) ||
            !own_log(host, host->node, false, &log) ||
            watch_log(host, false)->by_top != log.head.size) {
            world_fail("the province has not cosigned all of node %u: %llu",
                       host->node,
                       (unsigned long long)watch_log(host, false)->by_top);
        }
    }
}

/* ---- the same at every holder ---- */

static bool record_of(struct machine *machine, const struct event_id *subject,
                      struct store_record *out)
{
    struct error err = {0};

    return store_record_find(engine_store(machine->engine), subject,
                             &world.arena, out, &err) == 0;
}

static void record_same(const struct matter *matter, struct machine *at,
                        const struct store_record *top)
{
    struct store_record own = {.kind = 0};
    char id[33];

    if (!record_of(at, &matter->subject, &own) ||
        !span_equal(own.bytes, top->bytes)) {
        hex_encode(SPAN_OF(matter->subject), id);
        world_fail("record %s (opened by unit %u, course %d, heir %u) is %s at "
                   "node %u",
                   id, matter->unit, (int)matter->course, matter->heir,
                   own.kind == 0 ? "not held" : "another", at->node);
    }
}

static void matter_same(const struct facts *facts, const struct matter *matter)
{
    struct store_record top;

    arena_reset(&world.arena);
    if (!record_of(tree_top(), &matter->subject, &top)) {
        world_fail("a record of unit %u does not count at the province",
                   matter->unit);
        return;
    }
    if (matter->course != COURSE_DIALOGUE && top.holder != matter->heir) {
        world_fail("a petition of unit %u is unit %u's, not unit %u's",
                   matter->unit, top.holder, matter->heir);
        return;
    }
    record_same(matter, &world.machines[matter->machine], &top);
    if (matter->course != COURSE_DIALOGUE && matter->heir != PROVINCE_UNIT &&
        matter->heir != matter->unit) {
        record_same(matter,
                    tree_commune(facts->news[matter->heir - NEW_UNIT(0)].host),
                    &top);
    }
}

/* All machines look at the same moment, each by its own clock. */
static void settle(struct machine *machine, struct store_now now)
{
    struct store_integrated done = {.more = true};
    struct error err = {0};
    int rc;

    machine_enter(machine);
    rc = engine_write(machine->engine, &err);
    while (rc == 0 && done.more) {
        rc = store_settle(engine_store(machine->engine), now, 0, &done, &err);
    }
    if (rc != 0) {
        world_fail("%u does not settle: %s", machine->node, err.text);
    }
    (void)machine_leave(machine);
}

static bool cell_same(const struct duty_cell *a, const struct duty_cell *b)
{
    uint8_t rows[2][SNAPSHOT_ROW_SIZE];

    snapshot_row(a, rows[0]);
    snapshot_row(b, rows[1]);
    return memcmp(rows[0], rows[1], sizeof(rows[0])) == 0 &&
           memcmp(a->counts, b->counts, sizeof(a->counts)) == 0 &&
           a->stated == b->stated && a->contradicted == b->contradicted;
}

#define CELLS_MAX 256u

static void cells_same(struct machine *machine, uint32_t unit)
{
    static struct duty_cell own[CELLS_MAX];
    static struct duty_cell top[CELLS_MAX];
    struct store_cell_filter filter = {.unit = unit};
    size_t own_len = 0;
    size_t top_len = 0;
    struct error err = {0};
    int rc = store_cell_list(engine_store(machine->engine), &filter, own,
                             CELLS_MAX, &own_len, &err);

    rc = rc != 0 ? rc
                 : store_cell_list(engine_store(tree_top()->engine), &filter,
                                   top, CELLS_MAX, &top_len, &err);
    if (rc != 0 || own_len != top_len) {
        world_fail("unit %u has %zu cells at %u and %zu at the province %s",
                   unit, own_len, machine->node, top_len, err.text);
        return;
    }
    for (size_t i = 0; i < own_len; i++) {
        if (!cell_same(&own[i], &top[i])) {
            world_fail("cell %.4s %u/%u of unit %u: %u of %u (verdict %u) at "
                       "%u, %u of %u (%u) at the province",
                       own[i].duty, own[i].month, own[i].year, unit, own[i].n,
                       own[i].d, own[i].verdict, machine->node, top[i].n,
                       top[i].d, top[i].verdict);
            return;
        }
    }
}

static int finding(void *data, const struct store_finding *found)
{
    const struct machine *machine = data;

    world_fail("check of %u: %s: %s", machine->node, found->what, found->text);
    return 1;
}

static void sound(struct machine *machine, struct store_now now)
{
    struct store_check_options options = {
        .now = now, .visit = finding, .data = machine};
    uint64_t findings = 0;
    struct error err = {0};

    machine_enter(machine);
    if (store_check(engine_store(machine->engine), &options, &findings, &err) !=
        0) {
        world_fail("%u cannot be checked: %s", machine->node, err.text);
    }
    world.current = NULL;
}

void judge_same(const struct facts *facts)
{
    struct store_now now;

    machine_enter(tree_top());
    now = engine_store_now(tree_top()->engine);
    world.current = NULL;
    for (size_t m = 0; m < office.matters_len && !world.failed; m++) {
        matter_same(facts, &office.matters[m]);
    }
    for (uint32_t m = 0; m < tree_machines() && !world.failed; m++) {
        settle(&world.machines[m], now);
    }
    for (uint32_t m = 1; m < tree_machines() && !world.failed; m++) {
        cells_same(&world.machines[m], tree_unit(&world.machines[m]));
    }
    for (uint32_t k = 0; k < facts->news_len && !world.failed; k++) {
        if (!facts->news[k].stays) {
            cells_same(tree_commune(facts->news[k].host), NEW_UNIT(k));
        }
    }
    for (uint32_t m = 0; m < tree_machines() && !world.failed; m++) {
        sound(&world.machines[m], now);
    }
}
