/* protocol/record: the petition, from the counter to its outcome.
 *
 *   RECEIVED --Classified--> ACCEPTED | NOT_ADMITTED | REFUSED
 *   RECEIVED, ACCEPTED --SupplementRequested--> AWAITING --Received--> back
 *   RECEIVED, ACCEPTED --Referred--> REFERRED --Accepted--> ACCEPTED (holder
 *                                             moves) | --Returned--> back; from
 *                                           the second on the nearest unit
 * above all who returned it is asked to decide: it refers, or one accepts any
 * open state --Answered--> ANSWERED --Outcome--> DONE | NOT_DONE any open state
 * --Withdrawn--> WITHDRAWN
 *
 * Beside these, custody passes while it is not settled, when the holder ends
 * or a transfer says so (fold_custody.c); --CustodyTaken--> notes who has it.
 *
 * Who may act: the receiver, the holder, a unit it was addressed or referred
 * to, and whoever is above receiver or holder. The first of each says it.
 * Owns no date arithmetic: whether something is late is protocol/duty's. Next:
 * fold_referral.c. */
#include "protocol/record/fold_petition.h"

#define IN(state) (1u << (state))
#define IN_WORK (IN(RECEIVED) | IN(ACCEPTED))
#define IN_OPEN (IN_WORK | IN(AWAITING) | IN(REFERRED))
#define IN_FINAL (IN(DONE) | IN(NOT_DONE))
#define IN_ANY                                                                 \
    (IN_OPEN | IN(ANSWERED) | IN_FINAL | IN(NOT_ADMITTED) | IN(REFUSED) |      \
     IN(WITHDRAWN))

/* What nobody has to do anything about any more. */
#define IN_SETTLED (IN_FINAL | IN(NOT_ADMITTED) | IN(REFUSED) | IN(WITHDRAWN))

/* Units that ended by then have passed on what is theirs. */
static void pass_on(struct petition *p, uint32_t day)
{
    const struct event_id *subject = &p->f->subject;

    if (p->state == NONE || (IN(p->state) & IN_SETTLED) != 0) {
        return;
    }
    custody_pass(p->f, &p->holding, subject, day);
    p->r.holder = p->holding.holder;
    if (p->state == REFERRED) {
        custody_pass(p->f, &p->offering, subject, day);
    }
    if (p->r.decider != 0) {
        custody_pass(p->f, &p->deciding, subject, day);
        p->r.decider = p->deciding.holder;
    }
    if (p->r.notified == NULL && p->r.answered == NULL) {
        custody_pass(p->f, &p->telling, subject, day);
    }
}

static bool may_act(const struct petition *p, const struct entry *e)
{
    uint32_t unit = e->header->unit;

    return fold_has_role(p->f, unit) ||
           petition_is_above(p, unit, p->r.holder, e->on) ||
           petition_is_above(p, unit, p->r.receiver, e->on);
}

static bool is_contestable(const struct petition *p)
{
    return p->r.kind == QCDC__V1__PETITION_KIND__PETITION_KIND_COMPLAINT ||
           p->r.kind == QCDC__V1__PETITION_KIND__PETITION_KIND_DENUNCIATION;
}

/* What ends the matter, or the waiting, ends the pause on its day. */
static void end_pause(struct petition *p, const struct entry *e)
{
    if (p->pause == NULL) {
        return;
    }
    if (e->on < p->pause->from_day) {
        p->r.n_pauses--; /* not one whole day */
    } else {
        p->pause->until_day = e->on;
    }
    p->pause = NULL;
}

static enum standing received(void *state, struct entry *e)
{
    struct petition *p = state;
    const Qcdc__V1__PetitionReceived *said = FACTS(e, PetitionReceived);

    p->r.kind = said->kind;
    p->r.field = said->field;
    p->r.channel = said->channel;
    p->r.person_known = said->person_known;
    p->r.people = said->people;
    p->r.paper_id = said->paper_id;
    p->r.dialogue_id = said->dialogue_id;
    p->r.received = fold_act(p->f, e);
    p->received_day = e->on;
    p->state = RECEIVED;
    p->holding.records = true;
    custody_start(&p->holding, p->r.holder, e->on);
    custody_start(&p->telling, p->r.receiver, e->on);
    return STANDING_EFFECTIVE;
}

static enum standing classified(void *state, struct entry *e)
{
    struct petition *p = state;
    const Qcdc__V1__PetitionClassified *said = FACTS(e, PetitionClassified);
    bool accepted =
        said->result == QCDC__V1__CLASSIFICATION__CLASSIFICATION_ACCEPTED;
    bool refused =
        said->result == QCDC__V1__CLASSIFICATION__CLASSIFICATION_REFUSED;
    Qcdc__V1__PetitionKind kind = p->r.kind;

    if (p->r.classified != NULL) {
        return STANDING_REPEATED;
    }
    if (said->kind != 0) {
        p->r.kind = said->kind;
    }
    if ((refused && !is_contestable(p)) ||
        (!accepted && p->state == REFERRED)) {
        p->r.kind = kind;
        return STANDING_CONTRADICTS;
    }
    if (said->field != 0) {
        p->r.field = said->field;
    }
    p->r.classified = fold_act(p->f, e);
    petition_decided(p);
    p->r.classification = said->result;
    if (!accepted) {
        end_pause(p, e);
        p->state = refused ? REFUSED : NOT_ADMITTED;
        return STANDING_EFFECTIVE;
    }
    p->r.due_day = said->due_day;
    if (said->holder != 0) {
        petition_hold(p, said->holder, e->on);
        fold_role(p->f, said->holder);
    }
    if (p->state == RECEIVED) {
        p->state = ACCEPTED;
    } else {
        p->back = ACCEPTED;
    }
    return STANDING_EFFECTIVE;
}

static enum standing supplement_requested(void *state, struct entry *e)
{
    struct petition *p = state;
    Qcdc__V1__Pause *pause = fold_alloc(p->f, 1, sizeof(*pause));

    if (pause != NULL) {
        qcdc__v1__pause__init(pause);
        pause->from_day = e->on + 1;
    }
    FOLD_PUSH(p->f, p->r.pauses, p->r.n_pauses, p->f->len, pause);
    p->pause = pause;
    p->back = p->state;
    p->state = AWAITING;
    return STANDING_EFFECTIVE;
}

static enum standing supplement_received(void *state, struct entry *e)
{
    struct petition *p = state;

    end_pause(p, e);
    p->state = p->back;
    return STANDING_EFFECTIVE;
}

static enum standing extended(void *state, struct entry *e)
{
    struct petition *p = state;
    Qcdc__V1__Extension *extension = fold_alloc(p->f, 1, sizeof(*extension));

    if (extension != NULL) {
        qcdc__v1__extension__init(extension);
        extension->act = fold_act(p->f, e);
        extension->due_day = FACTS(e, PetitionExtended)->due_day;
        FOLD_PUSH(p->f, p->r.extensions, p->r.n_extensions, p->f->len,
                  extension);
    }
    return STANDING_EFFECTIVE;
}

/* Only a complaint or denunciation can be refused or put off. */
static bool notice_tells(const struct petition *p, Qcdc__V1__Notice notice)
{
    return is_contestable(p) || (notice != QCDC__V1__NOTICE__NOTICE_REFUSED &&
                                 notice != QCDC__V1__NOTICE__NOTICE_NEEDS_TIME);
}

static enum standing notified(void *state, struct entry *e)
{
    struct petition *p = state;
    Qcdc__V1__Notice notice = FACTS(e, PersonNotified)->notice;

    if (!notice_tells(p, notice)) {
        return STANDING_CONTRADICTS;
    }
    /* A complaint put off, then found to be a proposal: tell again. */
    if (p->r.notified == NULL || !notice_tells(p, p->r.notice)) {
        p->r.notified = fold_act(p->f, e);
        p->r.notice = notice;
    }
    return STANDING_EFFECTIVE;
}

static enum standing answered(void *state, struct entry *e)
{
    struct petition *p = state;
    const Qcdc__V1__PetitionAnswered *said = FACTS(e, PetitionAnswered);

    if (p->answer != NULL) {
        return STANDING_REPEATED;
    }
    end_pause(p, e);
    petition_decided(p);
    p->answer = e;
    p->r.answered = fold_act(p->f, e);
    p->r.answered_by = said->by;
    p->r.answer_form = said->form;
    p->r.publicity = said->publicity;
    p->r.answer_unit = e->header->unit;
    if ((IN(p->state) & IN_FINAL) == 0) {
        p->state = ANSWERED;
    }
    return STANDING_EFFECTIVE;
}

static enum standing outcome(void *state, struct entry *e)
{
    struct petition *p = state;
    const Qcdc__V1__OutcomeReported *said = FACTS(e, OutcomeReported);
    Qcdc__V1__OutcomeLine *line = fold_alloc(p->f, 1, sizeof(*line));

    if (line != NULL) {
        qcdc__v1__outcome_line__init(line);
        line->act = fold_act(p->f, e);
        line->outcome = said->outcome;
        line->reason = said->reason;
        line->next_day = said->next_day;
        FOLD_PUSH(p->f, p->r.outcomes, p->r.n_outcomes, p->f->len, line);
    }
    if (said->outcome == QCDC__V1__OUTCOME__OUTCOME_DONE ||
        said->outcome == QCDC__V1__OUTCOME__OUTCOME_NOT_DONE) {
        end_pause(p, e);
        petition_decided(p);
        p->state =
            said->outcome == QCDC__V1__OUTCOME__OUTCOME_DONE ? DONE : NOT_DONE;
    }
    return STANDING_EFFECTIVE;
}

static enum standing withdrawn(void *state, struct entry *e)
{
    struct petition *p = state;

    end_pause(p, e);
    petition_decided(p);
    p->r.withdrawn = fold_act(p->f, e);
    p->state = WITHDRAWN;
    return STANDING_EFFECTIVE;
}

static enum standing published(void *state, struct entry *e)
{
    struct petition *p = state;

    if (FACTS(e, Published)->what !=
            QCDC__V1__PUBLISHED_WHAT__PUBLISHED_WHAT_ANSWER ||
        p->answer == NULL) {
        return STANDING_CONTRADICTS;
    }
    if (p->r.published == NULL) {
        p->r.published = fold_act(p->f, e);
    }
    return STANDING_EFFECTIVE;
}

static enum standing filed(void *state, struct entry *e)
{
    (void)state;
    (void)e;
    return STANDING_EFFECTIVE;
}

static const struct walk_row rows[] = {
    {EVENT_PETITION_RECEIVED, IN(NONE), IN_ANY, received},
    {EVENT_PETITION_CLASSIFIED, IN_OPEN, IN(NOT_ADMITTED) | IN(REFUSED),
     classified},
    {EVENT_SUPPLEMENT_REQUESTED, IN_WORK, IN(AWAITING), supplement_requested},
    {EVENT_SUPPLEMENT_RECEIVED, IN(AWAITING), 0, supplement_received},
    {EVENT_PETITION_REFERRED, IN_WORK, 0, petition_referred},
    {EVENT_REFERRAL_ACCEPTED, IN(REFERRED), 0, petition_referral_accepted},
    {EVENT_REFERRAL_RETURNED, IN(REFERRED), 0, petition_referral_returned},
    {EVENT_PETITION_EXTENDED, IN_OPEN, 0, extended},
    {EVENT_PERSON_NOTIFIED, IN_ANY & ~IN(WITHDRAWN), 0, notified},
    {EVENT_PETITION_ANSWERED, IN_OPEN | IN_FINAL, IN(ANSWERED), answered},
    {EVENT_OUTCOME_REPORTED, IN_OPEN | IN(ANSWERED), IN_FINAL, outcome},
    {EVENT_PETITION_WITHDRAWN, IN_OPEN, IN(WITHDRAWN), withdrawn},
    {EVENT_PUBLISHED, IN(ANSWERED) | IN_FINAL, 0, published},
    {EVENT_DOCUMENT_FILED, IN_ANY, 0, filed},
    {EVENT_DOCUMENT_WAIVED, IN_ANY, 0, filed},
    {EVENT_CUSTODY_TAKEN, IN_ANY, 0, petition_taken},
};

static enum standing petition_step(void *state, struct entry *e)
{
    struct petition *p = state;

    pass_on(p, e->on);
    if (p->state != NONE && e->header->type != EVENT_CUSTODY_TAKEN) {
        if (!may_act(p, e)) {
            return STANDING_NOT_PARTY;
        }
        /* Nothing is done about a paper before it was handed in. */
        if (e->on < p->received_day && e->type->group == EVENT_GROUP_PETITION) {
            return STANDING_CONTRADICTS;
        }
    }
    return walk_apply(rows, sizeof(rows) / sizeof(rows[0]), p->state, p, e);
}

/* Of a denunciation nobody hears who had it once, or took it to pass it on. */
static void told_only(const struct petition *p, struct record_out *out)
{
    uint32_t *told = fold_alloc(p->f, 3, sizeof(*told));

    if (told == NULL) {
        return;
    }
    told[0] = p->r.holder;
    told[1] = p->r.decider;
    told[2] = p->state == REFERRED ? p->offering.holder : 0;
    out->told = told;
    out->told_len = 3;
}

static ProtobufCMessage *petition_finish(void *state, struct record_out *out)
{
    struct petition *p = state;
    struct fold *f = p->f;
    uint32_t tree_day =
        directory_tree_day(f->input->directory, f->input->asof_day);

    pass_on(p, f->input->asof_day);
    if (tree_day != 0 && (IN(p->state) & IN_SETTLED) == 0 &&
        (out->future_day == 0 || tree_day < out->future_day)) {
        out->future_day = tree_day; /* it may pass on then */
    }
    p->r.custody = p->holding.rows;
    p->r.n_custody = p->holding.rows_len;
    p->r.state = (Qcdc__V1__PetitionState)p->state;
    if (p->answer != NULL) {
        p->r.answer_mark = fold_mark(p->answer);
    }
    fold_history(f, &p->r.history, &p->r.n_history);
    p->r.parties = f->roles.units;
    p->r.n_parties = f->roles.len;
    out->state = (uint32_t)p->state;
    out->holder = p->r.holder;
    out->decider = p->r.decider;
    if (f->denunciation) {
        told_only(p, out);
    }
    if (p->r.dialogue_id.len == sizeof(out->dialogue.bytes)) {
        out->has_dialogue = true;
        memcpy(out->dialogue.bytes, p->r.dialogue_id.data,
               sizeof(out->dialogue.bytes));
    }
    return &p->r.base;
}

struct walk petition_walk(struct fold *f)
{
    struct petition *p = fold_alloc(f, 1, sizeof(*p));

    if (p != NULL) {
        p->f = f;
        qcdc__v1__petition_record__init(&p->r);
        if (f->opener != NO_ENTRY) {
            p->r.receiver = f->entries[f->opener].header->unit;
            p->r.holder = p->r.receiver;
            fold_role(f, p->r.receiver);
        }
    }
    return (struct walk){
        .step = petition_step, .finish = petition_finish, .state = p};
}
