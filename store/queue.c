/* store: the numbers of delivery queues: what was acknowledged, and whether
 * the two ends mean the same queue. A queue that was lost or rolled back gives
 * its numbers to other events; the chain over the events shows it. Must never
 * take a number for delivered whose event the child may lack.
 * Read next: delivery.c.
 */
#include "store/delivery.h"

#include <string.h>

#include "store/store_parts.h"

/* What a child may say: numbers go on from there. */
#define NUMBER_TOLD_MAX (UINT64_C(1) << 48)

enum {
    QUEUE_NEWEST,
    QUEUE_ACK_PUT,
    QUEUE_GET,
    QUEUE_TAKEN,
    QUEUE_EVENTS,
    QUEUE_ASIDE,
    QUEUE_BACK,
    QUEUE_BASE
};

static const char *const sql[] = {
    [QUEUE_NEWEST] = "SELECT max(number) FROM deliveries WHERE child = ?",
    [QUEUE_ACK_PUT] =
        "INSERT INTO delivery_acks (peer, incoming, number) VALUES (?, 0, ?) "
        "ON CONFLICT (peer, incoming) DO UPDATE SET number = max(number, "
        "excluded.number)",
    [QUEUE_GET] = "SELECT number, base, chain FROM delivery_acks WHERE "
                  "peer = ? AND incoming = ?",
    [QUEUE_TAKEN] =
        "INSERT INTO delivery_acks (peer, incoming, number, chain) VALUES "
        "(?, 1, ?, ?) ON CONFLICT (peer, incoming) DO UPDATE SET number = "
        "excluded.number, chain = excluded.chain",
    [QUEUE_EVENTS] = "SELECT event FROM deliveries WHERE child = ? AND "
                     "number > ? AND number <= ? ORDER BY number",
    /* Through negative numbers: no two rows ever meet. */
    [QUEUE_ASIDE] = "UPDATE deliveries SET number = -(number - ?2 + ?3) WHERE "
                    "child = ?1",
    [QUEUE_BACK] = "UPDATE deliveries SET number = -number WHERE child = ? AND "
                   "number < 0",
    [QUEUE_BASE] =
        "INSERT INTO delivery_acks (peer, incoming, number, base, chain) "
        "VALUES (?1, 0, ?2, ?2, ?3) ON CONFLICT (peer, incoming) DO UPDATE SET "
        "number = excluded.number, base = excluded.base, "
        "chain = excluded.chain",
};
const struct query_table queue_queries = {sql, sizeof(sql) / sizeof(sql[0])};

struct chain {
    uint8_t bytes[DELIVERY_CHAIN_SIZE];
};

/* Of one peer and direction; zeros if nothing is known. */
struct queue {
    uint64_t number;
    uint64_t base;
    struct chain chain;
};

static int queue_get(struct store *store, uint32_t peer, bool incoming,
                     struct queue *out, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_QUEUE, QUEUE_GET);
    int rc;

    memset(out, 0, sizeof(*out));
    bind_int(q, 1, peer);
    bind_int(q, 2, incoming);
    if ((rc = query_row(store, q, err)) == 1) {
        out->number = (uint64_t)column_int(q, 0);
        out->base = (uint64_t)column_int(q, 1);
        rc = column_bytes(q, 2, &out->chain, sizeof(out->chain), err);
        query_end(q);
    }
    return rc;
}

static void chain_add(struct chain *chain, const struct event_id *event)
{
    static const char domain[] = "qcdc/queue/v1\n";
    uint8_t room[sizeof(domain) - 1 + sizeof(*chain) + sizeof(*event)];
    struct buf text = buf_over(room, sizeof(room));
    struct hash hash;

    buf_put(&text, span_str(domain));
    buf_put(&text, SPAN_OF(*chain));
    buf_put(&text, SPAN_OF(*event));
    hash = hash_of(buf_span(&text));
    memcpy(chain, &hash, sizeof(*chain));
}

/* ---- incoming ---- */

int store_delivery_taken(struct store *store, uint32_t parent, uint64_t *number,
                         uint8_t chain[DELIVERY_CHAIN_SIZE], struct error *err)
{
    struct queue queue;
    int rc = queue_get(store, parent, true, &queue, err);

    *number = queue.number;
    memcpy(chain, &queue.chain, DELIVERY_CHAIN_SIZE);
    return rc < 0 ? rc : 0;
}

int store_delivery_taken_add(struct store *store, uint32_t parent,
                             uint64_t number, const struct event_id *event,
                             struct error *err)
{
    struct queue queue;
    sqlite3_stmt *q;
    int rc = queue_get(store, parent, true, &queue, err);

    if (rc < 0) {
        return rc;
    }
    if (number != queue.number + 1) {
        return error_set(err, ERR_CONFLICT, "delivery %llu came after %llu",
                         (unsigned long long)number,
                         (unsigned long long)queue.number);
    }
    chain_add(&queue.chain, event);
    q = query(store, OWNER_QUEUE, QUEUE_TAKEN);
    bind_int(q, 1, parent);
    bind_int(q, 2, (int64_t)number);
    bind_span(q, 3, SPAN_OF(queue.chain));
    return query_run(store, q, err);
}

/* ---- outgoing ---- */

int store_delivery_ack(struct store *store, uint32_t child, uint64_t number,
                       struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_QUEUE, QUEUE_ACK_PUT);

    bind_int(q, 1, child);
    bind_int(q, 2, (int64_t)number);
    return query_run(store, q, err);
}

int store_delivery_acked(struct store *store, uint32_t child, uint64_t *number,
                         uint64_t *newest, struct error *err)
{
    struct queue queue;
    sqlite3_stmt *q;
    int rc = queue_get(store, child, false, &queue, err);

    *number = queue.number;
    *newest = queue.base;
    if (rc < 0) {
        return rc;
    }
    q = query(store, OWNER_QUEUE, QUEUE_NEWEST);
    bind_int(q, 1, child);
    rc = query_row(store, q, err);
    if (rc == 1 && column_int(q, 0) > (int64_t)queue.base) {
        *newest = (uint64_t)column_int(q, 0);
    }
    query_end(q);
    return rc < 0 ? rc : 0;
}

uint64_t store_delivery_mark(const struct store *store)
{
    return store->deliveries;
}

/* Are the first `number` of the queue the events of `chain`? */
/* NOLINTNEXTLINE(readability-function-size): two sides of one comparison */
static int queue_is(struct store *store, uint32_t child,
                    const struct queue *queue, uint64_t number,
                    const struct chain *chain, bool *same, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_QUEUE, QUEUE_EVENTS);
    struct chain ours = queue->chain;
    uint64_t at = queue->base;
    int rc;

    bind_int(q, 1, child);
    bind_int(q, 2, (int64_t)queue->base);
    bind_int(q, 3, (int64_t)number);
    while ((rc = query_row(store, q, err)) == 1) {
        struct event_id event;

        rc = column_bytes(q, 0, &event, sizeof(event), err);
        if (rc != 0) {
            break;
        }
        chain_add(&ours, &event);
        at++;
    }
    query_end(q);
    *same = rc == 0 && at == number && number >= queue->base &&
            memcmp(&ours, chain, sizeof(ours)) == 0;
    return rc;
}

static int queue_renumber(struct store *store, uint32_t child,
                          const struct queue *queue, uint64_t number,
                          const struct chain *chain, struct error *err)
{
    sqlite3_stmt *q = query(store, OWNER_QUEUE, QUEUE_ASIDE);
    int rc;

    store->deliveries++;
    bind_int(q, 1, child);
    bind_int(q, 2, (int64_t)queue->base);
    bind_int(q, 3, (int64_t)number);
    if ((rc = query_run(store, q, err)) != 0) {
        return rc;
    }
    q = query(store, OWNER_QUEUE, QUEUE_BACK);
    bind_int(q, 1, child);
    if ((rc = query_run(store, q, err)) != 0) {
        return rc;
    }
    q = query(store, OWNER_QUEUE, QUEUE_BASE);
    bind_int(q, 1, child);
    bind_int(q, 2, (int64_t)number);
    bind_span(q, 3, SPAN_OF(*chain));
    return query_run(store, q, err);
}

int store_delivery_greet(struct store *store, uint32_t child, uint64_t number,
                         const uint8_t chain[DELIVERY_CHAIN_SIZE], bool *anew,
                         struct error *err)
{
    struct queue queue;
    struct chain told;
    bool same = false;
    int rc = 0;

    *anew = false;
    if (number > NUMBER_TOLD_MAX) {
        return error_set(err, ERR_MALFORMED,
                         "node %u says that it took %llu deliveries: nobody "
                         "ever made as many",
                         child, (unsigned long long)number);
    }
    rc = queue_get(store, child, false, &queue, err);
    memcpy(&told, chain, sizeof(told));
    if (rc >= 0) {
        rc = queue_is(store, child, &queue, number, &told, &same, err);
    }
    *anew = rc == 0 && !same;
    if (rc != 0) {
        return rc;
    }
    return same ? store_delivery_ack(store, child, number, err)
                : queue_renumber(store, child, &queue, number, &told, err);
}
