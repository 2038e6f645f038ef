/* tools/sample: dialogues, from the plan to the dossier, with what people
 * raised there. Keeps, per office, what a later dialogue must report on. */
#include <stdio.h>
#include <string.h>

#include "tools/sample/days.h"
#include "tools/sample/office.h"
#include "tools/sample/phrases.h"

#define OPINIONS_MAX 32u

struct opinion {
    char key[KEY_SIZE];
    const struct matter *matter;
    bool spot; /* answered in the room */
    struct promise promise;
};

struct gathering {
    const struct meeting *m;
    unsigned number; /* of the office's dialogues, in keys */
    struct opinion opinions[OPINIONS_MAX];
    unsigned len;
    char key[KEY_SIZE];
    uint32_t day;       /* after a postponement */
    bool late_minutes;  /* filed afterwards */
    bool lost_concerns; /* waived, or never filed */
};

static struct row *row_of(struct office *office, const struct gathering *g,
                          const char *type, const char *suffix, uint32_t on)
{
    struct row *row = office_row(office, type, g->m->keeper, on);

    if (suffix != NULL) {
        row_key(row, "%s-%s", g->key, suffix);
        row_subject(office->book, row, g->key);
    } else {
        row_key(row, "%s", g->key);
    }
    return row;
}

static void schedule_fields(struct office *office, const struct gathering *g,
                            struct row *row)
{
    const struct meeting *m = g->m;

    row_text(row, "kind", "%s", m->periodic ? "periodic" : "extraordinary");
    row_day(row, "planned_day", m->day);
    if (m->plan != 0 && office->plan[m->plan - 1][0] != '\0') {
        const char *plan = office->plan[m->plan - 1];

        row_id(office->book, row, "plan_id", plan);
        row_number(row, "plan_line", m->line);
        row_ref(office->book, row, plan);
    }
    row_text(row, "form", "in_person");
    row_number(row, "scale", dice_between(&office->dice, 50, 150));
    if (!m->periodic) {
        row_number(row, "cause", 1);
    }
    if (m->chairs[1] != 0) {
        row_text(row, "chairs", "%u;%u", m->chairs[0], m->chairs[1]);
    } else {
        row_text(row, "chairs", "%u", m->chairs[0]);
    }
}

/* Scheduled, perhaps postponed, announced. */
static void prepare(struct office *office, struct gathering *g)
{
    const uint32_t on =
        work_on(g->m->day - dice_between(&office->dice, 24, 34));
    struct row *row = row_of(office, g, "DialogueScheduled", NULL, on);

    schedule_fields(office, g, row);
    office_paper(office, row, "documents[0]", "summons", "GM");
    if (!office_slips(office, 1, 6, 25)) {
        office_paper(office, row, "documents[1]", "programme", "CT");
    }
    row_body(row, SECTION_TEXT, "place", "Nhà rông, nhà văn hóa %s",
             g->m->where);
    row_body(row, SECTION_TEXT, "note", "dữ liệu tạo mẫu");
    (void)office_put(office, row);
    g->day = g->m->day;
    if (dice_chance(&office->dice, 10)) {
        g->day = work_on(g->m->day + dice_between(&office->dice, 7, 20));
        row = row_of(office, g, "DialogueScheduled", "ho",
                     work_on(g->m->day - 4));
        row_text(row, "kind", "%s",
                 g->m->periodic ? "periodic" : "extraordinary");
        row_day(row, "planned_day", g->day);
        office_text(row, "Hoãn đối thoại", "Do mưa lũ, đường vào thôn bị tắc.");
        (void)office_put(office, row);
    }
    row = row_of(office, g, "Published", "tbm", work_on(g->day - 12));
    row_text(row, "what", "announcement");
    row_number(row, "forms", 3);
    row_day(row, "from_day", row->on_day);
    row_day(row, "until_day", g->day);
    (void)office_put(office, row);
}

static bool shares_chair(const struct raised *r, const struct meeting *m)
{
    for (size_t i = 0; i < CHAIRS; i++) {
        for (size_t j = 0; j < CHAIRS; j++) {
            if (r->chairs[i] != 0 && r->chairs[i] == m->chairs[j]) {
                return true;
            }
        }
    }
    return false;
}

static bool is_first(const struct office *office, const struct gathering *g)
{
    for (size_t i = 0; i < office->raised_len; i++) {
        if (office->raised[i].day < g->day &&
            shares_chair(&office->raised[i], g->m)) {
            return false;
        }
    }
    return true;
}

/* What became of earlier petitions: nearly all are named. There is a report
 * even when none is open any more. */
static void previous(struct office *office, const struct gathering *g)
{
    struct row *row;
    char path[PATH_SIZE];
    size_t len = 0;

    if (is_first(office, g) || office_slips(office, 1, 4, 15)) {
        return;
    }
    row = row_of(office, g, "PreviousResultsReported", "kt", g->day);

    for (size_t i = 0; i < office->raised_len && len < 40; i++) {
        struct raised *r = &office->raised[i];
        const bool forgotten = office_slips(office, 1, 2, 9);
        const uint32_t drawn = dice_below(&office->dice, 100);

        if (r->day >= g->day || r->final_day < g->day || forgotten ||
            !shares_chair(r, g->m)) {
            continue;
        }
        (void)snprintf(path, sizeof(path), "items[%zu].petition_id", len);
        row_id(office->book, row, path, r->key);
        (void)snprintf(path, sizeof(path), "items[%zu].outcome", len);
        row_text(row, path, "%s",
                 drawn < 55 ? "done" : (drawn < 85 ? "not_yet" : "not_done"));
        if (drawn >= 85) {
            (void)snprintf(path, sizeof(path), "items[%zu].reason", len);
            row_number(row, path, dice_between(&office->dice, 1, 4));
        } else if (drawn >= 55) {
            (void)snprintf(path, sizeof(path), "items[%zu].next_day", len);
            row_day(row, path, work_on(g->day + 60));
        }
        len++;
        if (drawn < 55 || drawn >= 85) {
            r->final_day = g->day;
        }
    }
    office_paper(office, row, "document", "previous", "BC");
    (void)office_put(office, row);
}

static void held(struct office *office, struct gathering *g)
{
    const struct meeting *m = g->m;
    const uint32_t attended = dice_between(&office->dice, 45, 130);
    struct row *row =
        row_of(office, g, "DialogueHeld", m->historical ? NULL : "tc", g->day);
    char path[PATH_SIZE];
    unsigned papers = 0;

    for (size_t i = 0; i < CHAIRS && m->chairs[i] != 0; i++) {
        (void)snprintf(path, sizeof(path), "chairs[%zu].unit", i);
        row_number(row, path, m->chairs[i]);
        if (m->heads[i]) {
            (void)snprintf(path, sizeof(path), "chairs[%zu].head", i);
            row_flag(row, path, true);
        }
    }
    row_number(row, "steps", 63);
    row_number(row, "attended", attended);
    row_number(row, "women",
               attended * dice_between(&office->dice, 30, 55) / 100);
    row_number(row, "opinions", m->opinions);
    g->lost_concerns = office_slips(office, 2, 8, 25);
    g->late_minutes = office_slips(office, 8, 25, 50);
    if (!g->lost_concerns) {
        (void)snprintf(path, sizeof(path), "documents[%u]", papers++);
        office_paper(office, row, path, "concerns", "BC");
    }
    if (!g->late_minutes) {
        (void)snprintf(path, sizeof(path), "documents[%u]", papers);
        office_paper(office, row, path, "minutes", "BB");
    }
    row_body(row, SECTION_TEXT, "place", "%s", m->where);
    row_body(row, SECTION_TEXT, "note", "dữ liệu tạo mẫu");
    (void)office_put(office, row);
}

static void raise_one(struct office *office, const struct gathering *g,
                      const char *key, const struct matter *matter)
{
    struct row *row = row_of(office, g, "PetitionReceived", NULL, g->day);
    const char *language;
    char name[NAME_SIZE];

    row_key(row, "%s", key);
    row_ref(office->book, row, g->key);
    row_text(row, "channel", "dialogue");
    row_text(row, "kind", "proposal");
    row_text(row, "field", "%s", matter->field);
    row_flag(row, "person_known", true);
    row_number(row, "people", 1);
    row_id(office->book, row, "dialogue_id", g->key);
    office_text(row, matter->title, matter->content);
    person_any(&office->dice, name, sizeof(name), &language);
    row_body(row, SECTION_PRIVATE, "persons[0].name", "%s", name);
    row_body(row, SECTION_PRIVATE, "persons[0].address", "%s, %s",
             village_any(&office->dice), office->place->name);
    if (language != NULL) {
        row_body(row, SECTION_PRIVATE, "language", "%s", language);
    }
    (void)office_put(office, row);
}

static void answer_on_the_spot(struct office *office, const struct gathering *g,
                               const char *key, const struct matter *matter)
{
    struct row *row = row_of(office, g, "PetitionAnswered", NULL, g->day);

    row_key(row, "%s-tl", key);
    row_subject(office->book, row, key);
    row_text(row, "by", "%s",
             dice_chance(&office->dice, 70) ? "chair" : "delegate");
    row_text(row, "form", "on_the_spot");
    row_text(row, "publicity", "public");
    office_text(row, NULL, matter->answer);
    (void)office_put(office, row);
}

/* One line of the conclusion; fills what was promised. */
static void conclude_one(struct office *office, struct row *row, size_t i,
                         bool spot, struct promise *promise)
{
    const uint32_t drawn = dice_below(&office->dice, 100);
    const bool gap = office_slips(office, 0, 3, 12);
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "items[%zu].petition_id", i);
    row_id(office->book, row, path, promise->key);
    (void)snprintf(path, sizeof(path), "items[%zu].conclusion", i);
    if (spot) {
        row_text(row, path, "answered");
        return;
    }
    promise->body = office->place->pc;
    if (drawn >= 78) {
        const bool up =
            office->place->above != NULL && office->place->above->selected;

        promise->body = up && drawn < 93 ? office->place->above->pc : 0;
    } else if (drawn < 12 && promise->keeper == office->place->party) {
        promise->body = office->place->party;
    }
    row_text(row, path, "%s", drawn >= 78 ? "forwarded" : "taken");
    if (!gap || !dice_chance(&office->dice, 50)) {
        if (promise->body != 0) {
            (void)snprintf(path, sizeof(path), "items[%zu].body", i);
            row_number(row, path, promise->body);
        }
        promise->due_day =
            work_on(row->on_day + dice_between(&office->dice, 15, 45));
    }
    if (!gap && promise->due_day != 0) {
        (void)snprintf(path, sizeof(path), "items[%zu].due_day", i);
        row_day(row, path, promise->due_day);
    }
    if (promise->body == 0) {
        (void)snprintf(path, sizeof(path), "items[%zu].body_name", i);
        row_text(row, path, "%s", outsider_any(&office->dice));
    }
}

static void opinions_raise(struct office *office, struct gathering *g)
{
    g->len = g->m->opinions < OPINIONS_MAX ? g->m->opinions : OPINIONS_MAX;
    for (unsigned i = 0; i < g->len; i++) {
        struct opinion *o = &g->opinions[i];

        o->matter = matter_any(&office->dice);
        (void)snprintf(o->key, sizeof(o->key), "u%u-dt%02u-y%02u", g->m->keeper,
                       g->number, i + 1);
        o->spot = dice_chance(&office->dice, 48);
        raise_one(office, g, o->key, o->matter);
        if (o->spot) {
            answer_on_the_spot(office, g, o->key, o->matter);
        }
    }
}

/* The lines first .. last - 1 in one notice. */
static void conclude(struct office *office, struct gathering *g,
                     const char *suffix, uint32_t day, unsigned first,
                     unsigned last)
{
    struct row *row = row_of(office, g, "DialogueConcluded", suffix, day);

    for (unsigned i = first; i < last; i++) {
        struct opinion *o = &g->opinions[i];

        o->promise = (struct promise){
            .key = o->key,
            .keeper = g->m->keeper,
            .concluded_day = day,
            .answer = o->matter->answer,
        };
        conclude_one(office, row, i - first, o->spot, &o->promise);
    }
    office_signed(office, row, "document", "conclusion", "TB-KL");
    (void)office_put(office, row);
}

/* A forgetful office leaves one petition out and adds it in a second notice.
 * Returns the day of the first. */
static uint32_t conclusions(struct office *office, struct gathering *g)
{
    const bool very_late = office_slips(office, 2, 10, 25);
    const bool split = !g->m->historical && office_slips(office, 3, 12, 30);
    const uint32_t lag = very_late ? dice_between(&office->dice, 6, 11)
                                   : dice_between(&office->dice, 1, 5);
    const uint32_t day = work_after(g->day, lag);

    conclude(office, g, "kl", day, 0, split ? g->len - 1 : g->len);
    if (split) {
        conclude(office, g, "kl2", work_after(day, 6), g->len - 1, g->len);
    }
    return day;
}

/* What follows from each opinion, and what later dialogues must report. */
static void follow_up(struct office *office, const struct gathering *g)
{
    for (unsigned i = 0; i < g->len; i++) {
        const struct opinion *o = &g->opinions[i];
        struct raised *r = &office->raised[office->raised_len];
        uint32_t final_day = o->spot ? g->day : UINT32_MAX;

        if (!o->spot && (!g->m->historical || dice_chance(&office->dice, 40))) {
            final_day = petition_promised(office, &o->promise);
        }
        if (office->raised_len < OPEN_MAX) {
            memcpy(r->key, o->key, sizeof(r->key));
            memcpy(r->chairs, g->m->chairs, sizeof(r->chairs));
            r->day = g->day;
            r->final_day = final_day;
            office->raised_len++;
        }
    }
}

static void file_paper(struct office *office, const struct gathering *g,
                       const char *kind, const char *suffix, uint32_t on)
{
    struct row *row = row_of(office, g, "DocumentFiled", suffix, on);

    office_shelved(office, row, kind, "HS");
    (void)office_put(office, row);
}

/* The dossier and the results board afterwards. */
static void finish(struct office *office, const struct gathering *g,
                   uint32_t concluded)
{
    const uint32_t on = work_after(concluded, 2);
    struct row *row = row_of(office, g, "Published", "kqm", on);

    row_text(row, "what", "results");
    row_number(row, "forms", 1);
    row_day(row, "from_day", on);
    row_day(row, "until_day", on + 30);
    (void)office_put(office, row);
    if (g->late_minutes && !office_slips(office, 5, 15, 35)) {
        file_paper(office, g, "minutes", "bb",
                   work_on(g->day + dice_between(&office->dice, 4, 40)));
    }
    if (!g->m->historical) {
        return;
    }
    file_paper(office, g, "summons", "gm", g->day);
    file_paper(office, g, "programme", "ct", g->day);
}

static void waive(struct office *office, const struct gathering *g)
{
    struct row *row;

    if (!g->lost_concerns || !dice_chance(&office->dice, 60)) {
        return;
    }
    row = row_of(office, g, "DocumentWaived", "mt", work_after(g->day, 6));
    row_text(row, "kind", "concerns");
    row_number(row, "reason", 2);
    (void)office_put(office, row);
}

void dialogue_hold(struct office *office, const struct meeting *m)
{
    struct gathering g = {.m = m, .day = m->day, .number = ++office->serial};
    uint32_t concluded;

    (void)snprintf(g.key, sizeof(g.key), "u%u-dt%02u", m->keeper, g.number);
    if (!m->historical) {
        prepare(office, &g);
    }
    held(office, &g);
    previous(office, &g);
    opinions_raise(office, &g);
    concluded = conclusions(office, &g);
    follow_up(office, &g);
    finish(office, &g, concluded);
    waive(office, &g);
}
