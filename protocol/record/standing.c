/* protocol/record: the names of standings, and the proof that our numbers are
 * the schema's. Owns nothing. */
#include "protocol/record/standing.h"

#include "qcdc/v1/record.pb-c.h"

#define SAME(name)                                                             \
    _Static_assert((int)STANDING_##name ==                                     \
                       (int)QCDC__V1__STANDING__STANDING_##name,               \
                   "standing.h and record.proto must agree")

SAME(EFFECTIVE);
SAME(WAITING);
SAME(BAD_SIGNATURE);
SAME(NO_RIGHT);
SAME(NOT_UNDERSTOOD);
SAME(INVALID);
SAME(WRONG_LOG);
SAME(FUTURE);
SAME(AFTER_BRACKET);
SAME(CONTRADICTS);
SAME(NOT_PARTY);
SAME(REPEATED);
SAME(NEEDS_APPROVAL);
SAME(VOIDED);
SAME(AFTER_END);

const char *standing_name(enum standing standing)
{
    switch (standing) {
    case STANDING_EFFECTIVE:
        return "effective";
    case STANDING_WAITING:
        return "waiting";
    case STANDING_BAD_SIGNATURE:
        return "bad signature";
    case STANDING_NO_RIGHT:
        return "no right";
    case STANDING_NOT_UNDERSTOOD:
        return "not understood";
    case STANDING_INVALID:
        return "invalid";
    case STANDING_WRONG_LOG:
        return "wrong log";
    case STANDING_FUTURE:
        return "in the future";
    case STANDING_AFTER_BRACKET:
        return "after its bracket";
    case STANDING_CONTRADICTS:
        return "contradicts the record";
    case STANDING_NOT_PARTY:
        return "not a party";
    case STANDING_REPEATED:
        return "repeated";
    case STANDING_NEEDS_APPROVAL:
        return "needs approval";
    case STANDING_VOIDED:
        return "voided";
    case STANDING_AFTER_END:
        return "after the end of its log";
    }
    return "unknown";
}
