/* Private bodies that readers behind a node wait for: which nodes on the way
 * want one, who may have it, what is taken, and that one that is erased stays
 * away. */
#include "tests/store/scene.h"

#include "store/delivery.h"
#include "store/erase.h"
#include "store/integrate.h"
#include "store/query.h"
#include "store/wanted.h"

#define ASOF "2024-11-30"
#define SECRET "ciphertext-of-a-private-body-0123456789"

struct story {
    struct scene *s;
    struct event_id petition;
    struct event_id other; /* of no interest to anybody else */
    struct span body;      /* of the petition, as body.h lists it */
    struct arena arena;
};

static struct event_id say_petition(struct scene *s, const char *private)
{
    return SAY(s, .node = COMMUNE_A, .type = EVENT_PETITION_RECEIVED,
               .on = "2024-05-06", .private = private,
               .facts = {{"channel", "counter"},
                         {"kind", "proposal"},
                         {"field", "land"},
                         {"person_known", "true"}});
}

static void refer(struct story *st)
{
    (void)SAY(st->s, .node = COMMUNE_A, .type = EVENT_PETITION_REFERRED,
              .on = "2024-05-07", .subject = st->petition,
              .refs = {st->petition}, .to = UBND(PROVINCE),
              .facts = {{"to", "1001"}});
    scene_flush(st->s);
}

/* Gives what the store lacks; ciphertexts to the guard of the commune only. */
static void give(struct story *st, struct store *store, bool privates)
{
    for (size_t i = 0; i < st->s->logs_len; i++) {
        struct scene_log *from = &st->s->logs[i];
        struct store_log held = {.id = 0};
        struct error err = {0};

        for (size_t k = 0; k < from->parts_len; k++) {
            struct scene_part *part = &from->parts[k];
            struct span kept = part->segment.parts.privates;

            if (store_log_find(store, span_str(from->log.origin), &held,
                               &err) != 0) {
                held = (struct store_log){.id = 0};
            }
            if (part->is_cosig ? part->cosig.number < held.cosigs
                               : part->after.size <= held.head.size) {
                continue;
            }
            if (!privates) {
                part->segment.parts.privates = (struct span){NULL, 0};
            }
            scene_give(st->s, store, i, k);
            part->segment.parts.privates = kept;
        }
    }
    scene_settle(store, ASOF);
}

static void body_keep(struct story *st, struct store *store)
{
    struct buf list = buf_over(arena_alloc(&st->arena, 4096), 4096);
    struct body body;
    struct error err = {0};

    assert_ok(store_body_find(store, &st->petition, AUDIENCE_OF_PRIVATE,
                              &st->arena, &body, &err),
              err);
    body.index = 0;
    assert_ok(body_put(&body, &list, &err), err);
    st->body = buf_span(&list);
}

static int setup(void **state)
{
    struct story *st = calloc(1, sizeof(*st));
    struct error err = {0};

    assert_non_null(st);
    st->s = calloc(1, sizeof(*st->s));
    assert_non_null(st->s);
    scene_open(st->s);
    scene_found(st->s);
    scene_day(st->s, "2024-05-06");
    st->s->seed = 77;
    st->petition = say_petition(st->s, SECRET);
    st->other = say_petition(st->s, "another-ciphertext");
    scene_flush(st->s);
    assert_ok(arena_new(&st->arena, 1 << 20, &err), err);
    *state = st;
    return 0;
}

static int teardown(void **state)
{
    struct story *st = *state;

    scene_close(st->s);
    arena_release(&st->arena);
    free(st->s);
    free(st);
    return 0;
}

static bool holds(struct story *st, struct store *store)
{
    size_t mark = st->arena.used;
    struct body body;
    struct error err = {0};
    int rc = store_body_find(store, &st->petition, AUDIENCE_OF_PRIVATE,
                             &st->arena, &body, &err);

    arena_rewind(&st->arena, mark);
    return rc == 0;
}

static size_t waiting(struct story *st, struct store *store)
{
    struct store_wanted list[8];
    struct error err = {0};
    uint64_t count = 0;
    size_t len = 0;

    assert_ok(store_wanted_list(store, 0, list, 8, &len, &err), err);
    assert_ok(store_wanted_count(store, &count, &err), err);
    assert_int_equal(len, count);
    if (len > 0) {
        assert_true(event_id_equal(&list[0].event, &st->petition));
        assert_int_equal(list[0].node, COMMUNE_A);
    }
    return len;
}

static bool owed(struct store *store, const struct event_id *event,
                 uint32_t peer)
{
    struct error err = {0};
    bool answer = false;

    assert_ok(store_wanted_owed(store, event, peer, &answer, &err), err);
    return answer;
}

static int finding(void *data, const struct store_finding *found)
{
    (void)data;
    fail_msg("%s: %s", found->what, found->text);
    return 0;
}

static void check(struct store *store)
{
    uint64_t findings = 0, erased = 0;
    struct store_check_options options = {
        .now = now_of(ASOF), .visit = finding, .erased = &erased};
    struct error err = {0};

    assert_ok(store_check(store, &options, &findings, &err), err);
    assert_int_equal(findings, 0);
}

static int take(struct store *store, const struct event_id *event,
                struct span list, struct error *err)
{
    int rc = store_begin(store, err);

    rc = rc != 0 ? rc : store_wanted_take(store, event, list, err);
    if (rc != 0) {
        store_rollback(store);
        return rc;
    }
    return store_commit(store, err);
}

static void only_who_is_on_the_way_to_a_reader_wants_it(void **state)
{
    struct story *st = *state;
    struct store *district = scene_store(":memory:", DISTRICT);
    struct store *province = scene_store(":memory:", PROVINCE);

    give(st, district, true);
    give(st, province, false);
    assert_int_equal(waiting(st, province), 0); /* nobody there reads it */
    assert_false(owed(district, &st->petition, PROVINCE));
    assert_true(owed(district, &st->petition, COMMUNE_A));
    refer(st);
    give(st, district, true);
    give(st, province, false);
    assert_int_equal(waiting(st, province), 1);
    assert_int_equal(waiting(st, district), 0); /* as guard it has it */
    assert_true(owed(district, &st->petition, PROVINCE));
    assert_false(owed(district, &st->petition, COMMUNE_B));
    assert_false(owed(district, &st->other, PROVINCE));
    store_close(district);
    store_close(province);
}

/* COMMUNE_B says that it has the petition of COMMUNE_A now. */
static void who_refers_to_himself_what_is_not_his_reads_nothing(void **state)
{
    struct story *st = *state;
    struct store *district = scene_store(":memory:", DISTRICT);
    struct store *province = scene_store(":memory:", PROVINCE);
    struct event_id claim;

    claim = SAY(st->s, .node = COMMUNE_B, .type = EVENT_PETITION_REFERRED,
                .on = "2024-05-07", .subject = st->petition,
                .refs = {st->petition}, .to = UBND(COMMUNE_B),
                .private = "ciphertext of its own", .facts = {{"to", "1112"}});
    scene_flush(st->s);
    give(st, district, true);
    give(st, province, false);
    assert_int_equal(waiting(st, province), 0);
    assert_false(owed(district, &st->petition, COMMUNE_B));
    assert_false(owed(district, &st->petition, PROVINCE));
    assert_true(owed(district, &claim, COMMUNE_B)); /* it wrote that one */
    /* Who has it refers it: the same words count. */
    scene_day(st->s, "2024-05-08");
    (void)SAY(st->s, .node = COMMUNE_A, .type = EVENT_PETITION_REFERRED,
              .on = "2024-05-08", .subject = st->petition,
              .refs = {st->petition}, .to = UBND(COMMUNE_B),
              .facts = {{"to", "1112"}});
    scene_flush(st->s);
    give(st, district, true);
    assert_true(owed(district, &st->petition, COMMUNE_B));
    assert_false(owed(district, &st->petition, PROVINCE));
    check(district);
    store_close(district);
    store_close(province);
}

/* A referral that is voided makes nobody a reader: what was not fetched by
 * then is wanted no more. */
static void what_nobody_reads_any_more_is_not_wanted_any_more(void **state)
{
    struct story *st = *state;
    struct store *province = scene_store(":memory:", PROVINCE);
    const struct store_rebuild_options options = {.now = now_of(ASOF)};
    struct store_integrated done;
    struct error err = {0};
    struct event_id referral;

    referral =
        SAY(st->s, .node = COMMUNE_A, .type = EVENT_PETITION_REFERRED,
            .on = "2024-05-07", .subject = st->petition, .refs = {st->petition},
            .to = UBND(PROVINCE), .facts = {{"to", "1001"}});
    scene_flush(st->s);
    give(st, province, false);
    assert_int_equal(waiting(st, province), 1);
    scene_day(st->s, "2024-05-08");
    (void)SAY(st->s, .node = COMMUNE_A, .type = EVENT_VOIDED,
              .on = "2024-05-08", .subject = st->petition, .refs = {referral},
              .facts = {{"reason", "2"},
                        {"order.kind", "order"},
                        {"order.number", "12/TB-UBND"}});
    scene_flush(st->s);
    give(st, province, false);
    assert_int_equal(waiting(st, province), 0);
    check(province);
    assert_ok(store_rebuild(province, &options, &done, &err), err);
    assert_int_equal(waiting(st, province), 0);
    store_close(province);
}

static bool has_private(struct span list)
{
    struct error err = {0};
    struct body body;

    while (list.len > 0) {
        assert_ok(body_take(&list, &body, &err), err);
        if (body.slot == AUDIENCE_OF_PRIVATE) {
            return true;
        }
    }
    return false;
}

/* How many events COMMUNE_B is sent with a ciphertext, of `len` in all. */
static size_t sent_private(struct story *st, struct store *store, size_t *len)
{
    struct store_delivery list[8];
    struct error err = {0};
    size_t privates = 0;

    assert_ok(store_delivery_list(store, COMMUNE_B, 0, 1 << 20, &st->arena,
                                  list, 8, len, &err),
              err);
    for (size_t i = 0; i < *len; i++) {
        privates += has_private(list[i].bodies);
    }
    return privates;
}

/* The rows are queued; who is a reader is asked when they go. */
static void what_is_queued_goes_without_privates_once_it_is_voided(void **state)
{
    struct story *st = *state;
    struct store *district = scene_store(":memory:", DISTRICT);
    struct event_id referral;
    size_t len = 0;

    referral =
        SAY(st->s, .node = COMMUNE_A, .type = EVENT_PETITION_REFERRED,
            .on = "2024-05-07", .subject = st->petition, .refs = {st->petition},
            .to = UBND(COMMUNE_B), .facts = {{"to", "1112"}});
    scene_flush(st->s);
    give(st, district, true);
    assert_int_equal(sent_private(st, district, &len), 1);
    assert_int_equal(len, 2);
    scene_day(st->s, "2024-05-08");
    (void)SAY(st->s, .node = COMMUNE_A, .type = EVENT_VOIDED,
              .on = "2024-05-08", .subject = st->petition, .refs = {referral},
              .facts = {{"reason", "2"},
                        {"order.kind", "order"},
                        {"order.number", "12/TB-UBND"}});
    scene_flush(st->s);
    give(st, district, true);
    assert_int_equal(sent_private(st, district, &len), 0);
    assert_true(len >= 2);
    store_close(district);
}

static void what_is_taken_is_what_the_event_commits_to(void **state)
{
    struct story *st = *state;
    struct store *district = scene_store(":memory:", DISTRICT);
    struct store *province = scene_store(":memory:", PROVINCE);
    const struct store_rebuild_options options = {.now = now_of(ASOF)};
    struct store_integrated done;
    enum store_wanted_state now = STORE_WANTED;
    struct error err = {0};
    uint8_t wrong[4096];

    refer(st);
    give(st, district, true);
    give(st, province, false);
    body_keep(st, district);
    memcpy(wrong, st->body.ptr, st->body.len);
    wrong[st->body.len - 1] ^= 1;
    assert_err(
        take(province, &st->petition, span_make(wrong, st->body.len), &err),
        ERR_UNTRUSTED, err);
    assert_err(take(province, &st->other, st->body, &err), ERR_UNTRUSTED, err);
    assert_err(take(province, &(struct event_id){{1}}, st->body, &err),
               ERR_NOTFOUND, err);
    assert_false(holds(st, province));
    assert_ok(take(province, &st->petition, st->body, &err), err);
    assert_true(holds(st, province));
    assert_int_equal(waiting(st, province), 0);
    assert_ok(store_wanted_find(province, &st->petition, &now, &err), err);
    assert_int_equal(now, STORE_WANTED_HERE);
    assert_ok(take(province, &st->petition, st->body, &err), err); /* twice */
    check(province);
    /* Derived as ever, and what is here stays. */
    assert_ok(store_rebuild(province, &options, &done, &err), err);
    assert_int_equal(waiting(st, province), 1);
    assert_true(holds(st, province));
    check(province);
    store_close(district);
    store_close(province);
}

/* Whether it came before the word or after it. */
static void what_is_erased_is_neither_kept_nor_taken(void **state)
{
    struct story *st = *state;
    struct store *district = scene_store(":memory:", DISTRICT);
    enum store_wanted_state now = STORE_WANTED;
    struct store *provinces[2] = {scene_store(":memory:", PROVINCE),
                                  scene_store(":memory:", PROVINCE)};
    struct event_id erased;
    struct error err = {0};

    refer(st);
    give(st, district, true);
    body_keep(st, district);
    for (size_t i = 0; i < 2; i++) {
        give(st, provinces[i], false);
    }
    assert_ok(take(provinces[0], &st->petition, st->body, &err), err);
    scene_day(st->s, "2024-06-03");
    erased = SAY(st->s, .node = COMMUNE_A, .type = EVENT_ERASED,
                 .on = "2024-06-03", .subject = st->petition,
                 .refs = {st->petition}, .signer = KEY_LEADER(COMMUNE_A),
                 .facts = {{"audience", "private"}, {"ground", "request"}});
    scene_flush(st->s);
    (void)SAY(st->s, .node = PROVINCE, .type = EVENT_APPROVED,
              .on = "2024-06-04", .subject = st->petition, .refs = {erased},
              .signer = KEY_LEADER(PROVINCE));
    scene_flush(st->s);
    for (size_t i = 0; i < 2; i++) {
        give(st, provinces[i], false);
        assert_ok(take(provinces[i], &st->petition, st->body, &err), err);
        assert_false(holds(st, provinces[i]));
        assert_ok(store_wanted_find(provinces[i], &st->petition, &now, &err),
                  err);
        assert_int_equal(now, STORE_WANTED_ERASED);
        check(provinces[i]);
        store_close(provinces[i]);
    }
    store_close(district);
}

/* The node's own log came back from a mirror that had no ciphertexts: each is
 * listed as absent there. */
static void lose_bodies(struct story *st, struct store *commune)
{
    struct scene_log *own = scene_log(st->s, COMMUNE_A, false);
    struct buf absent = buf_over(arena_alloc(&st->arena, 64), 64);
    struct segment_view *view = arena_alloc(&st->s->arena, sizeof(*view));
    struct error err = {0};

    for (size_t k = 0; k < own->parts_len; k++) {
        struct segment *parts = &own->parts[k].segment.parts;

        if (own->parts[k].is_cosig || parts->privates.len == 0) {
            continue;
        }
        assert_ok(segment_open(st->s->codec, parts, &st->s->arena, view, &err),
                  err);
        for (size_t i = 0; i < view->bodies_len; i++) {
            if (view->bodies[i].slot == AUDIENCE_OF_PRIVATE) {
                buf_put_u16(&absent, view->bodies[i].index);
                buf_put_u8(&absent, AUDIENCE_OF_PRIVATE);
            }
        }
        parts->privates = (struct span){NULL, 0};
        parts->absent = buf_span(&absent);
    }
    give(st, commune, true);
}

static size_t lacking(struct store *store, uint32_t log)
{
    struct event_id events[BATCH_EVENTS_MAX];
    struct error err = {0};
    uint64_t at = 0;
    size_t len = 0, sum = 0;

    while (at != UINT64_MAX) {
        assert_ok(store_wanted_lacking(store, log, &at, events, &len, &err),
                  err);
        sum += len;
    }
    return sum;
}

static void a_log_that_came_back_without_bodies_wants_them(void **state)
{
    struct story *st = *state;
    struct store *district = scene_store(":memory:", DISTRICT);
    struct store *commune = scene_store(":memory:", COMMUNE_A);
    struct store_log log;
    struct error err = {0};

    give(st, district, true);
    body_keep(st, district);
    lose_bodies(st, commune);
    assert_ok(
        store_log_find(commune,
                       span_str(scene_log(st->s, COMMUNE_A, false)->log.origin),
                       &log, &err),
        err);
    assert_int_equal(lacking(commune, log.id), 2);
    assert_ok(take(commune, &st->petition, st->body, &err), err);
    assert_true(holds(st, commune));
    assert_int_equal(lacking(commune, log.id), 1);
    /* A guard since leaf 0 got all with the batches: nothing is looked for. */
    assert_ok(store_log_find(district, span_str(log.origin), &log, &err), err);
    assert_int_equal(lacking(district, log.id), 0);
    store_close(district);
    store_close(commune);
}

/* Of two certificates in a row the first names from where on. */
static void a_guard_is_one_from_the_leaf_that_its_first_word_names(void **state)
{
    struct dir_cert certs[3] = {
        {.epoch = 1, .guard = DISTRICT},
        {.epoch = 1, .guard = PROVINCE, .guard_from = 40},
        {.epoch = 1, .guard = PROVINCE, .guard_from = 70},
    };
    struct dir_cert *list[3] = {&certs[0], &certs[1], &certs[2]};
    struct dir_node node = {.number = COMMUNE_A};
    struct directory dir = {.nodes = &node, .nodes_len = 1};
    struct store_log log = {.node = COMMUNE_A, .epoch = 1};
    uint64_t from = 7;

    (void)state;
    node.certs = list;
    node.certs_len = 3;
    assert_true(store_guards_from(&dir, PROVINCE, &log, &from));
    assert_int_equal(from, 40);
    assert_false(store_guards_from(&dir, DISTRICT, &log, &from));
    log.epoch = 2; /* nobody was named for that one */
    assert_false(store_guards_from(&dir, PROVINCE, &log, &from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            only_who_is_on_the_way_to_a_reader_wants_it, setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_refers_to_himself_what_is_not_his_reads_nothing, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            what_nobody_reads_any_more_is_not_wanted_any_more, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_is_queued_goes_without_privates_once_it_is_voided, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            what_is_taken_is_what_the_event_commits_to, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_is_erased_is_neither_kept_nor_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_log_that_came_back_without_bodies_wants_them, setup, teardown),
        cmocka_unit_test(
            a_guard_is_one_from_the_leaf_that_its_first_word_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
