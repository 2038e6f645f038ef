/* The message of record.proto that a record of each kind is packed as, for
 * facts_visit_as: how rooms that see no generated types read a record. */
#ifndef QCDC_PROTOCOL_RECORD_SHAPE_H
#define QCDC_PROTOCOL_RECORD_SHAPE_H

#include "protocol/record/fold.h"

struct ProtobufCMessageDescriptor;

/* NULL for RECORD_NONE and what is no kind. */
const struct ProtobufCMessageDescriptor *record_shape(enum record_kind kind);

#endif
