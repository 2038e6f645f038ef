/* protocol/record: descriptors of the packed records.
 * Owns one table; decodes nothing itself. */
#include "protocol/record/shape.h"

#include "qcdc/v1/record.pb-c.h"

const struct ProtobufCMessageDescriptor *record_shape(enum record_kind kind)
{
    switch (kind) {
    case RECORD_PETITION:
        return &qcdc__v1__petition_record__descriptor;
    case RECORD_DIALOGUE:
        return &qcdc__v1__dialogue_record__descriptor;
    case RECORD_PLAN:
        return &qcdc__v1__plan_record__descriptor;
    case RECORD_REPORT:
        return &qcdc__v1__report_record__descriptor;
    case RECORD_NOTICE:
        return &qcdc__v1__nothing_record__descriptor;
    case RECORD_NONE:
        break;
    }
    return NULL;
}
