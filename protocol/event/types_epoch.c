/* protocol/event: rules of the types that end an epoch of a log, begin the next
 * one, and void what a wrong clock bounded (tlog.md section 3.4).
 *
 * Whether the issuer had the right, and whether the refs fit, is the
 * directory's question (protocol/record/directory_epoch.c).
 */
#include "protocol/event/rules.h"

#include <string.h>

#include "protocol/log/merkle.h"

RULES_OF(epoch_closed)
{
    const Qcdc__V1__EpochClosed *m = (const Qcdc__V1__EpochClosed *)message;
    struct hash none = merkle_empty_root();

    (void)header;
    if (rules_need(m->node, "node", err) != 0 ||
        rules_need(m->epoch, "epoch", err) != 0 ||
        rules_need(m->reason, "reason", err) != 0 ||
        rules_need(m->root_hash.len, "root_hash", err) != 0) {
        return err->code;
    }
    if (m->size == 0 && memcmp(m->root_hash.data, none.bytes, 32) != 0) {
        return rules_refuse(err, "root_hash",
                            "an empty log has the root of no leaves");
    }
    return 0;
}

RULES_OF(epoch_opened)
{
    const Qcdc__V1__EpochOpened *m = (const Qcdc__V1__EpochOpened *)message;
    struct sign_public key;

    (void)header;
    if (rules_need(m->node, "node", err) != 0 ||
        rules_need(m->log_key.len, "log_key", err) != 0) {
        return err->code;
    }
    if (m->epoch < 2) {
        return rules_refuse(err, "epoch", "the first one needs no opening");
    }
    memcpy(key.bytes, m->log_key.data, sizeof(key.bytes));
    return sign_public_valid(&key)
               ? 0
               : rules_refuse(err, "log_key", "is no usable Ed25519 key");
}

RULES_OF(clock_fault)
{
    const Qcdc__V1__ClockFault *m = (const Qcdc__V1__ClockFault *)message;

    (void)header;
    if (rules_need(m->node, "node", err) != 0 ||
        rules_need(m->from_s, "from_s", err) != 0) {
        return err->code;
    }
    return m->until_s >= m->from_s
               ? 0
               : rules_refuse(err, "until_s", "is before from_s");
}
