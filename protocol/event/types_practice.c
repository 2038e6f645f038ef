/* protocol/event: rules of plans, publications and reports.
 *
 * Never decides whether a plan or report came in time: duties do.
 */
#include <stdio.h>

#include "protocol/event/rules.h"
#include "protocol/record/calendar.h"

#define YEAR_FIRST 1976u /* the state's year of birth: nothing earlier here */
#define YEAR_LAST 2200u
#define DISCLOSURE_ITEMS 14u
#define DISCLOSURE_FORMS 0x7ffu /* a to k of Article 12 */
#define REPORT_HEADS_MAX 256u

static int year_check(uint32_t year, struct error *err)
{
    if (year < YEAR_FIRST || year > YEAR_LAST) {
        return error_set(err, ERR_MALFORMED,
                         "year: %u is not between %u and %u", year, YEAR_FIRST,
                         YEAR_LAST);
    }
    return 0;
}

RULES_OF(plan_adopted)
{
    const Qcdc__V1__PlanAdopted *m = (const Qcdc__V1__PlanAdopted *)message;
    bool dialogues = m->kind == QCDC__V1__PLAN_KIND__PLAN_KIND_DIALOGUE;

    (void)header;
    if (rules_need(m->kind, "kind", err) != 0 ||
        year_check(m->year, err) != 0 ||
        rules_count(m->n_lines, PLAN_LINES_MAX, "lines", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < m->n_lines; i++) {
        const Qcdc__V1__PlanLine *line = m->lines[i];
        char path[48];

        snprintf(path, sizeof(path), "lines[%zu]", i);
        if (line->planned_day == 0 || day_year(line->planned_day) != m->year) {
            return rules_refuse(err, path,
                                "planned_day is a day of the plan's year");
        }
        if (line->month && day_to_civil(line->planned_day + 1).day != 1) {
            return rules_refuse(err, path, "a month is stated as its last day");
        }
        if (dialogues && line->kind == 0) {
            return rules_refuse(err, path, "kind must be stated");
        }
    }
    return 0;
}

RULES_OF(published)
{
    const Qcdc__V1__Published *m = (const Qcdc__V1__Published *)message;
    bool disclosure =
        m->what == QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_DISCLOSURE;

    if (rules_need(m->what, "what", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    if (disclosure != (m->item != 0) || m->item > DISCLOSURE_ITEMS) {
        return rules_refuse(err, "item",
                            "1 to 14 where a disclosure, and only there");
    }
    if (!disclosure && !header->has_subject) {
        return rules_refuse(err, "subject",
                            "the dialogue or petition this was published of");
    }
    if (m->forms > DISCLOSURE_FORMS) {
        return rules_refuse(err, "forms", "bits 0 to 10, forms a to k");
    }
    if (m->until_day != 0 && m->until_day < m->from_day) {
        return rules_refuse(err, "until_day", "is before from_day");
    }
    return 0;
}

RULES_OF(report_submitted)
{
    const Qcdc__V1__ReportSubmitted *m =
        (const Qcdc__V1__ReportSubmitted *)message;

    if (rules_need(m->period, "period", err) != 0 ||
        year_check(m->year, err) != 0 ||
        rules_count(m->n_heads, REPORT_HEADS_MAX, "heads", err) != 0 ||
        rules_document(m->document, "document", err) != 0) {
        return err->code;
    }
    for (size_t i = 0; i < m->n_heads; i++) {
        char path[48];

        snprintf(path, sizeof(path), "heads[%zu]", i);
        if (m->heads[i]->origin.len == 0 || m->heads[i]->root_hash.len == 0) {
            return rules_refuse(err, path,
                                "origin and root_hash must be stated");
        }
    }
    return rules_signed_day(header, m->document, err);
}

RULES_OF(nothing_to_report)
{
    const Qcdc__V1__NothingToReport *m =
        (const Qcdc__V1__NothingToReport *)message;

    (void)header;
    if (m->duty.len == 0 || m->duty.len > 4) {
        return rules_refuse(err, "duty", "the id of a duty, as D1");
    }
    if (m->month > 12) {
        return rules_refuse(err, "month", "1 to 12, or 0 for the whole year");
    }
    return year_check(m->year, err);
}
