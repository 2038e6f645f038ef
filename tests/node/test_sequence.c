/* From spool to log at a top node, which needs no guard: what became of an
 * event's bodies before it is sequenced must not stop the log. */
#include "tests/support/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "node/config.h"
#include "node/log.h"
#include "node/peers.h"
#include "node/setup.h"
#include "protocol/event/facts.h"
#include "store/spool.h"

static struct error err;
static char base[64];
static struct config config;
static struct engine *engine;

static void path_in(char path[128], const char *name)
{
    (void)snprintf(path, 128, "%s/%s", base, name);
}

static int top_open(void **state)
{
    static struct setup_result result;
    char root[128], units[128], dir[128];
    struct init_request request = {.dir = dir,
                                   .realm = "thu",
                                   .root_key_path = root,
                                   .units_path = units,
                                   .listen = "tcp://127.0.0.1:10001",
                                   .node = 1,
                                   .demo = true};
    FILE *out;

    (void)state;
    log_level_set(LOG_ERROR);
    strcpy(base, "/tmp/qcdc-sequence-XXXXXX");
    if (mkdtemp(base) == NULL) {
        return -1;
    }
    path_in(root, "root.key");
    path_in(units, "units.csv");
    path_in(dir, "n1");
    out = fopen(units, "we");
    if (out == NULL) {
        return -1;
    }
    (void)fputs("number,kind,level,name,code,territory,host,reports_to,from,"
                "duties_from\n"
                "1001,territory,province,Tỉnh,1,,,,2019-09-20,\n"
                "2001,peoples_committee,province,UBND,,1001,1,,2019-09-20,"
                "2024-01-01\n",
                out);
    if (fclose(out) != 0) {
        return -1;
    }
    assert_ok(setup_init(&request, &result, &err), err);
    assert_ok(config_load(&config, dir, &err), err);
    assert_ok(engine_open(&config, &engine, &err), err);
    return 0;
}

static int top_close(void **state)
{
    static const char *const files[] = {
        "n1/keys/node.keys", "n1/keys/units.keys",
        "n1/keys",           "n1/qcdc.conf",
        "n1/lock",           "n1/store.db",
        "n1/store.db-wal",   "n1/store.db-shm",
        "n1/ballast",        "n1",
        "root.key",          "units.csv"};
    char path[128];

    (void)state;
    engine_close(engine);
    for (size_t i = 0; i < TEST_LEN(files); i++) {
        path_in(path, files[i]);
        (void)remove(path);
    }
    return rmdir(base);
}

/* A petition with a text and a private body, of which the spool keeps those
 * that `kept` names: as after an erasure, or a return to the spool. */
static void petition_spool(unsigned kept)
{
    static const uint8_t words[] = {0x12, 1, 'x'};
    static const struct field_pair pairs[] = {{"channel", "counter"},
                                              {"kind", "proposal"},
                                              {"field", "land"},
                                              {"person_known", "true"}};
    uint8_t facts[256];
    uint8_t list[4096];
    struct buf encoded = buf_over(facts, sizeof(facts));
    struct buf left = buf_over(list, sizeof(list));
    struct record_draft draft = {.type = event_type_named("PetitionReceived"),
                                 .header.unit = 2001,
                                 .text = span_make(words, sizeof(words)),
                                 .secret = span_make(words, sizeof(words)),
                                 .signer = &engine->keys.actor.pub,
                                 .signer_secret = &engine->keys.actor.sec};
    struct record_made made;
    struct span rest;
    uint64_t number;

    assert_ok(
        facts_encode(draft.type, pairs, TEST_LEN(pairs), NULL, &encoded, &err),
        err);
    draft.facts = buf_span(&encoded);
    assert_ok(record_make(engine, &draft, &engine->turn, &made, &err), err);
    rest = made.bodies;
    while (rest.len > 0) {
        struct body body;

        assert_ok(body_take(&rest, &body, &err), err);
        if ((kept & 1u << body.slot) != 0) {
            assert_ok(body_put(&body, &left, &err), err);
        }
    }
    assert_ok(engine_write(engine, &err), err);
    assert_ok(store_spool_append(engine->store, false, made.leaf,
                                 buf_span(&left), &number, &err),
              err);
}

static struct store_log all_sequenced(uint64_t size)
{
    const struct origin origin = {1, 1, false};
    struct store_log log;
    bool any = true;

    assert_ok(sequence_spool(engine, 0, &err), err);
    assert_ok(engine_commit(engine, &err), err);
    assert_ok(store_spool_any(engine->store, &any, &err), err);
    assert_false(any);
    assert_ok(log_find(engine, &origin, &log, &err), err);
    assert_int_equal(log.head.size, size);
    return log;
}

static void an_event_whose_text_was_erased_in_the_spool_is_sequenced(void **s)
{
    struct store_segment stored;
    struct store_log log;

    (void)s;
    petition_spool(1u << AUDIENCE_OF_PRIVATE);
    log = all_sequenced(1);
    assert_ok(store_segment_read(engine->store, log.id, 0, &engine->turn,
                                 &stored, &err),
              err);
    assert_true(segment_is_absent(&stored.parts, 0, AUDIENCE_OF_TEXT));
    assert_false(segment_is_absent(&stored.parts, 0, AUDIENCE_OF_PRIVATE));
}

static void an_event_that_lost_every_body_is_sequenced(void **state)
{
    (void)state;
    petition_spool(0);
    petition_spool(1u << AUDIENCE_OF_TEXT | 1u << AUDIENCE_OF_PRIVATE);
    (void)all_sequenced(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_event_whose_text_was_erased_in_the_spool_is_sequenced, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            an_event_that_lost_every_body_is_sequenced, top_open, top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
