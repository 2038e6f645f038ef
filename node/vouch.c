/* Room: node. Owns the choice of the checkpoint that a receipt rests on: one
 * that the log's guard and every node above it cosigned, as far as this
 * machine holds their signatures. Of the guard all are held, of the others
 * the newest (store/log.h), so one newest must be everybody's. Signs nothing.
 * Next: proof.c, which builds the receipt; policy.c, what a verifier asks. */
#include "node/peers.h"
#include "node/tree.h"

#include "protocol/log/checkpoint.h"

#define SUPERIORS_MAX 16u /* the depth of a tree of nodes, as in link/ */

/* Whose word a log needs: its guard first, if it has one, then upwards. */
struct superiors {
    uint32_t nodes[SUPERIORS_MAX];
    size_t len;
    size_t shown; /* from here on they only show that they hold it */
};

/* One search for a checkpoint. */
struct vouching {
    struct engine *engine;
    const struct store_log *log;
    uint64_t index; /* of the leaf that it must cover */
    struct superiors superiors;
    struct store_held *held; /* newest of everybody but the guard */
    size_t held_len;
};

static void superior_add(struct superiors *all, uint32_t node)
{
    for (size_t i = 0; i < all->len; i++) {
        if (all->nodes[i] == node) {
            return;
        }
    }
    if (node != 0 && all->len < SUPERIORS_MAX) {
        all->nodes[all->len++] = node;
    }
}

static void superiors_of(struct engine *engine, uint32_t node, uint32_t guard,
                         struct superiors *out)
{
    const struct directory *dir = engine_directory(engine);
    const struct dir_node *found = directory_node(dir, node);

    out->len = 0;
    superior_add(out, guard);
    out->shown = out->len;
    for (size_t depth = 0; found != NULL && depth < SUPERIORS_MAX; depth++) {
        superior_add(out, found->parent);
        found = directory_node(dir, found->parent);
    }
}

static int missing(struct engine *engine, uint32_t node, struct error *err)
{
    bool top = node == engine_directory(engine)->top;

    return error_set(err, ERR_BUSY,
                     "%s (node %u) has not cosigned it yet, as far as this "
                     "machine has heard; try again after the next contact",
                     top ? "the province" : "the superior", node);
}

static const struct store_held *held_of(const struct vouching *v, uint32_t node)
{
    for (size_t i = 0; i < v->held_len; i++) {
        if (v->held[i].node == node) {
            return &v->held[i];
        }
    }
    return NULL;
}

/* The newest words of the superiors, of a log that many more may cosign. */
static int held_read(struct vouching *v, struct error *err)
{
    v->held = arena_array(&v->engine->turn, SUPERIORS_MAX, sizeof(*v->held));
    if (v->held == NULL) {
        return error_set(err, ERR_LIMIT, "the receipt is too large");
    }
    for (size_t i = 0; i < v->superiors.len; i++) {
        int rc =
            store_held_get(v->engine->store, v->log->id, v->superiors.nodes[i],
                           &v->held[v->held_len], err);

        if (rc == 0) {
            v->held_len++;
        } else if (rc != ERR_NOTFOUND) {
            return rc;
        }
    }
    return 0;
}

static int line_put(struct engine *engine, uint32_t node,
                    const struct cosignature *line, struct buf *note,
                    struct error *err)
{
    struct vkey key;
    char name[64];
    int rc = mirror_key_of(engine, node, line, name, &key, err);

    if (rc == 0) {
        cosignature_put_line(line, &key, note);
    }
    return rc;
}

/* By whoever was guard then. */
static int guard_put(const struct vouching *v, const struct cosignature *line,
                     struct buf *note, struct error *err)
{
    struct origin origin = log_origin(v->log);
    struct vkey key;
    char name[64];
    size_t turn;
    int rc = guard_key(v->engine, &origin, line, 0, name, &key, &turn, err);

    if (rc == 0) {
        cosignature_put_line(line, &key, note);
    }
    return rc;
}

/* The first cosignature of the present guard at `size`, or the first that
 * covers the leaf when nobody else has to agree on a size (0): one before it
 * may stand on no path of a verifier. */
static int guard_find(const struct vouching *v, uint64_t size,
                      struct store_cosig *out, struct error *err)
{
    uint32_t guard = v->superiors.nodes[0];
    int rc = store_cosig_covering(v->engine->store, v->log->id,
                                  size == 0 ? v->index : size - 1, out, err);

    while (rc == 0 && (size == 0 || out->head.size == size)) {
        struct vkey key;
        char name[64];

        if (line_is_of(v->engine, guard, &out->line, name, &key)) {
            return 0;
        }
        rc = store_cosig_get(v->engine->store, v->log->id, out->number + 1, out,
                             err);
    }
    return rc == 0 || rc == ERR_NOTFOUND ? missing(v->engine, guard, err) : rc;
}

/* The size that every superior but the guard cosigned; 0 if the guard is the
 * only one. */
static int size_agreed(const struct vouching *v, uint64_t *size,
                       struct error *err)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    uint32_t behind = 0;

    for (size_t i = v->superiors.shown; i < v->superiors.len; i++) {
        const struct store_held *one = held_of(v, v->superiors.nodes[i]);

        if (one == NULL || one->head.size <= v->index) {
            return missing(v->engine, v->superiors.nodes[i], err);
        }
        if (one->head.size < least) {
            least = one->head.size;
            behind = v->superiors.nodes[i];
        }
        most = one->head.size > most ? one->head.size : most;
    }
    if (most != 0 && least != most) {
        return missing(v->engine, behind, err); /* what another cosigned */
    }
    *size = most;
    return 0;
}

static int note_vouched(struct vouching *v, struct buf *note, uint64_t *size,
                        struct error *err)
{
    struct store *store = v->engine->store;
    const struct superiors *all = &v->superiors;
    struct store_cosig guard = {0};
    uint64_t agreed = 0;
    int rc;

    rc = held_read(v, err);
    if (rc == 0) {
        rc = size_agreed(v, &agreed, err);
    }
    if (rc == 0 && all->shown > 0) {
        rc = guard_find(v, agreed, &guard, err);
        agreed = guard.head.size;
    }
    if (rc == 0) {
        rc = store_log_note_at(store, v->log->id, agreed, note, err);
    }
    if (rc == 0 && all->shown > 0) {
        rc = guard_put(v, &guard.line, note, err);
    }
    for (size_t i = all->shown; rc == 0 && i < all->len; i++) {
        rc = line_put(v->engine, all->nodes[i],
                      &held_of(v, all->nodes[i])->line, note, err);
    }
    if (rc == 0) {
        *size = agreed;
    }
    return rc;
}

int vouch_note(struct engine *engine, const struct store_log *log,
               uint64_t index, struct buf *note, uint64_t *size,
               struct error *err)
{
    struct origin origin = log_origin(log);
    struct vouching v = {.engine = engine, .log = log, .index = index};
    struct store_cosig cosig = {0};
    struct log_facts facts;
    int rc = log_facts_of(engine, &origin, &facts, err);

    if (rc != 0) {
        return rc;
    }
    if (!log->mirrored || index >= log->head.size) {
        return error_set(err, ERR_NOTFOUND,
                         "the event was delivered here without the log of "
                         "node %u: ask that node, or one above it, for the "
                         "receipt",
                         log->node);
    }
    if (log->node != engine_directory(engine)->top) {
        superiors_of(engine, log->node, facts.guard, &v.superiors);
        return note_vouched(&v, note, size, err);
    }
    /* The top node has nobody above it: its own signature must do, but not
     * before its standby, if there is one, holds the leaf too. */
    *size = log->head.size;
    if (facts.guard != 0) {
        rc = store_cosig_covering(engine->store, log->id, index, &cosig, err);
        if (rc == ERR_NOTFOUND) {
            return missing(engine, facts.guard, err);
        }
        *size = cosig.head.size;
    }
    return rc != 0
               ? rc
               : store_log_note_at(engine->store, log->id, *size, note, err);
}
