/* tests/sim: the verdict. Owns no state; reads the stores of all machines when
 * the world has come to rest. Next: main.c. */
#include "tests/sim/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/hex.h"
#include "store/delivery.h"
#include "store/log.h"
#include "store/spool.h"
#include "tests/sim/cure.h"
#include "tests/sim/holdings.h"
#include "tests/sim/judge_evidence.h"
#include "tests/sim/judge_same.h"
#include "tests/sim/promise.h"

#define STEP_MS UINT64_C(180000)
/* 25 hours since a person last acted: for a day a district that lost its disk
 * waits for a commune that is off (node/recover.c, BELOW_LATEST_MS), and keeps
 * bodies to itself. */
#define STEPS_MAX 500u
#define CURES_MAX 8u
#define CURE_STEPS 10u /* somebody looks every half hour */

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

struct held_visit {
    struct machine *machine;
    bool waits;
};

/* A superior ended it, and its node goes on in another epoch. */
static bool is_closed(struct machine *machine, const struct store_log *log)
{
    const struct directory *dir = engine_directory(machine->engine);

    return directory_epoch_now(dir, log->node, log->is_dir) > log->epoch;
}

/* A log of a machine that takes part: has its superior all of it? */
static int log_visit(void *data, const struct store_log *log)
{
    struct held_visit *visit = data;
    struct machine *origin = machine_of(log->node);
    struct machine *above =
        visit->machine->parent == 0 ? NULL : machine_of(visit->machine->parent);
    struct store_log held;
    struct error err = {0};

    if (origin == NULL || !origin->enrolled || !log->mirrored ||
        log->head.size == 0) {
        return 0;
    }
    if (origin->former == visit->machine->node) {
        return 0; /* it has moved, and others answer for its log */
    }
    if (is_closed(visit->machine, log)) {
        return 0; /* whoever holds less of it has said so: EpochClosed */
    }
    if (log->frozen[0] != '\0') {
        visit->waits = waits("%u has frozen %s: %s", visit->machine->node,
                             log->origin, log->frozen);
    } else if (log->integrated != log->head.size ||
               log->bracketed != log->cosigs) {
        visit->waits = waits("%u has not integrated all of %s",
                             visit->machine->node, log->origin);
    } else if (origin->parent != 0 && log->guarded != log->head.size) {
        visit->waits =
            waits("%u has %s of %llu, guarded %llu", visit->machine->node,
                  log->origin, (unsigned long long)log->head.size,
                  (unsigned long long)log->guarded);
    } else if (above != NULL) {
        if (store_log_find(engine_store(above->engine), span_str(log->origin),
                           &held, &err) != 0) {
            memset(&held, 0, sizeof(held));
        }
        if (held.head.size != log->head.size || held.cosigs != log->cosigs) {
            visit->waits = waits(
                "%u and %u differ about %s: size %llu and %llu, cosignatures "
                "%llu and %llu",
                visit->machine->node, above->node, log->origin,
                (unsigned long long)log->head.size,
                (unsigned long long)held.head.size,
                (unsigned long long)log->cosigs,
                (unsigned long long)held.cosigs);
        }
    }
    return visit->waits ? 1 : 0;
}

static bool deliveries_wait(struct machine *machine)
{
    struct machine *parent = machine_of(machine->parent);
    struct error ignored = {0};
    uint64_t acked = 0;
    uint64_t newest = 0;

    if (parent != NULL &&
        store_delivery_acked(engine_store(parent->engine), machine->node,
                             &acked, &newest, &ignored) == 0 &&
        acked != newest) {
        struct store_delivery next;
        size_t len = 0;

        arena_reset(&world.arena);
        (void)!store_delivery_list(engine_store(parent->engine), machine->node,
                                   acked, 1, &world.arena, &next, 1, &len,
                                   &ignored);
        return waits("deliveries to %u: %llu of %llu taken, the next %s",
                     machine->node, (unsigned long long)acked,
                     (unsigned long long)newest,
                     len > 0 ? "is ready" : "waits for a cosignature");
    }
    return false;
}

static bool machine_waits(struct machine *machine)
{
    struct held_visit visit = {.machine = machine};
    struct error err = {0};
    bool spooled = true;

    if (!machine_is_on(machine)) {
        return waits("%u is off", machine->node);
    }
    if (engine_directory(machine->engine)->top == 0) {
        return waits("%u has not joined", machine->node);
    }
    if (store_spool_any(engine_store(machine->engine), &spooled, &err) != 0 ||
        spooled) {
        return waits("the spool of %u is not empty", machine->node);
    }
    return store_log_each(engine_store(machine->engine), log_visit, &visit,
                          &err) != 0 ||
           deliveries_wait(machine);
}

void judge_settle(void)
{
    unsigned cures = 0;

    for (unsigned i = 0; i < STEPS_MAX && !world.failed; i++) {
        bool wait = false;

        world_run(world.now_ms + STEP_MS);
        if (i % CURE_STEPS == CURE_STEPS - 1 && cure_try()) {
            i = ++cures < CURES_MAX ? 0 : i;
            continue;
        }
        for (size_t j = 0; j < MACHINES && !wait && !world.failed; j++) {
            wait =
                world.machines[j].enrolled && machine_waits(&world.machines[j]);
        }
        if (!wait) {
            return;
        }
    }
    if (!world.failed) {
        world_fail("stuck for 25 hours: %s", waiting);
    }
}

/* ---- promises ---- */

/* Cosigned leaves and promised events of those below, or of itself. */
static void machine_owes(struct machine *machine)
{
    struct holdings held = {0};

    holdings_add(&held, machine, false);
    holdings_sort(&held);
    for (size_t i = 0; i < promises.logs_len; i++) {
        const struct promise_log *log = &promises.logs[i];
        struct machine *origin = machine_of(log->origin.node);

        if (!origin->enrolled ||
            (origin != machine && !machine_is_above(machine, origin))) {
            continue;
        }
        for (uint64_t j = 0; j < log->cosigned; j++) {
            if (!log->excused[j] && !holdings_has(&held, &log->leaves[j])) {
                world_fail("cosigned leaf %llu of node %u is lost at %u",
                           (unsigned long long)j, origin->node, machine->node);
                break;
            }
        }
    }
    for (size_t i = 0; i < promises.events_len; i++) {
        const struct promise_event *event = &promises.events[i];
        struct machine *origin = machine_of(event->node);
        char id[33];

        if (event->excused ||
            (origin != machine && !machine_is_above(machine, origin))) {
            continue;
        }
        if (!holdings_has(&held, &event->leaf)) {
            hex_encode(SPAN_OF(event->id), id);
            world_fail("%u told a person that %s is recorded; %u does not have "
                       "it",
                       event->node, id, machine->node);
            break;
        }
        if (!event->bare && !holdings_has_whole(&held, &event->leaf) &&
            (origin == machine ||
             (origin->parent == machine->node && origin->former == 0))) {
            hex_encode(SPAN_OF(event->id), id);
            world_fail("the private body of %s is lost at %u", id,
                       machine->node);
            break;
        }
    }
    holdings_free(&held);
}

/* Every head ever signed is a moment of the history that is held. */
static void heads_hold(void)
{
    struct store *store = engine_store(world.machines[0].engine);

    for (size_t i = 0; i < promises.logs_len && !world.failed; i++) {
        const struct promise_log *log = &promises.logs[i];
        char name[ORIGIN_MAX + 1];
        struct buf text = buf_over(name, ORIGIN_MAX);
        struct store_log held;
        struct error err = {0};

        origin_format(span_str("sim"), &log->origin, &text);
        name[text.len] = '\0';
        if (!machine_of(log->origin.node)->enrolled ||
            store_log_find(store, span_str(name), &held, &err) != 0 ||
            is_closed(&world.machines[0], &held)) {
            continue;
        }
        for (size_t j = 0; j < log->heads_len; j++) {
            struct hash root;

            if (log->heads[j].size > held.head.size ||
                store_log_root_at(store, held.id, log->heads[j].size, &root,
                                  &err) != 0 ||
                !hash_equal(&root, &log->heads[j].root)) {
                world_fail("%s once signed another history of size %llu", name,
                           (unsigned long long)log->heads[j].size);
                break;
            }
        }
    }
}

void judge_all(void)
{
    for (size_t i = 0; i < MACHINES && !world.failed; i++) {
        if (world.machines[i].enrolled) {
            machine_owes(&world.machines[i]);
        }
    }
    if (!world.failed) {
        heads_hold();
    }
    if (!world.failed) {
        judge_evidence();
    }
    if (!world.failed) {
        judge_same();
    }
}
