/* tests/sim: holdings. Reads stores, never writes them. Next: judge.c. */
#include "tests/sim/holdings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/log.h"
#include "store/spool.h"
#include "tests/sim/promise.h"

#define SPOOLED 64

struct reading {
    struct holdings *holdings;
    const struct machine *machine;
    struct store *store;
};

static void hash_add(struct hashes *hashes, const void *hash)
{
    if (hashes->len == hashes->room) {
        hashes->room = hashes->room * 2 + 256;
        hashes->all = realloc(hashes->all, hashes->room * sizeof(*hashes->all));
        assert(hashes->all != NULL);
    }
    memcpy(&hashes->all[hashes->len++], hash, sizeof(struct hash));
}

/* A list of (u16 index || u8 slot). */
static bool is_absent(struct span absent, size_t index)
{
    for (size_t at = 0; at + 3 <= absent.len; at += 3) {
        if (((size_t)absent.ptr[at] << 8 | absent.ptr[at + 1]) == index &&
            absent.ptr[at + 2] == AUDIENCE_OF_PRIVATE) {
            return true;
        }
    }
    return false;
}

static void size_note(struct holdings *holdings, const struct store_log *log)
{
    size_t at = 0;

    while (at < holdings->logs_len &&
           strcmp(holdings->logs[at].origin, log->origin) != 0) {
        at++;
    }
    if (at == holdings->logs_len) {
        assert(at < 64);
        memcpy(holdings->logs[at].origin, log->origin, sizeof(log->origin));
        holdings->logs[at].size = 0;
        holdings->logs_len++;
    }
    if (log->head.size > holdings->logs[at].size) {
        holdings->logs[at].size = log->head.size;
    }
}

static int log_read(void *data, const struct store_log *log)
{
    struct reading *reading = data;
    struct machine *origin = machine_of(log->node);
    bool keeps = origin != NULL && (origin->node == reading->machine->node ||
                                    origin->parent == reading->machine->node);
    struct error err = {0};
    uint64_t at = 0;

    if (!log->mirrored) {
        return 0;
    }
    size_note(reading->holdings, log);
    while (at < log->head.size) {
        struct store_segment segment;

        arena_reset(&world.arena);
        if (store_segment_read(reading->store, log->id, at, &world.arena,
                               &segment, &err) != 0) {
            world_fail("%s cannot be read: %s", log->origin, err.text);
            return 1;
        }
        for (size_t i = 0; i < segment.parts.count; i++) {
            const uint8_t *hash = segment.hashes.ptr + i * sizeof(struct hash);

            hash_add(&reading->holdings->leaves, hash);
            if (keeps && !is_absent(segment.parts.absent, i)) {
                hash_add(&reading->holdings->whole, hash);
            }
        }
        at = segment.parts.first + segment.parts.count;
    }
    return 0;
}

static void spool_read(struct reading *reading, bool dir)
{
    struct store_spooled events[SPOOLED];
    struct error err = {0};
    uint64_t from = 0;
    size_t len = SPOOLED;

    while (len == SPOOLED) {
        len = 0;
        arena_reset(&world.arena);
        if (store_spool_list(reading->store, dir, from, 1u << 20, &world.arena,
                             events, SPOOLED, &len, &err) != 0) {
            world_fail("a spool cannot be read: %s", err.text);
            return;
        }
        for (size_t i = 0; i < len; i++) {
            struct hash hash = merkle_leaf(events[i].leaf);

            hash_add(&reading->holdings->leaves, &hash);
            hash_add(&reading->holdings->whole, &hash);
            from = events[i].number + 1;
        }
    }
}

/* That of a machine which is on, or its disk's; *opened: to be closed. */
static int machine_store(struct machine *machine, struct store **store,
                         struct store **opened, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    struct store_options options = {.path = path};
    int rc = 0;

    if (machine_is_on(machine)) {
        *store = engine_store(machine->engine);
    } else {
        (void)snprintf(path, sizeof(path), "%s/store.db", machine->dir);
        rc = store_open(&options, opened, err);
        *store = *opened;
    }
    return rc;
}

void holdings_heads(struct machine *machine, const char *origin,
                    const struct promise_head *heads, size_t len, bool *held)
{
    struct store *store = NULL;
    struct store *opened = NULL;
    struct store_log log;
    struct hash root;
    struct error err = {0};

    if (machine_store(machine, &store, &opened, &err) == 0 &&
        store_log_find(store, span_str(origin), &log, &err) == 0) {
        for (size_t i = 0; i < len; i++) {
            held[i] =
                held[i] || (heads[i].size <= log.head.size &&
                            store_log_root_at(store, log.id, heads[i].size,
                                              &root, &err) == 0 &&
                            hash_equal(&root, &heads[i].root));
        }
    }
    store_close(opened);
}

void holdings_everywhere(struct holdings *holdings)
{
    for (size_t i = 0; i < COMPUTERS; i++) {
        if (world.machines[i].enrolled && !world.machines[i].lost) {
            holdings_add(holdings, &world.machines[i], true);
        }
    }
    holdings_sort(holdings);
}

void holdings_add(struct holdings *holdings, struct machine *machine,
                  bool spool)
{
    struct reading reading = {.holdings = holdings, .machine = machine};
    struct store *opened = NULL;
    struct error err = {0};
    int rc = machine_store(machine, &reading.store, &opened, &err);

    if (rc == 0) {
        rc = store_log_each(reading.store, log_read, &reading, &err);
    }
    if (rc != 0) {
        world_fail("the disk of %u cannot be read: %s", machine->node,
                   err.text);
    } else if (spool) {
        spool_read(&reading, false);
        spool_read(&reading, true);
    }
    store_close(opened);
}

static int hash_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

static void hashes_sort(struct hashes *hashes)
{
    if (hashes->len > 0) {
        qsort(hashes->all, hashes->len, sizeof(*hashes->all), hash_order);
    }
}

void holdings_sort(struct holdings *holdings)
{
    hashes_sort(&holdings->leaves);
    hashes_sort(&holdings->whole);
}

static bool hashes_have(const struct hashes *hashes, const struct hash *leaf)
{
    return hashes->len > 0 && bsearch(leaf, hashes->all, hashes->len,
                                      sizeof(*hashes->all), hash_order) != NULL;
}

bool holdings_has(const struct holdings *holdings, const struct hash *leaf)
{
    return hashes_have(&holdings->leaves, leaf);
}

bool holdings_has_whole(const struct holdings *holdings,
                        const struct hash *leaf)
{
    return hashes_have(&holdings->whole, leaf);
}

uint64_t holdings_size(const struct holdings *holdings, const char *origin)
{
    for (size_t i = 0; i < holdings->logs_len; i++) {
        if (strcmp(holdings->logs[i].origin, origin) == 0) {
            return holdings->logs[i].size;
        }
    }
    return 0;
}

void holdings_free(struct holdings *holdings)
{
    free(holdings->leaves.all);
    free(holdings->whole.all);
    memset(holdings, 0, sizeof(*holdings));
}
