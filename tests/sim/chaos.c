/* tests/sim: what goes wrong. Owns the plan of troubles of a run; it acts on
 * machines, disks and lines from outside, as the world does. Next: judge.c. */
#include "tests/sim/chaos.h"

#include <string.h>

#include "tests/sim/chaos_kinds.h"
#include "tests/sim/cure.h"
#include "tests/sim/image.h"
#include "tests/sim/net.h"
#include "tests/sim/promise.h"

enum trouble {
    TROUBLE_BREAK,
    TROUBLE_SPLIT,
    TROUBLE_LINES, /* other speeds and delays */
    TROUBLE_CRASH, /* in the middle of some later write */
    TROUBLE_KILL,  /* between two turns */
    TROUBLE_FULL,  /* no room on the disk, for a while */
    TROUBLE_ERROR, /* one write or sync fails */
    TROUBLE_CLOCK, /* a clock jumps by hours */
    TROUBLES_ALONE,
    /* Planned in stories, see below. */
    TROUBLE_IMAGE = TROUBLES_ALONE, /* a backup is taken */
    TROUBLE_BACK,                   /* ... and takes the place of the disk */
    TROUBLE_BACK_SOON, /* the newest one, started and used within seconds */
    TROUBLE_ROOM,      /* the disk has room again */
    TROUBLE_LOSS,      /* the disk is gone for good */
    TROUBLES,
    TROUBLE_CURE = CHAOS_CURE /* somebody is there to invite again */
};

/* What each kind of trouble belongs to. */
static const uint32_t kind_of[TROUBLES_ALONE] = {
    [TROUBLE_BREAK] = CHAOS_NETWORK, [TROUBLE_SPLIT] = CHAOS_NETWORK,
    [TROUBLE_LINES] = CHAOS_NETWORK, [TROUBLE_CRASH] = CHAOS_CRASH,
    [TROUBLE_KILL] = CHAOS_CRASH,    [TROUBLE_FULL] = CHAOS_DISK,
    [TROUBLE_ERROR] = CHAOS_DISK,    [TROUBLE_CLOCK] = CHAOS_CLOCK,
};

static uint32_t kinds_now;

/* Who may be set back in this run. */
static bool may_go_back(const struct machine *machine)
{
    return machine->parent == 0     ? (kinds_now & CHAOS_TOP) != 0
           : machine->parent == TOP ? (kinds_now & CHAOS_PARENT) != 0
                                    : (kinds_now & CHAOS_ROLLBACK) != 0;
}

/* Like an administrator who restores at once, with people at the counter: an
 * image, another session or two, the image again. */
static void back_soon_plan(uint32_t who, uint64_t until_ms)
{
    uint64_t at_ms = dice_from_to(&world.dice, world.now_ms, until_ms - 1);

    world_plan(at_ms, PLAN_TROUBLE, who, TROUBLE_IMAGE, NULL);
    for (uint32_t i = dice_below(&world.dice, 3); i > 0; i--) {
        at_ms += dice_from_to(&world.dice, 1000, 20000);
        world_plan(at_ms, PLAN_TROUBLE, who, TROUBLE_BREAK, NULL);
    }
    at_ms += dice_from_to(&world.dice, 3000, 20000);
    if (dice_hit(&world.dice, 500)) {
        world_plan(at_ms - 2000, PLAN_WORK, who, 0, NULL);
    }
    world_plan(at_ms, PLAN_TROUBLE, who, TROUBLE_BACK_SOON, NULL);
}

/* An image, perhaps another, and later one of them is the disk. */
static void set_back_plan(uint64_t until_ms)
{
    for (uint32_t tries = dice_below(&world.dice, 8); tries > 0; tries--) {
        uint32_t who = dice_below(&world.dice, MACHINES);
        uint64_t image_ms =
            dice_from_to(&world.dice, world.now_ms, until_ms - 1);

        if (!world.machines[who].enrolled ||
            !may_go_back(&world.machines[who])) {
            continue;
        }
        if (dice_hit(&world.dice, 300)) {
            back_soon_plan(who, until_ms);
            continue;
        }
        world_plan(image_ms, PLAN_TROUBLE, who, TROUBLE_IMAGE, NULL);
        world_plan(dice_from_to(&world.dice, image_ms, until_ms), PLAN_TROUBLE,
                   who, TROUBLE_BACK, NULL);
    }
}

static void loss_plan(uint64_t until_ms)
{
    for (uint32_t tries = dice_below(&world.dice, 4); tries > 0; tries--) {
        uint32_t who = dice_below(&world.dice, MACHINES);

        if (world.machines[who].enrolled && world.machines[who].parent != 0) {
            world_plan(dice_from_to(&world.dice, world.now_ms, until_ms),
                       PLAN_TROUBLE, who, TROUBLE_LOSS, NULL);
        }
    }
}

void chaos_plan(uint32_t kinds, uint64_t until_ms)
{
    uint32_t count = dice_below(&world.dice, 24);

    kinds_now = kinds;
    if ((kinds & CHAOS_NETWORK) != 0) {
        net_chaos(&world.dice);
    }
    set_back_plan(until_ms);
    if ((kinds & CHAOS_LOSS) != 0) {
        loss_plan(until_ms);
    }
    if ((kinds & CHAOS_CLONE) != 0) {
        clone_plan(until_ms);
    }
    if ((kinds & CHAOS_TREE) != 0) {
        tree_plan(until_ms);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t trouble = dice_below(&world.dice, TROUBLES_ALONE);

        if ((kind_of[trouble] & kinds) != 0) {
            world_plan(dice_from_to(&world.dice, world.now_ms, until_ms),
                       PLAN_TROUBLE, dice_below(&world.dice, MACHINES), trouble,
                       NULL);
        }
    }
}

static void kill(struct machine *machine)
{
    uint64_t away_ms = dice_from_to(&world.dice, 500, 20000);

    if (dice_hit(&world.dice, 300)) {
        away_ms += dice_from_to(&world.dice, 0, 3600000);
    }
    if (machine_is_on(machine)) {
        machine_kill(machine, dice_hit(&world.dice, 600));
        world_plan(world.now_ms + away_ms, PLAN_START, machine_index(machine),
                   0, NULL);
    }
}

static void set_back(struct machine *machine)
{
    if (!may_go_back(machine) || machine->images[0] == NULL || machine->lost) {
        return;
    }
    if (machine_is_on(machine)) {
        machine_kill(machine, false);
        world_plan(world.now_ms + dice_from_to(&world.dice, 500, 600000),
                   PLAN_START, machine_index(machine), 0, NULL);
    }
    if (image_restore(machine, dice_below(&world.dice, IMAGES))) {
        world.rollbacks++;
        promise_set_back(machine);
    }
}

static void set_back_soon(struct machine *machine)
{
    uint64_t start_ms = world.now_ms + dice_from_to(&world.dice, 200, 4000);

    if (!may_go_back(machine) || machine->images[0] == NULL ||
        !machine_is_on(machine)) {
        return;
    }
    machine_kill(machine, dice_hit(&world.dice, 500));
    world_plan(start_ms, PLAN_START, machine_index(machine), 0, NULL);
    if (image_restore(machine, 0)) {
        world.rollbacks++;
        promise_set_back(machine);
    }
    if (dice_hit(&world.dice, 500)) { /* the cable is not in yet */
        net_split(machine, start_ms + dice_from_to(&world.dice, 1, 30000));
    }
    for (uint32_t i = dice_below(&world.dice, 4); i > 0; i--) {
        world_plan(start_ms +
                       dice_from_to(&world.dice, 1,
                                    dice_hit(&world.dice, 500) ? 20 : 90000),
                   PLAN_WORK, machine_index(machine), 0, NULL);
    }
}

void chaos_do(struct plan *plan)
{
    struct machine *machine = &world.machines[plan->machine];

    if (world.calm || !machine->enrolled) {
        return;
    }
    if (plan->number / CHAOS_STEPS == CHAOS_CLONE) {
        clone_do((uint32_t)plan->number % CHAOS_STEPS, machine);
        return;
    }
    if (plan->number / CHAOS_STEPS == CHAOS_TREE) {
        tree_do((uint32_t)plan->number % CHAOS_STEPS, machine);
        return;
    }
    switch ((enum trouble)plan->number) {
    case TROUBLE_BREAK:
        net_break(machine);
        break;
    case TROUBLE_SPLIT:
        world_trace("split above %u", machine->node);
        net_split(machine,
                  world.now_ms + dice_from_to(&world.dice, 1000, 2400000));
        break;
    case TROUBLE_LINES:
        net_chaos(&world.dice);
        break;
    case TROUBLE_CRASH:
        disk_cut_after(machine->disk, dice_from_to(&world.dice, 1, 60),
                       dice_hit(&world.dice, 700), &world.dice);
        break;
    case TROUBLE_KILL:
        kill(machine);
        break;
    case TROUBLE_FULL:
        world_trace("%u has a full disk", machine->node);
        disk_fault_set(machine->disk, DISK_FULL);
        world_plan(world.now_ms + dice_from_to(&world.dice, 1000, 900000),
                   PLAN_TROUBLE, plan->machine, TROUBLE_ROOM, NULL);
        break;
    case TROUBLE_ROOM:
        disk_fault_set(machine->disk, DISK_WELL);
        break;
    case TROUBLE_ERROR:
        world_trace("%u: the next write fails", machine->node);
        disk_fault_set(machine->disk, DISK_BROKEN);
        machine->may_give_up = true;
        break;
    case TROUBLE_CLOCK:
        machine->clock_ms =
            (int64_t)dice_from_to(&world.dice, 0, UINT64_C(21600000)) -
            10800000;
        world_trace("%u: the clock is %lld s off", machine->node,
                    (long long)machine->clock_ms / 1000);
        break;
    case TROUBLE_IMAGE:
        if (machine_is_on(machine) && may_go_back(machine)) {
            image_take(machine);
        }
        break;
    case TROUBLE_BACK:
        set_back(machine);
        break;
    case TROUBLE_LOSS:
        if (!machine->lost) {
            cure_disk_lost(machine);
            world_plan(world.now_ms + dice_from_to(&world.dice, 60000, 1800000),
                       PLAN_TROUBLE, plan->machine, TROUBLE_CURE, NULL);
        }
        break;
    case TROUBLE_CURE:
        (void)cure_try();
        break;
    case TROUBLE_BACK_SOON:
        set_back_soon(machine);
        break;
    case TROUBLES:
        break;
    }
}

void chaos_end(void)
{
    world.calm = true;
    net_calm();
    for (size_t i = 0; i < MACHINES; i++) {
        struct machine *machine = &world.machines[i];

        disk_cut_after(machine->disk, 0, false, NULL);
        disk_fault_set(machine->disk, DISK_WELL);
        machine->clock_ms = 0;
        if (machine->enrolled && !machine_is_on(machine) && !machine->lost) {
            machine_start(machine);
        }
    }
    clone_end();
}
