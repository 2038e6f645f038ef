/* tests/store: the realm of scene.h: who certifies whom, units, rules and
 * clerks as directory events, from fixed seeds. Next: scene.c, which signs and
 * seals them. */
#include "tests/store/scene.h"

#include "protocol/base/hex.h"
#include "qcdc/v1/event.pb-c.h"

struct event_id scene_say_dir(struct scene *s, uint32_t node, uint32_t type,
                              uint32_t signer, struct span facts)
{
    struct header header = {.type = type, .version = 1, .node = node};
    uint8_t leaf_bytes[16384];
    struct buf out = buf_over(leaf_bytes, sizeof(leaf_bytes));
    struct sign_secret secret;
    struct sign_public pub = scene_key(signer, &secret);
    struct error err = {0};
    struct event_id id;

    s->now_ms += 1000;
    header.actor = key_id_of(SPAN_OF(pub));
    header.recorded_ms = s->now_ms;
    header.on_day = day_of_ms(s->now_ms);
    assert_ok(leaf_sign(&header, facts, &secret, &out, &id, &err), err);
    scene_log_put(s, scene_log(s, node, true), scene_keep(s, buf_span(&out)),
                  (struct span){NULL, 0});
    return id;
}

static ProtobufCBinaryData bytes(struct scene *s, struct span span)
{
    struct span copy = scene_keep(s, span);

    return (ProtobufCBinaryData){copy.len, (uint8_t *)(uintptr_t)copy.ptr};
}

static ProtobufCBinaryData key(struct scene *s, uint32_t number)
{
    struct sign_public pub = scene_key(number, NULL);

    return bytes(s, SPAN_OF(pub));
}

static void pack_dir(struct scene *s, uint32_t node, uint32_t type,
                     uint32_t signer, const ProtobufCMessage *facts)
{
    uint8_t packed[8192];
    size_t size = protobuf_c_message_get_packed_size(facts);

    assert_true(size <= sizeof(packed));
    protobuf_c_message_pack(facts, packed);
    (void)scene_say_dir(s, node, type, signer, span_make(packed, size));
}

struct certificate {
    Qcdc__V1__NodeKeys keys;
    Qcdc__V1__UnitKeys unit;
    Qcdc__V1__UnitKeys *units[1];
    ProtobufCBinaryData registrar;
};

static void certificate(struct scene *s, uint32_t node, struct certificate *c)
{
    uint8_t box[32] = {9};

    qcdc__v1__node_keys__init(&c->keys);
    qcdc__v1__unit_keys__init(&c->unit);
    c->keys.log_key = key(s, KEY_LOG(node));
    if (node == PROVINCE || node == DISTRICT) {
        c->keys.dir_log_key = key(s, KEY_DIR(node));
    }
    c->keys.mirror_key = key(s, KEY_MIRROR(node));
    c->keys.curve_key = bytes(s, SPAN_OF(box));
    c->keys.actor_key = key(s, KEY_ACTOR(node));
    c->keys.admin_key = key(s, KEY_ADMIN(node));
    c->registrar = key(s, KEY_REGISTRAR(node));
    c->unit.unit = UBND(node);
    c->unit.sealing_key = bytes(s, SPAN_OF(box));
    c->unit.recovery_key = bytes(s, SPAN_OF(box));
    c->unit.registrar_keys = &c->registrar;
    c->unit.n_registrar_keys = 1;
    c->units[0] = &c->unit;
}

static void certify_top(struct scene *s)
{
    Qcdc__V1__TopNodeCertified top;
    struct certificate c;

    certificate(s, PROVINCE, &c);
    qcdc__v1__top_node_certified__init(&top);
    top.node = PROVINCE;
    top.keys = &c.keys;
    top.units = c.units;
    top.n_units = 1;
    top.realm = bytes(s, span_str(SCENE_REALM));
    top.demo = 1;
    pack_dir(s, PROVINCE, EVENT_TOP_NODE_CERTIFIED, KEY_ROOT, &top.base);
}

static void certify(struct scene *s, uint32_t issuer, uint32_t node,
                    uint32_t first, uint32_t last)
{
    Qcdc__V1__NodeCertified message;
    struct certificate c;

    certificate(s, node, &c);
    qcdc__v1__node_certified__init(&message);
    message.node = node;
    message.keys = &c.keys;
    message.units = c.units;
    message.n_units = 1;
    message.guard = issuer;
    message.numbers_first = first;
    message.numbers_last = last;
    message.epoch = 1;
    pack_dir(s, issuer, EVENT_NODE_CERTIFIED, KEY_ADMIN(issuer), &message.base);
}

void scene_fault(struct scene *s, uint32_t issuer, uint32_t node,
                 uint64_t from_s, uint64_t until_s)
{
    Qcdc__V1__ClockFault message;

    qcdc__v1__clock_fault__init(&message);
    message.node = node;
    message.from_s = from_s;
    message.until_s = until_s;
    pack_dir(s, issuer, EVENT_CLOCK_FAULT, KEY_ADMIN(issuer), &message.base);
}

static void unit(struct scene *s, uint32_t number, uint32_t kind,
                 uint32_t level, uint32_t territory, uint32_t host,
                 uint32_t reports_to)
{
    Qcdc__V1__UnitRegistered message;
    char name[64];

    qcdc__v1__unit_registered__init(&message);
    (void)snprintf(name, sizeof(name), "\xc4\x90\xc6\xa1n v\xe1\xbb\x8b %u",
                   number);
    message.number = number;
    message.kind = (Qcdc__V1__UnitKind)kind;
    message.level = (Qcdc__V1__Level)level;
    message.name = bytes(s, span_str(name));
    message.territory = territory;
    message.host = host;
    message.reports_to = reports_to;
    message.from_day = scene_day_of("2019-09-20");
    message.duties_from_day = scene_day_of("2024-01-01");
    pack_dir(s, PROVINCE, EVENT_UNIT_REGISTERED, KEY_ADMIN(PROVINCE),
             &message.base);
}

/* The eight rules with the numbers of duties.md; every kind and level that
 * the realm has owes them all. */
static const struct scene_rule {
    const char *id;
    Qcdc__V1__RuleKind kind;
    struct {
        const char *name;
        uint32_t values[8];
        size_t len;
    } params[4];
} scene_rules[] = {
    {"D0", 1, {{"due", {1, 31}, 2}}},
    {"D1",
     2,
     {{"due", {12, 31}, 2}, {"count", {1}, 1}, {"fixed_for", {2, 3}, 2}}},
    {"D5", 3, {{"working_days", {5}, 1}}},
    {"D6",
     4,
     {{"days", {30}, 1},
      {"required", {1, 2, 3, 5, 6, 7, 8}, 7},
      {"void_at_first", {6}, 1}}},
    {"D7", 5, {{"", {0}, 0}}},
    {"D8", 6, {{"", {0}, 0}}},
    {"P1", 7, {{"working_days", {10}, 1}}},
    {"Y1", 8, {{"half_due", {6, 15}, 2}, {"year_due", {12, 15}, 2}}},
};

static Qcdc__V1__RuleParam *param(struct scene *s, const char *name,
                                  const uint32_t *values, size_t len)
{
    Qcdc__V1__RuleParam *out = arena_alloc(&s->arena, sizeof(*out));
    uint32_t *copy = arena_array(&s->arena, len, sizeof(*copy));

    assert_non_null(out);
    assert_non_null(copy);
    memcpy(copy, values, len * sizeof(*copy));
    qcdc__v1__rule_param__init(out);
    out->name = bytes(s, span_str(name));
    out->values = copy;
    out->n_values = len;
    return out;
}

static Qcdc__V1__Rule *rule(struct scene *s, const struct scene_rule *from)
{
    static Qcdc__V1__UnitKind kinds[] = {
        QCDC__V1__UNIT_KIND__UNIT_KIND_PEOPLES_COMMITTEE};
    static Qcdc__V1__Level levels[] = {QCDC__V1__LEVEL__LEVEL_PROVINCE,
                                       QCDC__V1__LEVEL__LEVEL_DISTRICT,
                                       QCDC__V1__LEVEL__LEVEL_COMMUNE};
    static const uint32_t entry_days[] = {5};
    Qcdc__V1__Rule *out = arena_alloc(&s->arena, sizeof(*out));
    size_t i;

    assert_non_null(out);
    qcdc__v1__rule__init(out);
    out->id = bytes(s, span_str(from->id));
    out->version = 1;
    out->kind = from->kind;
    out->from_day = scene_day_of("2014-07-01");
    out->kinds = kinds;
    out->n_kinds = 1;
    out->levels = levels;
    out->n_levels = 3;
    out->basis = bytes(s, span_str("04-HD/BDVTU"));
    out->title_vi = bytes(s, span_str(from->id));
    out->title_en = bytes(s, span_str(from->id));
    out->params = arena_array(&s->arena, 5, sizeof(*out->params));
    assert_non_null(out->params);
    for (i = 0; i < 4 && from->params[i].len > 0; i++) {
        out->params[out->n_params++] =
            param(s, from->params[i].name, from->params[i].values,
                  from->params[i].len);
    }
    out->params[out->n_params++] = param(s, "entry_days", entry_days, 1);
    return out;
}

static void publish_rules(struct scene *s)
{
    static const char *const off[] = {
        "2024-02-08", "2024-02-09", "2024-02-12", "2024-02-13", "2024-02-14",
        "2024-04-18", "2024-04-30", "2024-05-01", "2024-09-02", "2024-09-03"};
    Qcdc__V1__Rule *all[TEST_LEN(scene_rules)];
    uint32_t off_days[TEST_LEN(off)];
    Qcdc__V1__RulesPublished message;
    Qcdc__V1__Calendar calendar;
    size_t i;

    qcdc__v1__rules_published__init(&message);
    qcdc__v1__calendar__init(&calendar);
    for (i = 0; i < TEST_LEN(scene_rules); i++) {
        all[i] = rule(s, &scene_rules[i]);
    }
    for (i = 0; i < TEST_LEN(off); i++) {
        off_days[i] = scene_day_of(off[i]);
    }
    message.version = 1;
    message.rules = all;
    message.n_rules = TEST_LEN(scene_rules);
    calendar.version = 1;
    calendar.from_day = scene_day_of("2023-12-01");
    calendar.until_day = scene_day_of("2025-12-31");
    calendar.off_days = off_days;
    calendar.n_off_days = TEST_LEN(off);
    message.calendar = &calendar;
    pack_dir(s, PROVINCE, EVENT_RULES_PUBLISHED, KEY_ADMIN(PROVINCE),
             &message.base);
}

static void certify_actor(struct scene *s, uint32_t node, uint32_t number,
                          const char *rights)
{
    struct sign_public pub = scene_key(number, NULL);
    char hex[65], unit_text[16];

    hex_encode(SPAN_OF(pub), hex);
    (void)snprintf(unit_text, sizeof(unit_text), "%u", UBND(node));
    (void)SAY(s, .node = node, .type = EVENT_ACTOR_CERTIFIED,
              .signer = KEY_REGISTRAR(node),
              .facts = {{"actor_key", hex},
                        {"unit", unit_text},
                        {"rights", rights},
                        {"post", "clerk"}});
}

void scene_found(struct scene *s)
{
    static const uint32_t nodes[] = {PROVINCE, DISTRICT, COMMUNE_A, COMMUNE_B};
    size_t i;

    certify_top(s);
    unit(s, 201, 1, 1, 0, 0, 0);
    unit(s, 211, 1, 2, 201, 0, 0);
    unit(s, 221, 1, 3, 211, 0, 0);
    unit(s, 222, 1, 3, 211, 0, 0);
    unit(s, UBND(PROVINCE), 2, 1, 201, PROVINCE, 0);
    unit(s, UBND(DISTRICT), 2, 2, 211, DISTRICT, UBND(PROVINCE));
    unit(s, UBND(COMMUNE_A), 2, 3, 221, COMMUNE_A, UBND(DISTRICT));
    unit(s, UBND(COMMUNE_B), 2, 3, 222, COMMUNE_B, UBND(DISTRICT));
    certify(s, PROVINCE, DISTRICT, 100, 199);
    certify(s, DISTRICT, COMMUNE_A, 0, 0);
    certify(s, DISTRICT, COMMUNE_B, 0, 0);
    publish_rules(s);
    for (i = 0; i < TEST_LEN(nodes); i++) {
        certify_actor(s, nodes[i], KEY_CLERK(nodes[i]), "5");
        certify_actor(s, nodes[i], KEY_LEADER(nodes[i]), "7");
    }
    scene_flush(s);
}
