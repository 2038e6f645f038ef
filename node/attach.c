/* Room: node. Owns how files that events name come here and go to others, a
 * piece at a time, behind everything else: nothing is asked while the peer has
 * batches for us, and a piece is never larger than the window of the link. It
 * must never hand out a file that is not whole (store/attachment.h), nor
 * believe a size. Next: attach_file.c. */
#include "node/peers.h"

#include <string.h>

#include "node/clock.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "store/attachment.h"
#include "store/book.h"

#define PAGE 8u
#define LOOK_MS 200u     /* between looks for something to ask */
#define ANSWER_MS 60000u /* a piece that does not come */
#define ROUND_MS 300000u /* after all that is missing was asked for */
#define WRONG_MS 60000u  /* after other bytes came, then */
#define WRONGER_MS 3600000u
#define PIECE_MIN 4096u
/* Of files that did not come whole. */
#define PARTS_MAX_BYTES (8u * (uint64_t)ATTACHMENT_MAX)

/* ---- asking ---- */

bool attach_is_asked(const struct engine *engine, const struct hash *file)
{
    if (engine->config->fetch_files != 0) {
        return true;
    }
    for (size_t i = 0; i < engine->attach_asked_len; i++) {
        if (hash_equal(&engine->attach_asked[i], file)) {
            return true;
        }
    }
    return false;
}

/* A file is where its event came from: below with that child, else above. */
bool attach_may_come(struct engine *engine, bool up, uint32_t from,
                     uint32_t node)
{
    const struct directory *dir = engine_directory(engine);

    if (node == engine_node(engine)) {
        return true; /* our own, damaged here: whoever it went to */
    }
    return up ? !directory_node_within(dir, node, engine_node(engine))
              : directory_node_within(dir, node, from);
}

bool peer_has_batches(const struct peer *peer)
{
    struct link_lag lag;

    for (size_t i = 0; link_lag(peer->link, i, &lag); i++) {
        if (!lag.sending && !lag.stopped && lag.there > lag.here) {
            return true;
        }
    }
    return false;
}

static bool has_better_to_do(struct engine *engine, struct peer *peer)
{
    return engine->integrating || engine->disk.low || peer_has_batches(peer);
}

static void piece_ask(struct engine *engine, struct peer *peer)
{
    struct frame frame = {.kind = FRAME_ATTACH_ASK};
    struct link_info info = {0};

    link_info(peer->link, &info);
    frame.attach.file = peer->fetch.file;
    frame.attach.offset = peer->fetch.offset;
    frame.attach.max = info.window < PIECE_MIN          ? PIECE_MIN
                       : info.window > ATTACHMENT_CHUNK ? ATTACHMENT_CHUNK
                                                        : (uint32_t)info.window;
    peer->fetch.asked_ms = clock_steady_ms();
    (void)action_send_frame(engine, peer, &frame);
}

static int held_put(struct engine *engine, const struct hash *file,
                    uint64_t size, struct error *err)
{
    bool sealed = store_file_is_sealed(engine->config->dir, file);
    int rc = engine_write(engine, err);

    return rc != 0
               ? rc
               : store_attachment_held(engine->store, file, size, sealed, err);
}

static int refused_put(struct engine *engine, const struct hash *file,
                       struct error *err)
{
    int rc = engine_write(engine, err);

    return rc != 0 ? rc
                   : store_attachment_set(engine->store, file,
                                          STORE_ATTACHMENT_REFUSED, err);
}

/* What is missing may lie there already: a rebuild forgets the table. */
bool attach_is_here(struct engine *engine, const struct hash *file)
{
    struct error err = {0};
    uint64_t size;

    if (store_file_size(engine->config->dir, file, &size, &err) != 0) {
        return false;
    }
    if (held_put(engine, file, size, &err) != 0) {
        engine_react(engine, "attach", "held", &err);
    }
    return true;
}

static bool is_fetched(void *data, const struct hash *file)
{
    const struct engine *engine = data;

    for (size_t i = 0; i < engine->peers->len; i++) {
        const struct attach_fetch *fetch = &engine->peers->all[i].fetch;

        if (fetch->active && hash_equal(&fetch->file, file)) {
            return true;
        }
    }
    return false;
}

/* Who begins many files and ends none leaves no more than this on the disk. */
void attach_parts_bound(struct engine *engine, uint64_t came)
{
    engine->attach_trimmed += came;
    if (engine->attach_trimmed >= PARTS_MAX_BYTES / 2) {
        engine->attach_trimmed = 0;
        (void)store_parts_trim(engine->config->dir, PARTS_MAX_BYTES / 2,
                               is_fetched, engine);
    }
}

static void fetch_begin(struct engine *engine, struct peer *peer,
                        const struct store_attachment *wanted)
{
    peer->fetch.active = true;
    peer->fetch.file = wanted->file;
    peer->fetch.offset = store_file_part(engine->config->dir, &wanted->file);
    peer->fetch.resumed = peer->fetch.offset > 0;
    peer->fetch.total = 0;
    if (peer->fetch.offset > 0) {
        log_line(LOG_INFO, "attach", "resumed", "peer=%u at=%llu", peer->node,
                 (unsigned long long)peer->fetch.offset);
    }
    piece_ask(engine, peer);
}

static void next_find(struct engine *engine, struct peer *peer)
{
    struct store_attachment page[PAGE];
    struct error err = {0};
    size_t len = 0;

    if (store_attachment_missing(engine->store, peer->fetch.row, page, PAGE,
                                 &len, &err) != 0) {
        engine_react(engine, "attach", "missing", &err);
        len = 0;
    }
    for (size_t i = 0; i < len; i++) {
        peer->fetch.row = page[i].row;
        if (!attach_may_come(engine, peer->up, peer->node, page[i].node) ||
            !attach_is_asked(engine, &page[i].file) ||
            attach_is_here(engine, &page[i].file)) {
            continue;
        }
        fetch_begin(engine, peer, &page[i]);
        return;
    }
    if (len < PAGE) {
        peer->fetch.row = 0;
        peer->fetch.next_ms = clock_steady_ms() + ROUND_MS;
    }
}

static void peer_work(struct engine *engine, struct peer *peer, uint64_t now_ms)
{
    struct link_info info = {0};

    if (!peer->used || peer->joining || peer->link == NULL) {
        return;
    }
    link_info(peer->link, &info);
    if (info.state != LINK_OPEN) {
        peer->fetch.active = false;
        return;
    }
    if (peer->fetch.active && now_ms - peer->fetch.asked_ms < ANSWER_MS) {
        return;
    }
    peer->fetch.active = false;
    /* A copy that was put back does not know yet what was erased since. */
    if (!engine->restored && now_ms >= peer->fetch.next_ms &&
        !has_better_to_do(engine, peer)) {
        next_find(engine, peer);
    }
}

static void again_from_start(struct engine *engine)
{
    for (size_t i = 0; i < engine->peers->len; i++) {
        struct attach_fetch *fetch = &engine->peers->all[i].fetch;

        fetch->row = fetch->active ? fetch->row : 0;
        fetch->next_ms = fetch->wrong > 0 ? fetch->next_ms : 0;
    }
    engine->attach_ms = 0;
}

/* What an office attached itself is here before an event names it. */
static void own_find(struct engine *engine)
{
    uint64_t back = store_attachment_back(engine->store);
    struct store_attachment page[PAGE];
    struct error err = {0};
    size_t len = 0;

    if (back != engine->attach_back) {
        engine->attach_back = back;
        engine->attach_seen = 0;
    }
    do {
        if (store_attachment_missing(engine->store, engine->attach_seen, page,
                                     PAGE, &len, &err) != 0) {
            engine_react(engine, "attach", "missing", &err);
            return;
        }
        for (size_t i = 0; i < len; i++) {
            engine->attach_seen = page[i].row;
            (void)attach_is_here(engine, &page[i].file);
        }
    } while (len == PAGE);
}

void attach_work(struct engine *engine)
{
    uint64_t now_ms = clock_steady_ms();
    uint64_t named = store_attachment_named(engine->store);

    if (named != engine->attach_named) {
        engine->attach_named = named;
        own_find(engine);
        again_from_start(engine);
    }
    if (now_ms < engine->attach_ms) {
        return;
    }
    engine->attach_ms = now_ms + LOOK_MS;
    for (size_t i = 0; i < engine->peers->len; i++) {
        peer_work(engine, &engine->peers->all[i], now_ms);
    }
}

/* ---- pieces that come ---- */

static void refused(struct engine *engine, struct peer *peer,
                    const struct error *why, struct error *err)
{
    char text[LOG_TEXT_SIZE];
    char hex[65];

    hex_encode(SPAN_OF(peer->fetch.file), hex);
    log_line(LOG_WARN, "attach", "refused", "peer=%u file=%.16s text=%s",
             peer->node, hex, log_text(span_str(why->text), text));
    if (engine_write(engine, err) != 0 ||
        store_peer_refuse(engine->store, peer->node, why->text,
                          (int64_t)(clock_now_ms() / 1000), err) != 0) {
        engine_react(engine, "attach", "refuse", err);
    }
}

/* It came whole: only now it is looked into, and gets its name. */
void attach_end(struct engine *engine, struct peer *peer)
{
    struct frame frame = {.kind = FRAME_ATTACH_HAVE};
    struct attach_fetch *fetch = &peer->fetch;
    struct peer *up = peer_up(engine);
    struct error err = {0};
    struct error why = {0};
    uint64_t size = 0;
    int rc = store_file_finish(engine->config->dir, &fetch->file, &size, &why);

    fetch->active = false;
    engine->attach_ms = 0;
    if (rc == ERR_UNTRUSTED && fetch->resumed) {
        fetch->row--; /* nobody knows whose part it was: from the start */
        return;
    }
    if (rc == ERR_UNTRUSTED) {
        fetch->next_ms =
            clock_steady_ms() + (fetch->wrong++ == 0 ? WRONG_MS : WRONGER_MS);
        refused(engine, peer, &why, &err);
        return;
    }
    if (rc == ERR_MALFORMED) {
        refused(engine, peer, &why, &err);
        rc = refused_put(engine, &fetch->file, &err);
    } else if (rc == 0) {
        rc = held_put(engine, &fetch->file, size, &err);
        attach_recount(engine, &fetch->file);
        share_add(peer, size);
        if (rc == 0 && up != NULL && up != peer && up->link != NULL) {
            frame.attach.file = fetch->file;
            frame.attach.total = size;
            (void)action_send_frame(engine, up, &frame);
        }
    } else {
        err = why;
    }
    if (rc != 0) {
        engine_react(engine, "attach", "finish", &err);
    }
}

/* Of files in all, and of what that child may take of this disk. */
bool attach_fits(struct engine *engine, struct peer *peer, uint64_t bytes)
{
    struct error why = {0};
    struct error err = {0};

    if (engine->disk.low || attach_room(engine, bytes, &why) != 0) {
        return false;
    }
    if (peer->up || share_refuse(engine, peer, bytes, false, &why) == 0) {
        return true;
    }
    if (why.code == ERR_LIMIT) {
        refused(engine, peer, &why, &err);
    } else {
        engine_react(engine, "attach", "share", &why);
    }
    return false;
}

/* It may have been erased since it was asked for. */
static bool is_wanted(struct engine *engine, const struct hash *file)
{
    struct store_attachment known;
    struct error ignored = {0};

    return store_attachment_find(engine->store, file, &known, &ignored) == 0 &&
           known.state == STORE_ATTACHMENT_MISSING;
}

/* What lies here is as long as the whole, or longer: the power went before it
 * got its name, or another peer began it. */
static bool part_ends(const struct attach_fetch *fetch,
                      const struct frame_attach *came)
{
    return fetch->active && hash_equal(&fetch->file, &came->file) &&
           came->total != 0 && came->bytes.len == 0 &&
           came->offset == came->total && fetch->offset >= came->total;
}

static void piece_take(struct engine *engine, struct peer *peer,
                       const struct frame_attach *came)
{
    struct attach_fetch *fetch = &peer->fetch;
    struct error err = {0};

    if (part_ends(fetch, came) && is_wanted(engine, &fetch->file)) {
        attach_end(engine, peer);
        return;
    }
    if (!fetch->active || !hash_equal(&fetch->file, &came->file) ||
        fetch->offset != came->offset) {
        return; /* of a question that is over */
    }
    fetch->active = false;
    engine->attach_ms = 0;
    if (came->total == 0 || came->bytes.len == 0 ||
        !is_wanted(engine, &fetch->file) ||
        (fetch->total != 0 && fetch->total != came->total)) {
        return; /* it does not have it (yet): the next one */
    }
    if (!attach_fits(engine, peer, came->total)) {
        fetch->next_ms = clock_steady_ms() + ROUND_MS;
        return;
    }
    if (store_file_append(engine->config->dir, &fetch->file, fetch->offset,
                          came->bytes, &err) != 0) {
        fetch->next_ms = clock_steady_ms() + WRONG_MS;
        engine_react(engine, "attach", "append", &err);
        return;
    }
    fetch->offset += came->bytes.len;
    fetch->total = came->total;
    attach_parts_bound(engine, came->bytes.len);
    if (fetch->offset >= fetch->total) {
        attach_end(engine, peer);
    } else if (has_better_to_do(engine, peer)) {
        fetch->row--; /* goes on with this one */
    } else {
        fetch->active = true;
        piece_ask(engine, peer);
    }
}

/* ---- pieces that go ---- */

static void piece_give(struct engine *engine, struct peer *peer,
                       const struct frame_attach *asked)
{
    struct frame frame = {.kind = FRAME_ATTACH_CHUNK};
    uint32_t max =
        asked->max < ATTACHMENT_CHUNK ? asked->max : ATTACHMENT_CHUNK;
    uint8_t *room = arena_alloc(&engine->turn, max == 0 ? 1 : max);
    struct buf piece = buf_over(room, max);
    struct error ignored = {0};

    frame.attach.file = asked->file;
    frame.attach.offset = asked->offset;
    if (room == NULL || engine->restored ||
        attach_is_erased(engine, &asked->file) ||
        store_file_piece(engine->config->dir, &asked->file, asked->offset,
                         &piece, &frame.attach.total, &ignored) != 0) {
        frame.attach.total = 0;
        frame.attach.offset = asked->offset;
        piece.len = 0;
    }
    if (frame.attach.total != 0 && asked->offset > frame.attach.total) {
        frame.attach.offset = frame.attach.total;
    }
    frame.attach.bytes = buf_span(&piece);
    if (frame.attach.total == 0) {
        frame.attach.offset = 0;
        frame.attach.bytes = (struct span){NULL, 0};
    }
    (void)action_send_frame(engine, peer, &frame);
}

void attach_frame(struct engine *engine, struct peer *peer,
                  const struct link_action *action)
{
    struct store_attachment known;
    struct error ignored = {0};

    if (action->attach_kind == FRAME_ATTACH_ASK) {
        piece_give(engine, peer, action->attach);
    } else if (action->attach_kind == FRAME_ATTACH_CHUNK) {
        if (action->attach->total == 0 && peer->fetch.active &&
            hash_equal(&peer->fetch.file, &action->attach->file)) {
            peer->fetch.active = false; /* not there: the next one */
            engine->attach_ms = 0;
            return;
        }
        piece_take(engine, peer, action->attach);
    } else if (store_attachment_find(engine->store, &action->attach->file,
                                     &known, &ignored) == 0 &&
               known.state == STORE_ATTACHMENT_MISSING) {
        again_from_start(engine);
    }
}
