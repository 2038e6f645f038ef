/* tests/sim: the world. Owns time: the heap of what will happen, and the turns
 * of the machines, which are those of node/loop.c without the poll. It never
 * looks into a store. Next: net.c. */
#include "tests/sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/peers.h"
#include "tests/sim/chaos.h"
#include "tests/sim/net.h"
#include "tests/sim/promise.h"
#include "tests/sim/work.h"

#define FRAMES_A_TURN 16u /* as node/loop.c */
#define SUPERVISOR_MS 5000u
#define TURNS_MAX (MACHINES * 150000u) /* of a run; some 5,000 are usual */

struct world world;

void world_trace(const char *fmt, ...)
{
    va_list args;

    if (!world.trace) {
        return;
    }
    printf("%10.3f ", (double)(world.now_ms % 1000000000u) / 1000.0);
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    printf("\n");
    (void)fflush(stdout);
}

void world_fail(const char *fmt, ...)
{
    va_list args;

    if (world.failed) {
        return;
    }
    world.failed = true;
    va_start(args, fmt);
    (void)vsnprintf(world.failure, sizeof(world.failure), fmt, args);
    va_end(args);
    world_trace("VIOLATION %s", world.failure);
}

/* ---- the heap ---- */

static bool is_earlier(const struct plan *a, const struct plan *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void plans_swap(size_t a, size_t b)
{
    struct plan kept = world.plans[a];

    world.plans[a] = world.plans[b];
    world.plans[b] = kept;
}

void world_plan(uint64_t at_ms, enum plan_kind kind, uint32_t machine,
                uint64_t number, void *data)
{
    size_t at = world.plans_len;

    if (world.plans_len == world.plans_room) {
        world.plans_room = world.plans_room * 2 + 256;
        world.plans =
            realloc(world.plans, world.plans_room * sizeof(*world.plans));
        assert(world.plans != NULL);
    }
    world.plans[world.plans_len++] =
        (struct plan){.at_ms = at_ms < world.now_ms ? world.now_ms : at_ms,
                      .order = world.planned++,
                      .kind = kind,
                      .machine = machine,
                      .number = number,
                      .data = data};
    while (at > 0 && is_earlier(&world.plans[at], &world.plans[(at - 1) / 2])) {
        plans_swap(at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static struct plan plan_take(void)
{
    struct plan first = world.plans[0];
    size_t at = 0;

    world.plans[0] = world.plans[--world.plans_len];
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
            if (child < world.plans_len &&
                is_earlier(&world.plans[child], &world.plans[least])) {
                least = child;
            }
        }
        if (least == at) {
            return first;
        }
        plans_swap(at, least);
        at = least;
    }
}

void world_wake(struct machine *machine, uint64_t at_ms)
{
    if (machine_is_on(machine) && at_ms < machine->wake_ms) {
        machine->wake_ms = at_ms;
        world_plan(at_ms, PLAN_TURN, machine_index(machine), at_ms, NULL);
    }
}

/* ---- machines ---- */

struct machine *machine_of(uint32_t node)
{
    for (size_t i = 0; i < MACHINES; i++) {
        if (world.machines[i].node == node) {
            return &world.machines[i];
        }
    }
    return NULL;
}

uint32_t machine_index(const struct machine *machine)
{
    return (uint32_t)(machine - world.machines);
}

bool machine_is_on(const struct machine *machine)
{
    return machine->engine != NULL;
}

bool machine_is_above(const struct machine *above,
                      const struct machine *machine)
{
    while (machine->parent != 0) {
        machine = machine_of(machine->parent);
        if (machine == above) {
            return true;
        }
    }
    return false;
}

void machine_start(struct machine *machine)
{
    struct error err = {0};
    char bound[CONFIG_TEXT_SIZE];
    int rc;

    assert(!machine_is_on(machine));
    world.current = machine;
    disk_start(machine->disk);
    machine->started_ms = world.now_ms;
    machine->session[0] = '\0';
    machine->restarts++;
    rc = engine_open(&machine->config, &machine->engine, &err);
    if (rc == 0) {
        rc = transport_open(engine_gate(machine->engine), &machine->transport,
                            &err);
    }
    if (rc == 0) {
        engine_attach(machine->engine, machine->transport, NULL, NULL, NULL);
    }
    if (rc == 0 && machine->config.listen[0] != '\0') {
        rc = transport_listen(machine->transport, machine->config.listen,
                              engine_curve(machine->engine), bound,
                              sizeof(bound), &err);
    }
    if (rc != 0) {
        world_fail("node %u does not start: %s", machine->node, err.text);
        return;
    }
    world_trace("%u starts", machine->node);
    machine->wake_ms = NEVER;
    world_wake(machine, world.now_ms + 1);
    world.current = NULL;
    promise_started(machine);
}

static void machine_end(struct machine *machine)
{
    world.current = machine;
    engine_close(machine->engine);
    machine->engine = NULL;
    net_gone(machine);
    transport_close(machine->transport);
    machine->transport = NULL;
    machine->wake_ms = NEVER;
    world.current = NULL;
}

void machine_stop(struct machine *machine)
{
    if (machine_is_on(machine)) {
        world_trace("%u stops", machine->node);
        machine_end(machine);
    }
}

void machine_kill(struct machine *machine, bool power)
{
    if (machine_is_on(machine)) {
        world_trace("%u %s", machine->node,
                    power ? "loses power" : "is killed");
        world.crashes++;
        disk_cut(machine->disk, power, &world.dice);
        machine_end(machine);
    }
    disk_start(machine->disk);
}

/* Again after a while, as the supervisor does. */
static void machine_later(struct machine *machine)
{
    uint64_t wait_ms =
        world.calm ? SUPERVISOR_MS
                   : dice_from_to(&world.dice, 1000,
                                  dice_hit(&world.dice, 100) ? 3600000 : 20000);

    world_plan(world.now_ms + wait_ms, PLAN_START, machine_index(machine), 0,
               NULL);
}

void machine_enter(struct machine *machine)
{
    world.current = machine;
    arena_reset(&world.arena);
}

/* The power went in the middle, or the program gave up. */
static bool machine_survives(struct machine *machine)
{
    if (disk_is_cut(machine->disk)) {
        world_trace("%u dies", machine->node);
        world.crashes++;
        machine_end(machine);
        disk_start(machine->disk);
        machine_later(machine);
        return false;
    }
    if (engine_fatal(machine->engine) != 0) {
        promise_fatal(machine, engine_fatal(machine->engine));
        machine_end(machine);
        machine_later(machine);
        return false;
    }
    return true;
}

bool machine_leave(struct machine *machine)
{
    struct error err = {0};
    bool committed = engine_commit(machine->engine, &err) == 0;

    if (!committed) {
        world_trace("%u commit failed: %s", machine->node, err.text);
    }
    world_wake(machine, world.now_ms + 1);
    world.current = NULL;
    return machine_survives(machine) && committed;
}

/* As node/loop.c: read, work, commit, send. */
static void machine_turn(struct machine *machine)
{
    struct transport_event event;
    struct error err = {0};
    unsigned read = 0;
    bool more;

    if (++world.turns > TURNS_MAX) {
        world_fail("%u never sleeps: %u turns", machine->node, TURNS_MAX);
        return;
    }
    machine_enter(machine);
    machine->wake_ms = NEVER;
    while (read < FRAMES_A_TURN &&
           transport_read(machine->transport, &event, &err) == 1) {
        peers_read(machine->engine, &event);
        read++;
    }
    more = engine_work(machine->engine) || read == FRAMES_A_TURN;
    if (engine_commit(machine->engine, &err) != 0) {
        more = false;
    }
    if (read == 0 && !more) {
        engine_idle(machine->engine);
    } else {
        engine_tidy(machine->engine);
    }
    if (machine_survives(machine)) {
        uint64_t wait_ms = more ? 1 : engine_sleep_ms(machine->engine);

        world_wake(machine, world.now_ms + (wait_ms == 0 ? 1 : wait_ms));
    }
    world.current = NULL;
}

/* ---- what happens ---- */

static void happen(struct plan *plan)
{
    struct machine *machine = &world.machines[plan->machine];

    switch (plan->kind) {
    case PLAN_TURN:
        if (machine_is_on(machine) && machine->wake_ms == plan->number) {
            machine_turn(machine);
        }
        break;
    case PLAN_START:
        if (!machine_is_on(machine) && !machine->lost) {
            machine_start(machine);
        }
        break;
    case PLAN_PACKET:
        net_packet(plan);
        break;
    case PLAN_OPENED:
        net_opened(plan);
        break;
    case PLAN_CLOSED:
        net_closed(plan);
        break;
    case PLAN_WORK:
        work_do(machine);
        break;
    case PLAN_TROUBLE:
        chaos_do(plan);
        break;
    }
}

void world_run(uint64_t until_ms)
{
    while (!world.failed && world.plans_len > 0 &&
           world.plans[0].at_ms <= until_ms) {
        struct plan plan = plan_take();

        world.now_ms = plan.at_ms;
        happen(&plan);
    }
    if (!world.failed) {
        world.now_ms = until_ms;
    }
}
