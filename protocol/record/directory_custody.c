/* protocol/record: whose task an open petition is when its unit ends: by a
 * transfer that names it, by one of all, else of the nearest unit above that
 * lives. Must never let a petition be nobody's. Next: directory_tree.c, which
 * reads the rows; fold_custody.c, which walks petitions along them. */
#include "protocol/record/directory_internal.h"

const struct dir_custody *directory_custody(const struct directory *dir,
                                            const struct event_id *event)
{
    for (size_t i = 0; i < dir->custody_len; i++) {
        if (event_id_equal(&dir->custody[i].event, event)) {
            return &dir->custody[i];
        }
    }
    return NULL;
}

static bool names(const struct dir_custody *row, const struct event_id *subject)
{
    size_t low = 0;
    size_t high = row->subjects_len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = event_id_compare(&row->subjects[middle], subject);

        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* The day from which the unit is closed, as far as `day` shows; 0 = open. A
 * unit never reopens. */
static uint32_t closed_from(const struct directory *dir, uint32_t number,
                            uint32_t day)
{
    const struct dir_unit *unit = directory_unit(dir, number);

    for (size_t i = 0; unit != NULL && i < unit->versions_len; i++) {
        if (unit->versions[i].from_day <= day &&
            !unit->versions[i].facts.open) {
            return unit->versions[i].from_day;
        }
    }
    return 0;
}

/* A transfer reaches what the unit had before its day; a closed unit has
 * nothing of its own, so then it reaches what came later too. */
static const struct dir_custody *transfer_of(const struct directory *dir,
                                             const struct event_id *subject,
                                             uint32_t unit, uint32_t since_day,
                                             uint32_t day)
{
    uint32_t closed = closed_from(dir, unit, day);
    const struct dir_custody *all = NULL;

    for (size_t i = 0; i < dir->custody_len; i++) {
        const struct dir_custody *row = &dir->custody[i];

        if (row->from != unit || row->from_day > day) {
            continue;
        }
        if (row->subjects_len > 0 && names(row, subject) &&
            (row->from_day >= since_day || closed != 0)) {
            return row;
        }
        if (row->subjects_len == 0 && all == NULL &&
            (row->from_day > since_day || closed != 0)) {
            all = row;
        }
    }
    return all;
}

#define TREE_DEPTH_MAX 16u

/* Whose task it is when a unit ended and nobody was named. */
static uint32_t living_above(const struct directory *dir, uint32_t number,
                             uint32_t day)
{
    uint32_t first = number;

    for (unsigned depth = 0; depth < TREE_DEPTH_MAX && number != 0; depth++) {
        struct unit_facts facts;

        if (!directory_unit_at(dir, number, day, &facts)) {
            break;
        }
        number = facts.reports_to;
        if (number != 0 && closed_from(dir, number, day) == 0 &&
            directory_unit(dir, number) != NULL) {
            return number;
        }
    }
    /* Nobody above lives: the heir, or the heir's heir. */
    number = first;
    for (unsigned depth = 0; depth < TREE_DEPTH_MAX; depth++) {
        number = directory_heir(dir, number, day);
        if (number == 0 || closed_from(dir, number, day) == 0) {
            return number;
        }
    }
    return 0;
}

bool directory_passing(const struct directory *dir,
                       const struct event_id *subject, uint32_t unit,
                       uint32_t since_day, uint32_t day,
                       struct dir_passing *out)
{
    const struct dir_custody *row =
        transfer_of(dir, subject, unit, since_day, day);
    uint32_t closed;
    uint32_t above;

    if (row != NULL) {
        *out = (struct dir_passing){row->to, row->from_day, row};
        if (out->from_day < since_day) {
            out->from_day = since_day;
        }
        return true;
    }
    closed = closed_from(dir, unit, day);
    above = closed == 0 ? 0 : living_above(dir, unit, day);
    if (above == 0) {
        return false;
    }
    *out = (struct dir_passing){above, closed > since_day ? closed : since_day,
                                NULL};
    return true;
}
