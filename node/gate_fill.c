/* Room: node. Owns the filling of the gate: certified children, their older
 * keys, open invitations, requests that wait. It runs after every change of
 * the directory, so a revoked key is refused in the same turn. */
#include "node/engine_internal.h"

#include "node/clock.h"
#include "node/invite.h"
#include "node/tree.h"
#include "store/book.h"
#include "store/directory.h"

struct filling {
    struct engine *engine;
    int rc;
    struct error *err;
};

static int put(struct filling *filling, const struct box_public *key,
               enum gate_kind kind, uint32_t node)
{
    struct gate_key entry = {*key, kind, node};

    if (filling->rc == 0) {
        filling->rc = gate_put(&filling->engine->gate, &entry, filling->err);
    }
    return filling->rc;
}

/* One-time keys and the keys asked for with them. Certificates come after and
 * win. */
static int invitation_visit(void *data, struct span key, struct span value)
{
    struct filling *filling = data;
    struct invited invited;
    struct box_public one_time;
    struct error ignored = {0};
    bool expired;

    if (key.len != sizeof(one_time) ||
        invited_decode(value, &invited, &ignored) != 0) {
        return 0;
    }
    memcpy(&one_time, key.ptr, sizeof(one_time));
    expired = clock_now_ms() > invited.created_ms + INVITATION_LIFE_MS &&
              invited.state != INVITED_CERTIFIED;
    if (invited.state == INVITED_DONE || expired) {
        return put(filling, &one_time, GATE_REVOKED, invited.node);
    }
    if (invited.state == INVITED_ASKED) {
        (void)put(filling, &invited.curve, GATE_WAITING, invited.node);
    }
    return put(filling, &one_time, GATE_INVITATION, invited.node);
}

/* One that has another parent now, and was not told because it was away,
 * still comes here: the directory logs tell it where to go (DESIGN section 6).
 * Its guard we are no more. */
static bool was_child(const struct dir_node *node, uint32_t self)
{
    for (size_t i = 0; i < node->certs_len; i++) {
        if (node->certs[i]->issuer == self) {
            return true;
        }
    }
    return false;
}

/* One further below, whose own parent does not answer, comes here to hear what
 * became of it (detour.c). Its guard we are not either. */
static bool is_below(const struct directory *dir, const struct dir_node *node,
                     uint32_t self)
{
    for (unsigned depth = 0; node != NULL && depth < TREE_DEPTH_MAX; depth++) {
        if (node->parent == self) {
            return true;
        }
        node = node->parent == 0 ? NULL : directory_node(dir, node->parent);
    }
    return false;
}

/* The machine that had our number before may come back: it must hear that it
 * leads no more (successor.h). */
static void replaced_put(struct filling *filling, const struct dir_node *node)
{
    for (size_t i = 0; i + 1 < node->certs_len; i++) {
        if (memcmp(&node->certs[i]->curve_key, &filling->engine->keys.curve.pub,
                   sizeof(node->certs[i]->curve_key)) != 0) {
            (void)put(filling, &node->certs[i]->curve_key, GATE_REPLACED,
                      node->number);
        }
    }
}

/* Those to be let in, or all the others; ourselves apart. */
static void nodes_put(struct filling *filling, const struct directory *dir,
                      bool children)
{
    uint32_t self = engine_node(filling->engine);

    for (size_t i = 0; i < dir->nodes_len; i++) {
        const struct dir_node *node = &dir->nodes[i];

        for (size_t j = 0; j < node->certs_len && node->number != self; j++) {
            bool newest = j + 1 == node->certs_len;
            bool child =
                newest &&
                (was_child(node, self) || is_below(dir, node, self) ||
                 (node->number == dir->top && directory_standby(dir) == self));

            if (child == children) {
                (void)put(filling, &node->certs[j]->curve_key,
                          child ? GATE_CHILD : GATE_REVOKED, node->number);
            }
        }
    }
}

/* The last word on a key wins. A promoted standby goes on with its own under
 * the top node's number: what it may now comes after what it was. One that was
 * replaced since was our child once, too, and still must hear of it. */
static void children_put(struct filling *filling, const struct directory *dir)
{
    const struct dir_node *ours =
        directory_node(dir, engine_node(filling->engine));

    nodes_put(filling, dir, false);
    nodes_put(filling, dir, true);
    if (ours != NULL) {
        replaced_put(filling, ours);
    }
}

int gate_refresh(struct engine *engine, struct error *err)
{
    struct filling filling = {.engine = engine, .err = err};
    int rc;

    if (!engine->gate_stale) {
        return 0;
    }
    gate_clear(&engine->gate);
    rc = store_book_each(engine->store, STORE_BOOK_INVITATION, invitation_visit,
                         &filling, err);
    if (rc == 0) {
        children_put(&filling, engine_directory(engine));
        rc = filling.rc;
    }
    if (rc == 0) {
        engine->gate_stale = false;
    }
    return rc;
}
