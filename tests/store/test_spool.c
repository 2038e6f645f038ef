/* The spool and the log: recorded at once, sequenced under the guard, found by
 * search; other days and earlier knowledge. */
#include "tests/store/office.h"

#include "protocol/event/code.h"
#include "store/check.h"
#include "store/epoch.h"
#include "store/query.h"

/* Sequences what is spooled, as the engine does. */
static void sequence(struct office *o)
{
    struct scene_log *log = scene_log(o->s, COMMUNE_A, false);
    struct store_spooled events[8];
    struct scene_part *part;
    struct store_log held;
    struct body list[8][2];
    size_t len, i;

    assert_ok(store_spool_list(o->store, false, 0, 65536, &o->arena, events, 8,
                               &len, &o->err),
              o->err);
    for (i = 0; i < len; i++) {
        struct segment_item *item = &log->items[log->items_len++];
        struct span bodies = events[i].bodies;

        *item =
            (struct segment_item){.leaf = events[i].leaf, .bodies = list[i]};
        while (bodies.len > 0) {
            assert_ok(body_take(&bodies, &list[i][item->bodies_len++], &o->err),
                      o->err);
        }
    }
    part = &log->parts[log->parts_len];
    scene_seal(o->s, log);
    assert_ok(
        store_log_find(o->store, span_str(log->log.origin), &held, &o->err),
        o->err);
    part->segment.log = held.id;
    assert_ok(store_begin(o->store, &o->err), o->err);
    assert_ok(
        store_sequence(o->store, false, &part->segment, &part->after, &o->err),
        o->err);
    assert_ok(store_commit(o->store, &o->err), o->err);
}

static void assert_found(struct office *o, const char *query,
                         const struct event_id *id)
{
    struct event_id subjects[8];
    size_t len = 0;

    assert_ok(store_search(o->store, query, subjects, 8, &len, &o->err),
              o->err);
    if (len != 1 || !event_id_equal(&subjects[0], id)) {
        fail_msg("\"%s\" found %zu records", query, len);
    }
}

static void a_spooled_event_counts_at_once_and_moves_into_the_log(void **state)
{
    struct office *o = *state;
    struct store_spool_state spool;
    struct store_record before, after;
    struct store_event event;
    struct body body;
    struct event_id id;
    bool any;
    size_t log = (size_t)(scene_log(o->s, COMMUNE_A, false) - o->s->logs);

    office_open(o, COMMUNE_A);
    id = office_record(o, "Đường làng");
    assert_ok(store_only_here(o->store, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 1);
    assert_true(spool.oldest_ms > 0);
    assert_ok(store_spool_any(o->store, &any, &o->err), o->err);
    assert_true(any);
    assert_ok(store_record_find(o->store, &id, &o->arena, &before, &o->err),
              o->err);
    assert_int_equal(before.unit, UBND(COMMUNE_A));
    sequence(o);
    assert_ok(store_spool_state(o->store, false, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 0);
    assert_ok(store_spool_any(o->store, &any, &o->err), o->err);
    assert_false(any);
    assert_ok(store_only_here(o->store, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 1); /* in the log, not yet cosigned */
    scene_cosign(o->s, &o->s->logs[log], false);
    scene_give(o->s, o->store, log, o->s->logs[log].parts_len - 1);
    scene_settle(o->store, "2024-03-10");
    assert_ok(store_only_here(o->store, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 0);
    assert_ok(store_event_find(o->store, &id, &o->arena, &event, &o->err),
              o->err);
    assert_true(event.log != 0);
    assert_true(event.upper_s != 0);
    assert_true(event.signature_ok);
    assert_ok(store_record_find(o->store, &id, &o->arena, &after, &o->err),
              o->err);
    assert_int_equal(after.state, before.state);
    assert_ok(store_body_find(o->store, &id, AUDIENCE_OF_PRIVATE, &o->arena,
                              &body, &o->err),
              o->err);
    assert_int_equal(body.bytes.len, strlen("kín"));
}

static void find_nothing_wrong(struct office *o)
{
    struct store_check_options options = {.now = now_of("2024-03-10")};
    uint64_t findings = 1;

    assert_ok(store_check(o->store, &options, &findings, &o->err), o->err);
    assert_int_equal(findings, 0);
}

/* Sequencing only marks: until integration comes the row stands in the spool,
 * counts, is found, and is not sequenced again. */
static void a_sequenced_event_is_whole_before_its_row_moves(void **state)
{
    struct office *o = *state;
    struct store_spool_state spool;
    struct store_event event;
    struct body body;
    struct event_id id;
    bool any = true;

    office_open(o, COMMUNE_A);
    id = office_record(o, "Đường làng");
    scene_settle(o->store, "2024-03-10");
    sequence(o);
    assert_ok(store_spool_any(o->store, &any, &o->err), o->err);
    assert_false(any);
    assert_ok(store_spool_state(o->store, false, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 0);
    assert_ok(store_only_here(o->store, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 1);
    assert_true(spool.oldest_ms > 0);
    assert_ok(store_event_find(o->store, &id, &o->arena, &event, &o->err),
              o->err);
    assert_int_equal(event.log, 0);
    assert_ok(store_body_find(o->store, &id, AUDIENCE_OF_PRIVATE, &o->arena,
                              &body, &o->err),
              o->err);
    assert_found(o, "duong lang", &id);
    find_nothing_wrong(o);
    scene_settle(o->store, "2024-03-10");
    assert_ok(store_event_find(o->store, &id, &o->arena, &event, &o->err),
              o->err);
    assert_true(event.log != 0);
    assert_true(event.signature_ok);
    assert_ok(store_only_here(o->store, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 1); /* still not cosigned */
    assert_true(spool.oldest_ms > 0);
    find_nothing_wrong(o);
}

static void the_same_event_twice_is_refused(void **state)
{
    struct office *o = *state;
    struct scene_event event = office_received("x");
    struct event_id id;
    struct span bodies, leaf;
    uint64_t number;

    office_open(o, COMMUNE_A);
    leaf = scene_sign(o->s, &event, &id, &bodies);
    assert_ok(store_begin(o->store, &o->err), o->err);
    assert_ok(
        store_spool_append(o->store, false, leaf, bodies, &number, &o->err),
        o->err);
    assert_err(
        store_spool_append(o->store, false, leaf, bodies, &number, &o->err),
        ERR_CONFLICT, o->err);
    store_rollback(o->store);
    assert_err(store_event_find(o->store, &id, &o->arena,
                                &(struct store_event){0}, &o->err),
               ERR_NOTFOUND, o->err);
}

static void search_folds_accents_and_never_sees_private_text(void **state)
{
    struct office *o = *state;
    struct event_id subjects[4], id;
    char code[CODE_TEXT_SIZE];
    size_t len = 1;
    int round;

    office_open(o, COMMUNE_A);
    id = office_record(o, "Đề nghị sửa đường Đắk Hà");
    code_format(&id, code);
    for (round = 0; round < 2; round++) {
        assert_found(o, "duong dak", &id);
        assert_found(o, "ĐƯỜNG", &id);
        assert_found(o, "77/ĐKN", &id);
        assert_found(o, code, &id);
        assert_ok(store_search(o->store, "kín", subjects, 4, &len, &o->err),
                  o->err);
        assert_int_equal(len, 0);
        if (round == 0) { /* first in the spool, then in the index */
            struct store_integrated done;

            sequence(o);
            assert_ok(store_begin(o->store, &o->err), o->err);
            assert_ok(store_index(o->store, 0, &done, &o->err), o->err);
            assert_ok(store_commit(o->store, &o->err), o->err);
        }
    }
    assert_err(store_search(o->store, "  ", subjects, 4, &len, &o->err),
               ERR_USAGE, o->err);
}

/* A fetched-back tail takes the place of what still lay in the spool. */
static void a_restored_image_does_not_record_twice(void **state)
{
    struct office *o = *state;
    struct scene_event event = office_received("cũ");
    struct store_spool_state spool;
    struct scene_log *log;
    struct event_id id;
    struct span bodies, leaf;
    struct store_event rows[4];
    uint64_t number;
    size_t len, index;

    office_open(o, COMMUNE_A);
    leaf = scene_sign(o->s, &event, &id, &bodies);
    assert_ok(store_begin(o->store, &o->err), o->err);
    assert_ok(
        store_spool_append(o->store, false, leaf, bodies, &number, &o->err),
        o->err);
    assert_ok(store_commit(o->store, &o->err), o->err);
    log = scene_log(o->s, COMMUNE_A, false);
    index = (size_t)(log - o->s->logs);
    log->items[log->items_len++] = (struct segment_item){.leaf = leaf};
    {
        static struct body list[2];
        struct segment_item *item = &log->items[log->items_len - 1];

        item->bodies = list;
        while (bodies.len > 0) {
            assert_ok(body_take(&bodies, &list[item->bodies_len++], &o->err),
                      o->err);
        }
    }
    scene_seal(o->s, log);
    scene_give(o->s, o->store, index, log->parts_len - 1);
    scene_settle(o->store, "2024-03-10");
    assert_ok(store_spool_state(o->store, false, &spool, &o->err), o->err);
    assert_int_equal(spool.count, 0);
    assert_ok(
        store_event_list(o->store, &id, &o->arena, rows, 4, &len, &o->err),
        o->err);
    assert_int_equal(len, 1);
    assert_true(rows[0].log != 0);
}

/* ---- other moments ---- */

static size_t snapshot(struct office *o, struct store *store, const char *asof,
                       const struct store_known *known, struct hash *hash)
{
    uint8_t *rows = NULL;
    size_t len = 0;

    assert_ok(
        store_snapshot(store, now_of(asof), known, &rows, &len, hash, &o->err),
        o->err);
    free(rows);
    return len;
}

static void a_snapshot_of_earlier_knowledge_can_be_recomputed(void **state)
{
    struct office *o = *state;
    struct store_head_limit heads[SCENE_LOGS];
    struct store_known known = {heads, 0, true};
    struct hash then, again, as_of, now;
    struct store *earlier;
    size_t i;

    scene_story(o->s, 1);
    earlier = scene_store(":memory:", PROVINCE);
    scene_give_all(o->s, earlier);
    scene_settle(earlier, "2024-07-01");
    assert_true(snapshot(o, earlier, "2024-07-01", NULL, &then) > 0);
    for (i = 0; i < o->s->logs_len; i++) {
        struct store_log log;

        assert_ok(store_log_find(earlier, span_str(o->s->logs[i].log.origin),
                                 &log, &o->err),
                  o->err);
        heads[known.heads_len++] =
            (struct store_head_limit){log.id, log.head.size, log.cosigs};
    }
    store_close(earlier);

    scene_story(o->s, 1); /* and the year goes on */
    o->store = scene_store(":memory:", PROVINCE);
    scene_give_all(o->s, o->store);
    scene_settle(o->store, "2024-11-30");
    for (i = 0; i < known.heads_len; i++) {
        struct store_log log;

        assert_ok(store_log_find(o->store, span_str(o->s->logs[i].log.origin),
                                 &log, &o->err),
                  o->err);
        heads[i].log = log.id;
    }
    (void)snapshot(o, o->store, "2024-07-01", &known, &again);
    assert_true(hash_equal(&then, &again));
    (void)snapshot(o, o->store, "2024-07-01", NULL, &as_of);
    assert_false(hash_equal(&then, &as_of));
    (void)snapshot(o, o->store, "2024-11-30", NULL, &now);
    scene_settle(o->store, "2024-07-01"); /* a clock set back */
    (void)snapshot(o, o->store, "2024-07-01", NULL, &again);
    assert_true(hash_equal(&as_of, &again));
    scene_settle(o->store, "2024-11-30");
    (void)snapshot(o, o->store, "2024-11-30", NULL, &again);
    assert_true(hash_equal(&now, &again));
}

/* A new epoch puts a leaf before what waits, which gets new numbers. Numbers
 * given afterwards once lay below what the log had taken: the event was passed
 * over and forgotten (found by the simulation). */
static void what_is_recorded_after_a_new_epoch_is_sequenced_too(void **state)
{
    struct office *o = *state;
    struct scene_event event = office_received(NULL);
    struct store_epoch epoch = {.log = 0};
    struct store_rebuild_options rebuild = {.now = now_of("2024-03-10")};
    struct store_integrated done;
    struct store_spooled waiting[8];
    struct event_id ignored, last;
    uint64_t orphans = 0;
    struct span bodies;
    size_t len = 0;

    office_open(o, COMMUNE_A);
    office_record(o, "một");
    office_record(o, "hai");
    event.private = NULL;
    epoch.first = scene_sign(o->s, &event, &ignored, &bodies);
    assert_ok(store_begin(o->store, &o->err), o->err);
    assert_ok(store_epoch_begin(o->store, &epoch, &orphans, &o->err), o->err);
    assert_ok(store_commit(o->store, &o->err), o->err);
    assert_ok(store_rebuild(o->store, &rebuild, &done, &o->err), o->err);
    assert_ok(store_spool_list(o->store, false, 0, 65536, &o->arena, waiting, 8,
                               &len, &o->err),
              o->err);
    assert_int_equal(len, 3);
    assert_true(span_equal(waiting[0].leaf, epoch.first));
    sequence(o);
    scene_settle(o->store, "2024-03-10"); /* none is left in the spool */
    last = office_record(o, "ba");
    len = 0;
    assert_ok(store_spool_list(o->store, false, 0, 65536, &o->arena, waiting, 8,
                               &len, &o->err),
              o->err);
    assert_int_equal(len, 1);
    assert_memory_equal(&waiting[0].id, &last, sizeof(last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OFFICE_TEST(a_spooled_event_counts_at_once_and_moves_into_the_log),
        OFFICE_TEST(a_sequenced_event_is_whole_before_its_row_moves),
        OFFICE_TEST(what_is_recorded_after_a_new_epoch_is_sequenced_too),
        OFFICE_TEST(the_same_event_twice_is_refused),
        OFFICE_TEST(search_folds_accents_and_never_sees_private_text),
        OFFICE_TEST(a_restored_image_does_not_record_twice),
        OFFICE_TEST(a_snapshot_of_earlier_knowledge_can_be_recomputed),
    };
    return TEST_RUN(tests);
}
