/* protocol/event: rules of the types that change the tree: reorganisation,
 * custody, the end of a log, barred actors.
 *
 * Here is only what one event must state by itself. Whether its issuer is the
 * common superior, and what an earlier one said, is the directory's question
 * (protocol/record/directory_tree.c).
 */
#include <stdio.h>
#include <string.h>

#include "protocol/event/rules.h"

static bool is_heir(const Qcdc__V1__UnitsReorganised *m, uint32_t from)
{
    for (size_t i = 0; i < m->n_heirs; i++) {
        if (m->heirs[i]->from == from) {
            return true;
        }
    }
    return false;
}

/* Rows of one old unit: how many, how many take the rest, the pair twice. */
struct old_unit {
    size_t heirs;
    size_t rests;
    bool twice;
};

static struct old_unit old_unit(const Qcdc__V1__UnitsReorganised *m,
                                const Qcdc__V1__Heir *row)
{
    struct old_unit found = {0};
    size_t same = 0;

    for (size_t i = 0; i < m->n_heirs; i++) {
        if (m->heirs[i]->from == row->from) {
            found.heirs++;
            found.rests += m->heirs[i]->rest ? 1 : 0;
            same += m->heirs[i]->to == row->to ? 1 : 0;
        }
    }
    found.twice = same > 1;
    return found;
}

RULES_OF(units_reorganised)
{
    const Qcdc__V1__UnitsReorganised *m =
        (const Qcdc__V1__UnitsReorganised *)message;
    bool splits = false;
    char path[48];

    (void)header;
    if (rules_need(m->kind, "kind", err) != 0 ||
        rules_need(m->from_day, "from_day", err) != 0 ||
        rules_need(m->n_heirs, "heirs", err) != 0 ||
        rules_count(m->n_heirs, HEIRS_MAX, "heirs", err) != 0 ||
        rules_document(m->decision, "decision", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < m->n_heirs; i++) {
        const Qcdc__V1__Heir *row = m->heirs[i];
        struct old_unit old = old_unit(m, row);

        snprintf(path, sizeof(path), "heirs[%zu]", i);
        if (row->from == 0 || row->to == 0) {
            return rules_refuse(err, path, "from and to must be stated");
        }
        if (is_heir(m, row->to)) {
            return rules_refuse(err, path,
                                "a unit that ends here is nobody's heir");
        }
        if (old.twice) {
            return rules_refuse(err, path, "the same heir stands twice");
        }
        if (old.heirs > 1 && old.rests != 1) {
            return rules_refuse(err, path,
                                "of several heirs one takes the rest");
        }
        splits = splits || old.heirs > 1;
    }
    if (m->kind == QCDC__V1__REORGANISATION__REORGANISATION_SPLIT && !splits) {
        return rules_refuse(err, "kind", "a split has a unit with two heirs");
    }
    return 0;
}

RULES_OF(custody_transferred)
{
    const Qcdc__V1__CustodyTransferred *m =
        (const Qcdc__V1__CustodyTransferred *)message;
    char path[48];

    (void)header;
    if (rules_need(m->from, "from", err) != 0 ||
        rules_need(m->to, "to", err) != 0 ||
        rules_need(m->from_day, "from_day", err) != 0 ||
        rules_count(m->n_subject_ids, CUSTODY_IDS_MAX, "subject_ids", err) !=
            0 ||
        rules_document(m->decision, "decision", err) != 0) {
        return err->code;
    }
    if (m->from == m->to) {
        return rules_refuse(err, "to", "is the unit that has them already");
    }
    for (size_t i = 0; i < m->n_subject_ids; i++) {
        snprintf(path, sizeof(path), "subject_ids[%zu]", i);
        if (m->subject_ids[i].len != sizeof(struct event_id)) {
            return rules_refuse(err, path, "must be stated");
        }
        /* Ascending: each once, and found by halving. */
        if (i > 0 && memcmp(m->subject_ids[i - 1].data, m->subject_ids[i].data,
                            sizeof(struct event_id)) >= 0) {
            return rules_refuse(err, path, "ascending, each once");
        }
    }
    return 0;
}

RULES_OF(custody_taken)
{
    const Qcdc__V1__CustodyTaken *m = (const Qcdc__V1__CustodyTaken *)message;

    (void)header;
    return rules_document(m->document, "document", err);
}

RULES_OF(log_ended)
{
    const Qcdc__V1__LogEnded *m = (const Qcdc__V1__LogEnded *)message;

    if (rules_need(m->node, "node", err) != 0 ||
        rules_need(m->epoch, "epoch", err) != 0) {
        return err->code;
    }
    if (m->node == header->node) {
        return rules_refuse(err, "node", "no node ends its own log");
    }
    if ((m->size > 0) != (m->root_hash.len > 0)) {
        return rules_refuse(err, "root_hash",
                            "a size and its root are stated together");
    }
    return 0;
}

RULES_OF(actor_barred)
{
    const Qcdc__V1__ActorBarred *m = (const Qcdc__V1__ActorBarred *)message;

    (void)header;
    if (rules_need(m->actor_id.len, "actor_id", err) != 0 ||
        rules_need(m->unit, "unit", err) != 0 ||
        rules_need(m->node, "node", err) != 0 ||
        rules_need(m->reason, "reason", err) != 0 ||
        rules_need(m->from_day, "from_day", err) != 0) {
        return err->code;
    }
    return rules_need(m->epoch, "epoch", err);
}
