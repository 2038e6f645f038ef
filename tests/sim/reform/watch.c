/* tests/sim/reform: what the world calls. Owns what superiors vouched for, as
 * seen on the lines, and the crashes of a day; asks a store only whether a
 * machine that starts still holds what it said it does. Next: judge.c. */
#include "tests/sim/reform/watch.h"

#include <string.h>

#include "protocol/link/frames.h"
#include "tests/sim/chaos.h"
#include "tests/sim/ledger.h"
#include "tests/sim/promise.h"
#include "tests/sim/reform/office.h"

#define TROUBLE_POWER 0u
#define TROUBLE_KILL 1u

static struct watched watched[MACHINES][2];

const struct watched *watch_log(const struct machine *machine, bool dir)
{
    return &watched[machine_index(machine)][dir];
}

static void cosigned(const struct machine *from, const struct machine *to,
                     const struct frame_cosigned *frame)
{
    struct watched *log;

    if (frame->origin.node != to->node) {
        return;
    }
    log = &watched[machine_index(to)][frame->origin.dir];
    for (size_t i = 0; i < frame->cosigs_len; i++) {
        const struct merkle_head *head = &frame->cosigs[i].head;

        if (head->size > log->cosigned.size) {
            log->cosigned = *head;
        } else if (head->size == log->cosigned.size &&
                   !hash_equal(&head->root, &log->cosigned.root)) {
            world_fail("two histories of size %llu of node %u are cosigned",
                       (unsigned long long)head->size, to->node);
        }
        if (from->node == TOP && head->size > log->by_top) {
            log->by_top = head->size;
        }
    }
}

void promise_frame(struct machine *from, struct machine *to,
                   const struct conn *conn, struct span bytes)
{
    static struct arena arena;
    struct frame frame;
    struct error err = {0};

    if (arena.size == 0 && arena_new(&arena, FRAME_ARENA_MIN, &err) != 0) {
        world_fail("no memory: %s", err.text);
        return;
    }
    arena_reset(&arena);
    if (frame_decode(bytes, &arena, &frame, &err) != 0) {
        world_fail("%u sends %u what it cannot read: %s", from->node, to->node,
                   err.text);
    } else if (frame.kind == FRAME_COSIGNED && from == conn->parent) {
        cosigned(from, to, &frame.cosigned);
    }
}

void promise_started(struct machine *machine)
{
    office_kept_by(machine);
}

void promise_fatal(struct machine *machine, int code)
{
    world_fail("the program of %u ended by itself: %s", machine->node,
               err_name(code));
}

void ledger_taken(const struct conn *conn, bool up, struct span bytes)
{
    (void)up;
    (void)conn;
    (void)bytes;
}

/* ---- crashes ---- */

void watch_trouble(uint32_t machines, uint64_t until_ms)
{
    for (uint32_t n = 0; n < machines; n++) {
        world_plan(
            dice_from_to(&world.dice, world.now_ms, until_ms), PLAN_TROUBLE,
            1 + dice_below(&world.dice, tree_machines() - 1),
            dice_hit(&world.dice, 600) ? TROUBLE_POWER : TROUBLE_KILL, NULL);
    }
}

void chaos_do(struct plan *plan)
{
    struct machine *machine = &world.machines[plan->machine];

    if (world.calm || !machine_is_on(machine)) {
        return;
    }
    if (plan->number == TROUBLE_POWER) {
        disk_cut_after(machine->disk, dice_from_to(&world.dice, 1, 60), true,
                       &world.dice);
        return;
    }
    machine_kill(machine, dice_hit(&world.dice, 500));
    world_plan(world.now_ms + dice_from_to(&world.dice, 1000, 1800000),
               PLAN_START, plan->machine, 0, NULL);
}
