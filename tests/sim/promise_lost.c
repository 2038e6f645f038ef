/* tests/sim: promises that nobody can keep any more: of a disk that was set
 * back, lost, or that of a second machine which was stopped. Owns what is
 * excused, and counts it; nothing else is excused. Next: judge.c. */
#include "tests/sim/promise.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/sim/holdings.h"
#include "tests/sim/ledger.h"

/* Of one log: the leaves that no disk holds are lost, and the heads beyond
 * what is held were signed for nobody. */
static void log_lose(struct promise_log *log, const struct holdings *all)
{
    char name[ORIGIN_MAX + 1];
    uint64_t size;

    promise_log_name(log, name);
    size = holdings_size(all, name);
    while (log->heads_len > 0 && log->heads[log->heads_len - 1].size > size) {
        log->heads_len--;
    }
    for (uint64_t i = 0; i < log->cosigned; i++) {
        if (!log->excused[i] && !holdings_has(all, &log->leaves[i])) {
            log->excused[i] = true;
            world.excused++;
        }
    }
}

/* Who was set back remembers what it cosigned by its own disk, and by whoever
 * tells it at HELLO (told): what was lost on its way, or what only a neighbour
 * knows who is away, or was set back too, it may cosign in smaller steps again
 * (DESIGN section 5: handled, not prevented). */
static void memory_lose(struct promise_log *log, struct machine *machine)
{
    struct holdings held = {0};
    char name[ORIGIN_MAX + 1];
    uint32_t at = machine_index(machine);
    uint64_t size;

    if (log->origin.node == machine->node || log->by[at] == 0) {
        return;
    }
    promise_log_name(log, name);
    if (!machine->lost) {
        holdings_add(&held, machine, false);
    }
    size = holdings_size(&held, name);
    if (size < log->by[at]) {
        log->by[at] = size;
    }
    holdings_free(&held);
}

/* What no disk holds any more is owed by nobody, and counted. */
static void all_lose(void)
{
    struct holdings all = {0};

    holdings_everywhere(&all);
    for (size_t i = 0; i < promises.logs_len; i++) {
        if (machine_of(promises.logs[i].origin.node)->enrolled) {
            log_lose(&promises.logs[i], &all);
        }
    }
    for (size_t i = 0; i < promises.events_len; i++) {
        struct promise_event *event = &promises.events[i];

        if (!event->bare && !holdings_has_whole(&all, &event->leaf)) {
            event->bare = true;
            world.bare++;
        }
        if (!event->excused && !holdings_has(&all, &event->leaf)) {
            event->excused = true;
            world.excused++;
        }
    }
    holdings_free(&all);
}

void promise_set_back(struct machine *machine)
{
    machine->rolled_back = true;
    ledger_set_back(machine);
    all_lose();
    for (size_t i = 0; i < promises.logs_len; i++) {
        if (machine_of(promises.logs[i].origin.node)->enrolled) {
            memory_lose(&promises.logs[i], machine);
        }
    }
}

/* ---- two copies of one machine ---- */

void promise_cloned(const struct machine *machine)
{
    for (size_t i = 0; i < promises.logs_len; i++) {
        if (promises.logs[i].origin.node == machine->node) {
            promises.logs[i].cloned = true;
        }
    }
}

/* Heads that only the copy had which is gone were signed for nobody. */
static void heads_lose(struct promise_log *log)
{
    char name[ORIGIN_MAX + 1];
    bool *held = calloc(log->heads_len + 1, sizeof(*held));
    size_t kept = 0;

    assert(held != NULL);
    promise_log_name(log, name);
    for (size_t i = 0; i < COMPUTERS; i++) {
        if (world.machines[i].enrolled && !world.machines[i].lost) {
            holdings_heads(&world.machines[i], name, log->heads, log->heads_len,
                           held);
        }
    }
    for (size_t i = 0; i < log->heads_len; i++) {
        if (held[i]) {
            log->heads[kept++] = log->heads[i];
        }
    }
    log->heads_len = kept;
    free(held);
}

void promise_copy_gone(struct machine *machine)
{
    uint64_t excused = world.excused;
    uint64_t bare = world.bare;

    all_lose();
    world.left += world.excused - excused;
    world.excused = excused;
    world.bare = bare;
    for (size_t i = 0; i < promises.logs_len; i++) {
        struct promise_log *log = &promises.logs[i];

        if (log->origin.node == machine->node && log->cloned) {
            heads_lose(log);
            log->cloned = log->forked;
        }
    }
}
