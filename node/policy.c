/* Room: node. Owns the realm's policy file (tlog-policy, tlog.md 1.10): the
 * logs, every node's mirror key, and whose cosignature no receipt may lack.
 * Reads the directory only.
 *
 * One quorum rules all logs of the file, and what suffices for a district's
 * log (the top node) must not suffice for a commune's. So the quorum names the
 * top node, which is on every path, and `qcdc verify` demands the nodes
 * between by the certificates in the receipt (protocol/event/receipt.h). */
#include "node/peers.h"

/* Every epoch of its logs: what an ended one holds is still shown. */
static void logs_put(struct engine *engine, uint32_t node, struct buf *out)
{
    const struct directory *dir = engine_directory(engine);

    for (size_t i = 0; i < dir->epochs_len; i++) {
        const struct dir_epoch *epoch = &dir->epochs[i];
        struct origin origin = {epoch->node, epoch->epoch, epoch->is_dir};
        char name[ORIGIN_MAX + 1];
        struct error ignored = {0};
        struct vkey key;

        if (epoch->node != node || !epoch->has_key) {
            continue;
        }
        origin_text(engine, &origin, name);
        if (vkey_make(span_str(name), VKEY_ED25519, &epoch->key, &key,
                      &ignored) == 0) {
            buf_put_str(out, "log ");
            vkey_format(&key, out);
            buf_put_str(out, "\n");
        }
    }
}

int engine_policy(struct engine *engine, struct buf *out, struct error *err)
{
    const struct directory *dir = engine_directory(engine);
    bool top = false;

    buf_put_str(out,
                "# The top node holds every log of the realm: no receipt is "
                "good without it.\n"
                "# `qcdc verify` also asks for every node between, by the "
                "certificates inside.\n");
    for (size_t i = 0; i < dir->nodes_len; i++) {
        uint32_t node = dir->nodes[i].number;
        const struct dir_cert *cert = directory_cert(dir, node);
        struct error ignored = {0};
        char name[64];
        struct vkey key;

        if (cert == NULL) {
            continue;
        }
        logs_put(engine, node, out);
        if (mirror_key(engine, node, name, &key, &ignored) == 0) {
            buf_put_fmt(out, "witness m%u ", node);
            vkey_format(&key, out);
            buf_put_str(out, "\n");
            top = top || node == dir->top;
        }
    }
    if (top) {
        buf_put_fmt(out, "quorum m%u\n", dir->top);
    } else {
        buf_put_str(out, "quorum none\n");
    }
    return out->overflow ? error_set(err, ERR_LIMIT, "the policy is too large")
                         : 0;
}
