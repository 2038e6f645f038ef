/* tests/sim: a disk is copied and both machines run, with the same keys; both
 * offices record. Owns the second machine (world.machines[TWIN]) from its first
 * start until a person stops one of the two. That their guard notices is
 * demanded here; what becomes of the logs is judge.c's. Next: cure.c. */
#include "tests/sim/chaos_kinds.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/cure.h"
#include "tests/sim/image.h"
#include "tests/sim/net.h"
#include "tests/sim/promise.h"
#include "tests/sim/realm.h"

#define MINUTE_MS UINT64_C(60000)
#define DISK_MORE 90u /* a disk that is no node's */

enum step {
    STEP_IMAGE,
    STEP_BOTH, /* the image starts beside the living machine */
    STEP_ONE,  /* a person stops one of them */
    STEP_CRASH
};

static struct machine *twin_now(void)
{
    struct machine *twin = &world.machines[TWIN];

    return twin->enrolled ? twin : NULL;
}

/* Both offices work, on lines that break now and then. */
static void labour_plan(uint32_t who, uint64_t from_ms, uint64_t until_ms)
{
    const uint32_t both[] = {who, TWIN};

    for (uint32_t i = dice_below(&world.dice, 16); i > 0; i--) {
        uint32_t one = both[dice_below(&world.dice, 2)];
        uint64_t at_ms = dice_from_to(&world.dice, from_ms, until_ms);

        if (dice_hit(&world.dice, 700)) {
            world_plan(at_ms, PLAN_WORK, one, 0, NULL);
        } else {
            world_plan(at_ms, PLAN_TROUBLE, TWIN, CHAOS_STORY_CLONE(STEP_CRASH),
                       NULL);
        }
    }
}

void clone_plan(uint64_t until_ms)
{
    uint32_t who = 1 + dice_below(&world.dice, MACHINES - 1);
    uint64_t image_ms = dice_from_to(&world.dice, world.now_ms, until_ms - 1);
    uint64_t both_ms = dice_hit(&world.dice, 500)
                           ? image_ms
                           : dice_from_to(&world.dice, image_ms, until_ms - 1);
    uint64_t one_ms = both_ms + dice_from_to(&world.dice, 1, 60) * MINUTE_MS;

    while (!world.machines[who].enrolled) {
        who = 1 + who % (MACHINES - 1);
    }
    world_plan(image_ms, PLAN_TROUBLE, who, CHAOS_STORY_CLONE(STEP_IMAGE),
               NULL);
    world_plan(both_ms, PLAN_TROUBLE, who, CHAOS_STORY_CLONE(STEP_BOTH), NULL);
    labour_plan(who, both_ms, one_ms);
    world_plan(one_ms, PLAN_TROUBLE, who, CHAOS_STORY_CLONE(STEP_ONE), NULL);
}

static void both_start(struct machine *machine)
{
    struct machine *twin = &world.machines[TWIN];

    if (twin->enrolled || machine->lost || machine->images[0] == NULL) {
        return;
    }
    if (twin->disk == 0) {
        twin->disk = DISK_MORE;
    }
    if (!realm_twin(twin, machine) ||
        !image_put(machine, dice_below(&world.dice, IMAGES), twin)) {
        world_fail("no second machine for node %u", machine->node);
        return;
    }
    twin->copy = ++machine->copies % COPIES;
    twin->rolled_back = true;
    machine->cloned = true;
    net.lines[TWIN] = net.lines[machine_index(machine)];
    for (size_t i = 0; i < promises.logs_len; i++) {
        promises.logs[i].by[TWIN] = 0;
        promises.logs[i].by_s[TWIN] = 0;
    }
    promise_cloned(machine);
    world.clones++;
    world_trace("%u runs twice", machine->node);
    machine_start(twin);
}

/* The second machine is the office's from now on. */
static void places_change(struct machine *machine, struct machine *twin)
{
    struct machine kept = *machine;

    machine_stop(machine);
    memcpy(machine->dir, twin->dir, sizeof(machine->dir));
    memcpy(twin->dir, kept.dir, sizeof(twin->dir));
    machine->disk = twin->disk;
    twin->disk = kept.disk;
    machine->config = twin->config;
    machine->copy = twin->copy;
    machine->rolled_back = true;
    machine->clerkless = twin->clerkless;
    machine->lost = false;
    for (size_t i = 0; i < promises.logs_len; i++) {
        struct promise_log *log = &promises.logs[i];

        log->by[machine_index(machine)] = log->by[TWIN];
        log->by_s[machine_index(machine)] = log->by_s[TWIN];
    }
}

/* A person stops one of the two, for good. */
static void one_stops(void)
{
    struct machine *twin = twin_now();
    struct machine *machine = twin == NULL ? NULL : machine_of(twin->node);

    if (twin == NULL) {
        return;
    }
    machine_stop(twin);
    if (machine->cloned && (machine->lost || dice_hit(&world.dice, 500))) {
        places_change(machine, twin);
    }
    twin->enrolled = false;
    twin->lost = true;
    disk_wipe(twin->disk);
    world_trace("one of the two machines of %u is stopped, disk %u goes on",
                machine->node, machine->disk);
    promise_copy_gone(machine);
    if (!machine_is_on(machine) && !machine->lost && !world.failed) {
        machine_start(machine);
    }
    world_plan(world.now_ms + dice_from_to(&world.dice, 1, 30) * MINUTE_MS,
               PLAN_TROUBLE, machine_index(machine), CHAOS_CURE, NULL);
}

void clone_do(uint32_t step, struct machine *machine)
{
    switch ((enum step)step) {
    case STEP_IMAGE:
        if (machine_is_on(machine)) {
            image_take(machine);
        }
        break;
    case STEP_BOTH:
        both_start(machine);
        break;
    case STEP_ONE:
        /* Nobody has looked, in some: the guard must have, see below. */
        if (dice_hit(&world.dice, 600)) {
            one_stops();
        }
        break;
    case STEP_CRASH:
        if (dice_hit(&world.dice, 300) && machine_is_on(machine)) {
            machine_kill(machine, dice_hit(&world.dice, 500));
            world_plan(world.now_ms + 5000, PLAN_START, TWIN, 0, NULL);
        } else {
            net_break(machine);
        }
        break;
    }
}

/* On quiet lines, with both at work: has their guard stopped their logs? */
static void guard_must_notice(struct machine *twin, struct machine *machine)
{
    uint64_t until_ms = world.now_ms + 30 * MINUTE_MS;

    for (uint64_t at_ms = world.now_ms; at_ms < until_ms;
         at_ms += 4 * MINUTE_MS) {
        world_plan(at_ms, PLAN_WORK, TWIN, 0, NULL);
        world_plan(at_ms, PLAN_WORK, machine_index(machine), 0, NULL);
    }
    world_run(until_ms);
    if (!world.failed && machine->cloned && machine_is_on(machine) &&
        machine_is_on(twin) && machine_is_on(machine_of(machine->parent)) &&
        !cure_noticed(machine)) {
        world_fail("two machines speak for %u, and %u has not noticed",
                   machine->node, machine->parent);
    }
}

void clone_end(void)
{
    struct machine *twin = twin_now();

    if (twin == NULL || world.failed) {
        return;
    }
    net.lines[TWIN] = (struct line){.delay_ms = 5};
    disk_cut_after(twin->disk, 0, false, NULL);
    if (!machine_is_on(twin)) {
        machine_start(twin);
    }
    guard_must_notice(twin, machine_of(twin->node));
    if (!world.failed) {
        one_stops();
    }
}
