/* protocol/record: what changes the tree: who continues a unit that ended,
 * whose task open petitions are, which logs have ended, which keys are barred.
 * Owns these rows and the questions to them; must never let a unit end twice.
 * Next: directory_custody.c, whose task a petition is by these rows. */
#include "protocol/record/directory_internal.h"

#include <stdlib.h>

static int compare_number(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* ---- reading ---- */

/* The issuer speaks for a unit that it, or a node below it, registered. */
static enum standing speaks_for(const struct build *b, uint32_t issuer,
                                uint32_t number)
{
    const struct unit_draft *unit = number_map_find(&b->units, number);

    if (unit == NULL) {
        return STANDING_WAITING;
    }
    return node_draft_within(b, unit->registrar_node, issuer)
               ? STANDING_EFFECTIVE
               : STANDING_NO_RIGHT;
}

static enum standing speaks_for_both(const struct build *b, uint32_t issuer,
                                     uint32_t from, uint32_t to)
{
    enum standing standing = speaks_for(b, issuer, from);

    return standing == STANDING_EFFECTIVE ? speaks_for(b, issuer, to)
                                          : standing;
}

static bool takes_rest(const Qcdc__V1__UnitsReorganised *said, size_t row)
{
    for (size_t i = 0; i < said->n_heirs; i++) {
        if (i != row && said->heirs[i]->from == said->heirs[row]->from) {
            return said->heirs[row]->rest;
        }
    }
    return true; /* the only one */
}

/* All rows or none: half a reorganisation would leave units without heirs. */
static enum standing read_reorganised(struct build *b,
                                      const struct dir_event *event,
                                      const Qcdc__V1__UnitsReorganised *said)
{
    struct directory *dir = b->out;

    for (size_t i = 0; i < said->n_heirs; i++) {
        enum standing standing = speaks_for_both(
            b, event->issuer, said->heirs[i]->from, said->heirs[i]->to);

        if (standing != STANDING_EFFECTIVE) {
            return standing;
        }

        const struct unit_draft *unit =
            number_map_find(&b->units, said->heirs[i]->from);

        if (unit->reorganised) {
            return STANDING_CONTRADICTS; /* the first stands */
        }
    }
    for (size_t i = 0; i < said->n_heirs; i++) {
        struct unit_draft *unit =
            number_map_find(&b->units, said->heirs[i]->from);

        dir->heirs[dir->heirs_len++] = (struct dir_heir){
            .from = said->heirs[i]->from,
            .to = said->heirs[i]->to,
            .rest = takes_rest(said, i),
            .from_day = said->from_day,
            .event = event->leaf->id,
        };
        if (!unit->reorganised) {
            unit->reorganised = true;
            unit_close(b, unit, said->from_day);
        }
    }
    return STANDING_EFFECTIVE;
}

static enum standing read_custody(struct build *b,
                                  const struct dir_event *event,
                                  const Qcdc__V1__CustodyTransferred *said)
{
    struct directory *dir = b->out;
    enum standing standing =
        speaks_for_both(b, event->issuer, said->from, said->to);
    struct event_id *subjects = NULL;

    if (standing != STANDING_EFFECTIVE) {
        return standing;
    }
    subjects = build_alloc(b, said->n_subject_ids, sizeof(*subjects));
    if (subjects == NULL) {
        return standing;
    }
    for (size_t i = 0; i < said->n_subject_ids; i++) {
        memcpy(subjects[i].bytes, said->subject_ids[i].data,
               sizeof(subjects[i].bytes));
    }
    dir->custody[dir->custody_len++] = (struct dir_custody){
        .event = event->leaf->id,
        .from = said->from,
        .to = said->to,
        .from_day = said->from_day,
        .subjects = subjects,
        .subjects_len = said->n_subject_ids,
    };
    return STANDING_EFFECTIVE;
}

static bool is_above(const struct build *b, const struct dir_event *event,
                     uint32_t node)
{
    return node_draft_within_at(b, node, event->issuer,
                                event->leaf->header.on_day);
}

static enum standing read_end(struct build *b, const struct dir_event *event,
                              const Qcdc__V1__LogEnded *said)
{
    struct directory *dir = b->out;
    struct dir_end end = {.event = event->leaf->id,
                          .node = said->node,
                          .is_dir = said->dir,
                          .epoch = said->epoch,
                          .size = said->size};

    if (number_map_find(&b->nodes, said->node) == NULL) {
        return STANDING_WAITING;
    }
    if (said->node == event->issuer || !is_above(b, event, said->node)) {
        return STANDING_NO_RIGHT;
    }
    for (size_t i = 0; i < dir->ends_len; i++) {
        if (dir->ends[i].node == said->node &&
            dir->ends[i].is_dir == said->dir &&
            dir->ends[i].epoch == said->epoch) {
            return STANDING_REPEATED;
        }
    }
    if (said->root_hash.len == sizeof(end.root)) {
        memcpy(&end.root, said->root_hash.data, sizeof(end.root));
    }
    dir->ends[dir->ends_len++] = end;
    return STANDING_EFFECTIVE;
}

static enum standing read_bar(struct build *b, const struct dir_event *event,
                              const Qcdc__V1__ActorBarred *said)
{
    struct directory *dir = b->out;
    struct dir_bar *bar = &dir->bars[dir->bars_len];

    if (number_map_find(&b->nodes, said->node) == NULL) {
        return STANDING_WAITING;
    }
    if ((said->node == event->issuer && event->issuer != dir->top) ||
        !is_above(b, event, said->node) ||
        said->actor_id.len != sizeof(bar->actor)) {
        return STANDING_NO_RIGHT;
    }
    *bar = (struct dir_bar){
        .event = event->leaf->id,
        .node = said->node,
        .unit = said->unit,
        .compromised =
            said->reason == QCDC__V1__BAR_REASON__BAR_REASON_COMPROMISED,
        .from_day = said->from_day,
        .epoch = said->epoch,
        .size = said->size,
    };
    memcpy(bar->actor.bytes, said->actor_id.data, sizeof(bar->actor.bytes));
    dir->bars_len++;
    return STANDING_EFFECTIVE;
}

static void read_event(struct build *b, size_t i)
{
    struct dir_event *event = &b->events[i];
    const void *facts = b->facts[i];

    if (event->standing != STANDING_EFFECTIVE) {
        return;
    }
    if (event->leaf->header.type == EVENT_UNITS_REORGANISED) {
        event->standing = read_reorganised(b, event, facts);
    } else if (event->leaf->header.type == EVENT_CUSTODY_TRANSFERRED) {
        event->standing = read_custody(b, event, facts);
    } else if (event->leaf->header.type == EVENT_LOG_ENDED) {
        event->standing = read_end(b, event, facts);
    } else if (event->leaf->header.type == EVENT_ACTOR_BARRED) {
        event->standing = read_bar(b, event, facts);
    }
}

static int compare_heirs(const void *left, const void *right)
{
    const struct dir_heir *a = left;
    const struct dir_heir *b = right;
    int order = compare_number(a->from, b->from);

    return order != 0 ? order : compare_number(a->to, b->to);
}

static int compare_custody(const void *left, const void *right)
{
    const struct dir_custody *a = left;
    const struct dir_custody *b = right;
    int order = compare_number(a->from, b->from);

    order = order != 0 ? order : compare_number(a->from_day, b->from_day);
    return order != 0 ? order : event_id_compare(&a->event, &b->event);
}

static int compare_ends(const void *left, const void *right)
{
    const struct dir_end *a = left;
    const struct dir_end *b = right;
    int order = compare_number(a->node, b->node);

    order = order != 0 ? order : compare_number(a->is_dir, b->is_dir);
    return order != 0 ? order : compare_number(a->epoch, b->epoch);
}

static int compare_bars(const void *left, const void *right)
{
    const struct dir_bar *a = left;
    const struct dir_bar *b = right;
    int order = compare_number(a->node, b->node);

    order = order != 0 ? order : compare_number(a->unit, b->unit);
    order = order != 0 ? order
                       : memcmp(a->actor.bytes, b->actor.bytes,
                                sizeof(a->actor.bytes));
    order = order != 0 ? order : compare_number(a->epoch, b->epoch);
    order = order != 0 ? order : compare_number(a->size, b->size);
    return order != 0 ? order : event_id_compare(&a->event, &b->event);
}

struct counts {
    size_t heirs, custody, ends, bars;
};

static struct counts count(const struct build *b)
{
    struct counts n = {0};

    for (size_t i = 0; i < b->len; i++) {
        uint32_t type = b->events[i].leaf->header.type;

        if (b->events[i].standing != STANDING_EFFECTIVE) {
            continue;
        }
        if (type == EVENT_UNITS_REORGANISED) {
            n.heirs +=
                ((const Qcdc__V1__UnitsReorganised *)(const void *)b->facts[i])
                    ->n_heirs;
        }
        n.custody += type == EVENT_CUSTODY_TRANSFERRED;
        n.ends += type == EVENT_LOG_ENDED;
        n.bars += type == EVENT_ACTOR_BARRED;
    }
    return n;
}

static void sort(void *rows, size_t len, size_t size,
                 int (*compare)(const void *, const void *))
{
    if (rows != NULL && len > 1) {
        qsort(rows, len, size, compare);
    }
}

void tree_read(struct build *b)
{
    struct directory *dir = b->out;
    struct counts n = count(b);

    dir->heirs = build_alloc(b, n.heirs, sizeof(*dir->heirs));
    dir->custody = build_alloc(b, n.custody, sizeof(*dir->custody));
    dir->ends = build_alloc(b, n.ends, sizeof(*dir->ends));
    dir->bars = build_alloc(b, n.bars, sizeof(*dir->bars));
    if (b->no_memory) {
        return;
    }
    for (size_t i = 0; i < b->len; i++) {
        read_event(b, i);
    }
    sort(dir->heirs, dir->heirs_len, sizeof(*dir->heirs), compare_heirs);
    sort(dir->custody, dir->custody_len, sizeof(*dir->custody),
         compare_custody);
    sort(dir->ends, dir->ends_len, sizeof(*dir->ends), compare_ends);
    sort(dir->bars, dir->bars_len, sizeof(*dir->bars), compare_bars);
}

static int compare_days(const void *left, const void *right)
{
    return compare_number(*(const uint32_t *)left, *(const uint32_t *)right);
}

/* The day a unit ends; 0 = it does not. */
static uint32_t end_of(const struct dir_unit *unit)
{
    for (size_t i = 0; i < unit->versions_len; i++) {
        if (!unit->versions[i].facts.open) {
            return unit->versions[i].from_day;
        }
    }
    return 0;
}

void tree_finish(struct build *b)
{
    struct directory *dir = b->out;
    size_t len = dir->custody_len;
    uint32_t *days;

    for (size_t i = 0; i < dir->units_len; i++) {
        len += end_of(&dir->units[i]) != 0 ? 1 : 0;
    }
    days = build_alloc(b, len, sizeof(*days));
    if (days == NULL) {
        return;
    }
    len = 0;
    for (size_t i = 0; i < dir->units_len; i++) {
        if (end_of(&dir->units[i]) != 0) {
            days[len++] = end_of(&dir->units[i]);
        }
    }
    for (size_t i = 0; i < dir->custody_len; i++) {
        days[len++] = dir->custody[i].from_day;
    }
    sort(days, len, sizeof(*days), compare_days);
    dir->tree_days = days;
    for (size_t i = 0; i < len; i++) {
        if (dir->tree_days_len == 0 ||
            days[dir->tree_days_len - 1] != days[i]) {
            days[dir->tree_days_len++] = days[i];
        }
    }
}

uint32_t directory_tree_day(const struct directory *dir, uint32_t day)
{
    for (size_t i = 0; i < dir->tree_days_len; i++) {
        if (dir->tree_days[i] > day) {
            return dir->tree_days[i];
        }
    }
    return 0;
}

/* ---- questions: units ---- */

const struct dir_heir *directory_heirs(const struct directory *dir,
                                       uint32_t unit, size_t *len)
{
    size_t low = 0;
    size_t high = dir->heirs_len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (dir->heirs[middle].from < unit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *len = 0;
    while (low + *len < dir->heirs_len && dir->heirs[low + *len].from == unit) {
        (*len)++;
    }
    return *len == 0 ? NULL : &dir->heirs[low];
}

uint32_t directory_heir(const struct directory *dir, uint32_t unit,
                        uint32_t day)
{
    size_t len;
    const struct dir_heir *heirs = directory_heirs(dir, unit, &len);

    for (size_t i = 0; i < len; i++) {
        if (heirs[i].rest && heirs[i].from_day <= day) {
            return heirs[i].to;
        }
    }
    return 0;
}

/* ---- questions: logs and keys ---- */

const struct dir_end *directory_end(const struct directory *dir, uint32_t node,
                                    bool is_dir, uint32_t epoch)
{
    for (size_t i = 0; i < dir->ends_len; i++) {
        if (dir->ends[i].node == node && dir->ends[i].is_dir == is_dir &&
            dir->ends[i].epoch == epoch) {
            return &dir->ends[i];
        }
    }
    return NULL;
}

/* NOLINTNEXTLINE(readability-function-size): a place and a day */
const struct dir_bar *directory_bar(const struct directory *dir, uint32_t node,
                                    uint32_t unit, const struct key_id *actor,
                                    uint32_t epoch, uint64_t position,
                                    uint32_t day)
{
    const struct dir_bar *found = NULL;

    for (size_t i = 0; i < dir->bars_len; i++) {
        const struct dir_bar *bar = &dir->bars[i];
        bool beyond = epoch > bar->epoch ||
                      (epoch == bar->epoch && position >= bar->size);

        if (bar->node != node || bar->unit != unit || !beyond ||
            memcmp(bar->actor.bytes, actor->bytes, sizeof(actor->bytes)) != 0 ||
            (!bar->compromised && day < bar->from_day)) {
            continue;
        }
        if (found == NULL || (found->compromised && !bar->compromised)) {
            found = bar;
        }
    }
    return found;
}
