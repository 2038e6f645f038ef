/* Room: node. Owns what the directory says of a log: its name, key, guard and
 * end; and the keys that sign for its node. A log that nobody certified does
 * not exist. Next: view.c, which shows logs to links. */
#include "node/peers.h"

#include "node/successor.h"

#include <string.h>

#include "protocol/log/checkpoint.h"

void origin_text(struct engine *engine, const struct origin *origin,
                 char text[ORIGIN_MAX + 1])
{
    struct buf out = buf_over(text, ORIGIN_MAX);

    origin_format(span_str(engine->config->realm), origin, &out);
    text[out.len] = '\0';
}

struct origin log_origin(const struct store_log *log)
{
    return (struct origin){
        .node = log->node, .epoch = log->epoch, .dir = log->is_dir};
}

void checkpoint_text(struct engine *engine, const struct origin *origin,
                     const struct merkle_head *head, struct buf *out)
{
    char name[ORIGIN_MAX + 1];
    struct checkpoint checkpoint = {.head = *head};

    origin_text(engine, origin, name);
    checkpoint.origin = span_str(name);
    checkpoint_format(&checkpoint, out);
}

int vkey_known(struct engine *engine, struct span name, uint8_t type,
               const struct sign_public *key, struct vkey *out,
               struct error *err)
{
    struct known_vkey *known =
        &engine->vkeys[(key->bytes[0] ^ type) % KNOWN_VKEYS];
    int rc;

    if (known->name_len != 0 && known->type == type &&
        memcmp(&known->key, key, sizeof(*key)) == 0 &&
        span_equal(span_make((const uint8_t *)known->name, known->name_len),
                   name)) {
        *out = (struct vkey){
            .name = name, .id = known->id, .type = type, .key = *key};
        return 0;
    }
    rc = vkey_make(name, type, key, out, err);
    if (rc == 0 && name.len <= sizeof(known->name)) {
        memcpy(known->name, name.ptr, name.len);
        known->name_len = name.len;
        known->type = type;
        known->key = *key;
        known->id = out->id;
    }
    return rc;
}

int mirror_key(struct engine *engine, uint32_t node, char name[64],
               struct vkey *out, struct error *err)
{
    const struct dir_cert *cert =
        directory_cert(engine_directory(engine), node);
    struct buf text = buf_over(name, 63);

    if (cert == NULL) {
        return error_set(err, ERR_NOTFOUND, "node %u is not certified", node);
    }
    origin_mirror_name(span_str(engine->config->realm), node, &text);
    name[text.len] = '\0';
    return vkey_known(engine, span_str(name), VKEY_COSIGNATURE,
                      &cert->mirror_key, out, err);
}

int mirror_key_of(struct engine *engine, uint32_t node,
                  const struct cosignature *line, char name[64],
                  struct vkey *out, struct error *err)
{
    const struct dir_node *found =
        directory_node(engine_directory(engine), node);
    int rc = mirror_key(engine, node, name, out, err);

    for (size_t i = found == NULL ? 0 : found->certs_len;
         rc == 0 && out->id != cosignature_key_id(line) && i-- > 0;) {
        rc = vkey_known(engine, span_str(name), VKEY_COSIGNATURE,
                        &found->certs[i]->mirror_key, out, err);
    }
    return rc;
}

bool heard_by(struct engine *engine, uint32_t node, struct span text,
              uint64_t number, const struct signature *request)
{
    const struct dir_node *found =
        directory_node(engine_directory(engine), node);

    for (size_t i = found == NULL ? 0 : found->certs_len; i-- > 0;) {
        if (heard_verify(text, number, request, &found->certs[i]->actor_key)) {
            return true;
        }
    }
    return false;
}

int log_facts_of(struct engine *engine, const struct origin *origin,
                 struct log_facts *out, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_cert *cert = directory_cert(dir, origin->node);
    const struct dir_epoch *epoch =
        directory_epoch(dir, origin->node, origin->dir, origin->epoch);

    memset(out, 0, sizeof(*out));
    if ((epoch == NULL || !epoch->has_key) &&
        successor_log(engine, origin, &out->key)) {
        if (epoch != NULL) { /* a later word names its end */
            out->ended = epoch->closed;
            out->end = (struct merkle_head){epoch->size, epoch->root};
        }
        return 0;
    }
    if (epoch == NULL && origin->dir && origin->epoch == 1 &&
        (dir->top == 0 || dir->top == origin->node)) {
        out->bootstrap = true; /* the first log says who it is */
        return 0;
    }
    if (epoch == NULL || !epoch->has_key || cert == NULL) {
        return error_set(err, ERR_NOTFOUND, "no certificate names that log");
    }
    out->key = epoch->key;
    out->guard = cert->guard;
    out->ended = epoch->closed;
    out->end = (struct merkle_head){epoch->size, epoch->root};
    return 0;
}

int log_find(struct engine *engine, const struct origin *origin,
             struct store_log *out, struct error *err)
{
    char name[ORIGIN_MAX + 1];

    origin_text(engine, origin, name);
    return store_log_find(engine->store, span_str(name), out, err);
}

int log_open(struct engine *engine, const struct origin *origin,
             const struct sign_public *key, struct store_log *out,
             struct error *err)
{
    struct store_log wanted = {.node = origin->node,
                               .epoch = origin->epoch,
                               .is_dir = origin->dir,
                               .mirrored = true,
                               .key = *key};

    int rc;

    origin_text(engine, origin, wanted.origin);
    rc = store_log_find(engine->store, span_str(wanted.origin), out, err);
    if (rc == 0 && out->mirrored && memcmp(&out->key, key, sizeof(*key)) == 0) {
        return 0;
    }
    if (rc == 0 || rc == ERR_NOTFOUND) {
        rc = engine_write(engine, err);
    }
    if (rc == 0) {
        rc = store_log_ensure(engine->store, &wanted, out, err);
    }
    return rc;
}

void cosigs_show(const struct store_cosig *held, size_t len,
                 struct guard_cosig *out)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (struct guard_cosig){.head = held[i].head,
                                      .line = held[i].line,
                                      .has_heard = held[i].repeat,
                                      .heard = held[i].request};
    }
}
