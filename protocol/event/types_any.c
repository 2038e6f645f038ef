/* protocol/event: rules of what may be said about any record.
 *
 * A correction never rewrites: it states the old and the new value. Whether it
 * improves a verdict and so waits for a leader is the fold's question.
 */
#include "protocol/event/rules.h"

RULES_OF(document_filed)
{
    const Qcdc__V1__DocumentFiled *m = (const Qcdc__V1__DocumentFiled *)message;

    (void)header;
    return rules_paper(m->document, "document", err);
}

RULES_OF(document_waived)
{
    const Qcdc__V1__DocumentWaived *m =
        (const Qcdc__V1__DocumentWaived *)message;

    (void)header;
    if (rules_need(m->kind, "kind", err) != 0) {
        return err->code;
    }
    return rules_need(m->reason, "reason", err);
}

RULES_OF(corrected)
{
    const Qcdc__V1__Corrected *m = (const Qcdc__V1__Corrected *)message;
    bool texts = m->old_text.len > 0 || m->new_text.len > 0;
    bool numbers = m->old_number != 0 || m->new_number != 0;

    (void)header;
    if (texts == numbers) {
        return rules_refuse(err, "new_number",
                            "the old and the new value, as numbers or as "
                            "texts, must be stated");
    }
    if (m->old_number == m->new_number &&
        span_equal(span_make(m->old_text.data, m->old_text.len),
                   span_make(m->new_text.data, m->new_text.len))) {
        return rules_refuse(err, "new_number", "is the old value");
    }
    if (m->field == 0 &&
        (m->new_number == 0 || m->new_number > RULES_DAY_MAX || texts)) {
        return rules_refuse(err, "new_number",
                            "field 0 is the event's day: a day up to "
                            "2200-12-31");
    }
    return rules_document(m->order, "order", err);
}

RULES_OF(voided)
{
    const Qcdc__V1__Voided *m = (const Qcdc__V1__Voided *)message;

    (void)header;
    return rules_document(m->order, "order", err);
}

RULES_OF(erased)
{
    const Qcdc__V1__Erased *m = (const Qcdc__V1__Erased *)message;
    bool named = m->order != NULL &&
                 (m->order->number.len > 0 || m->order->file_hash.len > 0);

    (void)header;
    if (m->file_hash.len > 0 && m->audience != 0) {
        return rules_refuse(err, "file_hash",
                            "an erasure names a body or a file, not both");
    }
    if ((m->file_hash.len == 0 &&
         rules_need(m->audience, "audience", err) != 0) ||
        rules_need(m->ground, "ground", err) != 0) {
        return err->code;
    }
    if (m->ground == QCDC__V1__ERASURE_GROUND__ERASURE_GROUND_ORDER && !named) {
        return rules_refuse(err, "order",
                            "an erasure by order names the order: its number "
                            "or its file");
    }
    return rules_document(m->order, "order", err);
}

/* Said by the node itself, when what it had lost was here again; equal sizes
 * where only its token was old (tlog.md section 3.3, cases 3 and 6). */
RULES_OF(restored)
{
    const Qcdc__V1__Restored *m = (const Qcdc__V1__Restored *)message;

    if (header->unit != 0) {
        return rules_refuse(err, "unit", "a node speaks for no unit");
    }
    if (rules_need(m->source, "source", err) != 0 ||
        rules_need(m->epoch, "epoch", err) != 0) {
        return err->code;
    }
    if (m->until == 0 || m->from > m->until) {
        return rules_refuse(err, "until",
                            "a log is refilled from a size to one not smaller");
    }
    if (m->source == header->node) {
        return rules_refuse(err, "source", "is another node");
    }
    return 0;
}
