/* protocol/link: frames from bytes.
 *
 * Owns the caps on what a peer may say. Must never let a generated type out,
 * or a length, count or number that was not looked at (libraries.md B4).
 * Unknown fields are ignored: a newer peer may add some. Next: frames_read.c
 * (fields), frames_decode_logs.c (what carries leaves), frames_encode.c. */
#include "protocol/link/frames_internal.h"

#include "protocol/event/body.h"
#include "protocol/event/wire.h"
#include "protocol/log/evidence.h"

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
        pulls[i].hold = pull->hold != 0;
    }
    out->pulls = pulls;
    out->pulls_len = in->n_pulls;
    return 0;
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

static int successor_read(const Qcdc__V1__Successor *in, struct span *out,
                          struct error *err)
{
    if (in->leaf.len == 0 || in->leaf.len > LEAF_MAX) {
        return error_set(err, ERR_MALFORMED, "leaf of %zu bytes", in->leaf.len);
    }
    *out = span_make(in->leaf.data, in->leaf.len);
    return 0;
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

static int body_ask_read(const Qcdc__V1__BodyAsk *in, struct frame_body *out,
                         struct error *err)
{
    return fixed_read(in->event_id, "event", &out->event, sizeof(out->event),
                      err);
}

static int body_give_read(const Qcdc__V1__BodyGive *in, struct frame_body *out,
                          struct error *err)
{
    size_t count = 0;
    int rc =
        fixed_read(in->event_id, "event", &out->event, sizeof(out->event), err);

    rc = rc != 0 ? rc
                 : bytes_read(in->bodies, "bodies", BODY_WIRE_MAX, &out->bodies,
                              err);
    rc = rc != 0 ? rc : body_list_check(out->bodies, &count, err);
    if (rc == 0 && (count > 1 || (count == 1 && in->erased))) {
        rc = error_set(err, ERR_MALFORMED, "a body given twice, or erased");
    }
    out->erased = in->erased != 0;
    return rc;
}

static int offer_read(const Qcdc__V1__Offer *in, struct arena *arena,
                      struct frame_offer *out, struct error *err)
{
    out->more = in->more != 0;
    return heads_read(in->heads, in->n_heads, arena, &out->heads,
                      &out->heads_len, err);
}

static int ping_read(const Qcdc__V1__Ping *in, struct frame_ping *out)
{
    *out = (struct frame_ping){.now_ms = in->now_ms, .echo_ms = in->echo_ms};
    return 0;
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
        return offer_read(in->offer, arena, &out->offer, err);
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
        return ping_read(in->ping, &out->ping);
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
    case QCDC__V1__FRAME__BODY_SUCCESSOR:
        out->kind = FRAME_SUCCESSOR;
        return successor_read(in->successor, &out->successor, err);
    case QCDC__V1__FRAME__BODY_BODY_ASK:
        out->kind = FRAME_BODY_ASK;
        return body_ask_read(in->body_ask, &out->body, err);
    case QCDC__V1__FRAME__BODY_BODY_GIVE:
        out->kind = FRAME_BODY_GIVE;
        return body_give_read(in->body_give, &out->body, err);
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
