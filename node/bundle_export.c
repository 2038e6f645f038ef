/* Room: node. Owns the writing of a bundle: its head, its chunks, and in which
 * order things go in: what a link would say to that node, as far as it can be
 * known without an answer. It writes to the file alone. Next: bundle_logs.c and
 * bundle_queue.c (what goes in), bundle_import.c (the other end). */
#include "node/bundle_writing.h"
#include "node/tree.h"
#include "store/spool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the file ---- */

static int bytes_write(int fd, struct span bytes, struct error *err)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.ptr, bytes.len);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return error_set(err, ERR_LIMIT, "bundle.out: %s", strerror(errno));
        }
        bytes = span_slice(bytes, (size_t)done, bytes.len - (size_t)done);
    }
    return 0;
}

static int chunk_end(struct writing *w, bool last, struct error *err)
{
    int rc;

    w->out.len = 0;
    rc = bundle_seal(&w->job->stream, buf_span(&w->chunk), last, &w->out, err);
    w->chunk.len = 0;
    if (rc == 0) {
        w->status->total += w->out.len;
        rc = bytes_write(w->job->fd, buf_span(&w->out), err);
    }
    return rc;
}

/* The frame is written before the turn's arena is rewound. */
int writing_add(struct writing *w, const struct frame *frame, struct error *err)
{
    int rc = bundle_put(frame, &w->engine->turn, &w->chunk, err);

    if (rc == 0 && w->chunk.len >= BUNDLE_FILL) {
        rc = chunk_end(w, false, err);
    }
    return rc;
}

#define ENDS_BYTES 64u /* of the chunk that is open, and of the last one */

int writing_try(struct writing *w, const struct frame *frame, struct error *err)
{
    size_t before = w->chunk.len;
    int rc = w->full ? 0 : bundle_put(frame, &w->engine->turn, &w->chunk, err);

    if (rc != 0 || w->full) {
        return rc;
    }
    if (w->most != 0 && w->some &&
        w->status->total + w->chunk.len + ENDS_BYTES > w->most) {
        w->chunk.len = before;
        w->full = true;
        return 0;
    }
    w->some = true;
    return w->chunk.len >= BUNDLE_FILL ? chunk_end(w, false, err) : 0;
}

static int hello_say(struct writing *w, struct error *err)
{
    struct link_view view = view_of(w->engine);
    struct frame frame = {.kind = FRAME_HELLO};
    struct link_tokens tokens = {0};
    struct token queue = {{0}};
    uint64_t deliveries = 0;
    int rc = 0;

    if (w->up) {
        rc = view.tokens(view.data, w->to, &tokens, err);
        rc = rc != 0 ? rc : view.deliveries(view.data, w->to, &deliveries, err);
        rc = rc != 0 ? rc : view.queue(view.data, w->to, &queue, err);
        rc = rc == ERR_NOTFOUND ? 0 : rc;
    }
    frame.hello =
        (struct frame_hello){.version_min = LINK_VERSION,
                             .version_max = LINK_VERSION,
                             .realm = span_str(w->engine->config->realm),
                             .node = engine_node(w->engine),
                             .now_ms = w->status->made_ms,
                             .has_token = tokens.has_current,
                             .token = tokens.current,
                             .unfenced = true,
                             .software = span_str(w->engine->peers->software),
                             .more = true,
                             .deliveries = deliveries,
                             .has_queue = deliveries > 0,
                             .queue = queue};
    rc = rc != 0 ? rc : writing_add(w, &frame, err);
    rc = rc != 0 ? rc : writing_heads(w, err);
    if (rc == 0) {
        frame = (struct frame){.kind = FRAME_OFFER};
        rc = writing_add(w, &frame, err); /* no more */
    }
    return rc;
}

/* ---- all of it ---- */

static int contents_put(struct writing *w, struct error *err)
{
    int rc = hello_say(w, err);

    rc = rc != 0 ? rc : writing_words(w, err);
    rc = rc != 0 ? rc : writing_wants(w, err);
    rc = rc != 0 ? rc : writing_bodies_begin(w, err);
    rc = rc != 0 ? rc : writing_body_wants(w, err);
    rc = rc != 0 ? rc : writing_logs(w, err);
    if (rc == 0 && w->up) {
        rc = writing_spool(w, err);
        rc = rc != 0 ? rc : writing_heard(w, err);
    } else if (rc == 0) {
        rc = w->in_session ? 0 : writing_notes(w, err);
        rc = rc != 0 ? rc : writing_deliveries(w, err);
    }
    rc = rc != 0 ? rc : writing_bodies(w, err);
    rc = rc != 0 ? rc : writing_files(w, err);
    w->status->cut = w->full;
    return rc != 0 ? rc : chunk_end(w, true, err);
}

static int head_write(struct writing *w, const struct box_public *receiver,
                      struct error *err)
{
    struct bundle_job *job = w->job;
    struct bundle_head head = {.version = BUNDLE_VERSION,
                               .from = engine_node(w->engine),
                               .to = w->to,
                               .made_ms = w->status->made_ms,
                               .key = key_id_of(SPAN_OF(*receiver))};
    uint8_t sealed[BUNDLE_SEALED_SIZE];
    int rc;

    (void)snprintf(head.realm, sizeof(head.realm), "%.32s",
                   w->engine->config->realm);
    (void)snprintf(head.software, sizeof(head.software), "%.64s",
                   w->engine->peers->software);
    job->stream = (struct bundle_stream){.chunk = 0};
    crypto_random(job->stream.key.bytes, sizeof(job->stream.key.bytes));
    w->out.len = 0;
    rc = seal_to(receiver, SPAN_OF(job->stream.key), sealed, err);
    if (rc == 0) {
        rc = bundle_head_put(&head, SPAN_OF(sealed), &w->engine->keys.actor.sec,
                             &w->out, err);
    }
    if (rc == 0) {
        w->status->total = w->out.len;
        rc = bytes_write(job->fd, buf_span(&w->out), err);
    }
    return rc;
}

static int remember(struct writing *w, struct error *err)
{
    int rc = engine_write(w->engine, err);

    w->known.made_s = (int64_t)(w->status->made_ms / 1000);
    rc = rc != 0 ? rc : store_bundles_put(w->engine->store, &w->known, err);
    rc = rc != 0 ? rc : writing_files_keep(w, err);
    return rc != 0 ? rc : writing_bodies_keep(w, err);
}

/* A superior sends on nothing of its own that its guard has not confirmed: not
 * even the certificate of the node that the bundle is for. */
static int unconfirmed_tell(struct writing *w, struct error *err)
{
    const struct directory *dir = engine_directory(w->engine);
    uint32_t self = engine_node(w->engine);
    struct link_view view = view_of(w->engine);
    struct origin own = {.node = self,
                         .epoch = directory_epoch_now(dir, self, true),
                         .dir = true};
    struct store_spool_state spooled;
    struct link_log log;
    int rc = store_spool_state(w->engine->store, true, &spooled, err);

    if (rc != 0) {
        return rc;
    }
    if (spooled.count == 0 &&
        (view.log(view.data, w->to, &own, &log, err) != 0 || log.guard == 0 ||
         log.cosigned_size >= log.head.size)) {
        return 0;
    }
    (void)snprintf(w->status->note, sizeof(w->status->note),
                   "what this node recorded in its directory lately waits for "
                   "its superior and is not in this bundle: exchange bundles "
                   "with the superior, or connect, then make it again");
    return 0;
}

static bool session_is_open(struct engine *engine, uint32_t node)
{
    struct peer *peer = peer_of_node(engine, node);
    struct link_info info = {0};

    if (peer != NULL && peer->link != NULL) {
        link_info(peer->link, &info);
    }
    return info.state == LINK_OPEN;
}

int bundle_write(struct engine *engine, uint32_t to, uint64_t max_bytes,
                 struct bundle_job *job, struct error *err)
{
    struct box_public receiver = {{0}};
    bool known = bundle_receiver_key(engine, to, &receiver);
    const struct dir_cert *own =
        directory_cert(engine_directory(engine), engine_node(engine));
    struct writing w = {.engine = engine,
                        .job = job,
                        .status = &job->status,
                        .to = to,
                        .most = max_bytes,
                        .up = to == tree_parent(engine),
                        .in_session = session_is_open(engine, to)};
    int rc;

    if (own == NULL || !known) {
        return error_set(err, ERR_NOTFOUND,
                         "%s is not certified yet: join first",
                         own == NULL ? "this node" : "that node");
    }
    rc = store_bundles_get(engine->store, to, &engine->turn, &w.known, err);
    if (rc != 0) {
        return rc;
    }
    w.anew = bundle_is_news_to(&w);
    if (w.anew) {
        w.known.heads = (struct span){NULL, 0};
    }
    w.chunk = buf_over(job->plain, BUNDLE_CHUNK_MAX);
    w.out = buf_over(job->cipher, BUNDLE_CHUNK_MAX + 4);
    job->status.token_old = !w.up && w.known.taken_s != 0 && !w.known.token_ok;
    rc = head_write(&w, &receiver, err);
    rc = rc != 0 ? rc : contents_put(&w, err);
    rc = rc != 0 || w.up ? rc : unconfirmed_tell(&w, err);
    if (rc == 0 && fsync(job->fd) != 0) {
        rc = error_set(err, ERR_LIMIT, "bundle.out: %s", strerror(errno));
    }
    crypto_wipe(&job->stream, sizeof(job->stream));
    return rc != 0 ? rc : remember(&w, err);
}
