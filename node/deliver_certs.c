/* Room: node. Owns what a delivery carries so that it can be believed: proofs,
 * and the certificates down from the first whose log the child holds anyway,
 * also of epochs that have ended. Trusts nothing and stores nothing.
 * Next: deliver.c. */
#include "node/deliver.h"

#include <string.h>

#include "protocol/log/proof.h"
#include "store/delivery.h"
#include "store/directory.h"
#include "store/query.h"

struct span delivery_proof_put(struct engine *engine, struct proof *proof)
{
    uint8_t *space = arena_alloc(&engine->turn, FRAME_PROOF_MAX);
    struct buf text = buf_over(space, FRAME_PROOF_MAX);

    if (space == NULL) {
        return (struct span){NULL, 0};
    }
    proof_format(proof, &text);
    return text.overflow ? (struct span){NULL, 0} : buf_span(&text);
}

/* Proves one leaf of a log that we mirror, under its newest checkpoint. */
static int leaf_prove(struct engine *engine, const struct store_log *log,
                      uint64_t index, struct span *out, struct error *err)
{
    struct store_source state;
    struct merkle_source source;
    struct proof proof = {.index = index};
    uint8_t *space = arena_alloc(&engine->turn, NOTE_MAX);
    struct buf note = buf_over(space, NOTE_MAX);
    int rc;

    if (space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    rc = store_log_note(engine->store, log->id, &note, err);
    if (rc == 0) {
        source = store_log_source(engine->store, log->id, &state);
        rc = merkle_prove_inclusion(&source, index, log->head.size, &proof.path,
                                    err);
    }
    if (rc == 0) {
        proof.note = buf_span(&note);
        *out = delivery_proof_put(engine, &proof);
    }
    return rc;
}

/* A certificate with its proof: made here, or passed on as it came. */
static int certificate_add(struct engine *engine, struct certificates *certs,
                           uint32_t log_id, uint64_t index, struct error *err)
{
    struct frame_certificate *out = &certs->list[certs->len];
    struct store_event event;
    struct store_log log;
    struct origin origin;
    struct span proof;
    int rc = store_log_get(engine->store, log_id, &log, err);

    for (size_t i = 0; rc == 0 && i < certs->len; i++) {
        origin = log_origin(&log);
        if (certs->list[i].index == index &&
            origin_equal(&certs->list[i].origin, &origin)) {
            return 0;
        }
    }
    if (rc == 0 && certs->len == FRAME_CERTIFICATES_MAX) {
        rc = error_set(err, ERR_LIMIT, "too many certificates");
    }
    if (rc == 0) {
        rc = store_event_at(engine->store, log_id, index, &engine->turn, &event,
                            err);
    }
    if (rc == 0) {
        rc = log.mirrored && index < log.head.size
                 ? leaf_prove(engine, &log, index, &proof, err)
                 : store_delivery_proof(engine->store, log_id, index,
                                        &engine->turn, &proof, err);
    }
    if (rc == 0) {
        *out = (struct frame_certificate){.origin = log_origin(&log),
                                          .index = index,
                                          .leaf = event.leaf,
                                          .proof = proof};
        certs->len++;
    }
    return rc;
}

/* NodeCertified of `node` and above it, down from the first whose issuer's
 * directory log the child holds anyway. */
static int nodes_add(struct engine *engine, struct certificates *certs,
                     uint32_t node, uint32_t child, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    struct event_id path[FRAME_CERTIFICATES_MAX];
    size_t depth = 0;
    int rc = 0;

    while (depth < FRAME_CERTIFICATES_MAX - 1) {
        const struct dir_node *found = directory_node(dir, node);
        const struct dir_cert *cert = directory_cert(dir, node);

        if (found == NULL || cert == NULL || found->parent == 0 ||
            directory_node_within(dir, child, found->parent)) {
            break;
        }
        path[depth++] = cert->event;
        node = found->parent;
    }
    while (rc == 0 && depth > 0) {
        struct store_event event;

        rc = store_event_find(engine->store, &path[--depth], &engine->turn,
                              &event, err);
        if (rc == 0 && event.log != 0) {
            rc = certificate_add(engine, certs, event.log, event.index, err);
        }
    }
    return rc;
}

/* The certificate that named the key of that log, in its epoch. */
static const struct dir_cert *cert_of_log(const struct directory *dir,
                                          const struct origin *origin)
{
    const struct dir_node *node = directory_node(dir, origin->node);
    const struct dir_epoch *epoch =
        directory_epoch(dir, origin->node, origin->dir, origin->epoch);

    for (size_t i = 0;
         node != NULL && epoch != NULL && epoch->has_key && i < node->certs_len;
         i++) {
        const struct sign_public *key = origin->dir
                                            ? &node->certs[i]->dir_log_key
                                            : &node->certs[i]->log_key;

        if (memcmp(key, &epoch->key, sizeof(*key)) == 0) {
            return node->certs[i];
        }
    }
    return NULL;
}

/* Certificates for a log that may stand in an epoch before the newest, down
 * from the first that the child can check. */
static int log_certify(struct engine *engine, struct certificates *certs,
                       const struct store_log *log, uint32_t child,
                       struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    struct store_event path[FRAME_CERTIFICATES_MAX];
    struct origin origin = log_origin(log);
    size_t depth = 0;
    int rc = 0;

    while (rc == 0 && depth < FRAME_CERTIFICATES_MAX) {
        const struct dir_cert *cert = cert_of_log(dir, &origin);
        struct store_log issuer;

        if (cert == NULL || cert->issuer == origin.node ||
            directory_node_within(dir, child, cert->issuer) ||
            store_event_find(engine->store, &cert->event, &engine->turn,
                             &path[depth], err) != 0 ||
            path[depth].log == 0) {
            break;
        }
        rc = store_log_get(engine->store, path[depth++].log, &issuer, err);
        origin = log_origin(&issuer);
    }
    while (rc == 0 && depth > 0) {
        depth--;
        rc = certificate_add(engine, certs, path[depth].log, path[depth].index,
                             err);
    }
    return rc;
}

/* What the child needs to believe the signer. */
int certificates_make(struct engine *engine, uint32_t child,
                      const struct store_delivery *delivery,
                      struct certificates *certs, struct error *err)
{
    struct leaf leaf;
    struct store_actor actor;
    struct store_log log;
    int rc = leaf_parse(delivery->leaf, &leaf, err);

    if (rc != 0 || !leaf.understood) {
        return rc;
    }
    rc = store_log_get(engine->store, delivery->log, &log, err);
    rc = rc != 0 ? rc : log_certify(engine, certs, &log, child, err);
    rc = rc != 0 ? rc : nodes_add(engine, certs, leaf.header.node, child, err);
    if (rc != 0 ||
        store_actor_find(engine->store, leaf.header.node, leaf.header.unit,
                         &leaf.header.actor, &actor, err) != 0) {
        return rc; /* a registrar needs none */
    }
    if (actor.log != 0 && !actor.revoked) {
        rc = store_log_get(engine->store, actor.log, &log, err);
        rc = rc != 0 ? rc : log_certify(engine, certs, &log, child, err);
        rc = rc != 0
                 ? rc
                 : certificate_add(engine, certs, actor.log, actor.index, err);
    }
    return rc;
}
