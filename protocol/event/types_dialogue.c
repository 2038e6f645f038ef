/* protocol/event: rules of the dialogue types.
 *
 * A dialogue may be opened by a request, a schedule, or by having been held.
 * Which petition was named first, and whether anything is missing, is the
 * fold's question (protocol/record).
 */
#include <stdio.h>
#include <string.h>

#include "protocol/event/rules.h"

#define CHAIRS_MAX 16u
#define STEPS_ALL 63u /* six steps, a to f */

RULES_OF(dialogue_requested)
{
    const Qcdc__V1__DialogueRequested *m =
        (const Qcdc__V1__DialogueRequested *)message;

    (void)header;
    if (rules_need(m->voters, "voters", err) != 0) {
        return err->code;
    }
    return rules_document(m->document, "document", err);
}

RULES_OF(dialogue_scheduled)
{
    const Qcdc__V1__DialogueScheduled *m =
        (const Qcdc__V1__DialogueScheduled *)message;

    if (rules_need(m->kind, "kind", err) != 0 ||
        rules_need(m->planned_day, "planned_day", err) != 0 ||
        rules_units(m->chairs, m->n_chairs, CHAIRS_MAX, "chairs", err) != 0 ||
        rules_documents(m->documents, m->n_documents, err) != 0) {
        return err->code;
    }
    if ((m->plan_id.len > 0) != (m->plan_line > 0) ||
        m->plan_line > PLAN_LINES_MAX) {
        return rules_refuse(err, "plan_line",
                            "a line, from 1, of the plan in plan_id, or "
                            "neither");
    }
    if (m->plan_id.len > 0) {
        struct event_id id;

        memcpy(id.bytes, m->plan_id.data, sizeof(id.bytes));
        if (!header_has_ref(header, &id)) {
            return rules_refuse(err, "plan_id", "must be among the refs");
        }
    }
    return 0;
}

RULES_OF(dialogue_cancelled)
{
    const Qcdc__V1__DialogueCancelled *m =
        (const Qcdc__V1__DialogueCancelled *)message;

    (void)header;
    return rules_document(m->document, "document", err);
}

RULES_OF(dialogue_held)
{
    const Qcdc__V1__DialogueHeld *m = (const Qcdc__V1__DialogueHeld *)message;

    (void)header;
    if (rules_need(m->n_chairs, "chairs", err) != 0 ||
        rules_count(m->n_chairs, CHAIRS_MAX, "chairs", err) != 0 ||
        rules_documents(m->documents, m->n_documents, err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < m->n_chairs; i++) {
        char path[48];

        snprintf(path, sizeof(path), "chairs[%zu].unit", i);
        if (rules_need(m->chairs[i]->unit, path, err) != 0) {
            return err->code;
        }
        for (size_t j = 0; j < i; j++) {
            if (m->chairs[j]->unit == m->chairs[i]->unit) {
                return rules_refuse(err, path, "the unit stands twice");
            }
        }
    }
    if (m->steps > STEPS_ALL) {
        return rules_refuse(err, "steps", "a sum of 1, 2, 4, 8, 16 and 32");
    }
    if (m->women > m->attended) {
        return rules_refuse(err, "women", "more than attended");
    }
    return 0;
}

RULES_OF(dialogue_concluded)
{
    const Qcdc__V1__DialogueConcluded *m =
        (const Qcdc__V1__DialogueConcluded *)message;

    if (rules_count(m->n_items, CONCLUSION_ITEMS_MAX, "items", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < m->n_items; i++) {
        const Qcdc__V1__ConclusionItem *item = m->items[i];
        char path[48];

        snprintf(path, sizeof(path), "items[%zu]", i);
        if (item->petition_id.len == 0 || item->conclusion == 0) {
            return rules_refuse(err, path,
                                "petition_id and conclusion must be stated");
        }
        if (item->body != 0 && item->body_name.len > 0) {
            return rules_refuse(err, path, "body or body_name, not both");
        }
    }
    return rules_signed_day(header, m->document, err);
}

RULES_OF(previous_results_reported)
{
    const Qcdc__V1__PreviousResultsReported *m =
        (const Qcdc__V1__PreviousResultsReported *)message;

    (void)header;
    if (rules_count(m->n_items, CONCLUSION_ITEMS_MAX, "items", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < m->n_items; i++) {
        const Qcdc__V1__PreviousItem *item = m->items[i];
        char path[48];

        snprintf(path, sizeof(path), "items[%zu]", i);
        if (item->petition_id.len == 0 || item->outcome == 0) {
            return rules_refuse(err, path,
                                "petition_id and outcome must be stated");
        }
        if (item->outcome == QCDC__V1__OUTCOME__OUTCOME_NOT_YET &&
            item->next_day == 0) {
            return rules_refuse(err, path,
                                "next_day must be stated where not yet");
        }
        if (item->outcome == QCDC__V1__OUTCOME__OUTCOME_NOT_DONE &&
            item->reason == 0) {
            return rules_refuse(err, path,
                                "reason must be stated where not done");
        }
    }
    return 0;
}
