/* protocol/event: the certificates in an evidence file, judged by their
 * signatures alone: a certificate accuses nobody falsely, for whoever signed
 * it is named in the one before. Nothing of a leaf is believed before its
 * signature held. Next: receipt_verify.c, which asks for places too. */
#include "protocol/event/evidence_chain.h"

#include <string.h>

#include "protocol/event/types.h"
#include "protocol/log/checkpoint.h"
#include "protocol/log/lines.h"
#include "protocol/log/proof.h"
#include "qcdc/v1/event.pb-c.h"

void evidence_chain_put(struct span leaf, struct buf *out)
{
    /* In pieces of whole groups, so that no long room is needed. */
    while (leaf.len > 0) {
        size_t take = leaf.len < 48 ? leaf.len : 48;
        char text[65];

        base64_encode(span_make(leaf.ptr, take), text);
        buf_put_str(out, text);
        leaf = span_make(leaf.ptr + take, leaf.len - take);
    }
    buf_put_str(out, "\n");
}

/* Who the certificates have named so far. */
struct named {
    uint32_t node;
    uint32_t epoch; /* of its record log; 0 = any (the top node) */
    struct span realm;
    const Qcdc__V1__NodeKeys *keys;
};

static int distrust(struct error *err, size_t i, const char *why)
{
    return error_set(err, ERR_UNTRUSTED, "certificate %zu of the evidence %s",
                     i + 1, why);
}

static struct sign_public key_of(ProtobufCBinaryData data)
{
    struct sign_public key = {{0}};

    if (data.len == sizeof(key.bytes)) {
        memcpy(key.bytes, data.data, sizeof(key.bytes));
    }
    return key;
}

static int leaf_take(struct span *lines, struct arena *arena, struct leaf *leaf,
                     struct error *err)
{
    struct span line = {NULL, 0};
    uint8_t *bytes;
    size_t len = 0;
    int rc;

    if (!lines_next(lines, &line)) {
        return error_set(err, ERR_MALFORMED, "a certificate is missing");
    }
    bytes = arena_alloc(arena, line.len + 1);
    if (bytes == NULL) {
        return error_set(err, ERR_LIMIT, "memory of the turn is full");
    }
    rc = base64_decode(line, bytes, line.len, &len, err);
    return rc != 0 ? rc : leaf_parse(span_make(bytes, len), leaf, err);
}

/* One certificate, which the one before allows; then it is the one before. */
static int certificate(const struct leaf *leaf, size_t i,
                       const struct sign_public *root, struct arena *arena,
                       struct named *named, struct error *err)
{
    enum event_reading reading = EVENT_READ_NOT_UNDERSTOOD;
    const struct event_type *type = NULL;
    const struct ProtobufCMessage *facts = NULL;
    struct sign_public signer = *root;
    int rc = event_read(leaf, arena, &reading, &type, &facts, err);

    if (rc != 0) {
        return rc;
    }
    if (i > 0 && named->keys != NULL) {
        signer = key_of(named->keys->admin_key);
    }
    if (reading != EVENT_READ_FINE || type == NULL ||
        type->number !=
            (i == 0 ? EVENT_TOP_NODE_CERTIFIED : EVENT_NODE_CERTIFIED)) {
        return distrust(err, i, "is no certificate of a node");
    }
    if (!leaf_verify(leaf, &signer)) {
        return distrust(err, i,
                        i == 0 ? "is not signed by the realm's root key"
                               : "is not signed by the node above");
    }
    if (i == 0) {
        const Qcdc__V1__TopNodeCertified *m =
            (const Qcdc__V1__TopNodeCertified *)facts;

        *named = (struct named){
            m->node, 0, span_make(m->realm.data, m->realm.len), m->keys};
        return 0;
    }

    const Qcdc__V1__NodeCertified *m = (const Qcdc__V1__NodeCertified *)facts;

    if (leaf->header.node != named->node) {
        return distrust(err, i, "is of another node than was certified");
    }
    *named = (struct named){m->node, m->epoch, named->realm, m->keys};
    return 0;
}

/* "<realm>/<node>[/dir]/e<digits>": which of its logs? */
static bool log_is(struct span origin, const struct named *named, bool dir)
{
    uint8_t memory[ORIGIN_MAX];
    struct buf b = buf_over(memory, sizeof(memory));

    buf_put(&b, named->realm);
    buf_put_fmt(&b, "/%u%s/e", named->node, dir ? "/dir" : "");
    if (!dir && named->epoch != 0) {
        buf_put_fmt(&b, "%u", named->epoch);
        return !b.overflow && span_equal(buf_span(&b), origin);
    }
    if (b.overflow || origin.len <= b.len ||
        memcmp(origin.ptr, b.ptr, b.len) != 0 || origin.ptr[b.len] == '0') {
        return false;
    }
    for (size_t i = b.len; i < origin.len; i++) {
        if (origin.ptr[i] < '0' || origin.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

static int origin_of(const struct evidence *evidence, struct span *origin,
                     struct error *err)
{
    struct proof proof;
    int rc;

    if (evidence->kind != EVIDENCE_LEAVES) {
        return checkpoint_origin(evidence->parts[0], origin, err);
    }
    rc = proof_parse(evidence->parts[0], &proof, err);
    return rc != 0 ? rc : checkpoint_origin(proof.note, origin, err);
}

int evidence_chain_verify(const struct evidence *evidence,
                          const struct sign_public *root, struct arena *arena,
                          struct vkey *key, struct error *err)
{
    struct span lines = evidence->chain;
    struct span origin = {NULL, 0};
    struct named named = {0};
    struct sign_public log = {{0}};
    int rc = origin_of(evidence, &origin, err);

    if (rc == 0 && (evidence->chain_len == 0 ||
                    evidence->chain_len > EVIDENCE_CHAIN_MAX)) {
        rc = error_set(err, ERR_MALFORMED,
                       "the evidence has no certificates: check it with the "
                       "log's own key (--log)");
    }
    for (size_t i = 0; rc == 0 && i < evidence->chain_len; i++) {
        struct leaf leaf = {0};

        rc = leaf_take(&lines, arena, &leaf, err);
        rc = rc != 0 ? rc : certificate(&leaf, i, root, arena, &named, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (named.keys == NULL) {
        return error_set(err, ERR_UNTRUSTED, "no certificate names a key");
    }
    if (log_is(origin, &named, false)) {
        log = key_of(named.keys->log_key);
    } else if (log_is(origin, &named, true)) {
        log = key_of(named.keys->dir_log_key);
    } else {
        return error_set(err, ERR_UNTRUSTED,
                         "the certificates are not those of the log %.*s",
                         (int)origin.len, (const char *)origin.ptr);
    }
    return vkey_make(origin, VKEY_ED25519, &log, key, err);
}
