/* What is taken of a log in a day: records and directory each by themselves,
 * and a restart forgives nothing. */
#include "tests/node/top.h"

#include "node/clock.h"
#include "store/store_internal.h"

static struct error err;

static int taken(bool dir, uint32_t events)
{
    const struct origin origin = {11, 1, dir};
    const struct segment segment = {.count = events};
    uint64_t bytes = 0;
    int rc;

    assert_ok(engine_write(engine, &err), err);
    rc = quota_take(engine, &origin, &segment, &err);
    if (rc == 0) {
        assert_ok(quota_keep(engine, &origin, &segment, &bytes, &err), err);
        assert_ok(engine_commit(engine, &err), err);
    } else {
        engine_undo(engine);
    }
    return rc;
}

static void a_directory_log_has_a_measure_of_its_own(void **state)
{
    uint32_t all = (uint32_t)engine->config->quota_events;

    (void)state;
    assert_ok(taken(false, all), err);
    assert_err(taken(false, 1), ERR_LIMIT, err);
    assert_ok(taken(true, all), err);
    assert_err(taken(true, 1), ERR_LIMIT, err);
    memset(engine->quotas, 0, sizeof(engine->quotas)); /* another process */
    assert_err(taken(false, 1), ERR_LIMIT, err);
    assert_err(taken(true, 1), ERR_LIMIT, err);
}

/* ---- the share of a child, all days together ---- */

#define KIB 1024u

/* A batch of so many bytes came; of a log that is known here. */
static void came(struct peer *peer, uint32_t node, uint64_t size)
{
    const struct origin origin = {node, 1, false};
    const struct segment segment = {.count = 1, .texts_z.len = size};
    struct sign_public key = {{(uint8_t)node}};
    struct store_log log;
    uint64_t bytes = 0;

    assert_ok(engine_write(engine, &err), err);
    assert_ok(log_open(engine, &origin, &key, &log, &err), err);
    quota_open(engine, &origin);
    assert_ok(quota_keep(engine, &origin, &segment, &bytes, &err), err);
    assert_int_equal(bytes, size);
    share_add(peer, bytes);
    assert_ok(engine_commit(engine, &err), err);
}

static void a_child_beyond_its_share_is_refused_and_no_other(void **state)
{
    struct peer first = {.node = 11, .used = true};
    struct peer second = {.node = 12, .used = true};

    (void)state;
    top_config.child_mib = 1;
    came(&first, 11, 900 * KIB);
    assert_ok(share_refuse(engine, &first, 100 * KIB, false, &err), err);
    /* Counted by the batches that lie here, it took nothing: they went. */
    assert_ok(share_refuse(engine, &first, 200 * KIB, false, &err), err);
    came(&first, 11, 900 * KIB);
    assert_err(share_refuse(engine, &first, 200 * KIB, false, &err), ERR_LIMIT,
               err);
    assert_err_says(err, "what came from node 11 and those below it takes 0");
    assert_ok(share_refuse(engine, &second, 200 * KIB, false, &err), err);
    /* Its certificates and revocations have room left. */
    assert_ok(share_refuse(engine, &first, 200 * KIB, true, &err), err);
    assert_err(share_refuse(engine, &first, 300 * KIB, true, &err), ERR_LIMIT,
               err);
}

static void what_a_child_took_is_known_after_a_restart(void **state)
{
    const struct origin origin = {11, 1, false};
    struct peer child = {.node = 11, .used = true};

    (void)state;
    came(&child, 11, 700 * KIB);
    came(&child, 11, 500 * KIB);
    assert_int_equal(quota_total(engine, &origin, false), 1200 * KIB);
    memset(engine->quotas, 0, sizeof(engine->quotas)); /* another process */
    assert_int_equal(quota_total(engine, &origin, false), 1200 * KIB);
    child = (struct peer){.node = 11, .used = true};
    child.share_counted_ms = clock_steady_ms(); /* not anew so soon */
    top_config.child_mib = 1;
    assert_err(share_refuse(engine, &child, 1, false, &err), ERR_LIMIT, err);
    top_config.child_mib = 2;
    assert_ok(share_refuse(engine, &child, 1, false, &err), err);
}

/* Its files count, too: of those that events from below it name. */
static void files_are_part_of_the_share(void **state)
{
    struct peer child = {.node = 11, .used = true};

    (void)state;
    top_config.child_mib = 2;
    assert_ok(engine_write(engine, &err), err);
    assert_int_equal(
        sqlite3_exec(engine->store->db,
                     "INSERT INTO attachments (file, node, state, size) VALUES "
                     "(zeroblob(32), 11, 1, 1900000), "
                     "(zeroblob(33), 12, 1, 9000000), "
                     "(zeroblob(34), 11, 0, 0)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_ok(engine_commit(engine, &err), err);
    assert_ok(share_refuse(engine, &child, 100000, false, &err), err);
    assert_int_equal(child.share_bytes, 1900000);
    assert_err(share_refuse(engine, &child, 300000, false, &err), ERR_LIMIT,
               err);
    assert_err_says(err, "takes 1 MiB here, its share of the disk is 2");
}

/* Of a log that memory had not: the sum that the store keeps is too high. */
static void what_was_counted_anew_stays_known(void **state)
{
    struct peer child = {.node = 11, .used = true};

    (void)state;
    top_config.child_mib = 1;
    came(&child, 11, 900 * KIB);
    memset(engine->quotas, 0, sizeof(engine->quotas)); /* another process */
    child = (struct peer){.node = 11, .used = true};
    assert_ok(share_refuse(engine, &child, 200 * KIB, false, &err), err);
    child.share_known = false; /* files came, or the directory grew */
    assert_ok(share_refuse(engine, &child, 200 * KIB, false, &err), err);
}

static int log_refused(struct peer *peer, uint32_t node, bool dir,
                       uint64_t size)
{
    const struct origin origin = {node, 1, dir};

    return share_refuse_log(engine, peer, &origin, size, &err);
}

/* Records and certificates, in the book: what lies here is no batch. */
static void one_node_below_takes_a_quarter_and_its_siblings_go_on(void **state)
{
    struct peer district = {.node = 11, .used = true};

    (void)state;
    top_config.child_mib = 4;
    came(&district, 21, 900 * KIB);
    assert_ok(log_refused(&district, 21, false, 124 * KIB), err);
    /* Its batches went: counted by what lies here it took nothing. */
    assert_ok(log_refused(&district, 21, false, 200 * KIB), err);
    assert_err(log_refused(&district, 21, false, 1025 * KIB), ERR_LIMIT, err);
    assert_err_says(err, "the logs of node 21 take 0 KiB here, its part of "
                         "node 11's share of the disk is 1024");
    /* Certificates and revocations have room beyond the records. */
    assert_ok(log_refused(&district, 21, true, 1152 * KIB), err);
    assert_err(log_refused(&district, 21, true, 1153 * KIB), ERR_LIMIT, err);
    /* Its siblings, and the district's own logs: all of the share. */
    assert_ok(log_refused(&district, 22, false, 1024 * KIB), err);
    assert_ok(log_refused(&district, 11, false, 4096 * KIB), err);
    assert_ok(share_refuse(engine, &district, 1024 * KIB, false, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_directory_log_has_a_measure_of_its_own, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            a_child_beyond_its_share_is_refused_and_no_other, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(
            what_a_child_took_is_known_after_a_restart, top_open, top_close),
        cmocka_unit_test_setup_teardown(
            one_node_below_takes_a_quarter_and_its_siblings_go_on, top_open,
            top_close),
        cmocka_unit_test_setup_teardown(what_was_counted_anew_stays_known,
                                        top_open, top_close),
        cmocka_unit_test_setup_teardown(files_are_part_of_the_share, top_open,
                                        top_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
