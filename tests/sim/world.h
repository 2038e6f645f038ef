/* N real nodes in one process: node/engine.c over real stores and real link
 * machines, with a virtual clock, a network and disks that a seed decides.
 * The simulation links its own implementations of node/clock.h,
 * node/transport.h and node/kdf.h; nothing else of a node is replaced.
 *
 *   world.c      the queue of what happens when, and the machines' turns
 *   net.c        lines, connections, packets; transport.c is their other face
 *   disk.c       what SQLite writes to, and what is left of it
 *   realm.c      a joined realm, made once and copied for every seed
 *   work.c       what offices record
 *   chaos.c      what goes wrong; chaos_*.c: one kind of it each
 *   promise.c    what was promised to people and to other levels
 *   judge.c      what must be true in the end
 */
#ifndef QCDC_TESTS_SIM_WORLD_H
#define QCDC_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/config.h"
#include "node/engine_internal.h"
#include "tests/sim/dice.h"
#include "tests/sim/disk.h"

#ifndef MACHINES /* sim_reform has more */
#define MACHINES 7u
#endif
#define TWIN MACHINES /* index: a second machine with the keys of one */
#define COMPUTERS (MACHINES + 1u)
#define IMAGES 3u
#define COPIES 16u /* of one machine, in one run */
#define NEVER UINT64_MAX
#define TOP 1u

struct transport;
struct image;

/* One computer, on or off. */
struct machine {
    uint32_t node;
    uint32_t parent; /* 0: top */
    uint32_t former; /* its parent before; 0: it has not moved */
    uint32_t disk;   /* its number; a machine's own is its node's */
    bool enrolled;   /* takes part in this run */
    char dir[64];    /* keys and lock; the store is on the simulated disk */
    struct config config;
    struct engine *engine; /* NULL: off */
    struct transport *transport;
    int64_t clock_ms;     /* its clock minus the world's */
    int64_t offset_ms;    /* clock_offset_ms */
    uint64_t started_ms;  /* of the world: its steady clock */
    uint64_t wake_ms;     /* NEVER: not planned */
    uint64_t start_at_ms; /* off: when it is switched on again */
    bool may_give_up;     /* its disk failed: the program may end */
    bool lost;            /* its disk is, and it has not joined again */
    bool clerkless;       /* ... it has, without its officials */
    bool rolled_back;     /* an older image since the last quiet */
    uint32_t copies;      /* images put back so far */
    uint32_t copy;        /* which of its disks this is: 0, then its images */
    unsigned restarts;
    bool cloned;                     /* two machines had its keys in this run */
    struct image *images[IMAGES];    /* of earlier days, NULL: none */
    char session[SESSION_TEXT_SIZE]; /* of its clerk; "" = not logged in */
};

/* What will happen; the earliest first, then in order of planning. */
enum plan_kind {
    PLAN_TURN,   /* a machine's turn, unless planned anew since */
    PLAN_START,  /* a machine is switched on */
    PLAN_PACKET, /* arrives: net.c */
    PLAN_OPENED, /* a connection's handshake ends */
    PLAN_CLOSED, /* a child learns that its connection is gone */
    PLAN_WORK,   /* somebody records something */
    PLAN_TROUBLE /* chaos.c */
};
struct plan {
    uint64_t at_ms;
    uint64_t order;
    enum plan_kind kind;
    uint32_t machine; /* index */
    uint64_t number;  /* of a connection, a disaster ... */
    void *data;       /* a packet; owned by whoever takes the plan */
};

struct world {
    uint64_t seed;
    uint64_t now_ms;
    struct dice dice;
    struct machine machines[COMPUTERS]; /* one a node, then others */
    struct machine *current;            /* whose code runs */
    struct plan *plans;                 /* a heap */
    size_t plans_len, plans_room;
    uint64_t planned;
    struct arena arena; /* of one answer */
    bool calm;          /* the network heals, nothing more goes wrong */
    bool trace;
    bool failed;
    char failure[512];
    uint64_t turns, frames, recorded, crashes, rollbacks, excused, bare;
    uint64_t losses, rejoined, clones, left, proved, moved;
};

extern struct world world;

/* ---- time and turns ---- */
void world_plan(uint64_t at_ms, enum plan_kind kind, uint32_t machine,
                uint64_t number, void *data);
/* The machine's next turn is no later than that. */
void world_wake(struct machine *machine, uint64_t at_ms);
/* Lets happen what is planned until then, or until a violation. */
void world_run(uint64_t until_ms);
/* The first violation stays; it ends the run. */
void world_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void world_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- machines ---- */
struct machine *machine_of(uint32_t node);
uint32_t machine_index(const struct machine *machine);
bool machine_is_on(const struct machine *machine);
/* Starts the program; when the store cannot be opened a violation. */
void machine_start(struct machine *machine);
/* It ends as by SIGTERM. */
void machine_stop(struct machine *machine);
/* It ends in the middle: power or process. */
void machine_kill(struct machine *machine, bool power);
/* Whoever calls the engine outside a turn calls this first ... */
void machine_enter(struct machine *machine);
/* ... and this after: commits, as the loop does; false if it has died. */
bool machine_leave(struct machine *machine);
/* Is `above` the parent of `node`, or of its parent ...? */
bool machine_is_above(const struct machine *above,
                      const struct machine *machine);

#endif
