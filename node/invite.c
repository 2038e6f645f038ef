/* Room: node. Owns joining from both ends: invitations given out and the
 * requests that answer them; our own request while we join. A request is only
 * believed as far as its signatures prove; nobody is certified without a
 * person's word, but where `--auto` was that word. Next: gate_fill.c. */
#include "node/invite.h"

#include <stdarg.h>
#include <stdio.h>

#include "node/clock.h"
#include "node/log.h"
#include "node/peers.h"
#include "protocol/base/hex.h"
#include "protocol/link/join.h"
#include "protocol/record/calendar.h"
#include "store/book.h"

#define INVITED_VERSION 1u
#define INVITED_FIXED 71u

/* ---- as stored
 * ------------------------------------------------------------------ */

void invited_encode(const struct invited *invited, struct buf *out)
{
    buf_put_u8(out, INVITED_VERSION);
    buf_put_u8(out, (uint8_t)invited->state);
    buf_put_u32(out, invited->node);
    buf_put_u32(out, invited->numbers_first);
    buf_put_u32(out, invited->numbers_last);
    buf_put_u8(out, invited->has_dir ? 1 : 0);
    buf_put_u8(out, invited->auto_confirm ? 1 : 0);
    buf_put_u64(out, invited->created_ms);
    buf_put_u64(out, invited->asked_ms);
    buf_put(out, SPAN_OF(invited->curve));
    buf_put_u8(out, (uint8_t)invited->units_len);
    buf_put_u16(out, (uint16_t)invited->request.len);
    buf_put_u32(out, (uint32_t)invited->signatures.len);
    for (size_t i = 0; i < invited->units_len; i++) {
        buf_put_u32(out, invited->units[i]);
    }
    buf_put(out, invited->request);
    buf_put(out, invited->signatures);
}

int invited_decode(struct span bytes, struct invited *out, struct error *err)
{
    const uint8_t *at = bytes.ptr;
    size_t request;
    size_t signatures;

    memset(out, 0, sizeof(*out));
    if (bytes.len < INVITED_FIXED || at[0] != INVITED_VERSION ||
        at[64] > HOSTED_UNITS_MAX) {
        return error_set(err, ERR_CORRUPT, "a stored invitation is damaged");
    }
    out->state = (enum invited_state)at[1];
    out->node = read_u32(at + 2);
    out->numbers_first = read_u32(at + 6);
    out->numbers_last = read_u32(at + 10);
    out->has_dir = at[14] != 0;
    out->auto_confirm = at[15] != 0;
    out->created_ms = read_u64(at + 16);
    out->asked_ms = read_u64(at + 24);
    memcpy(&out->curve, at + 32, 32);
    out->units_len = at[64];
    request = read_u16(at + 65);
    signatures = read_u32(at + 67);
    if (bytes.len !=
        INVITED_FIXED + 4 * out->units_len + request + signatures) {
        return error_set(err, ERR_CORRUPT, "a stored invitation is damaged");
    }
    for (size_t i = 0; i < out->units_len; i++) {
        out->units[i] = read_u32(at + INVITED_FIXED + 4 * i);
    }
    at += INVITED_FIXED + 4 * out->units_len;
    out->request = span_make(at, request);
    out->signatures = span_make(at + request, signatures);
    return 0;
}

static int invited_put(struct engine *engine, const struct box_public *one_time,
                       const struct invited *invited, struct error *err)
{
    uint8_t *space = arena_alloc(&engine->turn, (size_t)INVITED_SIZE_MAX);
    struct buf value = buf_over(space, INVITED_SIZE_MAX);
    int rc = engine_write(engine, err);

    if (rc != 0) {
        return rc;
    }
    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    invited_encode(invited, &value);
    if (value.overflow) {
        return error_set(err, ERR_LIMIT, "the request is too large");
    }
    engine->gate_stale = true;
    return store_book_put(engine->store, STORE_BOOK_INVITATION,
                          SPAN_OF(*one_time), buf_span(&value), err);
}

static int invited_get(struct engine *engine, const struct box_public *one_time,
                       struct invited *out, struct error *err)
{
    struct span value;
    int rc = store_book_get(engine->store, STORE_BOOK_INVITATION,
                            SPAN_OF(*one_time), &engine->turn, &value, err);

    return rc != 0 ? rc : invited_decode(value, out, err);
}

/* ---- inviting
 * --------------------------------------------------------------------- */

/* Units that the directory says the node hosts today. */
static int units_of(struct engine *engine, uint32_t node,
                    struct invited *invited, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t day = day_of_ms(clock_now_ms());

    for (size_t i = 0; i < dir->units_len; i++) {
        struct unit_facts facts;

        if (!directory_unit_at(dir, dir->units[i].number, day, &facts) ||
            facts.host != node) {
            continue;
        }
        if (invited->units_len == HOSTED_UNITS_MAX) {
            return error_set(err, ERR_LIMIT, "node %u hosts more than %u units",
                             node, HOSTED_UNITS_MAX);
        }
        invited->units[invited->units_len++] = facts.number;
    }
    return 0;
}

static int invite_check(struct engine *engine,
                        const struct invite_request *request, struct error *err)
{
    if (engine_directory(engine)->top == 0) {
        return error_set(err, ERR_BUSY,
                         "this node is not certified yet: wait for its own "
                         "superior first");
    }
    if (request->node == 0 || request->node == engine_node(engine)) {
        return error_set(err, ERR_USAGE, "node %u cannot be invited",
                         request->node);
    }
    if (request->auto_confirm && !engine_demo(engine)) {
        return error_set(err, ERR_USAGE,
                         "--auto is for demo realms: confirm the fingerprint");
    }
    if (engine->config->listen[0] == '\0') {
        return error_set(err, ERR_USAGE,
                         "this node does not listen: set `listen` in its "
                         "qcdc.conf");
    }
    return 0;
}

int engine_invite(struct engine *engine, const struct invite_request *request,
                  struct buf *line, struct error *err)
{
    struct box_pair one_time;
    struct invitation invitation = {.realm = span_str(engine->config->realm),
                                    .root = engine->root,
                                    .parent = engine_node(engine),
                                    .parent_curve = engine->keys.curve.pub,
                                    .node = request->node};
    struct invited invited = {.state = INVITED_OPEN,
                              .node = request->node,
                              .numbers_first = request->numbers_first,
                              .numbers_last = request->numbers_last,
                              .has_dir = request->has_dir,
                              .auto_confirm = request->auto_confirm,
                              .created_ms = clock_now_ms()};
    const char *endpoint = request->endpoint;
    uint8_t seed[32];
    int rc = invite_check(engine, request, err);

    if (rc == 0) {
        rc = units_of(engine, request->node, &invited, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (endpoint == NULL || endpoint[0] == '\0') {
        endpoint = engine->config->endpoint[0] != '\0'
                       ? engine->config->endpoint
                       : engine->config->listen;
    }
    invitation.endpoint = span_str(endpoint);
    memcpy(invitation.units, invited.units, sizeof(invited.units));
    invitation.units_len = invited.units_len;
    crypto_random(seed, sizeof(seed));
    box_pair_from(&one_time, seed);
    crypto_wipe(seed, sizeof(seed));
    invitation.curve = one_time.sec;
    rc = invitation_format(&invitation, &engine->turn, line, err);
    if (rc == 0) {
        rc = invited_put(engine, &one_time.pub, &invited, err);
    }
    invitation_wipe(&invitation);
    crypto_wipe(&one_time.sec, sizeof(one_time.sec));
    crypto_wipe(one_time.seed, sizeof(one_time.seed));
    if (rc == 0) {
        log_line(LOG_INFO, "join", "invited", "node=%u units=%zu",
                 request->node, invited.units_len);
    }
    return rc;
}

/* ---- confirming
 * ------------------------------------------------------------------------ */

struct pairs {
    struct field_pair *pairs;
    size_t len, max;
    struct arena *arena;
    bool full;
};

static void pairs_put(struct pairs *pairs, struct span value, const char *fmt,
                      ...) __attribute__((format(printf, 3, 4)));

static void pairs_put(struct pairs *pairs, struct span value, const char *fmt,
                      ...)
{
    char *path = arena_alloc(pairs->arena, FACTS_PATH_MAX);
    char *text = arena_alloc(pairs->arena, value.len + 1);
    va_list args;

    if (path == NULL || text == NULL || pairs->len == pairs->max) {
        pairs->full = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(path, FACTS_PATH_MAX, fmt, args);
    va_end(args);
    memcpy(text, value.ptr, value.len);
    pairs->pairs[pairs->len++] = (struct field_pair){path, text};
}

static void pairs_key(struct pairs *pairs, const char *path, const void *key)
{
    char hex[65];

    hex_encode(span_make(key, 32), hex);
    pairs_put(pairs, span_str(hex), "%s", path);
}

static void pairs_number(struct pairs *pairs, const char *path, uint32_t value)
{
    char text[12];

    if (value != 0) {
        snprintf(text, sizeof(text), "%u", value);
        pairs_put(pairs, span_str(text), "%s", path);
    }
}

static void unit_pairs(struct pairs *pairs, size_t i,
                       const struct join_unit_keys *unit)
{
    char path[64];
    char list[REGISTRARS_MAX * 65 + 1] = "";

    snprintf(path, sizeof(path), "units[%zu].unit", i);
    pairs_number(pairs, path, unit->unit);
    snprintf(path, sizeof(path), "units[%zu].sealing_key", i);
    pairs_key(pairs, path, &unit->sealing);
    snprintf(path, sizeof(path), "units[%zu].recovery_key", i);
    pairs_key(pairs, path, &unit->recovery);
    for (size_t r = 0; r < unit->registrars_len; r++) {
        char hex[65];

        hex_encode(SPAN_OF(unit->registrars[r]), hex);
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
                 r == 0 ? "" : ";", hex);
    }
    pairs_put(pairs, span_str(list), "units[%zu].registrar_keys", i);
}

static int certificate_record(struct engine *engine,
                              const struct invited *invited,
                              const struct join_keys *keys, struct error *err)
{
    struct pairs pairs = {.max = 16 + 4 * HOSTED_UNITS_MAX,
                          .arena = &engine->turn};
    const struct dir_cert *before =
        directory_cert(engine_directory(engine), invited->node);
    struct record_row row = {.type = "NodeCertified"};
    struct event_id id;

    pairs.pairs = arena_array(&engine->turn, pairs.max, sizeof(*pairs.pairs));
    if (pairs.pairs == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    pairs_number(&pairs, "node", invited->node);
    pairs_key(&pairs, "keys.log_key", &keys->keys.log);
    if (keys->keys.has_dir_log && invited->has_dir) {
        pairs_key(&pairs, "keys.dir_log_key", &keys->keys.dir_log);
    }
    pairs_key(&pairs, "keys.mirror_key", &keys->keys.mirror);
    pairs_key(&pairs, "keys.curve_key", &keys->keys.curve);
    pairs_key(&pairs, "keys.actor_key", &keys->keys.actor);
    pairs_key(&pairs, "keys.admin_key", &keys->keys.admin);
    for (size_t i = 0; i < keys->units_len; i++) {
        unit_pairs(&pairs, i, &keys->units[i]);
    }
    pairs_number(&pairs, "guard", engine_node(engine));
    pairs_number(&pairs, "numbers_first", invited->numbers_first);
    pairs_number(&pairs, "numbers_last", invited->numbers_last);
    /* New keys for a node that had some: its old log ends, a new one begins
     * (tlog.md section 3.4). */
    pairs_number(&pairs, "epoch", before != NULL ? before->epoch + 1 : 1);
    if (pairs.full) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    row.fields = pairs.pairs;
    row.fields_len = pairs.len;
    return record_admin(engine, &row, &engine->turn, &id, err);
}

/* Certifies what was asked for; the directory then opens the gate. */
static int certify(struct engine *engine, const struct box_public *one_time,
                   struct invited *invited, struct error *err)
{
    struct frame_join_request request = {invited->request, invited->signatures};
    const struct store_token none = {.seen = true};
    struct join_keys keys;
    int rc = join_request_check(&request, &engine->turn, &keys, err);

    if (rc == 0) {
        rc = certificate_record(engine, invited, &keys, err);
    }
    if (rc == 0) {
        /* Another machine: no token of the old one is asked of it. */
        rc = store_token_put(engine->store, invited->node, &none, err);
    }
    if (rc == 0) {
        invited->state = INVITED_CERTIFIED;
        rc = invited_put(engine, one_time, invited, err);
    }
    if (rc == 0) {
        log_line(LOG_INFO, "join", "certified", "node=%u", invited->node);
    }
    return rc;
}

struct searching {
    struct engine *engine;
    const char *fingerprint; /* NULL: list */
    uint32_t node;           /* with no fingerprint: done with this node */
    struct box_public found;
    bool is_found;
    struct join_pending *list;
    size_t len, max;
};

static int search_visit(void *data, struct span key, struct span value)
{
    struct searching *searching = data;
    struct invited invited;
    struct error ignored = {0};
    char text[JOIN_FINGERPRINT_SIZE];

    if (key.len != 32 || invited_decode(value, &invited, &ignored) != 0) {
        return 0;
    }
    if (searching->node != 0) {
        if (invited.node == searching->node &&
            invited.state == INVITED_CERTIFIED) {
            memcpy(&searching->found, key.ptr, 32);
            searching->is_found = true;
        }
        return 0;
    }
    if (invited.state != INVITED_ASKED) {
        return 0;
    }
    join_fingerprint(invited.request, text);
    if (searching->fingerprint != NULL) {
        if (strcmp(text, searching->fingerprint) == 0) {
            memcpy(&searching->found, key.ptr, 32);
            searching->is_found = true;
        }
    } else if (searching->len < searching->max) {
        struct join_pending *out = &searching->list[searching->len++];

        out->node = invited.node;
        memcpy(out->fingerprint, text, sizeof(text));
        out->received_ms = invited.asked_ms;
    }
    return 0;
}

int engine_join_pending(struct engine *engine, struct arena *arena,
                        const struct join_pending **out, size_t *len,
                        struct error *err)
{
    struct searching searching = {.engine = engine, .max = 512};
    int rc;

    searching.list = arena_array(arena, searching.max, sizeof(*searching.list));
    if (searching.list == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the list");
    }
    rc = store_book_each(engine->store, STORE_BOOK_INVITATION, search_visit,
                         &searching, err);
    if (rc == 0) {
        *out = searching.list;
        *len = searching.len;
    }
    return rc;
}

/* Upper case without the blanks a person types. */
static void fingerprint_tidy(const char *text, char out[JOIN_FINGERPRINT_SIZE])
{
    size_t len = 0;

    for (; *text != '\0' && len + 1 < JOIN_FINGERPRINT_SIZE; text++) {
        char c = *text;

        if (c == ' ' || c == '-') {
            continue;
        }
        if (len % 6 == 5) {
            out[len++] = '-';
        }
        out[len++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[len] = '\0';
}

int engine_join_confirm(struct engine *engine, const char *fingerprint,
                        uint32_t *node, struct error *err)
{
    char tidy[JOIN_FINGERPRINT_SIZE];
    struct searching searching = {.engine = engine, .fingerprint = tidy};
    struct invited invited;
    int rc;

    fingerprint_tidy(fingerprint, tidy);
    rc = engine_commit(engine, err);
    if (rc == 0) {
        rc = store_book_each(engine->store, STORE_BOOK_INVITATION, search_visit,
                             &searching, err);
    }
    if (rc == 0 && !searching.is_found) {
        rc = error_set(err, ERR_NOTFOUND,
                       "no request with fingerprint '%.40s' waits here: "
                       "compare it with what `qcdc join` printed",
                       fingerprint);
    }
    if (rc == 0) {
        rc = invited_get(engine, &searching.found, &invited, err);
    }
    if (rc == 0) {
        rc = certify(engine, &searching.found, &invited, err);
    }
    if (rc != 0) {
        engine_undo(engine);
        return rc;
    }
    *node = invited.node;
    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];
        struct link_event event = {.kind = LINK_JOIN_DECIDED,
                                   .status = JOIN_CERTIFIED};

        if (peer->used && peer->joining && !peer->up &&
            peer->node == invited.node) {
            peer_step(engine, peer, &event);
        }
    }
    return 0;
}

/* ---- a request comes in
 * ------------------------------------------------------------------ */

static bool same_units(const struct invited *invited,
                       const struct join_keys *keys)
{
    if (invited->units_len != keys->units_len) {
        return false;
    }
    for (size_t i = 0; i < keys->units_len; i++) {
        bool found = false;

        for (size_t j = 0; j < invited->units_len; j++) {
            found = found || invited->units[j] == keys->units[i].unit;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static int request_keep(struct engine *engine, struct peer *peer,
                        const struct link_action *action,
                        struct invited *invited, struct error *err)
{
    struct frame_join_request request = {action->bytes, action->signatures};
    struct join_keys keys;
    int rc = invited_get(engine, &peer->key, invited, err);

    if (rc == 0) {
        rc = join_request_check(&request, &engine->turn, &keys, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (!span_equal(keys.realm, span_str(engine->config->realm)) ||
        keys.node != invited->node || !same_units(invited, &keys) ||
        (invited->has_dir && !keys.keys.has_dir_log)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the request is not for what was invited");
    }
    if (invited->state == INVITED_CERTIFIED) {
        return span_equal(invited->request, action->bytes)
                   ? 0
                   : error_set(err, ERR_UNTRUSTED,
                               "the invitation was used with other keys");
    }
    if (invited->state == INVITED_ASKED &&
        !span_equal(invited->request, action->bytes)) {
        return error_set(err, ERR_UNTRUSTED,
                         "the invitation was used with other keys already");
    }
    keys.keys.has_dir_log = keys.keys.has_dir_log && invited->has_dir;
    invited->state = INVITED_ASKED;
    invited->asked_ms = clock_now_ms();
    invited->curve = keys.keys.curve;
    invited->request = action->bytes;
    invited->signatures = action->signatures;
    rc = invited_put(engine, &peer->key, invited, err);
    if (rc == 0 && invited->auto_confirm && engine_demo(engine)) {
        rc = certify(engine, &peer->key, invited, err);
    }
    return rc;
}

void invite_requested(struct engine *engine, struct peer *peer,
                      const struct link_action *action)
{
    struct invited invited = {0};
    struct error err = {0};
    char fingerprint[JOIN_FINGERPRINT_SIZE];
    struct link_event event = {.kind = LINK_JOIN_DECIDED,
                               .status = JOIN_REFUSED};
    int rc = request_keep(engine, peer, action, &invited, &err);

    if (rc != 0) {
        engine_react(engine, "join", "refused", &err);
        event.text = span_str(err.text);
        peer_step(engine, peer, &event);
        return;
    }
    join_fingerprint(action->bytes, fingerprint);
    log_line(LOG_INFO, "join", "requested", "node=%u fingerprint=%s",
             invited.node, fingerprint);
    event.status =
        invited.state == INVITED_CERTIFIED ? JOIN_CERTIFIED : JOIN_WAITING;
    event.text = span_str(fingerprint);
    peer_step(engine, peer, &event);
}

void invite_done(struct engine *engine, uint32_t node)
{
    struct searching searching = {.engine = engine, .node = node};
    struct invited invited;
    struct error err = {0};

    if (store_book_each(engine->store, STORE_BOOK_INVITATION, search_visit,
                        &searching, &err) != 0 ||
        !searching.is_found) {
        return;
    }
    if (invited_get(engine, &searching.found, &invited, &err) == 0) {
        invited.state = INVITED_DONE;
        if (invited_put(engine, &searching.found, &invited, &err) != 0) {
            engine_react(engine, "join", "done", &err);
        }
    }
    for (size_t i = 0; i < engine->peers->len; i++) {
        struct peer *peer = &engine->peers->all[i];

        if (peer->used && peer->joining && !peer->up && peer->node == node) {
            peer->joined_at_ms = clock_steady_ms();
        }
    }
}

/* ---- our own joining
 * ------------------------------------------------------------------------- */

static struct signature join_sign(const struct sign_pair *pair,
                                  struct span text)
{
    return sign_bytes(&pair->sec, text);
}

static void signatures_make(const struct keys *keys, struct span text,
                            struct buf *out)
{
    const struct sign_pair *named[] = {&keys->log,    &keys->dir_log,
                                       &keys->mirror, &keys->actor,
                                       &keys->admin,  &keys->actor};
    struct signature one;

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        one = join_sign(named[i], text);
        buf_put(out, SPAN_OF(one));
    }
    for (size_t i = 0; i < keys->units_len; i++) {
        one = join_sign(&keys->units[i].registrar, text);
        buf_put(out, SPAN_OF(one));
        one = join_sign(&keys->actor, text);
        buf_put(out, SPAN_OF(one));
        buf_put(out, SPAN_OF(one));
    }
}

int join_request_make(const struct keys *keys, const char *realm, uint32_t node,
                      struct arena *arena, struct frame_join_request *out,
                      struct error *err)
{
    struct join_unit_keys *units =
        arena_array(arena, HOSTED_UNITS_MAX, sizeof(*units));
    uint8_t *request_space = arena_alloc(arena, JOIN_REQUEST_MAX);
    uint8_t *text_space = arena_alloc(arena, (size_t)JOIN_TEXT_MAX);
    size_t signatures_size = 64 * (6 + 3 * (size_t)HOSTED_UNITS_MAX);
    uint8_t *signature_space = arena_alloc(arena, signatures_size);
    struct buf request = buf_over(request_space, JOIN_REQUEST_MAX);
    struct buf text = buf_over(text_space, JOIN_TEXT_MAX);
    struct buf signatures = buf_over(signature_space, signatures_size);
    struct join_keys wanted = {.realm = span_str(realm),
                               .node = node,
                               .units = units,
                               .units_len = keys->units_len,
                               .software = span_str("qcdc")};
    int rc;

    if (units == NULL || request_space == NULL || text_space == NULL ||
        signature_space == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the request");
    }
    wanted.keys = (struct join_node_keys){.log = keys->log.pub,
                                          .has_dir_log = true,
                                          .dir_log = keys->dir_log.pub,
                                          .mirror = keys->mirror.pub,
                                          .curve = keys->curve.pub,
                                          .actor = keys->actor.pub,
                                          .admin = keys->admin.pub};
    for (size_t i = 0; i < keys->units_len; i++) {
        units[i] = (struct join_unit_keys){
            .unit = keys->units[i].unit,
            .sealing = keys->units[i].sealing,
            .recovery = keys->units[i].recovery,
            .registrars = {keys->units[i].registrar.pub},
            .registrars_len = 1};
    }
    rc = join_keys_encode(&wanted, arena, &request, err);
    if (rc != 0) {
        return rc;
    }
    join_text(buf_span(&request), &text);
    signatures_make(keys, buf_span(&text), &signatures);
    out->request = buf_span(&request);
    out->signatures = buf_span(&signatures);
    return 0;
}

void join_answered(struct engine *engine, struct peer *peer,
                   const struct link_action *action)
{
    char text[LOG_TEXT_SIZE];

    (void)engine;
    log_line(action->status == JOIN_REFUSED ? LOG_ERROR : LOG_INFO, "join",
             "answered", "peer=%u status=%d text=%s", peer->node,
             (int)action->status, log_text(action->text, text));
}

/* The directory is here: from now on with our own key. */
void join_finished(struct engine *engine, struct peer *peer)
{
    if (directory_cert(engine_directory(engine), engine_node(engine)) == NULL) {
        return; /* not all of it came: this session's end asks again */
    }
    log_line(LOG_INFO, "join", "finished", "node=%u parent=%u",
             engine_node(engine), peer->node);
    engine->joined = true; /* keys change once this turn is durable */
}

/* After the commit: the one-time key is forgotten. */
void join_leave(struct engine *engine)
{
    struct peer *up = peer_up(engine);
    struct error err = {0};

    engine->joined = false;
    engine->keys.joining = false;
    crypto_wipe(&engine->keys.one_time, sizeof(engine->keys.one_time));
    if (keys_save(&engine->keys, engine->config->dir, &err) != 0) {
        engine_react(engine, "join", "keys", &err);
    }
    if (up != NULL) {
        up->retry_at_ms = 1; /* reconnect at once, with our own key */
        up->retry_ms = RETRY_LEAST_MS;
    }
}
