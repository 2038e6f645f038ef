/* Help for the tests of store: see scene.h. */
#include "tests/store/scene.h"

#include <unistd.h>

#include "protocol/base/hex.h"
#include "protocol/link/frames.h"
#include "protocol/link/origin.h"
#include "qcdc/v1/event.pb-c.h"
#include "store/directory.h"

#define REALM "thu-nghiem"

struct sign_public scene_key(uint32_t number, struct sign_secret *secret)
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

static uint32_t day(const char *text)
{
    struct error err = {0};
    uint32_t out = 0;

    assert_ok(day_parse(span_str(text), &out, &err), err);
    return out;
}

struct store_now now_of(const char *text)
{
    return (struct store_now){day(text), day_end_s(day(text))};
}

void scene_day(struct scene *s, const char *on)
{
    uint64_t ms = ((uint64_t)day_end_s(day(on)) - 14u * 3600u) * 1000u;

    s->now_ms = ms > s->now_ms ? ms : s->now_ms;
}

/* ---- logs ---- */

static void log_add(struct scene *s, uint32_t node, bool is_dir, uint32_t guard)
{
    struct scene_log *log = &s->logs[s->logs_len++];
    struct origin origin = {.node = node, .epoch = 1, .dir = is_dir};
    struct buf text = buf_over(log->log.origin, sizeof(log->log.origin) - 1);

    origin_format(span_str(REALM), &origin, &text);
    log->log.node = node;
    log->log.epoch = 1;
    log->log.is_dir = is_dir;
    log->log.mirrored = true;
    log->log.key =
        scene_key(is_dir ? KEY_DIR(node) : KEY_LOG(node), &log->secret);
    log->guard = guard;
    log->parts = calloc(SCENE_PARTS, sizeof(*log->parts));
    assert_non_null(log->parts);
    range_init(&log->range);
}

void scene_open(struct scene *s)
{
    struct error err = {0};

    memset(s, 0, sizeof(*s));
    assert_ok(crypto_start(&err), err);
    assert_ok(arena_new(&s->arena, (size_t)192 << 20, &err), err);
    assert_ok(segment_codec_new(&s->codec, &err), err);
    log_add(s, PROVINCE, true, 0);
    log_add(s, PROVINCE, false, 0);
    log_add(s, DISTRICT, true, PROVINCE);
    log_add(s, DISTRICT, false, PROVINCE);
    log_add(s, COMMUNE_A, false, DISTRICT);
    log_add(s, COMMUNE_B, false, DISTRICT);
    scene_day(s, "2024-01-02");
}

void scene_close(struct scene *s)
{
    size_t i;

    for (i = 0; i < s->logs_len; i++) {
        free(s->logs[i].parts);
    }
    segment_codec_free(s->codec);
    arena_release(&s->arena);
}

struct scene_log *scene_log(struct scene *s, uint32_t node, bool is_dir)
{
    size_t i;

    for (i = 0; i < s->logs_len; i++) {
        if (s->logs[i].log.node == node && s->logs[i].log.is_dir == is_dir) {
            return &s->logs[i];
        }
    }
    fail_msg("no log of node %u", node);
    return NULL;
}

static struct span keep(struct scene *s, struct span bytes)
{
    struct span out = arena_copy(&s->arena, bytes);

    assert_int_equal(out.len, bytes.len);
    return out;
}

void scene_seal(struct scene *s, struct scene_log *log)
{
    struct scene_part *part = &log->parts[log->parts_len];
    struct checkpoint checkpoint = {.origin = span_str(log->log.origin)};
    uint8_t note_bytes[NOTE_MAX];
    struct buf note = buf_over(note_bytes, sizeof(note_bytes));
    struct error err = {0};
    struct hash *hashes;
    struct vkey vkey;
    uint64_t first = log->range.size;
    size_t i;

    if (log->items_len == 0) {
        return;
    }
    assert_true(log->parts_len < SCENE_PARTS);
    hashes = arena_array(&s->arena, log->items_len, sizeof(*hashes));
    assert_non_null(hashes);
    for (i = 0; i < log->items_len; i++) {
        hashes[i] = merkle_leaf(log->items[i].leaf);
        range_append_hash(&log->range, &hashes[i]);
    }
    checkpoint.head = range_head(&log->range);
    assert_ok(
        vkey_make(checkpoint.origin, VKEY_ED25519, &log->log.key, &vkey, &err),
        err);
    assert_ok(checkpoint_sign(&checkpoint, &vkey, &log->secret, &note, &err),
              err);
    assert_ok(segment_build(s->codec, log->items, log->items_len, first,
                            keep(s, buf_span(&note)), &s->arena,
                            &part->segment.parts, &err),
              err);
    part->segment.hashes =
        span_make(hashes, log->items_len * sizeof(struct hash));
    part->segment.root = checkpoint.head.root;
    part->after = log->range;
    log->parts_len++;
    log->items_len = 0;
}

void scene_cosign(struct scene *s, struct scene_log *log, bool repeat)
{
    struct scene_part *part = &log->parts[log->parts_len];
    struct store_cosig *cosig = &part->cosig;
    struct checkpoint checkpoint = {.origin = span_str(log->log.origin),
                                    .head = range_head(&log->range)};
    uint8_t text_bytes[CHECKPOINT_TEXT_MAX], name_bytes[128], ask[512];
    struct buf text = buf_over(text_bytes, sizeof(text_bytes));
    struct buf name = buf_over(name_bytes, sizeof(name_bytes));
    struct buf request = buf_over(ask, sizeof(ask));
    struct sign_secret secret;
    struct sign_public pub;
    struct error err = {0};
    struct vkey vkey;

    if (log->guard == 0) {
        return;
    }
    s->now_ms += 1000;
    checkpoint_format(&checkpoint, &text);
    origin_mirror_name(span_str(REALM), log->guard, &name);
    pub = scene_key(KEY_MIRROR(log->guard), &secret);
    assert_ok(vkey_make(buf_span(&name), VKEY_COSIGNATURE, &pub, &vkey, &err),
              err);
    part->is_cosig = true;
    cosig->number = log->cosigs++;
    cosig->head = checkpoint.head;
    assert_ok(cosignature_sign(buf_span(&text), s->now_ms / 1000, &vkey,
                               &secret, &cosig->line, &err),
              err);
    if (repeat) {
        (void)scene_key(KEY_ACTOR(log->log.node), &secret);
        heard_text(buf_span(&text), cosig->number, &request);
        cosig->repeat = true;
        cosig->request = sign_bytes(&secret, buf_span(&request));
    }
    log->newest = *cosig;
    log->parts_len++;
}

void scene_flush(struct scene *s)
{
    size_t i;

    for (i = 0; i < s->logs_len; i++) {
        if (s->logs[i].items_len > 0) {
            scene_seal(s, &s->logs[i]);
            scene_cosign(s, &s->logs[i], false);
        }
    }
}

static void log_put(struct scene *s, struct scene_log *log, struct span leaf,
                    struct span bodies)
{
    struct segment_item *item;
    struct body *list = arena_array(&s->arena, BODIES_MAX, sizeof(*list));
    struct error err = {0};

    assert_non_null(list);
    if (log->items_len == BATCH_EVENTS_MAX ||
        (s->small && log->items_len == 3)) {
        scene_seal(s, log);
        scene_cosign(s, log, false);
    }
    item = &log->items[log->items_len++];
    memset(item, 0, sizeof(*item));
    item->leaf = leaf;
    item->bodies = list;
    while (bodies.len > 0) {
        assert_ok(body_take(&bodies, &list[item->bodies_len++], &err), err);
    }
    if (segment_fit(log->items, log->items_len, 0) < log->items_len) {
        struct segment_item last = *item;

        log->items_len--;
        scene_seal(s, log);
        scene_cosign(s, log, false);
        log->items[log->items_len++] = last;
    }
}

/* ---- events ---- */

static void add_body(struct scene *s, struct header *header, uint32_t audience,
                     struct span bytes, struct buf *out)
{
    struct body body = {.slot = (uint8_t)audience, .bytes = bytes};
    struct error err = {0};

    memcpy(body.salt.bytes, &(uint64_t){++s->seed}, sizeof(uint64_t));
    header->bodies[header->bodies_len].commitment =
        body_commit(body.salt, bytes);
    header->bodies[header->bodies_len++].audience = audience;
    assert_ok(body_put(&body, out, &err), err);
}

static void add_bodies(struct scene *s, const struct scene_event *event,
                       struct header *header, struct span *bodies)
{
    uint8_t list_bytes[8192], text_bytes[4096];
    struct buf list = buf_over(list_bytes, sizeof(list_bytes));
    struct buf text = buf_over(text_bytes, sizeof(text_bytes));
    struct error err = {0};

    if (event->text != NULL) {
        struct field_pair pair = {"content", event->text};

        assert_ok(
            facts_encode_as(body_text_shape(), &pair, 1, NULL, &text, &err),
            err);
        add_body(s, header, AUDIENCE_OF_TEXT, buf_span(&text), &list);
    }
    if (event->private != NULL) {
        add_body(s, header, AUDIENCE_OF_PRIVATE, span_str(event->private),
                 &list);
    }
    *bodies = keep(s, buf_span(&list));
}

struct span scene_sign(struct scene *s, const struct scene_event *event,
                       struct event_id *id, struct span *bodies)
{
    const struct event_type *type = event_type_find(event->type);
    struct scene_log *log = scene_log(s, event->node, false);
    uint8_t facts_bytes[8192], leaf_bytes[16384];
    struct buf facts = buf_over(facts_bytes, sizeof(facts_bytes));
    struct buf out = buf_over(leaf_bytes, sizeof(leaf_bytes));
    struct header header = {.type = event->type,
                            .version = event->version != 0 ? event->version : 1,
                            .node = event->node};
    struct sign_secret secret;
    struct sign_public pub;
    struct error err = {0};
    size_t pairs = 0, refs = 0;

    pub = scene_key(event->signer != 0 ? event->signer : KEY_CLERK(event->node),
                    &secret);
    s->now_ms += 1000;
    header.unit = event->unit != 0 ? event->unit : UBND(event->node);
    header.actor = key_id_of(SPAN_OF(pub));
    header.recorded_ms = s->now_ms;
    header.on_day = event->on != NULL ? day(event->on) : day_of_ms(s->now_ms);
    header.has_subject = !event_id_is_zero(&event->subject);
    header.subject = event->subject;
    while (refs < 4 && !event_id_is_zero(&event->refs[refs])) {
        refs++;
    }
    header.refs = id_list_of(event->refs, refs);
    if (event->to != 0) {
        header.addressees[header.addressees_len++] = event->to;
    }
    if (log->cosigs > 0) {
        header.has_quoted = true;
        header.quoted_time_s = cosignature_time(&log->newest.line);
        cosignature_short_hash(&log->newest.line, header.quoted_hash);
    }
    add_bodies(s, event, &header, bodies);
    while (pairs < 24 && event->facts[pairs].path != NULL) {
        pairs++;
    }
    if (type != NULL) {
        assert_ok(facts_encode(type, event->facts, pairs, NULL, &facts, &err),
                  err);
    }
    assert_ok(leaf_sign(&header, buf_span(&facts), &secret, &out, id, &err),
              err);
    if (event->forged) {
        leaf_bytes[10] ^= 1;
    }
    return keep(s, buf_span(&out));
}

struct event_id scene_say(struct scene *s, const struct scene_event *event)
{
    struct event_id id;
    struct span bodies;
    struct span leaf = scene_sign(s, event, &id, &bodies);

    log_put(s, scene_log(s, event->node, false), leaf, bodies);
    return id;
}

/* ---- the realm ---- */

static void say_dir(struct scene *s, uint32_t node, uint32_t type,
                    uint32_t signer, struct span facts)
{
    struct header header = {.type = type, .version = 1, .node = node};
    uint8_t leaf_bytes[16384];
    struct buf out = buf_over(leaf_bytes, sizeof(leaf_bytes));
    struct sign_secret secret;
    struct sign_public pub = scene_key(signer, &secret);
    struct error err = {0};

    s->now_ms += 1000;
    header.actor = key_id_of(SPAN_OF(pub));
    header.recorded_ms = s->now_ms;
    header.on_day = day_of_ms(s->now_ms);
    assert_ok(leaf_sign(&header, facts, &secret, &out, NULL, &err), err);
    log_put(s, scene_log(s, node, true), keep(s, buf_span(&out)),
            (struct span){NULL, 0});
}

static ProtobufCBinaryData bytes(struct scene *s, struct span span)
{
    struct span copy = keep(s, span);

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
    say_dir(s, node, type, signer, span_make(packed, size));
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
    top.realm = bytes(s, span_str(REALM));
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
    message.from_day = day("2019-09-20");
    message.duties_from_day = day("2024-01-01");
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
    out->from_day = day("2014-07-01");
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
        off_days[i] = day(off[i]);
    }
    message.version = 1;
    message.rules = all;
    message.n_rules = TEST_LEN(scene_rules);
    calendar.version = 1;
    calendar.from_day = day("2023-12-01");
    calendar.until_day = day("2025-12-31");
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

/* ---- stores ---- */

const char *scene_path(const char *name)
{
    static char path[512];
    static const char *const tails[] = {"", "-wal", "-shm"};
    const char *dir = getenv("QCDC_BUILD_DIR");
    char file[600];
    size_t i;

    (void)snprintf(path, sizeof(path), "%s/store-%s-%ld.db",
                   dir == NULL ? "/tmp" : dir, name, (long)getpid());
    for (i = 0; i < TEST_LEN(tails); i++) {
        (void)snprintf(file, sizeof(file), "%s%s", path, tails[i]);
        (void)unlink(file);
    }
    return path;
}

struct store *scene_store(const char *path, uint32_t self)
{
    struct sign_public root = scene_key(KEY_ROOT, NULL);
    struct store_options options = {.path = path, .create = true};
    struct store *store = NULL;
    struct error err = {0};

    assert_ok(store_open(&options, &store, &err), err);
    assert_ok(store_begin(store, &err), err);
    assert_ok(store_self_set(store, self, &err), err);
    assert_ok(store_meta_put(store, STORE_META_ROOT, SPAN_OF(root), &err), err);
    assert_ok(store_commit(store, &err), err);
    return store;
}

void scene_give(struct scene *s, struct store *store, size_t log, size_t i)
{
    struct scene_part *part = &s->logs[log].parts[i];
    struct error err = {0};
    struct store_log held;

    assert_ok(store_begin(store, &err), err);
    assert_ok(store_log_ensure(store, &s->logs[log].log, &held, &err), err);
    if (part->is_cosig) {
        part->cosig.log = held.id;
        assert_ok(store_cosig_append(store, &part->cosig, &err), err);
    } else {
        part->segment.log = held.id;
        assert_ok(
            store_segment_append(store, &part->segment, &part->after, &err),
            err);
    }
    assert_ok(store_commit(store, &err), err);
}

void scene_give_all(struct scene *s, struct store *store)
{
    size_t log, i;

    for (log = 0; log < s->logs_len; log++) {
        for (i = 0; i < s->logs[log].parts_len; i++) {
            scene_give(s, store, log, i);
        }
    }
}

void scene_settle(struct store *store, const char *asof)
{
    struct store_integrate_options options = {.now = now_of(asof),
                                              .verify_here = true};
    struct store_integrated done;
    struct error err = {0};

    assert_ok(store_begin(store, &err), err);
    do {
        assert_ok(store_integrate(store, &options, &done, &err), err);
    } while (done.more);
    do {
        assert_ok(store_settle(store, options.now, 0, &done, &err), err);
    } while (done.more);
    assert_ok(store_commit(store, &err), err);
}

struct dump {
    char *text;
    size_t len;
    size_t size;
};

static void add_line(void *data, const char *text)
{
    struct dump *dump = data;
    size_t len = strlen(text);

    while (dump->len + len + 2 > dump->size) {
        dump->size = dump->size == 0 ? 65536 : dump->size * 2;
        dump->text = realloc(dump->text, dump->size);
        assert_non_null(dump->text);
    }
    memcpy(dump->text + dump->len, text, len);
    dump->len += len;
    dump->text[dump->len++] = '\n';
    dump->text[dump->len] = '\0';
}

char *scene_dump(struct store *store)
{
    struct dump dump = {0};
    struct error err = {0};

    assert_ok(store_dump(store, add_line, &dump, &err), err);
    assert_non_null(dump.text);
    return dump.text;
}
