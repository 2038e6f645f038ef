/* protocol/record: plan, report, NothingToReport: records that one event
 * makes and that later events only correct, approve or file papers to. */
#include "protocol/record/fold_internal.h"

struct opened {
    struct fold *f;
    const struct entry *opening;
    uint32_t unit;
    Qcdc__V1__PlanRecord plan;
    Qcdc__V1__ReportRecord report;
    Qcdc__V1__NothingRecord notice;
};

static enum standing open_plan(struct opened *o, const struct entry *e)
{
    const Qcdc__V1__PlanAdopted *said = FACTS(e, PlanAdopted);

    o->plan.kind = said->kind;
    o->plan.year = said->year;
    o->plan.adopted = fold_act(o->f, e);
    o->plan.lines = said->lines;
    o->plan.n_lines = said->n_lines;
    return STANDING_EFFECTIVE;
}

static enum standing open_report(struct opened *o, const struct entry *e)
{
    const Qcdc__V1__ReportSubmitted *said = FACTS(e, ReportSubmitted);

    o->report.period = said->period;
    o->report.year = said->year;
    o->report.submitted = fold_act(o->f, e);
    o->report.section = said->section;
    o->report.snapshot_hash = said->snapshot_hash;
    o->report.consolidated = said->consolidated;
    return STANDING_EFFECTIVE;
}

static enum standing open_notice(struct opened *o, const struct entry *e)
{
    const Qcdc__V1__NothingToReport *said = FACTS(e, NothingToReport);

    o->notice.duty = said->duty;
    o->notice.year = said->year;
    o->notice.month = said->month;
    o->notice.act = fold_act(o->f, e);
    return STANDING_EFFECTIVE;
}

static enum standing opened_step(void *state, struct entry *e)
{
    struct opened *o = state;
    uint32_t type = e->header->type;

    if (o->opening != NULL) {
        if (!fold_has_role(o->f, e->header->unit) &&
            !directory_is_above(o->f->input->directory, e->header->unit,
                                o->unit, e->on)) {
            return STANDING_NOT_PARTY;
        }
        return type == EVENT_DOCUMENT_FILED || type == EVENT_DOCUMENT_WAIVED ||
                       type == EVENT_PUBLISHED
                   ? STANDING_EFFECTIVE
                   : STANDING_CONTRADICTS;
    }
    if (record_kind_of_event(type) != o->f->input->kind) {
        return STANDING_CONTRADICTS;
    }
    o->opening = e;
    if (type == EVENT_PLAN_ADOPTED) {
        return open_plan(o, e);
    }
    return type == EVENT_REPORT_SUBMITTED ? open_report(o, e)
                                          : open_notice(o, e);
}

static ProtobufCMessage *opened_finish(void *state, struct record_out *out)
{
    struct opened *o = state;
    struct fold *f = o->f;
    uint32_t stated = o->plan.year + o->report.year + o->notice.year;
    Qcdc__V1__Mark mark = o->opening != NULL ? fold_mark(o->opening)
                                             : QCDC__V1__MARK__MARK_UNSIGNED;

    out->state = o->opening != NULL ? 1 : 0;
    out->year = stated != 0 ? stated : out->year; /* two of the three are 0 */
    if (f->input->kind == RECORD_PLAN) {
        o->plan.unit = o->unit;
        o->plan.mark = mark;
        fold_history(f, &o->plan.history, &o->plan.n_history);
        return &o->plan.base;
    }
    if (f->input->kind == RECORD_REPORT) {
        o->report.unit = o->unit;
        o->report.mark = mark;
        fold_history(f, &o->report.history, &o->report.n_history);
        return &o->report.base;
    }
    o->notice.unit = o->unit;
    fold_history(f, &o->notice.history, &o->notice.n_history);
    return &o->notice.base;
}

struct walk opened_walk(struct fold *f)
{
    struct opened *o = fold_alloc(f, 1, sizeof(*o));

    if (o != NULL) {
        o->f = f;
        qcdc__v1__plan_record__init(&o->plan);
        qcdc__v1__report_record__init(&o->report);
        qcdc__v1__nothing_record__init(&o->notice);
        if (f->opener != NO_ENTRY) {
            o->unit = f->entries[f->opener].header->unit;
            fold_role(f, o->unit);
        }
    }
    return (struct walk){
        .step = opened_step, .finish = opened_finish, .state = o};
}
