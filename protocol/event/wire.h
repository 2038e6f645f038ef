/* Strict protobuf: a reader of minimal encoding, and the check of a whole
 * message against its generated descriptor.
 *
 * Minimal = what protobuf-c itself would write: fields ascending, shortest
 * varints, no default value written, single fields once, repeated numbers
 * packed, nothing unknown. So equal meaning has equal bytes. Never allocates.
 * For protocol/ only; message_decode is how folds and duties read facts and
 * records (libraries.md B4: hostile input runs into the arena, not memory).
 */
#ifndef QCDC_PROTOCOL_EVENT_WIRE_H
#define QCDC_PROTOCOL_EVENT_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/error.h"
#include "protocol/base/span.h"

/* protobuf-c's own types, named here so that headers need not include it. */
struct ProtobufCMessageDescriptor;
struct ProtobufCMessage;

enum wire_kind {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

/* Walks one message; init with {.ptr, .end}. */
struct wire {
    const uint8_t *ptr;
    const uint8_t *end;
};

struct wire_field {
    uint32_t number;
    enum wire_kind kind;
    uint64_t value;    /* WIRE_VARINT */
    struct span bytes; /* WIRE_BYTES; borrows the message */
};

struct wire wire_of(struct span bytes);

/* Shortest-form varint. False (ptr undefined) at the end or if longer. */
bool wire_varint(struct wire *w, uint64_t *value) MUST_USE;

/* The next field. False if the bytes are no minimal varint or bytes field
 * (call only while ptr < end). */
bool wire_next(struct wire *w, struct wire_field *out) MUST_USE;

/* Writers, minimal by themselves: nothing is written for a zero value. */
void wire_put_varint(struct buf *b, uint64_t value);
void wire_put_number(struct buf *b, uint32_t field, uint64_t value);
void wire_put_bytes(struct buf *b, uint32_t field, struct span bytes);

/* ERR_MALFORMED naming the field if bytes are not the minimal encoding of a
 * message of this shape. */
int message_minimal(const struct ProtobufCMessageDescriptor *shape,
                    struct span bytes, struct error *err) MUST_USE;

/* message_minimal, then decoded into the arena (lives until it is reset; no
 * free). ERR_MALFORMED, or ERR_LIMIT when the arena is full. */
int message_decode(const struct ProtobufCMessageDescriptor *shape,
                   struct span bytes, struct arena *arena,
                   struct ProtobufCMessage **out, struct error *err) MUST_USE;

/* As message_decode for bytes that are our own (records): no strict check. */
int message_unpack(const struct ProtobufCMessageDescriptor *shape,
                   struct span bytes, struct arena *arena,
                   struct ProtobufCMessage **out, struct error *err) MUST_USE;

/* Packs into the arena or a buf. ERR_LIMIT when it does not fit. */
int message_pack(const struct ProtobufCMessage *message, struct arena *arena,
                 struct span *out, struct error *err) MUST_USE;
int message_put(const struct ProtobufCMessage *message, struct buf *out,
                struct error *err) MUST_USE;

#endif
