/* What the files that read and write frames share: of frames_*.c only, for
 * generated types must not get out (protocol/link/frames.h is the door).
 */
#ifndef QCDC_PROTOCOL_LINK_FRAMES_INTERNAL_H
#define QCDC_PROTOCOL_LINK_FRAMES_INTERNAL_H

#include "protocol/link/frames.h"
#include "qcdc/v1/link.pb-c.h"

/* ---- frames_read.c: fields from bytes; `what` names them in the error ---- */

struct span data_span(ProtobufCBinaryData data);
/* Below 2^63: a store's number. */
int number_read(uint64_t value, const char *what, uint64_t *out,
                struct error *err) MUST_USE;
/* Exactly `size` bytes, copied out. */
int fixed_read(ProtobufCBinaryData data, const char *what, void *out,
               size_t size, struct error *err) MUST_USE;
/* At most `max` bytes, borrowed of the message. */
int bytes_read(ProtobufCBinaryData data, const char *what, size_t max,
               struct span *out, struct error *err) MUST_USE;
/* ... of UTF-8. */
int text_read(ProtobufCBinaryData data, const char *what, size_t max,
              struct span *out, struct error *err) MUST_USE;
int count_check(size_t count, const char *what, size_t max,
                struct error *err) MUST_USE;
int origin_read(const Qcdc__V1__Origin *in, struct origin *out,
                struct error *err) MUST_USE;
int head_read(uint64_t size, ProtobufCBinaryData root, struct merkle_head *out,
              struct error *err) MUST_USE;
int heads_read(Qcdc__V1__Head **in, size_t count, struct arena *arena,
               const struct frame_head **out, size_t *out_len,
               struct error *err) MUST_USE;

/* ---- frames_decode_logs.c: bodies that carry leaves or signatures ---- */

int batch_read(const Qcdc__V1__Batch *in, struct frame_batch *out,
               struct error *err) MUST_USE;
int cosigned_read(const Qcdc__V1__Cosigned *in, struct arena *arena,
                  struct frame_cosigned *out, struct error *err) MUST_USE;
int held_read(const Qcdc__V1__Held *in, struct frame_held *out,
              struct error *err) MUST_USE;
int heard_read(const Qcdc__V1__HeardAsk *in, struct frame_heard_ask *out,
               struct error *err) MUST_USE;
int delivery_read(const Qcdc__V1__Delivery *in, struct arena *arena,
                  struct frame_delivery *out, struct error *err) MUST_USE;
int mend_ask_read(const Qcdc__V1__MendAsk *in, struct frame_mend_ask *out,
                  struct error *err) MUST_USE;
int mend_read(const Qcdc__V1__Mend *in, struct arena *arena,
              struct frame_mend *out, struct error *err) MUST_USE;
int spooled_read(const Qcdc__V1__Spooled *in, struct frame_spooled *out,
                 struct error *err) MUST_USE;
int staged_read(const Qcdc__V1__Staged *in, struct frame_staged *out,
                struct error *err) MUST_USE;

#endif
