/* protocol/record: the order in which events of one subject count.
 * Owns formats.md section 6, "fold order"; knows nothing of what events mean.
 * Nearly always the sorted order already respects every ref; only when it
 * does not is the slower placing run (a heap of what may come next). */
#include <stdlib.h>

#include "protocol/record/fold_internal.h"

struct sort_key {
    uint64_t order_s;
    uint64_t position;
    uint32_t on;
    uint32_t node;
    uint32_t epoch;
    uint32_t entry; /* ascending id: the last resort */
};

static int compare_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_keys(const void *left, const void *right)
{
    const struct sort_key *a = left;
    const struct sort_key *b = right;
    int order = compare_number(a->on, b->on);

    order = order != 0 ? order : compare_number(a->order_s, b->order_s);
    order = order != 0 ? order : compare_number(a->node, b->node);
    order = order != 0 ? order : compare_number(a->epoch, b->epoch);
    order = order != 0 ? order : compare_number(a->position, b->position);
    return order != 0 ? order : compare_number(a->entry, b->entry);
}

static void sort_keys(struct sort_key *keys, size_t len)
{
    if (len > 24) {
        qsort(keys, len, sizeof(*keys), compare_keys);
        return;
    }
    for (size_t i = 1; i < len; i++) {
        struct sort_key key = keys[i];
        size_t at = i;

        for (; at > 0 && compare_keys(&keys[at - 1], &key) > 0; at--) {
            keys[at] = keys[at - 1];
        }
        keys[at] = key;
    }
}

uint32_t fold_find(const struct fold *f, const struct event_id *id)
{
    uint32_t low = 0;
    uint32_t high = f->len;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = event_id_compare(&f->entries[middle].leaf->id, id);

        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NO_ENTRY;
}

/* The i-th entry that e must come after, NO_ENTRY for a ref that lies outside
 * or is not held; the opening event is the one after the last ref. */
static uint32_t before(const struct fold *f, uint32_t e, size_t i)
{
    const struct header *header = f->entries[e].header;

    if (i < header->refs.len) {
        struct event_id ref = header_ref(header, i);

        return fold_find(f, &ref);
    }
    return f->opener == e ? NO_ENTRY : f->opener;
}

static bool is_placed_well(const struct fold *f, const uint32_t *rank)
{
    for (uint32_t e = 0; e < f->len; e++) {
        for (size_t i = 0; i <= f->entries[e].header->refs.len; i++) {
            uint32_t other = before(f, e, i);

            if (other != NO_ENTRY && rank[other] > rank[e]) {
                return false;
            }
        }
    }
    return true;
}

/* A heap of ranks, least first. */
struct heap {
    uint32_t *ranks;
    uint32_t len;
};

static void heap_put(struct heap *h, uint32_t rank)
{
    uint32_t at = h->len++;

    for (; at > 0 && h->ranks[(at - 1) / 2] > rank; at = (at - 1) / 2) {
        h->ranks[at] = h->ranks[(at - 1) / 2];
    }
    h->ranks[at] = rank;
}

static uint32_t heap_take(struct heap *h)
{
    uint32_t least = h->ranks[0];
    uint32_t last = h->ranks[--h->len];
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child + 1 < h->len && h->ranks[child + 1] < h->ranks[child]) {
            child++;
        }
        if (child >= h->len || h->ranks[child] >= last) {
            break;
        }
        h->ranks[at] = h->ranks[child];
        at = child;
    }
    h->ranks[at] = last;
    return least;
}

/* Edges "waits for", as lists headed by the entry waited for. */
struct edges {
    uint32_t *first;  /* per entry: 1 + edge, 0 = none */
    uint32_t *next;   /* per edge */
    uint32_t *waiter; /* per edge */
    uint32_t *open;   /* per entry: how many it waits for */
};

static bool edges_make(struct fold *f, struct edges *g)
{
    size_t total = 1;

    for (uint32_t e = 0; e < f->len; e++) {
        total += f->entries[e].header->refs.len + 1;
    }
    g->first = fold_alloc(f, f->len, sizeof(uint32_t));
    g->open = fold_alloc(f, f->len, sizeof(uint32_t));
    g->next = fold_alloc(f, total, sizeof(uint32_t));
    g->waiter = fold_alloc(f, total, sizeof(uint32_t));
    if (f->no_memory) {
        return false;
    }

    uint32_t edge = 0;

    for (uint32_t e = 0; e < f->len; e++) {
        for (size_t i = 0; i <= f->entries[e].header->refs.len; i++) {
            uint32_t other = before(f, e, i);

            if (other == NO_ENTRY || other == e) {
                continue;
            }
            edge++;
            g->waiter[edge] = e;
            g->next[edge] = g->first[other];
            g->first[other] = edge;
            g->open[e]++;
        }
    }
    return true;
}

/* Places the least that waits for nothing. Ids are hashes, so refs have no
 * cycles; should ids have been made up, the rest simply stays unplaced and is
 * appended by rank: the order is total whatever comes. */
static void place(struct fold *f, const uint32_t *by_rank, const uint32_t *rank)
{
    struct edges g = {0};
    struct heap heap = {.ranks = fold_alloc(f, f->len, sizeof(uint32_t))};
    uint8_t *done = fold_alloc(f, f->len, 1);
    uint32_t placed = 0;

    if (!edges_make(f, &g)) {
        return;
    }
    for (uint32_t e = 0; e < f->len; e++) {
        if (g.open[e] == 0) {
            heap_put(&heap, rank[e]);
        }
    }
    while (heap.len > 0) {
        uint32_t e = by_rank[heap_take(&heap)];

        f->order[placed++] = e;
        done[e] = 1;
        for (uint32_t edge = g.first[e]; edge != 0; edge = g.next[edge]) {
            if (--g.open[g.waiter[edge]] == 0) {
                heap_put(&heap, rank[g.waiter[edge]]);
            }
        }
    }
    for (uint32_t r = 0; r < f->len && placed < f->len; r++) {
        if (done[by_rank[r]] == 0) {
            f->order[placed++] = by_rank[r];
        }
    }
}

void fold_order(struct fold *f)
{
    struct sort_key *keys = fold_alloc(f, f->len, sizeof(*keys));
    uint32_t *rank = fold_alloc(f, f->len, sizeof(*rank));
    uint32_t *by_rank = fold_alloc(f, f->len, sizeof(*by_rank));

    if (f->no_memory) {
        return;
    }
    for (uint32_t e = 0; e < f->len; e++) {
        const struct entry *entry = &f->entries[e];

        keys[e] = (struct sort_key){.order_s = entry->order_s,
                                    .position = entry->position,
                                    .on = entry->on,
                                    .node = entry->header->node,
                                    .epoch = entry->epoch,
                                    .entry = e};
    }
    sort_keys(keys, f->len);
    for (uint32_t r = 0; r < f->len; r++) {
        by_rank[r] = keys[r].entry;
        rank[keys[r].entry] = r;
    }
    if (is_placed_well(f, rank)) {
        memcpy(f->order, by_rank, f->len * sizeof(*by_rank));
    } else {
        place(f, by_rank, rank);
    }
}
