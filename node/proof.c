/* Room: node. Owns receipts: an event and its certificates, root first, each
 * with its proof (formats.md section 8). It proves only what the guard and
 * every node above have cosigned: vouch.c finds that checkpoint. */
#include "node/peers.h"

#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/receipt.h"
#include "protocol/log/proof.h"
#include "store/query.h"

#define PROOF_ROOM (PROOF_HEAD_MAX + NOTE_MAX)

static int only_here(struct error *err)
{
    return error_set(err, ERR_BUSY,
                     "the event exists on this machine only so far, a receipt "
                     "needs the cosignatures of the nodes above: try again "
                     "later");
}

static int item_make(struct engine *engine, const struct event_id *id,
                     struct receipt_item *item, struct error *err)
{
    struct store_event event;
    struct store_log log;
    struct store_source state;
    struct merkle_source source;
    struct proof proof = {0};
    uint8_t *note_space = arena_alloc(&engine->turn, NOTE_MAX);
    uint8_t *text_space = arena_alloc(&engine->turn, PROOF_ROOM);
    struct buf note = buf_over(note_space, NOTE_MAX);
    struct buf text = buf_over(text_space, PROOF_ROOM);
    uint64_t size = 0;
    int rc = store_event_find(engine->store, id, &engine->turn, &event, err);

    if (rc == 0 && (note_space == NULL || text_space == NULL)) {
        rc = error_set(err, ERR_LIMIT, "the receipt is too large");
    }
    if (rc == 0 && event.log == 0) {
        rc = only_here(err);
    }
    if (rc == 0) {
        rc = store_log_get(engine->store, event.log, &log, err);
    }
    if (rc == 0) {
        rc = vouch_note(engine, &log, event.index, &note, &size, err);
    }
    if (rc != 0) {
        return rc;
    }
    source = store_log_source(engine->store, log.id, &state);
    proof.index = event.index;
    proof.note = buf_span(&note);
    rc = merkle_prove_inclusion(&source, event.index, size, &proof.path, err);
    if (rc == 0) {
        proof_format(&proof, &text);
        item->leaf = event.leaf;
        item->proof = buf_span(&text);
    }
    return rc;
}

/* The epoch of the directory log in which a certificate stands; 1 if that
 * cannot be told. */
static uint32_t epoch_of(struct engine *engine, const struct event_id *id)
{
    size_t mark = engine->turn.used;
    struct store_event event;
    struct store_log log = {.epoch = 1};
    struct error ignored = {0};

    if (store_event_find(engine->store, id, &engine->turn, &event, &ignored) !=
            0 ||
        event.log == 0 ||
        store_log_get(engine->store, event.log, &log, &ignored) != 0) {
        log.epoch = 1;
    }
    arena_rewind(&engine->turn, mark);
    return log.epoch;
}

/* The certificates of every machine that led the realm, last the one whose
 * keys what follows rests on: that of `epoch`. In reverse, as `certs` is. */
static int tops_put(const struct dir_node *top, uint32_t epoch,
                    struct event_id certs[RECEIPT_LEAVES_MAX], size_t *depth,
                    struct error *err)
{
    uint32_t newest = top->certs[top->certs_len - 1]->epoch;

    for (uint32_t round = 0; round <= newest; round++) {
        /* The wanted one first, then the others. */
        uint32_t at = round == 0 ? epoch : round;
        const struct dir_cert *found = NULL;

        for (size_t i = 0; i < top->certs_len && found == NULL; i++) {
            found = top->certs[i]->epoch == at ? top->certs[i] : NULL;
        }
        if (found == NULL || (round != 0 && at == epoch)) {
            continue;
        }
        if (*depth >= RECEIPT_LEAVES_MAX - 2) {
            return error_set(err, ERR_LIMIT, "too many certificates");
        }
        certs[(*depth)++] = found->event;
    }
    return 0;
}

/* Certificates from the top node down to `node`, root first; `epoch`: of the
 * log that what follows them stands in. */
static int chain_make(struct engine *engine, uint32_t node, uint32_t epoch,
                      struct receipt_item *items, size_t *len,
                      struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    struct event_id certs[RECEIPT_LEAVES_MAX];
    size_t depth = 0;

    while (node != 0) {
        const struct dir_node *found = directory_node(dir, node);
        const struct dir_cert *cert = directory_cert(dir, node);

        if (found == NULL || cert == NULL || depth == RECEIPT_LEAVES_MAX - 2) {
            return error_set(err, ERR_NOTFOUND,
                             "no chain of certificates from the root to node "
                             "%u",
                             node);
        }
        if (found->parent == 0) {
            int rc = tops_put(found, epoch, certs, &depth, err);

            if (rc != 0) {
                return rc;
            }
            break;
        }
        certs[depth++] = cert->event;
        epoch = epoch_of(engine, &cert->event);
        node = found->parent;
    }
    while (depth > 0) {
        int rc = item_make(engine, &certs[--depth], &items[(*len)++], err);

        if (rc != 0) {
            return error_wrap(err, "a certificate of the chain");
        }
    }
    return 0;
}

struct actor_search {
    struct engine *engine;
    const struct header *header;
    struct event_id found;
    bool is_found;
};

static int certificate_visit(void *ctx, const char *path, struct span value,
                             struct error *err)
{
    struct actor_search *search = ctx;
    struct sign_public key;
    struct key_id id;

    if (strcmp(path, "actor_key") == 0 &&
        hex_decode(value, &key, sizeof(key), err) == 0) {
        id = key_id_of(SPAN_OF(key));
        search->is_found = memcmp(&id, &search->header->actor, sizeof(id)) == 0;
    }
    return 0;
}

/* The ActorCertified of the signer: in the node's own log, before the event.
 * Asked rarely, so the log is simply read. */
static int actor_certificate(struct engine *engine, const struct header *header,
                             const struct store_event *event,
                             struct actor_search *search, struct error *err)
{
    const struct event_type *type = event_type_find(EVENT_ACTOR_CERTIFIED);

    for (uint64_t i = event->index; i-- > 0 && !search->is_found;) {
        size_t mark = engine->turn.used;
        struct store_event earlier;
        struct leaf leaf;
        int rc = store_event_at(engine->store, event->log, i, &engine->turn,
                                &earlier, err);

        if (rc != 0) {
            return rc;
        }
        if (leaf_parse(earlier.leaf, &leaf, err) == 0 && leaf.understood &&
            leaf.header.type == EVENT_ACTOR_CERTIFIED &&
            leaf.header.unit == header->unit &&
            facts_visit(type, leaf.facts, certificate_visit, search, err) ==
                0 &&
            search->is_found) {
            search->found = leaf.id;
        }
        arena_rewind(&engine->turn, mark);
    }
    return search->is_found
               ? 0
               : error_set(err, ERR_NOTFOUND,
                           "the certificate of the signer is not in the log");
}

int engine_receipt(struct engine *engine, const struct event_id *event,
                   struct buf *out, struct error *err)
{
    struct receipt_item items[RECEIPT_LEAVES_MAX];
    struct actor_search search = {.engine = engine};
    struct store_event found;
    struct leaf leaf = {0};
    size_t len = 0;
    int rc = store_event_find(engine->store, event, &engine->turn, &found, err);

    if (rc == 0) {
        rc = leaf_parse(found.leaf, &leaf, err);
    }
    if (rc == 0 && found.log == 0) {
        rc = only_here(err);
    }
    if (rc == 0) {
        rc = chain_make(engine, leaf.header.node, epoch_of(engine, event),
                        items, &len, err);
    }
    if (rc == 0 &&
        directory_registrar(engine_directory(engine), leaf.header.node,
                            leaf.header.unit, &leaf.header.actor) == NULL) {
        search.header = &leaf.header;
        rc = actor_certificate(engine, &leaf.header, &found, &search, err);
        if (rc == 0) {
            rc = item_make(engine, &search.found, &items[len++], err);
        }
    }
    if (rc == 0) {
        rc = item_make(engine, event, &items[len++], err);
    }
    if (rc == 0) {
        rc = receipt_build(items, len, out, err);
    }
    return rc;
}
