/* node/web: how the node stands with others, its proofs, and its rebuild.
 * Owns these routes; what is shown is what engine and store say. */
#include <stdlib.h>
#include <string.h>

#include "node/cosign_clock.h"
#include "node/lend.h"
#include "node/web/api.h"
#include "protocol/link/reason.h"
#include "protocol/record/standing.h"
#include "store/integrate.h"
#include "store/log.h"
#include "store/query.h"

#define HELD_MAX 512u /* nodes that hold a log: all children of one */
#define STANDINGS_MAX 32u

/* ---- sync --------------------------------------------------------------- */

static void put_peer(json_t *object, const struct sync_peer *peer)
{
    api_put_number(object, "node", peer->node);
    api_put_str(object, "name", peer->name);
    api_put_str(object, "side", peer->side);
    api_put_str(object, "role", peer->role);
    api_put_str(object, "state", peer->state);
    api_put_bool(object, "connected", peer->connected);
    api_put_time(object, "last_contact",
                 (int64_t)(peer->last_contact_ms / 1000));
    api_put_number(object, "clock_skew_ms", peer->clock_skew_ms);
    api_put_number(object, "to_send", (int64_t)peer->to_send);
    api_put_number(object, "to_fetch", (int64_t)peer->to_fetch);
    api_put_number(object, "deliveries", (int64_t)peer->deliveries);
    api_put_number(object, "staged", (int64_t)peer->staged);
    api_put_time(object, "bundle_made", peer->bundle_made_s);
    api_put_time(object, "bundle_taken", peer->bundle_taken_s);
    api_put_number(object, "refused", (int64_t)peer->refused);
    api_put_bool(object, "holds", peer->holds);
    api_put_str(object, "trouble", peer->trouble);
    if (peer->reason != LINK_REASON_NONE) {
        api_put_str(object, "todo_vi", link_reason_vi(peer->reason));
        api_put_str(object, "todo_en", link_reason_en(peer->reason));
    }
}

/* Other nodes that hold this log, and up to where. */
static int put_held(struct api_call *call, json_t *object, const char *origin,
                    struct error *err)
{
    size_t mark = call->arena.used;
    struct store_held *held =
        arena_array(&call->arena, HELD_MAX, sizeof(*held));
    struct store_log log = {.id = 0};
    size_t len = 0;
    int rc = held == NULL
                 ? error_set(err, ERR_LIMIT, "no room for the answer")
                 : store_log_find(call->store, span_str(origin), &log, err);

    rc = rc < 0 ? rc
                : store_held_list(call->store, log.id, 0, held, HELD_MAX, &len,
                                  err);
    if (rc == ERR_NOTFOUND) {
        arena_rewind(&call->arena, mark);
        return 0;
    }
    json_t *array = api_put_array(object, "held");
    for (size_t i = 0; rc == 0 && held != NULL && i < len; i++) {
        json_t *row = api_add_object(array);
        char name[256];

        api_put_number(row, "node", held[i].node);
        api_put_str(row, "name",
                    api_node_name(call, held[i].node, name, sizeof(name)));
        api_put_number(row, "size", (int64_t)held[i].head.size);
        api_put_time(row, "time", (int64_t)cosignature_time(&held[i].line));
    }
    arena_rewind(&call->arena, mark);
    return rc;
}

/* A copy that was set back: from where to where, since when, until when. */
static void put_recovery(struct api_call *call, json_t *object,
                         const char *name, const struct sync_recovery *recovery)
{
    char node[256];

    if (!recovery->shown) {
        return;
    }
    json_t *row = api_put_object(object, name);

    api_put_str(row, "reason", link_reason_name(recovery->reason));
    api_put_str(row, "reason_vi", link_reason_vi(recovery->reason));
    api_put_str(row, "reason_en", link_reason_en(recovery->reason));
    api_put_number(row, "from", (int64_t)recovery->from);
    api_put_number(row, "until", (int64_t)recovery->until);
    api_put_number(row, "node", recovery->source);
    api_put_str(row, "name",
                api_node_name(call, recovery->source, node, sizeof(node)));
    api_put_time(row, "since", recovery->since_s);
    api_put_bool(row, "done", recovery->done_s != 0);
    api_put_bool(row, "lost", recovery->lost);
    if (recovery->done_s != 0) {
        api_put_time(row, "done_at", recovery->done_s);
    }
}

static int put_log(struct api_call *call, json_t *object,
                   const struct sync_log *log, struct error *err)
{
    char name[256];

    api_put_str(object, "origin", log->origin);
    api_put_number(object, "node", log->node);
    api_put_str(object, "name",
                api_node_name(call, log->node, name, sizeof(name)));
    api_put_number(object, "size", (int64_t)log->size);
    api_put_number(object, "integrated", (int64_t)log->integrated);
    api_put_number(object, "guarded", (int64_t)log->guarded);
    api_put_time(object, "guarded_at", log->guarded_s);
    api_put_time(object, "heard", log->heard_s);
    api_put_number(object, "absent", (int64_t)log->absent);
    api_put_bool(object, "ended", log->ended);
    api_put_number(object, "end", (int64_t)log->end);
    api_put_str(object, "tail", log->tail);
    api_put_number(object, "tail_events", (int64_t)log->tail_events);
    api_put_words(object, "frozen", log->frozen, call->lang);
    put_recovery(call, object, "fetched", &log->fetched);
    put_recovery(call, object, "lent", &log->lent);
    api_put_str(object, "evidence", log->evidence);
    return put_held(call, object, log->origin, err);
}

static void put_damage(struct api_call *call, json_t *object,
                       const struct sync_damage *damage)
{
    char name[256];

    api_put_str(object, "kind", damage->kind);
    api_put_words(object, "text", damage->text, call->lang);
    api_put_str(object, "origin", damage->origin);
    api_put_time(object, "found", damage->found_s);
    api_put_time(object, "mended", damage->mended_s);
    api_put_bool(object, "waiting", damage->mended_s == 0);
    api_put_number(object, "source", damage->source);
    api_put_str(object, "source_name",
                damage->source == 0
                    ? ""
                    : api_node_name(call, damage->source, name, sizeof(name)));
}

static int put_standings(struct api_call *call, struct error *err)
{
    struct store_standing_count counts[STANDINGS_MAX];
    size_t len = 0;
    int rc =
        store_standing_list(call->store, 0, counts, STANDINGS_MAX, &len, err);
    json_t *array = api_put_array(call->answer, "not_effective");

    for (size_t i = 0; rc == 0 && i < len; i++) {
        json_t *object = api_add_object(array);

        api_put_number(object, "standing", counts[i].standing);
        api_put_str(object, "reason",
                    standing_name((enum standing)counts[i].standing));
        api_put_number(object, "events", (int64_t)counts[i].events);
    }
    return rc;
}

/* The outside witness: how many logs it has seen to their end, and when. */
static int put_witness(struct api_call *call, struct error *err)
{
    const struct witnessed *logs = NULL;
    size_t len = 0;
    uint64_t whole = 0;
    uint64_t newest_s = 0;
    int rc = engine_witness_heads(call->engine, &call->arena, &logs, &len, err);
    json_t *object = api_put_object(call->answer, "witness");

    for (size_t i = 0; rc == 0 && i < len; i++) {
        whole += logs[i].witnessed == logs[i].size ? 1 : 0;
        newest_s = logs[i].time_s > newest_s ? logs[i].time_s : newest_s;
    }
    api_put_number(object, "logs", (int64_t)len);
    api_put_number(object, "to_the_end", (int64_t)whole);
    api_put_time(object, "newest", (int64_t)newest_s);
    return rc;
}

static void put_top(json_t *object, const struct sync_top *top)
{
    static const char *const parts[] = {[SYNC_TOP_NONE] = "",
                                        [SYNC_TOP_STANDS_BY] = "stands_by",
                                        [SYNC_TOP_OBSERVES] = "observes",
                                        [SYNC_TOP_LEADS] = "leads",
                                        [SYNC_TOP_MOVED] = "moved",
                                        [SYNC_TOP_REPLACED] = "replaced"};

    api_put_str(object, "part", parts[top->part]);
    api_put_number(object, "node", top->node);
    api_put_number(object, "standby", top->standby);
    api_put_time(object, "since", (int64_t)(top->since_ms / 1000));
    api_put_str(object, "endpoint", top->endpoint);
}

int api_sync(struct api_call *call, struct error *err)
{
    struct sync_status status;
    int rc = engine_sync_status(call->engine, &call->arena, &status, err);

    if (rc < 0) {
        return rc;
    }
    enum cosign_doubt doubt = (enum cosign_doubt)status.clock_doubt;

    api_put_head(call);
    api_put_number(call->answer, "only_here", (int64_t)status.only_here);
    api_put_time(call->answer, "only_here_since",
                 (int64_t)(status.only_here_ms / 1000));
    api_put_number(call->answer, "spooled", (int64_t)status.spooled);
    api_put_number(call->answer, "refused", (int64_t)status.refused);
    api_put_str(call->answer, "clock_doubt", cosign_doubt_name(doubt));
    api_put_str(call->answer, "clock_vi", cosign_doubt_vi(doubt));
    api_put_str(call->answer, "clock_en", cosign_doubt_en(doubt));
    api_put_number(call->answer, "erased", (int64_t)status.erased);
    api_put_number(call->answer, "to_erase", (int64_t)status.to_erase);
    api_put_number(call->answer, "files_erased", (int64_t)status.files_erased);
    api_put_number(call->answer, "bodies_wanted",
                   (int64_t)status.bodies_wanted);
    api_put_number(call->answer, "files_to_erase",
                   (int64_t)status.files_to_erase);
    api_put_bool(call->answer, "scrubbing", status.scrubbing);
    api_put_number(call->answer, "to_recover", (int64_t)status.to_recover);
    api_put_bool(call->answer, "disk_low", status.disk_low);
    api_put_number(call->answer, "disk_free", (int64_t)status.disk_free);
    put_top(api_put_object(call->answer, "top"), &status.top);
    json_t *peers = api_put_array(call->answer, "peers");
    for (size_t i = 0; i < status.peers_len; i++) {
        put_peer(api_add_object(peers), &status.peers[i]);
    }
    json_t *damages = api_put_array(call->answer, "damage");
    for (size_t i = 0; i < status.damages_len; i++) {
        put_damage(call, api_add_object(damages), &status.damages[i]);
    }
    json_t *logs = api_put_array(call->answer, "logs");
    for (size_t i = 0; rc == 0 && i < status.logs_len; i++) {
        rc = put_log(call, api_add_object(logs), &status.logs[i], err);
    }
    rc = rc < 0 ? rc : put_witness(call, err);
    return rc < 0 ? rc : put_standings(call, err);
}

/* ---- proofs -----------------------------------------------------------------
 */

/* What a growing writer gives is sent as text. */
static int send_text(struct api_call *call, const struct buf *text,
                     struct error *err)
{
    if (text->overflow) {
        return error_set(err, ERR_LIMIT, "the answer is too long");
    }
    call->text = malloc(text->len + 1);
    if (call->text == NULL) {
        return error_set(err, ERR_NOMEM, "no memory for the answer");
    }
    memcpy(call->text, text->ptr, text->len);
    call->text[text->len] = '\0';
    call->text_len = text->len;
    return 0;
}

static int room_for(struct api_call *call, size_t size, struct buf *out,
                    struct error *err)
{
    void *room = arena_alloc(&call->arena, size);

    if (room == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the answer");
    }
    *out = buf_over(room, size);
    return 0;
}

int api_receipt(struct api_call *call, struct error *err)
{
    struct event_id id;
    struct buf text = {0};
    int rc = api_event_named(call, call->rest, &id, err);

    rc = rc < 0 ? rc : room_for(call, (size_t)4 * 1024 * 1024, &text, err);
    rc = rc < 0 ? rc : engine_receipt(call->engine, &id, &text, err);
    return rc < 0 ? rc : send_text(call, &text, err);
}

int api_policy(struct api_call *call, struct error *err)
{
    struct buf text = {0};
    int rc = room_for(call, (size_t)1024 * 1024, &text, err);

    rc = rc < 0 ? rc : engine_policy(call->engine, &text, err);
    return rc < 0 ? rc : send_text(call, &text, err);
}

int api_rebuild(struct api_call *call, struct error *err)
{
    return lend_rebuild(call->engine, call->request_id, err);
}
