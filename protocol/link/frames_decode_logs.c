/* protocol/link: bodies of frames that carry leaves or signatures of logs:
 * batches, cosignatures, deliveries, what is mended or waits for its place.
 * Reads their shape; whether they are true is judged elsewhere. Next:
 * segment_check.c, frames_decode.c. */
#include "protocol/link/frames_internal.h"

#define NUMBER_MAX UINT64_C(0x7fffffffffffffff)

int batch_read(const Qcdc__V1__Batch *in, struct frame_batch *out,
               struct error *err)
{
    struct segment *segment = &out->segment;
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = number_read(in->first, "first", &segment->first, err)) != 0 ||
        (rc = bytes_read(in->note, "checkpoint", CHECKPOINT_NOTE_MAX,
                         &segment->note, err)) != 0 ||
        (rc = bytes_read(in->privates, "private bodies", BATCH_PRIVATE_MAX,
                         &segment->privates, err)) != 0 ||
        (rc = bytes_read(in->absent, "absent list",
                         (size_t)3 * BODIES_MAX * BATCH_EVENTS_MAX,
                         &segment->absent, err)) != 0) {
        return rc;
    }
    if (in->count == 0 || in->count > BATCH_EVENTS_MAX) {
        return error_set(err, ERR_LIMIT, "batch of %u events", in->count);
    }
    if (segment->first > NUMBER_MAX - in->count) {
        return error_set(err, ERR_MALFORMED, "batch past the end of numbers");
    }
    segment->count = in->count;
    segment->leaves_z = data_span(in->leaves_z);
    segment->texts_z = data_span(in->texts_z);
    out->more = in->more != 0;
    return 0;
}

static int cosig_read(const Qcdc__V1__GuardCosig *in, struct guard_cosig *out,
                      struct error *err)
{
    int rc = 0;

    if ((rc = head_read(in->size, in->root_hash, &out->head, err)) != 0 ||
        (rc = fixed_read(in->line, "cosignature", &out->line, sizeof(out->line),
                         err)) != 0) {
        return rc;
    }
    out->has_heard = in->heard.len != 0;
    if (!out->has_heard) {
        return 0;
    }
    return fixed_read(in->heard, "heard request", &out->heard,
                      sizeof(out->heard), err);
}

int cosigned_read(const Qcdc__V1__Cosigned *in, struct arena *arena,
                  struct frame_cosigned *out, struct error *err)
{
    struct guard_cosig *cosigs = NULL;
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = number_read(in->first, "number", &out->first, err)) != 0 ||
        (rc = count_check(in->n_cosigs, "cosignatures", FRAME_COSIGS_MAX,
                          err)) != 0) {
        return rc;
    }
    cosigs = arena_array(arena, in->n_cosigs, sizeof(*cosigs));
    if (cosigs == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %zu cosignatures",
                         in->n_cosigs);
    }
    for (size_t i = 0; i < in->n_cosigs; i++) {
        rc = cosig_read(in->cosigs[i], &cosigs[i], err);
        if (rc != 0) {
            return rc;
        }
    }
    out->cosigs = cosigs;
    out->cosigs_len = in->n_cosigs;
    return 0;
}

int held_read(const Qcdc__V1__Held *in, struct frame_held *out,
              struct error *err)
{
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = head_read(in->size, in->root_hash, &out->head, err)) != 0) {
        return rc;
    }
    if (in->node == 0) {
        return error_set(err, ERR_MALFORMED, "a cosignature of nobody");
    }
    out->node = in->node;
    return fixed_read(in->line, "cosignature", &out->line, sizeof(out->line),
                      err);
}

int heard_read(const Qcdc__V1__HeardAsk *in, struct frame_heard_ask *out,
               struct error *err)
{
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = number_read(in->cosigs, "cosigs", &out->cosigs, err)) != 0) {
        return rc;
    }
    return fixed_read(in->signature, "signature", &out->signature,
                      sizeof(out->signature), err);
}

static int leaf_read(ProtobufCBinaryData leaf, struct span *out,
                     struct error *err)
{
    if (leaf.len == 0) {
        return error_set(err, ERR_MALFORMED, "a delivery without a leaf");
    }
    return bytes_read(leaf, "leaf", LEAF_MAX, out, err);
}

static int certificates_read(const Qcdc__V1__Delivery *in, struct arena *arena,
                             struct frame_delivery *out, struct error *err)
{
    size_t count = in->n_certificates;
    struct frame_certificate *certificates = NULL;
    int rc = count_check(count, "certificates", FRAME_CERTIFICATES_MAX, err);

    if (rc != 0) {
        return rc;
    }
    certificates = arena_array(arena, count, sizeof(*certificates));
    if (certificates == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %zu certificates", count);
    }
    for (size_t i = 0; i < count; i++) {
        const Qcdc__V1__Certificate *one = in->certificates[i];

        if ((rc = origin_read(one->origin, &certificates[i].origin, err)) !=
                0 ||
            (rc = number_read(one->index, "index", &certificates[i].index,
                              err)) != 0 ||
            (rc = leaf_read(one->leaf, &certificates[i].leaf, err)) != 0 ||
            (rc = bytes_read(one->proof, "proof", FRAME_PROOF_MAX,
                             &certificates[i].proof, err)) != 0) {
            return rc;
        }
    }
    out->certificates = certificates;
    out->certificates_len = count;
    return 0;
}

int delivery_read(const Qcdc__V1__Delivery *in, struct arena *arena,
                  struct frame_delivery *out, struct error *err)
{
    size_t bodies = 0;
    int rc = 0;

    if ((rc = number_read(in->number, "number", &out->number, err)) != 0 ||
        (rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = number_read(in->index, "index", &out->index, err)) != 0 ||
        (rc = leaf_read(in->leaf, &out->leaf, err)) != 0 ||
        (rc = bytes_read(in->bodies, "bodies", (size_t)3 * BODY_WIRE_MAX,
                         &out->bodies, err)) != 0 ||
        (rc = body_list_check(out->bodies, &bodies, err)) != 0 ||
        (rc = bytes_read(in->proof, "proof", FRAME_PROOF_MAX, &out->proof,
                         err)) != 0 ||
        (rc = number_read(in->cover_number, "number", &out->cover_number,
                          err)) != 0 ||
        (rc = certificates_read(in, arena, out, err)) != 0) {
        return rc;
    }
    if (out->number == 0 || in->to_node == 0) {
        return error_set(err, ERR_MALFORMED, "a delivery to nobody");
    }
    out->to_node = in->to_node;
    out->has_cover = in->cover != NULL;
    if (out->has_cover && (rc = cosig_read(in->cover, &out->cover, err)) != 0) {
        return rc;
    }
    out->has_quoted = in->quoted != NULL;
    return out->has_quoted ? cosig_read(in->quoted, &out->quoted, err) : 0;
}

int mend_ask_read(const Qcdc__V1__MendAsk *in, struct frame_mend_ask *out,
                  struct error *err)
{
    int rc = origin_read(in->origin, &out->origin, err);

    out->cosig = in->cosig != 0;
    return rc != 0 ? rc : number_read(in->first, "first", &out->first, err);
}

int mend_read(const Qcdc__V1__Mend *in, struct arena *arena,
              struct frame_mend *out, struct error *err)
{
    int rc = origin_read(in->origin, &out->origin, err);

    out->has_batch = in->batch != NULL;
    out->has_cosigned = in->cosigned != NULL;
    if (rc == 0 && in->batch != NULL) {
        rc = batch_read(in->batch, &out->batch, err);
    }
    if (rc == 0 && in->cosigned != NULL) {
        rc = cosigned_read(in->cosigned, arena, &out->cosigned, err);
    }
    return rc;
}

/* Event ids one after the other. */
static int ids_read(ProtobufCBinaryData in, const char *what, struct span *out,
                    struct error *err)
{
    int rc = bytes_read(in, what, (size_t)16 * FRAME_STAGED_MAX, out, err);

    return rc == 0 && out->len % 16 != 0
               ? error_set(err, ERR_MALFORMED, "%s: %zu bytes of ids", what,
                           out->len)
               : rc;
}

int spooled_read(const Qcdc__V1__Spooled *in, struct frame_spooled *out,
                 struct error *err)
{
    struct segment *segment = &out->segment;
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = bytes_read(in->privates, "private bodies", BATCH_PRIVATE_MAX,
                         &segment->privates, err)) != 0 ||
        (rc = bytes_read(in->absent, "absent list",
                         (size_t)3 * BODIES_MAX * BATCH_EVENTS_MAX,
                         &segment->absent, err)) != 0 ||
        (rc = ids_read(in->wanted, "wanted", &out->wanted, err)) != 0) {
        return rc;
    }
    if (in->count > BATCH_EVENTS_MAX) {
        return error_set(err, ERR_LIMIT, "%u events without a place",
                         in->count);
    }
    if (in->count != 0 && out->wanted.len != 0) {
        return error_set(err, ERR_MALFORMED, "events and an asking for some");
    }
    segment->count = in->count;
    segment->leaves_z = data_span(in->leaves_z);
    segment->texts_z = data_span(in->texts_z);
    return 0;
}

int staged_read(const Qcdc__V1__Staged *in, struct frame_staged *out,
                struct error *err)
{
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = head_read(in->size, in->root_hash, &out->head, err)) != 0 ||
        (rc = ids_read(in->ids, "staging note", &out->ids, err)) != 0) {
        return rc;
    }
    if (out->ids.len == 0) {
        return error_set(err, ERR_MALFORMED, "a staging note without events");
    }
    return fixed_read(in->signature, "signature", &out->signature,
                      sizeof(out->signature), err);
}
