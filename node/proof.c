/* Room: node. Owns receipts and the policy to check them with: an event and
 * its certificates, root first, each with its proof (formats.md section 8).
 * It proves only what the guard has cosigned. */
#include "node/peers.h"

#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/receipt.h"
#include "protocol/log/proof.h"
#include "store/query.h"

#define PROOF_ROOM (PROOF_HEAD_MAX + NOTE_MAX)

/* Checkpoint note at the cosigned size, with every cosignature held there. */
static int note_with_cosigners(struct engine *engine,
                               const struct store_log *log,
                               const struct store_cosig *cover,
                               struct buf *note, struct error *err)
{
    struct origin origin = log_origin(log);
    struct log_facts facts;
    struct store_held held[16];
    size_t len = 0;
    struct vkey key;
    char name[64];
    int rc = log_facts_of(engine, &origin, &facts, err);

    if (rc == 0) {
        rc = store_log_note_at(engine->store, log->id, cover->head.size, note,
                               err);
    }
    if (rc == 0) {
        rc = mirror_key(engine, facts.guard, name, &key, err);
    }
    if (rc == 0) {
        cosignature_put_line(&cover->line, &key, note);
        rc = store_held_list(engine->store, log->id, held, 16, &len, err);
    }
    for (size_t i = 0; rc == 0 && i < len; i++) {
        if (held[i].head.size == cover->head.size &&
            held[i].node != facts.guard &&
            mirror_key(engine, held[i].node, name, &key, err) == 0) {
            cosignature_put_line(&held[i].line, &key, note);
        }
    }
    return rc;
}

/* Without a guard (the top node's own log) the log's signature must do. */
static int note_own(struct engine *engine, const struct store_log *log,
                    struct buf *note, struct error *err)
{
    return store_log_note(engine->store, log->id, note, err);
}

static int item_make(struct engine *engine, const struct event_id *id,
                     struct receipt_item *item, struct error *err)
{
    struct store_event event;
    struct store_log log;
    struct store_cosig cover;
    struct store_source state;
    struct merkle_source source;
    struct log_facts facts;
    struct origin origin;
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
        rc = error_set(err, ERR_BUSY,
                       "the event exists on this machine only so far: a "
                       "receipt needs the superior's cosignature");
    }
    if (rc == 0) {
        rc = store_log_get(engine->store, event.log, &log, err);
    }
    if (rc != 0) {
        return rc;
    }
    origin = log_origin(&log);
    rc = log_facts_of(engine, &origin, &facts, err);
    if (rc == 0 && facts.guard != 0) {
        rc = store_cosig_covering(engine->store, log.id, event.index, &cover,
                                  err);
        if (rc == ERR_NOTFOUND) {
            return error_set(err, ERR_BUSY,
                             "the superior has not cosigned the event yet: "
                             "try again after the next contact");
        }
        size = cover.head.size;
        if (rc == 0) {
            rc = note_with_cosigners(engine, &log, &cover, &note, err);
        }
    } else if (rc == 0) {
        size = log.head.size;
        rc = note_own(engine, &log, &note, err);
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

/* Certificates from the top node down to `node`, root first. */
static int chain_make(struct engine *engine, uint32_t node,
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
        certs[depth++] = cert->event;
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
        rc = error_set(err, ERR_BUSY,
                       "the event exists on this machine only so far: a "
                       "receipt needs the superior's cosignature");
    }
    if (rc == 0) {
        rc = chain_make(engine, leaf.header.node, items, &len, err);
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

int engine_policy(struct engine *engine, struct buf *out, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    size_t mirrors = 0;

    for (size_t i = 0; i < dir->nodes_len; i++) {
        uint32_t node = dir->nodes[i].number;
        const struct dir_cert *cert = directory_cert(dir, node);
        struct origin origins[2] = {{.node = node, .epoch = cert->epoch},
                                    {.node = node, .epoch = 1, .dir = true}};
        char name[ORIGIN_MAX + 1];
        struct vkey key;

        for (size_t j = 0; j < (cert->has_dir_log ? 2 : 1); j++) {
            origin_text(engine, &origins[j], name);
            if (vkey_make(span_str(name), VKEY_ED25519,
                          j == 0 ? &cert->log_key : &cert->dir_log_key, &key,
                          err) == 0) {
                buf_put_str(out, "log ");
                vkey_format(&key, out);
                buf_put_str(out, "\n");
            }
        }
        if (mirror_key(engine, node, name, &key, err) == 0) {
            buf_put_fmt(out, "witness m%u ", node);
            vkey_format(&key, out);
            buf_put_str(out, "\n");
            mirrors++;
        }
    }
    if (mirrors > 0) {
        buf_put_str(out, "group mirrors any");
        for (size_t i = 0; i < dir->nodes_len; i++) {
            buf_put_fmt(out, " m%u", dir->nodes[i].number);
        }
        buf_put_str(out, "\nquorum mirrors\n");
    } else {
        buf_put_str(out, "quorum none\n");
    }
    return out->overflow ? error_set(err, ERR_LIMIT, "the policy is too large")
                         : 0;
}
