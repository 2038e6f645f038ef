/* protocol/link: frames from bytes.
 *
 * Owns the caps on what a peer may say. Must never let a generated type out,
 * or a length, count or number that was not looked at (libraries.md B4).
 * Unknown fields are ignored: a newer peer may add some. Next:
 * frames_encode.c. */
#include "protocol/link/frames.h"

#include "protocol/event/text.h"
#include "protocol/event/wire.h"
#include "protocol/log/evidence.h"
#include "qcdc/v1/link.pb-c.h"

#define NUMBER_MAX UINT64_C(0x7fffffffffffffff)

static struct span span_of(ProtobufCBinaryData data)
{
    return span_make(data.data, data.len);
}

/* ---- parts ---- */

static int number_read(uint64_t value, const char *what, uint64_t *out,
                       struct error *err)
{
    if (value > NUMBER_MAX) {
        return error_set(err, ERR_MALFORMED, "%s is no number below 2^63",
                         what);
    }
    *out = value;
    return 0;
}

/* Exactly `size` bytes, copied out. */
static int fixed_read(ProtobufCBinaryData data, const char *what, void *out,
                      size_t size, struct error *err)
{
    if (data.len != size) {
        return error_set(err, ERR_MALFORMED, "%s of %zu bytes, not %zu", what,
                         data.len, size);
    }
    memcpy(out, data.data, size);
    return 0;
}

static int bytes_read(ProtobufCBinaryData data, const char *what, size_t max,
                      struct span *out, struct error *err)
{
    if (data.len > max) {
        return error_set(err, ERR_LIMIT, "%s of %zu bytes, at most %zu", what,
                         data.len, max);
    }
    *out = span_of(data);
    return 0;
}

static int text_read(ProtobufCBinaryData data, const char *what, size_t max,
                     struct span *out, struct error *err)
{
    if (!text_valid_utf8(span_of(data))) {
        return error_set(err, ERR_MALFORMED, "%s is not UTF-8", what);
    }
    return bytes_read(data, what, max, out, err);
}

static int count_check(size_t count, const char *what, size_t max,
                       struct error *err)
{
    if (count > max) {
        return error_set(err, ERR_LIMIT, "%zu %s, at most %zu", count, what,
                         max);
    }
    return 0;
}

static int origin_read(const Qcdc__V1__Origin *in, struct origin *out,
                       struct error *err)
{
    if (in == NULL || in->node == 0 || in->epoch == 0) {
        return error_set(err, ERR_MALFORMED, "a log without node or epoch");
    }
    *out = (struct origin){
        .node = in->node, .epoch = in->epoch, .dir = in->dir != 0};
    return 0;
}

/* Size and root; the root is left out for size 0. */
static int head_read(uint64_t size, ProtobufCBinaryData root,
                     struct merkle_head *out, struct error *err)
{
    int rc = number_read(size, "size", &out->size, err);

    if (rc != 0) {
        return rc;
    }
    if (size == 0) {
        out->root = merkle_empty_root();
        return root.len == 0
                   ? 0
                   : error_set(err, ERR_MALFORMED, "an empty log with a root");
    }
    return fixed_read(root, "root", &out->root, sizeof(out->root), err);
}

static int seen_read(const Qcdc__V1__Seen *in, struct frame_seen *out,
                     struct error *err)
{
    int rc = 0;

    if (in == NULL) {
        return 0;
    }
    out->has = true;
    if ((rc = head_read(in->size, in->root_hash, &out->head, err)) != 0) {
        return rc;
    }
    return fixed_read(in->line, "cosignature", &out->line, sizeof(out->line),
                      err);
}

static int offered_read(const Qcdc__V1__Head *in, struct frame_head *out,
                        struct error *err)
{
    int rc = 0;

    if ((rc = origin_read(in->origin, &out->origin, err)) != 0 ||
        (rc = head_read(in->size, in->root_hash, &out->head, err)) != 0 ||
        (rc = bytes_read(in->note, "checkpoint", CHECKPOINT_NOTE_MAX,
                         &out->note, err)) != 0 ||
        (rc = number_read(in->cosigs, "cosigs", &out->cosigs, err)) != 0 ||
        (rc = seen_read(in->seen, &out->seen, err)) != 0) {
        return rc;
    }
    if ((out->head.size == 0) != (out->note.len == 0)) {
        return error_set(err, ERR_MALFORMED,
                         "a head without its checkpoint, or the reverse");
    }
    return 0;
}

static int heads_read(Qcdc__V1__Head **in, size_t count, struct arena *arena,
                      const struct frame_head **out, size_t *len,
                      struct error *err)
{
    int rc = count_check(count, "heads", FRAME_HEADS_MAX, err);
    struct frame_head *heads = NULL;

    if (rc != 0) {
        return rc;
    }
    heads = arena_array(arena, count, sizeof(*heads));
    if (heads == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %zu heads", count);
    }
    for (size_t i = 0; i < count; i++) {
        rc = offered_read(in[i], &heads[i], err);
        if (rc != 0) {
            return rc;
        }
    }
    *out = heads;
    *len = count;
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

/* ---- bodies ---- */

static int hello_read(const Qcdc__V1__Hello *in, struct arena *arena,
                      struct frame_hello *out, struct error *err)
{
    int rc = 0;

    if ((rc = text_read(in->software, "software", FRAME_SOFTWARE_MAX,
                        &out->software, err)) != 0 ||
        (rc = bytes_read(in->realm, "realm", REALM_MAX, &out->realm, err)) !=
            0 ||
        (rc = number_read(in->now_ms, "clock", &out->now_ms, err)) != 0 ||
        (rc = number_read(in->deliveries, "deliveries", &out->deliveries,
                          err)) != 0 ||
        (rc = fixed_read(in->session_id, "session", &out->session,
                         sizeof(out->session), err)) != 0 ||
        (rc = heads_read(in->heads, in->n_heads, arena, &out->heads,
                         &out->heads_len, err)) != 0) {
        return rc;
    }
    if (in->version_min == 0 || in->version_max < in->version_min) {
        return error_set(err, ERR_MALFORMED, "versions %u to %u",
                         in->version_min, in->version_max);
    }
    if (!realm_is_valid(out->realm) || in->node == 0) {
        return error_set(err, ERR_MALFORMED,
                         "a greeting without realm or "
                         "node");
    }
    out->version_min = in->version_min;
    out->version_max = in->version_max;
    out->features = in->features;
    out->restored = in->restored;
    out->node = in->node;
    out->unfenced = in->unfenced != 0;
    out->more = in->more != 0;
    out->has_queue = in->queue.len != 0;
    if (out->has_queue && fixed_read(in->queue, "queue", &out->queue,
                                     sizeof(out->queue), err) != 0) {
        return err->code;
    }
    out->has_token = in->token.len != 0;
    return out->has_token ? fixed_read(in->token, "token", &out->token,
                                       sizeof(out->token), err)
                          : 0;
}

static int want_read(const Qcdc__V1__Want *in, struct arena *arena,
                     struct frame_want *out, struct error *err)
{
    int rc = 0;
    struct frame_pull *pulls = NULL;

    if ((rc = number_read(in->credit_bytes, "credit", &out->credit_bytes,
                          err)) != 0 ||
        (rc = count_check(in->n_pulls, "pulls", FRAME_PULLS_MAX, err)) != 0) {
        return rc;
    }
    pulls = arena_array(arena, in->n_pulls, sizeof(*pulls));
    if (pulls == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %zu pulls", in->n_pulls);
    }
    for (size_t i = 0; i < in->n_pulls; i++) {
        const Qcdc__V1__Pull *pull = in->pulls[i];

        if ((rc = origin_read(pull->origin, &pulls[i].origin, err)) != 0 ||
            (rc = number_read(pull->held, "held", &pulls[i].held, err)) != 0 ||
            (rc = number_read(pull->cosigs, "cosigs", &pulls[i].cosigs, err)) !=
                0) {
            return rc;
        }
        pulls[i].begin = pull->begin != 0;
    }
    out->pulls = pulls;
    out->pulls_len = in->n_pulls;
    return 0;
}

static int batch_read(const Qcdc__V1__Batch *in, struct frame_batch *out,
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
    segment->leaves_z = span_of(in->leaves_z);
    segment->texts_z = span_of(in->texts_z);
    out->more = in->more != 0;
    return 0;
}

static int cosigned_read(const Qcdc__V1__Cosigned *in, struct arena *arena,
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

static int held_read(const Qcdc__V1__Held *in, struct frame_held *out,
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

static int heard_read(const Qcdc__V1__HeardAsk *in, struct frame_heard_ask *out,
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

static int delivery_read(const Qcdc__V1__Delivery *in, struct arena *arena,
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

static int refused_read(const Qcdc__V1__Refused *in, struct frame_refused *out,
                        struct error *err)
{
    int rc = text_read(in->text, "text", FRAME_TEXT_MAX, &out->text, err);

    if (rc != 0) {
        return rc;
    }
    rc = bytes_read(in->evidence, "evidence", EVIDENCE_TEXT_MAX, &out->evidence,
                    err);
    if (rc != 0) {
        return rc;
    }
    out->reason = in->reason;
    out->has_origin = in->origin != NULL;
    return out->has_origin ? origin_read(in->origin, &out->origin, err) : 0;
}

static int join_request_read(const Qcdc__V1__JoinRequest *in,
                             struct arena *arena,
                             struct frame_join_request *out, struct error *err)
{
    uint8_t *signatures = NULL;
    int rc = 0;

    if ((rc = bytes_read(in->request, "request", JOIN_REQUEST_MAX,
                         &out->request, err)) != 0 ||
        (rc = count_check(in->n_signatures, "signatures", FRAME_SIGNATURES_MAX,
                          err)) != 0) {
        return rc;
    }
    signatures = arena_array(arena, in->n_signatures, 64);
    if (signatures == NULL) {
        return error_set(err, ERR_LIMIT, "no room for %zu signatures",
                         in->n_signatures);
    }
    for (size_t i = 0; i < in->n_signatures; i++) {
        rc = fixed_read(in->signatures[i], "signature", signatures + 64 * i, 64,
                        err);
        if (rc != 0) {
            return rc;
        }
    }
    out->signatures = span_make(signatures, in->n_signatures * 64);
    return 0;
}

static int join_answer_read(const Qcdc__V1__JoinAnswer *in,
                            struct frame_join_answer *out, struct error *err)
{
    if (in->status < JOIN_WAITING || in->status > JOIN_REFUSED) {
        return error_set(err, ERR_MALFORMED, "join answer %u", in->status);
    }
    out->status = (enum join_status)in->status;
    return text_read(in->text, "text", FRAME_TEXT_MAX, &out->text, err);
}

static int mend_ask_read(const Qcdc__V1__MendAsk *in,
                         struct frame_mend_ask *out, struct error *err)
{
    int rc = origin_read(in->origin, &out->origin, err);

    out->cosig = in->cosig != 0;
    return rc != 0 ? rc : number_read(in->first, "first", &out->first, err);
}

static int mend_read(const Qcdc__V1__Mend *in, struct arena *arena,
                     struct frame_mend *out, struct error *err)
{
    int rc = origin_read(in->origin, &out->origin, err);

    out->has_batch = in->batch != NULL;
    out->has_cosigned = in->cosigned != NULL;
    if (rc == 0 && out->has_batch) {
        rc = batch_read(in->batch, &out->batch, err);
    }
    if (rc == 0 && out->has_cosigned) {
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

static int spooled_read(const Qcdc__V1__Spooled *in, struct frame_spooled *out,
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
    segment->leaves_z = span_of(in->leaves_z);
    segment->texts_z = span_of(in->texts_z);
    return 0;
}

static int staged_read(const Qcdc__V1__Staged *in, struct frame_staged *out,
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

static int file_sizes_read(uint64_t offset, uint64_t total,
                           struct frame_attach *out, struct error *err)
{
    if (offset > ATTACHMENT_MAX || total > ATTACHMENT_MAX) {
        return error_set(err, ERR_LIMIT, "a file of more than %u bytes",
                         ATTACHMENT_MAX);
    }
    out->offset = offset;
    out->total = total;
    return 0;
}

static int attach_ask_read(const Qcdc__V1__AttachAsk *in,
                           struct frame_attach *out, struct error *err)
{
    int rc =
        fixed_read(in->file_hash, "file", &out->file, sizeof(out->file), err);

    out->max = in->max_bytes;
    return rc != 0 ? rc : file_sizes_read(in->offset, 0, out, err);
}

static int attach_chunk_read(const Qcdc__V1__AttachChunk *in,
                             struct frame_attach *out, struct error *err)
{
    int rc =
        fixed_read(in->file_hash, "file", &out->file, sizeof(out->file), err);

    rc = rc != 0 ? rc : file_sizes_read(in->offset, in->total_bytes, out, err);
    rc = rc != 0 ? rc
                 : bytes_read(in->bytes, "piece", ATTACHMENT_CHUNK, &out->bytes,
                              err);
    if (rc == 0 && out->offset + out->bytes.len > out->total) {
        rc = error_set(err, ERR_MALFORMED, "a piece beyond the file's end");
    }
    return rc;
}

static int attach_have_read(const Qcdc__V1__AttachHave *in,
                            struct frame_attach *out, struct error *err)
{
    int rc =
        fixed_read(in->file_hash, "file", &out->file, sizeof(out->file), err);

    return rc != 0 ? rc : file_sizes_read(0, in->total_bytes, out, err);
}

static int body_read(const Qcdc__V1__Frame *in, struct arena *arena,
                     struct frame *out, struct error *err)
{
    switch (in->body_case) {
    case QCDC__V1__FRAME__BODY__NOT_SET:
        out->kind = FRAME_NONE;
        return 0;
    case QCDC__V1__FRAME__BODY_HELLO:
        out->kind = FRAME_HELLO;
        return hello_read(in->hello, arena, &out->hello, err);
    case QCDC__V1__FRAME__BODY_OFFER:
        out->kind = FRAME_OFFER;
        out->offer.more = in->offer->more != 0;
        return heads_read(in->offer->heads, in->offer->n_heads, arena,
                          &out->offer.heads, &out->offer.heads_len, err);
    case QCDC__V1__FRAME__BODY_WANT:
        out->kind = FRAME_WANT;
        return want_read(in->want, arena, &out->want, err);
    case QCDC__V1__FRAME__BODY_BATCH:
        out->kind = FRAME_BATCH;
        return batch_read(in->batch, &out->batch, err);
    case QCDC__V1__FRAME__BODY_COSIGNED:
        out->kind = FRAME_COSIGNED;
        return cosigned_read(in->cosigned, arena, &out->cosigned, err);
    case QCDC__V1__FRAME__BODY_HELD:
        out->kind = FRAME_HELD;
        return held_read(in->held, &out->held, err);
    case QCDC__V1__FRAME__BODY_HEARD_ASK:
        out->kind = FRAME_HEARD_ASK;
        return heard_read(in->heard_ask, &out->heard_ask, err);
    case QCDC__V1__FRAME__BODY_DELIVERY:
        out->kind = FRAME_DELIVERY;
        return delivery_read(in->delivery, arena, &out->delivery, err);
    case QCDC__V1__FRAME__BODY_DELIVERY_ACK:
        out->kind = FRAME_DELIVERY_ACK;
        return number_read(in->delivery_ack->number, "number",
                           &out->delivery_ack, err);
    case QCDC__V1__FRAME__BODY_REFUSED:
        out->kind = FRAME_REFUSED;
        return refused_read(in->refused, &out->refused, err);
    case QCDC__V1__FRAME__BODY_JOIN_REQUEST:
        out->kind = FRAME_JOIN_REQUEST;
        return join_request_read(in->join_request, arena, &out->join_request,
                                 err);
    case QCDC__V1__FRAME__BODY_JOIN_ANSWER:
        out->kind = FRAME_JOIN_ANSWER;
        return join_answer_read(in->join_answer, &out->join_answer, err);
    case QCDC__V1__FRAME__BODY_PING:
        out->kind = FRAME_PING;
        out->ping = (struct frame_ping){.now_ms = in->ping->now_ms,
                                        .echo_ms = in->ping->echo_ms};
        return 0;
    case QCDC__V1__FRAME__BODY_MEND_ASK:
        out->kind = FRAME_MEND_ASK;
        return mend_ask_read(in->mend_ask, &out->mend_ask, err);
    case QCDC__V1__FRAME__BODY_MEND:
        out->kind = FRAME_MEND;
        return mend_read(in->mend, arena, &out->mend, err);
    case QCDC__V1__FRAME__BODY_SPOOLED:
        out->kind = FRAME_SPOOLED;
        return spooled_read(in->spooled, &out->spooled, err);
    case QCDC__V1__FRAME__BODY_STAGED:
        out->kind = FRAME_STAGED;
        return staged_read(in->staged, &out->staged, err);
    case QCDC__V1__FRAME__BODY_ATTACH_ASK:
        out->kind = FRAME_ATTACH_ASK;
        return attach_ask_read(in->attach_ask, &out->attach, err);
    case QCDC__V1__FRAME__BODY_ATTACH_CHUNK:
        out->kind = FRAME_ATTACH_CHUNK;
        return attach_chunk_read(in->attach_chunk, &out->attach, err);
    case QCDC__V1__FRAME__BODY_ATTACH_HAVE:
        out->kind = FRAME_ATTACH_HAVE;
        return attach_have_read(in->attach_have, &out->attach, err);
    case _QCDC__V1__FRAME__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return error_set(err, ERR_MALFORMED, "a frame of no kind");
}

int frame_decode(struct span bytes, struct arena *arena, struct frame *out,
                 struct error *err)
{
    struct frame frame = {0};
    ProtobufCMessage *message = NULL;
    size_t size = arena->size;
    int rc = 0;

    if (bytes.len > FRAME_MAX) {
        return error_set(err, ERR_LIMIT, "frame of %zu bytes", bytes.len);
    }
    /* One frame may amplify into FRAME_ARENA_MIN and no more, whatever else
     * the turn's arena has left. */
    if (arena->size - arena->used > FRAME_ARENA_MIN) {
        arena->size = arena->used + FRAME_ARENA_MIN;
    }
    rc = message_unpack(&qcdc__v1__frame__descriptor, bytes, arena, &message,
                        err);
    if (rc == 0) {
        const Qcdc__V1__Frame *in = (const Qcdc__V1__Frame *)message;

        frame.has_token = in->token.len != 0;
        if (frame.has_token) {
            rc = fixed_read(in->token, "token", &frame.token,
                            sizeof(frame.token), err);
        }
        if (rc == 0) {
            rc = body_read(in, arena, &frame, err);
        }
        if (rc != 0) {
            error_wrap(err, "%s", frame_name(frame.kind));
        }
    }
    arena->size = size;
    if (rc == 0) {
        *out = frame;
    }
    return rc;
}
