/* Room: node. Owns what a confirmed request becomes: a certificate in our own
 * directory log and, for a node that joins again, the end of its old logs and
 * the beginning of new ones, in one transaction (tlog.md section 3.4).
 * Certifies nobody without a person's word. Next: gate_fill.c. */
#include "node/invite.h"

#include <stdarg.h>
#include <stdio.h>

#include "node/clock.h"
#include "node/log.h"
#include "node/peers.h"
#include "protocol/base/hex.h"
#include "protocol/link/join.h"
#include "store/book.h"
#include "store/recovery.h"

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

/* Where our children, and theirs when a child is silent, reach us. */
static struct span own_endpoint(const struct engine *engine)
{
    return span_str(engine->config->endpoint[0] != '\0'
                        ? engine->config->endpoint
                        : engine->config->listen);
}

static int certificate_record(struct engine *engine,
                              const struct invited *invited,
                              const struct join_keys *keys, struct error *err)
{
    struct pairs pairs = {.max = 18 + 4 * HOSTED_UNITS_MAX,
                          .arena = &engine->turn};
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *before = directory_cert(dir, invited->node);
    uint32_t epoch = directory_epoch_now(dir, invited->node, false);
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
    pairs_number(&pairs, "guard",
                 before != NULL && before->guard != 0 ? before->guard
                                                      : engine_node(engine));
    pairs_number(&pairs, "numbers_first", invited->numbers_first);
    pairs_number(&pairs, "numbers_last", invited->numbers_last);
    if (before != NULL) {
        pairs_number(&pairs, "quota_events", before->quota_events);
        pairs_number(&pairs, "quota_kib", before->quota_kib);
    }
    if (before != NULL && before->endpoint.len > 0) {
        pairs_put(&pairs, before->endpoint, "endpoint");
    }
    if (own_endpoint(engine).len > 0) {
        pairs_put(&pairs, own_endpoint(engine), "parent_endpoint");
    }
    pairs_number(&pairs, "epoch",
                 epoch == 0 ? 1 : epoch + rejoin_opens_epoch(invited->reason));
    if (invited->role != DIR_ROLE_ORDINARY) {
        pairs_put(&pairs,
                  span_str(invited->role == DIR_ROLE_STANDBY ? "standby"
                                                             : "observer"),
                  "role");
    }
    if (invited->reached[0] != '\0') {
        pairs_put(&pairs, span_str(invited->reached), "endpoint");
    }
    if (pairs.full) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    row.fields = pairs.pairs;
    row.fields_len = pairs.len;
    return record_admin(engine, &row, &engine->turn, &id, err);
}

/* ---- the end of a log, and the next one
 * ------------------------------------------------------ */

/* One log of a node that joins again. */
struct turning {
    uint32_t node;
    bool dir;
    uint32_t epoch; /* that ends */
    enum rejoin_reason reason;
    struct event_id closed; /* EpochClosed */
};

static int row_record(struct engine *engine, const char *type,
                      struct pairs *pairs, struct event_id *id,
                      struct error *err)
{
    struct record_row row = {
        .type = type, .fields = pairs->pairs, .fields_len = pairs->len};

    if (pairs->full) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    return record_admin(engine, &row, &engine->turn, id, err);
}

/* Where ours is the shorter copy, and shows it, the rest must come first: what
 * lies beyond the end is cut off everywhere. A frozen log gets no more, and of
 * lost mirrors nothing comes. */
static int whole_check(struct engine *engine, const struct turning *turning,
                       const struct store_log *log, struct error *err)
{
    struct store_recovery recovery;
    uint64_t most = 0;
    int rc;

    if (log->frozen[0] != '\0' || turning->reason == REJOIN_MIRRORS_LOST) {
        return 0;
    }
    rc = store_held_most(engine->store, log->id, &most, err);
    if (rc != 0) {
        return rc;
    }
    most = most > log->head.size ? most : log->head.size;
    if (recover_active(engine, log->id, &recovery)) {
        most = recovery.until > most ? recovery.until : most;
        rc = ERR_BUSY; /* perhaps its cosignatures alone are lacking */
    }
    if (rc == 0 && most == log->head.size) {
        return 0;
    }
    if (turning->reason == REJOIN_DISK_LOST) {
        engine->gone_below = turning->node; /* nothing comes from there */
    }
    return error_set(err, ERR_BUSY,
                     "of log %s %llu events are here and %llu elsewhere: "
                     "connect this node to its superior and repeat when "
                     "`qcdc sync` says that it is whole; if nobody has "
                     "them any more: --reason mirrors-lost",
                     log->origin, (unsigned long long)log->head.size,
                     (unsigned long long)most);
}

/* Ours is the copy that counts: it ends where ours does. Whatever froze it is
 * settled with that. */
static int epoch_close(struct engine *engine, struct turning *turning,
                       struct error *err)
{
    struct origin origin = {turning->node, turning->epoch, turning->dir};
    struct field_pair space[8];
    struct pairs pairs = {.pairs = space, .max = 8, .arena = &engine->turn};
    struct merkle_head head = {.root = merkle_empty_root()};
    char name[ORIGIN_MAX + 1];
    char size[24];
    char hex[65];
    struct span evidence = {NULL, 0};
    struct store_log log;
    const char *word = rejoin_word(turning->reason);
    char reason[24];
    int rc = log_find(engine, &origin, &log, err);

    if (rc == 0) {
        head = log.head;
        rc = whole_check(engine, turning, &log, err);
        rc = rc != 0 ? rc : engine_write(engine, err);
        rc = rc != 0 ? rc : store_log_thaw(engine->store, log.id, err);
        if (rc == 0 && log.frozen[0] != '\0') {
            peer_up_restart(engine); /* what was kept back goes up now */
        }
    } else if (rc == ERR_NOTFOUND) {
        rc = 0; /* nothing of it ever came */
    }
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i <= strlen(word) && i < sizeof(reason); i++) {
        reason[i] = word[i] == '-' ? '_' : word[i];
    }
    pairs_number(&pairs, "node", turning->node);
    if (turning->dir) {
        pairs_put(&pairs, span_str("true"), "dir");
    }
    pairs_number(&pairs, "epoch", turning->epoch);
    snprintf(size, sizeof(size), "%llu", (unsigned long long)head.size);
    if (head.size > 0) {
        pairs_put(&pairs, span_str(size), "size");
    }
    pairs_key(&pairs, "root_hash", &head.root);
    pairs_put(&pairs, span_str(reason), "reason");
    origin_text(engine, &origin, name);
    if (store_book_get(engine->store, STORE_BOOK_EVIDENCE, span_str(name),
                       &engine->turn, &evidence, err) == 0) {
        struct hash sum = hash_of(evidence);

        hex_encode(SPAN_OF(sum), hex);
        pairs_put(&pairs, span_str(hex), "evidence_hash");
    }
    return row_record(engine, "EpochClosed", &pairs, &turning->closed, err);
}

static int epoch_open(struct engine *engine, const struct turning *turning,
                      const struct sign_public *key, struct error *err)
{
    struct field_pair space[8];
    struct pairs pairs = {.pairs = space, .max = 8, .arena = &engine->turn};
    struct event_id id;
    char hex[33];

    hex_encode(SPAN_OF(turning->closed), hex);
    pairs_put(&pairs, span_str(hex), "refs");
    pairs_number(&pairs, "node", turning->node);
    if (turning->dir) {
        pairs_put(&pairs, span_str("true"), "dir");
    }
    pairs_number(&pairs, "epoch", turning->epoch + 1);
    pairs_key(&pairs, "log_key", key);
    return row_record(engine, "EpochOpened", &pairs, &id, err);
}

/* The certificate, between the ends of the old logs and the new ones. */
static int certificates_record(struct engine *engine,
                               const struct invited *invited,
                               const struct join_keys *keys, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    struct turning records = {invited->node,
                              false,
                              directory_epoch_now(dir, invited->node, false),
                              invited->reason,
                              {{0}}};
    struct turning directories = {invited->node,
                                  true,
                                  directory_epoch_now(dir, invited->node, true),
                                  invited->reason,
                                  {{0}}};
    bool turn = rejoin_opens_epoch(invited->reason) && records.epoch != 0;
    bool turn_dir = turn && directories.epoch != 0;
    int rc = turn ? epoch_close(engine, &records, err) : 0;

    if (rc == 0 && turn_dir) {
        rc = epoch_close(engine, &directories, err);
    }
    if (rc == 0) {
        rc = certificate_record(engine, invited, keys, err);
    }
    if (rc == 0 && turn) {
        rc = epoch_open(engine, &records, &keys->keys.log, err);
    }
    if (rc == 0 && turn_dir) {
        rc = epoch_open(engine, &directories, &keys->keys.dir_log, err);
    }
    if (rc == 0 && turn) {
        log_line(LOG_WARN, "join", "epoch", "node=%u epoch=%u reason=%s",
                 invited->node, records.epoch + 1,
                 rejoin_word(invited->reason));
    }
    return rc;
}

int invite_certify(struct engine *engine, const struct box_public *one_time,
                   struct invited *invited, struct error *err)
{
    struct frame_join_request request = {invited->request, invited->signatures};
    const struct store_token none = {.seen = true};
    struct join_keys keys;
    int rc =
        join_request_check(&request, invited->role, &engine->turn, &keys, err);

    /* The directory may be another one than when the request came. */
    rc = rc != 0 ? rc : invite_keys_check(engine, invited, &keys, err);
    if (rc == 0) {
        rc = certificates_record(engine, invited, &keys, err);
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
        rc = invite_certify(engine, &searching.found, &invited, err);
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
