/* tests/store: the office of commune A. Next: office.h. */
#include "tests/store/office.h"

int office_setup(void **state)
{
    struct office *o = calloc(1, sizeof(*o));

    assert_non_null(o);
    o->s = calloc(1, sizeof(*o->s));
    assert_non_null(o->s);
    scene_open(o->s);
    scene_found(o->s);
    assert_ok(arena_new(&o->arena, 4u << 20, &o->err), o->err);
    *state = o;
    return 0;
}

int office_teardown(void **state)
{
    struct office *o = *state;

    store_close(o->store);
    arena_release(&o->arena);
    scene_close(o->s);
    free(o->s);
    free(o);
    return 0;
}

void office_open(struct office *o, uint32_t node)
{
    size_t log, i;

    o->store = scene_store(":memory:", node);
    for (log = 0; log < o->s->logs_len; log++) {
        const struct scene_log *from = &o->s->logs[log];

        for (i = 0; i < from->parts_len; i++) {
            if (from->log.is_dir || from->log.node == COMMUNE_A) {
                scene_give(o->s, o->store, log, i);
            }
        }
    }
    scene_settle(o->store, "2024-03-10");
}

struct scene_event office_received(const char *text)
{
    return (struct scene_event){
        .node = COMMUNE_A,
        .type = EVENT_PETITION_RECEIVED,
        .on = "2024-03-04",
        .text = text,
        .private = "kín",
        .facts = {{"channel", "counter"},
                  {"kind", "proposal"},
                  {"field", "land"},
                  {"person_known", "true"},
                  {"document.number", "77/ĐKN"},
                  {"document.kind", "petition"}},
    };
}

struct event_id office_record(struct office *o, const char *text)
{
    struct scene_event event = office_received(text);
    struct store_integrate_options options = {.now = now_of("2024-03-10")};
    struct store_integrated done;
    struct event_id id;
    struct span bodies, leaf;
    uint64_t number;

    scene_day(o->s, "2024-03-04");
    leaf = scene_sign(o->s, &event, &id, &bodies);
    assert_ok(store_begin(o->store, &o->err), o->err);
    assert_ok(
        store_spool_append(o->store, false, leaf, bodies, &number, &o->err),
        o->err);
    assert_ok(store_integrate(o->store, &options, &done, &o->err), o->err);
    assert_ok(store_commit(o->store, &o->err), o->err);
    assert_int_equal(done.records, 1);
    return id;
}
