/* Room: node. Owns how private bodies that readers behind this node wait for
 * come here, and go on to who may have them: a few at a time, behind batches,
 * from the side that their event came from. Nodes on the way keep ciphertext
 * that they cannot read. It must never hand out what a restored copy does not
 * know to be erased, nor keep what was not asked for. Next: store/wanted.h. */
#include "node/peers.h"

#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/book.h"
#include "store/directory.h"
#include "store/erase.h"
#include "store/query.h"
#include "store/wanted.h"

#define PAGE BODIES_ASKED_MAX
#define PAGES_A_LOOK 4u       /* of rows that this peer cannot help with */
#define BYTES_EACH 4096u      /* of the window of the line, for one question */
#define LOOK_MS 50u           /* between looks for something to ask */
#define ANSWER_MS 30000u      /* what does not come is asked for again */
#define REST_LEAST_MS 250u    /* after all was asked for and some is lacking */
#define REST_MOST_MS 300000u  /* ... and nothing came in all that time */
#define ANSWERS_A_SECOND 500u /* to one peer */

/* ---- asking ---- */

/* Was that node guard of the log of `node`, at any time? */
static bool was_guard(const struct directory *dir, uint32_t node,
                      uint32_t guard)
{
    const struct dir_node *found = directory_node(dir, node);

    for (size_t i = 0; found != NULL && i < found->certs_len; i++) {
        if (found->certs[i]->guard == guard) {
            return true;
        }
    }
    return false;
}

/* From the side that the event came from, or who had it before us. */
bool bodies_may_have(struct engine *engine, uint32_t peer, bool up,
                     uint32_t node)
{
    const struct directory *dir = engine_directory(engine);

    return was_guard(dir, node, peer) ||
           (up ? !directory_node_within(dir, node, engine_node(engine))
               : directory_node_within(dir, node, peer));
}

/* What came meanwhile another way, or was erased here, is not asked for. */
int bodies_is_lacking(struct engine *engine, const struct event_id *event,
                      bool *lacking, struct error *err)
{
    enum store_wanted_state state = STORE_WANTED_HERE;
    struct store_erasure erasure;
    struct error ignored = {0};
    size_t mark = engine->turn.used;
    struct body body;
    int rc = store_erasure_find(engine->store, event, AUDIENCE_OF_PRIVATE,
                                &erasure, &ignored);

    *lacking = false;
    if (rc == 0 && erasure.acts) {
        state = STORE_WANTED_ERASED;
    } else {
        rc = store_body_find(engine->store, event, AUDIENCE_OF_PRIVATE,
                             &engine->turn, &body, err);
        arena_rewind(&engine->turn, mark);
        if (rc == ERR_NOTFOUND) {
            *lacking = true;
            return 0;
        }
    }
    rc = rc != 0 ? rc : engine_write(engine, err);
    return rc != 0 ? rc : store_wanted_set(engine->store, event, state, err);
}

static void ask(struct engine *engine, struct peer *peer,
                const struct event_id *event)
{
    struct frame frame = {.kind = FRAME_BODY_ASK};

    frame.body.event = *event;
    peer->bodies.asked_ms = clock_steady_ms();
    peer->bodies.asked[peer->bodies.open++] = *event;
    (void)action_send_frame(engine, peer, &frame);
}

/* The end of the list: a rest, which grows while nothing comes. */
static void rest(struct body_fetch *fetch)
{
    fetch->row = 0;
    if (fetch->rest_ms < REST_LEAST_MS || fetch->came) {
        fetch->rest_ms = REST_LEAST_MS;
    } else if (fetch->rest_ms < REST_MOST_MS) {
        fetch->rest_ms *= 2;
    }
    fetch->came = false;
    fetch->next_ms = clock_steady_ms() + fetch->rest_ms;
}

static void page_ask(struct engine *engine, struct peer *peer)
{
    struct body_fetch *fetch = &peer->bodies;
    struct store_wanted page[PAGE];
    struct link_info info = {0};
    struct error err = {0};
    size_t max, len = 0;
    unsigned pages = 0;
    bool more;
    int rc;

    link_info(peer->link, &info);
    max = info.window / BYTES_EACH < 1      ? 1
          : info.window / BYTES_EACH > PAGE ? PAGE
                                            : (size_t)info.window / BYTES_EACH;
    do {
        rc = store_wanted_list(engine->store, fetch->row, page, PAGE, &len,
                               &err);
        for (size_t i = 0; rc == 0 && i < len && fetch->open < max; i++) {
            bool lacking = false;

            fetch->row = page[i].row;
            if (bodies_may_have(engine, peer->node, peer->up, page[i].node)) {
                rc = bodies_is_lacking(engine, &page[i].event, &lacking, &err);
            }
            if (rc == 0 && lacking) {
                ask(engine, peer, &page[i].event);
            }
        }
        more = rc == 0 && len == PAGE && fetch->open == 0;
    } while (more && ++pages < PAGES_A_LOOK);
    if (rc != 0) {
        engine_react(engine, "bodies", "wanted", &err);
    }
    if (!more && (rc != 0 || fetch->open == 0)) {
        rest(fetch); /* else the next look goes on at fetch->row */
    }
}

static void peer_work(struct engine *engine, struct peer *peer, uint64_t now_ms)
{
    struct body_fetch *fetch = &peer->bodies;
    struct link_info info = {0};

    if (!peer->used || peer->joining || peer->link == NULL) {
        return;
    }
    link_info(peer->link, &info);
    if (info.state != LINK_OPEN) {
        memset(fetch, 0, sizeof(*fetch));
        return;
    }
    if (fetch->open > 0 && now_ms - fetch->asked_ms >= ANSWER_MS) {
        fetch->open = 0; /* whatever is lacking is asked for once more */
        rest(fetch);
    }
    if (fetch->open == 0 && now_ms >= fetch->next_ms &&
        !peer_has_batches(peer)) {
        page_ask(engine, peer);
    }
}

/* ---- what a new guard lacks ---- */

#define SEGMENTS_A_LOOK 8u

/* Differs when we guard another log, or from another leaf on. */
static uint64_t guarded_mark(struct engine *engine)
{
    const struct directory *dir = engine_directory(engine);
    uint64_t mark = 1;

    for (size_t n = 0; n < dir->nodes_len; n++) {
        for (size_t i = 0; i < dir->nodes[n].certs_len; i++) {
            const struct dir_cert *cert = dir->nodes[n].certs[i];

            if (cert->guard == engine_node(engine)) {
                mark = mark * 31 + (uint64_t)dir->nodes[n].number * 7 +
                       cert->guard_from;
            }
        }
    }
    return mark == 0 ? 1 : mark;
}

static int log_after(void *data, const struct store_log *log)
{
    struct engine *engine = data;

    if (engine->bodies_at == UINT64_MAX && log->id > engine->bodies_log) {
        engine->bodies_log = log->id;
        engine->bodies_at = 0;
    }
    return 0;
}

static int segment_look(struct engine *engine, struct error *err)
{
    size_t mark = engine->turn.used;
    struct event_id *events =
        arena_array(&engine->turn, BATCH_EVENTS_MAX, sizeof(*events));
    struct store_log log;
    size_t len = 0;
    int rc = 0;

    if (events == NULL) {
        return error_set(err, ERR_BUSY, "too much in one turn");
    }
    rc = store_wanted_lacking(engine->store, engine->bodies_log,
                              &engine->bodies_at, events, &len, err);
    if (rc == 0 && len > 0) {
        rc = store_log_get(engine->store, engine->bodies_log, &log, err);
        rc = rc != 0 ? rc : engine_write(engine, err);
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        rc = store_wanted_add(engine->store, &events[i], log.node, err);
    }
    arena_rewind(&engine->turn, mark);
    return rc;
}

/* A few segments of the logs that we guard by now, and of our own. */
static void walk(struct engine *engine)
{
    uint64_t serial = store_directory_serial(engine->store);
    struct error err = {0};
    int rc = 0;

    if (engine->bodies_mark == 0 || engine->bodies_serial != serial) {
        uint64_t mark = guarded_mark(engine);

        engine->bodies_serial = serial;
        if (mark != engine->bodies_mark) {
            engine->bodies_mark = mark;
            engine->bodies_walked = false;
            engine->bodies_log = 0;
            engine->bodies_at = UINT64_MAX;
        }
    }
    for (size_t i = 0; rc == 0 && !engine->bodies_walked && i < SEGMENTS_A_LOOK;
         i++) {
        if (engine->bodies_at == UINT64_MAX) {
            rc = store_log_each(engine->store, log_after, engine, &err);
            engine->bodies_walked = engine->bodies_at == UINT64_MAX;
        } else {
            rc = segment_look(engine, &err);
        }
    }
    if (rc != 0) {
        engine->bodies_walked = true; /* again when the directory changes */
        engine_react(engine, "bodies", "walk", &err);
    }
}

void bodies_work(struct engine *engine)
{
    uint64_t now_ms = clock_steady_ms();
    uint64_t noted = store_wanted_noted(engine->store);

    for (size_t i = 0; noted != engine->bodies_noted && i < engine->peers->len;
         i++) {
        engine->peers->all[i].bodies.next_ms = 0;
        engine->bodies_ms = 0;
    }
    engine->bodies_noted = noted;
    if (now_ms < engine->bodies_ms || engine->restored || engine->disk.low) {
        return;
    }
    engine->bodies_ms = now_ms + LOOK_MS;
    if (!engine->integrating) {
        walk(engine);
    }
    for (size_t i = 0; i < engine->peers->len; i++) {
        peer_work(engine, &engine->peers->all[i], now_ms);
    }
}

/* ---- what comes ---- */

static void refused(struct engine *engine, const struct peer *peer,
                    const struct error *why)
{
    char text[LOG_TEXT_SIZE];
    struct error err = {0};

    log_line(LOG_WARN, "bodies", "refused", "peer=%u text=%s", peer->node,
             log_text(span_str(why->text), text));
    if (engine_write(engine, &err) != 0 ||
        store_peer_refuse(engine->store, peer->node, why->text,
                          (int64_t)(clock_now_ms() / 1000), &err) != 0) {
        engine_react(engine, "bodies", "refuse", &err);
    }
}

/* Is it the answer to a question of ours? There is one answer to each. */
static bool was_asked(struct body_fetch *fetch, const struct event_id *event)
{
    for (size_t i = 0; i < fetch->open; i++) {
        if (event_id_equal(&fetch->asked[i], event)) {
            fetch->asked[i] = fetch->asked[--fetch->open];
            return true;
        }
    }
    return false;
}

/* That a body is erased is a mere word, which would keep it from its readers
 * for good: it ends the asking only beside an Erased that is held here, be it
 * that this level did not approve it yet. Without one it is asked for again. */
bool bodies_is_erased(struct engine *engine, const struct event_id *event)
{
    struct store_erasure erasure;
    struct error ignored = {0};

    return store_erasure_find(engine->store, event, AUDIENCE_OF_PRIVATE,
                              &erasure, &ignored) == 0;
}

/* A body proves itself, however late it comes; the word `erased` counts from
 * whom we asked. */
static void take(struct engine *engine, struct peer *peer,
                 const struct frame_body *came)
{
    bool asked = was_asked(&peer->bodies, &came->event);
    enum store_wanted_state state;
    struct error err = {0};
    int rc;

    if (asked) {
        engine->bodies_ms = 0;
    }
    if ((came->bodies.len == 0 &&
         !(came->erased && asked && bodies_is_erased(engine, &came->event))) ||
        store_wanted_find(engine->store, &came->event, &state, &err) != 0 ||
        state != STORE_WANTED) {
        return; /* not there (yet), or nobody waits for it any more */
    }
    rc = engine_write(engine, &err);
    if (rc == 0) {
        rc = came->erased ? store_wanted_set(engine->store, &came->event,
                                             STORE_WANTED_ERASED, &err)
                          : store_wanted_take(engine->store, &came->event,
                                              came->bodies, &err);
    }
    if (rc == ERR_UNTRUSTED || rc == ERR_MALFORMED) {
        refused(engine, peer, &err);
    } else if (rc != 0) {
        engine_react(engine, "bodies", "take", &err);
    } else {
        char hex[33];

        hex_encode(SPAN_OF(came->event), hex);
        log_line(LOG_INFO, "bodies", came->erased ? "erased" : "taken",
                 "peer=%u event=%s", peer->node, hex);
        peer->bodies.came = true;
    }
}

/* ---- what goes ---- */

static bool is_flood(struct body_fetch *fetch)
{
    uint64_t now_ms = clock_steady_ms();

    if (now_ms - fetch->second_ms >= 1000) {
        fetch->second_ms = now_ms;
        fetch->answers = 0;
    }
    return fetch->answers++ >= ANSWERS_A_SECOND;
}

/* The body as a list of one, in the arena; empty if it is not here. */
static int list_make(struct engine *engine, const struct event_id *event,
                     struct frame_body *out, struct error *err)
{
    enum store_wanted_state state;
    struct store_erasure erasure;
    struct error ignored = {0};
    struct body body;
    uint8_t *room;
    struct buf list;
    int rc = store_body_find(engine->store, event, AUDIENCE_OF_PRIVATE,
                             &engine->turn, &body, err);

    if (rc == ERR_NOTFOUND) {
        out->erased =
            (store_erasure_find(engine->store, event, AUDIENCE_OF_PRIVATE,
                                &erasure, &ignored) == 0 &&
             erasure.acts) ||
            (store_wanted_find(engine->store, event, &state, &ignored) == 0 &&
             state == STORE_WANTED_ERASED);
        return 0;
    }
    room = arena_alloc(&engine->turn, BODY_WIRE_MAX);
    if (rc != 0 || room == NULL) {
        return rc != 0 ? rc : error_set(err, ERR_LIMIT, "bodies");
    }
    list = buf_over(room, BODY_WIRE_MAX);
    body.index = 0;
    rc = body_put(&body, &list, err);
    out->bodies = buf_span(&list);
    return rc;
}

int bodies_answer(struct engine *engine, uint32_t peer,
                  const struct event_id *event, struct frame_body *out,
                  struct error *err)
{
    bool owed = false;
    int rc = 0;

    *out = (struct frame_body){.event = *event};
    if (!engine->restored) {
        rc = store_wanted_owed(engine->store, event, peer, &owed, err);
    }
    if (rc == 0 && owed) {
        rc = list_make(engine, event, out, err);
    }
    return rc == ERR_NOTFOUND ? 0 : rc;
}

static void give(struct engine *engine, struct peer *peer,
                 const struct event_id *event)
{
    struct frame frame = {.kind = FRAME_BODY_GIVE};
    size_t mark = engine->turn.used;
    struct error err = {0};

    if (is_flood(&peer->bodies)) {
        return; /* whoever asks faster asks again */
    }
    if (bodies_answer(engine, peer->node, event, &frame.body, &err) != 0) {
        engine_react(engine, "bodies", "give", &err);
    } else {
        (void)action_send_frame(engine, peer, &frame);
    }
    arena_rewind(&engine->turn, mark);
}

void bodies_frame(struct engine *engine, struct peer *peer,
                  const struct link_action *action)
{
    if (action->asks) {
        give(engine, peer, &action->body->event);
    } else {
        take(engine, peer, action->body);
    }
}
