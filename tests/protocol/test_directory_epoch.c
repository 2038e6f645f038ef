/* The directory: where epochs end and go on, by the superior's word, and whose
 * clock is declared wrong. */
#include "tests/protocol/realm.h"

static ProtobufCBinaryData pattern(uint8_t byte)
{
    static uint8_t room[8][32];
    static size_t next;
    uint8_t *at = room[next++ % 8];

    memset(at, byte, 32);
    return (ProtobufCBinaryData){32, at};
}

struct closing {
    uint32_t issuer, node, epoch;
    bool dir;
    uint64_t size;
    uint8_t root;
};

static size_t close_epoch(struct realm *r, struct closing c)
{
    return SAY(r, .type = EVENT_EPOCH_CLOSED, .issuer = c.issuer,
               .signer = ADMIN(c.issuer), .on = "2024-02-01",
               .facts =
                   SAYS(EpochClosed, epoch_closed, .node = c.node, .dir = c.dir,
                        .epoch = c.epoch, .size = c.size,
                        .root_hash = pattern(c.root),
                        .reason = QCDC__V1__EPOCH_REASON__EPOCH_REASON_FORK,
                        .evidence_hash = pattern(0x77)));
}

static size_t open_epoch(struct realm *r, struct closing c, uint32_t key,
                         size_t closed)
{
    struct sign_public pub = realm_key(key, NULL);

    return SAY(
        r, .type = EVENT_EPOCH_OPENED, .issuer = c.issuer,
        .signer = ADMIN(c.issuer), .on = "2024-02-01", .ref = r->ids[closed],
        .facts = SAYS(EpochOpened, epoch_opened, .node = c.node, .dir = c.dir,
                      .epoch = c.epoch + 1, .log_key = realm_bytes(&pub)));
}

static void an_epoch_ends_where_the_superior_says_and_goes_on(void **state)
{
    struct closing told = {DISTRICT_A, COMMUNE, 1, false, 14, 0x11};
    struct closing again = {DISTRICT_A, COMMUNE, 1, false, 99, 0x22};
    struct closing by_other = {DISTRICT_B, COMMUNE, 1, false, 3, 0x33};
    struct closing by_itself = {DISTRICT_A, DISTRICT_A, 1, false, 3, 0x33};
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    realm_build(&r);
    assert_int_equal(directory_epoch_now(&r.dir, COMMUNE, false), 1);
    assert_int_equal(directory_epoch_now(&r.dir, 4711, false), 0);
    assert_false(directory_epoch(&r.dir, COMMUNE, false, 1)->closed);
    assert_memory_equal(directory_epoch(&r.dir, COMMUNE, false, 1)->key.bytes,
                        realm_key(ADMIN(COMMUNE) + 1, NULL).bytes, 32);

    size_t other = close_epoch(&r, by_other);
    size_t self = close_epoch(&r, by_itself);
    size_t closed = close_epoch(&r, told);
    size_t late = close_epoch(&r, again);
    size_t early = open_epoch(&r, by_other, 5001, other);
    size_t opened = open_epoch(&r, told, 5000, closed);
    size_t reopened = open_epoch(&r, told, 5001, closed);
    size_t unrelated = open_epoch(&r, told, 5002, other);

    realm_build(&r);
    assert_said(&r, other, STANDING_NO_RIGHT);
    assert_said(&r, self, STANDING_NO_RIGHT);
    assert_said(&r, closed, STANDING_EFFECTIVE);
    assert_said(&r, late, STANDING_REPEATED);
    assert_said(&r, early, STANDING_NO_RIGHT);
    assert_said(&r, opened, STANDING_EFFECTIVE);
    assert_said(&r, reopened, STANDING_REPEATED);
    assert_said(&r, unrelated, STANDING_WAITING);

    const struct dir_epoch *first = directory_epoch(&r.dir, COMMUNE, false, 1);
    const struct dir_epoch *second = directory_epoch(&r.dir, COMMUNE, false, 2);

    assert_true(first->closed);
    assert_int_equal(first->size, 14);
    assert_int_equal(first->root.bytes[31], 0x11);
    assert_int_equal(first->evidence[0], 0x77);
    assert_true(directory_beyond_end(&r.dir, COMMUNE, false, 1, 14));
    assert_false(directory_beyond_end(&r.dir, COMMUNE, false, 1, 13));
    assert_false(directory_beyond_end(&r.dir, COMMUNE, false, 2, 14));
    assert_memory_equal(second->key.bytes, realm_key(5000, NULL).bytes, 32);
    assert_int_equal(directory_epoch_now(&r.dir, COMMUNE, false), 2);
    assert_int_equal(directory_epoch_now(&r.dir, COMMUNE, true), 1);
    realm_close(&r);
}

static void a_directory_log_counts_up_to_the_end_of_its_epoch(void **state)
{
    struct closing told = {PROVINCE, DISTRICT_A, 1, true, 0, 0x11};
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    told.size = r.positions;

    size_t good = realm_unit(&r, DISTRICT_A, (struct unit_row){10101, 0, 0, 0});
    size_t beyond =
        realm_unit(&r, DISTRICT_A, (struct unit_row){10102, 0, 0, 0});
    size_t next =
        SAY(&r, .type = EVENT_UNIT_REGISTERED, .issuer = DISTRICT_A,
            .signer = ADMIN(DISTRICT_A), .epoch = 2,
            .facts = SAYS(UnitRegistered, unit_registered, .number = 10103,
                          .kind = QCDC__V1__UNIT_KIND__UNIT_KIND_TERRITORY,
                          .level = QCDC__V1__LEVEL__LEVEL_COMMUNE,
                          .name = text_of("X"), .from_day = on("2024-01-01")));

    told.size = r.positions - 2; /* told before the unit beyond */
    r.positions += 100;

    size_t closed = close_epoch(&r, told);

    open_epoch(&r, told, 5000, closed);
    realm_build(&r);
    assert_said(&r, closed, STANDING_EFFECTIVE);
    assert_said(&r, good, STANDING_EFFECTIVE);
    assert_said(&r, beyond, STANDING_WRONG_LOG);
    assert_said(&r, next, STANDING_EFFECTIVE);
    assert_non_null(directory_unit(&r.dir, 10101));
    assert_null(directory_unit(&r.dir, 10102));
    assert_non_null(directory_unit(&r.dir, 10103));
    assert_int_equal(directory_epoch_now(&r.dir, DISTRICT_A, true), 2);
    realm_close(&r);
}

static size_t fault(struct realm *r, uint32_t issuer, uint32_t node)
{
    return SAY(r, .type = EVENT_CLOCK_FAULT, .issuer = issuer,
               .signer = ADMIN(issuer), .on = "2024-02-01",
               .facts = SAYS(ClockFault, clock_fault, .node = node,
                             .from_s = 1000, .until_s = 2000));
}

static void a_wrong_clock_is_declared_from_above(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    size_t own = fault(&r, DISTRICT_A, DISTRICT_A);
    size_t below = fault(&r, DISTRICT_A, PROVINCE);
    size_t above = fault(&r, PROVINCE, DISTRICT_B);

    realm_build(&r);
    assert_said(&r, own, STANDING_NO_RIGHT);
    assert_said(&r, below, STANDING_NO_RIGHT);
    assert_said(&r, above, STANDING_EFFECTIVE);
    assert_false(directory_time_is_faulty(&r.dir, DISTRICT_A, 1500));
    assert_false(directory_time_is_faulty(&r.dir, DISTRICT_B, 999));
    assert_true(directory_time_is_faulty(&r.dir, DISTRICT_B, 1000));
    assert_true(directory_time_is_faulty(&r.dir, DISTRICT_B, 2000));
    assert_false(directory_time_is_faulty(&r.dir, DISTRICT_B, 2001));
    realm_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_ends_where_the_superior_says_and_goes_on),
        cmocka_unit_test(a_directory_log_counts_up_to_the_end_of_its_epoch),
        cmocka_unit_test(a_wrong_clock_is_declared_from_above),
    };

    return TEST_RUN(tests);
}
