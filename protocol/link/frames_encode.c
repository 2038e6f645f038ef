/* protocol/link: frames to bytes.
 *
 * Owns nothing of its own: builds the generated message in the arena over the
 * caller's spans and packs it. Must never write what frames_decode.c would
 * refuse. One piece, however long: a maker a frame, and the one table of them
 * at the end. Next: link.h. */
#include "protocol/link/frames.h"

#include "protocol/event/body.h"
#include "protocol/event/wire.h"
#include "protocol/log/evidence.h"
#include "qcdc/v1/link.pb-c.h"

/* An arena that remembers; every make_* below returns NULL once it is full
 * and the whole fails with ERR_LIMIT at the end. */
struct maker {
    struct arena *arena;
    bool over; /* a cap, or the arena */
};

static void *maker_alloc(struct maker *m, size_t size)
{
    void *ptr = arena_alloc(m->arena, size);

    m->over = m->over || ptr == NULL;
    return ptr;
}

/* A message of this type with its defaults, or return NULL. */
#define MAKE(m, type, name, init)                                              \
    type *name = maker_alloc(m, sizeof(type));                                 \
    if (name == NULL) {                                                        \
        return NULL;                                                           \
    }                                                                          \
    *name = (type)init

/* `count` pointers; at least one so that NULL means full. */
static void *maker_list(struct maker *m, size_t count, size_t max)
{
    if (count > max) {
        m->over = true;
        return NULL;
    }
    return maker_alloc(m, (count == 0 ? 1 : count) * sizeof(void *));
}

/* protobuf-c takes pointers that are not const and does not write. */
static ProtobufCBinaryData data_of(struct maker *m, struct span bytes,
                                   size_t max)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } ptr = {.in = bytes.ptr};

    m->over = m->over || bytes.len > max;
    return (ProtobufCBinaryData){.len = bytes.len, .data = ptr.out};
}

#define DATA_FIXED(m, object) data_of(m, SPAN_OF(object), sizeof(object))

static ProtobufCBinaryData root_data(struct maker *m,
                                     const struct merkle_head *head)
{
    return head->size == 0 ? (ProtobufCBinaryData){0, NULL}
                           : DATA_FIXED(m, head->root);
}

/* ---- parts ---- */

static Qcdc__V1__Origin *origin_make(struct maker *m, const struct origin *in)
{
    MAKE(m, Qcdc__V1__Origin, out, QCDC__V1__ORIGIN__INIT);
    out->node = in->node;
    out->epoch = in->epoch;
    out->dir = in->dir;
    return out;
}

static Qcdc__V1__Seen *seen_make(struct maker *m, const struct frame_seen *in)
{
    MAKE(m, Qcdc__V1__Seen, out, QCDC__V1__SEEN__INIT);
    out->size = in->head.size;
    out->root_hash = root_data(m, &in->head);
    out->line = DATA_FIXED(m, in->line);
    return out;
}

static Qcdc__V1__Head *head_make(struct maker *m, const struct frame_head *in)
{
    MAKE(m, Qcdc__V1__Head, out, QCDC__V1__HEAD__INIT);
    out->origin = origin_make(m, &in->origin);
    out->size = in->head.size;
    out->root_hash = root_data(m, &in->head);
    out->note = data_of(m, in->note, CHECKPOINT_NOTE_MAX);
    out->cosigs = in->cosigs;
    out->seen = in->seen.has ? seen_make(m, &in->seen) : NULL;
    return out;
}

static Qcdc__V1__Head **heads_make(struct maker *m,
                                   const struct frame_head *heads, size_t len)
{
    Qcdc__V1__Head **list = maker_list(m, len, FRAME_HEADS_MAX);

    for (size_t i = 0; list != NULL && i < len; i++) {
        list[i] = head_make(m, &heads[i]);
        if (list[i] == NULL) {
            return NULL;
        }
    }
    return list;
}

static Qcdc__V1__GuardCosig *cosig_make(struct maker *m,
                                        const struct guard_cosig *in)
{
    MAKE(m, Qcdc__V1__GuardCosig, out, QCDC__V1__GUARD_COSIG__INIT);
    out->size = in->head.size;
    out->root_hash = root_data(m, &in->head);
    out->line = DATA_FIXED(m, in->line);
    if (in->has_heard) {
        out->heard = DATA_FIXED(m, in->heard);
    }
    return out;
}

/* ---- bodies ---- */

static Qcdc__V1__Hello *hello_make(struct maker *m,
                                   const struct frame_hello *in)
{
    MAKE(m, Qcdc__V1__Hello, out, QCDC__V1__HELLO__INIT);
    out->version_min = in->version_min;
    out->version_max = in->version_max;
    out->features = in->features;
    out->realm = data_of(m, in->realm, REALM_MAX);
    out->node = in->node;
    out->now_ms = in->now_ms;
    out->session_id = DATA_FIXED(m, in->session);
    if (in->has_token) {
        out->token = DATA_FIXED(m, in->token);
    }
    out->unfenced = in->unfenced;
    out->software = data_of(m, in->software, FRAME_SOFTWARE_MAX);
    out->heads = heads_make(m, in->heads, in->heads_len);
    out->n_heads = in->heads_len;
    out->more = in->more;
    out->deliveries = in->deliveries;
    out->restored = in->restored;
    if (in->has_queue) {
        out->queue = DATA_FIXED(m, in->queue);
    }
    return out;
}

static Qcdc__V1__Offer *offer_make(struct maker *m,
                                   const struct frame_offer *in)
{
    MAKE(m, Qcdc__V1__Offer, out, QCDC__V1__OFFER__INIT);
    out->heads = heads_make(m, in->heads, in->heads_len);
    out->n_heads = in->heads_len;
    out->more = in->more;
    return out;
}

static Qcdc__V1__Pull *pull_make(struct maker *m, const struct frame_pull *in)
{
    MAKE(m, Qcdc__V1__Pull, out, QCDC__V1__PULL__INIT);
    out->origin = origin_make(m, &in->origin);
    out->held = in->held;
    out->cosigs = in->cosigs;
    out->begin = in->begin;
    out->hold = in->hold;
    return out;
}

static Qcdc__V1__Want *want_make(struct maker *m, const struct frame_want *in)
{
    MAKE(m, Qcdc__V1__Want, out, QCDC__V1__WANT__INIT);
    out->credit_bytes = in->credit_bytes;
    out->pulls = maker_list(m, in->pulls_len, FRAME_PULLS_MAX);
    out->n_pulls = in->pulls_len;
    for (size_t i = 0; out->pulls != NULL && i < in->pulls_len; i++) {
        out->pulls[i] = pull_make(m, &in->pulls[i]);
        if (out->pulls[i] == NULL) {
            return NULL;
        }
    }
    return out;
}

static Qcdc__V1__Batch *batch_make(struct maker *m,
                                   const struct frame_batch *in)
{
    MAKE(m, Qcdc__V1__Batch, out, QCDC__V1__BATCH__INIT);
    out->origin = origin_make(m, &in->origin);
    out->first = in->segment.first;
    out->count = in->segment.count;
    out->note = data_of(m, in->segment.note, CHECKPOINT_NOTE_MAX);
    out->leaves_z = data_of(m, in->segment.leaves_z, FRAME_MAX);
    out->texts_z = data_of(m, in->segment.texts_z, FRAME_MAX);
    out->privates = data_of(m, in->segment.privates, BATCH_PRIVATE_MAX);
    out->absent = data_of(m, in->segment.absent,
                          (size_t)3 * BODIES_MAX * BATCH_EVENTS_MAX);
    out->more = in->more;
    return out;
}

static Qcdc__V1__Cosigned *cosigned_make(struct maker *m,
                                         const struct frame_cosigned *in)
{
    MAKE(m, Qcdc__V1__Cosigned, out, QCDC__V1__COSIGNED__INIT);
    out->origin = origin_make(m, &in->origin);
    out->first = in->first;
    out->cosigs = maker_list(m, in->cosigs_len, FRAME_COSIGS_MAX);
    out->n_cosigs = in->cosigs_len;
    for (size_t i = 0; out->cosigs != NULL && i < in->cosigs_len; i++) {
        out->cosigs[i] = cosig_make(m, &in->cosigs[i]);
        if (out->cosigs[i] == NULL) {
            return NULL;
        }
    }
    return out;
}

static Qcdc__V1__Held *held_make(struct maker *m, const struct frame_held *in)
{
    MAKE(m, Qcdc__V1__Held, out, QCDC__V1__HELD__INIT);
    out->origin = origin_make(m, &in->origin);
    out->node = in->node;
    out->size = in->head.size;
    out->root_hash = root_data(m, &in->head);
    out->line = DATA_FIXED(m, in->line);
    return out;
}

static Qcdc__V1__HeardAsk *heard_make(struct maker *m,
                                      const struct frame_heard_ask *in)
{
    MAKE(m, Qcdc__V1__HeardAsk, out, QCDC__V1__HEARD_ASK__INIT);
    out->origin = origin_make(m, &in->origin);
    out->cosigs = in->cosigs;
    out->signature = DATA_FIXED(m, in->signature);
    return out;
}

static Qcdc__V1__Certificate *
certificate_make(struct maker *m, const struct frame_certificate *in)
{
    MAKE(m, Qcdc__V1__Certificate, out, QCDC__V1__CERTIFICATE__INIT);
    out->origin = origin_make(m, &in->origin);
    out->index = in->index;
    out->leaf = data_of(m, in->leaf, LEAF_MAX);
    out->proof = data_of(m, in->proof, FRAME_PROOF_MAX);
    return out;
}

static Qcdc__V1__Delivery *delivery_make(struct maker *m,
                                         const struct frame_delivery *in)
{
    MAKE(m, Qcdc__V1__Delivery, out, QCDC__V1__DELIVERY__INIT);
    out->number = in->number;
    out->to_node = in->to_node;
    out->origin = origin_make(m, &in->origin);
    out->index = in->index;
    out->leaf = data_of(m, in->leaf, LEAF_MAX);
    out->bodies = data_of(m, in->bodies, (size_t)3 * BODY_WIRE_MAX);
    out->proof = data_of(m, in->proof, FRAME_PROOF_MAX);
    out->cover_number = in->cover_number;
    out->cover = in->has_cover ? cosig_make(m, &in->cover) : NULL;
    out->quoted = in->has_quoted ? cosig_make(m, &in->quoted) : NULL;
    out->certificates =
        maker_list(m, in->certificates_len, FRAME_CERTIFICATES_MAX);
    out->n_certificates = in->certificates_len;
    for (size_t i = 0; out->certificates != NULL && i < in->certificates_len;
         i++) {
        out->certificates[i] = certificate_make(m, &in->certificates[i]);
        if (out->certificates[i] == NULL) {
            return NULL;
        }
    }
    return out;
}

static Qcdc__V1__DeliveryAck *ack_make(struct maker *m, uint64_t number)
{
    MAKE(m, Qcdc__V1__DeliveryAck, out, QCDC__V1__DELIVERY_ACK__INIT);
    out->number = number;
    return out;
}

static Qcdc__V1__Refused *refused_make(struct maker *m,
                                       const struct frame_refused *in)
{
    MAKE(m, Qcdc__V1__Refused, out, QCDC__V1__REFUSED__INIT);
    out->reason = in->reason;
    out->origin = in->has_origin ? origin_make(m, &in->origin) : NULL;
    out->text = data_of(m, in->text, FRAME_TEXT_MAX);
    out->evidence = data_of(m, in->evidence, EVIDENCE_TEXT_MAX);
    return out;
}

static Qcdc__V1__JoinRequest *
join_request_make(struct maker *m, const struct frame_join_request *in)
{
    size_t count = in->signatures.len / 64;

    MAKE(m, Qcdc__V1__JoinRequest, out, QCDC__V1__JOIN_REQUEST__INIT);
    out->request = data_of(m, in->request, JOIN_REQUEST_MAX);
    if (count > FRAME_SIGNATURES_MAX || in->signatures.len % 64 != 0) {
        m->over = true;
        return NULL;
    }
    out->signatures = maker_alloc(m, (count + 1) * sizeof(ProtobufCBinaryData));
    out->n_signatures = count;
    for (size_t i = 0; out->signatures != NULL && i < count; i++) {
        out->signatures[i] =
            data_of(m, span_slice(in->signatures, 64 * i, 64), 64);
    }
    return out;
}

static Qcdc__V1__JoinAnswer *
join_answer_make(struct maker *m, const struct frame_join_answer *in)
{
    MAKE(m, Qcdc__V1__JoinAnswer, out, QCDC__V1__JOIN_ANSWER__INIT);
    out->status = (uint32_t)in->status;
    out->text = data_of(m, in->text, FRAME_TEXT_MAX);
    return out;
}

static Qcdc__V1__Ping *ping_make(struct maker *m, const struct frame_ping *in)
{
    MAKE(m, Qcdc__V1__Ping, out, QCDC__V1__PING__INIT);
    out->now_ms = in->now_ms;
    out->echo_ms = in->echo_ms;
    return out;
}

static Qcdc__V1__Successor *successor_make(struct maker *m, struct span leaf)
{
    MAKE(m, Qcdc__V1__Successor, out, QCDC__V1__SUCCESSOR__INIT);
    m->over = m->over || leaf.len == 0;
    out->leaf = data_of(m, leaf, LEAF_MAX);
    return out;
}

static Qcdc__V1__MendAsk *mend_ask_make(struct maker *m,
                                        const struct frame_mend_ask *in)
{
    MAKE(m, Qcdc__V1__MendAsk, out, QCDC__V1__MEND_ASK__INIT);
    out->origin = origin_make(m, &in->origin);
    out->first = in->first;
    out->cosig = in->cosig;
    return out;
}

static Qcdc__V1__Mend *mend_make(struct maker *m, const struct frame_mend *in)
{
    MAKE(m, Qcdc__V1__Mend, out, QCDC__V1__MEND__INIT);
    out->origin = origin_make(m, &in->origin);
    out->batch = in->has_batch ? batch_make(m, &in->batch) : NULL;
    out->cosigned = in->has_cosigned ? cosigned_make(m, &in->cosigned) : NULL;
    return out;
}

static Qcdc__V1__Spooled *spooled_make(struct maker *m,
                                       const struct frame_spooled *in)
{
    MAKE(m, Qcdc__V1__Spooled, out, QCDC__V1__SPOOLED__INIT);
    out->origin = origin_make(m, &in->origin);
    out->count = in->segment.count;
    out->leaves_z = data_of(m, in->segment.leaves_z, FRAME_MAX);
    out->texts_z = data_of(m, in->segment.texts_z, FRAME_MAX);
    out->privates = data_of(m, in->segment.privates, BATCH_PRIVATE_MAX);
    out->absent = data_of(m, in->segment.absent,
                          (size_t)3 * BODIES_MAX * BATCH_EVENTS_MAX);
    out->wanted = data_of(m, in->wanted, (size_t)16 * FRAME_STAGED_MAX);
    return out;
}

static Qcdc__V1__Staged *staged_make(struct maker *m,
                                     const struct frame_staged *in)
{
    MAKE(m, Qcdc__V1__Staged, out, QCDC__V1__STAGED__INIT);
    out->origin = origin_make(m, &in->origin);
    out->size = in->head.size;
    out->root_hash = root_data(m, &in->head);
    out->ids = data_of(m, in->ids, (size_t)16 * FRAME_STAGED_MAX);
    out->signature = DATA_FIXED(m, in->signature);
    return out;
}

static Qcdc__V1__AttachAsk *attach_ask_make(struct maker *m,
                                            const struct frame_attach *in)
{
    MAKE(m, Qcdc__V1__AttachAsk, out, QCDC__V1__ATTACH_ASK__INIT);
    out->file_hash = DATA_FIXED(m, in->file);
    out->offset = in->offset;
    out->max_bytes = in->max;
    return out;
}

static Qcdc__V1__AttachChunk *attach_chunk_make(struct maker *m,
                                                const struct frame_attach *in)
{
    MAKE(m, Qcdc__V1__AttachChunk, out, QCDC__V1__ATTACH_CHUNK__INIT);
    out->file_hash = DATA_FIXED(m, in->file);
    out->offset = in->offset;
    out->total_bytes = in->total;
    out->bytes = data_of(m, in->bytes, ATTACHMENT_CHUNK);
    return out;
}

static Qcdc__V1__AttachHave *attach_have_make(struct maker *m,
                                              const struct frame_attach *in)
{
    MAKE(m, Qcdc__V1__AttachHave, out, QCDC__V1__ATTACH_HAVE__INIT);
    out->file_hash = DATA_FIXED(m, in->file);
    out->total_bytes = in->total;
    return out;
}

static Qcdc__V1__BodyAsk *body_ask_make(struct maker *m,
                                        const struct frame_body *in)
{
    MAKE(m, Qcdc__V1__BodyAsk, out, QCDC__V1__BODY_ASK__INIT);
    out->event_id = DATA_FIXED(m, in->event);
    return out;
}

static Qcdc__V1__BodyGive *body_give_make(struct maker *m,
                                          const struct frame_body *in)
{
    MAKE(m, Qcdc__V1__BodyGive, out, QCDC__V1__BODY_GIVE__INIT);
    out->event_id = DATA_FIXED(m, in->event);
    out->bodies = data_of(m, in->bodies, BODY_WIRE_MAX);
    out->erased = in->erased;
    return out;
}

/* One row a frame: which body, and what makes it. */
#define BODY(NAME, field, make)                                                \
    out->body_case = QCDC__V1__FRAME__BODY_##NAME;                             \
    out->field = (make);                                                       \
    return

static void body_make(struct maker *m, const struct frame *in,
                      Qcdc__V1__Frame *out)
{
    switch (in->kind) {
    case FRAME_NONE:
    case FRAME_KINDS:
        m->over = true;
        return;
    case FRAME_HELLO:
        BODY(HELLO, hello, hello_make(m, &in->hello));
    case FRAME_OFFER:
        BODY(OFFER, offer, offer_make(m, &in->offer));
    case FRAME_WANT:
        BODY(WANT, want, want_make(m, &in->want));
    case FRAME_BATCH:
        BODY(BATCH, batch, batch_make(m, &in->batch));
    case FRAME_COSIGNED:
        BODY(COSIGNED, cosigned, cosigned_make(m, &in->cosigned));
    case FRAME_HELD:
        BODY(HELD, held, held_make(m, &in->held));
    case FRAME_HEARD_ASK:
        BODY(HEARD_ASK, heard_ask, heard_make(m, &in->heard_ask));
    case FRAME_DELIVERY:
        BODY(DELIVERY, delivery, delivery_make(m, &in->delivery));
    case FRAME_DELIVERY_ACK:
        BODY(DELIVERY_ACK, delivery_ack, ack_make(m, in->delivery_ack));
    case FRAME_REFUSED:
        BODY(REFUSED, refused, refused_make(m, &in->refused));
    case FRAME_JOIN_REQUEST:
        BODY(JOIN_REQUEST, join_request,
             join_request_make(m, &in->join_request));
    case FRAME_JOIN_ANSWER:
        BODY(JOIN_ANSWER, join_answer, join_answer_make(m, &in->join_answer));
    case FRAME_PING:
        BODY(PING, ping, ping_make(m, &in->ping));
    case FRAME_MEND_ASK:
        BODY(MEND_ASK, mend_ask, mend_ask_make(m, &in->mend_ask));
    case FRAME_MEND:
        BODY(MEND, mend, mend_make(m, &in->mend));
    case FRAME_SPOOLED:
        BODY(SPOOLED, spooled, spooled_make(m, &in->spooled));
    case FRAME_STAGED:
        BODY(STAGED, staged, staged_make(m, &in->staged));
    case FRAME_ATTACH_ASK:
        BODY(ATTACH_ASK, attach_ask, attach_ask_make(m, &in->attach));
    case FRAME_ATTACH_CHUNK:
        BODY(ATTACH_CHUNK, attach_chunk, attach_chunk_make(m, &in->attach));
    case FRAME_ATTACH_HAVE:
        BODY(ATTACH_HAVE, attach_have, attach_have_make(m, &in->attach));
    case FRAME_SUCCESSOR:
        BODY(SUCCESSOR, successor, successor_make(m, in->successor));
    case FRAME_BODY_ASK:
        BODY(BODY_ASK, body_ask, body_ask_make(m, &in->body));
    case FRAME_BODY_GIVE:
        BODY(BODY_GIVE, body_give, body_give_make(m, &in->body));
    }
}

static int message_make(const struct frame *frame, struct arena *arena,
                        Qcdc__V1__Frame *message, struct error *err)
{
    struct maker maker = {.arena = arena};

    if (frame->has_token) {
        message->token = DATA_FIXED(&maker, frame->token);
    }
    body_make(&maker, frame, message);
    if (maker.over) {
        return error_set(err, ERR_LIMIT, "a %s frame beyond its limits",
                         frame_name(frame->kind));
    }
    if (protobuf_c_message_get_packed_size(&message->base) > FRAME_MAX) {
        return error_set(err, ERR_LIMIT, "a %s frame of more than %u bytes",
                         frame_name(frame->kind), FRAME_MAX);
    }
    return 0;
}

int frame_encode(const struct frame *frame, struct arena *arena,
                 struct buf *out, struct error *err)
{
    Qcdc__V1__Frame message = QCDC__V1__FRAME__INIT;
    size_t mark = arena->used;
    int rc = message_make(frame, arena, &message, err);

    if (rc == 0) {
        rc = message_put(&message.base, out, err);
    }
    arena_rewind(arena, mark);
    return rc;
}

int frame_pack(const struct frame *frame, struct arena *arena, struct span *out,
               struct error *err)
{
    Qcdc__V1__Frame message = QCDC__V1__FRAME__INIT;
    int rc = message_make(frame, arena, &message, err);

    return rc == 0 ? message_pack(&message.base, arena, out, err) : rc;
}
