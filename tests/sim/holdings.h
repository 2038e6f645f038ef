/* What disks hold: leaf hashes of every log and of the spool, read through the
 * store of a machine that is on, or opened for the purpose. */
#ifndef QCDC_TESTS_SIM_HOLDINGS_H
#define QCDC_TESTS_SIM_HOLDINGS_H

#include "tests/sim/world.h"

struct promise_head;

struct hashes {
    struct hash *all; /* ascending after holdings_sort; heap */
    size_t len, room;
};

struct holdings {
    struct hashes leaves;
    struct hashes whole; /* of these: with a private body, if it has one */
    /* Greatest size of each log that anybody added holds. */
    struct {
        char origin[ORIGIN_MAX + 1];
        uint64_t size;
    } logs[64];
    size_t logs_len;
};

/* `spool`: also what is recorded and in no log yet. */
void holdings_add(struct holdings *holdings, struct machine *machine,
                  bool spool);
/* Of every machine that takes part and has its disk; sorted. */
void holdings_everywhere(struct holdings *holdings);
void holdings_sort(struct holdings *holdings);
bool holdings_has(const struct holdings *holdings, const struct hash *leaf);
/* By a node that must hold private bodies, the log's own or its guard, and
 * nothing of it is listed as absent there. */
bool holdings_has_whole(const struct holdings *holdings,
                        const struct hash *leaf);
/* held[i] becomes true where that machine's copy of the log once was heads[i];
 * else it stays as it is. */
void holdings_heads(struct machine *machine, const char *origin,
                    const struct promise_head *heads, size_t len, bool *held);
uint64_t holdings_size(const struct holdings *holdings, const char *origin);
void holdings_free(struct holdings *holdings);

#endif
