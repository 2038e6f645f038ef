/* Room: node. Owns the way from a sealed body to clear text: only with an
 * official's unlocked secret, never without a trace of who read what. Clear
 * text lives in the caller's arena and nowhere else. Next: sessions.c. */
#include "node/engine_internal.h"

#include <stdio.h>
#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/book.h"
#include "store/query.h"
#include "store/wanted.h"

#define EVENTS_MAX 512u

/* The private body of an event, whichever audience it has. */
static int body_of(struct engine *engine, const struct event_id *event,
                   struct arena *arena, struct body *body, struct error *err)
{
    int rc = store_body_find(engine->store, event, AUDIENCE_OF_PRIVATE, arena,
                             body, err);

    if (rc == ERR_NOTFOUND) {
        rc = store_body_find(engine->store, event, AUDIENCE_OF_UNIT, arena,
                             body, err);
    }
    return rc;
}

/* It is not here: it may be on its way. */
static int not_here(struct engine *engine, const struct event_id *event,
                    struct error *err)
{
    enum store_wanted_state state;
    struct error ignored = {0};

    if (store_wanted_find(engine->store, event, &state, &ignored) != 0 ||
        state == STORE_WANTED_HERE) {
        return ERR_NOTFOUND;
    }
    return state == STORE_WANTED
               ? error_set(err, ERR_NOTFOUND,
                           "the private content is on its way: it is asked "
                           "for where it was written")
               : error_set(err, ERR_NOTFOUND,
                           "the private content was erased before it came "
                           "here");
}

static int open_with(const struct body *body, const struct body_key *key,
                     struct arena *arena, struct span *out, struct error *err)
{
    uint8_t *space = arena_alloc(arena, PRIVATE_BODY_MAX);
    struct buf plain = buf_over(space, PRIVATE_BODY_MAX);
    int rc;

    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the body");
    }
    rc = body_open(body->bytes, key, &plain, err);
    if (rc == 0) {
        *out = buf_span(&plain);
    }
    return rc;
}

/* Who reads, and where to. */
struct reader {
    struct engine *engine;
    const struct session *session;
    struct arena *arena;
};

/* The key of `event`'s body as a later event of the record handed it over. */
static int key_handed(const struct reader *reader, const struct event_id *event,
                      struct body_key *key, struct error *err)
{
    const struct session *session = reader->session;
    struct arena *arena = reader->arena;
    struct store_event asked;
    struct store_event *events =
        arena_array(arena, EVENTS_MAX, sizeof(*events));
    size_t len = 0;
    int rc = store_event_find(reader->engine->store, event, arena, &asked, err);

    if (rc == 0 && events == NULL) {
        rc = error_set(err, ERR_LIMIT, "too little room for the record");
    }
    if (rc == 0) {
        rc = store_event_list(reader->engine->store, &asked.subject, arena,
                              events, EVENTS_MAX, &len, err);
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        struct error ignored = {0};
        struct body body;
        struct body_key outer;
        struct span plain = {NULL, 0};

        if (body_of(reader->engine, &events[i].id, arena, &body, &ignored) ==
                0 &&
            recovered_unwrap(reader->engine, session, &body, &outer,
                             &ignored) == 0 &&
            open_with(&body, &outer, arena, &plain, &ignored) == 0 &&
            body_handed_key(plain, event, arena, key, &ignored) == 0) {
            return 0;
        }
    }
    if (rc != 0) {
        return rc;
    }
    return error_set(err, ERR_UNTRUSTED,
                     "unit %u is no reader of this private content%s",
                     session->unit,
                     recovered_missing(reader->engine) > 0
                         ? ", or it was sealed before the disk was lost: give "
                           "the old recovery secret (qcdc user recovery)"
                         : "");
}

static int key_find(const struct reader *reader, const struct event_id *event,
                    const struct body *body, struct body_key *key,
                    struct error *err)
{
    int rc = recovered_unwrap(reader->engine, reader->session, body, key, err);

    return rc == ERR_NOTFOUND ? key_handed(reader, event, key, err) : rc;
}

/* Who read what, when: kept with the node's notes. */
static int reading_note(struct engine *engine, const struct session *session,
                        const struct event_id *event, struct error *err)
{
    uint8_t key_space[64];
    struct buf key = buf_over(key_space, sizeof(key_space));
    char id[33];
    int rc = engine_write(engine, err);

    buf_put_u64(&key, clock_now_ms());
    buf_put(&key, SPAN_OF(*event));
    buf_put(&key, span_str(session->name));
    if (rc == 0) {
        rc = store_book_put(engine->store, STORE_BOOK_READ, buf_span(&key),
                            span_str(session->name), err);
    }
    hex_encode(SPAN_OF(*event), id);
    log_line(LOG_INFO, "private", "read", "name=%s event=%s", session->name,
             id);
    return rc;
}

int engine_private_read(struct engine *engine, const char *session,
                        const struct event_id *event, struct arena *arena,
                        struct span *out, struct error *err)
{
    struct session *official = session_find(engine, session, err);
    struct reader reader = {engine, official, arena};
    struct body body;
    struct body_key key;
    int rc;

    if (official == NULL || engine_bodies_held_back(engine, err) != 0) {
        return err->code;
    }
    rc = body_of(engine, event, arena, &body, err);
    if (rc == ERR_NOTFOUND) {
        return not_here(engine, event, err);
    }
    if (rc == 0) {
        rc = key_find(&reader, event, &body, &key, err);
    }
    if (rc == 0) {
        rc = open_with(&body, &key, arena, out, err);
    }
    crypto_wipe(&key, sizeof(key));
    return rc != 0 ? rc : reading_note(engine, official, event, err);
}

/* ---- handing on
 * -------------------------------------------------------------- */

struct handing {
    struct engine *engine;
    struct session *session;
    struct arena *arena;
    struct field_pair pairs[128];
    size_t len;
    unsigned keys;
};

static char *text_in(struct arena *arena, struct span bytes)
{
    char *text = arena_alloc(arena, bytes.len + 1);

    if (text != NULL && bytes.len > 0) {
        memcpy(text, bytes.ptr, bytes.len);
    }
    return text;
}

static int pair_add(struct handing *handing, const char *path,
                    struct span value, struct error *err)
{
    char *path_copy = text_in(handing->arena, span_str(path));
    char *value_copy = text_in(handing->arena, value);

    if (path_copy == NULL || value_copy == NULL || handing->len == 128) {
        return error_set(err, ERR_LIMIT, "private: too many fields");
    }
    handing->pairs[handing->len++] = (struct field_pair){path_copy, value_copy};
    return 0;
}

static int keep_visit(void *ctx, const char *path, struct span value,
                      struct error *err)
{
    return pair_add(ctx, path, value, err);
}

static int key_add(struct handing *handing, const struct event_id *event,
                   const struct body_key *key, struct error *err)
{
    char path[40];
    char hex[65];
    int rc;

    snprintf(path, sizeof(path), "keys[%u].event_id", handing->keys);
    hex_encode(SPAN_OF(*event), hex);
    rc = pair_add(handing, path, span_str(hex), err);
    if (rc == 0) {
        snprintf(path, sizeof(path), "keys[%u].body_key", handing->keys++);
        hex_encode(SPAN_OF(*key), hex);
        rc = pair_add(handing, path, span_str(hex), err);
    }
    crypto_wipe(hex, sizeof(hex));
    return rc;
}

/* True if some addressee of the draft could not open that event so far. */
static bool has_new_reader(const struct record_draft *draft,
                           const struct leaf *earlier)
{
    for (size_t i = 0; i < draft->header.addressees_len; i++) {
        uint32_t unit = draft->header.addressees[i];

        if (earlier->header.unit != unit &&
            !header_has_addressee(&earlier->header, unit)) {
            return true;
        }
    }
    return false;
}

static int earlier_add(struct handing *handing,
                       const struct record_draft *draft,
                       const struct store_event *event, struct error *err)
{
    struct reader reader = {handing->engine, handing->session, handing->arena};
    struct error ignored = {0};
    struct leaf leaf;
    struct body body;
    struct body_key key;
    int rc = 0;

    if (handing->keys < 32 && leaf_parse(event->leaf, &leaf, &ignored) == 0 &&
        leaf.understood && has_new_reader(draft, &leaf) &&
        body_of(handing->engine, &event->id, handing->arena, &body, &ignored) ==
            0 &&
        key_find(&reader, &event->id, &body, &key, &ignored) == 0) {
        rc = key_add(handing, &event->id, &key, err);
    }
    crypto_wipe(&key, sizeof(key));
    return rc;
}

int private_hand_keys(struct engine *engine, struct session *session,
                      struct record_draft *draft, struct arena *arena,
                      struct error *err)
{
    struct handing *handing;
    struct store_event *events;
    struct buf secret;
    uint8_t *space;
    size_t len = 0;
    int rc = 0;

    if (session == NULL || !draft->header.has_subject ||
        draft->header.addressees_len == 0) {
        return 0;
    }
    handing = arena_alloc(arena, sizeof(*handing));
    events = arena_array(arena, EVENTS_MAX, sizeof(*events));
    space = arena_alloc(arena, PRIVATE_BODY_MAX);
    if (handing == NULL || events == NULL || space == NULL) {
        return error_set(err, ERR_LIMIT, "too many events in one turn");
    }
    handing->engine = engine;
    handing->session = session;
    handing->arena = arena;
    if (draft->secret.len > 0) {
        rc = facts_visit_as(body_private_shape(), draft->secret, keep_visit,
                            handing, err);
    }
    if (rc == 0) {
        rc = store_event_list(engine->store, &draft->header.subject, arena,
                              events, EVENTS_MAX, &len, err);
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = earlier_add(handing, draft, &events[i], err);
    }
    if (rc == ERR_NOTFOUND) {
        rc = 0; /* the subject is not held yet: nothing to hand on */
    }
    if (rc != 0 || handing->keys == 0) {
        return rc;
    }
    secret = buf_over(space, PRIVATE_BODY_MAX);
    rc = facts_encode_as(body_private_shape(), handing->pairs, handing->len,
                         NULL, &secret, err);
    draft->secret = buf_span(&secret);
    return rc;
}
