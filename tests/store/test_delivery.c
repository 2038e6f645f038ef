/* Deliveries: a record that is referred reaches its new holder whole, with what
 * proves it, and says the same there. */
#include "tests/store/office.h"

#include "store/delivery.h"
#include "store/directory.h"
#include "store/query.h"

/* The newest log that something was handed over of. */
static struct store_log held;

static void take(struct office *o, struct store *to,
                 const struct store_delivery *delivery)
{
    struct store_delivery taken = *delivery;
    struct store_log log;

    assert_ok(store_log_get(o->store, delivery->log, &log, &o->err), o->err);
    log.mirrored = false;
    assert_ok(store_begin(to, &o->err), o->err);
    assert_ok(store_log_ensure(to, &log, &held, &o->err), o->err);
    taken.log = held.id;
    taken.cosig.log = held.id;
    taken.quoted.log = held.id;
    taken.quoted.number = 0; /* it does not travel */
    assert_ok(store_delivery_take(to, &taken, &o->err), o->err);
    assert_ok(store_delivery_take(to, &taken, &o->err),
              o->err); /* safe twice */
    assert_ok(store_commit(to, &o->err), o->err);
}

static void hand_over(struct office *o, struct store *to,
                      const struct store_delivery *delivery)
{
    struct hash hash = merkle_leaf(delivery->leaf);

    assert_ok(merkle_verify_inclusion(delivery->index, &delivery->head, &hash,
                                      &delivery->path, &o->err),
              o->err);
    take(o, to, delivery);
}

static void a_referred_record_is_delivered_to_its_new_holder(void **state)
{
    struct office *o = *state;
    struct scene_event event = office_received("chuyển sang xã bên");
    struct store_delivery deliveries[16];
    struct store_record record;
    struct store *neighbour;
    struct store_log cert_log;
    struct store_actor actors[4];
    struct event_id id;
    uint64_t acked, newest;
    size_t len, i, log;

    scene_day(o->s, "2024-03-05");
    id = scene_say(o->s, &event);
    scene_flush(o->s); /* the next one quotes another cosignature */
    (void)SAY(o->s, .node = COMMUNE_A, .type = EVENT_PETITION_REFERRED,
              .on = "2024-03-05", .subject = id, .refs = {id},
              .to = UBND(COMMUNE_B), .facts = {{"to", "1112"}});
    scene_flush(o->s);
    o->store = scene_store(":memory:", DISTRICT);
    assert_int_equal(store_delivery_mark(o->store), 0);
    scene_give_all(o->s, o->store);
    scene_settle(o->store, "2024-03-10");
    assert_int_equal(store_delivery_mark(o->store), 2); /* one for each */
    assert_ok(store_delivery_list(o->store, COMMUNE_A, 0, 1 << 20, &o->arena,
                                  deliveries, 16, &len, &o->err),
              o->err);
    assert_int_equal(len, 0); /* its own events it has */
    assert_ok(store_delivery_list(o->store, COMMUNE_B, 0, 1 << 20, &o->arena,
                                  deliveries, 16, &len, &o->err),
              o->err);
    assert_int_equal(len, 2);
    assert_true(deliveries[0].has_cosig);
    assert_true(deliveries[0].bodies.len + deliveries[1].bodies.len > 0);

    neighbour = scene_store(":memory:", COMMUNE_B);
    for (log = 0; log < o->s->logs_len; log++) {
        for (i = 0; i < o->s->logs[log].parts_len; i++) {
            if (o->s->logs[log].log.is_dir) {
                scene_give(o->s, neighbour, log, i);
            }
        }
    }
    /* The clerk's certificate comes along. */
    assert_ok(store_actor_list(o->store, COMMUNE_A, 0, actors, 4, &i, &o->err),
              o->err);
    assert_int_equal(i, 2);
    for (i = 0; i < 2; i++) {
        struct store_delivery cert = {.log = actors[i].log,
                                      .index = actors[i].index};
        struct store_event row;
        struct store_source source_state;
        struct merkle_source source =
            store_log_source(o->store, cert.log, &source_state);

        assert_ok(store_event_at(o->store, cert.log, cert.index, &o->arena,
                                 &row, &o->err),
                  o->err);
        assert_ok(store_log_get(o->store, cert.log, &cert_log, &o->err),
                  o->err);
        cert.leaf = row.leaf;
        cert.head = cert_log.head;
        assert_ok(merkle_prove_inclusion(&source, cert.index, cert.head.size,
                                         &cert.path, &o->err),
                  o->err);
        hand_over(o, neighbour, &cert);
    }
    for (i = 0; i < len; i++) {
        hand_over(o, neighbour, &deliveries[i]);
    }
    {
        struct store_delivery far = deliveries[0];

        /* Beyond it, a place would be another log's. */
        far.index = UINT64_C(1) << 40;
        assert_ok(store_begin(neighbour, &o->err), o->err);
        far.log = 1;
        assert_err(store_delivery_take(neighbour, &far, &o->err), ERR_MALFORMED,
                   o->err);
        far = deliveries[0];
        far.log = far.cosig.log = 1;
        far.index = 100000;
        far.cosig.number = 77;
        far.cosig.head.size = UINT64_C(1) << 62;
        assert_err(store_delivery_take(neighbour, &far, &o->err), ERR_MALFORMED,
                   o->err);
        store_rollback(neighbour);
    }
    scene_settle(neighbour, "2024-03-10");
    assert_ok(store_record_find(neighbour, &id, &o->arena, &record, &o->err),
              o->err);
    assert_int_equal(record.unit, UBND(COMMUNE_A));
    {
        struct store_record here;

        assert_ok(store_record_find(o->store, &id, &o->arena, &here, &o->err),
                  o->err);
        assert_true(span_equal(here.bytes, record.bytes));
    }
    store_close(neighbour);

    assert_ok(store_begin(o->store, &o->err), o->err);
    assert_ok(store_delivery_ack(o->store, COMMUNE_B, 2, &o->err), o->err);
    assert_ok(store_commit(o->store, &o->err), o->err);
    assert_ok(
        store_delivery_acked(o->store, COMMUNE_B, &acked, &newest, &o->err),
        o->err);
    assert_int_equal(acked, 2);
    assert_int_equal(newest, 2);
}

/* A former guard holds the leaves of before, and hears of the new guard's
 * cosignatures by deliveries alone. */
static void what_was_mirrored_is_bounded_by_what_is_delivered(void **state)
{
    struct office *o = *state;
    struct scene_event event = office_received("chuyển lên huyện");
    struct store_delivery deliveries[16];
    struct store_record here, there;
    struct store *former;
    struct event_id id;
    size_t len, i, log;

    scene_day(o->s, "2024-03-05");
    id = scene_say(o->s, &event);
    scene_flush(o->s);
    (void)SAY(o->s, .node = COMMUNE_A, .type = EVENT_PETITION_REFERRED,
              .on = "2024-03-05", .subject = id, .refs = {id},
              .to = UBND(COMMUNE_B), .facts = {{"to", "1112"}});
    scene_flush(o->s);
    o->store = scene_store(":memory:", DISTRICT);
    scene_give_all(o->s, o->store);
    scene_settle(o->store, "2024-03-10");
    assert_ok(store_delivery_list(o->store, COMMUNE_B, 0, 1 << 20, &o->arena,
                                  deliveries, 16, &len, &o->err),
              o->err);
    assert_int_equal(len, 2);

    former = scene_store(":memory:", COMMUNE_B);
    for (log = 0; log < o->s->logs_len; log++) {
        bool dir = o->s->logs[log].log.is_dir;

        for (i = 0; i < o->s->logs[log].parts_len; i++) {
            if (dir || !o->s->logs[log].parts[i].is_cosig) {
                scene_give(o->s, former, log, i);
            }
        }
    }
    scene_settle(former, "2024-03-10");
    assert_ok(store_record_find(former, &id, &o->arena, &there, &o->err),
              o->err);
    assert_ok(store_record_find(o->store, &id, &o->arena, &here, &o->err),
              o->err);
    assert_false(span_equal(here.bytes, there.bytes));
    /* The later one first: what it covers is bounded anew by the other. */
    for (i = len; i-- > 0;) {
        hand_over(o, former, &deliveries[i]);
    }
    /* Its number, and that it was asked for, are words of whoever passed it on;
     * of another tree nothing is taken. */
    {
        struct store_delivery told = deliveries[1];
        struct store_cosig cosig;

        told.cosig.number = 1;
        told.cosig.repeat = true;
        hand_over(o, former, &told);
        told.cosig.head.root.bytes[0] ^= 1;
        told.cosig.line.bytes[20] ^= 1;
        take(o, former, &told);
        assert_err(store_cosig_repeat(former, held.id, &cosig, &o->err),
                   ERR_NOTFOUND, o->err);
        assert_err(store_cosig_newest(former, held.id, &cosig, &o->err),
                   ERR_NOTFOUND, o->err);
    }
    scene_settle(former, "2024-03-10");
    assert_ok(store_record_find(former, &id, &o->arena, &there, &o->err),
              o->err);
    assert_true(span_equal(here.bytes, there.bytes));
    /* It is its guard again: each number has its place. */
    for (log = 0; log < o->s->logs_len; log++) {
        for (i = 0; i < o->s->logs[log].parts_len; i++) {
            if (!o->s->logs[log].log.is_dir &&
                o->s->logs[log].parts[i].is_cosig) {
                scene_give(o->s, former, log, i);
            }
        }
    }
    {
        struct store_log whole;
        uint64_t within;

        assert_ok(store_log_get(former, held.id, &whole, &o->err), o->err);
        assert_true(whole.cosigs >= 2);
        assert_ok(store_cosig_within(former, &whole, whole.head.size, &within,
                                     &o->err),
                  o->err);
        assert_int_equal(within, whole.cosigs);
        assert_ok(store_cosig_within(former, &whole, 1, &within, &o->err),
                  o->err);
        assert_true(within < whole.cosigs);
    }
    store_close(former);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_TEST(a_referred_record_is_delivered_to_its_new_holder),
        OFFICE_TEST(what_was_mirrored_is_bounded_by_what_is_delivered),
    };
    return TEST_RUN(tests);
}
