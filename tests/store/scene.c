/* tests/store: the logs of scene.h: events are signed, sealed into segments and
 * cosigned as nodes would do it. Next: scene_realm.c, scene_store.c, story.c.
 */
#include "tests/store/scene.h"

#include "protocol/link/frames.h"
#include "protocol/link/origin.h"
#include "qcdc/v1/event.pb-c.h"

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

uint32_t scene_day_of(const char *text)
{
    struct error err = {0};
    uint32_t out = 0;

    assert_ok(day_parse(span_str(text), &out, &err), err);
    return out;
}

struct store_now now_of(const char *text)
{
    return (struct store_now){scene_day_of(text),
                              day_end_s(scene_day_of(text))};
}

void scene_day(struct scene *s, const char *on)
{
    uint64_t ms = ((uint64_t)day_end_s(scene_day_of(on)) - 14u * 3600u) * 1000u;

    s->now_ms = ms > s->now_ms ? ms : s->now_ms;
}

/* ---- logs ---- */

static void log_add(struct scene *s, uint32_t node, bool is_dir, uint32_t guard)
{
    struct scene_log *log = &s->logs[s->logs_len++];
    struct origin origin = {.node = node, .epoch = 1, .dir = is_dir};
    struct buf text = buf_over(log->log.origin, sizeof(log->log.origin) - 1);

    origin_format(span_str(SCENE_REALM), &origin, &text);
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

struct span scene_keep(struct scene *s, struct span bytes)
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
                            scene_keep(s, buf_span(&note)), &s->arena,
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
    origin_mirror_name(span_str(SCENE_REALM), log->guard, &name);
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

void scene_log_put(struct scene *s, struct scene_log *log, struct span leaf,
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
    *bodies = scene_keep(s, buf_span(&list));
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
    header.on_day =
        event->on != NULL ? scene_day_of(event->on) : day_of_ms(s->now_ms);
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
    return scene_keep(s, buf_span(&out));
}

struct event_id scene_say(struct scene *s, const struct scene_event *event)
{
    struct event_id id;
    struct span bodies;
    struct span leaf = scene_sign(s, event, &id, &bodies);

    scene_log_put(s, scene_log(s, event->node, false), leaf, bodies);
    return id;
}
