/* Help for tests of the directory: see realm.h. */
#include "tests/protocol/realm.h"

struct sign_public realm_key(uint32_t number, struct sign_secret *secret)
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

void realm_open(struct realm *r)
{
    struct error err = {0};

    *r = (struct realm){0};
    assert_ok(crypto_start(&err), err);
    assert_ok(arena_new(&r->arena, 1u << 20, &err), err);
    assert_ok(arena_new(&r->turn, 1u << 20, &err), err);
}

void realm_close(struct realm *r)
{
    arena_release(&r->arena);
    arena_release(&r->turn);
}

size_t realm_say(struct realm *r, const struct dir_said *said)
{
    struct sign_secret secret;
    struct sign_public pub = realm_key(said->signer, &secret);
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

struct sign_public realm_root(void)
{
    return realm_key(ROOT, NULL);
}

void realm_build(struct realm *r)
{
    struct error err = {0};
    struct sign_public root = realm_root();

    arena_reset(&r->turn);
    assert_ok(
        directory_build(&root, r->events, r->len, &r->turn, &r->dir, &err),
        err);
}

/* Events are reordered by a build: found again by id. */
enum standing realm_standing(const struct realm *r, size_t told)
{
    for (size_t i = 0; i < r->len; i++) {
        if (event_id_equal(&r->events[i].leaf->id, &r->ids[told])) {
            return r->events[i].standing;
        }
    }
    fail_msg("event %zu is gone", told);
    return STANDING_INVALID;
}

ProtobufCBinaryData realm_bytes(struct sign_public *pub)
{
    return (ProtobufCBinaryData){sizeof(pub->bytes), pub->bytes};
}

void keys_fill(struct keys *k, uint32_t node, uint32_t unit)
{
    for (uint32_t i = 0; i < 12; i++) {
        k->pub[i] = realm_key(ADMIN(node) + i, NULL);
    }
    qcdc__v1__node_keys__init(&k->node);
    qcdc__v1__unit_keys__init(&k->unit);
    k->node.admin_key = realm_bytes(&k->pub[0]);
    k->node.log_key = realm_bytes(&k->pub[1]);
    k->node.dir_log_key = realm_bytes(&k->pub[2]);
    k->node.mirror_key = realm_bytes(&k->pub[3]);
    k->node.curve_key = realm_bytes(&k->pub[4]);
    k->node.actor_key = realm_bytes(&k->pub[5]);
    k->unit.unit = unit;
    k->unit.sealing_key = realm_bytes(&k->pub[6]);
    k->unit.recovery_key = realm_bytes(&k->pub[7]);
    k->registrar[0] = realm_bytes(&k->pub[8]);
    k->unit.n_registrar_keys = 1;
    k->unit.registrar_keys = k->registrar;
    k->units[0] = &k->unit;
}

size_t realm_top(struct realm *r, uint32_t node, uint32_t signer)
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

size_t realm_certify(struct realm *r, uint32_t issuer, uint32_t node,
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

size_t realm_unit(struct realm *r, uint32_t issuer, struct unit_row u)
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

void realm_kontum(struct realm *r)
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

    realm_top(r, PROVINCE, ROOT);
    for (size_t i = 0; i < TEST_LEN(units); i++) {
        realm_unit(r, PROVINCE, units[i]);
    }
    realm_certify(r, PROVINCE, DISTRICT_A, 21, "2024-01-02");
    realm_certify(r, PROVINCE, DISTRICT_B, 22, "2024-01-02");
    realm_certify(r, DISTRICT_A, COMMUNE, 11, "2024-01-03");
}
