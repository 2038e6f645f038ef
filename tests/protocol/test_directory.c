/* The directory: who certifies whom, what a unit was on a day, which keys. */
#include "tests/protocol/realm.h"

static void a_realm_reads_from_the_root_key_down(void **state)
{
    struct realm r;
    struct unit_facts unit;
    uint32_t day = on("2024-06-01");

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    realm_build(&r);
    assert_int_equal(r.dir.not_effective, 0);
    assert_int_equal(r.dir.top, PROVINCE);
    assert_true(r.dir.demo);
    assert_memory_equal(r.dir.realm.ptr, "kontum", 6);
    assert_int_equal(r.dir.nodes_len, 4);
    assert_int_equal(directory_node(&r.dir, PROVINCE)->parent, 0);
    assert_int_equal(directory_node(&r.dir, COMMUNE)->parent, DISTRICT_A);
    assert_int_equal(directory_cert(&r.dir, COMMUNE)->guard, DISTRICT_A);
    assert_null(directory_node(&r.dir, OTHER));
    assert_true(directory_unit_at(&r.dir, 11, day, &unit));
    assert_true(unit.open);
    assert_int_equal(unit.host, COMMUNE);
    assert_int_equal(unit.reports_to, 21);
    assert_int_equal(unit.duties_from_day, on("2024-01-01"));
    assert_true(directory_unit_at(&r.dir, 11, on("2019-09-19"), &unit));
    assert_false(unit.open);
    assert_false(directory_unit_at(&r.dir, 99, day, &unit));
    assert_true(directory_is_above(&r.dir, 31, 11, day));
    assert_true(directory_is_above(&r.dir, 21, 11, day));
    assert_false(directory_is_above(&r.dir, 22, 11, day));
    assert_false(directory_is_above(&r.dir, 11, 11, day));
    assert_false(directory_is_above(&r.dir, 0, 31, day));
    assert_true(
        directory_territory_within(&r.dir, LAND_COMMUNE, LAND_PROVINCE, day));
    assert_false(
        directory_territory_within(&r.dir, LAND_PROVINCE, LAND_COMMUNE, day));
    assert_true(directory_node_within(&r.dir, COMMUNE, PROVINCE));
    assert_true(directory_node_within(&r.dir, COMMUNE, COMMUNE));
    assert_false(directory_node_within(&r.dir, COMMUNE, DISTRICT_B));
    realm_close(&r);
}

static void keys_are_found_by_id_with_their_one_purpose(void **state)
{
    struct realm r;
    uint32_t day = on("2024-06-01");

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    realm_build(&r);

    struct sign_public registrar = realm_key(ADMIN(COMMUNE) + 8, NULL);
    struct key_id id = key_id_of(SPAN_OF(registrar));
    const struct dir_key *key = directory_key(&r.dir, &id);

    assert_non_null(key);
    assert_int_equal(key->purpose, KEY_REGISTRAR);
    assert_int_equal(key->node, COMMUNE);
    assert_int_equal(key->unit, 11);
    assert_true(key->newest);
    assert_memory_equal(key->bytes, registrar.bytes, 32);
    assert_non_null(directory_registrar(&r.dir, COMMUNE, 11, &id));
    assert_null(directory_registrar(&r.dir, COMMUNE, 21, &id));
    assert_null(directory_registrar(&r.dir, DISTRICT_A, 11, &id));

    const struct dir_unit_keys *keys = directory_unit_keys(&r.dir, 11, day);

    assert_non_null(keys);
    assert_memory_equal(keys->sealing.bytes,
                        realm_key(ADMIN(COMMUNE) + 6, NULL).bytes, 32);
    assert_null(directory_unit_keys(&r.dir, 13, day));
    id.bytes[0] ^= 1;
    assert_null(directory_key(&r.dir, &id));
    assert_int_equal(directory_cert_of_epoch(&r.dir, COMMUNE, 1)->node,
                     COMMUNE);
    assert_null(directory_cert_of_epoch(&r.dir, COMMUNE, 2));
    realm_close(&r);
}

static void only_the_root_key_makes_a_top_node(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);

    size_t forged = realm_top(&r, PROVINCE, ADMIN(PROVINCE));
    size_t unit =
        realm_unit(&r, PROVINCE, (struct unit_row){31, PROVINCE, 0, 0});

    realm_build(&r);
    assert_int_equal(r.dir.top, 0);
    assert_said(&r, forged, STANDING_NO_RIGHT);
    assert_said(&r, unit, STANDING_NO_RIGHT);

    size_t right = realm_top(&r, PROVINCE, ROOT);
    size_t second = realm_top(&r, DISTRICT_A, ROOT);

    realm_build(&r);
    assert_int_equal(r.dir.top, PROVINCE);
    assert_said(&r, right, STANDING_EFFECTIVE);
    assert_said(&r, second, STANDING_CONTRADICTS);
    assert_said(&r, unit, STANDING_EFFECTIVE);
    realm_close(&r);
}

static void a_forged_or_misplaced_event_changes_nothing(void **state)
{
    struct realm r;
    struct unit_facts facts;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    Qcdc__V1__UnitChanged moved = QCDC__V1__UNIT_CHANGED__INIT;

    moved.number = 11;
    moved.from_day = on("2024-02-01");
    moved.reports_to = 22;

    size_t commune = SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = COMMUNE,
                         .signer = ADMIN(COMMUNE), .facts = &moved);
    size_t stranger = SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
                          .signer = 77, .facts = &moved);
    size_t wrong_log =
        SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
            .node = DISTRICT_A, .signer = ADMIN(PROVINCE), .facts = &moved);
    size_t broken =
        SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
            .signer = ADMIN(PROVINCE), .on = "2024-01-09", .facts = &moved);
    struct leaf damaged = *r.events[broken].leaf;

    damaged.sig.bytes[3] ^= 1;
    r.events[broken].leaf = &damaged;
    realm_build(&r);
    assert_said(&r, commune, STANDING_NO_RIGHT);
    assert_said(&r, stranger, STANDING_NO_RIGHT);
    assert_said(&r, wrong_log, STANDING_WRONG_LOG);
    assert_said(&r, broken, STANDING_BAD_SIGNATURE);
    assert_int_equal(r.dir.not_effective, 4);
    assert_true(directory_unit_at(&r.dir, 11, on("2024-06-01"), &facts));
    assert_int_equal(facts.reports_to, 21);
    realm_close(&r);
}

static void a_number_outside_the_range_is_not_registered(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    /* District A's range is 10100-10109. */
    size_t in =
        realm_unit(&r, DISTRICT_A, (struct unit_row){10105, DISTRICT_A, 21, 0});
    size_t outside =
        realm_unit(&r, DISTRICT_A, (struct unit_row){10110, DISTRICT_A, 21, 0});
    size_t taken =
        realm_unit(&r, PROVINCE, (struct unit_row){11, PROVINCE, 31, 0});
    size_t too_far =
        realm_unit(&r, PROVINCE, (struct unit_row){100000, PROVINCE, 31, 0});

    realm_build(&r);
    assert_said(&r, in, STANDING_EFFECTIVE);
    assert_said(&r, outside, STANDING_NO_RIGHT);
    assert_said(&r, taken, STANDING_REPEATED);
    assert_said(&r, too_far, STANDING_NO_RIGHT);
    assert_int_equal(directory_unit(&r.dir, 10105)->registrar_node, DISTRICT_A);
    assert_null(directory_unit(&r.dir, 10110));
    realm_close(&r);
}

static void a_node_is_certified_by_the_host_of_its_superior(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    /* OTHER hosts unit 13, which reports to 22 of district B. */
    size_t foreign = realm_certify(&r, DISTRICT_A, OTHER, 13, "2024-02-01");
    size_t right = realm_certify(&r, DISTRICT_B, OTHER, 13, "2024-02-02");
    size_t own_top = realm_certify(&r, DISTRICT_A, PROVINCE, 31, "2024-02-03");
    size_t in_range = realm_certify(&r, DISTRICT_A, 10107, 11, "2024-02-04");
    size_t out_of_range = realm_certify(&r, DISTRICT_A, 5000, 11, "2024-02-05");

    realm_build(&r);
    assert_said(&r, foreign, STANDING_NO_RIGHT);
    assert_said(&r, right, STANDING_EFFECTIVE);
    assert_said(&r, own_top, STANDING_NO_RIGHT);
    assert_said(&r, in_range, STANDING_EFFECTIVE);
    assert_said(&r, out_of_range, STANDING_NO_RIGHT);
    assert_int_equal(directory_node(&r.dir, OTHER)->parent, DISTRICT_B);
    /* Listing a unit's keys does not make a node its host. */
    assert_memory_equal(
        directory_unit_keys(&r.dir, 11, on("2024-06-01"))->sealing.bytes,
        realm_key(ADMIN(COMMUNE) + 6, NULL).bytes, 32);

    struct sign_public pub = realm_key(ADMIN(10107) + 8, NULL);
    struct key_id id = key_id_of(SPAN_OF(pub));

    assert_null(directory_registrar(&r.dir, 10107, 11, &id));
    realm_close(&r);
}

static void attributes_hold_from_their_day_on(void **state)
{
    struct realm r;
    struct unit_facts facts;
    Qcdc__V1__UnitChanged renamed = QCDC__V1__UNIT_CHANGED__INIT;
    Qcdc__V1__UnitChanged moved = QCDC__V1__UNIT_CHANGED__INIT;
    Qcdc__V1__UnitChanged ended = QCDC__V1__UNIT_CHANGED__INIT;

    (void)state;
    renamed.number = moved.number = ended.number = 11;
    renamed.from_day = on("2024-07-01");
    renamed.name = text_of("UBND xã mới");
    moved.from_day = on("2024-03-01");
    moved.reports_to = 22;
    moved.host = OTHER;
    ended.from_day = on("2025-07-01");
    ended.closed = 1;
    realm_open(&r);
    realm_kontum(&r);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &renamed);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &moved);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &ended);
    /* Certified by the new superior's node once moved there. */
    realm_certify(&r, DISTRICT_B, COMMUNE, 11, "2024-04-01");
    realm_build(&r);
    assert_true(directory_unit_at(&r.dir, 11, on("2024-02-29"), &facts));
    assert_int_equal(facts.reports_to, 21);
    assert_true(directory_unit_at(&r.dir, 11, on("2024-03-01"), &facts));
    assert_int_equal(facts.reports_to, 22);
    assert_int_equal(facts.host, OTHER);
    assert_memory_equal(facts.name.ptr, "UBND", facts.name.len);
    assert_true(directory_unit_at(&r.dir, 11, on("2024-12-01"), &facts));
    assert_int_equal(facts.name.len, strlen("UBND xã mới"));
    assert_int_equal(facts.reports_to, 22);
    assert_true(facts.open);
    assert_true(directory_unit_at(&r.dir, 11, on("2025-07-01"), &facts));
    assert_false(facts.open);
    assert_true(directory_is_above(&r.dir, 22, 11, on("2024-03-01")));
    assert_false(directory_is_above(&r.dir, 21, 11, on("2024-03-01")));
    realm_close(&r);
}

static void a_newer_certificate_replaces_keys_and_parent(void **state)
{
    struct realm r;
    Qcdc__V1__UnitChanged moved = QCDC__V1__UNIT_CHANGED__INIT;

    (void)state;
    moved.number = 11;
    moved.from_day = on("2024-03-01");
    moved.reports_to = 22;
    realm_open(&r);
    realm_kontum(&r);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &moved);

    size_t moved_to = realm_certify(&r, DISTRICT_B, COMMUNE, 11, "2024-03-02");
    size_t taken_back =
        realm_certify(&r, DISTRICT_A, COMMUNE, 11, "2024-03-03");

    realm_build(&r);
    assert_said(&r, moved_to, STANDING_EFFECTIVE);
    assert_said(&r, taken_back, STANDING_NO_RIGHT);
    assert_int_equal(directory_node(&r.dir, COMMUNE)->parent, DISTRICT_B);
    assert_int_equal(directory_node(&r.dir, COMMUNE)->certs_len, 2);
    assert_int_equal(directory_cert(&r.dir, COMMUNE)->guard, DISTRICT_B);
    assert_true(directory_node_within(&r.dir, COMMUNE, DISTRICT_B));
    realm_close(&r);
}

static size_t confirm(struct realm *r, uint32_t issuer, uint32_t node)
{
    static const struct event_id actor = {{5, 5}};

    return SAY(r, .type = EVENT_ACTOR_CONFIRMED, .issuer = issuer,
               .signer = ADMIN(issuer),
               .facts =
                   SAYS(ActorConfirmed, actor_confirmed,
                        .actor_id = id_of(&actor), .unit = 11, .node = node));
}

static void leaders_are_confirmed_from_above(void **state)
{
    struct realm r;
    struct key_id actor = {{5, 5}};

    (void)state;
    realm_open(&r);
    realm_kontum(&r);

    size_t sideways = confirm(&r, DISTRICT_B, COMMUNE);
    size_t itself = confirm(&r, DISTRICT_A, DISTRICT_A);

    realm_build(&r);
    assert_said(&r, sideways, STANDING_NO_RIGHT);
    assert_said(&r, itself, STANDING_NO_RIGHT);
    assert_false(directory_is_confirmed(&r.dir, &actor, 11, COMMUNE));

    size_t above = confirm(&r, DISTRICT_A, COMMUNE);
    size_t own = confirm(&r, PROVINCE, PROVINCE);

    realm_build(&r);
    assert_said(&r, above, STANDING_EFFECTIVE);
    assert_said(&r, own, STANDING_EFFECTIVE);
    assert_true(directory_is_confirmed(&r.dir, &actor, 11, COMMUNE));
    assert_false(directory_is_confirmed(&r.dir, &actor, 12, COMMUNE));
    realm_close(&r);
}

static size_t publish(struct realm *r, uint32_t issuer, uint32_t version,
                      uint32_t calendar_version)
{
    Qcdc__V1__Rule rule = QCDC__V1__RULE__INIT;
    Qcdc__V1__Rule *rules[] = {&rule};
    Qcdc__V1__UnitKind kinds[] = {
        QCDC__V1__UNIT_KIND__UNIT_KIND_PEOPLES_COMMITTEE};
    Qcdc__V1__Level levels[] = {QCDC__V1__LEVEL__LEVEL_COMMUNE};
    Qcdc__V1__Calendar calendar = QCDC__V1__CALENDAR__INIT;
    uint32_t off[] = {on("2024-02-08")};

    rule.id = text_of("D1");
    rule.version = 1;
    rule.kind = QCDC__V1__RULE_KIND__RULE_KIND_DIALOGUES_HELD;
    rule.from_day = on("2024-01-01");
    rule.n_kinds = rule.n_levels = 1;
    rule.kinds = kinds;
    rule.levels = levels;
    rule.basis = rule.title_vi = rule.title_en = text_of("x");
    calendar.version = calendar_version;
    calendar.from_day = on("2024-01-01");
    calendar.until_day = on("2024-12-31");
    calendar.n_off_days = 1;
    calendar.off_days = off;
    return SAY(r, .type = EVENT_RULES_PUBLISHED, .issuer = issuer,
               .signer = ADMIN(issuer),
               .facts =
                   SAYS(RulesPublished, rules_published, .version = version,
                        .n_rules = version % 2, .rules = rules,
                        .calendar = calendar_version != 0 ? &calendar : NULL));
}

static void the_greatest_version_of_rules_and_calendar_wins(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    realm_kontum(&r);
    publish(&r, PROVINCE, 3, 2);
    publish(&r, PROVINCE, 1, 5);
    publish(&r, PROVINCE, 4, 4); /* a calendar alone */

    size_t district = publish(&r, DISTRICT_A, 9, 9);

    realm_build(&r);
    assert_said(&r, district, STANDING_NO_RIGHT);
    assert_int_equal(r.dir.rules_version, 3);
    assert_int_equal(r.dir.calendar.version, 5);
    assert_true(r.dir.rules.len > 0);

    struct error err = {0};
    uint32_t out = 0;

    assert_ok(calendar_roll(&r.dir.calendar, on("2024-02-08"), &out, &err),
              err);
    assert_int_equal(out, on("2024-02-09"));
    realm_close(&r);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* What the whole of it says, in a line per thing. */
static void describe(const struct realm *r, struct buf *out)
{
    for (size_t i = 0; i < r->len; i++) {
        buf_put_fmt(out, "%d ", (int)realm_standing(r, i));
    }
    for (size_t i = 0; i < r->dir.nodes_len; i++) {
        buf_put_fmt(out, "n%u<%u %zu ", r->dir.nodes[i].number,
                    r->dir.nodes[i].parent, r->dir.nodes[i].certs_len);
    }
    for (size_t i = 0; i < r->dir.units_len; i++) {
        const struct dir_unit *unit = &r->dir.units[i];

        for (size_t k = 0; k < unit->versions_len; k++) {
            buf_put_fmt(out, "u%u %u:%u ", unit->number,
                        unit->versions[k].from_day,
                        unit->versions[k].facts.reports_to);
        }
    }
    for (size_t i = 0; i < r->dir.keys_len; i++) {
        buf_put(out, SPAN_OF(r->dir.keys[i].id));
        buf_put_u8(out, (uint8_t)r->dir.keys[i].purpose);
    }
    buf_put_u32(out, r->dir.rules_version);
    buf_put(out, r->dir.rules);
}

static void the_order_in_which_events_came_does_not_matter(void **state)
{
    static char first[16384];
    static char again[16384];
    struct realm r;
    uint64_t seed = 11;
    Qcdc__V1__UnitChanged moved = QCDC__V1__UNIT_CHANGED__INIT;

    (void)state;
    moved.number = 11;
    moved.from_day = on("2024-03-01");
    moved.reports_to = 22;
    realm_open(&r);
    realm_kontum(&r);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &moved);
    realm_certify(&r, DISTRICT_B, COMMUNE, 11, "2024-03-02");
    realm_certify(&r, DISTRICT_A, COMMUNE, 11, "2024-03-03");
    confirm(&r, DISTRICT_B, COMMUNE);
    publish(&r, PROVINCE, 3, 2);
    publish(&r, PROVINCE, 5, 2);
    realm_unit(&r, DISTRICT_A, (struct unit_row){10105, DISTRICT_A, 21, 0});
    realm_unit(&r, DISTRICT_B, (struct unit_row){10105, DISTRICT_B, 22, 0});
    realm_build(&r);

    struct buf out = buf_over(first, sizeof(first));

    describe(&r, &out);
    assert_false(out.overflow);
    for (unsigned t = 0; t < 1000; t++) {
        struct buf other = buf_over(again, sizeof(again));

        for (size_t i = r.len; i > 1; i--) {
            size_t k = next_random(&seed) % i;
            struct dir_event swap = r.events[i - 1];

            r.events[i - 1] = r.events[k];
            r.events[k] = swap;
        }
        if (t % 100 == 0) { /* all anew, signatures and keys too */
            for (size_t i = 0; i < r.len; i++) {
                r.events[i].signature = SIGNATURE_UNKNOWN;
                r.events[i].reading = 0;
            }
        }
        realm_build(&r);
        describe(&r, &other);
        assert_int_equal(other.len, out.len);
        assert_memory_equal(first, again, out.len);
    }
    realm_close(&r);
}

static void an_empty_directory_answers_nothing(void **state)
{
    struct realm r;
    struct unit_facts facts;
    struct key_id id = {{0}};

    (void)state;
    realm_open(&r);
    realm_build(&r);
    assert_int_equal(r.dir.top, 0);
    assert_null(directory_unit(&r.dir, 1));
    assert_null(directory_cert(&r.dir, 1));
    assert_null(directory_key(&r.dir, &id));
    assert_false(directory_unit_at(&r.dir, 1, 19000, &facts));
    assert_false(directory_is_above(&r.dir, 1, 2, 19000));
    realm_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_realm_reads_from_the_root_key_down),
        cmocka_unit_test(keys_are_found_by_id_with_their_one_purpose),
        cmocka_unit_test(only_the_root_key_makes_a_top_node),
        cmocka_unit_test(a_forged_or_misplaced_event_changes_nothing),
        cmocka_unit_test(a_number_outside_the_range_is_not_registered),
        cmocka_unit_test(a_node_is_certified_by_the_host_of_its_superior),
        cmocka_unit_test(attributes_hold_from_their_day_on),
        cmocka_unit_test(a_newer_certificate_replaces_keys_and_parent),
        cmocka_unit_test(leaders_are_confirmed_from_above),
        cmocka_unit_test(the_greatest_version_of_rules_and_calendar_wins),
        cmocka_unit_test(the_order_in_which_events_came_does_not_matter),
        cmocka_unit_test(an_empty_directory_answers_nothing),
    };

    return TEST_RUN(tests);
}
