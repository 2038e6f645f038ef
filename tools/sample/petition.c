/* tools/sample: petitions: written ones from the counter to the outcome, and
 * what a dialogue's conclusion promised. Rows stand in the order of the acts,
 * so every key is made before it is used. Denunciations state no field and no
 * text, as the law on them asks. Next: dialogue.c. */
#include <stdio.h>
#include <string.h>

#include "tools/sample/days.h"
#include "tools/sample/office.h"
#include "tools/sample/phrases.h"

/* One written petition on its way. */
struct paper {
    char key[KEY_SIZE];
    enum paper_kind kind;
    uint32_t unit;
    uint32_t day;    /* handed in */
    uint32_t paused; /* days waited for a supplement */
    bool known;      /* the person is */
    const struct matter *matter;
};

static const char *kind_word(enum paper_kind kind)
{
    switch (kind) {
    case PAPER_PROPOSAL:
        return "proposal";
    case PAPER_COMPLAINT:
        return "complaint";
    case PAPER_DENUNCIATION:
        return "denunciation";
    }
    return "";
}

static void private_put(struct office *office, struct row *row,
                        const struct matter *matter)
{
    char name[NAME_SIZE];
    const char *language;

    person_any(&office->dice, name, sizeof(name), &language);
    row_body(row, SECTION_PRIVATE, "persons[0].name", "%s", name);
    row_body(row, SECTION_PRIVATE, "persons[0].address", "%s, %s",
             village_any(&office->dice), office->place->name);
    row_body(row, SECTION_PRIVATE, "persons[0].phone", "0000 000 %03u",
             dice_below(&office->dice, 1000));
    row_body(row, SECTION_PRIVATE, "content", "%s", matter->content);
    if (language != NULL) {
        row_body(row, SECTION_PRIVATE, "language", "%s", language);
    }
}

static const char *channel_any(struct office *office, bool *known)
{
    const uint32_t drawn = dice_below(&office->dice, 100);

    *known = drawn < 96 || !dice_chance(&office->dice, 70);
    if (drawn < 55) {
        return "counter";
    }
    if (drawn < 75) {
        return "post";
    }
    if (drawn < 90) {
        return "reception";
    }
    return drawn < 95 ? "online" : "box";
}

static void received(struct office *office, struct paper *p)
{
    const char *channel = channel_any(office, &p->known);
    struct row *row = office_row(office, "PetitionReceived", p->unit, p->day);

    row_key(row, "%s", p->key);
    row_text(row, "channel", "%s", channel);
    row_text(row, "kind", "%s", kind_word(p->kind));
    if (p->kind != PAPER_DENUNCIATION) {
        row_text(row, "field", "%s", p->matter->field);
    }
    row_flag(row, "person_known", p->known);
    row_number(
        row, "people",
        dice_chance(&office->dice, 8) ? dice_between(&office->dice, 3, 25) : 1);
    office_paper(office, row, "document", "petition", "ĐT");
    if (p->kind != PAPER_DENUNCIATION) {
        office_text(row, p->matter->title, p->matter->content);
    }
    if (p->known) {
        private_put(office, row, p->matter);
    }
    (void)office_put(office, row);
}

static struct row *act(struct office *office, const struct paper *p,
                       const char *type, const char *suffix, uint32_t on)
{
    struct row *row = office_row(office, type, p->unit, on);

    row_key(row, "%s-%s", p->key, suffix);
    row_subject(office->book, row, p->key);
    return row;
}

/* Returns whether the office goes on with it. */
static bool classified(struct office *office, const struct paper *p,
                       uint32_t on)
{
    const uint32_t drawn = dice_below(&office->dice, 100);
    const bool refused = drawn < 5 && p->kind != PAPER_PROPOSAL;
    const bool accepted = drawn >= 9;
    struct row *row = act(office, p, "PetitionClassified", "pl", on);

    row_text(row, "result", "%s",
             accepted ? "accepted" : (refused ? "refused" : "not_admitted"));
    row_text(row, "kind", "%s", kind_word(p->kind));
    if (p->kind != PAPER_DENUNCIATION) {
        row_text(row, "field", "%s", p->matter->field);
    }
    if (!accepted) {
        row_number(row, "ground", dice_between(&office->dice, 1, 5));
    } else if (dice_chance(&office->dice, 60)) {
        row_day(row, "due_day",
                work_on(on + dice_between(&office->dice, 25, 45)));
    }
    (void)office_put(office, row);
    return accepted;
}

static void notified(struct office *office, const struct paper *p,
                     const char *notice, uint32_t to)
{
    uint32_t lag = dice_between(&office->dice, 3, 9);
    struct row *row;

    if (!p->known || office_slips(office, 1, 4, 12)) {
        return;
    }
    if (office_slips(office, 2, 9, 25)) {
        lag = dice_between(&office->dice, 11, 22);
    }
    row = act(office, p, "PersonNotified", "tb",
              work_after(p->day, lag) + p->paused);
    row_text(row, "notice", "%s", notice);
    row->to = to;
    office_paper(office, row, "document", "other", "TB");
    (void)office_put(office, row);
}

static void outcome(struct office *office, const struct paper *p,
                    const char *word, uint32_t on, uint32_t serial)
{
    struct row *row = office_row(office, "OutcomeReported", p->unit, on);

    row_key(row, "%s-kq%u", p->key, serial);
    row_subject(office->book, row, p->key);
    row_text(row, "outcome", "%s", word);
    if (strcmp(word, "not_done") == 0) {
        row_number(row, "reason", dice_between(&office->dice, 1, 4));
    }
    if (strcmp(word, "not_yet") == 0) {
        row_day(row, "next_day",
                work_on(on + dice_between(&office->dice, 30, 60)));
    }
    (void)office_put(office, row);
}

/* After an answer: what came of it. Returns the day it was final. */
static uint32_t outcomes(struct office *office, const struct paper *p,
                         uint32_t answered)
{
    uint32_t on = work_on(answered + dice_between(&office->dice, 15, 50));

    if (office_slips(office, 25, 45, 75)) {
        return UINT32_MAX;
    }
    if (dice_chance(&office->dice, 15)) {
        outcome(office, p, "not_yet", on, 1);
        on = work_on(on + dice_between(&office->dice, 30, 60));
        if (dice_chance(&office->dice, 50)) {
            return UINT32_MAX;
        }
    }
    outcome(office, p, dice_chance(&office->dice, 85) ? "done" : "not_done", on,
            2);
    return on;
}

/* At `place`: here, or (a late row) where the petition was referred to. */
static struct row *answered(struct office *office, const struct place *place,
                            const struct paper *p, uint32_t unit, uint32_t on)
{
    struct row *row =
        office_row_at(office, place, "PetitionAnswered", unit, on);

    row_key(row, "%s-tl", p->key);
    if (place == office->place) {
        row_subject(office->book, row, p->key);
    } else {
        row_subject_at(office->book, row, office->place->node, p->key);
    }
    row_text(row, "by", "body");
    return row;
}

/* Names the answer: it counts after it, whichever was typed first. */
static void published(struct office *office, const struct place *place,
                      const struct paper *p, const struct row *answered_by,
                      uint32_t on)
{
    struct row *row =
        office_row_at(office, place, "Published", answered_by->unit, on);

    row_key(row, "%s-ck", p->key);
    if (place == office->place) {
        row_subject(office->book, row, p->key);
    } else {
        row_subject_at(office->book, row, office->place->node, p->key);
    }
    row_ref(office->book, row, answered_by->key);
    row_text(row, "what", "answer");
    row_number(row, "forms", 1u << dice_below(&office->dice, 6));
    row_day(row, "from_day", on);
    row_day(row, "until_day", on + 30);
    (void)office_put(office, row);
}

/* A whole answer on paper, and its publication. */
static void answer(struct office *office, const struct place *place,
                   const struct paper *p, uint32_t unit, uint32_t on,
                   uint32_t personal_percent)
{
    const bool personal = dice_chance(&office->dice, personal_percent);
    const bool noted = dice_chance(&office->dice, 7);
    const bool told = !office_slips(office, 1, 4, 15);
    struct row *row = answered(office, place, p, unit, on);

    row_text(row, "form", "%s", noted ? "noted" : "written");
    row_text(row, "publicity", "%s", personal ? "personal" : "public");
    if (personal) {
        row_number(row, "ground", dice_between(&office->dice, 1, 3));
    }
    office_signed(office, row, "document", "answer", "TL");
    if (p->kind != PAPER_DENUNCIATION) {
        office_text(row, NULL, p->matter->answer);
    }
    if (office_put(office, row) && !personal && told) {
        published(office, place, p, row,
                  work_after(on, dice_below(&office->dice, 5)));
    }
}

static void supplement(struct office *office, struct paper *p)
{
    const uint32_t asked =
        work_after(p->day, dice_between(&office->dice, 3, 5));
    const uint32_t came = work_on(asked + dice_between(&office->dice, 4, 14));
    struct row *row = act(office, p, "SupplementRequested", "yc", asked);

    row_day(row, "until_day", work_on(asked + 15));
    office_paper(office, row, "document", "other", "YC");
    (void)office_put(office, row);
    row = act(office, p, "SupplementReceived", "bs", came);
    (void)office_put(office, row);
    p->paused = came - asked;
}

/* To the people's committee above; its rows are late rows of its own node. */
static void referred(struct office *office, const struct paper *p, uint32_t on)
{
    const struct place *above = office->place->above;
    const uint32_t taken = work_after(on, dice_between(&office->dice, 3, 8));
    struct row *row = act(office, p, "PetitionReferred", "cd", on);

    row->to = above->pc;
    row_day(row, "due_day", work_on(on + 30));
    office_paper(office, row, "document", "other", "CV");
    (void)office_put(office, row);
    notified(office, p, "transferred", above->pc);

    const bool returned = dice_chance(&office->dice, 12);

    row = office_row_at(office, above,
                        returned ? "ReferralReturned" : "ReferralAccepted",
                        above->pc, taken);
    row_key(row, "%s-nd", p->key);
    row_subject_at(office->book, row, office->place->node, p->key);
    if (returned) {
        row_number(row, "reason", dice_between(&office->dice, 1, 3));
    }
    if (!office_put(office, row)) {
        return;
    }
    if (returned) {
        answer(office, office->place, p, p->unit,
               work_on(taken + dice_between(&office->dice, 10, 25)), 60);
    } else {
        answer(office, above, p, above->pc,
               work_on(taken + dice_between(&office->dice, 10, 30)), 60);
    }
}

static void withdrawn(struct office *office, const struct paper *p, uint32_t on)
{
    struct row *row = act(office, p, "PetitionWithdrawn", "rd", on);

    office_shelved(office, row, "petition", "ĐR");
    (void)office_put(office, row);
}

static bool may_refer(const struct office *office, const struct paper *p)
{
    return office->place->above != NULL && office->place->above->selected &&
           p->unit == office->place->pc && p->kind != PAPER_DENUNCIATION;
}

void petition_written(struct office *office, enum paper_kind kind, uint32_t day)
{
    struct paper p = {.kind = kind, .day = day};
    uint32_t on;

    p.unit = dice_chance(&office->dice, kind == PAPER_PROPOSAL ? 12 : 25)
                 ? office->place->party
                 : office->place->pc;
    p.matter = kind == PAPER_PROPOSAL ? matter_any(&office->dice)
                                      : matter_complaint(&office->dice);
    (void)snprintf(p.key, sizeof(p.key), "u%u-d%03u", p.unit, ++office->serial);
    received(office, &p);
    on = work_after(day, dice_between(&office->dice, 1, 4));
    if (!classified(office, &p, on)) {
        notified(office, &p, kind == PAPER_PROPOSAL ? "transferred" : "refused",
                 0);
        return;
    }
    if (dice_chance(&office->dice, 4)) {
        withdrawn(office, &p, work_on(on + dice_between(&office->dice, 2, 20)));
        return;
    }
    if (dice_chance(&office->dice, 9) && may_refer(office, &p)) {
        referred(office, &p, work_after(on, 1));
        return;
    }
    if (dice_chance(&office->dice, 8)) {
        supplement(office, &p);
    }
    notified(office, &p,
             kind == PAPER_COMPLAINT && dice_chance(&office->dice, 10)
                 ? "needs_time"
                 : "accepted",
             0);
    if (office_slips(office, 2, 8, 25)) {
        return; /* still open */
    }
    on = work_on(day + p.paused + dice_between(&office->dice, 12, 38));
    answer(office, office->place, &p, p.unit, on,
           kind == PAPER_PROPOSAL ? 45 : 100);
    if (kind == PAPER_PROPOSAL) {
        (void)outcomes(office, &p, on);
    }
}

/* ---- promised at a dialogue ---------------------------------------------- */

/* The one above was named: it accepts, answers and publishes. */
static uint32_t forwarded(struct office *office, const struct paper *p,
                          const struct promise *promise)
{
    const struct place *above = office->place->above;
    const uint32_t on =
        work_after(promise->concluded_day, dice_between(&office->dice, 1, 3));
    const uint32_t taken = work_after(on, dice_between(&office->dice, 3, 6));
    uint32_t when = promise->due_day - dice_between(&office->dice, 0, 9);
    struct row *row = act(office, p, "PetitionReferred", "cd", on);

    row->to = above->pc;
    row_day(row, "due_day", promise->due_day);
    office_paper(office, row, "document", "other", "CV");
    (void)office_put(office, row);
    row = office_row_at(office, above, "ReferralAccepted", above->pc, taken);
    row_key(row, "%s-nd", p->key);
    row_subject_at(office->book, row, office->place->node, p->key);
    if (!office_put(office, row) || dice_chance(&office->dice, 15)) {
        return UINT32_MAX;
    }
    if (dice_chance(&office->dice, 20)) {
        when += dice_between(&office->dice, 6, 25);
    }
    when = work_on(when < taken ? taken + 1 : when);
    answer(office, above, p, above->pc, when, 5);
    return UINT32_MAX;
}

static uint32_t extended(struct office *office, const struct paper *p,
                         uint32_t due)
{
    const uint32_t on = work_on(due - dice_between(&office->dice, 3, 8));
    const uint32_t later = work_on(due + dice_between(&office->dice, 15, 30));
    struct row *row = act(office, p, "PetitionExtended", "gh", on);

    row_day(row, "due_day", later);
    row_number(row, "reason", dice_between(&office->dice, 1, 3));
    office_paper(office, row, "document", "other", "GH");
    (void)office_put(office, row);
    return later;
}

/* Who does not keep the petition answers it as its holder. */
static void assigned(struct office *office, const struct paper *p,
                     const struct promise *promise)
{
    struct row *row =
        act(office, p, "PetitionClassified", "pc", promise->concluded_day);

    row_text(row, "result", "accepted");
    row_text(row, "kind", "proposal");
    row_number(row, "holder", promise->body);
    if (promise->due_day != 0) {
        row_day(row, "due_day", promise->due_day);
    }
    (void)office_put(office, row);
}

uint32_t petition_promised(struct office *office, const struct promise *promise)
{
    const struct matter matter = {.answer = promise->answer};
    struct paper p = {.unit = promise->keeper, .matter = &matter};
    uint32_t due = promise->due_day;
    uint32_t on;

    (void)snprintf(p.key, sizeof(p.key), "%s", promise->key);
    if (due == 0) {
        due = work_on(promise->concluded_day + 30);
    }
    if (promise->body == 0) {
        return UINT32_MAX;
    }
    if (promise->body != office->place->pc &&
        promise->body != office->place->party) {
        return forwarded(office, &p, promise);
    }
    if (promise->body != promise->keeper) {
        assigned(office, &p, promise);
    }
    if (dice_chance(&office->dice, 2)) {
        on = work_on(promise->concluded_day + 4);
        withdrawn(office, &p, on);
        return on;
    }
    if (dice_chance(&office->dice, 9)) {
        due = extended(office, &p, due);
    }
    if (office_slips(office, 1, 5, 20)) {
        return UINT32_MAX; /* no answer */
    }
    on = due - dice_between(&office->dice, 3, 14);
    if (office_slips(office, 3, 9, 25)) {
        on = due + dice_between(&office->dice, 2, 25);
    }
    on =
        work_on(on <= promise->concluded_day ? promise->concluded_day + 1 : on);
    p.unit = promise->body;
    answer(office, office->place, &p, promise->body, on, 12);
    return outcomes(office, &p, on);
}
