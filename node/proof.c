/* Room: node. Owns receipts: an event and its certificates, root first, each
 * with its proof (formats.md section 8). Keys change: of each node it takes the
 * certificates that name the keys which signed what is shown, and no others.
 * It proves only what the guard and every node above have cosigned: vouch.c
 * finds that checkpoint. */
#include "node/peers.h"

#include <string.h>

#include "protocol/base/hex.h"
#include "protocol/event/receipt.h"
#include "protocol/log/proof.h"
#include "store/query.h"

#define PROOF_ROOM (PROOF_HEAD_MAX + NOTE_MAX)
#define PICKED_MAX 64u /* certificates of one node that are looked at */

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

/* Asked rarely, so the log is simply read. */
static int certificate_before(struct engine *engine, uint32_t log,
                              uint64_t until, struct actor_search *search,
                              struct error *err)
{
    const struct event_type *type = event_type_find(EVENT_ACTOR_CERTIFIED);

    for (uint64_t i = until; i-- > 0 && !search->is_found;) {
        size_t mark = engine->turn.used;
        struct store_event earlier;
        struct leaf leaf;
        int rc =
            store_event_at(engine->store, log, i, &engine->turn, &earlier, err);

        if (rc != 0) {
            return rc;
        }
        if (leaf_parse(earlier.leaf, &leaf, err) == 0 && leaf.understood &&
            leaf.header.type == EVENT_ACTOR_CERTIFIED &&
            leaf.header.unit == search->header->unit &&
            facts_visit(type, leaf.facts, certificate_visit, search, err) ==
                0 &&
            search->is_found) {
            search->found = leaf.id;
        }
        arena_rewind(&engine->turn, mark);
    }
    return 0;
}

/* The ActorCertified of the signer: in the node's own log, before the event or
 * in an epoch before. */
static int actor_certificate(struct engine *engine,
                             const struct store_event *event,
                             struct actor_search *search, struct error *err)
{
    struct store_log log;
    int rc = store_log_get(engine->store, event->log, &log, err);

    rc = rc != 0
             ? rc
             : certificate_before(engine, log.id, event->index, search, err);
    while (rc == 0 && !search->is_found && log.epoch > 1) {
        struct origin origin = {log.node, log.epoch - 1, false};

        rc = log_find(engine, &origin, &log, err);
        rc = rc != 0 ? rc
                     : certificate_before(engine, log.id, log.head.size, search,
                                          err);
    }
    if (rc != 0) {
        return rc;
    }
    return search->is_found
               ? 0
               : error_set(err, ERR_NOTFOUND,
                           "the certificate of the signer is not in the log");
}

/* ---- the chain, from the event upwards ---- */

/* A receipt being made: its leaves, the last one first. */
struct making {
    struct engine *engine;
    struct receipt_item items[RECEIPT_LEAVES_MAX];
    size_t len;
};

static int making_add(struct making *making, const struct event_id *id,
                      struct error *err)
{
    if (making->len == RECEIPT_LEAVES_MAX) {
        return error_set(err, ERR_LIMIT,
                         "more than %u leaves: too many changes of keys for "
                         "one receipt",
                         RECEIPT_LEAVES_MAX);
    }
    return item_make(making->engine, id, &making->items[making->len++], err);
}

/* Certificates of one node that the leaves below rest on. */
struct picked {
    const struct dir_node *node;
    bool wanted[PICKED_MAX]; /* by their place in node->certs */
    size_t len;              /* of certs that are looked at */
    bool missing;
};

typedef bool (*cert_fits_fn)(struct engine *engine, const struct dir_cert *cert,
                             const void *want);

/* The newest that fits, unless one was picked already. */
static void pick(struct engine *engine, struct picked *picked,
                 cert_fits_fn fits, const void *want)
{
    size_t newest = picked->len;

    for (size_t i = 0; i < picked->len; i++) {
        if (!fits(engine, picked->node->certs[i], want)) {
            continue;
        }
        if (picked->wanted[i]) {
            return;
        }
        newest = i;
    }
    if (newest == picked->len) {
        picked->missing = true;
        return;
    }
    picked->wanted[newest] = true;
}

static bool fits_epoch(struct engine *engine, const struct dir_cert *cert,
                       const void *want)
{
    (void)engine;
    return cert->epoch == *(const uint32_t *)want;
}

static bool fits_registrar(struct engine *engine, const struct dir_cert *cert,
                           const void *want)
{
    const struct header *header = want;

    (void)engine;
    for (size_t i = 0; i < cert->units_len; i++) {
        const struct dir_unit_keys *unit = &cert->units[i];

        for (size_t k = 0;
             unit->unit == header->unit && k < unit->registrars_len; k++) {
            struct key_id id = key_id_of(SPAN_OF(unit->registrars[k]));

            if (memcmp(&id, &header->actor, sizeof(id)) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool fits_admin(struct engine *engine, const struct dir_cert *cert,
                       const void *want)
{
    struct key_id id = key_id_of(SPAN_OF(cert->admin_key));

    (void)engine;
    return memcmp(&id, want, sizeof(id)) == 0;
}

static bool fits_dir_log(struct engine *engine, const struct dir_cert *cert,
                         const void *want)
{
    (void)engine;
    return memcmp(&cert->dir_log_key, want, sizeof(cert->dir_log_key)) == 0;
}

static bool fits_mirror(struct engine *engine, const struct dir_cert *cert,
                        const void *want)
{
    const struct note_line *line = want;
    struct error ignored = {0};
    struct vkey key;

    return vkey_known(engine, line->name, VKEY_COSIGNATURE, &cert->mirror_key,
                      &key, &ignored) == 0 &&
           key.id == line->id;
}

/* Whose lines stand under the leaves made so far. */
static int mirrors_pick(struct making *making, struct picked *picked,
                        struct error *err)
{
    char name[64];
    struct buf text = buf_over(name, sizeof(name));

    origin_mirror_name(span_str(making->engine->config->realm),
                       picked->node->number, &text);
    for (size_t i = 0; i < making->len; i++) {
        struct proof proof;
        struct note note;

        if (proof_parse(making->items[i].proof, &proof, err) != 0 ||
            note_parse(proof.note, &note, err) != 0) {
            return err->code;
        }
        for (size_t k = 0; k < note.line_count; k++) {
            if (span_equal(note.lines[k].name, buf_span(&text))) {
                pick(making->engine, picked, fits_mirror, &note.lines[k]);
            }
        }
    }
    return 0;
}

/* Who signed a certificate below, and the directory log that it stands in. */
static int issuer_pick(struct making *making, struct picked *picked,
                       const struct event_id *below, struct error *err)
{
    struct engine *engine = making->engine;
    const struct dir_epoch *epoch;
    struct store_event event;
    struct store_log log;
    struct leaf leaf;
    int rc = store_event_find(engine->store, below, &engine->turn, &event, err);

    rc = rc != 0 ? rc : leaf_parse(event.leaf, &leaf, err);
    if (rc == 0 && event.log == 0) {
        rc = only_here(err);
    }
    rc = rc != 0 ? rc : store_log_get(engine->store, event.log, &log, err);
    if (rc != 0) {
        return rc;
    }
    epoch =
        directory_epoch(engine_directory(engine), log.node, true, log.epoch);
    pick(engine, picked, fits_admin, &leaf.header.actor);
    if (epoch != NULL && epoch->has_key) {
        pick(engine, picked, fits_dir_log, &epoch->key);
    }
    return 0;
}

static void picked_begin(struct engine *engine, struct picked *picked,
                         uint32_t node)
{
    memset(picked, 0, sizeof(*picked));
    picked->node = directory_node(engine_directory(engine), node);
    if (picked->node == NULL || picked->node->certs_len > PICKED_MAX) {
        picked->missing = true;
        return;
    }
    picked->len = picked->node->certs_len;
}

/* Newest first: the whole is turned round at the end. */
static int picked_make(struct making *making, const struct picked *picked,
                       struct error *err)
{
    int rc = 0;

    if (picked->missing) {
        return error_set(err, ERR_NOTFOUND,
                         "no chain of certificates from the root to this "
                         "event's node and the keys that signed");
    }
    for (size_t i = picked->len; rc == 0 && i-- > 0;) {
        if (picked->wanted[i]) {
            rc = making_add(making, &picked->node->certs[i]->event, err);
        }
    }
    return rc != 0 ? error_wrap(err, "a certificate of the chain") : 0;
}

/* The certificates above those of the node that recorded. */
static int chain_make(struct making *making, struct picked *picked,
                      struct error *err)
{
    int rc = picked_make(making, picked, err);

    for (size_t depth = 0; rc == 0 && depth < RECEIPT_LEAVES_MAX; depth++) {
        struct picked above;

        if (picked->node->parent == 0) {
            return 0;
        }
        picked_begin(making->engine, &above, picked->node->parent);
        for (size_t i = 0; rc == 0 && i < picked->len; i++) {
            if (picked->wanted[i]) {
                rc = issuer_pick(making, &above, &picked->node->certs[i]->event,
                                 err);
            }
        }
        rc = rc != 0 ? rc : mirrors_pick(making, &above, err);
        rc = rc != 0 ? rc : picked_make(making, &above, err);
        *picked = above;
    }
    return rc;
}

/* The event, the official's certificate, and what the lowest node must show for
 * them. */
static int event_make(struct making *making, const struct event_id *event,
                      struct picked *picked, struct error *err)
{
    struct engine *engine = making->engine;
    struct actor_search search = {.engine = engine};
    struct store_event found;
    struct store_event certified;
    struct store_log log;
    struct leaf leaf = {0};
    int rc = store_event_find(engine->store, event, &engine->turn, &found, err);

    rc = rc != 0 ? rc : leaf_parse(found.leaf, &leaf, err);
    if (rc == 0 && found.log == 0) {
        rc = only_here(err);
    }
    rc = rc != 0 ? rc : store_log_get(engine->store, found.log, &log, err);
    rc = rc != 0 ? rc : making_add(making, event, err);
    if (rc != 0) {
        return rc;
    }
    picked_begin(engine, picked, leaf.header.node);
    pick(engine, picked, fits_epoch, &log.epoch);
    if (directory_registrar(engine_directory(engine), leaf.header.node,
                            leaf.header.unit, &leaf.header.actor) != NULL) {
        pick(engine, picked, fits_registrar, &leaf.header);
        return 0;
    }
    search.header = &leaf.header;
    rc = actor_certificate(engine, &found, &search, err);
    rc = rc != 0 ? rc : making_add(making, &search.found, err);
    rc = rc != 0 ? rc
                 : store_event_find(engine->store, &search.found, &engine->turn,
                                    &certified, err);
    rc = rc != 0 ? rc : leaf_parse(certified.leaf, &leaf, err);
    rc = rc != 0 ? rc : store_log_get(engine->store, certified.log, &log, err);
    if (rc == 0) {
        pick(engine, picked, fits_epoch, &log.epoch);
        pick(engine, picked, fits_registrar, &leaf.header);
    }
    return rc;
}

int engine_receipt(struct engine *engine, const struct event_id *event,
                   struct buf *out, struct error *err)
{
    struct making making = {.engine = engine};
    struct receipt_item items[RECEIPT_LEAVES_MAX];
    struct picked picked;
    int rc = event_make(&making, event, &picked, err);

    rc = rc != 0 ? rc : chain_make(&making, &picked, err);
    for (size_t i = 0; i < making.len; i++) {
        items[i] = making.items[making.len - 1 - i];
    }
    return rc != 0 ? rc : receipt_build(items, making.len, out, err);
}
