/* What others rely on, written down by the simulation itself as it leaves the
 * nodes, apart from their stores:
 *
 *   to people: engine_record returned and its turn was committed;
 *   to other levels: a guard's cosignature of a log was sent;
 *   to everyone: a log's signed head was sent.
 *
 * A node that was not rolled back must still hold what it promised whenever
 * it starts; in the end everything promised must be held by those who owe it.
 */
#ifndef QCDC_TESTS_SIM_PROMISE_H
#define QCDC_TESTS_SIM_PROMISE_H

#include "protocol/link/frames.h"
#include "tests/sim/world.h"

struct conn;

/* A (size, root) that somebody signed. */
struct promise_head {
    uint64_t size;
    struct hash root;
};

struct promise_log {
    struct origin origin;
    struct promise_head *heads; /* signed by the log, as seen; by size */
    size_t heads_len, heads_room;
    uint64_t cosigned;   /* greatest size that its guard cosigned and sent */
    struct hash *leaves; /* hashes of [0, cosigned), as the guard had them */
    size_t leaves_room;
    uint64_t by[COMPUTERS];  /* greatest size each machine cosigned and sent */
    int64_t by_s[COMPUTERS]; /* ... and the newest time it gave then */
    bool cloned;             /* two machines could sign it */
    bool forked;             /* ... and did */
    bool *excused;           /* per cosigned leaf: no disk holds it any more */
};

/* What a person was told is recorded. */
struct promise_event {
    struct event_id id;
    struct event_id subject;
    struct hash leaf;
    uint32_t node;
    uint32_t disk; /* that of the machine that was asked */
    uint64_t at_ms;
    bool excused; /* the only disk that held it was set back or lost */
    bool bare;    /* likewise its private body, which goes no higher than the
                     guard; a mirror further up has leaf and text */
};

struct promises {
    struct promise_log logs[64];
    size_t logs_len;
    struct promise_event *events;
    size_t events_len, events_room;
};
extern struct promises promises;

void promises_reset(void);
/* A frame leaves a machine. */
void promise_frame(struct machine *from, struct machine *to,
                   const struct conn *conn, struct span bytes);
/* ... and is read by another one, which then knows what it says. */
void promise_taken(struct machine *to, const struct frame *frame);
/* A person was answered. */
void promise_event(struct machine *machine, const struct event_id *id,
                   const struct event_id *subject, const struct hash *leaf);
/* It was told to somebody, and not lost with the only disk that held it. */
bool promise_is_owed(const struct event_id *id);
/* No event of that subject was lost with the log it stood in. (A party may
 * hold one all the same: it was delivered.) */
bool promise_is_whole(const struct event_id *subject);
/* Its private body may be missing: origin and guard were both set back. The
 * event is named by the first four bytes of its id. */
bool promise_is_bare(const uint8_t id[4]);
/* The machine has started: does it still hold what it promised? */
void promise_started(struct machine *machine);
/* Its program ended by itself. */
void promise_fatal(struct machine *machine, int code);
/* An earlier image took the place of its disk: what nobody else holds
 * now is lost, and counted (world.excused). */
void promise_set_back(struct machine *machine);
/* Another machine has its keys and an image of it: until one of them is
 * stopped its logs may have two histories, which their guard must notice. */
void promise_cloned(const struct machine *machine);
/* One of the two is stopped for good: what it alone held is counted
 * (world.left). `machine` is the other. */
void promise_copy_gone(struct machine *machine);
/* As it stands in the stores. */
void promise_log_name(const struct promise_log *log, char name[ORIGIN_MAX + 1]);

#endif
