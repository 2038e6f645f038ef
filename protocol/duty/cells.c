/* protocol/duty: the table of cells of one evaluation: opening every period
 * that has begun, counting items in, and the one verdict of each. Must never
 * show a number for what could not be computed. Next: items_paper.c. */
#include "protocol/duty/eval.h"

static bool is_calendar_kind(uint32_t kind)
{
    return kind == RULE_ANNUAL_PLAN || kind == RULE_DIALOGUES_HELD ||
           kind == RULE_PERIODIC_REPORT;
}

void *list_grown(struct arena *arena, const void *old, size_t len, size_t *size,
                 size_t element)
{
    size_t more = *size == 0 ? 32 : *size * 2;
    void *list = arena_array(arena, more, element);

    if (list != NULL) {
        if (len > 0) {
            memcpy(list, old, len * element);
        }
        *size = more;
    }
    return list;
}

uint64_t cell_key(const char duty[4], uint32_t year, uint32_t month)
{
    uint64_t key = 0;

    for (size_t i = 0; i < 4; i++) {
        key = key << 8 | (uint8_t)duty[i];
    }
    return key << 32 | (uint64_t)(year & 0xffffu) << 8 | (month & 0xffu);
}

struct duty_cell *cell_at(struct eval *e, const char duty[4], uint32_t year,
                          uint32_t month)
{
    const uint64_t key = cell_key(duty, year, month);
    size_t low = 0;
    size_t high = e->cells_len;
    struct duty_cell *cell;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        cell = &e->cells[middle];
        if (cell_key(cell->duty, cell->year, cell->month) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < e->cells_len) {
        cell = &e->cells[low];
        if (cell_key(cell->duty, cell->year, cell->month) == key) {
            return cell;
        }
    }
    if (e->cells_len == e->cells_size) {
        cell = list_grown(e->arena, e->cells, e->cells_len, &e->cells_size,
                          sizeof(*cell));
        if (cell == NULL) {
            return NULL;
        }
        e->cells = cell;
    }
    cell = e->cells + low;
    memmove(cell + 1, cell, (e->cells_len - low) * sizeof(*cell));
    e->cells_len++;
    memset(cell, 0, sizeof(*cell));
    memcpy(cell->duty, duty, sizeof(cell->duty));
    cell->year = (uint16_t)year;
    cell->month = (uint8_t)month;
    cell->territory = e->unit.territory;
    cell->unit = e->in->unit;
    return cell;
}

void cell_count(struct duty_cell *cell, const struct duty_item *item)
{
    if (item->rule_version > cell->rule_version) {
        cell->rule_version = item->rule_version;
    }
    cell->unconfirmed = cell->unconfirmed || item->unconfirmed;
    if (item->withdrawn) {
        cell->withdrawn++;
        return;
    }
    if (item->owed_by_others) {
        cell->owed_by_others++;
        return;
    }
    cell->counts[item->verdict]++;
    cell->stated += item->grade == DUTY_STATED;
    cell->contradicted += item->grade == DUTY_CONTRADICTED;
    cell->extended += item->extended;
    cell->postponed += item->postponed;
    cell->improved += item->improved;
    cell->noted += item->noted;
    cell->reopened += item->reopened;
}

static bool is_confirmed_none(const struct eval *e,
                              const struct duty_cell *cell)
{
    for (size_t i = 0; i < e->notices_len; i++) {
        const struct notice_view *notice = &e->notices[i];

        if (notice->unit == e->in->unit && notice->year == cell->year &&
            memcmp(notice->duty, cell->duty, sizeof(cell->duty)) == 0 &&
            (notice->month == 0 || notice->month == cell->month)) {
            return true;
        }
    }
    return false;
}

void cell_close(const struct eval *e, struct duty_cell *cell)
{
    static const uint8_t order[] = {DUTY_MISSING, DUTY_UNKNOWN, DUTY_LATE,
                                    DUTY_MET,     DUTY_NOT_DUE, DUTY_EXCUSED};

    if (cell->counts[DUTY_UNCOMPUTED] > 0) {
        cell->verdict = DUTY_UNCOMPUTED;
        return; /* n and d stay 0: no silent number */
    }
    cell->n = cell->counts[DUTY_MET];
    cell->d = cell->n + cell->counts[DUTY_LATE] + cell->counts[DUTY_MISSING] +
              cell->counts[DUTY_UNKNOWN];
    for (size_t i = 0; i < sizeof(order); i++) {
        if (cell->counts[order[i]] > 0) {
            cell->verdict = order[i];
            return;
        }
    }
    if (!e->enrolled) {
        cell->verdict = DUTY_NOT_ENROLLED;
    } else if (is_confirmed_none(e, cell)) {
        cell->verdict = DUTY_NONE_CONFIRMED;
    } else {
        cell->verdict = DUTY_NONE_RECORDED;
    }
}

/* The rule that makes a cell of this period applicable, or NULL. */
static const struct rule *period_rule(const struct eval *e,
                                      const struct rule_group *group,
                                      uint32_t first, uint32_t last)
{
    const uint32_t end = last < e->in->asof_day ? last : e->in->asof_day;
    uint32_t day = first > e->duties_from ? first : e->duties_from;
    const struct rule *rule;
    struct unit_facts unit;

    if (day > end) {
        return NULL;
    }
    rule = eval_rule_owed(e, group, day);
    if (rule != NULL && is_calendar_kind(rule->kind)) {
        bool whole =
            day == first &&
            directory_unit_at(e->in->directory, e->in->unit, last, &unit) &&
            unit.open;

        return whole ? rule : NULL;
    }
    for (size_t i = 0; rule == NULL && i < group->len; i++) {
        uint32_t from = group->rules[i].from_day;

        if (!is_calendar_kind(group->rules[i].kind) && from > day &&
            from <= end) {
            rule = eval_rule_owed(e, group, from);
        }
    }
    return rule;
}

static int cell_open(struct eval *e, const struct rule_group *group,
                     uint32_t year, uint32_t month, struct error *err)
{
    const uint32_t first = eval_day(year, month == 0 ? 1 : month, 1);
    const uint32_t next = month == 0 || month == 12
                              ? eval_day(year + 1, 1, 1)
                              : eval_day(year, month + 1, 1);
    const struct rule *rule = period_rule(e, group, first, next - 1);
    struct duty_cell *cell;

    if (rule == NULL) {
        return 0;
    }
    cell = cell_at(e, rule->id, year, month);
    if (cell == NULL) {
        return error_set(err, ERR_LIMIT, "no room for the cells of unit %u",
                         e->in->unit);
    }
    cell->rule_version = rule->version;
    cell->unconfirmed = rule->unconfirmed;
    if (!rule->understood && cell->counts[DUTY_UNCOMPUTED] == 0) {
        struct error why = {0};

        cell->counts[DUTY_UNCOMPUTED] = 1;
        error_set(&why, ERR_NOTFOUND,
                  "rule %.4s version %u is not understood by this program: "
                  "update it",
                  rule->id, rule->version);
        eval_uncomputed(e, &why);
    }
    return 0;
}

int cells_open(struct eval *e, const struct rule_group *group,
               struct error *err)
{
    const bool monthly = group->rules[0].kind == RULE_PERSON_TOLD;
    const uint32_t last = eval_last_year(e);
    int rc = 0;

    for (uint32_t year = eval_first_year(e); year <= last; year++) {
        for (uint32_t month = monthly ? 1 : 0;
             rc == 0 && month <= (monthly ? 12u : 0u); month++) {
            rc = cell_open(e, group, year, month, err);
        }
    }
    return rc;
}
