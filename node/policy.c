/* Room: node. Owns the realm's policy file (tlog-policy, tlog.md 1.10): the
 * logs, every node's mirror key, and whose cosignature no receipt may lack.
 * Reads the directory only.
 *
 * One quorum rules all logs of the file, and what suffices for a district's
 * log (the top node) must not suffice for a commune's. So the quorum names the
 * top node, which is on every path, and `qcdc verify` demands the nodes
 * between by the certificates in the receipt (protocol/event/receipt.h). */
#include "node/peers.h"

#include <string.h>

/* Every log by the key of its epoch. */
static void logs_put(struct engine *engine, const struct directory *dir,
                     struct buf *out)
{
    for (size_t i = 0; i < dir->epochs_len; i++) {
        const struct dir_epoch *epoch = &dir->epochs[i];
        struct origin origin = {
            .node = epoch->node, .epoch = epoch->epoch, .dir = epoch->is_dir};
        char name[ORIGIN_MAX + 1];
        struct error ignored = {0};
        struct vkey key;

        origin_text(engine, &origin, name);
        if (epoch->has_key && vkey_make(span_str(name), VKEY_ED25519,
                                        &epoch->key, &key, &ignored) == 0) {
            buf_put_str(out, "log ");
            vkey_format(&key, out);
            buf_put_str(out, "\n");
        }
    }
}

/* Every mirror key that the node had: the newest is m<node>, those before
 * m<node>.1 ... How many of them. */
static size_t mirrors_put(struct engine *engine, const struct dir_node *node,
                          struct buf *out)
{
    char name[64];
    struct buf text = buf_over(name, sizeof(name) - 1);
    size_t len = 0;

    origin_mirror_name(span_str(engine->config->realm), node->number, &text);
    name[text.len] = '\0';
    for (size_t i = node->certs_len; i-- > 0;) {
        const struct sign_public *mirror = &node->certs[i]->mirror_key;
        struct error ignored = {0};
        struct vkey key;
        bool twice = false;

        for (size_t k = i + 1; k < node->certs_len; k++) {
            twice = twice || memcmp(&node->certs[k]->mirror_key, mirror,
                                    sizeof(*mirror)) == 0;
        }
        if (twice || vkey_make(span_str(name), VKEY_COSIGNATURE, mirror, &key,
                               &ignored) != 0) {
            continue;
        }
        buf_put_fmt(out, "witness m%u", node->number);
        if (len > 0) {
            buf_put_fmt(out, ".%zu", len);
        }
        buf_put_str(out, " ");
        vkey_format(&key, out);
        buf_put_str(out, "\n");
        len++;
    }
    return len;
}

int engine_policy(struct engine *engine, struct buf *out, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    size_t top = 0;

    buf_put_str(out,
                "# The top node holds every log of the realm: no receipt is "
                "good without it.\n"
                "# `qcdc verify` also asks for every node between, by the "
                "certificates inside.\n");
    logs_put(engine, dir, out);
    for (size_t i = 0; i < dir->nodes_len; i++) {
        size_t mirrors = mirrors_put(engine, &dir->nodes[i], out);

        top = dir->nodes[i].number == dir->top ? mirrors : top;
    }
    if (top > 1) {
        /* The realm's machines, one after the other. */
        buf_put_fmt(out, "group top any m%u", dir->top);
        for (size_t i = 1; i < top; i++) {
            buf_put_fmt(out, " m%u.%zu", dir->top, i);
        }
        buf_put_str(out, "\nquorum top\n");
    } else if (top == 1) {
        buf_put_fmt(out, "quorum m%u\n", dir->top);
    } else {
        buf_put_str(out, "quorum none\n");
    }
    return out->overflow ? error_set(err, ERR_LIMIT, "the policy is too large")
                         : 0;
}
