/* tests/sim: the tree changes while nodes are away with what they recorded:
 * communes of a district become the province's own. Owns when, and which; the
 * province gives the order as a person there would (`qcdc record NodeCertified
 * node=N`). That everyone finds his new guard by himself and nothing cosigned
 * is lost is judge.c's. Next: cure.c. */
#include "tests/sim/chaos_kinds.h"

#include <stdio.h>

#include "tests/sim/net.h"

#define MINUTE_MS UINT64_C(60000)

enum step {
    STEP_AWAY, /* its line is cut, its office goes on */
    STEP_OFF,  /* or the machine is switched off */
    STEP_MOVE  /* the province takes it as its own child */
};

static void away_plan(uint32_t who, uint64_t order_ms)
{
    uint64_t away_ms = dice_from_to(&world.dice, 0, 20) * MINUTE_MS;

    away_ms = order_ms > away_ms ? order_ms - away_ms : order_ms;
    if (dice_hit(&world.dice, 700)) {
        world_plan(
            away_ms, PLAN_TROUBLE, who,
            CHAOS_STORY_TREE(dice_hit(&world.dice, 700) ? STEP_AWAY : STEP_OFF),
            NULL);
    }
    for (uint32_t i = dice_below(&world.dice, 8); i > 0; i--) {
        world_plan(away_ms + dice_from_to(&world.dice, 0, 40) * MINUTE_MS,
                   PLAN_WORK, who, 0, NULL);
    }
}

void tree_plan(uint64_t until_ms)
{
    uint32_t district = dice_hit(&world.dice, 700) ? 11 : 12;
    bool all = dice_hit(&world.dice, 500);
    bool any = false;

    for (uint32_t i = 0; i < MACHINES; i++) {
        const struct machine *machine = &world.machines[i];
        uint64_t order_ms = dice_from_to(&world.dice, world.now_ms, until_ms);

        if (machine->enrolled && machine->parent == district && (all || !any)) {
            any = true;
            away_plan(i, order_ms);
            world_plan(order_ms, PLAN_TROUBLE, i, CHAOS_STORY_TREE(STEP_MOVE),
                       NULL);
        }
    }
}

/* true: the province has given the order, and it is durable. */
static bool ordered(const struct machine *machine)
{
    struct machine *top = &world.machines[0];
    char number[16];
    const struct field_pair fields[] = {{"node", number}};
    struct record_row row = {
        .type = "NodeCertified", .fields = fields, .fields_len = 1};
    struct record_result result;
    struct error err = {0};

    if (!machine_is_on(top)) {
        return false;
    }
    (void)snprintf(number, sizeof(number), "%u", machine->node);
    machine_enter(top);
    if (engine_record(top->engine, NULL, &row, &world.arena, &result, &err) !=
        0) {
        world_trace("1 does not take %u: %s", machine->node, err.text);
        engine_undo(top->engine);
        (void)machine_leave(top);
        return false;
    }
    return machine_leave(top);
}

static void move(struct machine *machine)
{
    if (machine->parent == TOP) {
        return;
    }
    if (!ordered(machine)) {
        world_plan(world.now_ms + MINUTE_MS, PLAN_TROUBLE,
                   machine_index(machine), CHAOS_STORY_TREE(STEP_MOVE), NULL);
        return;
    }
    world_trace("%u belongs to 1 now, before to %u", machine->node,
                machine->parent);
    machine->former = machine->parent;
    machine->parent = TOP;
    world.moved++;
}

void tree_do(uint32_t step, struct machine *machine)
{
    uint64_t until_ms =
        world.now_ms + dice_from_to(&world.dice, 1, 90) * MINUTE_MS;

    switch ((enum step)step) {
    case STEP_AWAY:
        net_split(machine, until_ms);
        break;
    case STEP_OFF:
        if (machine_is_on(machine)) {
            machine_stop(machine);
            world_plan(until_ms, PLAN_START, machine_index(machine), 0, NULL);
        }
        break;
    case STEP_MOVE:
        move(machine);
        break;
    }
}
