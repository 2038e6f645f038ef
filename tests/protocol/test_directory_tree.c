/* Changing trees as the directory reads them: who continues a unit, whose task
 * its petitions are, which logs ended, which keys are barred. */
#include "tests/protocol/realm.h"

#define REFORM "2025-07-01"
#define BEFORE "2025-06-30"

static Qcdc__V1__Heir heir(uint32_t from, uint32_t to, bool rest)
{
    Qcdc__V1__Heir row = QCDC__V1__HEIR__INIT;

    row.from = from;
    row.to = to;
    row.rest = rest;
    return row;
}

static size_t reorganise(struct realm *r, uint32_t issuer, const char *from_day,
                         Qcdc__V1__Heir *rows, size_t len)
{
    Qcdc__V1__Heir *list[8];

    for (size_t i = 0; i < len; i++) {
        list[i] = &rows[i];
    }
    return SAY(
        r, .type = EVENT_UNITS_REORGANISED, .issuer = issuer,
        .on = "2025-06-20", .signer = ADMIN(issuer),
        .facts = SAYS(UnitsReorganised, units_reorganised,
                      .kind = QCDC__V1__REORGANISATION__REORGANISATION_MERGE,
                      .from_day = on(from_day), .n_heirs = len, .heirs = list));
}

static size_t transfer(struct realm *r, uint32_t issuer, uint32_t from,
                       uint32_t to, const char *day,
                       const struct event_id *subject)
{
    ProtobufCBinaryData id = {0};

    if (subject != NULL) {
        id = id_of(subject);
    }
    return SAY(r, .type = EVENT_CUSTODY_TRANSFERRED, .issuer = issuer,
               .on = "2025-06-20", .signer = ADMIN(issuer),
               .facts =
                   SAYS(CustodyTransferred, custody_transferred, .from = from,
                        .to = to, .from_day = on(day),
                        .n_subject_ids = subject != NULL, .subject_ids = &id));
}

static void a_merged_unit_ends_on_its_day_and_has_an_heir(void **state)
{
    struct realm r;
    struct unit_facts facts;
    Qcdc__V1__Heir rows[] = {heir(11, 13, false), heir(LAND_COMMUNE, 700, 0)};
    size_t len;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    realm_unit(&r, PROVINCE, (struct unit_row){700, 0, 0, LAND_PROVINCE});

    size_t told = reorganise(&r, PROVINCE, REFORM, rows, 2);

    realm_build(&r);
    assert_said(&r, told, STANDING_EFFECTIVE);
    assert_true(directory_unit_at(&r.dir, 11, on(BEFORE), &facts));
    assert_true(facts.open);
    assert_true(directory_unit_at(&r.dir, 11, on(REFORM), &facts));
    assert_false(facts.open);
    assert_int_equal(facts.host, COMMUNE); /* history stays where it was */
    assert_int_equal(directory_heir(&r.dir, 11, on(BEFORE)), 0);
    assert_int_equal(directory_heir(&r.dir, 11, on(REFORM)), 13);
    assert_non_null(directory_heirs(&r.dir, 11, &len));
    assert_int_equal(len, 1);
    assert_null(directory_heirs(&r.dir, 13, &len));
    /* Its figures are the new territory's from that day on, and were not
     * before; the old hierarchy still reads as it was. */
    assert_false(
        directory_territory_within(&r.dir, LAND_COMMUNE, 700, on(BEFORE)));
    assert_true(
        directory_territory_within(&r.dir, LAND_COMMUNE, 700, on(REFORM)));
    assert_true(directory_territory_within(&r.dir, LAND_COMMUNE, LAND_DISTRICT,
                                           on(REFORM)));
    realm_close(&r);
}

static void of_a_split_one_heir_continues_the_figures(void **state)
{
    struct realm r;
    Qcdc__V1__Heir rows[] = {heir(LAND_COMMUNE, 700, false),
                             heir(LAND_COMMUNE, 701, true)};

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    realm_unit(&r, PROVINCE, (struct unit_row){700, 0, 0, LAND_PROVINCE});
    realm_unit(&r, PROVINCE, (struct unit_row){701, 0, 0, LAND_PROVINCE});
    reorganise(&r, PROVINCE, REFORM, rows, 2);
    realm_build(&r);
    assert_false(
        directory_territory_within(&r.dir, LAND_COMMUNE, 700, on(REFORM)));
    assert_true(
        directory_territory_within(&r.dir, LAND_COMMUNE, 701, on(REFORM)));
    realm_close(&r);
}

static void a_unit_is_reorganised_once_and_from_above(void **state)
{
    struct realm r;
    Qcdc__V1__Heir first[] = {heir(11, 13, false)};
    Qcdc__V1__Heir second[] = {heir(11, 21, false), heir(22, 21, false)};
    Qcdc__V1__Heir unknown[] = {heir(22, 999, false)};
    struct unit_facts facts;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    size_t below = reorganise(&r, DISTRICT_A, REFORM, first, 1);
    size_t right = reorganise(&r, PROVINCE, REFORM, first, 1);
    size_t again = reorganise(&r, PROVINCE, "2025-08-01", second, 2);
    size_t waits = reorganise(&r, PROVINCE, REFORM, unknown, 1);

    realm_build(&r);
    assert_said(&r, below, STANDING_NO_RIGHT); /* the province registered it */
    assert_said(&r, right, STANDING_EFFECTIVE);
    assert_said(&r, again, STANDING_CONTRADICTS);
    assert_said(&r, waits, STANDING_WAITING);
    assert_true(directory_unit_at(&r.dir, 22, on("2025-09-01"), &facts));
    assert_true(facts.open); /* no row of a refused event applies */
    realm_close(&r);
}

static void custody_goes_by_name_then_by_all_then_to_the_unit_above(void **s)
{
    struct realm r;
    struct event_id named = {{1}}, other = {{2}};
    struct dir_passing step;
    Qcdc__V1__Heir rows[] = {heir(11, 13, false), heir(21, 31, false)};

    (void)s;
    realm_open(&r);
    realm_kontum(&r);
    reorganise(&r, PROVINCE, REFORM, rows, 2);
    realm_build(&r);
    /* District 21 ended with it: the province is the unit above. */
    assert_true(directory_passing(&r.dir, &named, 11, 0, on(REFORM), &step));
    assert_int_equal(step.to, 31);
    assert_null(step.by);
    assert_int_equal(step.from_day, on(REFORM));
    assert_false(directory_passing(&r.dir, &named, 11, 0, on(BEFORE), &step));

    size_t by_name = transfer(&r, PROVINCE, 11, 22, REFORM, &named);

    realm_build(&r);
    assert_said(&r, by_name, STANDING_EFFECTIVE);
    assert_true(directory_passing(&r.dir, &named, 11, 0, on(REFORM), &step));
    assert_int_equal(step.to, 22);
    assert_non_null(step.by);
    assert_true(directory_passing(&r.dir, &other, 11, 0, on(REFORM), &step));
    assert_int_equal(step.to, 31);

    transfer(&r, PROVINCE, 11, 13, REFORM, NULL);
    realm_build(&r);
    assert_true(directory_passing(&r.dir, &named, 11, 0, on(REFORM), &step));
    assert_int_equal(step.to, 22);
    assert_true(directory_passing(&r.dir, &other, 11, 0, on(REFORM), &step));
    assert_int_equal(step.to, 13);

    /* By one who is above neither. */
    size_t foreign = transfer(&r, DISTRICT_B, 13, 22, REFORM, NULL);

    realm_build(&r);
    assert_said(&r, foreign, STANDING_NO_RIGHT);
    realm_close(&r);
}

static void a_living_unit_gives_away_only_what_it_had(void **state)
{
    struct realm r;
    struct event_id subject = {{1}};
    struct dir_passing step;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    transfer(&r, PROVINCE, 11, 13, "2025-03-01", NULL);
    realm_build(&r);
    assert_true(directory_passing(&r.dir, &subject, 11, on("2025-02-28"),
                                  on("2025-04-01"), &step));
    assert_int_equal(step.to, 13);
    assert_int_equal(step.from_day, on("2025-03-01"));
    assert_false(directory_passing(&r.dir, &subject, 11, on("2025-03-01"),
                                   on("2025-04-01"), &step));
    realm_close(&r);
}

static size_t end_log(struct realm *r, uint32_t issuer, uint32_t node,
                      uint64_t size, const char *day)
{
    static uint8_t root[32] = {7};
    ProtobufCBinaryData hash = {sizeof(root), root};

    return SAY(r, .type = EVENT_LOG_ENDED, .issuer = issuer, .on = day,
               .signer = ADMIN(issuer),
               .facts = SAYS(LogEnded, log_ended, .node = node, .epoch = 1,
                             .size = size, .root_hash = hash));
}

static void a_log_is_ended_once_from_above(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    size_t foreign = end_log(&r, DISTRICT_B, COMMUNE, 3, "2025-07-02");
    size_t right = end_log(&r, PROVINCE, COMMUNE, 5, "2025-07-02");
    size_t again = end_log(&r, PROVINCE, COMMUNE, 9, "2025-07-03");
    size_t unknown = end_log(&r, PROVINCE, 4321, 9, "2025-07-03");

    realm_build(&r);
    assert_said(&r, foreign, STANDING_NO_RIGHT);
    assert_said(&r, right, STANDING_EFFECTIVE);
    assert_said(&r, again, STANDING_REPEATED);
    assert_said(&r, unknown, STANDING_WAITING);
    assert_int_equal(directory_end(&r.dir, COMMUNE, false, 1)->size, 5);
    assert_null(directory_end(&r.dir, COMMUNE, true, 1));
    assert_null(directory_end(&r.dir, COMMUNE, false, 2));
    realm_close(&r);
}

static size_t bar(struct realm *r, uint32_t issuer, uint32_t node,
                  bool compromised, uint64_t size)
{
    static uint8_t id[16] = {5};
    ProtobufCBinaryData actor = {sizeof(id), id};

    return SAY(r, .type = EVENT_ACTOR_BARRED, .issuer = issuer,
               .on = "2024-05-01", .signer = ADMIN(issuer),
               .facts = SAYS(
                   ActorBarred, actor_barred, .actor_id = actor, .unit = 11,
                   .node = node, .from_day = on("2024-05-01"), .epoch = 1,
                   .size = size,
                   .reason = compromised
                                 ? QCDC__V1__BAR_REASON__BAR_REASON_COMPROMISED
                                 : QCDC__V1__BAR_REASON__BAR_REASON_LEFT));
}

static void a_bar_reaches_what_stands_at_or_beyond_its_position(void **state)
{
    struct realm r;
    struct key_id key = {{5}};
    uint32_t day = on("2024-06-01");

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    size_t own = bar(&r, COMMUNE, COMMUNE, true, 0);
    size_t right = bar(&r, DISTRICT_A, COMMUNE, true, 10);

    realm_build(&r);
    assert_said(&r, own, STANDING_NO_RIGHT);
    assert_said(&r, right, STANDING_EFFECTIVE);
    assert_null(directory_bar(&r.dir, COMMUNE, 11, &key, 1, 9, day));
    assert_true(
        directory_bar(&r.dir, COMMUNE, 11, &key, 1, 10, day)->compromised);
    /* A thief sets any date. */
    assert_non_null(
        directory_bar(&r.dir, COMMUNE, 11, &key, 2, 0, on("2024-04-01")));
    assert_null(directory_bar(&r.dir, COMMUNE, 12, &key, 1, 10, day));
    assert_null(directory_bar(&r.dir, OTHER, 11, &key, 1, 10, day));

    /* Who left is believed about the days before. */
    bar(&r, PROVINCE, COMMUNE, false, 4);
    realm_build(&r);
    assert_false(
        directory_bar(&r.dir, COMMUNE, 11, &key, 1, 12, day)->compromised);
    assert_null(
        directory_bar(&r.dir, COMMUNE, 11, &key, 1, 5, on("2024-04-30")));
    assert_non_null(
        directory_bar(&r.dir, COMMUNE, 11, &key, 1, 5, on("2024-05-01")));
    realm_close(&r);
}

/* What a superior said while he was one stays said after the tree changed. */
static void a_word_from_above_outlives_the_superior(void **state)
{
    struct realm r;
    struct key_id key = {{5}};

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    bar(&r, DISTRICT_A, COMMUNE, true, 10);
    realm_certify(&r, PROVINCE, COMMUNE, 11, "2025-07-01");

    size_t late = end_log(&r, DISTRICT_A, COMMUNE, 3, "2025-07-02");

    realm_build(&r);
    assert_int_equal(directory_node(&r.dir, COMMUNE)->parent, PROVINCE);
    assert_non_null(
        directory_bar(&r.dir, COMMUNE, 11, &key, 1, 10, on("2025-08-01")));
    assert_said(&r, late, STANDING_NO_RIGHT); /* above it no more */
    assert_false(directory_node_within(&r.dir, COMMUNE, DISTRICT_A));
    assert_true(directory_node_was_within(&r.dir, COMMUNE, DISTRICT_A));
    assert_false(directory_node_was_within(&r.dir, COMMUNE, DISTRICT_B));
    realm_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merged_unit_ends_on_its_day_and_has_an_heir),
        cmocka_unit_test(of_a_split_one_heir_continues_the_figures),
        cmocka_unit_test(a_unit_is_reorganised_once_and_from_above),
        cmocka_unit_test(
            custody_goes_by_name_then_by_all_then_to_the_unit_above),
        cmocka_unit_test(a_living_unit_gives_away_only_what_it_had),
        cmocka_unit_test(a_log_is_ended_once_from_above),
        cmocka_unit_test(a_bar_reaches_what_stands_at_or_beyond_its_position),
        cmocka_unit_test(a_word_from_above_outlives_the_superior),
    };

    return TEST_RUN(tests);
}
