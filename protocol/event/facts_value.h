/* Single values of facts, text to bytes and back. For facts*.c only. */
#ifndef QCDC_PROTOCOL_EVENT_FACTS_VALUE_H
#define QCDC_PROTOCOL_EVENT_FACTS_VALUE_H

#include "protocol/event/facts.h"
#include "protocol/event/shape.h"

/* Takes the part before the next `by` off *text; false when nothing is left.
 * A trailing separator makes no empty part. */
bool value_split(struct span *text, char by, struct span *part);

/* A number, day, bool or enum. ERR_USAGE naming path, value, expectation. */
int value_number(const ProtobufCFieldDescriptor *field, const char *path,
                 struct span text, uint64_t *out, struct error *err) MUST_USE;

/* Appends the bytes of an id, hash, key or text. As above; a full buf shows
 * only in its flag. */
int value_bytes(const ProtobufCFieldDescriptor *field, const char *path,
                struct span text, const struct facts_resolver *resolver,
                struct buf *out, struct error *err) MUST_USE;

/* Appends the text of a number, day, bool or enum. */
void value_format(const ProtobufCFieldDescriptor *field, uint64_t number,
                  struct buf *out);

/* What is expected: "one of counter, post", "a date as 2024-03-01". */
void value_expected(const ProtobufCFieldDescriptor *field, struct buf *out);

#endif
