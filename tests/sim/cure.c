/* tests/sim: persons. Owns when a node is invited again, and why: only for
 * what the promises say cannot come back by itself. Next: judge.c. */
#include "tests/sim/cure.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/setup.h"
#include "store/recovery.h"
#include "tests/sim/holdings.h"
#include "tests/sim/image.h"
#include "tests/sim/ledger.h"
#include "tests/sim/promise.h"
#include "tests/sim/realm.h"

static bool runs_twice(const struct machine *machine)
{
    const struct machine *twin = &world.machines[TWIN];

    return twin->enrolled && twin->node == machine->node;
}

/* In a process of its own: the lock on its folder goes with that. */
static bool join_here(const struct join_request_options *join)
{
    static struct setup_result result;
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct error err = {0};
        int rc = setup_join(join, &result, &err);

        if (rc != 0) {
            (void)fprintf(stderr, "sim: join again: %s\n", err.text);
        }
        _exit(rc != 0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Certified by its superior with new keys; false: not now, try later. */
static bool rejoin(struct machine *machine, const char *reason)
{
    static struct setup_result result;
    static char line[4096];
    char listen[64];
    struct machine *parent = machine_of(machine->parent);
    struct invite_request invite = {
        .node = machine->node, .auto_confirm = true, .reason = reason};
    struct join_request_options join = {
        .dir = machine->dir, .invitation = line, .listen = listen};
    struct buf text = buf_over(line, sizeof(line) - 1);
    struct error err = {0};
    bool joined;

    if (!machine_is_on(parent)) {
        return false;
    }
    realm_endpoint(machine, listen);
    machine_enter(parent);
    if (engine_invite(parent->engine, &invite, &text, &err) != 0) {
        world_trace("%u does not invite %u again: %s", parent->node,
                    machine->node, err.text);
        engine_undo(parent->engine);
        (void)machine_leave(parent);
        return false;
    }
    line[text.len] = '\0';
    if (!machine_leave(parent)) {
        return false;
    }
    world_trace("%u joins again: %s", machine->node, reason);
    machine_stop(machine);
    disk_cut_after(machine->node, 0, false, NULL); /* a disk without troubles */
    disk_fault_set(machine->node, DISK_WELL);
    world.current = machine;
    joined = machine->lost ? setup_join(&join, &result, &err) == 0
                           : join_here(&join);
    world.current = NULL;
    if (!joined || !realm_config(machine)) {
        world_fail("%u cannot join again: %s", machine->node, err.text);
        return false;
    }
    machine->clerkless = machine->clerkless || machine->lost;
    machine->lost = false;
    machine->rolled_back = true;
    machine->cloned = false;
    machine->copy = ++machine->copies % COPIES;
    world.rejoined++;
    image_drop(machine);
    ledger_rejoined(machine);
    machine_start(machine);
    return true;
}

void cure_disk_lost(struct machine *machine)
{
    machine_kill(machine, true);
    disk_wipe(machine->disk);
    realm_folder_empty(machine);
    machine->lost = true;
    world.losses++;
    world_trace("%u loses its disk", machine->node);
    promise_set_back(machine);
}

struct waiting {
    const struct holdings *all;
    struct store *store;
    uint32_t node;
    bool lost;
};

/* Its own log is being fetched back, up to what no disk holds. */
static int recovery_visit(void *data, const struct store_recovery *recovery)
{
    struct waiting *waiting = data;
    struct store_log log;
    struct error ignored = {0};

    if (!recovery->lent && recovery->done_s == 0 &&
        store_log_get(waiting->store, recovery->log, &log, &ignored) == 0 &&
        log.node == waiting->node &&
        holdings_size(waiting->all, log.origin) < recovery->until) {
        waiting->lost = true;
    }
    return 0;
}

static bool waits_for_nothing(struct machine *machine,
                              const struct holdings *all)
{
    struct waiting waiting = {.all = all,
                              .store = engine_store(machine->engine),
                              .node = machine->node};
    struct error ignored = {0};

    return store_recovery_each(waiting.store, recovery_visit, &waiting,
                               &ignored) == 0 &&
           waiting.lost;
}

/* It was invited, and the district that let it in lost its disk before it had
 * the answer: nobody there knows the one-time key any more. */
static bool invitation_is_lost(const struct machine *machine)
{
    const struct machine *parent = machine_of(machine->parent);
    const struct keys *keys = &machine->engine->keys;
    struct box_public one_time;
    struct error ignored = {0};

    return keys->joining && machine_is_on(parent) &&
           engine_directory(parent->engine)->top != 0 &&
           box_public_of(&keys->one_time, &one_time, &ignored) == 0 &&
           gate_find(engine_gate(parent->engine), &one_time) == NULL;
}

/* ---- forks and clones ---- */

struct forked {
    struct machine *seer;
    uint32_t wanted;    /* this node's alone; 0: any */
    uint32_t node;      /* whose log it is; 0: none */
    const char *reason; /* the word of --reason */
};

/* Frozen, and not yet ended by a superior. */
static int fork_visit(void *data, const struct store_log *log)
{
    struct forked *forked = data;
    const struct machine *machine = machine_of(log->node);

    if (log->frozen[0] != '\0' && machine != NULL && machine->enrolled &&
        machine->parent != 0 &&
        (forked->wanted == 0 || forked->wanted == log->node) &&
        directory_epoch_now(engine_directory(forked->seer->engine), log->node,
                            log->is_dir) <= log->epoch) {
        forked->node = log->node;
        forked->reason =
            strstr(log->frozen, "two copies") != NULL ? "clone" : "fork";
        return 1;
    }
    return 0;
}

/* Somebody has frozen a log: two machines next to each other were set back and
 * signed twice what no disk held any more (DESIGN section 5), or two machines
 * had the same keys, of which one was stopped. Any other fork is a violation as
 * soon as it is signed (promise.c). */
static bool fork_cure(void)
{
    for (size_t i = 0; i < MACHINES; i++) {
        struct forked forked = {.seer = &world.machines[i]};
        struct error ignored = {0};

        if (machine_is_on(forked.seer) &&
            store_log_each(engine_store(forked.seer->engine), fork_visit,
                           &forked, &ignored) == 1 &&
            forked.node != 0 && !runs_twice(machine_of(forked.node))) {
            return rejoin(machine_of(forked.node), forked.reason);
        }
    }
    return false;
}

bool cure_noticed(struct machine *machine)
{
    struct forked forked = {.seer = machine_of(machine->parent),
                            .wanted = machine->node};
    struct error ignored = {0};

    return machine_is_on(forked.seer) &&
           store_log_each(engine_store(forked.seer->engine), fork_visit,
                          &forked, &ignored) == 1 &&
           forked.node != 0;
}

bool cure_try(void)
{
    struct holdings all = {0};
    bool acted = false;

    holdings_everywhere(&all);
    for (size_t i = 1; i < MACHINES && !acted && !world.failed; i++) {
        struct machine *machine = &world.machines[i];

        if (!machine->enrolled) {
            continue;
        }
        if (runs_twice(machine)) {
            continue; /* one of the two must be stopped first */
        }
        if (machine->lost) {
            acted = rejoin(machine, "disk-lost");
        } else if (machine_is_on(machine) &&
                   (waits_for_nothing(machine, &all) ||
                    invitation_is_lost(machine))) {
            acted = rejoin(machine, "mirrors-lost");
        }
    }
    holdings_free(&all);
    return acted || (!world.failed && fork_cure());
}
