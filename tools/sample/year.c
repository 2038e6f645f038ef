/* tools/sample: which dialogues an office plans and holds, and which written
 * petitions fall to it. Owns the volumes; their sources are in
 * deploy/data/real-facts-*.csv. Next: write.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sample/days.h"
#include "tools/sample/office.h"

#define MEETINGS_MAX 20u
#define HALF_PETITIONS 527u
#define HALF_COMPLAINTS 25u
#define HALF_DENUNCIATIONS 19u

struct agenda {
    struct meeting list[MEETINGS_MAX];
    size_t len;
};

static struct meeting *meet(struct agenda *agenda, uint32_t keeper,
                            uint32_t day)
{
    struct meeting *m = &agenda->list[agenda->len++];

    *m = (struct meeting){.keeper = keeper,
                          .chairs = {keeper, 0},
                          .heads = {true, true},
                          .day = work_on(day),
                          .periodic = true};
    return m;
}

/* A commune of this place, in order; the place itself when it has none. */
static const char *where_of(const struct office *office, uint32_t turn)
{
    const char *found = office->place->name;
    uint32_t seen = 0;

    for (size_t i = 0; i < office->all->len; i++) {
        if (office->all->list[i].above == office->place) {
            seen++;
        }
    }
    if (seen == 0) {
        return found;
    }
    turn %= seen;
    for (size_t i = 0; i < office->all->len; i++) {
        if (office->all->list[i].above == office->place && turn-- == 0) {
            return office->all->list[i].name;
        }
    }
    return found;
}

/* Old files: a dialogue of 2023, so that the next one has to report on it. */
static void old_files(struct office *office)
{
    struct meeting m = {
        .keeper = office->place->pc,
        .chairs = {office->place->pc, office->place->party},
        .heads = {true, true},
        .day = work_on(date(2023, dice_between(&office->dice, 9, 11),
                            dice_between(&office->dice, 3, 26))),
        .opinions = dice_between(&office->dice, 4, 7),
        .periodic = true,
        .historical = true,
        .where = office->place->name,
    };

    if (office_slips(office, 40, 50, 75)) {
        return;
    }
    dialogue_hold(office, &m);
}

/* The plan of one unit: a line for each periodic meeting it chairs. */
static void plan_for(struct office *office, struct agenda *agenda,
                     uint32_t unit)
{
    struct planned lines[MEETINGS_MAX];
    const unsigned which = unit == office->place->party;
    size_t len = 0;

    for (size_t i = 0; i < agenda->len; i++) {
        struct meeting *m = &agenda->list[i];
        const struct civil_day civil = day_to_civil(m->day);
        const bool month = dice_chance(&office->dice, 60);

        if (!m->periodic || (m->chairs[0] != unit && m->chairs[1] != unit)) {
            continue;
        }
        lines[len++] = (struct planned){
            month ? month_last((uint32_t)civil.year, civil.month) : m->day,
            month};
        if (m->plan == which + 1) {
            m->line = (uint32_t)len;
        }
    }
    if (len == 0) { /* a plan that names the year's last month */
        lines[len++] = (struct planned){date(2024, 12, 31), true};
    }
    plan_adopt(office, unit, 2024, lines, len);
}

static void commune_agenda(struct office *office, struct agenda *agenda)
{
    const uint32_t pc = office->place->pc;
    const uint32_t party = office->place->party;
    uint32_t day = date(2024, dice_between(&office->dice, 3, 8),
                        dice_between(&office->dice, 2, 27));
    struct meeting *m;

    if (office_slips(office, 0, 0, 25)) {
        return; /* none in the whole year */
    }
    m = meet(agenda, pc, day);
    m->opinions = dice_between(&office->dice, 8, 13);
    if (dice_chance(&office->dice, 65)) {
        m->chairs[1] = party;
        m->heads[1] = dice_chance(&office->dice, 85);
        m->plan = dice_chance(&office->dice, 60) ? 2 : 0;
    } else {
        m->heads[0] = !office_slips(office, 0, 10, 30);
        m->plan = dice_chance(&office->dice, 50) ? 1 : 0;
        m = meet(agenda, party, day + dice_between(&office->dice, 30, 90));
        m->opinions = dice_between(&office->dice, 5, 9);
        m->plan = 2;
        return;
    }
    if (dice_chance(&office->dice, 30)) {
        m = meet(agenda, pc, day + dice_between(&office->dice, 60, 110));
        m->opinions = dice_between(&office->dice, 4, 8);
        m->periodic = false;
    }
}

static void district_agenda(struct office *office, struct agenda *agenda)
{
    const uint32_t months[] = {4, 7, 10};

    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t day =
            date(2024, months[i], dice_between(&office->dice, 5, 25));
        struct meeting *m = meet(
            agenda, i == 1 ? office->place->party : office->place->pc, day);

        m->opinions = dice_between(&office->dice, 8, 13);
        if (i != 1) {
            m->chairs[1] = office->place->party;
        }
        m->plan = i == 0 ? 0 : 2;
    }
}

/* The secretary meets people each month, as he did by the plan of 2020. */
static void province_agenda(struct office *office, struct agenda *agenda)
{
    const uint32_t days[] = {15, 26, 25, 24, 24, 25, 23, 26, 27, 25, 25, 25};

    for (uint32_t i = 0; i < 12; i++) {
        struct meeting *m =
            meet(agenda, office->place->party, date(2024, i + 1, days[i]));

        m->opinions = dice_between(&office->dice, 8, 12);
        m->plan = 2;
        if (i == 5 || i == 11) {
            m->chairs[1] = office->place->pc;
        }
    }
}

void year_of_dialogues(struct office *office)
{
    struct agenda agenda = {.len = 0};
    const uint32_t turn = dice_below(&office->dice, 100);

    old_files(office);
    switch (office->place->level) {
    case PLACE_PROVINCE:
        province_agenda(office, &agenda);
        break;
    case PLACE_DISTRICT:
        district_agenda(office, &agenda);
        break;
    case PLACE_COMMUNE:
        commune_agenda(office, &agenda);
        break;
    }
    plan_for(office, &agenda, office->place->pc);
    plan_for(office, &agenda, office->place->party);
    for (size_t i = 0; i < agenda.len; i++) {
        agenda.list[i].where = where_of(office, turn + (uint32_t)i);
        dialogue_hold(office, &agenda.list[i]);
    }
    if (office->manner != MANNER_POOR) {
        const struct planned next = {date(2025, 6, 30), true};

        plan_adopt(office, office->place->pc, 2025, &next, 1);
        plan_adopt(office, office->place->party, 2025, &next, 1);
    }
}

/* ---- written petitions --------------------------------------------------- */

/* Three of four come to a commune, one of six to a district. */
static const struct place *receiver_of(const struct places *all,
                                       struct dice *dice)
{
    const uint32_t drawn = dice_below(dice, 100);
    enum place_level level = PLACE_COMMUNE;
    uint32_t count = 0;
    uint32_t at;

    if (drawn >= 75) {
        level = drawn < 92 ? PLACE_DISTRICT : PLACE_PROVINCE;
    }
    for (size_t i = 0; i < all->len; i++) {
        count += all->list[i].level == level;
    }
    if (count == 0) {
        return NULL;
    }
    at = dice_below(dice, count);
    for (size_t i = 0; i < all->len; i++) {
        if (all->list[i].level == level && at-- == 0) {
            return &all->list[i];
        }
    }
    return NULL;
}

struct handed {
    enum paper_kind kind;
    uint32_t day;
};

static int compare_handed(const void *left, const void *right)
{
    const struct handed *a = left;
    const struct handed *b = right;

    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    return (int)a->kind - (int)b->kind;
}

void year_of_petitions(struct office *office, uint64_t seed)
{
    struct handed mine[2 * HALF_PETITIONS];
    size_t len = 0;

    for (uint32_t i = 0; i < 2 * HALF_PETITIONS; i++) {
        struct dice dice = dice_of(seed, 0, 1000 + i);
        const uint32_t half = i / HALF_PETITIONS;
        const uint32_t rank = i % HALF_PETITIONS;
        const uint32_t first = half == 0 ? date(2024, 1, 2) : date(2024, 7, 1);
        const uint32_t last =
            half == 0 ? date(2024, 6, 28) : date(2024, 12, 31);

        if (receiver_of(office->all, &dice) != office->place) {
            continue;
        }
        mine[len].kind = PAPER_PROPOSAL;
        if (rank < HALF_COMPLAINTS) {
            mine[len].kind = PAPER_COMPLAINT;
        } else if (rank < HALF_COMPLAINTS + HALF_DENUNCIATIONS) {
            mine[len].kind = PAPER_DENUNCIATION;
        }
        mine[len++].day = work_on(dice_between(&dice, first, last));
    }
    if (len > 0) {
        qsort(mine, len, sizeof(mine[0]), compare_handed);
    }
    for (size_t i = 0; i < len; i++) {
        petition_written(office, mine[i].kind, mine[i].day);
    }
}
