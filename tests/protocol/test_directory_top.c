/* Whether a standby guards the top node's logs exactly while it is one, and
 * whether the root key's word, and nobody else's, puts another machine in the
 * top node's place: where its logs end, which keys go on, what stays. */
#include "tests/protocol/realm.h"

#define STANDBY 1090u
#define MACHINE 5000u /* whose keys the next top node has */

static size_t standby_certify(struct realm *r, enum _Qcdc__V1__NodeRole role,
                              uint32_t signer)
{
    static struct keys k;

    keys_fill(&k, STANDBY, 0);
    k.node.dir_log_key = (ProtobufCBinaryData){0, NULL};
    return SAY(r, .type = EVENT_NODE_CERTIFIED, .issuer = PROVINCE,
               .on = "2024-02-01", .signer = signer,
               .facts = SAYS(NodeCertified, node_certified, .node = STANDBY,
                             .keys = &k.node, .guard = PROVINCE, .epoch = 1,
                             .role = role, .endpoint = text_of("tcp://a:1")));
}

/* The root key's word, in the directory log of the epoch it opens. */
static size_t succeed(struct realm *r, uint32_t signer, uint64_t dir_size)
{
    static struct keys k;
    static uint8_t root[32] = {7};

    keys_fill(&k, MACHINE, 31);
    return SAY(r, .type = EVENT_TOP_NODE_CERTIFIED, .issuer = PROVINCE,
               .on = "2024-03-01", .signer = signer, .epoch = 2, .position = 0,
               .facts = SAYS(
                   TopNodeCertified, top_node_certified, .node = PROVINCE,
                   .keys = &k.node, .n_units = 1, .units = k.units,
                   .realm = text_of("kontum"), .epoch = 2, .dir_size = dir_size,
                   .dir_root_hash = {sizeof(root), root}, .log_size = 3,
                   .log_root_hash = {sizeof(root), root},
                   .endpoint = text_of("tcp://b:2"), .standby = STANDBY));
}

static void
a_standby_guards_the_top_node_from_its_place_in_the_log(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    realm_build(&r);
    assert_int_equal(directory_standby(&r.dir), 0);

    size_t said = standby_certify(&r, QCDC__V1__NODE_ROLE__NODE_ROLE_STANDBY,
                                  ADMIN(PROVINCE));

    r.events[r.len - 1].epoch = DIR_SPOOLED;
    realm_build(&r);
    assert_said(&r, said, STANDING_EFFECTIVE);
    assert_int_equal(directory_standby(&r.dir), 0);
    assert_int_equal(directory_role(&r.dir, STANDBY), DIR_ROLE_STANDBY);
    for (size_t i = 0; i < r.len; i++) {
        r.events[i].epoch = 1;
    }
    realm_build(&r);
    assert_int_equal(directory_standby(&r.dir), STANDBY);
    assert_int_equal(directory_cert(&r.dir, PROVINCE)->guard, STANDBY);
    assert_memory_equal(&directory_cert(&r.dir, PROVINCE)->mirror_key,
                        realm_key(ADMIN(PROVINCE) + 3, NULL).bytes, 32);
    assert_int_equal(directory_node(&r.dir, STANDBY)->parent, PROVINCE);
    realm_close(&r);
}

static void a_standby_that_is_let_go_guards_no_more_at_once(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    (void)standby_certify(&r, QCDC__V1__NODE_ROLE__NODE_ROLE_STANDBY,
                          ADMIN(PROVINCE));
    (void)standby_certify(&r, QCDC__V1__NODE_ROLE__NODE_ROLE_OBSERVER,
                          ADMIN(PROVINCE));
    r.events[r.len - 1].epoch = DIR_SPOOLED;
    realm_build(&r);
    assert_int_equal(directory_standby(&r.dir), 0);
    assert_int_equal(directory_role(&r.dir, STANDBY), DIR_ROLE_OBSERVER);
    realm_close(&r);
}

static void a_district_certifies_no_standby(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    size_t said = standby_certify(&r, QCDC__V1__NODE_ROLE__NODE_ROLE_STANDBY,
                                  ADMIN(DISTRICT_A));

    realm_build(&r);
    assert_said(&r, said, STANDING_NO_RIGHT);
    assert_int_equal(directory_standby(&r.dir), 0);
    realm_close(&r);
}

static void the_root_key_moves_the_realm_to_another_machine(void **state)
{
    struct realm r;
    const struct dir_epoch *epoch;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    (void)standby_certify(&r, QCDC__V1__NODE_ROLE__NODE_ROLE_STANDBY,
                          ADMIN(PROVINCE));

    uint64_t size = r.positions;
    size_t late = realm_unit(&r, PROVINCE, (struct unit_row){77, OTHER, 21, 0});
    size_t said = succeed(&r, ROOT, size);
    /* By the new administration key, in the new log. */
    Qcdc__V1__UnitRegistered unit = QCDC__V1__UNIT_REGISTERED__INIT;

    unit.number = 78;
    unit.kind = QCDC__V1__UNIT_KIND__UNIT_KIND_PEOPLES_COMMITTEE;
    unit.level = QCDC__V1__LEVEL__LEVEL_COMMUNE;
    unit.name = text_of("UBND");
    unit.from_day = on("2024-03-01");

    size_t fresh = SAY(&r, .type = EVENT_UNIT_REGISTERED, .issuer = PROVINCE,
                       .on = "2024-03-02", .signer = ADMIN(MACHINE), .epoch = 2,
                       .position = 1, .facts = &unit);

    realm_build(&r);
    assert_said(&r, said, STANDING_EFFECTIVE);
    assert_said(&r, late, STANDING_WRONG_LOG);
    assert_said(&r, fresh, STANDING_EFFECTIVE);
    assert_int_equal(r.dir.top, PROVINCE);
    assert_int_equal(directory_standby(&r.dir), 0);
    assert_true(span_equal(directory_cert(&r.dir, PROVINCE)->endpoint,
                           span_str("tcp://b:2")));
    epoch = directory_epoch(&r.dir, PROVINCE, true, 1);
    assert_true(epoch->closed);
    assert_int_equal(epoch->size, size);
    assert_int_equal(epoch->reason,
                     QCDC__V1__EPOCH_REASON__EPOCH_REASON_TOP_REPLACED);
    assert_memory_equal(&epoch->key, realm_key(ADMIN(PROVINCE) + 2, NULL).bytes,
                        32);
    epoch = directory_epoch(&r.dir, PROVINCE, true, 2);
    assert_memory_equal(&epoch->key, realm_key(ADMIN(MACHINE) + 2, NULL).bytes,
                        32);
    epoch = directory_epoch(&r.dir, PROVINCE, false, 1);
    assert_true(epoch->closed);
    assert_int_equal(epoch->size, 3);
    epoch = directory_epoch(&r.dir, PROVINCE, false, 2);
    assert_memory_equal(&epoch->key, realm_key(ADMIN(MACHINE) + 1, NULL).bytes,
                        32);
    /* The tree is what it was. */
    assert_int_equal(directory_node(&r.dir, DISTRICT_A)->parent, PROVINCE);
    assert_int_equal(directory_node(&r.dir, COMMUNE)->parent, DISTRICT_A);
    realm_close(&r);
}

static void nobody_else_moves_the_realm_and_it_moves_once(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    size_t forged = succeed(&r, ADMIN(PROVINCE), 12);

    realm_build(&r);
    assert_said(&r, forged, STANDING_NO_RIGHT);
    assert_int_equal(directory_epoch_now(&r.dir, PROVINCE, true), 1);

    size_t first = succeed(&r, ROOT, 12);
    size_t second = succeed(&r, ROOT, 11);

    r.events[r.len - 1].position = 1;
    realm_build(&r);
    assert_said(&r, first, STANDING_EFFECTIVE);
    assert_said(&r, second, STANDING_REPEATED);
    assert_int_equal(directory_epoch(&r.dir, PROVINCE, true, 1)->size, 12);
    realm_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_standby_guards_the_top_node_from_its_place_in_the_log),
        cmocka_unit_test(a_standby_that_is_let_go_guards_no_more_at_once),
        cmocka_unit_test(a_district_certifies_no_standby),
        cmocka_unit_test(the_root_key_moves_the_realm_to_another_machine),
        cmocka_unit_test(nobody_else_moves_the_realm_and_it_moves_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
