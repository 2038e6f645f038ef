/* The directory: who certifies whom, what a unit was on a day, which keys. */
#include "tests/support/test.h"

#include "protocol/event/types.h"
#include "protocol/record/directory.h"
#include "qcdc/v1/event.pb-c.h"
#include "tests/protocol/record_world.h"

#define PROVINCE 1000u /* nodes */
#define DISTRICT_A 1010u
#define DISTRICT_B 1020u
#define COMMUNE 1011u
#define OTHER 1021u

#define LAND_PROVINCE 62u /* territories */
#define LAND_DISTRICT 610u
#define LAND_COMMUNE 23300u

#define EVENTS_MAX 64

struct realm {
    struct arena arena;
    struct arena turn;
    struct dir_event events[EVENTS_MAX];
    struct event_id ids[EVENTS_MAX]; /* as told */
    size_t len;
    uint64_t positions;
    struct directory dir;
};

/* Keys by number: 1 is the root's. */
static struct sign_public key_of(uint32_t number, struct sign_secret *secret)
{
    struct sign_seed seed = {{0}};
    struct sign_public pub;
    struct sign_secret sec;

    memcpy(seed.bytes, &number, sizeof(number));
    sign_keys(&seed, &pub, &sec);
    if (secret != NULL) {
        *secret = sec;
    }
    return pub;
}

#define ROOT 1u
#define ADMIN(node) ((node)*100u)

static void realm_open(struct realm *r)
{
    struct error err = {0};

    *r = (struct realm){0};
    assert_ok(crypto_start(&err), err);
    assert_ok(arena_new(&r->arena, 1u << 20, &err), err);
    assert_ok(arena_new(&r->turn, 1u << 20, &err), err);
}

static void realm_close(struct realm *r)
{
    arena_release(&r->arena);
    arena_release(&r->turn);
}

struct dir_said {
    uint32_t type;
    uint32_t issuer;
    uint32_t node; /* in the header; 0 = issuer */
    uint32_t signer;
    const char *on;
    const void *facts;
    struct event_id ref; /* zero = none */
    uint32_t epoch;      /* of the log it stands in; 0 = 1 */
    uint64_t position;   /* epoch 2 and later: in it */
};

static size_t say(struct realm *r, const struct dir_said *said)
{
    struct sign_secret secret;
    struct sign_public pub = key_of(said->signer, &secret);
    struct error err = {0};
    uint32_t day = on(said->on != NULL ? said->on : "2024-01-01");
    struct header header = {
        .type = said->type,
        .version = 1,
        .node = said->node != 0 ? said->node : said->issuer,
        .actor = key_id_of(SPAN_OF(pub)),
        .recorded_ms = (uint64_t)at_ten(day) * 1000 + r->positions,
        .on_day = day,
    };
    size_t size = protobuf_c_message_get_packed_size(said->facts);
    if (!event_id_is_zero(&said->ref)) {
        header.refs = id_list_of(&said->ref, 1);
    }

    uint8_t *packed = arena_alloc(&r->arena, size + 1);
    uint8_t *memory = arena_alloc(&r->arena, size + 512);
    struct leaf *leaf = arena_alloc(&r->arena, sizeof(*leaf));
    struct buf out = buf_over(memory, size + 512);

    protobuf_c_message_pack(said->facts, packed);
    assert_ok(
        leaf_sign(&header, span_make(packed, size), &secret, &out, NULL, &err),
        err);
    assert_ok(leaf_parse(buf_span(&out), leaf, &err), err);
    r->ids[r->len] = leaf->id;
    r->events[r->len] = (struct dir_event){.leaf = leaf,
                                           .issuer = said->issuer,
                                           .epoch = 1,
                                           .position = r->positions++};
    if (said->epoch > 1) {
        r->events[r->len].epoch = said->epoch;
        r->events[r->len].position = said->position;
    }
    return r->len++;
}
#define SAY(r, ...) say((r), &(struct dir_said){__VA_ARGS__})

static struct sign_public root_key(void)
{
    return key_of(ROOT, NULL);
}

static void build(struct realm *r)
{
    struct error err = {0};
    struct sign_public root = root_key();

    arena_reset(&r->turn);
    assert_ok(
        directory_build(&root, r->events, r->len, &r->turn, &r->dir, &err),
        err);
}

/* Events are reordered by a build: found again by id. */
static enum standing standing_of(const struct realm *r, size_t told)
{
    for (size_t i = 0; i < r->len; i++) {
        if (event_id_equal(&r->events[i].leaf->id, &r->ids[told])) {
            return r->events[i].standing;
        }
    }
    fail_msg("event %zu is gone", told);
    return STANDING_INVALID;
}

#undef assert_standing
#define assert_standing(r, told, expected)                                     \
    assert_string_equal(standing_name(standing_of((r), (told))),               \
                        standing_name(expected))

struct keys {
    struct sign_public pub[12];
    Qcdc__V1__NodeKeys node;
    Qcdc__V1__UnitKeys unit;
    Qcdc__V1__UnitKeys *units[1];
    ProtobufCBinaryData registrar[1];
};

static ProtobufCBinaryData bytes(struct sign_public *pub)
{
    return (ProtobufCBinaryData){sizeof(pub->bytes), pub->bytes};
}

static void keys_fill(struct keys *k, uint32_t node, uint32_t unit)
{
    for (uint32_t i = 0; i < 12; i++) {
        k->pub[i] = key_of(ADMIN(node) + i, NULL);
    }
    qcdc__v1__node_keys__init(&k->node);
    qcdc__v1__unit_keys__init(&k->unit);
    k->node.admin_key = bytes(&k->pub[0]);
    k->node.log_key = bytes(&k->pub[1]);
    k->node.dir_log_key = bytes(&k->pub[2]);
    k->node.mirror_key = bytes(&k->pub[3]);
    k->node.curve_key = bytes(&k->pub[4]);
    k->node.actor_key = bytes(&k->pub[5]);
    k->unit.unit = unit;
    k->unit.sealing_key = bytes(&k->pub[6]);
    k->unit.recovery_key = bytes(&k->pub[7]);
    k->registrar[0] = bytes(&k->pub[8]);
    k->unit.n_registrar_keys = 1;
    k->unit.registrar_keys = k->registrar;
    k->units[0] = &k->unit;
}

static size_t top(struct realm *r, uint32_t node, uint32_t signer)
{
    static struct keys k;

    keys_fill(&k, node, 31);
    return SAY(r, .type = EVENT_TOP_NODE_CERTIFIED, .issuer = node,
               .signer = signer,
               .facts = SAYS(TopNodeCertified, top_node_certified, .node = node,
                             .keys = &k.node, .n_units = 1, .units = k.units,
                             .numbers_first = 1, .numbers_last = 99999,
                             .realm = text_of("kontum"), .demo = 1));
}

static size_t certify(struct realm *r, uint32_t issuer, uint32_t node,
                      uint32_t unit, const char *day)
{
    static struct keys k;

    keys_fill(&k, node, unit);
    return SAY(r, .type = EVENT_NODE_CERTIFIED, .issuer = issuer, .on = day,
               .signer = ADMIN(issuer),
               .facts = SAYS(
                   NodeCertified, node_certified, .node = node, .keys = &k.node,
                   .n_units = 1, .units = k.units, .guard = issuer, .epoch = 1,
                   .numbers_first = node * 10, .numbers_last = node * 10 + 9));
}

struct unit_row {
    uint32_t number, host, reports_to, territory;
};

static size_t unit_told(struct realm *r, uint32_t issuer, struct unit_row u)
{
    bool land = u.host == 0;

    return SAY(
        r, .type = EVENT_UNIT_REGISTERED, .issuer = issuer,
        .signer = ADMIN(issuer),
        .facts = SAYS(
            UnitRegistered, unit_registered, .number = u.number,
            .kind = land ? QCDC__V1__UNIT_KIND__UNIT_KIND_TERRITORY
                         : QCDC__V1__UNIT_KIND__UNIT_KIND_PEOPLES_COMMITTEE,
            .level = QCDC__V1__LEVEL__LEVEL_COMMUNE, .name = text_of("UBND"),
            .code = text_of("23300"), .territory = u.territory, .host = u.host,
            .reports_to = u.reports_to, .from_day = on("2019-09-20"),
            .duties_from_day = land ? 0 : on("2024-01-01")));
}

static void told_kontum(struct realm *r)
{
    static const struct unit_row units[] = {
        {LAND_PROVINCE, 0, 0, 0},
        {LAND_DISTRICT, 0, 0, LAND_PROVINCE},
        {LAND_COMMUNE, 0, 0, LAND_DISTRICT},
        {31, PROVINCE, 0, LAND_PROVINCE},
        {21, DISTRICT_A, 31, LAND_DISTRICT},
        {22, DISTRICT_B, 31, LAND_DISTRICT},
        {11, COMMUNE, 21, LAND_COMMUNE},
        {13, OTHER, 22, LAND_COMMUNE},
    };

    top(r, PROVINCE, ROOT);
    for (size_t i = 0; i < TEST_LEN(units); i++) {
        unit_told(r, PROVINCE, units[i]);
    }
    certify(r, PROVINCE, DISTRICT_A, 21, "2024-01-02");
    certify(r, PROVINCE, DISTRICT_B, 22, "2024-01-02");
    certify(r, DISTRICT_A, COMMUNE, 11, "2024-01-03");
}

static void a_realm_reads_from_the_root_key_down(void **state)
{
    struct realm r;
    struct unit_facts unit;
    uint32_t day = on("2024-06-01");

    (void)state;
    realm_open(&r);
    told_kontum(&r);
    build(&r);
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
    told_kontum(&r);
    build(&r);

    struct sign_public registrar = key_of(ADMIN(COMMUNE) + 8, NULL);
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
                        key_of(ADMIN(COMMUNE) + 6, NULL).bytes, 32);
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

    size_t forged = top(&r, PROVINCE, ADMIN(PROVINCE));
    size_t unit =
        unit_told(&r, PROVINCE, (struct unit_row){31, PROVINCE, 0, 0});

    build(&r);
    assert_int_equal(r.dir.top, 0);
    assert_standing(&r, forged, STANDING_NO_RIGHT);
    assert_standing(&r, unit, STANDING_NO_RIGHT);

    size_t right = top(&r, PROVINCE, ROOT);
    size_t second = top(&r, DISTRICT_A, ROOT);

    build(&r);
    assert_int_equal(r.dir.top, PROVINCE);
    assert_standing(&r, right, STANDING_EFFECTIVE);
    assert_standing(&r, second, STANDING_CONTRADICTS);
    assert_standing(&r, unit, STANDING_EFFECTIVE);
    realm_close(&r);
}

static void a_forged_or_misplaced_event_changes_nothing(void **state)
{
    struct realm r;
    struct unit_facts facts;

    (void)state;
    realm_open(&r);
    told_kontum(&r);

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
    build(&r);
    assert_standing(&r, commune, STANDING_NO_RIGHT);
    assert_standing(&r, stranger, STANDING_NO_RIGHT);
    assert_standing(&r, wrong_log, STANDING_WRONG_LOG);
    assert_standing(&r, broken, STANDING_BAD_SIGNATURE);
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
    told_kontum(&r);

    /* District A's range is 10100-10109. */
    size_t in =
        unit_told(&r, DISTRICT_A, (struct unit_row){10105, DISTRICT_A, 21, 0});
    size_t outside =
        unit_told(&r, DISTRICT_A, (struct unit_row){10110, DISTRICT_A, 21, 0});
    size_t taken =
        unit_told(&r, PROVINCE, (struct unit_row){11, PROVINCE, 31, 0});
    size_t too_far =
        unit_told(&r, PROVINCE, (struct unit_row){100000, PROVINCE, 31, 0});

    build(&r);
    assert_standing(&r, in, STANDING_EFFECTIVE);
    assert_standing(&r, outside, STANDING_NO_RIGHT);
    assert_standing(&r, taken, STANDING_REPEATED);
    assert_standing(&r, too_far, STANDING_NO_RIGHT);
    assert_int_equal(directory_unit(&r.dir, 10105)->registrar_node, DISTRICT_A);
    assert_null(directory_unit(&r.dir, 10110));
    realm_close(&r);
}

static void a_node_is_certified_by_the_host_of_its_superior(void **state)
{
    struct realm r;

    (void)state;
    realm_open(&r);
    told_kontum(&r);

    /* OTHER hosts unit 13, which reports to 22 of district B. */
    size_t foreign = certify(&r, DISTRICT_A, OTHER, 13, "2024-02-01");
    size_t right = certify(&r, DISTRICT_B, OTHER, 13, "2024-02-02");
    size_t own_top = certify(&r, DISTRICT_A, PROVINCE, 31, "2024-02-03");
    size_t in_range = certify(&r, DISTRICT_A, 10107, 11, "2024-02-04");
    size_t out_of_range = certify(&r, DISTRICT_A, 5000, 11, "2024-02-05");

    build(&r);
    assert_standing(&r, foreign, STANDING_NO_RIGHT);
    assert_standing(&r, right, STANDING_EFFECTIVE);
    assert_standing(&r, own_top, STANDING_NO_RIGHT);
    assert_standing(&r, in_range, STANDING_EFFECTIVE);
    assert_standing(&r, out_of_range, STANDING_NO_RIGHT);
    assert_int_equal(directory_node(&r.dir, OTHER)->parent, DISTRICT_B);
    /* Listing a unit's keys does not make a node its host. */
    assert_memory_equal(
        directory_unit_keys(&r.dir, 11, on("2024-06-01"))->sealing.bytes,
        key_of(ADMIN(COMMUNE) + 6, NULL).bytes, 32);

    struct sign_public pub = key_of(ADMIN(10107) + 8, NULL);
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
    told_kontum(&r);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &renamed);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &moved);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &ended);
    /* Certified by the new superior's node once moved there. */
    certify(&r, DISTRICT_B, COMMUNE, 11, "2024-04-01");
    build(&r);
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
    told_kontum(&r);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &moved);

    size_t moved_to = certify(&r, DISTRICT_B, COMMUNE, 11, "2024-03-02");
    size_t taken_back = certify(&r, DISTRICT_A, COMMUNE, 11, "2024-03-03");

    build(&r);
    assert_standing(&r, moved_to, STANDING_EFFECTIVE);
    assert_standing(&r, taken_back, STANDING_NO_RIGHT);
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
    told_kontum(&r);

    size_t sideways = confirm(&r, DISTRICT_B, COMMUNE);
    size_t itself = confirm(&r, DISTRICT_A, DISTRICT_A);

    build(&r);
    assert_standing(&r, sideways, STANDING_NO_RIGHT);
    assert_standing(&r, itself, STANDING_NO_RIGHT);
    assert_false(directory_is_confirmed(&r.dir, &actor, 11, COMMUNE));

    size_t above = confirm(&r, DISTRICT_A, COMMUNE);
    size_t own = confirm(&r, PROVINCE, PROVINCE);

    build(&r);
    assert_standing(&r, above, STANDING_EFFECTIVE);
    assert_standing(&r, own, STANDING_EFFECTIVE);
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
    told_kontum(&r);
    publish(&r, PROVINCE, 3, 2);
    publish(&r, PROVINCE, 1, 5);
    publish(&r, PROVINCE, 4, 4); /* a calendar alone */

    size_t district = publish(&r, DISTRICT_A, 9, 9);

    build(&r);
    assert_standing(&r, district, STANDING_NO_RIGHT);
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
        buf_put_fmt(out, "%d ", (int)standing_of(r, i));
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
    told_kontum(&r);
    SAY(&r, .type = EVENT_UNIT_CHANGED, .issuer = PROVINCE,
        .signer = ADMIN(PROVINCE), .facts = &moved);
    certify(&r, DISTRICT_B, COMMUNE, 11, "2024-03-02");
    certify(&r, DISTRICT_A, COMMUNE, 11, "2024-03-03");
    confirm(&r, DISTRICT_B, COMMUNE);
    publish(&r, PROVINCE, 3, 2);
    publish(&r, PROVINCE, 5, 2);
    unit_told(&r, DISTRICT_A, (struct unit_row){10105, DISTRICT_A, 21, 0});
    unit_told(&r, DISTRICT_B, (struct unit_row){10105, DISTRICT_B, 22, 0});
    build(&r);

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
        build(&r);
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
    build(&r);
    assert_int_equal(r.dir.top, 0);
    assert_null(directory_unit(&r.dir, 1));
    assert_null(directory_cert(&r.dir, 1));
    assert_null(directory_key(&r.dir, &id));
    assert_false(directory_unit_at(&r.dir, 1, 19000, &facts));
    assert_false(directory_is_above(&r.dir, 1, 2, 19000));
    realm_close(&r);
}

/* ---- epochs ---- */

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
    struct sign_public pub = key_of(key, NULL);

    return SAY(
        r, .type = EVENT_EPOCH_OPENED, .issuer = c.issuer,
        .signer = ADMIN(c.issuer), .on = "2024-02-01", .ref = r->ids[closed],
        .facts = SAYS(EpochOpened, epoch_opened, .node = c.node, .dir = c.dir,
                      .epoch = c.epoch + 1, .log_key = bytes(&pub)));
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
    told_kontum(&r);
    build(&r);
    assert_int_equal(directory_epoch_now(&r.dir, COMMUNE, false), 1);
    assert_int_equal(directory_epoch_now(&r.dir, 4711, false), 0);
    assert_false(directory_epoch(&r.dir, COMMUNE, false, 1)->closed);
    assert_memory_equal(directory_epoch(&r.dir, COMMUNE, false, 1)->key.bytes,
                        key_of(ADMIN(COMMUNE) + 1, NULL).bytes, 32);

    size_t other = close_epoch(&r, by_other);
    size_t self = close_epoch(&r, by_itself);
    size_t closed = close_epoch(&r, told);
    size_t late = close_epoch(&r, again);
    size_t early = open_epoch(&r, by_other, 5001, other);
    size_t opened = open_epoch(&r, told, 5000, closed);
    size_t reopened = open_epoch(&r, told, 5001, closed);
    size_t unrelated = open_epoch(&r, told, 5002, other);

    build(&r);
    assert_standing(&r, other, STANDING_NO_RIGHT);
    assert_standing(&r, self, STANDING_NO_RIGHT);
    assert_standing(&r, closed, STANDING_EFFECTIVE);
    assert_standing(&r, late, STANDING_REPEATED);
    assert_standing(&r, early, STANDING_NO_RIGHT);
    assert_standing(&r, opened, STANDING_EFFECTIVE);
    assert_standing(&r, reopened, STANDING_REPEATED);
    assert_standing(&r, unrelated, STANDING_WAITING);

    const struct dir_epoch *first = directory_epoch(&r.dir, COMMUNE, false, 1);
    const struct dir_epoch *second = directory_epoch(&r.dir, COMMUNE, false, 2);

    assert_true(first->closed);
    assert_int_equal(first->size, 14);
    assert_int_equal(first->root.bytes[31], 0x11);
    assert_int_equal(first->evidence[0], 0x77);
    assert_true(directory_beyond_end(&r.dir, COMMUNE, false, 1, 14));
    assert_false(directory_beyond_end(&r.dir, COMMUNE, false, 1, 13));
    assert_false(directory_beyond_end(&r.dir, COMMUNE, false, 2, 14));
    assert_memory_equal(second->key.bytes, key_of(5000, NULL).bytes, 32);
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
    told_kontum(&r);
    told.size = r.positions;

    size_t good = unit_told(&r, DISTRICT_A, (struct unit_row){10101, 0, 0, 0});
    size_t beyond =
        unit_told(&r, DISTRICT_A, (struct unit_row){10102, 0, 0, 0});
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
    build(&r);
    assert_standing(&r, closed, STANDING_EFFECTIVE);
    assert_standing(&r, good, STANDING_EFFECTIVE);
    assert_standing(&r, beyond, STANDING_WRONG_LOG);
    assert_standing(&r, next, STANDING_EFFECTIVE);
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
    told_kontum(&r);

    size_t own = fault(&r, DISTRICT_A, DISTRICT_A);
    size_t below = fault(&r, DISTRICT_A, PROVINCE);
    size_t above = fault(&r, PROVINCE, DISTRICT_B);

    build(&r);
    assert_standing(&r, own, STANDING_NO_RIGHT);
    assert_standing(&r, below, STANDING_NO_RIGHT);
    assert_standing(&r, above, STANDING_EFFECTIVE);
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
