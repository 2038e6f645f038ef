/* Room: node. Owns the picture that `sync` shows: what lies where, what waits,
 * what a person must do. Reads only. */
#include "node/peers.h"

#include <string.h>

#include "node/clock.h"
#include "node/evidence.h"
#include "node/successor.h"
#include "store/attachment.h"
#include "store/book.h"
#include "store/delivery.h"
#include "store/erase.h"
#include "store/mend.h"
#include "store/recovery.h"
#include "store/spool.h"
#include "store/staged.h"
#include "store/wanted.h"

#define LOGS_MAX 2048u
#define DAMAGES_MAX 128u

static const char *text_in(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    char *copy = arena_alloc(arena, len + 1);

    if (copy == NULL) {
        return "";
    }
    memcpy(copy, text, len + 1);
    return copy;
}

/* ---- peers
 * ------------------------------------------------------------------- */

/* A node is known to people by a unit it hosts; the directory names units. */
static const char *node_name(struct engine *engine, uint32_t node,
                             struct arena *arena)
{
    const struct directory *dir = engine_directory(engine);
    struct store_now now = engine_store_now(engine);

    for (size_t i = 0; i < dir->units_len; i++) {
        struct unit_facts facts;

        if (directory_unit_at(dir, dir->units[i].number, now.day, &facts) &&
            facts.host == node && facts.name.len > 0) {
            char *copy = arena_alloc(arena, facts.name.len + 1);

            if (copy == NULL) {
                return "";
            }
            memcpy(copy, facts.name.ptr, facts.name.len);
            return copy;
        }
    }
    return "";
}

static void lag_sum(const struct link *link, struct sync_peer *out)
{
    struct link_lag lag;

    for (size_t i = 0; link_lag(link, i, &lag); i++) {
        out->holds = out->holds || lag.hold;
        if (lag.sending != lag.turned && lag.here > lag.there) {
            out->to_send += lag.here - lag.there;
        } else if (lag.sending == lag.turned && lag.there > lag.here) {
            out->to_fetch += lag.there - lag.here;
        }
    }
}

/* What passed by hand, beside any session. */
static void bundles_fill(struct engine *engine, struct arena *arena,
                         struct sync_peer *out)
{
    struct store_bundles bundles;
    struct error ignored = {0};

    if (store_bundles_get(engine->store, out->node, arena, &bundles,
                          &ignored) == 0) {
        out->bundle_made_s = bundles.made_s;
        out->bundle_taken_s = bundles.taken_s;
    }
    if (staged_of(engine, out->node, &out->staged, &ignored) != 0) {
        out->staged = 0;
    }
}

/* What a machine that only mirrors is to us. */
static const char *role_of(struct engine *engine, const struct peer *peer)
{
    const struct directory *dir = engine_directory(engine);

    if (peer_stands_by(engine, peer)) {
        return peer->up ? "standby" : "top";
    }
    return directory_role(dir, peer->node) == DIR_ROLE_OBSERVER ? "observer"
                                                                : "";
}

static void peer_fill(struct engine *engine, const struct peer *peer,
                      struct arena *arena, struct sync_peer *out)
{
    struct store_peer kept = {0};
    struct link_info info = {0};
    struct error ignored = {0};
    uint64_t acked = 0;
    uint64_t newest = 0;

    memset(out, 0, sizeof(*out));
    out->node = peer->node;
    out->name = node_name(engine, peer->node, arena);
    out->side = peer->up ? "up" : "down";
    out->state = "closed";
    out->trouble = "";
    out->role = role_of(engine, peer);
    if (peer->link != NULL) {
        link_info(peer->link, &info);
        out->state = link_state_name(info.state);
        out->connected = info.state == LINK_OPEN;
        out->last_contact_ms = info.heard_ms;
        out->clock_skew_ms = info.skew_ms;
        lag_sum(peer->link, out);
    }
    if (store_peer_get(engine->store, peer->node, &kept, &ignored) == 0) {
        if (out->last_contact_ms == 0) {
            out->last_contact_ms = (uint64_t)kept.contact_s * 1000;
            out->clock_skew_ms = kept.skew_ms;
        }
        out->refused = kept.refused;
        out->trouble =
            text_in(arena, kept.todo[0] != '\0' ? kept.todo : kept.refusal);
        out->reason = kept.todo[0] != '\0' ? LINK_REASON_NONE
                                           : link_reason_of(kept.refusal);
    }
    bundles_fill(engine, arena, out);
    if (!peer->up && store_delivery_acked(engine->store, peer->node, &acked,
                                          &newest, &ignored) == 0) {
        out->deliveries = newest > acked ? newest - acked : 0;
    }
}

static void top_fill(struct engine *engine, struct sync_top *out)
{
    const struct directory *dir = engine_directory(engine);
    const struct successor *successor = &engine->successor;
    uint32_t self = engine_node(engine);
    const struct dir_cert *own = directory_cert(dir, self);

    *out = (struct sync_top){.node = dir->top,
                             .standby = directory_standby(dir),
                             .since_ms = successor->made_ms,
                             .endpoint = successor->endpoint};
    if (successor_replaces_us(engine)) {
        out->part = SYNC_TOP_REPLACED;
    } else if (successor->epoch != 0) {
        out->part = successor->node == self ? SYNC_TOP_LEADS : SYNC_TOP_MOVED;
    } else if (own != NULL && own->role == DIR_ROLE_STANDBY) {
        out->part = SYNC_TOP_STANDS_BY;
    } else if (own != NULL && own->role == DIR_ROLE_OBSERVER) {
        out->part = SYNC_TOP_OBSERVES;
        out->node = own->issuer;
    }
}

/* Children that the directory names and nobody saw since the start. */
static size_t absent_children(struct engine *engine, struct arena *arena,
                              struct sync_peer *out, size_t max)
{
    const struct directory *dir = engine_directory(engine);
    uint32_t self = engine_node(engine);
    size_t len = 0;

    for (size_t i = 0; i < dir->nodes_len && len < max; i++) {
        uint32_t node = dir->nodes[i].number;
        struct peer never = {.used = true, .node = node};

        if (directory_role(dir, node) == DIR_ROLE_STANDBY &&
            node != directory_standby(dir)) {
            continue; /* it was promoted, or let go */
        }
        if (dir->nodes[i].parent == self && node != self &&
            peer_of_node(engine, node) == NULL) {
            peer_fill(engine, &never, arena, &out[len++]);
        }
    }
    return len;
}

/* ---- logs
 * ------------------------------------------------------------------------ */

/* What ended is shown for a month: someone will ask what happened. */
#define SHOWN_S (30 * INT64_C(86400))

static void recovery_fill(struct engine *engine, uint32_t log, bool lent,
                          struct sync_recovery *out)
{
    struct store_recovery kept;
    struct error ignored = {0};

    *out = (struct sync_recovery){.shown = false};
    if (store_recovery_get(engine->store, log, lent, &kept, &ignored) != 0 ||
        (kept.done_s != 0 &&
         kept.done_s + SHOWN_S < (int64_t)(clock_now_ms() / 1000))) {
        return;
    }
    *out = (struct sync_recovery){.shown = true,
                                  .reason = kept.reason,
                                  .source = kept.source,
                                  .from = kept.from,
                                  .until = kept.until,
                                  .since_s = kept.since_s,
                                  .done_s = kept.done_s,
                                  .lost = !lent && kept.done_s == 0 &&
                                          recover_is_lost(engine, &kept)};
}

struct logs_filling {
    struct engine *engine;
    struct arena *arena;
    struct sync_log *logs;
    size_t len;
};

/* Its node was closed, or began a new epoch. */
static void end_fill(struct engine *engine, const struct store_log *log,
                     struct sync_log *out)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_epoch *epoch =
        directory_epoch(dir, log->node, log->is_dir, log->epoch);
    const struct dir_end *end =
        directory_end(dir, log->node, log->is_dir, log->epoch);

    out->ended = end != NULL || (epoch != NULL && epoch->closed);
    out->end = end != NULL ? end->size : out->ended ? epoch->size : 0;
}

static void tail_fill(struct engine *engine, const char *origin,
                      struct arena *arena, struct sync_log *out)
{
    struct tail_note note;
    struct error ignored = {0};

    out->tail = "";
    if (tail_noted(engine, origin, arena, &note, &ignored) == 0) {
        out->tail = note.path;
        out->tail_events = note.size - note.keep;
    }
}

static int log_visit(void *data, const struct store_log *log)
{
    struct logs_filling *filling = data;
    struct sync_log *out = &filling->logs[filling->len];
    struct store_cosig newest;
    struct error ignored = {0};

    if (filling->len == LOGS_MAX) {
        return 0;
    }
    memset(out, 0, sizeof(*out));
    out->origin = text_in(filling->arena, log->origin);
    out->node = log->node;
    out->size = log->head.size;
    out->integrated = log->integrated;
    out->guarded = log->guarded;
    out->frozen = text_in(filling->arena, log->frozen);
    end_fill(filling->engine, log, out);
    recovery_fill(filling->engine, log->id, false, &out->fetched);
    recovery_fill(filling->engine, log->id, true, &out->lent);
    tail_fill(filling->engine, log->origin, filling->arena, out);
    out->evidence = "";
    (void)!evidence_path(filling->engine, log->origin, filling->arena,
                         &out->evidence, &ignored);
    for (uint64_t back = 0; back < 64 && back < log->cosigs; back++) {
        if (store_cosig_get(filling->engine->store, log->id,
                            log->cosigs - 1 - back, &newest, &ignored) != 0) {
            break;
        }
        if (back == 0) {
            out->guarded_s = (int64_t)cosignature_time(&newest.line);
        }
        if (newest.repeat) {
            out->heard_s = (int64_t)cosignature_time(&newest.line);
            break;
        }
    }
    filling->len++;
    return 0;
}

/* ---- bit rot
 * ------------------------------------------------------------------------ */

static const char *damage_kind(enum store_damage_kind kind)
{
    switch (kind) {
    case STORE_DAMAGE_SEGMENT:
        return "segment";
    case STORE_DAMAGE_COSIG:
        return "cosignature";
    case STORE_DAMAGE_DERIVED:
        return "derived";
    case STORE_DAMAGE_HERE:
        return "here";
    case STORE_DAMAGE_NONE:
        break;
    }
    return "";
}

static int damages_fill(struct engine *engine, struct arena *arena,
                        struct sync_status *out, struct error *err)
{
    struct store_damage *held = arena_array(arena, DAMAGES_MAX, sizeof(*held));
    struct sync_damage *shown = arena_array(arena, DAMAGES_MAX, sizeof(*shown));
    struct store_log log;
    struct error ignored = {0};
    size_t len = 0;
    int rc;

    if (held == NULL || shown == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the answer");
    }
    rc = store_damage_list(engine->store, held, DAMAGES_MAX, &len, err);
    for (size_t i = 0; rc == 0 && i < len; i++) {
        bool known =
            held[i].log != 0 &&
            store_log_get(engine->store, held[i].log, &log, &ignored) == 0;

        shown[i] = (struct sync_damage){
            .text = text_in(arena, held[i].text),
            .origin = known ? text_in(arena, log.origin) : "",
            .kind = damage_kind(held[i].kind),
            .found_s = held[i].found_s,
            .mended_s = held[i].mended_s,
            .source = held[i].source};
    }
    out->damages = shown;
    out->damages_len = len;
    return rc;
}

/* A node from further below, here on its detour: its parent's line tells what
 * is the matter. */
static bool is_guest(struct engine *engine, const struct peer *peer)
{
    const struct dir_node *node =
        directory_node(engine_directory(engine), peer->node);

    return !peer->up && node != NULL && node->parent != engine_node(engine);
}

int engine_sync_status(struct engine *engine, struct arena *arena,
                       struct sync_status *out, struct error *err)
{
    struct logs_filling filling = {.engine = engine, .arena = arena};
    struct sync_peer *peers = arena_array(arena, PEERS_MAX, sizeof(*peers));
    struct store_spool_state only_here;
    struct store_spool_state records;
    struct store_spool_state directory;
    uint64_t named = 0;
    uint64_t gone = 0;
    uint64_t files_gone = 0;
    uint64_t files_kept = 0;
    uint64_t wanted = 0;
    bool scrubbing = false;
    size_t len = 0;
    int rc;

    filling.logs = arena_array(arena, LOGS_MAX, sizeof(*filling.logs));
    if (peers == NULL || filling.logs == NULL) {
        return error_set(err, ERR_LIMIT, "too little room for the answer");
    }
    for (size_t i = 0; i < engine->peers->len; i++) {
        if (engine->peers->all[i].used && !engine->peers->all[i].joining &&
            !is_guest(engine, &engine->peers->all[i])) {
            peer_fill(engine, &engine->peers->all[i], arena, &peers[len++]);
        }
    }
    len += absent_children(engine, arena, peers + len, PEERS_MAX - len);
    rc = store_log_each(engine->store, log_visit, &filling, err);
    if (rc == 0) {
        rc = store_only_here(engine->store, &only_here, err);
    }
    if (rc == 0) {
        rc = store_spool_state(engine->store, false, &records, err);
    }
    if (rc == 0) {
        rc = store_spool_state(engine->store, true, &directory, err);
    }
    if (rc == 0) {
        rc = store_erasure_count(engine->store, &named, &gone, err);
    }
    if (rc == 0) {
        rc = store_attachment_erased_sum(engine->store, &files_gone,
                                         &files_kept, err);
    }
    if (rc == 0) {
        rc = store_wanted_count(engine->store, &wanted, err);
    }
    if (rc == 0) {
        rc = store_scrub_due(engine->store, &scrubbing, err);
    }
    if (rc == 0) {
        *out =
            (struct sync_status){.peers = peers,
                                 .peers_len = len,
                                 .logs = filling.logs,
                                 .logs_len = filling.len,
                                 .only_here = only_here.count,
                                 .only_here_ms = only_here.oldest_ms,
                                 .spooled = records.count + directory.count,
                                 .refused = engine->frames_refused,
                                 .clock_doubt = (int)cosign_clock_doubt(
                                     &engine->cosigning, clock_now_ms() / 1000),
                                 .erased = gone,
                                 .to_erase = named - gone,
                                 .files_erased = files_gone,
                                 .files_to_erase = files_kept,
                                 .bodies_wanted = wanted,
                                 .disk_low = engine->disk.low,
                                 .disk_free = engine->disk.free,
                                 .scrubbing = scrubbing,
                                 .to_recover = recovered_missing(engine)};
        top_fill(engine, &out->top);
    }
    return rc != 0 ? rc : damages_fill(engine, arena, out, err);
}
