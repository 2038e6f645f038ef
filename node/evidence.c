/* Room: node. Owns evidence files: made when two histories of a log meet, taken
 * from a peer when they prove themselves, never on a peer's word alone.
 * Next: protocol/log/evidence.h, and tools/cmd_verify.c for who gets a file. */
#include "node/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "node/keys.h"
#include "node/log.h"
#include "protocol/base/hex.h"
#include "protocol/event/evidence_chain.h"
#include "protocol/log/checkpoint.h"
#include "store/book.h"
#include "store/query.h"

/* Written whole and durable, under the hash of what it holds. */
static int file_keep(struct engine *engine, const char *suffix,
                     struct span bytes, struct error *err)
{
    char path[CONFIG_PATH_SIZE];
    char name[96];
    char hex[65];
    struct hash sum = hash_of(bytes);
    int rc = config_path(engine->config, "evidence", path, err);

    if (rc != 0) {
        return rc;
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    }
    hex_encode(SPAN_OF(sum), hex);
    snprintf(name, sizeof(name), "evidence/%s.%s", hex, suffix);
    rc = config_path(engine->config, name, path, err);
    if (rc == 0) {
        rc = file_write_secret(path, bytes.ptr, bytes.len, err);
    }
    if (rc == 0) {
        log_line(LOG_WARN, "evidence", "kept", "file=%s", path);
    }
    return rc;
}

/* ---- evidence
 * ----------------------------------------------------------------------------------
 */

/* The certificate that names the log's key. */
static const struct dir_cert *cert_of(const struct directory *dir,
                                      const struct origin *origin,
                                      const struct sign_public *key)
{
    const struct dir_node *node = directory_node(dir, origin->node);

    for (size_t i = 0; node != NULL && i < node->certs_len; i++) {
        const struct dir_cert *cert = node->certs[i];

        if (memcmp(origin->dir ? &cert->dir_log_key : &cert->log_key, key,
                   sizeof(*key)) == 0 &&
            (origin->dir || cert->epoch == origin->epoch)) {
            return cert;
        }
    }
    return NULL;
}

/* The certificate whose administration key signed the leaf. */
static const struct dir_cert *signer_of(const struct directory *dir,
                                        const struct leaf *leaf)
{
    const struct dir_node *node = directory_node(dir, leaf->header.node);

    for (size_t i = 0; node != NULL && i < node->certs_len; i++) {
        struct key_id id = key_id_of(SPAN_OF(node->certs[i]->admin_key));

        if (memcmp(&id, &leaf->header.actor, sizeof(id)) == 0) {
            return node->certs[i];
        }
    }
    return NULL;
}

/* Leaves from the realm's first certificate to the log's, as lines. */
static int chain_make(struct engine *engine, const struct origin *origin,
                      const struct sign_public *key, struct buf *out,
                      size_t *lines, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *cert = cert_of(dir, origin, key);
    struct store_event events[EVIDENCE_CHAIN_MAX];
    size_t len = 0;

    while (cert != NULL && len < EVIDENCE_CHAIN_MAX) {
        struct leaf leaf;
        int rc = store_event_find(engine->store, &cert->event, &engine->turn,
                                  &events[len], err);

        rc = rc != 0 ? rc : leaf_parse(events[len++].leaf, &leaf, err);
        if (rc != 0) {
            return rc;
        }
        cert = leaf.header.type == EVENT_TOP_NODE_CERTIFIED
                   ? NULL
                   : signer_of(dir, &leaf);
    }
    *lines = len;
    while (len-- > 0) {
        evidence_chain_put(events[len].leaf, out);
    }
    return out->overflow ? error_set(err, ERR_LIMIT, "a long chain") : 0;
}

/* Ours and the peer's checkpoint, and the path that shows that ours never
 * went through the peer's. */
static int evidence_make(struct engine *engine, const struct origin *origin,
                         struct span note, struct buf *out, struct error *err)
{
    uint8_t *own_space = arena_alloc(&engine->turn, CHECKPOINT_NOTE_MAX);
    uint8_t *chain_space = arena_alloc(&engine->turn, EVIDENCE_TEXT_MAX);
    struct buf own = buf_over(own_space, CHECKPOINT_NOTE_MAX);
    struct buf chain = buf_over(chain_space, EVIDENCE_TEXT_MAX);
    struct evidence evidence = {.kind = EVIDENCE_ROOTS};
    struct evidence_facts facts;
    struct checkpoint theirs;
    struct log_facts known;
    struct store_source source;
    struct merkle_source leaves;
    struct store_log log;
    struct vkey key;
    uint64_t size;
    int rc = log_facts_of(engine, origin, &known, err);

    if (own_space == NULL || chain_space == NULL) {
        return error_set(err, ERR_LIMIT, "too much in one turn");
    }
    if (rc != 0 || (rc = log_find(engine, origin, &log, err)) != 0 ||
        (rc = vkey_known(engine, span_str(log.origin), VKEY_ED25519, &known.key,
                         &key, err)) != 0 ||
        (rc = checkpoint_open(note, &key, &theirs, err)) != 0 ||
        (rc = store_log_note(engine->store, log.id, &own, err)) != 0) {
        return rc;
    }
    size = theirs.head.size;
    evidence.parts[0] = note;
    evidence.parts[1] = buf_span(&own);
    if (size < log.head.size) {
        leaves = store_log_source(engine->store, log.id, &source);
        evidence.kind = EVIDENCE_HISTORY;
        evidence.has_old_root = (size & (size - 1)) == 0;
        rc = merkle_prove_consistency(&leaves, size, log.head.size,
                                      &evidence.path, err);
        rc = rc != 0 ? rc
                     : store_log_root_at(engine->store, log.id, size,
                                         &evidence.old_root, err);
    }
    rc = rc != 0 ? rc
                 : chain_make(engine, origin, &known.key, &chain,
                              &evidence.chain_len, err);
    evidence.chain = buf_span(&chain);
    rc = rc != 0 ? rc : evidence_verify(&evidence, &key, &facts, err);
    if (rc == 0) {
        evidence_format(&evidence, out);
        rc = out->overflow ? error_set(err, ERR_LIMIT, "long evidence") : 0;
    }
    return rc;
}

/* The first evidence against a log is the evidence against it. */
static int evidence_keep(struct engine *engine, const char *origin,
                         struct span text, struct error *err)
{
    struct span held;
    int rc = store_book_get(engine->store, STORE_BOOK_EVIDENCE,
                            span_str(origin), &engine->turn, &held, err);

    if (rc != ERR_NOTFOUND) {
        return rc;
    }
    rc = file_keep(engine, "qcdc-evidence", text, err);
    rc = rc != 0 ? rc : engine_write(engine, err);
    return rc != 0 ? rc
                   : store_book_put(engine->store, STORE_BOOK_EVIDENCE,
                                    span_str(origin), text, err);
}

void evidence_meet(struct engine *engine, struct peer *peer,
                   const struct link_action *action)
{
    uint8_t *space = arena_alloc(&engine->turn, EVIDENCE_TEXT_MAX);
    struct buf text = buf_over(space, EVIDENCE_TEXT_MAX);
    struct frame frame = {.kind = FRAME_REFUSED};
    char name[ORIGIN_MAX + 1];
    struct error err = {0};
    int rc = space == NULL ? error_set(&err, ERR_LIMIT, "too much in one turn")
                           : evidence_make(engine, &action->origin,
                                           action->bytes, &text, &err);

    origin_text(engine, &action->origin, name);
    rc = rc != 0 ? rc : evidence_keep(engine, name, buf_span(&text), &err);
    if (rc != 0) {
        engine_react(engine, "evidence", "not_made", &err);
        return;
    }
    frame.refused = (struct frame_refused){
        .reason = LINK_REASON_FORK,
        .has_origin = true,
        .origin = action->origin,
        .text = span_str("two signed histories: the evidence is attached"),
        .evidence = buf_span(&text)};
    (void)action_send_frame(engine, peer, &frame);
}

static int evidence_check(struct engine *engine, const struct origin *origin,
                          struct span text, struct evidence_facts *facts,
                          struct error *err)
{
    struct evidence evidence;
    struct log_facts known;
    char name[ORIGIN_MAX + 1];
    struct vkey key;
    int rc = log_facts_of(engine, origin, &known, err);

    origin_text(engine, origin, name);
    rc = rc != 0 ? rc : evidence_parse(text, &evidence, err);
    rc = rc != 0 ? rc
                 : vkey_known(engine, span_str(name), VKEY_ED25519, &known.key,
                              &key, err);
    return rc != 0 ? rc : evidence_verify(&evidence, &key, facts, err);
}

/* A superior ended the log with one of the two histories, and ours, shorter, is
 * the other one. */
static bool ours_is_other(struct engine *engine, const struct store_log *log,
                          const struct log_facts *known,
                          const struct evidence_facts *facts)
{
    const struct merkle_head *ours = &facts->checkpoints[0].head;
    const struct merkle_head *right = &facts->checkpoints[1].head;
    struct hash root;
    struct error ignored = {0};

    return known->ended && right->size == known->end.size &&
           hash_equal(&right->root, &known->end.root) &&
           ours->size <= log->head.size &&
           store_log_root_at(engine->store, log->id, ours->size, &root,
                             &ignored) == 0 &&
           hash_equal(&root, &ours->root);
}

void evidence_take(struct engine *engine, struct peer *peer,
                   const struct link_action *action)
{
    char name[ORIGIN_MAX + 1];
    struct evidence_facts facts;
    struct log_facts known;
    struct store_log log;
    struct error err = {0};
    int rc =
        evidence_check(engine, &action->origin, action->bytes, &facts, &err);

    origin_text(engine, &action->origin, name);
    rc = rc != 0 ? rc : evidence_keep(engine, name, action->bytes, &err);
    if (rc != 0) {
        error_wrap(&err, "evidence that node %u sent", peer->node);
        engine_react(engine, "evidence", "not_taken", &err);
        return;
    }
    rc = log_facts_of(engine, &action->origin, &known, &err);
    if (rc != 0 || log_find(engine, &action->origin, &log, &err) != 0 ||
        log.frozen[0] != '\0' ||
        (known.ended && !ours_is_other(engine, &log, &known, &facts))) {
        return;
    }
    if (known.ended) {
        epoch_look_again(engine); /* ours is cut off, the right one comes */
    }
    rc = engine_write(engine, &err);
    rc = rc != 0
             ? rc
             : store_log_freeze(engine->store, log.id,
                                "two signed histories of this log, see the "
                                "evidence: keep both machines as they are; the "
                                "superior opens a new epoch (qcdc invite "
                                "--again --reason fork)",
                                &err);
    if (rc != 0) {
        engine_react(engine, "evidence", "not_frozen", &err);
    }
}

int evidence_path(struct engine *engine, const char *origin,
                  struct arena *arena, const char **path, struct error *err)
{
    char *text = arena_alloc(arena, CONFIG_PATH_SIZE);
    struct span held;
    struct hash sum;
    char name[96];
    char hex[65];
    int rc = store_book_get(engine->store, STORE_BOOK_EVIDENCE,
                            span_str(origin), arena, &held, err);

    if (rc == 0 && text == NULL) {
        rc = error_set(err, ERR_LIMIT, "too little room for the answer");
    }
    if (rc == 0) {
        sum = hash_of(held);
        hex_encode(SPAN_OF(sum), hex);
        snprintf(name, sizeof(name), "evidence/%s.qcdc-evidence", hex);
        rc = config_path(engine->config, name, text, err);
        *path = text;
    }
    return rc;
}
